// Why: which parts of the drawing decide. The gradient, parts covered, and a way to another answer.

import { inputGradient } from "../core/gradients.js";
import { upright } from "../core/model.js";
import { heatMap } from "../parts/canvas.js";
import { el, percent, slider } from "../parts/dom.js";
import { towardsPart } from "./why_towards.js";

const QUIET = 400; // milliseconds without a change until parts are covered
const LEAST_FULL = 0.1; // the drop of a score that gets full colour, at least: smaller ones stay pale
const PATCH = 6; // pixels of the square's side
const PLACES = { 49: 4, 196: 2 }; // how many places are covered: pixels from one to the next, for 28x28

export const panel = { id: "why", title: "Why", open, close };

let parts = [];

function open(root, app) {
  let chosen = null; // the class that is asked about; null for the likeliest
  const select = el("select", { onchange: () => {
    chosen = select.value === "" ? null : Number(select.value);
    show(app.now());
  } });
  const blank = el("p", {}, "Draw a digit, then see why it is read so."), whole = el("div", { class: "why" });
  parts = [gradientPart(), occlusionPart(app), towardsPart(app)];
  whole.append(
    el("div", { class: "row" }, el("label", { class: "row" }, el("span", {}, "Ask about the class"), select)),
    el("p", { class: "why-legend" }, el("span", { class: "why-plus" }, "+"), " speaks for it, ",
      el("span", { class: "why-minus" }, "−"), " against it; the stronger the colour, the more."),
    el("div", { class: "why-parts" }, ...parts.map(({ view }) => view)),
  );
  root.append(el("p", {}, "Which parts of your drawing decide? Three ways to ask the network; draw, or pick another class."), blank, whole);
  const show = (now) => {
    blank.hidden = now.answer.reason !== "blank";
    whole.hidden = !blank.hidden;
    if (chosen >= now.model.classes.length) chosen = null;
    options(select, now, chosen);
    if (whole.hidden) parts.forEach(({ close: stop }) => stop());
    else parts.forEach((part) => part.show(now, chosen ?? now.answer.best));
  };
  return show;
}

function close() {
  parts.forEach((part) => {
    part.close();
    part.forget();
  });
}

/** The classes to choose from, the likeliest first. */
function options(select, { model, answer }, chosen) {
  const likeliest = el("option", { value: "" }, `the likeliest: ${answer.digit}`);
  select.replaceChildren(likeliest, ...model.classes.map((name, k) => el("option", { value: k }, name)));
  select.value = chosen ?? "";
}

function gradientPart() {
  const pointed = (place) => (reading.textContent = place === null ? summary : readAt(place));
  const times = heatMap("Gradient times ink", pointed), alone = heatMap("Gradient", pointed), reading = el("p", { class: "why-reading" });
  const title = el("h3", {}, "The gradient");
  let summary = "", readAt = () => "";
  const show = ({ model, answer }, target) => {
    const ofLogits = Array.from(answer.logits, (_, k) => (k === target ? 1 : 0));
    const digit = upright(model, answer.pixels), gradient = inputGradient(model, answer.seen, ofLogits);
    const product = gradient.map((slope, i) => slope * digit[i]), name = model.classes[target];
    const [rows, columns] = model.inShape, size = [rows, columns];
    const places = { digit, size, rows, columns };
    times.show({ ...places, values: product, top: largest(product) });
    alone.show({ ...places, values: gradient, top: largest(gradient) });
    title.textContent = `The gradient of the logit of ${name}`;
    summary = gradientSummary(product, columns, name);
    times.canvas.setAttribute("aria-label", `Gradient times ink, over the digit. ${summary}`);
    alone.canvas.setAttribute("aria-label", `Gradient for the class ${name}, over the digit`);
    readAt = (i) => `${placeName(i, columns)}: ink ${digit[i]} of 255; the logit changes by ${signed(255 * gradient[i])} from paper to `
      + `full ink; gradient × ink ${signed(product[i])}.`;
    reading.textContent = summary;
  };
  const view = section(title, "Backpropagation, down to the pixels: how the logit of the class, its score before the softmax, changes "
    + "with each pixel of the image that the network gets.",
    el("div", { class: "why-maps" },
      figure(times.canvas, "gradient × ink: what the ink here adds or takes off"),
      figure(alone.canvas, "gradient: what more ink here would do")),
    reading,
    note("It says what a small change of each pixel would do; it does not say what a large one does: a gradient is local."));
  return { view, show, close: () => {}, forget: () => [times, alone].forEach(({ stop }) => stop()) };
}

function gradientSummary(product, columns, name) {
  const most = product.indexOf(Math.max(...product)), least = product.indexOf(Math.min(...product));
  return `Most for ${name}: ${placeName(most, columns)}, ${signed(product[most])}. `
    + `Most against: ${placeName(least, columns)}, ${signed(product[least])}.`;
}

function occlusionPart(app) {
  let job = null, timer = 0, asked = {}, reading = () => "";
  const options = { patch: PATCH, step: PLACES[49] };
  const map = heatMap("Parts covered: the network is being asked", (place) => place !== null && (text.textContent = reading(place)));
  const progress = el("progress", { max: 1, value: 0, "aria-label": "Places covered" }), text = el("p", { class: "why-reading" });
  const changed = (part) => {
    Object.assign(options, part);
    start();
  };
  const stop = () => {
    clearTimeout(timer);
    job?.stop();
    asked = {};
  };
  const start = () => {
    const { now, target } = asked;
    if (!now) return;
    stop();
    asked = { now, target };
    timer = setTimeout(() => run().catch((error) => app.say(error.message)), QUIET);
  };
  const run = async () => {
    const { now: { model, answer }, target } = asked, args = { ...options };
    job = app.work("occlusion", { model, pixels: answer.pixels, target, ...args }, (done) => (progress.value = done));
    progress.value = 0;
    progress.style.visibility = "visible";
    const found = await job.result;
    progress.style.visibility = "hidden";
    const name = model.classes[target], columns = found.columns, top = Math.max(largest(found.drops), LEAST_FULL);
    map.show({ digit: upright(model, answer.pixels), size: model.inShape.slice(0, 2), values: found.drops, ...found, top });
    reading = (i) => `Covered in row ${Math.floor(i / columns) + 1}, column ${(i % columns) + 1} of the map: the score of ${name} is `
      + `${percent(found.score - found.drops[i])} in place of ${percent(found.score)}.`;
    text.textContent = occlusionSummary(found, name);
    map.canvas.setAttribute("aria-label", `What the score of ${name} loses when a part is covered. ${text.textContent}`);
  };
  const show = (now, target) => {
    const { now: before, target: last } = asked;
    if (before && before.model === now.model && last === target && equal(before.answer.pixels, now.answer.pixels)) return;
    asked = { now, target };
    start();
  };
  const places = el("select", { onchange: () => changed({ step: PLACES[places.value] }) },
    ...Object.keys(PLACES).map((count) => el("option", { value: count }, count)));
  const view = section(el("h3", {}, "Parts covered"), "A square of paper is slid over the image that the network gets; it answers anew each time. "
    + "The colour is what the score loses.",
    el("div", { class: "row" },
      slider("Square", { min: 2, max: 12, step: 1, value: PATCH }, (patch) => changed({ patch }), (side) => `${side} px`),
      el("label", { class: "row" }, el("span", {}, "Places"), places)),
    progress, el("div", { class: "why-maps" }, figure(map.canvas, "what the score loses when the square lies here")), text,
    note("It says what does happen without a part: an intervention; it does not say which pixels of the part matter, nor what two "
      + "parts do together."));
  return { view, show, close: stop, forget: map.stop };
}

function occlusionSummary({ drops, columns, score }, name) {
  const place = drops.indexOf(Math.max(...drops)), row = Math.floor(place / columns) + 1, column = (place % columns) + 1;
  if (drops[place] < 0.005) return `Nothing that is covered lowers the score of ${name}, ${percent(score)}, by more than half a per cent.`;
  return `Covered in row ${row}, column ${column} of the map, the score of ${name} falls the most: from ${percent(score)} to `
    + `${percent(score - drops[place])}.`;
}

function section(title, what, ...content) {
  return el("section", {}, title, el("p", {}, what), ...content);
}

function figure(canvas, caption) {
  return el("figure", {}, canvas, el("figcaption", { class: "muted" }, caption));
}

function note(text) {
  return el("p", { class: "muted why-note" }, text);
}

function largest(values) {
  return values.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
}

function equal(a, b) {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function placeName(i, columns) {
  return `row ${Math.floor(i / columns) + 1}, column ${(i % columns) + 1}`;
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}
