// Digits in panels: judged by a model in a worker, and shown as buttons that put them on the pad.

import { button, el, paint, tile } from "./dom.js";
import { work } from "./work.js";

/**
 * Let a model answer digits in a worker: the result is their scores, see `judge`.
 * @param {Model} model
 * @param {{pixels: Uint8Array, labels: ArrayLike<number>}} digits
 * @param {object} [how] - they are altered before
 * @param {(progress: {done: number, right: number}) => void} [onValue]
 */
export function judging(model, { pixels, labels }, how, onValue) {
  const { layers, inShape, classes, temperature, thresholds, deskew, mean, scale } = model;
  return work("judge", { model: { layers, inShape, classes, temperature, thresholds, deskew, mean, scale }, pixels, labels, how }, onValue);
}

/** A button with a 28x28 image and a text below; `spoken` is what a screen reader says. */
export function imageButton(image, text, spoken, onclick) {
  const canvas = tile(28, 28);
  paint(canvas, image, { top: 255 });
  canvas.setAttribute("aria-hidden", "true");
  const made = button(canvas, onclick, { class: "image", "aria-label": spoken });
  if (text) made.append(el("span", {}, text));
  return made;
}
