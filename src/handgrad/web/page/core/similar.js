// Which stored digits a drawing is like, for a model: what its last hidden layer gives, and a map of that.

import { answer } from "./model.js";
import { imageOf } from "./strokes.js";

const LARGEST = 127; // of a feature, as a whole number
const AT_A_TIME = 20; // digits looked at until the progress is told
const PRECISE = 1e-10, MOST_ROUNDS = 3000; // when a component stands still, and the rounds that it may take

/**
 * How a model sees an image: the input of the last dense layer, or the logits where the last layer is another one.
 * @param {{seen: object[], logits: Float32Array}} answer - with each layer's values
 * @returns {Float32Array}
 */
export function lastHidden({ seen, logits }) {
  const { layer, x } = seen.at(-1);
  return layer.kind === "Dense" ? x : logits;
}

/**
 * How a model sees digits, as Python stores it for the models that come along.
 * @param {{model: Model, pixels: Uint8Array, count: number}} args - the digits, 28x28 each
 * @returns {Generator<number, Features>} yields the share that is done
 */
export function* features({ model, pixels, count }) {
  const seen = [];
  for (let i = 0; i < count; i++) {
    const base = pixels.subarray(784 * i, 784 * (i + 1)), image = imageOf({ strokes: [], base }, model.inShape.slice(0, 2));
    seen.push(lastHidden(answer(model, image, true)));
    if (i % AT_A_TIME === 0) yield i / count;
  }
  const width = seen[0].length, values = new Int8Array(count * width);
  const largest = (each) => each.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
  const scale = Math.fround(Math.max(largest(seen.map(largest)), 1e-30) / LARGEST);
  seen.forEach((each, i) => values.set(each.map((value) => Math.round(value / scale)), i * width));
  return { values, width, scale };
}

/**
 * The digits nearest to a drawing, by Euclidean distance of the features.
 * @param {Features} features - of the digits
 * @param {Float32Array} mine - of the drawing
 * @param {number} count
 * @returns {{nearest: {i: number, distance: number}[], median: number}} the median is that of all digits' distances
 */
export function nearest({ values, width, scale }, mine, count) {
  const all = Array.from({ length: values.length / width }, (_, i) => ({ i, distance: 0 }));
  for (const each of all) {
    let sum = 0;
    for (let k = 0, at = each.i * width; k < width; k++, at++) sum += (mine[k] - values[at] * scale) ** 2;
    each.distance = Math.sqrt(sum);
  }
  all.sort((a, b) => a.distance - b.distance);
  return { nearest: all.slice(0, count), median: all[all.length >> 1].distance };
}

/**
 * The two main components of the features. The largest weight of each is positive, so that a map never flips.
 * @param {Features} features
 * @returns {Generator<number, Map2>} yields the share that is done; {mean, axes: two unit vectors, shares: of the
 *   variance, points: (n, 2)}, for features as they are and not as whole numbers
 */
export function* components({ values, width, scale }) {
  const count = values.length / width, products = new Float64Array(width * width), sums = new Float64Array(width);
  for (let i = 0; i < count; i++) {
    addProducts(products, sums, values.subarray(i * width, (i + 1) * width));
    if (i % 100 === 0) yield i / count;
  }
  const mean = Float64Array.from(sums, (sum) => (sum / count) * scale);
  const covariance = products.map((sum, at) => (sum / count) * scale ** 2 - mean[Math.floor(at / width)] * mean[at % width]);
  let total = 0;
  for (let k = 0; k < width; k++) total += covariance[k * width + k];
  const found = [0, 1].map(() => takeMain(covariance, width)), axes = found.map(({ axis }) => axis);
  const points = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    points.set(project({ mean, axes }, Float64Array.from(values.subarray(i * width, (i + 1) * width), (value) => value * scale)), 2 * i);
  }
  return { mean, axes, points, shares: found.map(({ variance }) => variance / (total || 1)) };
}

/** Where features lie on the map. */
export function project({ mean, axes }, mine) {
  return axes.map((axis) => axis.reduce((sum, weight, k) => sum + weight * (mine[k] - mean[k]), 0));
}

/** Add the products of each two features: whole numbers, most of them 0 behind a ReLU, so that the sums are exact. */
function addProducts(products, sums, row) {
  const active = [];
  row.forEach((value, k) => value && active.push(k));
  for (const k of active) {
    sums[k] += row[k];
    for (const j of active) products[k * row.length + j] += row[k] * row[j];
  }
}

/** The direction of the largest variance, by power iteration; its part is taken off the covariance. */
function takeMain(covariance, width) {
  let start = 0, variance = 0, axis = new Float64Array(width);
  for (let k = 1; k < width; k++) if (covariance[k * width + k] > covariance[start * width + start]) start = k;
  axis[start] = 1;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = multiply(covariance, axis, width);
    variance = Math.hypot(...next);
    if (!variance) break;
    const moved = next.reduce((most, value, k) => Math.max(most, Math.abs(value / variance - axis[k])), 0);
    axis = next.map((value) => value / variance);
    if (moved < PRECISE) break;
  }
  const largest = axis.reduce((top, value) => (Math.abs(value) > Math.abs(top) ? value : top), 0);
  if (largest < 0) axis = axis.map((value) => -value);
  for (let k = 0; k < width; k++) for (let j = 0; j < width; j++) covariance[k * width + j] -= variance * axis[k] * axis[j];
  return { axis, variance };
}

function multiply(matrix, vector, width) {
  const out = new Float64Array(width);
  for (let k = 0; k < width; k++) {
    let sum = 0;
    for (let j = 0, at = k * width; j < width; j++, at++) sum += matrix[at] * vector[j];
    out[k] = sum;
  }
  return out;
}
