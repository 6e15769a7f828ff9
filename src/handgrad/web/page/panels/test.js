// Test set: a model judged by the stored validation digits, as they are or altered; which it takes for which.

import { ALTERATIONS, altered, unaltered } from "../core/alter.js";
import { verdicts } from "../core/judge.js";
import { table } from "../parts/confusion.js";
import { imageButton, judging } from "../parts/digits.js";
import { button, el, percent, slider, toggle } from "../parts/dom.js";

const PAUSE = 80; // milliseconds without a move of a slider until the digits are read again
const WHOLE = "All of MNIST's 10,000 test images, read by the server: look at them, but choose nothing by them";
const EXAMPLES = 10, SHOWN = 60; // altered digits on view; images of a cell on view, at most

export const panel = { id: "test", title: "Test set", open, close };

let job = null, timer = 0; // the worker that reads, and the timer that starts the next one

function close() {
  clearTimeout(timer);
  job?.stop();
  job = null;
}

function open(root, app) {
  const chosen = { ...unaltered(), again: false }, parts = frame(root, app, chosen, () => restart());
  let digits = null, model = null, limit = null, scores = null, cell = null, how = chosen, whole = false;

  const redraw = () => {
    const found = verdicts(scores, model, limit);
    parts.summary.replaceChildren(...summary(found, digits.labels, model));
    parts.examples.show(found, model);
    const choose = (chosen) => {
      cell = chosen;
      parts.images.replaceChildren(...imagesOf(cell, found, digits, how, model, app));
    };
    parts.matrix.replaceChildren(table(found, digits.labels, model.classes, cell, choose));
    choose(cell);
  };
  const read = async () => {
    job?.stop();
    const all = whole, read = all ? await app.testDigits() : (await app.digits()).valid;
    if (all !== whole) return;
    [digits, how] = [read, all ? { ...unaltered(), again: false } : chosen];
    parts.examples.prepare(digits, how);
    const started = all ? { result: app.testScores(model.name), stop: () => {} } : judging(model, digits, how, parts.progress);
    job = started;
    const found = await started.result;
    if (job !== started) return;
    scores = found;
    parts.progress({ done: 0 });
    redraw();
  };
  if (app.settings().served) {
    root.firstChild.after(el("div", { class: "row" }, toggle(WHOLE, whole, (on) => {
      [whole, scores, cell] = [on, null, null];
      parts.wait(on);
      restart();
    })));
  }
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(() => read().catch(({ message }) => (whole ? parts.wait(true, message) : app.say(message))), PAUSE);
  };
  return (now) => {
    const other = now.model !== model;
    if (!other && app.state.limit === limit) return;
    [model, limit] = [now.model, app.state.limit];
    if (other) {
      [scores, cell] = [null, null];
      if (whole) parts.wait(true);
      restart();
    } else if (scores) redraw();
  };
}

function frame(root, app, how, changed) {
  const bar = el("progress", { max: 200, value: 0, "aria-label": "Digits read" }), live = el("p", { class: "muted" });
  const summary = el("div", { class: "test-summary", role: "status" }), examples = strip(app);
  const matrix = el("div", { class: "scroll" }), images = el("div"), harder = sliders(how, changed);
  root.append(
    el("p", {}, "200 digits of MNIST, 20 of each kind, from the part that handgrad keeps back from training for validation. Make "
      + "them harder with the sliders, and see what the model still reads."),
    summary, el("div", { class: "row" }, bar, live),
    harder, examples.view,
    el("h3", {}, "Which digit is taken for which"),
    el("p", { class: "muted" }, "A row for each digit written, a column for each answer, ? for refused. Open a cell to see its images."),
    el("div", { class: "test-cells" }, matrix, images),
  );
  const progress = ({ done, right }) => {
    bar.parentElement.style.visibility = done ? "visible" : "hidden"; // its place stays, so that nothing jumps
    bar.value = done;
    live.textContent = done ? `${right} of ${done} right so far: ${percent(right / done)}` : "";
  };
  const wait = (whole, text = "The server reads 10,000 images: that takes some seconds, or a minute for a large model.") => {
    harder.disabled = whole; // the server reads them as they are
    for (const part of [summary, matrix, images]) part.replaceChildren();
    progress({ done: 0 });
    if (whole) summary.append(el("p", {}, text));
  };
  return { summary, examples, matrix, images, progress, wait };
}

function sliders(how, changed) {
  const made = Object.entries(ALTERATIONS).map(([name, { label, min, max, step, none, unit }]) => {
    const move = (value) => {
      how[name] = value;
      changed();
    };
    return slider(label, { min, max, step, value: none }, move, (value) => `${value > 0 && min < 0 ? "+" : ""}${value}${unit}`);
  });
  const again = toggle("Cut out, scale and centre again, as the pad does", how.again, (on) => {
    how.again = on;
    changed();
  });
  const reset = button("As they are", () => {
    Object.entries(unaltered()).forEach(([name, none], i) => {
      how[name] = none;
      made[i].set(none);
    });
    changed();
  });
  return el("fieldset", { class: "test-sliders" }, el("legend", {}, "Make them harder"), ...made, el("div", { class: "row" }, again, reset));
}

/** One digit of each kind, altered, with its answer. */
function strip(app) {
  const view = el("div", { class: "row test-strip", role: "group", "aria-label": "One altered digit of each kind, with its answer" });
  let images = [], digits = null;
  const prepare = (given, how) => {
    digits = given;
    images = Array.from({ length: EXAMPLES }, (_, i) => altered(digits.image(i), how, i));
    view.replaceChildren(...images.map((image, i) => digitButton(image, digits.labels[i], "…", app)));
  };
  const show = (found, model) => images.forEach((image, i) => {
    view.children[i].replaceWith(digitButton(image, model.classes[digits.labels[i]], said(found[i], model), app));
  });
  return { view, prepare, show };
}

function said({ best, probability, refused }, { classes }) {
  return refused ? `? (${classes[best]})` : `${classes[best]} ${percent(probability)}`;
}

function digitButton(image, label, text, app) {
  return imageButton(image, text, `${label}, read as ${text}: put it on the pad`, () => app.load(image));
}

function summary(found, labels, { name }) {
  const right = found.filter(({ best }, i) => best === labels[i]).length, answered = found.filter(({ refused }) => !refused).length;
  const kept = found.filter(({ best, refused }, i) => !refused && best === labels[i]).length, n = found.length;
  const share = answered ? `${kept} of them right (${percent(kept / answered)})` : "none of them";
  return [
    el("p", { class: "test-large" }, `${name}: ${percent(right / n)} right`),
    el("p", {}, `Its likeliest digit is right for ${right} of ${n}. It answers ${answered}, ${share}, and refuses ${n - answered}.`),
  ];
}

function imagesOf(cell, found, digits, how, model, app) {
  if (!cell) return [];
  const { row, column } = cell, known = model.classes.length;
  const here = found.map((_, i) => i).filter((i) => digits.labels[i] === row && (found[i].refused ? known : found[i].best) === column);
  const answer = column === known ? "refused" : `read as ${model.classes[column]}`;
  return [
    el("h3", {}, `${model.classes[row]}, ${answer}: ${here.length}`),
    el("p", { class: "muted" }, here.length ? "Tap one to put it on the pad." : "No longer any."),
    el("div", { class: "row" }, ...here.slice(0, SHOWN).map((i) => (
      digitButton(altered(digits.image(i), how, i), model.classes[row], said(found[i], model), app)))),
  ];
}
