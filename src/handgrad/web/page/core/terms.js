// One value inside the network as the sum that made it: each input times its weight, the bias, the result.

import { IMAGE, indexOf, placeOf, sizeOf, valuesOf } from "./blocks.js";
import { padding, softmax } from "./layers.js";

/**
 * The sum of one value of a node's output; null for a kind of layer that does not add up its inputs.
 * @param {Node[]} nodes
 * @param {object[]} seen - an answer's
 * @param {number} node
 * @param {{unit: number, y: number, x: number}} place - of its output
 * @returns {?{terms: {from: number, at: {unit: number, y: number, x: number}, input: number, weight: number,
 *   product: number}[], bias: number, sum: number}} `from` and `at` say where an input lies
 */
export function sumOf(nodes, seen, node, place) {
  const { layer, from } = nodes[node];
  const parts = SUMS[layer.kind]?.(layer, place);
  if (!parts) return null;
  const terms = parts.map(({ source = 0, index, weight }) => {
    const number = from[source], shape = number === IMAGE ? nodes[node].layer.inShape : nodes[number].layer.outShape;
    const input = valuesOf(seen, number)[index];
    return { from: number, at: placeOf(shape, index), index, input, weight, product: input * weight };
  });
  const bias = layer.weights.b?.[place.unit] ?? 0;
  return { terms, bias, sum: terms.reduce((sum, { product }) => sum + product, bias) };
}

/** For each kind of layer that adds up inputs: their places, and their weights. */
const SUMS = {
  Conv: ({ inShape: [height, width, channels], options, weights: { w } }, { unit, y, x }) => {
    const { kernel, stride, filters } = options, pad = padding(options), parts = [];
    for (let i = 0; i < kernel; i++) {
      for (let j = 0; j < kernel; j++) {
        const inY = y * stride + i - pad, inX = x * stride + j - pad;
        if (inY < 0 || inY >= height || inX < 0 || inX >= width) continue; // padding: zeros
        for (let c = 0; c < channels; c++) {
          const tap = (i * kernel + j) * channels + c;
          parts.push({ index: (inY * width + inX) * channels + c, weight: w[tap * filters + unit] });
        }
      }
    }
    return parts;
  },
  Dense: ({ options: { units }, weights: { w } }, { unit }) =>
    Array.from({ length: w.length / units }, (_, index) => ({ index, weight: w[index * units + unit] })),
  GlobalAveragePool: ({ inShape: [height, width, channels] }, { unit }) =>
    Array.from({ length: height * width }, (_, pixel) => ({ index: pixel * channels + unit, weight: 1 / (height * width) })),
  Residual: ({ outShape }, place) => [0, 1].map((source) => ({ source, index: indexOf(outShape, place), weight: 1 })),
};

/**
 * How a block made one value: each of its steps, the first one first.
 * @param {Node[]} nodes
 * @param {object[]} seen
 * @param {object} block
 * @param {number} step - the step whose value it is
 * @param {{unit: number, y: number, x: number}} place
 * @returns {{step: object, place: object, input: number, value: number, how: object}[]} `input` is what a step got at the
 *   place that counts; `how` depends on the kind of layer
 */
export function traced(nodes, seen, block, step, place) {
  const found = [];
  for (let k = step; k >= 0; k--) {
    const { node, name, shape } = block.steps[k], value = valuesOf(seen, node)[indexOf(shape, place)];
    const at = place;
    let input = NaN, how = {};
    if (node !== IMAGE) {
      const { layer } = nodes[node], told = (STEPS[name] ?? unchanged)(layer, seen[node], place);
      place = told.back ?? place;
      how = told.how;
      input = seen[node].x[indexOf(layer.inShape, place)];
    }
    found.unshift({ step: block.steps[k], place: at, input, value, how });
  }
  return found;
}

const unchanged = () => ({ how: {} });

/** For each kind of layer: `how` it came to the value at a place, and `back`, the place that counts of its input. */
const STEPS = {
  BatchNorm: ({ options: { eps }, weights: { mean, var: variance, gamma, beta } }, _, { unit }) => ({
    how: { mean: mean[unit], deviation: Math.sqrt(variance[unit] + eps), gamma: gamma[unit], beta: beta[unit] },
  }),
  MaxPool: ({ inShape }, { x: input }, { unit, y, x }) => {
    const places = [[0, 0], [0, 1], [1, 0], [1, 1]].map(([i, j]) => ({ unit, y: 2 * y + i, x: 2 * x + j }));
    const four = places.map((each) => input[indexOf(inShape, each)]);
    return { how: { four }, back: places[four.indexOf(Math.max(...four))] };
  },
  Flatten: ({ inShape }, _, { unit }) => ({ how: {}, back: placeOf(inShape, unit) }),
};

/** The step of a block at which the place of a later step has a unit of its own, and that place: before it was flattened. */
export function beforeFlatten(nodes, block, step, place) {
  const units = block.steps[0].shape.at(-1);
  for (; block.steps[step].shape.at(-1) !== units; step--) {
    const { layer } = nodes[block.steps[step].node];
    if (layer.kind === "Flatten") place = placeOf(layer.inShape, place.unit);
  }
  return { step, place };
}

/**
 * The probability that each member of an ensemble gives to a class.
 * @returns {number[]}
 */
export function votes(nodes, seen, node, unit) {
  return nodes[node].from.map((member) => softmax(valuesOf(seen, member))[unit]);
}

/**
 * The weights of a unit as images: one of each input channel.
 * @param {object} layer - Conv or Dense
 * @param {number[]} inShape - the shape of its input, before it was flattened
 * @param {number} unit
 * @returns {{data: Float32Array, start: number, stride: number, units: number, height: number, width: number}}
 */
export function weightImages({ kind, options, weights: { w } }, inShape, unit) {
  const size = sizeOf(inShape), side = options.kernel;
  return {
    data: w, start: unit, stride: options.filters ?? options.units, units: size.units,
    ...(kind === "Conv" ? { height: side, width: side } : { height: size.height, width: size.width }),
  };
}
