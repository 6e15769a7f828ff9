// What happens in a training: curves of loss and accuracy, of each layer's gradient and dead units, and weights as images.

import { layersOf } from "../core/training.js";
import { SIDE } from "../core/trainer.js";
import { el, paint, toggle } from "../parts/dom.js";
import { plot } from "./learn_plots.js";

const TRAIN = { name: "training", colour: "--accent" }, VALID = { name: "validation", colour: "--plus", dash: [6, 4] };
const MOST_IMAGES = 100; // units whose weights are shown
const SPACE = 2; // pixels between images
const FULL = 3; // times the usual weight that gets full colour
const LEAST_NORM = 1e-6;

/** The curves of loss and accuracy. */
export function losses() {
  const loss = canvas("learn-plot", "Loss"), accuracy = canvas("learn-plot", "Accuracy");
  const lines = (part) => [{ ...TRAIN, value: (point) => point.train[part] }, { ...VALID, value: (point) => point.valid[part] }];
  const show = ({ history, last }) => {
    const top = Math.min(Math.max(2.5, ...history.map(({ train }) => train.loss).filter(Number.isFinite)), 20 * Math.max(last.firstLoss, 2.5));
    plot(loss, history, { lines: lines("loss"), range: [0, top] });
    plot(accuracy, history, { lines: lines("accuracy"), range: [0, 1], format: (share) => `${Math.round(100 * share)} %` });
    loss.setAttribute("aria-label", `Loss: ${last.train.loss.toFixed(3)} in training, ${last.valid.loss.toFixed(3)} in validation`);
    accuracy.setAttribute("aria-label", `Accuracy: ${last.train.accuracy} in training, ${last.valid.accuracy} in validation`);
  };
  const view = el("div", { class: "learn-wide" }, figure("Loss (cross-entropy; guessing has 2.3)", loss), figure("Accuracy", accuracy));
  return { view, show };
}

/** Small plots, one a layer: the gradient's norm, and the share of dead units. */
export function layerPlots() {
  const norms = el("div", { class: "learn-small" }), dead = el("div", { class: "learn-small" });
  let sizes = "";
  const show = ({ history, last }) => {
    if (String(last.sizes) !== sizes) {
      sizes = String(last.sizes);
      const names = last.sizes.slice(1).map((units, l) => (l + 2 === last.sizes.length ? "outputs" : `layer ${l + 1}: ${units} units`));
      norms.replaceChildren(...names.map((name) => figure(name, canvas("learn-little", name))));
      dead.replaceChildren(...names.slice(0, -1).map((name) => figure(name, canvas("learn-little", name))));
    }
    const range = normRange(history);
    draw(norms, (l) => ({ lines: [{ value: (point) => point.norms[l], colour: "--accent" }], range, log: true }), history, (l) => `Gradient norm ${last.norms[l].toPrecision(2)} at step ${last.step}`);
    draw(dead, (l) => ({ lines: [{ value: (point) => point.dead[l], colour: "--plus" }], range: [0, 1], format: (share) => `${Math.round(100 * share)} %` }), history,
      (l) => `${Math.round(100 * last.dead[l])} % of the units are dead`);
  };
  const view = el("section", {}, el("h3", {}, "Gradient norm of each layer"),
    el("p", { class: "muted" }, "How much a step would change the layer. Norms that shrink from the outputs back to layer 1 mean that signals fade; a norm of 0 lies on the axis."), norms,
    el("h3", {}, "Dead units of each layer"),
    el("p", { class: "muted" }, "Units that answer 0 to all of 200 training digits: they get no gradient."), dead);
  return { view, show };
}

function draw(row, how, history, label) {
  [...row.querySelectorAll("canvas")].forEach((each, l) => {
    plot(each, history, how(l));
    each.setAttribute("aria-label", label(l));
  });
}

/** The decades in which gradient norms lie. */
function normRange(history) {
  const all = history.flatMap(({ norms }) => norms).filter((norm) => norm > LEAST_NORM && norm < Infinity);
  const [low, high] = all.length ? [Math.min(...all), Math.max(...all)] : [0.01, 1];
  return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high) + 1e-6)];
}

/** The weights of the first layer's units, as images. */
export function weightImages() {
  const picture = canvas("tile learn-weights", "Weights of layer 1"), caption = el("p", { class: "muted" });
  let changeOnly = true, latest = null;
  const only = toggle("only what has changed since the start", changeOnly, (on) => {
    changeOnly = on;
    show(latest);
  });
  const show = (made) => {
    latest = made;
    const { last: { sizes, theta, step }, first } = made, [{ w, units }] = layersOf(sizes, theta);
    const values = changeOnly ? w.map((weight, i) => weight - first[i]) : w, shown = Math.min(units, MOST_IMAGES);
    mosaic(picture, values, units, shown);
    const which = shown < units ? `the first ${shown} of ${units} units` : `all ${units} units`;
    picture.setAttribute("aria-label", `Weights of ${which} of layer 1 after ${step} steps`);
    caption.textContent = `An image a unit, ${which}: at each pixel its weight. Orange is plus: ink there raises the unit; blue is minus.`;
  };
  return { view: el("section", {}, el("h3", {}, "What the first layer looks for"), caption, only, el("div", {}, picture)), show };
}

function mosaic(picture, values, units, shown) {
  const columns = Math.ceil(Math.sqrt(shown)), rows = Math.ceil(shown / columns), pitch = SIDE + SPACE, width = columns * pitch - SPACE;
  const all = new Float32Array(width * (rows * pitch - SPACE));
  for (let unit = 0; unit < shown; unit++) {
    const start = Math.floor(unit / columns) * pitch * width + (unit % columns) * pitch;
    for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) all[start + y * width + x] = values[(y * SIDE + x) * units + unit];
  }
  Object.assign(picture, { width, height: rows * pitch - SPACE });
  paint(picture, all, { signed: true, top: FULL * usual(values) });
}

/** The root of the mean square. */
function usual(values) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return Math.sqrt(sum / values.length) || 1;
}

function canvas(kind, label) {
  return el("canvas", { class: kind, role: "img", "aria-label": label });
}

function figure(caption, content) {
  return el("figure", {}, el("figcaption", {}, caption), content);
}
