// A network as one looks at it: its layers in the order of `answer.seen`, and blocks of them, such as a convolution with
// the BatchNorm, MaxPool and ReLU behind it.
//
// A node is {layer, from, path, signed}: `from` are the numbers of the nodes whose output it gets, IMAGE for the
// network's input; `path` names the layer around it; `signed` tells whether its output can be below 0.

/** The number of the network's input, where a node's number is asked for. */
export const IMAGE = -1;

const FOLDED = ["BatchNorm", "MaxPool", "ReLU", "Dropout", "Flatten"]; // belong to the block before them
const KEEP_SIGN = ["MaxPool", "GlobalAveragePool", "Dropout", "Flatten"];

/**
 * The layers in the order of `answer.seen`: those inside of another one come before it.
 * @param {Model} model
 * @returns {Node[]}
 */
export function nodesOf(model) {
  const nodes = [], counts = {};
  const signedInput = model.mean.some((value) => value > 0);
  const signed = (i) => (i === IMAGE ? signedInput : nodes[i].signed);
  const inRow = (layers, from, path) => layers.reduce((before, layer) => add(layer, before, path), from);
  const add = (layer, from, path) => {
    const { kind, layers } = layer;
    let sources = [from];
    if (kind === "Ensemble") sources = layers.map((member, j) => inRow([member], from, `${path}member ${j + 1}, `));
    else if (kind === "Residual") sources = [from, inRow(layers, from, `${path}residual ${counted(counts, kind)}, `)];
    else if (kind === "Sequential") sources = [inRow(layers, from, path)];
    nodes.push({ layer, from: sources, path, signed: kind !== "ReLU" && (!KEEP_SIGN.includes(kind) || signed(from)) });
    return kind === "Sequential" ? sources[0] : nodes.length - 1; // it has no values of its own
  };
  inRow(model.layers, IMAGE, "");
  return nodes;
}

function counted(counts, key) {
  return (counts[key] = (counts[key] ?? 0) + 1);
}

/**
 * The blocks of a network, the image first.
 * @param {Model} model
 * @param {Node[]} nodes
 * @returns {{title: string, about: string, path: string, steps: {node: number, name: string, shape: number[], signed: boolean}[],
 *   weights: number}[]} a step for each layer of the block
 */
export function blocksOf(model, nodes) {
  const counts = {}, signed = model.mean.some((value) => value > 0);
  const blocks = [{ title: "Image", about: "what the network gets", path: "", weights: 0,
    steps: [{ node: IMAGE, name: "Image", shape: model.inShape, signed }] }];
  nodes.forEach(({ layer, from, path, signed: either }, i) => {
    if (layer.kind === "Sequential") return;
    const step = { node: i, name: layer.kind, shape: layer.outShape, signed: either };
    const last = blocks.at(-1), follows = last.path === path && last.steps.at(-1).node === from[0];
    if (FOLDED.includes(layer.kind) && follows) {
      last.steps.push(step);
      last.weights += trained(layer);
    } else {
      const alone = nodes.filter((node) => node.layer.kind === layer.kind).length === 1;
      const name = NAMES[layer.kind] ?? layer.kind;
      const title = alone ? name : `${name} ${counted(counts, layer.kind)}`;
      blocks.push({ title, about: ABOUT[layer.kind]?.(layer) ?? "", path, steps: [step], weights: trained(layer) });
    }
  });
  return blocks;
}

const NAMES = { GlobalAveragePool: "Global average pool" };
const ABOUT = {
  Conv: ({ options: { kernel, stride, filters } }) =>
    `${filters} filters of ${kernel}x${kernel}${stride > 1 ? `, stride ${stride}` : ""}`,
  Dense: ({ inShape, options: { units } }) => `${units} units, ${inShape[0]} inputs each`,
  GlobalAveragePool: () => "the mean of each channel",
  Residual: () => "its input plus the layers inside",
  Ensemble: ({ layers }) => `the mean of ${layers.length} members' probabilities`,
};
const TRAINED = ["w", "b", "gamma", "beta"];

/** How many numbers of a layer are trained. */
function trained({ weights }) {
  return TRAINED.reduce((sum, name) => sum + (weights[name]?.length ?? 0), 0);
}

/** The values of a node, or of the network's input, in an answer. */
export function valuesOf(seen, node) {
  return node === IMAGE ? seen[0].x : seen[node].values;
}

/** An output's shape as height, width and number of units: a vector is an image of one pixel. */
export function sizeOf(shape) {
  const [height, width] = shape.length === 3 ? shape : [1, 1];
  return { height, width, units: shape.at(-1) };
}

/** The step behind which a block's units are silenced: the last one with as many units as its first. */
export function silencedAt({ steps }) {
  return steps.findLast(({ shape }) => shape.at(-1) === steps[0].shape.at(-1));
}

/** The shape that the input of a dense layer had before it was flattened, and of any other layer its input's shape. */
export function unflattened(nodes, node) {
  let [from] = nodes[node].from;
  while (from !== IMAGE && nodes[from].layer.kind === "Dropout") [from] = nodes[from].from;
  const flat = nodes[node].layer.kind === "Dense" && from !== IMAGE && nodes[from].layer.kind === "Flatten";
  return flat ? nodes[from].layer.inShape : nodes[node].layer.inShape;
}

/** The block whose steps hold a node, and the number of that step. */
export function blockOf(blocks, node) {
  const block = blocks.findIndex(({ steps }) => steps.some((step) => step.node === node));
  return { block, step: blocks[block].steps.findIndex((step) => step.node === node) };
}

/** Where in a step's values the value of a unit at a place lies. */
export function indexOf(shape, { unit, y, x }) {
  const { width, units } = sizeOf(shape);
  return (y * width + x) * units + unit;
}

/** The unit and place of a value: the reverse of `indexOf`. */
export function placeOf(shape, index) {
  const { width, units } = sizeOf(shape), pixel = Math.floor(index / units);
  return { unit: index % units, y: Math.floor(pixel / width), x: pixel % width };
}

/** A zoom as a link has it: block:3,unit:5,step:1,y:4,x:2. */
export function writeZoom({ block, unit, step, place }) {
  const { y, x } = unit === undefined ? {} : place ?? {};
  return Object.entries({ block, unit, step, y, x }).filter(([, value]) => value !== undefined).map((pair) => pair.join(":")).join(",");
}

/** The zoom that such a text names: {block, unit, step, place}, as far as it does. */
export function readZoom(text) {
  const named = text.split(",").map((part) => part.split(":")).filter(([, value]) => /^\d+$/.test(value));
  const { block, unit, step, y, x } = Object.fromEntries(named.map(([name, value]) => [name, Number(value)]));
  return { block, unit, step, place: unit === undefined || y === undefined || x === undefined ? undefined : { unit, y, x } };
}

/** The same zoom where a network has such a place, else none. */
export function zoomIn(blocks, at) {
  const { block, unit, step, place } = at, steps = blocks[block]?.steps;
  if (!steps || (step !== undefined && !steps[step]) || unit >= steps[0].shape.at(-1)) return {};
  const last = steps.indexOf(silencedAt(blocks[block])), { height, width } = sizeOf(steps[Math.min(step ?? last, last)].shape);
  return place && (place.y >= height || place.x >= width) ? {} : at;
}
