// What each kind of layer computes for one image, forward. Images are (H, W, C), the channels next to each other.
//
// A layer is {kind, options, weights, inShape, outShape, layers}; weights maps names to Float32Arrays. `plan` says what
// shape comes out, `forward` computes it. LAYERS is the one table of both.

function conv(x, { inShape: [height, width, channels], outShape: [outHeight, outWidth, filters], options, weights }) {
  const { kernel, stride } = options, pad = padding(options), { w, b } = weights;
  const out = new Float32Array(outHeight * outWidth * filters);
  for (let y = 0; y < outHeight; y++) {
    for (let z = 0; z < outWidth; z++) {
      const row = out.subarray((y * outWidth + z) * filters, (y * outWidth + z + 1) * filters);
      row.set(b);
      for (let i = 0; i < kernel; i++) {
        const inY = y * stride + i - pad;
        if (inY < 0 || inY >= height) continue;
        for (let j = 0; j < kernel; j++) {
          const inX = z * stride + j - pad;
          if (inX < 0 || inX >= width) continue;
          let from = (inY * width + inX) * channels, tap = (i * kernel + j) * channels * filters;
          for (let c = 0; c < channels; c++, from++, tap += filters) {
            const value = x[from];
            if (value !== 0) for (let f = 0; f < filters; f++) row[f] += value * w[tap + f];
          }
        }
      }
    }
  }
  return out;
}

/** Rows and columns of zeros on each side of a convolution's input. */
export function padding({ kernel, padding: kind }) {
  return kind === "same" ? kernel >> 1 : 0;
}

function dense(x, { options: { units }, weights: { w, b } }) {
  const out = Float32Array.from(b);
  for (let i = 0, row = 0; i < x.length; i++, row += units) {
    const value = x[i];
    if (value !== 0) for (let u = 0; u < units; u++) out[u] += value * w[row + u];
  }
  return out;
}

function batchNorm(x, { options: { eps }, weights: { mean, var: variance, gamma, beta } }) {
  const channels = mean.length, out = new Float32Array(x.length);
  const factor = variance.map((v, c) => gamma[c] / Math.sqrt(v + eps));
  for (let i = 0; i < x.length; i += channels) {
    for (let c = 0; c < channels; c++) out[i + c] = (x[i + c] - mean[c]) * factor[c] + beta[c];
  }
  return out;
}

function maxPool(x, { inShape: [, width, channels], outShape: [outHeight, outWidth] }) {
  const out = new Float32Array(outHeight * outWidth * channels), below = width * channels;
  for (let y = 0, to = 0; y < outHeight; y++) {
    for (let z = 0; z < outWidth; z++) {
      let from = (2 * y * width + 2 * z) * channels;
      for (let c = 0; c < channels; c++, to++, from++) {
        out[to] = Math.max(x[from], x[from + channels], x[from + below], x[from + below + channels]);
      }
    }
  }
  return out;
}

function averagePool(x, { inShape: [height, width, channels] }) {
  const sums = new Float64Array(channels);
  for (let i = 0; i < x.length; i++) sums[i % channels] += x[i];
  return Float32Array.from(sums, (sum) => sum / (height * width));
}

function residual(x, layer, seen) {
  const through = chain(x, layer.layers, seen);
  return x.map((value, i) => value + through[i]);
}

function ensemble(x, layer, seen) {
  const mean = new Float64Array(layer.outShape[0]);
  for (const member of layer.layers) softmax(chain(x, [member], seen)).forEach((p, k) => (mean[k] += p));
  return Float32Array.from(mean, (sum) => Math.log(Math.max(sum / layer.layers.length, 1e-30)));
}

function convPlan([height, width], options) {
  const side = (length) => Math.floor((length + 2 * padding(options) - options.kernel) / options.stride) + 1;
  return [side(height), side(width), options.filters];
}

const same = (shape) => shape;
const copied = (x) => x.slice();

/** Every kind of layer: `plan(inShape, options, inner)` gives its output's shape, `forward(x, layer, seen)` its output. */
export const LAYERS = {
  Conv: { plan: convPlan, forward: conv },
  Dense: { plan: (_, { units }) => [units], forward: dense },
  BatchNorm: { plan: same, forward: batchNorm },
  ReLU: { plan: same, forward: (x) => x.map((value) => (value > 0 ? value : 0)) },
  MaxPool: { plan: ([height, width, channels]) => [height >> 1, width >> 1, channels], forward: maxPool },
  GlobalAveragePool: { plan: (shape) => [shape[2]], forward: averagePool },
  Flatten: { plan: (shape) => [shape.reduce((a, b) => a * b, 1)], forward: copied },
  Dropout: { plan: same, forward: copied }, // it drops units in training alone
  Residual: { plan: same, forward: residual },
  Sequential: { plan: (_, __, inner) => inner.at(-1).outShape, forward: (x, layer, seen) => chain(x, layer.layers, seen) },
  Ensemble: { plan: (_, __, inner) => inner[0].outShape, forward: ensemble },
};

/**
 * The output of layers in a row.
 * @param {Float32Array} x - what goes into the first
 * @param {object[]} layers
 * @param {?{layer: object, x: Float32Array, values: Float32Array}[]} seen - gets input and output of each layer
 * @returns {Float32Array}
 */
export function chain(x, layers, seen) {
  for (const layer of layers) {
    const values = LAYERS[layer.kind].forward(x, layer, seen);
    if (layer.off) silence(values, layer);
    seen?.push({ layer, x, values });
    x = values;
  }
  return x;
}

/** Set the units or channels in `layer.off`, a list of their numbers, to 0. */
export function silence(values, { off, outShape }) {
  const channels = outShape.at(-1);
  for (const c of off) for (let i = c; i < values.length; i += channels) values[i] = 0;
}

/** Probabilities of logits. */
export function softmax(logits, temperature = 1) {
  const top = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Array.from(logits, (z) => Math.exp((z - top) / temperature));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
