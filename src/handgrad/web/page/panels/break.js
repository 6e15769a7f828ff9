// Break it: silence units, blur or round the weights, and see for how long the network still reads.

import { blocksOf, nodesOf } from "../core/blocks.js";
import { damaged, isUnharmed, unharmed } from "../core/damage.js";
import { button, el, slider, toggle } from "../parts/dom.js";
import { unitsView } from "./break_units.js";
import { resultsView } from "./break_results.js";

export const panel = { id: "break", title: "Break it", open, close };

const BITS = [null, 8, 7, 6, 5, 4, 3, 2]; // what weights are rounded to, from left to right of the slider
const NOISE = { min: 0, max: 1.5, step: 0.05 };

const kept = { model: null, damage: null, past: [] }; // what was damaged last, and how; the damage itself is in the state
let results = null;

function close() {
  results?.stop();
  results = null;
}

/**
 * What the views of this panel share: model, the whole one; nodes and blocks; `damage()`, what is done to it;
 * `edit(part, kind)` does more, where edits of the same kind in a row are undone together; `restore(damage)` takes the place of all damage.
 */
function open(root, app) {
  const broken = { app, model: null, nodes: [], blocks: [], damage: () => app.state.damage };
  let made = null, damage = null, rows = [];
  const standIn = (model) => {
    if (kept.model !== model.name) {
      if (kept.damage === app.state.damage) app.change({ damage: unharmed() }); // it was another model's
      Object.assign(kept, { model: model.name, past: [] });
    }
    kept.damage = app.state.damage;
    if (made?.whole !== model || damage !== kept.damage) {
      damage = kept.damage;
      made = { ...damaged(model, damage), whole: model, broken: !isUnharmed(damage) };
    }
    return made;
  };
  broken.restore = (to) => {
    app.change({ damage: to });
    app.standIn(standIn);
  };
  broken.edit = (part, kind = null) => {
    if (!kind || kept.past.at(-1)?.kind !== kind) kept.past.push({ kind, damage: app.state.damage });
    broken.restore({ ...app.state.damage, ...part });
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
      rows = blocks.flatMap((_, block) => (block ? [unitsView(broken, block)] : []));
      list.replaceChildren(...rows.map(({ view }) => view));
    }
    tools.show();
    rows.forEach((each) => each.show(found.seen));
    results.show(model, kept.damage, found);
  };
}

/** The tools that act on all layers: `show()` brings them up to date. */
function toolsView({ edit, restore, damage }) {
  const noise = slider("Noise", { ...NOISE, value: 0 }, (value) => edit({ noise: value }, "noise"),
    (value) => `${Math.round(100 * value)} %`);
  const choices = { min: 0, max: BITS.length - 1, step: 1, value: 0 };
  const named = (at) => (BITS[at] ? `int${BITS[at]}` : "float");
  const bits = slider("Round weights", choices, (at) => edit({ bits: BITS[at] }, "bits"), named);
  const biases = toggle("Biases", true, (on) => edit({ biases: on }));
  const again = button("Other noise", () => edit({ seed: damage().seed + 1 }));
  const undo = button("Undo damage", () => restore(kept.past.pop().damage));
  const mend = button("Mend all", () => edit(unharmed()));
  const levels = el("p", { class: "muted" });
  const show = () => {
    const { noise: share, bits: to, biases: on } = damage();
    noise.set(share);
    bits.set(BITS.indexOf(to));
    biases.input.checked = on;
    undo.disabled = !kept.past.length;
    mend.disabled = isUnharmed(damage());
    again.disabled = !share;
    levels.textContent = to ? `int${to}: each weight of a layer becomes one of ${2 ** to - 1} values, evenly spaced.` : "";
  };
  const view = el("div", { class: "break-tools" }, el("div", { class: "row" }, noise, again), el("div", {}, bits, levels),
    el("div", { class: "row" }, biases, el("span", { class: "muted" }, "off: all b, and beta of BatchNorm, are 0")));
  return { view, undo: el("div", { class: "row" }, undo, mend), show };
}
