// Backward through a network that predicts: how a number that depends on the logits changes with the image.
//
// `chain` leaves what each layer got and gave, the inner layers before the layer that holds them. Backward takes these
// records from the end of that list, one for each layer. BACKWARD is the one table of what each kind of layer does: from
// the gradient with respect to its output to the one with respect to its input.

import { padding, silence, softmax } from "./layers.js";
import { deskewGradient } from "./deskew.js";

function conv(gradient, { layer: { inShape: [height, width, channels], outShape: [outHeight, outWidth, filters], options, weights: { w } }, x }) {
  const { kernel, stride } = options, pad = padding(options), out = new Float32Array(x.length);
  for (let y = 0; y < outHeight; y++) {
    for (let z = 0; z < outWidth; z++) {
      const row = gradient.subarray((y * outWidth + z) * filters, (y * outWidth + z + 1) * filters);
      const active = nonZero(row); // few, behind a pooling and a ReLU
      if (!active.length) continue;
      for (let i = 0; i < kernel; i++) {
        const inY = y * stride + i - pad;
        if (inY < 0 || inY >= height) continue;
        for (let j = 0; j < kernel; j++) {
          const inX = z * stride + j - pad;
          if (inX < 0 || inX >= width) continue;
          addProduct(out, (inY * width + inX) * channels, channels, row, active, w, (i * kernel + j) * channels * filters);
        }
      }
    }
  }
  return out;
}

function nonZero(values) {
  const places = [];
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) places.push(i);
  return places;
}

/** out[at + c] += the sum over f of row[f] * w[tap + c * row.length + f]; only at `active` is row not 0. */
function addProduct(out, at, channels, row, active, w, tap) {
  for (let c = 0; c < channels; c++, tap += row.length) {
    let sum = 0;
    for (let n = 0; n < active.length; n++) sum += row[active[n]] * w[tap + active[n]];
    out[at + c] += sum;
  }
}

function dense(gradient, { layer: { weights: { w } }, x }) {
  const out = new Float32Array(x.length);
  addProduct(out, 0, x.length, gradient, nonZero(gradient), w, 0);
  return out;
}

function batchNorm(gradient, { layer: { options: { eps }, weights: { var: variance, gamma } } }) {
  const factor = variance.map((v, c) => gamma[c] / Math.sqrt(v + eps));
  return gradient.map((value, i) => value * factor[i % factor.length]);
}

/** The gradient goes to the largest of four, to the first of equal ones. */
function maxPool(gradient, { layer: { inShape: [, width, channels], outShape: [, outWidth] }, x, values }) {
  const out = new Float32Array(x.length), four = [0, channels, width * channels, (width + 1) * channels];
  gradient.forEach((value, i) => {
    const c = i % channels, place = (i - c) / channels, z = place % outWidth, y = (place - z) / outWidth;
    const corner = (2 * y * width + 2 * z) * channels + c;
    out[corner + four.find((step) => x[corner + step] === values[i])] = value;
  });
  return out;
}

function averagePool(gradient, { layer: { inShape: [height, width, channels] }, x }) {
  return x.map((_, i) => gradient[i % channels] / (height * width));
}

function residual(gradient, { layer }, seen) {
  const through = backward(gradient, layer.layers, seen);
  return gradient.map((value, i) => value + through[i]);
}

/** The answer is the logarithm of the mean of the members' probabilities. */
function ensemble(gradient, { layer, x, values }, seen) {
  const sum = new Float32Array(x.length), share = gradient.map((value, k) => value / Math.exp(values[k]) / layer.layers.length);
  for (const member of [...layer.layers].reverse()) {
    const p = softmax(seen.at(-1).values), mean = p.reduce((total, each, k) => total + each * share[k], 0);
    const logits = Float32Array.from(p, (each, k) => each * (share[k] - mean));
    backward(logits, [member], seen).forEach((value, i) => (sum[i] += value));
  }
  return sum;
}

const copied = (gradient) => gradient.slice();

const BACKWARD = {
  Conv: conv,
  Dense: dense,
  BatchNorm: batchNorm,
  ReLU: (gradient, { values }) => gradient.map((value, i) => (values[i] > 0 ? value : 0)),
  MaxPool: maxPool,
  GlobalAveragePool: averagePool,
  Flatten: copied,
  Dropout: copied,
  Residual: residual,
  Sequential: (gradient, { layer }, seen) => backward(gradient, layer.layers, seen),
  Ensemble: ensemble,
};

/**
 * The gradient with respect to the input of layers in a row.
 * @param {Float32Array} gradient - with respect to their output
 * @param {object[]} layers
 * @param {object[]} seen - what `chain` left; the records of these layers are taken from its end
 * @returns {Float32Array}
 */
export function backward(gradient, layers, seen) {
  for (const layer of [...layers].reverse()) {
    const record = seen.pop();
    if (layer.off) silence((gradient = gradient.slice()), layer);
    gradient = BACKWARD[layer.kind](gradient, record, seen);
  }
  return gradient;
}

/**
 * The gradient of a number that depends on the logits, with respect to the pixels that the network gets: those of the
 * upright digit, where the model deskews.
 * @param {Model} model
 * @param {object[]} seen - what each layer got and gave for the image, from `answer`; it is kept
 * @param {ArrayLike<number>} ofLogits - the gradient of the number with respect to the logits
 * @returns {Float32Array} (H, W, C), for a grey level
 */
export function inputGradient(model, seen, ofLogits) {
  return backward(Float32Array.from(ofLogits), model.layers, [...seen]).map((value, i) => value * model.scale[i]);
}

/** As `inputGradient`, with respect to the image before it is deskewed; the shear is held fixed. */
export function imageGradient(model, pixels, seen, ofLogits) {
  const gradient = inputGradient(model, seen, ofLogits);
  return model.deskew ? deskewGradient(gradient, pixels, model.inShape) : gradient;
}
