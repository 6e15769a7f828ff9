// The receptive field of a value inside the network: the part of the image on which it can depend.
//
// A box is {top, left, bottom, right}, in pixels, the last two not included. A vector counts as an image of one column,
// a unit each row.

import { IMAGE } from "./blocks.js";
import { padding } from "./layers.js";

/**
 * The receptive field of a part of a node's output.
 * @param {Node[]} nodes - see `nodesOf`
 * @param {number} node - its number, or IMAGE
 * @param {Box} box - the part of its output: for a vector, the unit as the row
 * @param {number[]} inShape - the network's
 * @returns {Box} in the image
 */
export function receptive(nodes, node, box, inShape) {
  if (node === IMAGE) return box;
  const fields = new Map([[node, box]]);
  for (let i = node; i >= 0; i--) {
    if (!fields.has(i)) continue;
    const { layer, from } = nodes[i];
    for (const source of from) {
      const shape = source === IMAGE ? inShape : nodes[source].layer.outShape;
      const field = clipped((BEHIND[layer.kind] ?? same)(fields.get(i), layer), shape);
      fields.set(source, fields.has(source) ? around(fields.get(source), field) : field);
    }
  }
  return fields.get(IMAGE);
}

/** The box of one value: of a pixel, or of a unit of a vector. */
export function boxOf(shape, { unit, y, x }) {
  const [top, left] = shape.length === 3 ? [y, x] : [unit, 0];
  return { top, left, bottom: top + 1, right: left + 1 };
}

const same = (box) => box;
const all = () => ({ top: 0, left: 0, bottom: Infinity, right: Infinity });

/** For each kind of layer that does not keep places, what of its input a part of its output depends on. */
const BEHIND = {
  Conv: ({ top, left, bottom, right }, { options }) => {
    const { kernel, stride } = options, pad = padding(options);
    const first = (at) => at * stride - pad, last = (at) => (at - 1) * stride - pad + kernel;
    return { top: first(top), left: first(left), bottom: last(bottom), right: last(right) };
  },
  MaxPool: ({ top, left, bottom, right }) => ({ top: 2 * top, left: 2 * left, bottom: 2 * bottom, right: 2 * right }),
  Flatten: ({ top, bottom }, { inShape }) => {
    if (inShape.length !== 3) return { top, left: 0, bottom, right: 1 };
    const [, width, channels] = inShape, first = Math.floor(top / channels), last = Math.ceil(bottom / channels);
    if (last - first > 1) return { ...all(), top: Math.floor(first / width), bottom: Math.ceil(last / width) };
    return boxOf(inShape, { y: Math.floor(first / width), x: first % width });
  },
  Dense: all,
  GlobalAveragePool: all,
  Ensemble: all,
};

function clipped({ top, left, bottom, right }, shape) {
  const [height, width] = shape.length === 3 ? shape : [shape[0], 1];
  return { top: Math.max(top, 0), left: Math.max(left, 0), bottom: Math.min(bottom, height), right: Math.min(right, width) };
}

function around(a, b) {
  return {
    top: Math.min(a.top, b.top), left: Math.min(a.left, b.left),
    bottom: Math.max(a.bottom, b.bottom), right: Math.max(a.right, b.right),
  };
}
