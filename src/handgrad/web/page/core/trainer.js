// A training that one can watch, steer and take back: a task for a worker, which yields snapshots.

import { moved } from "./alter.js";
import { backward, crossEntropy, drawMasks, firstWeights, forward, layersOf, update, workspace } from "./training.js";
import { randomNumbers, shuffled } from "./random.js";

export const SIDE = 28; // pixels of an image
export const CLASSES = 10;
const ORDER = 3, DISTORTION = 4; // what random numbers are for, see training.js
const TURN = 15, SCALE = 15, SHIFT = 2.5; // the largest distortion: degrees, per cent, pixels
const PAUSE = 1000 / 12; // milliseconds between snapshots, at least
const JUDGED = 200; // images of each set, by which a snapshot judges
const KEEP_EVERY = 50; // steps between what is kept to go back to
const KEPT_FLOATS = 8e6, LEAST_KEPT = 6; // how much is kept: numbers in all; steps
const BLOWN_UP = 20; // times the first loss, or that of guessing: the training diverges

/** The layer sizes of a network with these hidden layers. */
export function allSizes(hidden) {
  return [SIDE * SIDE, ...hidden, CLASSES];
}

/** What a network sees of images: their grey levels from 0 to 1. */
export function inputsOf(pixels) {
  return Float32Array.from(pixels, (value) => value / 255);
}

/**
 * Train, as messages say: {run: boolean}, {step: true}, {back: true}, {recipe}.
 * @param {{train: Digits, valid: Digits, recipe: object, seed: number}} args - `recipe` has all of `SETTINGS`; sizes,
 *   init and relu hold from the start on
 * @yields {object} a snapshot, see `snapshot`; with how long to rest before the next step
 */
export function* train(args) {
  const trainer = newTrainer(args);
  for (;;) {
    const started = performance.now();
    if (trainer.running) advance(trainer, started);
    const rest = trainer.running ? Math.max(0, trainer.due - performance.now()) : Infinity;
    for (const message of yield { ...snapshot(trainer), rest }) obey(trainer, message);
  }
}

function newTrainer({ train: images, valid, recipe, seed }) {
  const sizes = allSizes(recipe.sizes), theta = firstWeights(sizes, recipe.init, seed);
  const grad = new Float32Array(theta.length).fill(NaN); // no gradient is known yet
  const trainer = {
    sizes, recipe, seed, theta, grad,
    velocity: new Float32Array(theta.length),
    layers: layersOf(sizes, theta, recipe.relu),
    grads: layersOf(sizes, grad),
    inputs: inputsOf(images.pixels), labels: images.labels,
    judges: { train: judge(images), valid: judge(valid) },
    judging: workspace(sizes, JUDGED),
    step: 0, running: false, diverged: false, kept: [], order: null, speed: 0, due: 0,
  };
  trainer.firstLoss = judged(trainer, "train").loss;
  keep(trainer);
  return trainer;
}

function judge({ pixels, labels }) {
  return { x: inputsOf(pixels.subarray(0, JUDGED * SIDE * SIDE)), labels: labels.subarray(0, JUDGED) };
}

/** Steps until the next snapshot is due, or as many as the wished speed has until then. */
function advance(trainer, started) {
  const { speed } = trainer.recipe, first = trainer.step;
  const wanted = speed ? Math.max(1, Math.round((speed * PAUSE) / 1000)) : Infinity;
  trainer.due = speed ? started + (1000 * wanted) / speed : started;
  do step(trainer);
  while (trainer.running && trainer.step < first + wanted && performance.now() < started + PAUSE);
  trainer.speed = (trainer.step - first) / (performance.now() - started) * 1000;
}

/** One step: a batch forward, its loss, backward, and the update. */
function step(trainer) {
  const { layers, grads, theta, velocity, grad, recipe: { dropout, rate, momentum }, seed } = trainer;
  const { x, labels, ws } = nextBatch(trainer);
  if (dropout) drawMasks(ws.masks, dropout, seed, trainer.step);
  const logits = forward(layers, x, ws, dropout), { loss } = crossEntropy(ws.deltas.at(-1), logits, labels);
  backward(grads, layers, x, ws, dropout);
  update(theta, velocity, grad, rate, momentum);
  trainer.step++;
  if (!(loss < BLOWN_UP * Math.max(trainer.firstLoss, Math.log(CLASSES)))) stopDiverged(trainer);
  else if (trainer.step % KEEP_EVERY === 0) keep(trainer);
}

function stopDiverged(trainer) {
  trainer.diverged = true;
  trainer.running = false;
}

/** The images of a step: each epoch takes all of them once, in an order of its own. */
function nextBatch(trainer) {
  const { recipe: { batch }, inputs, labels, sizes, seed } = trainer, width = sizes[0];
  if (trainer.ws?.n !== batch) {
    trainer.ws = workspace(sizes, batch);
    trainer.batch = { x: new Float32Array(batch * width), labels: new Uint8Array(batch) };
  }
  for (let k = 0; k < batch; k++) {
    const image = inOrder(trainer, trainer.step * batch + k, labels.length, seed);
    trainer.batch.x.set(distorted(inputs.subarray(image * width, (image + 1) * width), trainer, k), k * width);
    trainer.batch.labels[k] = labels[image];
  }
  return { ...trainer.batch, ws: trainer.ws };
}

/** An image turned, scaled and moved at random, each time anew. */
function distorted(image, { recipe: { distort }, seed, step: at }, k) {
  if (!distort) return image;
  const random = randomNumbers(seed, DISTORTION, at, k), by = (most) => distort * most * (2 * random() - 1);
  return moved(image, { turn: by(TURN), scale: 100 + by(SCALE), shift: by(SHIFT), down: by(SHIFT) });
}

function inOrder(trainer, place, count, seed) {
  const epoch = Math.floor(place / count);
  if (trainer.order?.epoch !== epoch) trainer.order = { epoch, images: shuffled(count, randomNumbers(seed, ORDER, epoch)) };
  return trainer.order.images[place % count];
}

function obey(trainer, { run, step: single, back, recipe }) {
  if (recipe) trainer.recipe = { ...recipe, sizes: trainer.recipe.sizes, init: trainer.recipe.init, relu: trainer.recipe.relu };
  if (back) goBack(trainer);
  if (trainer.diverged) return;
  if (run !== undefined || single) trainer.running = Boolean(run);
  keep(trainer);
  if (single) step(trainer);
}

/** Keep the present step to go back to; where that gets much, every second of the earlier ones goes. */
function keep(trainer) {
  const { kept, step: at, theta, velocity } = trainer;
  if (kept.at(-1)?.step === at) return;
  kept.push({ step: at, theta: theta.slice(), velocity: velocity.slice() });
  const most = Math.max(LEAST_KEPT, KEPT_FLOATS / (2 * theta.length));
  if (kept.length > most) trainer.kept = kept.filter((_, i) => i % 2 === 0 || i >= kept.length - 2);
}

function goBack(trainer) {
  const { kept } = trainer;
  while (kept.length > 1 && kept.at(-1).step >= trainer.step) kept.pop();
  const { step: at, theta, velocity } = kept.at(-1);
  trainer.theta.set(theta);
  trainer.velocity.set(velocity);
  trainer.grad.fill(NaN);
  Object.assign(trainer, { step: at, running: false, diverged: false });
}

/**
 * How far a training is.
 * @returns {object} step, epoch, running, diverged, speed (steps a second), theta; train and valid: {loss, accuracy} of
 *   200 digits in test mode; of each layer norm (of the gradient); of each hidden layer dead (the share of units that
 *   are silent on all 200 training digits)
 */
function snapshot(trainer) {
  const { step: at, running, diverged, speed, theta, layers, grads, labels, recipe, sizes } = trainer;
  const valid = judged(trainer, "valid"), train = judged(trainer, "train");
  return {
    step: at, running, diverged, speed, sizes, theta: theta.slice(),
    epoch: (at * recipe.batch) / labels.length,
    firstLoss: trainer.firstLoss,
    train, valid,
    norms: grads.map(norm),
    dead: trainer.judging.outs.slice(0, -1).map((out, l) => (layers[l].relu ? deadShare(out, out.length / JUDGED) : 0)),
  };
}

function judged({ layers, judges, judging }, part) {
  const { x, labels } = judges[part], { loss, right } = crossEntropy(judging.deltas.at(-1), forward(layers, x, judging), labels);
  return { loss, accuracy: right / labels.length };
}

function norm({ w, b }) {
  let sum = 0;
  for (const part of [w, b]) for (let i = 0; i < part.length; i++) sum += part[i] * part[i];
  return Math.sqrt(sum);
}

function deadShare(out, units) {
  const alive = new Uint8Array(units);
  for (let i = 0; i < out.length; i++) if (out[i] > 0) alive[i % units] = 1;
  return 1 - alive.reduce((sum, one) => sum + one, 0) / units;
}
