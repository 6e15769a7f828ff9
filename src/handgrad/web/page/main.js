// The page: the pad and the answer on one side, the panels on the other. Inside a worker: the tasks.

import { readDrawing } from "./core/reading.js";
import { panel as breakIt } from "./panels/break.js";
import { panel as inside } from "./panels/inside.js";
import { panel as learn } from "./panels/learn.js";
import { panel as lessons } from "./panels/lessons.js";
import { panel as models } from "./panels/models.js";
import { panel as photo } from "./panels/photo.js";
import { panel as saw } from "./panels/saw.js";
import { panel as similar } from "./panels/similar.js";
import { panel as test } from "./panels/test.js";
import { panel as why } from "./panels/why.js";
import { panel as yours } from "./panels/yours.js";
import { keepToken } from "./parts/ask.js";
import { addModel, digits, features, model, modelNames, reload, settings, testDigits, testScores } from "./parts/data.js";
import { button, el } from "./parts/dom.js";
import { takeDropped } from "./parts/files.js";
import { lessonBar } from "./parts/lesson.js";
import { pad } from "./parts/pad.js";
import { lastPhoto, pictureButtons, readPicture } from "./parts/picture.js";
import { change, fromLink, state, toLink, watch } from "./parts/state.js";
import { training } from "./parts/training.js";
import { verdict } from "./parts/verdict.js";
import { serveTasks, work } from "./parts/work.js";

const PANELS = [saw, photo, inside, breakIt, why, similar, learn, yours, models, test, lessons];
const QUIET = 300; // milliseconds without a change until the link is written

let now = null; // {model, answer} of what is drawn
let opened = null; // {id, show} of the panel that is open
let answerView = null, lessonView = null;
const whole = (model) => model;
let replaced = whole; // gives the model that answers in place of the one chosen, while a panel wants that

/** What a panel may use: see the head of this folder's README. */
const app = {
  state, change, watch, work, digits, features, model, modelNames, reload, settings, testDigits, testScores, say, take,
  now: () => now,
  photo: lastPhoto,
  load,
  noticed,
  standIn: (replace) => {
    replaced = replace;
    later();
  },
};

function start() {
  keepToken(location.hash.slice(1));
  answerView = verdict();
  lessonView = lessonBar();
  document.getElementById("look").prepend(lessonView.view);
  document.getElementById("draw").append(pad(), answerView.view, pictureButtons(take));
  takeDropped(take);
  change({ model: settings().models[0], ...fromLink(location.hash.slice(1)) });
  correct();
  chooseModel();
  showTabs();
  watch((changed) => {
    if (changed.includes("model")) chooseModel();
    if (changed.some((name) => ["panel", "hide"].includes(name))) showTabs();
    later();
  });
  addEventListener("hashchange", () => {
    if (location.hash.slice(1) !== toLink()) change(fromLink(location.hash.slice(1)));
    correct();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later); // pictures have other colours then
  writeLink();
  answerNow(); // not later: until a new tab has its first frame, this is done
}

/** Put in place of a model or panel that a link names, and that this page does not have, the first one. */
function correct() {
  if (!modelNames().includes(state.model)) change({ model: modelNames()[0] });
  if (!PANELS.some(({ id }) => id === state.panel)) change({ panel: PANELS[0].id });
}

let waiting = false, writing = 0;

/** Answer once before the next frame, however much changes until then. */
function later() {
  writeLink();
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    answerNow();
  });
}

function writeLink() {
  clearTimeout(writing);
  writing = setTimeout(() => history.replaceState(null, "", `#${toLink()}`), QUIET);
}

function answerNow() {
  refresh().catch((error) => say(error.message));
}

async function refresh() {
  const loaded = await model(state.model);
  if (loaded.name !== state.model) return; // another one was chosen meanwhile
  if (opened?.id !== state.panel) replaced = whole;
  const used = replaced(loaded);
  now = { model: used, answer: readDrawing(used, state.drawing, { steps: state.steps, limit: state.limit, inside: true }) };
  answerView.show(now);
  openPanel();
  await opened.show?.(now);
  noticed();
}

/** Something has happened that the open lesson may wait for. */
function noticed() {
  const whole = () => readDrawing(now.model, state.drawing, { limit: state.limit });
  lessonView.show({ state, now, whole, trained: training()?.last, recipe: training()?.recipe });
}

function openPanel() {
  if (opened?.id === state.panel) return;
  const root = document.getElementById("panel"), panel = PANELS.find(({ id }) => id === state.panel);
  opened?.close?.();
  root.replaceChildren();
  root.setAttribute("aria-labelledby", `tab-${panel.id}`);
  const show = panel.open(root, app);
  opened = { id: panel.id, show, close: panel.close };
}

function showTabs() {
  const shown = PANELS.filter(({ id }) => !state.hide.includes(id));
  const tabs = shown.map(({ id, title }) => button(title, () => change({ panel: id }), {
    id: `tab-${id}`, role: "tab", "aria-selected": String(id === state.panel), "aria-controls": "panel",
    tabIndex: id === state.panel ? 0 : -1,
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = shown[(shown.findIndex((each) => each.id === id) + step + shown.length) % shown.length];
      change({ panel: next.id });
      document.getElementById(`tab-${next.id}`).focus();
    },
  }));
  const row = document.getElementById("tabs"), chosen = tabs.find((tab) => tab.ariaSelected === "true");
  row.replaceChildren(...tabs);
  if (chosen) row.scrollLeft = chosen.offsetLeft - (row.clientWidth - chosen.offsetWidth) / 2; // in view on a narrow screen
}

function chooseModel() {
  const select = document.getElementById("model");
  select.replaceChildren(...modelNames().map((name) => el("option", { value: name, selected: name === state.model }, name)));
  select.onchange = () => change({ model: select.value, limit: null });
}

/** Put an image on the pad. */
function load(image) {
  change({ drawing: { strokes: [], base: image } });
  if (document.getElementById("pad").getBoundingClientRect().bottom < 0) say("It is on the pad, at the top of the page.");
}

/** Take a file that the user gives: a model, or a picture. */
async function take(file) {
  try {
    if (file.name.endsWith(".safetensors")) change({ model: await addModel(file), panel: "models", limit: null });
    else await readPicture(file, app);
  } catch (error) {
    say(error.message);
  }
}

/** Tell the user something in a line, for a few seconds. */
function say(text) {
  const message = document.getElementById("message");
  message.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (message.textContent = ""), 8000);
}

if (globalThis.document) start();
else serveTasks();
