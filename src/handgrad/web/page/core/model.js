// A model file -> a network with all that it needs to answer, as Python's `Model` has it.

import { LAYERS, chain, softmax } from "./layers.js";
import { product, readTensors } from "./safetensors.js";
import { deskew } from "./deskew.js";

/**
 * Load a model.
 * @param {ArrayBuffer} buffer - a safetensors file that handgrad wrote, in this version or an earlier one
 * @returns {Model}
 */
export function loadModel(buffer) {
  const { header, tensors } = readTensors(buffer);
  const classes = header.classes, least = header.thresholds ?? header.least ?? header.threshold ?? 0;
  const inShape = header.in_shape;
  const model = {
    name: header.record?.recipe?.name ?? "model",
    layers: build(header.layers, inShape, "", tensors),
    inShape,
    classes,
    temperature: header.temperature,
    thresholds: Array.isArray(least) ? least : classes.map(() => least),
    deskew: header.deskew ?? header.upright ?? false,
    mean: checked(tensors, "mean", product(inShape)),
    scale: checked(tensors, "scale", product(inShape)),
    header,
    tensors,
    bytes: buffer.byteLength,
  };
  const outputs = product(model.layers.at(-1).outShape);
  if (outputs !== classes.length && outputs !== classes.length + 1) {
    throw new Error(`${outputs} outputs for ${classes.length} classes; use another copy of the file`);
  }
  return model;
}

const RENAMED = { Vote: "Ensemble" }; // what files of earlier versions call a kind

function build(described, shape, prefix, tensors) {
  return described.map(([written, options], i) => {
    const kind = RENAMED[written] ?? written;
    if (!LAYERS[kind]) throw new Error(`layer ${kind} is not known here; expected ${Object.keys(LAYERS).join(", ")}`);
    const name = `${prefix}${i}`, inShape = shape;
    // The members of an ensemble stand side by side: each sees the ensemble's input.
    const inner = kind === "Ensemble"
      ? options.layers.map((each, j) => build([each], inShape, `${name}.`, renumbered(tensors, `${name}.`, j))[0])
      : build(options.layers ?? [], inShape, `${name}.`, tensors);
    shape = LAYERS[kind].plan(inShape, options, inner);
    return { kind, name, options, inShape, outShape: shape, layers: inner, weights: weightsOf(name, kind, tensors, inShape, options) };
  });
}

/** The tensors, with those of member j of an ensemble named as if it were member 0. */
function renumbered(tensors, prefix, j) {
  const found = new Map();
  for (const [name, tensor] of tensors) {
    if (name.startsWith(`${prefix}${j}.`)) found.set(prefix + "0." + name.slice(`${prefix}${j}.`.length), tensor);
  }
  return found;
}

/** How many numbers each array of a layer has. */
const WEIGHTS = {
  Conv: ([, , channels], { kernel, filters }) => ({ w: kernel * kernel * channels * filters, b: filters }),
  Dense: (shape, { units }) => ({ w: product(shape) * units, b: units }),
  BatchNorm: (shape) => ({ gamma: shape.at(-1), beta: shape.at(-1), mean: shape.at(-1), var: shape.at(-1) }),
};

function weightsOf(name, kind, tensors, shape, options) {
  const counts = WEIGHTS[kind]?.(shape, options) ?? {};
  return Object.fromEntries(Object.entries(counts).map(([each, count]) => [each, checked(tensors, `${name}.${each}`, count)]));
}

function checked(tensors, name, count) {
  const data = tensors.get(name)?.data;
  if (!data) throw new Error(`tensor ${name} is missing; use another copy of the file`);
  if (data.length !== count) throw new Error(`tensor ${name} has ${data.length} numbers, expected ${count}; use another copy of the file`);
  if (!data.every(Number.isFinite)) throw new Error(`tensor ${name} holds values that are no numbers; use another copy of the file`);
  return data;
}

/**
 * What the network sees of an image: (pixels - mean) * scale, of deskewed pixels if so wanted.
 * @param {Model} model
 * @param {Uint8Array} pixels - bright ink on dark
 * @returns {Float32Array}
 */
export function preprocess(model, pixels) {
  return normalised(model, upright(model, pixels));
}

/** An image's pixels, deskewed where the model deskews. */
export function upright(model, pixels) {
  return model.deskew ? deskew(pixels, model.inShape) : pixels;
}

function normalised({ mean, scale }, pixels) {
  return Float32Array.from(pixels, (value, i) => Math.fround(value - mean[i]) * scale[i]);
}

/**
 * Answer for an image.
 * @param {Model} model
 * @param {Uint8Array} pixels - (H, W, C), bright ink on dark
 * @param {boolean} [inside] - whether each layer's input and output are kept
 * @returns {{logits: Float32Array, scores: number[], none: number, probabilities: number[], best: number, seen: object[]}}
 */
export function answer(model, pixels, inside = false) {
  return answerUpright(model, upright(model, pixels), inside);
}

/** Answer for an image whose pixels are deskewed already, where the model deskews; else as `answer`. */
export function answerUpright(model, pixels, inside = false) {
  const seen = inside ? [] : null;
  const logits = chain(normalised(model, pixels), model.layers, seen);
  return { ...judged(model, logits), logits, seen };
}

/** Scores, probabilities and the likeliest class of logits. */
export function judged(model, logits) {
  const known = model.classes.length, all = softmax(logits, model.temperature), scores = all.slice(0, known);
  const sum = Math.max(scores.reduce((a, b) => a + b, 0), 1e-30);
  const best = scores.indexOf(Math.max(...scores));
  return { scores, none: all[known] ?? 0, probabilities: scores.map((score) => score / sum), best };
}
