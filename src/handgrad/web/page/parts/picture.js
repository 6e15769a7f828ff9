// Pictures on the pad: decoded by the browser; read here for one digit, or by the server for all digits on them.

import { imageInBox } from "../core/picture_ink.js";
import { ask } from "./ask.js";
import { el } from "./dom.js";
import { fileButton } from "./files.js";

const LONGEST = 1024; // pixels of the longer side of what is looked at
const LUMA = [0.299, 0.587, 0.114]; // of red, green and blue, in grey levels
const BRIGHT = 128; // from this level on, grey counts as white, and opacity as opaque
const CONTRAST = 64; // grey levels; opaque pixels that differ by more show both paper and ink
const NARROW = "(max-width: 50rem)"; // where the panels are below the pad

let photo = null;

/**
 * The picture that was read last, or null.
 * @returns {?{name: string, canvas: ?HTMLCanvasElement, lines: object[][], text: string, served: boolean, largest}} each
 *   digit of a line has box, [left, top, width, height] in pixels of the canvas, and image(), 28x28 or null; and, where
 *   it was served, what the server answered. `largest` is the image of the one that was put on the pad
 */
export function lastPhoto() {
  return photo;
}

/** Buttons to choose a picture or to take one. */
export function pictureButtons(take) {
  const camera = matchMedia("(pointer: coarse)").matches;
  return el("div", { class: "row" },
    fileButton("Choose a picture", take, { accept: "image/*,.safetensors" }),
    camera ? fileButton("Photograph", take, { accept: "image/*", capture: "environment" }) : null,
    el("span", { class: "muted" }, camera ? "" : "or drop or paste one"));
}

/**
 * Read a picture: one digit goes to the pad, several open the panel Photo.
 * @param {File} file
 * @param {object} app
 */
export async function readPicture(file, app) {
  const name = file.name || "the picture";
  const seen = await decoded(file);
  if (!seen && !app.settings().served) {
    throw new Error(`${name}: this browser cannot read it as a picture; save it as PNG or JPEG and give that.`);
  }
  const read = await (app.settings().served ? readThere(file, seen, app) : readHere(seen, app));
  const found = read.lines.flat();
  if (!found.length) throw new Error(`${name}: no ink was found; photograph the digit from nearer, in even light.`);
  const largest = found.reduce((a, b) => (b.ink > a.ink ? b : a)), loaded = largest.image();
  photo = { name, canvas: seen?.canvas ?? null, largest: loaded && largest.image, ...read };
  if (loaded) app.load(loaded);
  app.change(found.length > 1 || !loaded ? { panel: "photo" } : {}); // the panel may be open already
  if (found.length > 1 && matchMedia(NARROW).matches) document.getElementById("tabs").scrollIntoView();
}

async function readHere({ grey, size }, { work }) {
  const lines = await work("picture", { grey, size }).result;
  return { served: false, text: "", lines: lines.map((line) => line.map((each) => ({ ...each, image: () => each.image }))) };
}

async function readThere(file, seen, { settings, state }) {
  const named = settings().models.includes(state.model) ? `?model=${encodeURIComponent(state.model)}` : "";
  const type = file.type || "application/octet-stream";
  const reply = await ask(`api/read${named}`, { method: "POST", body: file, headers: { "Content-Type": type } });
  const page = await reply.json();
  const scale = seen ? seen.size[1] / page.width : 1;
  const lines = page.lines.map((line) => line.map((answer) => {
    const box = answer.box.map((side) => side * scale), [, , width, height] = box;
    return { ...answer, box, ink: width * height, image: () => (seen ? imageInBox(seen.grey, seen.size, box) : null) };
  }));
  return { served: true, text: page.full_text, lines };
}

/** The picture, reduced: as a canvas, and in grey levels; null where the browser cannot read it. */
async function decoded(file) {
  const url = URL.createObjectURL(file), image = new Image();
  image.src = url;
  try {
    await image.decode();
    return reduced(image);
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function reduced(image) {
  const scale = Math.min(LONGEST / Math.max(image.naturalWidth, image.naturalHeight), 1);
  const [height, width] = [image.naturalHeight, image.naturalWidth].map((side) => Math.max(Math.round(side * scale), 1));
  const canvas = el("canvas", { width, height }), context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  context.globalCompositeOperation = "destination-over"; // what is transparent is paper
  context.fillStyle = paperIsWhite(context.getImageData(0, 0, width, height).data) ? "#fff" : "#000";
  context.fillRect(0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height), grey = new Float32Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = luma(data, i);
  return { canvas, grey, size: [height, width] };
}

const luma = (data, pixel) => LUMA.reduce((sum, share, c) => sum + share * data[4 * pixel + c], 0);

/**
 * Whether the paper below a transparent picture is white: opaque pixels that contrast show paper and ink, and most of
 * them are paper; others are all ink, and paper is its opposite.
 */
function paperIsWhite(data) {
  const opaque = [];
  for (let i = 0; i < data.length / 4; i++) if (data[4 * i + 3] >= BRIGHT) opaque.push(luma(data, i));
  if (!opaque.length) return true;
  opaque.sort((a, b) => a - b);
  const [low, median, high] = [0.02, 0.5, 0.98].map((share) => opaque[Math.round(share * (opaque.length - 1))]);
  return (median >= BRIGHT) === (high - low > CONTRAST);
}
