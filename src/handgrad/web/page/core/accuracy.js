// How many of some digits a network answers rightly.

import { answer } from "./model.js";

const STEP = 10; // images between two reports

/**
 * Count right answers.
 * @param {{model: Model, pixels: Uint8Array, labels: Uint8Array}} args - labels are numbers of classes
 * @returns {Generator<{right: number, done: number}, {right: number, done: number}>}
 */
export function* accuracy({ model, pixels, labels }) {
  const size = pixels.length / labels.length;
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    if (i && i % STEP === 0) yield { right, done: i };
    right += answer(model, pixels.subarray(size * i, size * (i + 1))).best === labels[i];
  }
  return { right, done: labels.length };
}
