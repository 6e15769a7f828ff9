// Your digits: drawings with what they are, kept, judged, and exported for `handgrad tune`.

import { verdicts } from "../core/judge.js";
import { imageOf, isBlank } from "../core/strokes.js";
import { archive, collect, collected } from "../parts/collection.js";
import { copyButton, save } from "../parts/copy.js";
import { imageButton, judging } from "../parts/digits.js";
import { button, el, percent } from "../parts/dom.js";
import { ENOUGH, tuner } from "./yours_tune.js";

const NAME = "my-digits"; // of the archive, and of the folder to unpack it into

export const panel = { id: "yours", title: "Your digits", open, close };

let job = null, tune = null; // the worker that judges, and the part in which the server tunes

function close() {
  stop();
  tune?.close();
  tune = null;
}

function stop() {
  job?.stop();
  job = null;
}

function open(root, app) {
  const ask = el("div", { class: "row", role: "group", "aria-label": "What the drawing is" });
  const score = el("p", { role: "status" }), list = el("ul", { class: "yours-list" });
  const more = el("div");
  tune = app.settings().served ? tuner(app) : null;
  root.append(
    el("p", {}, "Draw a digit, and say what it is, above all where the answer is wrong. From some dozens of your digits a "
      + "model learns your hand."),
    el("h3", {}, "The drawing on the pad is a"), ask, score, list, ...(tune ? [tune.view] : []), more,
  );
  let model = null, names = "";
  const changed = (digits) => {
    if (!collect(digits)) app.say("Kept until this page is closed: the browser does not allow it to store anything.");
    refresh();
  };
  const refresh = () => {
    const digits = collected();
    list.replaceChildren(...digits.map((digit, i) => entry(digit, app, () => {
      changed(digits.filter((_, k) => k !== i));
      (list.children[Math.min(i, list.children.length - 1)]?.querySelector(".yours-remove") ?? ask.firstChild).focus();
    })));
    more.replaceChildren(...(digits.length ? exported(digits, app, () => changed([])) : []));
    tune?.show(digits);
    judgeAll(digits, model, score, list).catch((error) => app.say(error.message));
  };
  const add = (label) => {
    if (isBlank(app.state.drawing)) return app.say("The pad is blank: draw a digit first.");
    changed([{ label, drawing: app.state.drawing }, ...collected()]);
  };
  return (now) => {
    if (now.model.classes.join() !== names) {
      names = now.model.classes.join();
      ask.replaceChildren(...now.model.classes.map((label) => (
        button(label, () => add(label), { class: "yours-label", "aria-label": `It is a ${label}` }))));
    }
    if (now.model === model) return;
    model = now.model;
    refresh();
  };
}

function entry({ label, drawing }, app, remove) {
  const shown = imageButton(imageOf(drawing, [28, 28]), "", `Put this ${label} on the pad`, () => app.change({ drawing }));
  return el("li", {}, shown, el("span", {}, el("strong", {}, label), el("span", { class: "yours-said muted" }, "…")),
    button("×", remove, { class: "yours-remove", "aria-label": `Delete this ${label}`, title: "Delete" }));
}

/** What the model says of each digit, in a worker. */
async function judgeAll(digits, model, score, list) {
  stop();
  score.textContent = digits.length ? "" : "None is kept yet.";
  const known = digits.filter(({ label }) => model.classes.includes(label));
  if (!known.length) return;
  const pixels = new Uint8Array(known.length * 784);
  known.forEach(({ drawing }, i) => pixels.set(imageOf(drawing, [28, 28]), 784 * i));
  const labels = known.map(({ label }) => model.classes.indexOf(label));
  job = judging(model, { pixels, labels });
  const found = verdicts(await job.result, model, null), right = found.filter(({ best }, i) => best === labels[i]).length;
  score.textContent = `${model.name} reads ${right} of your ${known.length} digits right (${percent(right / known.length)}).`;
  known.forEach((digit, i) => {
    const row = list.children[digits.indexOf(digit)], wrong = found[i].best !== labels[i];
    row.classList.toggle("yours-wrong", wrong);
    row.querySelector(".yours-said").textContent = `${wrong ? "✗ read as" : "✓ read as"} ${model.classes[found[i].best]}`;
  });
}

function exported(digits, app, clear) {
  const model = app.settings().models.includes(app.state.model) ? app.state.model : "robust";
  const tuneHere = app.settings().served, command = `handgrad tune ${model} ${NAME}`, missing = ENOUGH - digits.length;
  let sure = false;
  const clearing = button("Delete all", () => {
    if (sure) return clear();
    sure = true;
    clearing.textContent = `Delete all ${digits.length}, for good?`;
  });
  return [
    el("div", { class: "row" },
      button(`Save ${digits.length} as a zip file`, async () => save(await archive(digits), `${NAME}.zip`)), clearing),
    el("h3", {}, tuneHere ? "Or by the command" : "Teach them to a model"),
    el("p", {}, `Save the file, unpack it into a folder ${NAME}, and run this. It tells how many digits are read right before and after.`),
    el("div", { class: "row" }, el("code", {}, command), copyButton("Copy", () => command, app)),
    missing > 0 ? el("p", { class: "muted" }, `It wants ${ENOUGH} digits or more: ${missing} to go.`) : null,
  ].filter(Boolean);
}
