// All layers of the network, one below the other.

import { silencedAt } from "../core/blocks.js";
import { button, el } from "../parts/dom.js";
import { comparison } from "./inside_compare.js";
import { shapeText, unitNames } from "./inside_words.js";

const TILE = 36, LEAST = 2; // CSS pixels of a tile's side, and of a pixel's
const FEW = 16; // units up to which a vector is drawn as bars
const BARS = { bars: 40, scale: 26 }, CELL = 12; // CSS pixels: height and width of bars, side of cells

/** The view; `show()` brings it up to date. */
export function layersView(inside) {
  const rows = inside.blocks.map((_, block) => row(inside, block));
  const view = el("div", {}, el("h3", { tabIndex: -1 }, `All layers of ${inside.model.name}`),
    el("ol", { class: "inside-layers" }, ...rows.map((each) => each.view)));
  return { view, show: () => rows.forEach((each) => each.show()) };
}

function row(inside, block) {
  const { title, about, path, steps, weights } = inside.blocks[block];
  const last = steps.indexOf(silencedAt(inside.blocks[block])), { shape } = steps[last]; // an image stays one, though flattened
  const enter = (place, event) => inside.go({ block, place }, event);
  const tiles = comparison(inside, `${path}${title}`, {
    point: (place) => inside.point(block, last, place),
    pick: enter,
    picks: "opens the layer",
  });
  const details = [about, `output ${shapeText(shape)}`, weights ? `${weights.toLocaleString("en")} weights` : "no weights"];
  const then = steps.length > 1 ? `, then ${steps.slice(1).map(({ name }) => name).join(", ")}` : "";
  const view = el("li", {},
    el("div", { class: "inside-head" },
      button(`${path}${title}`, (event) => enter(undefined, event), { class: "inside-name" }),
      el("span", {}, details.filter(Boolean).join(" \u00b7 "), el("span", { class: "muted" }, then))),
    tiles.view);
  return { view, show: () => tiles.show(steps[last], small(inside, block, shape)) };
}

/** How a block is drawn among all: small tiles, cells, or bars with names. */
export function small(inside, block, shape) {
  if (shape.length === 3) return { scale: Math.max(LEAST, Math.round(TILE / shape[0])) };
  return shape[0] <= FEW ? { ...BARS, names: unitNames(inside, block) } : { scale: CELL };
}
