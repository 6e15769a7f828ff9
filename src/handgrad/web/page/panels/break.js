// Break it: silence units, blur or round the weights, and see for how long the network still reads.

import { blocksOf, nodesOf, silencedAt, valuesOf } from "../core/blocks.js";
import { damaged, isUnharmed, unharmed } from "../core/damage.js";
import { atlas } from "../parts/atlas.js";
import { button, el, slider, toggle } from "../parts/dom.js";
import { resultsView } from "./break_results.js";
import { pictureOf } from "./inside_compare.js";
import { small } from "./inside_layers.js";
import { unitName } from "./inside_words.js";

export const panel = { id: "break", title: "Break it", open, close };

const BITS = [null, 8, 7, 6, 5, 4, 3, 2]; // what weights are rounded to, from left to right of the slider
const NOISE = { min: 0, max: 1.5, step: 0.05 };

const kept = { model: null, damage: unharmed(), past: [] }; // the damage stays while other panels are open
let results = null;

function close() {
  results?.stop();
  results = null;
}

/**
 * What the views of this panel share: model, the whole one; nodes and blocks; `edit(part, kind)` does damage, where edits
 * of the same kind in a row are undone together; `restore(damage)` takes the place of all damage.
 */
function open(root, app) {
  const broken = { app, model: null, nodes: [], blocks: [] };
  let made = null, damage = null, rows = [];
  const standIn = (model) => {
    if (kept.model !== model.name) Object.assign(kept, { model: model.name, damage: unharmed(), past: [] });
    if (made?.whole !== model || damage !== kept.damage) {
      damage = kept.damage;
      made = { ...damaged(model, damage), whole: model, broken: !isUnharmed(damage) };
    }
    return made;
  };
  broken.restore = (to) => {
    kept.damage = to;
    app.standIn(standIn);
  };
  broken.edit = (part, kind = null) => {
    if (!kind || kept.past.at(-1)?.kind !== kind) kept.past.push({ kind, damage: kept.damage });
    broken.restore({ ...kept.damage, ...part });
  };
  const tools = toolsView(broken), list = el("ol", { class: "break-layers" });
  results = resultsView(app);
  root.append(
    el("p", {}, "How much can it lose? Choose units to silence them, blur or round the weights, and watch the answer and the "
      + "accuracy. In all other panels the network is whole; the damage waits here."),
    el("div", { class: "break-top" }, results.view, tools.undo), tools.view, el("h3", {}, "Silence units"),
    el("p", { class: "muted" }, "A channel or unit that is crossed out gives 0, whatever it sees."), list);
  app.standIn(standIn);
  return ({ model, answer: found }) => {
    if (!model.whole) return; // an answer from before this panel was opened
    if (model.whole !== broken.model) {
      const nodes = nodesOf(model.whole), blocks = blocksOf(model.whole, nodes);
      Object.assign(broken, { model: model.whole, nodes, blocks });
      rows = blocks.flatMap((_, block) => (block ? [row(broken, block)] : []));
      list.replaceChildren(...rows.map(({ view }) => view));
    }
    tools.show();
    rows.forEach((each) => each.show(found.seen));
    results.show(model, kept.damage, found);
  };
}

function toolsView({ edit, restore }) {
  const noise = slider("Noise", { ...NOISE, value: 0 }, (value) => edit({ noise: value }, "noise"),
    (value) => `${Math.round(100 * value)} %`);
  const bits = slider("Round weights", { min: 0, max: BITS.length - 1, step: 1, value: 0 }, (at) => edit({ bits: BITS[at] }, "bits"),
    (at) => (BITS[at] ? `int${BITS[at]}` : "float"));
  const biases = toggle("Biases", true, (on) => edit({ biases: on }));
  const again = button("Other noise", () => edit({ seed: kept.damage.seed + 1 }));
  const undo = button("Undo", () => restore(kept.past.pop().damage));
  const mend = button("Mend all", () => edit(unharmed()));
  const levels = el("p", { class: "muted" });
  const show = () => {
    const { noise: share, bits: to, biases: on } = kept.damage;
    noise.set(share);
    bits.set(BITS.indexOf(to));
    biases.input.checked = on;
    undo.disabled = !kept.past.length;
    mend.disabled = isUnharmed(kept.damage);
    again.disabled = !share;
    levels.textContent = to ? `int${to}: each weight of a layer becomes one of ${2 ** to - 1} values, evenly spaced.` : "";
  };
  const view = el("div", { class: "break-tools" }, el("div", { class: "row" }, noise, again), el("div", {}, bits, levels),
    el("div", { class: "row" }, biases, el("span", { class: "muted" }, "off: all b, and beta of BatchNorm, are 0")));
  return { view, undo: el("div", { class: "row" }, undo, mend), show };
}

/** A block with its units, each of which can be silenced. */
function row(broken, block) {
  const { blocks, edit } = broken, name = blocks[block].path + blocks[block].title;
  const step = silencedAt(blocks[block]), { node, shape } = step, count = shape.at(-1);
  const off = () => kept.damage.off[node] ?? [];
  const silence = (units) => edit({ off: { ...kept.damage.off, [node]: units } });
  const said = el("span", { class: "muted", "aria-live": "polite" });
  const point = (place) => {
    const silenced = place && off().includes(place.unit) ? ", silenced" : "";
    said.textContent = place ? `${unitName(broken, block, place.unit)}${silenced}` : "";
  };
  const pick = ({ unit }) => {
    silence(off().includes(unit) ? off().filter((each) => each !== unit) : [...off(), unit]);
    point({ unit });
  };
  const tiles = atlas(name, { pick, point, picks: "silences it or gives it back" });
  const every = (step) => Array.from({ length: Math.floor(count / step) }, (_, i) => step * i);
  const all = button("Silence all", () => silence(every(1)), { "aria-label": `Silence all of ${name}` });
  const half = button("Silence half", () => silence(every(2)), { "aria-label": `Silence half of ${name}` });
  const mend = button("Mend", () => silence([]), { "aria-label": `Mend ${name}` });
  const state = el("span"), look = small(broken, block, shape);
  const view = el("li", {},
    el("div", { class: "inside-head" }, el("b", {}, name), state, half, all, mend, said), tiles.view);
  const show = (seen) => {
    state.textContent = off().length ? `${off().length} of ${count} silenced` : `${count} ${shape.length === 3 ? "channels" : "units"}`;
    mend.disabled = !off().length;
    all.disabled = off().length === count;
    tiles.show({ ...pictureOf(step, valuesOf(seen, node)), ...look, crossed: off() });
  };
  return { view, show };
}
