// A model judged by many images.

import { altered } from "./alter.js";
import { answer } from "./model.js";

const AT_A_TIME = 5; // images between two reports

/**
 * Answer many images: a task, which yields {done, right} and returns the scores.
 * @param {{model: Model, pixels: Uint8Array, labels: ArrayLike<number>, how: ?object}} args - pixels (n * 784); `how`
 *   they are altered, see `altered`, the number of each as the seed
 * @returns {Generator<{done: number, right: number}, Float32Array>} (n, classes)
 */
export function* judge({ model, pixels, labels, how }) {
  const known = model.classes.length, size = pixels.length / labels.length, scores = new Float32Array(labels.length * known);
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    const image = pixels.subarray(i * size, (i + 1) * size);
    const found = answer(model, how ? altered(image, how, i) : image);
    scores.set(found.scores, i * known);
    if (found.best === labels[i]) right++;
    if ((i + 1) % AT_A_TIME === 0) yield { done: i + 1, right };
  }
  return scores;
}

/**
 * What scores say of each image.
 * @param {Float32Array} scores - (n, classes)
 * @param {Model} model
 * @param {?number} limit - the least score that is answered, in place of the model's
 * @returns {{best: number, probability: number, refused: boolean}[]}
 */
export function verdicts(scores, { classes, thresholds }, limit) {
  return Array.from({ length: scores.length / classes.length }, (_, i) => {
    const own = scores.subarray(i * classes.length, (i + 1) * classes.length), sum = own.reduce((a, b) => a + b, 0);
    const best = own.indexOf(own.reduce((a, b) => Math.max(a, b), 0));
    return { best, probability: own[best] / Math.max(sum, 1e-30), refused: own[best] < (limit ?? thresholds[best]) };
  });
}
