// Learn: a network trained in the page, step by step; what happens in it meanwhile, and what goes wrong.

import { advice } from "../core/advice.js";
import { fullRecipe } from "../core/recipe.js";
import { modelFile } from "../core/trained.js";
import { addModel } from "../parts/data.js";
import { button, el, percent } from "../parts/dom.js";
import { begin, training } from "../parts/training.js";
import { layerPlots, losses, weightImages } from "./learn_views.js";
import { modes } from "./learn_modes.js";
import { settings } from "./learn_settings.js";

export const panel = { id: "learn", title: "Learn", open, close };

const PICTURES = 250; // milliseconds between pictures while it runs: they are dear, and to be looked at

let unwatch = () => {};

function open(root, app) {
  const run = running(app), curves = losses(), layers = layerPlots(), images = weightImages(), keep = saving(app);
  const both = modes(app), controls = settings(app);
  let pictured = 0;
  const show = frames(() => {
    const made = training();
    if (!made?.last) return;
    [run, keep, curves, layers].forEach((view) => view.show(made));
    if (made.last.running && performance.now() < pictured + PICTURES) return;
    pictured = performance.now();
    images.show(made);
    both.show(made, app.now());
  });
  root.append(el("div", { class: "learn" },
    el("p", {}, "A network learns digits while you watch: 2,000 training digits, judged by 200 others. Press Start, then spoil "
      + "something: a rate of 5, first weights of 0, much dropout."),
    run.row, run.view, controls.view, curves.view, el("div", { class: "learn-wide" }, layers.view, images.view), both.view, keep.view,
  ));
  const follow = () => {
    controls.show();
    follows(app, show);
  };
  unwatch = app.watch((changed) => changed.some((name) => name === "learn" || name === "seed") && follow());
  follow();
  if (training()) training().onSnapshot = show;
  const observer = new ResizeObserver(show), dark = matchMedia("(prefers-color-scheme: dark)");
  observer.observe(root);
  dark.addEventListener("change", show);
  const before = unwatch;
  unwatch = () => {
    before();
    observer.disconnect();
    dark.removeEventListener("change", show);
  };
  return show;
}

/** The worker rests while the panel is closed; its training goes on when it is opened again and started. */
function close() {
  unwatch();
  training()?.send({ run: false });
  if (training()) training().onSnapshot = () => {};
}

/** Make the training what the state says: what shapes the network begins a new one, the rest holds from the next step on. */
function follows(app, show) {
  const recipe = fullRecipe(app.state.learn), made = training();
  const same = made && made.seed === app.state.seed && made.recipe.init === recipe.init && made.recipe.relu === recipe.relu && String(made.recipe.sizes) === String(recipe.sizes);
  if (!same) return void begin(app, recipe, show);
  made.recipe = recipe;
  made.send({ recipe });
}

/** `draw`, called before the next frame, once however often it is asked for. */
function frames(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
}

/** Start, pause, step, back, restart; how far it is, and what to do about it. */
function running(app) {
  const send = (message) => training()?.send(message);
  const start = button("Start", () => send({ run: !training().last?.running }), { class: "learn-start" });
  const single = button("Step", () => send({ step: true }), { title: "One batch, then pause" });
  const back = button("Back", () => send({ back: true }), { title: "To an earlier step" });
  const again = button("Restart", () => begin(app, training().recipe, training().onSnapshot), { title: "From new first weights, with the same seed" });
  const state = el("p", { class: "learn-state" }), told = el("p", { role: "status", class: "learn-advice" });
  const show = ({ last, recipe }) => {
    start.textContent = last.running ? "Pause" : last.step ? "Go on" : "Start";
    start.disabled = single.disabled = last.diverged;
    back.disabled = last.step === 0;
    state.textContent = stateText(last);
    const found = advice(last, recipe), text = found?.text ?? "";
    if (told.textContent !== text) told.textContent = text; // a screen reader reads each change
    told.classList.toggle("warn", found !== null && found.kind !== "overfits");
  };
  return { row: el("div", { class: "row learn-run" }, start, single, back, again), view: el("div", {}, state, told), show };
}

function stateText({ step, epoch, speed, running: runs, train, valid }) {
  const pace = runs ? `, ${speed < 10 ? speed.toFixed(1) : Math.round(speed)} steps a second` : "";
  return `Step ${step}, epoch ${epoch.toFixed(1)}${pace}. Loss ${number(train.loss)} in training, ${number(valid.loss)} in validation. `
    + `Right: ${percent(train.accuracy)} of training digits, ${percent(valid.accuracy)} of validation digits.`;
}

const number = (value) => (value < 1e4 ? value.toFixed(value < 10 ? 3 : 0) : value.toExponential(1).replace("e+", "e"));

/** Save as a file, or use as the page's model. */
function saving(app) {
  const file = () => modelFile(training().last, training().recipe, training().seed);
  const save = button("Save as a file", () => download(file()));
  const use = button("Use as the page's model", async () => {
    const name = await addModel(file());
    app.change({ model: name, limit: null });
    app.say(`The page now answers by "${name}": open the other panels to look into it.`);
  });
  const show = ({ last }) => (save.disabled = use.disabled = last.diverged);
  return {
    view: el("section", {}, el("h3", {}, "Keep the network"), el("div", { class: "row" }, save, use),
      el("p", { class: "muted" }, "The file is a model of handgrad: handgrad predict IMAGE --model learnt.safetensors.")),
    show,
  };
}

function download(blob) {
  const href = URL.createObjectURL(blob);
  el("a", { href, download: "learnt.safetensors" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}
