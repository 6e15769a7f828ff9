// One layer: its channels large, or its units as bars, behind any of its steps.

import { silencedAt } from "../core/blocks.js";
import { button, el } from "../parts/dom.js";
import { comparison } from "./inside_compare.js";
import { shapeText, unitNames } from "./inside_words.js";

const TILE = 112, LEAST = 3; // CSS pixels of a tile's side, and of a pixel's
const FEW = 16, BARS = { bars: 140, scale: 44 }, THIN = { bars: 72, scale: 9 }; // units; CSS pixels: height and width

/** Buttons for the steps of a block; `chosen(step)` is called with its number. */
export function stepButtons(steps, step, chosen) {
  const buttons = steps.map(({ name }, k) => button(name, () => choose(k)));
  const choose = (k) => {
    buttons.forEach((each, i) => each.setAttribute("aria-pressed", String(i === k)));
    chosen(k);
  };
  buttons.forEach((each, i) => each.setAttribute("aria-pressed", String(i === step)));
  return el("div", { class: "row", role: "group", "aria-label": "Step of the layer" }, el("span", {}, "Behind"), ...buttons);
}

/** The view; `show()` brings it up to date. */
export function layerView(inside) {
  const { block, place: chosen } = inside.at, { title, about, path, steps, weights } = inside.blocks[block];
  let step = inside.at.step ?? steps.indexOf(silencedAt(inside.blocks[block]));
  const shape = el("p", { class: "muted" });
  const tiles = comparison(inside, `${path}${title}`, {
    point: (place) => inside.point(block, step, place),
    pick: (place, event) => unitsAt(step) && inside.go({ block, unit: place.unit, place, step }, event),
    picks: "opens the channel or unit",
  });
  // Flattened, a channel is no longer one unit: its values are looked at, its sum is asked for before.
  const unitsAt = (k) => steps[k].shape.at(-1) === steps[0].shape.at(-1);
  const show = () => {
    shape.textContent = `${about}; output ${shapeText(steps[step].shape)}; ${weights.toLocaleString("en")} weights`
      + (unitsAt(step) ? ". Choose one of them for its weights and its sum." : ". Flattened: all values in a row.");
    tiles.show(steps[step], large(inside, block, steps[step].shape), { mark: unitsAt(step) ? chosen : null });
  };
  const choice = stepButtons(steps, step, (k) => ((step = k), inside.keep({ ...inside.at, step }), show()));
  inside.choose(chosen ? { block, step, place: chosen } : null);
  const heading = el("h3", { tabIndex: -1 }, `${path}${title}`);
  const view = el("div", {}, heading, shape, steps.length > 1 ? choice : null, tiles.view);
  return { view, show };
}

function large(inside, block, shape) {
  if (shape.length === 3) {
    const names = Array.from({ length: shape[2] }, (_, c) => String(c));
    return { scale: Math.max(LEAST, Math.round(TILE / shape[0])), names };
  }
  return shape[0] <= FEW ? { ...BARS, names: unitNames(inside, block) } : THIN;
}
