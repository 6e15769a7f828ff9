// Similar: which of the stored training digits the drawing is like, by the model's last hidden layer; and a map of them.

import { lastHidden, nearest, project } from "../core/similar.js";
import { button, el, paint, percent, tile } from "../parts/dom.js";
import { digitMap } from "./similar_map.js";

const COUNT = 5; // nearest digits that are shown
const TRAIL = 60; // places of the drawing that the map remembers

export const panel = { id: "similar", title: "Similar", open, close };

const known = new WeakMap(); // model -> {features, map}
let view = null; // what is open: {stop}

function open(root, app) {
  const five = neighbours(app), progress = progressBar(), picked = pickedDigit(app), axes = el("p", { class: "muted" });
  let asked = null, job = null, ready = null, digits = null, latest = null, chosen = null, place = null, trail = [], near = [];
  const map = digitMap((i) => {
    place = i;
    picked.show(digits, i);
    drawMap();
  });
  const drawMap = () => {
    if (!ready?.map || !latest) return;
    const { answer } = latest, mine = answer.reason === "blank" ? null : project(ready.map, lastHidden(answer));
    trail = mine ? [...trail, mine].slice(-TRAIL) : [];
    map.show({ id: latest.model.name, points: ready.map.points, labels: digits.labels, chosen, mine, digit: answer.digit, trail,
      near: mine ? near : [], picked: place });
  };
  const show = (now) => {
    latest = now;
    if (asked !== now.model) load(now.model).catch((error) => app.say(error.message));
    if (!ready) return;
    const mine = lastHidden(now.answer), found = nearest(ready.features, mine, COUNT);
    near = found.nearest.map(({ i }) => i);
    five.show(now, digits, found);
    drawMap();
  };
  /** Get the model's features and their map; the worker computes what is not there. */
  const load = async (model) => {
    job?.stop();
    [asked, ready, place, trail] = [model, null, null, []];
    digits = (await app.digits()).train;
    const has = known.get(model) ?? { features: await app.features(model.name), map: null };
    const task = (name, args, text) => {
      job = app.work(name, args, (share) => progress.show(text, share));
      return job.result;
    };
    if (asked !== model) return;
    has.features ??= await task("features", { model, pixels: digits.pixels, count: digits.labels.length }, "The model looks at the stored digits");
    known.set(model, has);
    if (asked !== model) return;
    ready = has;
    show(latest);
    has.map ??= await task("components", has.features, "The map is computed");
    if (asked !== model) return;
    progress.hide();
    axes.textContent = `Across and up are the two main components of ${has.features.width} features: ${percent(has.map.shares[0])} and `
      + `${percent(has.map.shares[1])} of their variance. What lies together here may still be apart in the others.`;
    show(latest);
  };
  const classes = classButtons((digit) => {
    chosen = digit;
    drawMap();
  });
  root.append(el("div", { class: "similar" },
    el("p", {}, "A network answers by what its last hidden layer makes of an image: digits that it takes for alike lie close together there. "
      + "Draw, and see which training digits yours is like."),
    progress.view, five.view,
    el("h3", {}, "Map of 2,000 training digits"),
    el("p", {}, "Each is drawn as its label. The dot is your drawing, with the answer in it: it moves as you draw, and its nearest are ringed. "
      + "Point at a digit, tap it, or use the arrow keys to see its image."),
    classes, el("div", { class: "similar-map" }, map.canvas, picked.view), axes));
  view = { stop: () => {
    [asked] = [null];
    job?.stop();
    map.stop();
  } };
  return show;
}

function close() {
  view.stop();
}

/** The drawing and the digits nearest to it. */
function neighbours(app) {
  const mine = tile(28, 28, "Your drawing, as the network gets it"), text = el("p", {}), answer = el("figcaption", {}, "yours");
  const rows = Array.from({ length: COUNT }, () => {
    const image = tile(28, 28, "One of the nearest digits"), caption = el("figcaption", {}), put = button("To the pad", () => app.load(image.pixels));
    return { image, caption, put, view: el("figure", {}, image, caption, put) };
  });
  const figures = el("div", { class: "similar-five" }, el("figure", { class: "similar-mine" }, mine, answer), ...rows.map((row) => row.view));
  const show = (now, digits, { nearest: found, median }) => {
    const blank = now.answer.reason === "blank", { digit } = now.answer, [height, width] = now.model.inShape;
    figures.hidden = blank;
    text.textContent = blank ? "Draw a digit to see the nearest." : summary(found, digits, digit, median);
    if (blank) return;
    Object.assign(mine, { height, width });
    paint(mine, now.answer.pixels, { top: 255 });
    answer.textContent = `yours: ${digit}${now.answer.reason ? "?" : ""}`;
    rows.forEach((row, rank) => showNeighbour(row, digits, found[rank], rank));
  };
  return { view: el("div", {}, el("h3", {}, "The five nearest"), text, figures), show };
}

function showNeighbour({ image, caption, put }, digits, { i, distance }, rank) {
  const label = digits.labels[i];
  image.pixels = digits.image(i).slice();
  paint(image, image.pixels, { top: 255 });
  image.setAttribute("aria-label", `Number ${rank + 1} of the nearest: training digit ${i}, a ${label}`);
  caption.replaceChildren(`a ${label}`, el("br"), `distance ${distance.toFixed(2)}`);
  put.setAttribute("aria-label", `To the pad: number ${rank + 1} of the nearest, a ${label}`);
}

function summary(found, digits, digit, median) {
  const alike = found.filter(({ i }) => String(digits.labels[i]) === digit).length;
  return `${alike} of the ${found.length} nearest are labelled ${digit}, the likeliest answer. Half of all stored digits are farther away than `
    + `${median.toFixed(2)}.`;
}

/** The digit that the user points at on the map. */
function pickedDigit(app) {
  const image = tile(28, 28, "No digit of the map is picked"), text = el("p", { role: "status" }, "Point at a digit."), put = button("To the pad", () => app.load(image.pixels));
  put.disabled = true;
  const show = (digits, i) => {
    image.pixels = digits.image(i).slice();
    paint(image, image.pixels, { top: 255 });
    text.textContent = `Training digit ${i}, a ${digits.labels[i]}`;
    image.setAttribute("aria-label", text.textContent);
    put.disabled = false;
  };
  return { view: el("div", { class: "similar-picked" }, image, text, put), show };
}

/** A button for each class: pressed, the others are faded. */
function classButtons(changed) {
  const buttons = Array.from({ length: 10 }, (_, digit) => {
    const made = button(String(digit), () => press(digit), { class: "similar-class", "aria-pressed": "false" });
    made.style.setProperty("--own", `var(--class${digit})`);
    return made;
  });
  let pressed = null;
  const press = (digit) => {
    pressed = pressed === digit ? null : digit;
    buttons.forEach((each, k) => each.setAttribute("aria-pressed", String(k === pressed)));
    changed(pressed);
  };
  return el("div", { class: "row similar-classes", role: "group", "aria-label": "Show one class alone" }, el("span", {}, "Show alone"), ...buttons);
}

function progressBar() {
  const bar = el("progress", { max: 1, value: 0 }), text = el("span"), view = el("label", { hidden: true }, text, el("br"), bar);
  const show = (what, share) => {
    view.hidden = false;
    text.textContent = `${what}: ${percent(share)}`;
    bar.value = share;
  };
  return { view, show, hide: () => (view.hidden = true) };
}
