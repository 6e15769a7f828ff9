// Training of a dense network, step by step: forward, loss, gradients, update.
//
// Letters: n images in a batch; a layer has `inputs` I and `units` O. Matrices lie row by row: x (n, I), w (I, O),
// out (n, O). All weights lie in one vector, theta, and so do their gradients; a layer's w and b are parts of it.
// Between layers stands ReLU, out = max(z, 0), and, in training, dropout; RELUS has other places for it, to see why.

import { normal, randomNumbers } from "./random.js";
import { addRows, pick, picking } from "./rows.js";

const WEIGHTS = 1, DROPOUT = 2; // what random numbers are for

/** Kinds of first weights: the standard deviation of a layer with I inputs, and what a model file calls it. */
export const INITS = {
  he: { deviation: (inputs) => Math.sqrt(2 / inputs), name: "he" }, // He et al. 2015, equation 10: ReLU halves the power
  small: { deviation: () => 0.01, name: "normal:0.01" }, // signals fade from layer to layer
  zero: { deviation: () => 0, name: "zeros" }, // all units are equal, and stay so
  large: { deviation: () => 1, name: "normal:1" }, // signals grow from layer to layer
};

/** Where ReLU stands: whether behind a hidden layer, and whether behind the last. */
export const RELUS = {
  between: { hidden: true, last: false }, // right: each layer gets something new, and the outputs are free
  nowhere: { hidden: false, last: false }, // all layers are one
  everywhere: { hidden: true, last: true }, // an output that is 0 for all images gets no gradient
};

/** How many weights a network of these sizes has, from the input's to the output's. */
export function weightCount(sizes) {
  return sizes.slice(1).reduce((sum, units, l) => sum + (sizes[l] + 1) * units, 0);
}

/**
 * The layers of a network, as parts of one vector: no copy is made.
 * @param {number[]} sizes - input, hidden layers, output, as [784, 100, 200, 200, 10]
 * @param {Float32Array} theta - of each layer w, then b
 * @param {string} [relu] - where ReLU stands, a name in `RELUS`
 * @returns {{inputs: number, units: number, relu: boolean, w: Float32Array, b: Float32Array}[]}
 */
export function layersOf(sizes, theta, relu = "between") {
  let place = 0;
  const part = (count) => theta.subarray(place, (place += count));
  const { hidden, last } = RELUS[relu], final = sizes.length - 2;
  return sizes.slice(1).map((units, l) => ({ inputs: sizes[l], units, relu: l < final ? hidden : last, w: part(sizes[l] * units), b: part(units) }));
}

/** First weights: random, of the kind's deviation; biases are 0. */
export function firstWeights(sizes, kind, seed) {
  const theta = new Float32Array(weightCount(sizes)), random = randomNumbers(seed, WEIGHTS);
  for (const { w, inputs } of layersOf(sizes, theta)) {
    const deviation = INITS[kind].deviation(inputs);
    for (let i = 0; i < w.length; i++) w[i] = deviation * normal(random);
  }
  return theta;
}

/** The arrays of a run on n images: of each layer its output, which of its units dropout keeps, and dL/dz. */
export function workspace(sizes, n) {
  const inner = sizes.slice(1, -1).map((units, l) => units * sizes[l + 2]);
  return {
    n,
    outs: sizes.slice(1).map((units) => new Float32Array(n * units)),
    masks: sizes.slice(1, -1).map((units) => new Uint8Array(n * units)),
    deltas: sizes.slice(1).map((units) => new Float32Array(n * units)),
    turned: new Float32Array(Math.max(0, ...inner)), // a layer's w with rows and columns exchanged
    picked: picking(Math.max(n, ...sizes)),
  };
}

/**
 * Forward: each layer's output for a batch, in `ws.outs`.
 * @param {object[]} layers
 * @param {Float32Array} x - (n, I), the images
 * @param {object} ws - a workspace of n images
 * @param {number} [dropout] - the share of units that `ws.masks` silences; 0 is test mode
 * @returns {Float32Array} the logits, (n, 10)
 */
export function forward(layers, x, ws, dropout = 0) {
  layers.forEach((layer, l) => {
    const out = ws.outs[l];
    dense(out, x, layer, ws);
    if (layer.relu) relu(out);
    if (l < layers.length - 1 && dropout) silence(out, ws.masks[l], dropout);
    x = out;
  });
  return x;
}

/** out = x w + b: each image's row is b plus the rows of w, weighted by what goes in. */
function dense(out, x, { w, b, inputs, units }, { n, picked }) {
  for (let image = 0; image < n; image++) {
    out.set(b, image * units);
    pick(picked, x, image * inputs, 1, inputs);
    addRows(out, image * units, w, units, picked);
  }
}

function relu(out) {
  for (let i = 0; i < out.length; i++) if (out[i] < 0) out[i] = 0;
}

/** Draw which units are kept (1) or silenced (0), for each image anew. */
export function drawMasks(masks, dropout, seed, step) {
  const random = randomNumbers(seed, DROPOUT, step);
  for (const mask of masks) for (let i = 0; i < mask.length; i++) mask[i] = random() >= dropout ? 1 : 0;
}

/** Inverted dropout (Srivastava et al. 2014): the kept units are enlarged, so that the expected output stays the same. */
function silence(out, mask, dropout) {
  const factor = 1 / (1 - dropout);
  for (let i = 0; i < out.length; i++) out[i] *= mask[i] * factor;
}

/**
 * Softmax cross-entropy: the mean of -log p(label), its gradient dL/dz = (p - target) / n, and the right answers.
 * @param {Float32Array} delta - written: dL/dz, (n, classes)
 * @param {Float32Array} logits - z, (n, classes)
 * @param {Uint8Array} labels - (n,)
 * @returns {{loss: number, right: number}}
 */
export function crossEntropy(delta, logits, labels) {
  const n = labels.length, classes = logits.length / n;
  let loss = 0, right = 0;
  for (let image = 0; image < n; image++) {
    const z = logits.subarray(image * classes, (image + 1) * classes), label = labels[image];
    const top = Math.max(...z), powers = Array.from(z, (value) => Math.exp(value - top));
    const sum = powers.reduce((a, b) => a + b, 0);
    loss += Math.log(sum) - (z[label] - top);
    if (z.indexOf(top) === label) right++;
    powers.forEach((power, k) => (delta[image * classes + k] = (power / sum - (k === label ? 1 : 0)) / n));
  }
  return { loss: loss / n, right };
}

/**
 * Backward: the gradient of the loss with respect to all weights, by the chain rule from the last layer to the first.
 * @param {{w: Float32Array, b: Float32Array}[]} grads - written: dL/dw and dL/db of each layer
 * @param {object[]} layers
 * @param {Float32Array} x - the images
 * @param {object} ws - as `forward` left it, with dL/dz of the last layer in `ws.deltas`
 * @param {number} [dropout] - as in `forward`
 */
export function backward(grads, layers, x, ws, dropout = 0) {
  for (let l = layers.length - 1; l >= 0; l--) {
    if (l < layers.length - 1 && dropout) throughDropout(ws.deltas[l], ws.masks[l], dropout);
    if (layers[l].relu) throughRelu(ws.deltas[l], ws.outs[l]);
    weightGradient(grads[l], l ? ws.outs[l - 1] : x, ws.deltas[l], layers[l], ws);
    if (l) inputGradient(ws.deltas[l - 1], ws.deltas[l], layers[l], ws);
  }
}

/** dL/dw[i, o] = sum over images of x[image, i] delta[image, o]; dL/db[o] = sum over images of delta[image, o]. */
function weightGradient({ w, b }, x, delta, { inputs, units }, { n, picked }) {
  w.fill(0);
  b.fill(0);
  for (let i = 0; i < inputs; i++) {
    pick(picked, x, i, inputs, n);
    addRows(w, i * units, delta, units, picked);
  }
  for (let image = 0; image < n; image++) for (let o = 0; o < units; o++) b[o] += delta[image * units + o];
}

/** dL/dx[image, i] = sum over o of delta[image, o] w[i, o]: rows of w turned, weighted by delta. */
function inputGradient(before, delta, { w, inputs, units }, { n, turned, picked }) {
  for (let i = 0; i < inputs; i++) for (let o = 0; o < units; o++) turned[o * inputs + i] = w[i * units + o];
  before.fill(0);
  for (let image = 0; image < n; image++) {
    pick(picked, delta, image * units, 1, units);
    addRows(before, image * inputs, turned, inputs, picked);
  }
}

/** Back through dropout: no gradient where a unit was silenced; elsewhere it is enlarged as the output was. */
function throughDropout(delta, mask, dropout) {
  const factor = 1 / (1 - dropout);
  for (let i = 0; i < delta.length; i++) delta[i] *= mask[i] * factor;
}

/** Back through ReLU: no gradient where the output is 0. */
function throughRelu(delta, out) {
  for (let i = 0; i < delta.length; i++) if (out[i] <= 0) delta[i] = 0;
}

/** Update: gradient descent with momentum (Polyak 1964), velocity = momentum velocity + gradient; theta -= rate velocity. */
export function update(theta, velocity, grad, rate, momentum) {
  for (let i = 0; i < theta.length; i++) {
    velocity[i] = momentum * velocity[i] + grad[i];
    theta[i] -= rate * velocity[i];
  }
}
