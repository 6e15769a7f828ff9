// The user's own digits, each with what it is; kept by the browser where it keeps anything for this page.

import { BASE, SIDE, inkOf } from "../core/strokes.js";
import { zip } from "../core/zip.js";
import { el } from "./dom.js";
import { drawingFromText, drawingToText } from "./state.js";

const KEY = "handgrad: your digits";
const LARGEST = 255;

let kept = null; // [{label, drawing}]

/** The digits, the latest first. */
export function collected() {
  kept ??= read();
  return kept;
}

/** Change the digits: to a list of {label, drawing}. Returns whether the browser keeps them beyond this visit. */
export function collect(digits) {
  kept = digits;
  try {
    const written = digits.map(({ label, drawing }) => [label, drawingToText(drawing)]);
    localStorage.setItem(KEY, JSON.stringify(written));
    return true;
  } catch {
    return false; // not allowed, or full
  }
}

function read() {
  try {
    const written = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return written.map(([label, text]) => ({ label: String(label), drawing: drawingFromText(text) }));
  } catch {
    return []; // not allowed, or written by something else
  }
}

/**
 * The digits as an archive with a folder for each label, dark ink on light, as `handgrad tune` takes them.
 * @returns {Promise<Blob>}
 */
export async function archive(digits) {
  const files = [];
  for (const [i, { label, drawing }] of [...digits].reverse().entries()) {
    files.push({ name: `${label}/${String(i + 1).padStart(4, "0")}.png`, bytes: await png(drawing) });
  }
  return zip(files);
}

/** A drawing as a picture; an image on the pad that nobody drew on stays as small as it is. */
async function png(drawing) {
  const plain = drawing.base && !drawing.strokes.length, side = plain ? BASE : SIDE;
  const canvas = el("canvas", { width: side, height: side }), image = new ImageData(side, side);
  const levels = plain ? drawing.base : inkOf(drawing).map((ink) => ink * LARGEST);
  levels.forEach((level, i) => image.data.set([LARGEST - level, LARGEST - level, LARGEST - level, LARGEST], 4 * i));
  canvas.getContext("2d").putImageData(image, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return new Uint8Array(await blob.arrayBuffer());
}
