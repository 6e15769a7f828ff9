// Why a model answers as it does: what it loses with a part of the image, and the image on the way to another answer.

import { answer, answerUpright, upright } from "./model.js";
import { imageGradient } from "./gradients.js";

export const STEPS_TOWARDS = 20; // gradient steps towards another answer
const ENOUGH = 0.95; // the score at which no further step is taken
const MOVED = 16; // pixels that a step changes: those from which most is to be gained
const STRIDE = 128; // grey levels by which a step changes a pixel, at most

/**
 * Cover each place of the image that the network gets with a square of paper, and answer.
 * @param {{model: Model, pixels: Uint8Array, target: number, patch: number, step: number}} args - the class whose score
 *   is looked at; the square's side, and the distance of two places, in pixels
 * @returns {Generator<number, {drops: Float32Array, rows: number, columns: number, score: number}>} yields the share
 *   that is done; `drops` are what the score loses at each place, `score` is what it is with nothing covered
 */
export function* occlusion({ model, pixels, target, patch, step }) {
  const image = upright(model, pixels), [height, width] = model.inShape;
  const rows = Math.ceil(height / step), columns = Math.ceil(width / step);
  const drops = new Float32Array(rows * columns), { scores } = answerUpright(model, image);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const covered = withPatch(image, model.inShape, (row + 0.5) * step, (column + 0.5) * step, patch);
      const same = covered.every((level, i) => level === image[i]); // nothing was there
      drops[row * columns + column] = same ? 0 : scores[target] - answerUpright(model, covered).scores[target];
    }
    yield (row + 1) / rows;
  }
  return { drops, rows, columns, score: scores[target] };
}

function withPatch(image, [height, width, channels], y, x, patch) {
  const out = image.slice(), start = (centre) => Math.max(Math.round(centre - patch / 2), 0);
  const end = (centre, length) => Math.min(Math.round(centre + patch / 2), length);
  for (let row = start(y); row < end(y, height); row++) {
    out.fill(0, (row * width + start(x)) * channels, (row * width + end(x, width)) * channels);
  }
  return out;
}

/**
 * Change an image, a few pixels in each step, so that the score of a class rises: the pixels are those where the
 * gradient of the logarithm of the score promises most, within the grey levels that there are.
 * @param {{model: Model, pixels: Uint8Array, target: number}} args
 * @returns {Generator<{pixels: Uint8Array, scores: number[]}, void>} yields the image at the start and after each step
 */
export function* towards({ model, pixels, target }) {
  for (let step = 0; step <= STEPS_TOWARDS; step++) {
    const found = answer(model, pixels, true);
    yield { pixels, scores: found.scores };
    if (found.scores[target] >= ENOUGH) return;
    pixels = stepped(pixels, imageGradient(model, pixels, found.seen, ofLogScore(model, found, target)));
  }
}

/** The gradient of the logarithm of a class' score with respect to the logits. */
function ofLogScore({ temperature, classes }, { scores, none, logits }, target) {
  return Array.from(logits, (_, k) => ((k === target ? 1 : 0) - (k < classes.length ? scores[k] : none)) / temperature);
}

function stepped(pixels, gradient) {
  const change = gradient.map((slope, i) => Math.sign(slope) * Math.min(STRIDE, slope > 0 ? 255 - pixels[i] : pixels[i]));
  const gain = (i) => change[i] * gradient[i];
  const chosen = [...pixels.keys()].sort((a, b) => gain(b) - gain(a)).slice(0, MOVED), out = pixels.slice();
  for (const i of chosen) out[i] += change[i];
  return out;
}
