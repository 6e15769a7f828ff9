// The settings of a training, as controls; a change goes into the page's state, and from there to the training.

import { SETTINGS, SPEEDS, fullRecipe } from "../core/recipe.js";
import { el, slider } from "../parts/dom.js";

const INIT_NAMES = { he: "He's: right for ReLU", small: "too small: 0.01", large: "too large: 1", zero: "all zero" };
const RELU_NAMES = { between: "between layers: right", nowhere: "nowhere", everywhere: "behind the last too" };
const PRESETS = ["100-200-200", "none", "16-16", "32", "400", "50-50-50-50"];

/**
 * The controls.
 * @param {object} app
 * @returns {{view: HTMLElement, show: () => void}} `show` brings them up to date with the state
 */
export function settings(app) {
  const set = (name, value) => app.change({ learn: { ...app.state.learn, [name]: value } });
  const parts = [sizes(set), pick("First weights", "init", SETTINGS.init.values, (value) => INIT_NAMES[value], set), rate(set),
    pick("ReLU", "relu", SETTINGS.relu.values, (value) => RELU_NAMES[value], set), share("Momentum", "momentum", 0.01, set),
    share("Dropout", "dropout", 0.05, set), share("Distortion", "distort", 0.1, set),
    pick("Batch", "batch", SETTINGS.batch.values, (value) => `${value} image${value === 1 ? "" : "s"}`, set), seed(app),
    pick("Speed", "speed", SPEEDS, (value) => (value ? `${value} step${value === 1 ? "" : "s"} a second` : "as fast as it can"), set)];
  const show = () => parts.forEach((part) => part.show(fullRecipe(app.state.learn)));
  return { view: el("div", { class: "learn-settings" }, ...parts.map(({ view }) => view)), show };
}

function field(label, input, ...more) {
  return el("label", { class: "learn-field" }, el("span", {}, label), input, ...more);
}

function sizes(set) {
  const list = el("datalist", { id: "learn-sizes" }, ...PRESETS.map((value) => el("option", { value })));
  const fault = el("span", { class: "warn", role: "alert" });
  const input = el("input", { type: "text", autocomplete: "off", size: 12 });
  input.setAttribute("list", list.id);
  input.onchange = () => {
    const read = SETTINGS.sizes.read(input.value);
    fault.textContent = read ? "" : `"${input.value}": expected ${SETTINGS.sizes.what}`;
    input.setAttribute("aria-invalid", String(!read));
    if (read) set("sizes", read);
  };
  const show = (recipe) => {
    if (document.activeElement === input) return;
    input.value = SETTINGS.sizes.write(recipe.sizes);
    fault.textContent = "";
    input.setAttribute("aria-invalid", "false");
  };
  return { view: el("div", {}, field("Hidden layers", input), list, fault), show };
}

function pick(label, name, values, text, set) {
  const select = el("select", { onchange: () => set(name, SETTINGS[name].read(select.value)) },
    ...values.map((value) => el("option", { value: String(value) }, text(value))));
  return { view: field(label, select), show: (recipe) => (select.value = String(recipe[name])) };
}

/** The learning rate, on a scale of powers of ten. */
function rate(set) {
  const { least, most, usual, write } = SETTINGS.rate, value = (power) => Number((10 ** power).toPrecision(2));
  const made = slider("Learning rate", { min: Math.log10(least), max: Math.log10(most), step: 0.05, value: Math.log10(usual) },
    (power) => set("rate", value(power)), (power) => write(value(power)));
  return { view: made, show: (recipe) => follow(made, Math.log10(recipe.rate)) };
}

function share(label, name, step, set) {
  const { least, most, usual, write } = SETTINGS[name];
  const made = slider(label, { min: least, max: most, step, value: usual }, (value) => set(name, value), write);
  return { view: made, show: (recipe) => follow(made, recipe[name]) };
}

/** Set a slider, unless it is the one that is being moved. */
function follow(made, value) {
  if (document.activeElement !== made.input || Math.abs(made.input.valueAsNumber - value) > made.input.step) made.set(value);
}

function seed(app) {
  const input = el("input", { type: "number", min: 0, step: 1, size: 6, onchange: () => app.change({ seed: Math.abs(Math.trunc(input.valueAsNumber)) || 0 }) });
  return { view: field("Seed", input), show: () => (input.value = app.state.seed) };
}
