// Inside: the layers of the network with what the drawing does in them, from all of them down to one multiplication.

import { answer } from "../core/model.js";
import { blocksOf, indexOf, nodesOf, valuesOf, zoomIn } from "../core/blocks.js";
import { boxOf, receptive } from "../core/receptive.js";
import { button, el } from "../parts/dom.js";
import { imageView } from "./inside_image.js";
import { layerView } from "./inside_layer.js";
import { layersView } from "./inside_layers.js";
import { unitView } from "./inside_unit.js";
import { boxText, number, unitName } from "./inside_words.js";

export const panel = { id: "inside", title: "Inside", open };

const ZOOM = { duration: 220, easing: "ease-out" }; // milliseconds of the movement between two levels
const HINT = "Point at a pixel of a tile: the part of the image that it depends on is framed here.";
const COMPARE = { beside: "Side by side", difference: "Difference" };

/**
 * What the views of this panel share: model, nodes and blocks; seen, what the drawing does in the layers, and pinned, what
 * the pinned one did; compare, a key of COMPARE; at, the zoom: nothing, a block, or a unit of it at a place; `go(at)`
 * changes it, `keep(at)` too where the view has done so already. `point(block, step, place)` shows what a value sees; `choose({block, step, place})` that of one that is shown
 * while nothing is pointed at, or none.
 */
function open(root, app) {
  const inside = { app, model: null, nodes: [], blocks: [], seen: null, pinned: null, compare: "beside", at: {}, chosen: null };
  const image = imageView(), readout = el("p", { class: "inside-readout", "aria-live": "polite" }, HINT);
  const crumbs = el("nav", { class: "row", "aria-label": "Zoom" }), main = el("div", { class: "inside-main" });
  let view = null;
  const pins = pinButtons(inside, () => (pins.show(), view.show(), point(null)));
  let shown = null;
  const point = (value) => {
    shown = value ?? inside.chosen;
    image.show(inside, shown && fieldOf(inside, shown));
    readout.textContent = shown ? said(inside, shown) : HINT;
  };
  inside.point = (block, step, place) => point(place && { block, step, place });
  inside.choose = (value) => ((inside.chosen = value), point(null));
  inside.keep = (at) => {
    inside.at = at;
    app.change({ inside: at });
  };
  inside.go = (at, event) => {
    const deeper = depth(at) >= depth(inside.at); // the movement begins where the event was
    inside.keep(at);
    render();
    move(main, event, deeper);
    main.querySelector("h3").focus();
  };
  const render = () => {
    const { block, unit } = inside.at;
    inside.choose(null);
    view = unit !== undefined ? unitView(inside) : block !== undefined ? layerView(inside) : layersView(inside);
    crumbs.replaceChildren(...trail(inside));
    main.replaceChildren(view.view);
    view.show();
  };
  const onkeydown = (event) => {
    if (event.key === "Escape" && depth(inside.at)) inside.go(above(inside.at));
  };
  root.append(el("div", { onkeydown },
    el("p", {}, "What the drawing does in each layer, from the image down to the answer. Point at a pixel to see which part "
      + "of the image it depends on; choose a layer, then one of its channels or units, to see its weights and its sum. "
      + "Go on drawing meanwhile."),
    el("div", { class: "row" }, crumbs, pins.view),
    el("div", { class: "inside-grid" },
      el("aside", { class: "inside-side", "aria-label": "Image" }, image.view, readout), main)));
  return (now) => {
    const other = now.model !== inside.model, linked = app.state.inside !== inside.at;
    inside.seen = now.answer.seen;
    inside.pixels = now.answer.pixels;
    if (other) enter(inside, now.model);
    if (linked) inside.keep(zoomIn(inside.blocks, app.state.inside));
    pins.show();
    if (other || linked) render();
    else view.show();
    image.show(inside, shown && fieldOf(inside, shown));
  };
}

/** Take in another model; a pinned drawing stays pinned. */
function enter(inside, model) {
  const nodes = nodesOf(model), first = !inside.model;
  Object.assign(inside, { model, nodes, blocks: blocksOf(model, nodes) });
  if (!first) inside.keep({});
  if (inside.pinned) inside.pinned = pinned(model, inside.pinned.pixels);
}

function pinned(model, pixels) {
  return { pixels, seen: answer(model, pixels, true).seen };
}

const depth = ({ block, unit }) => (block === undefined ? 0 : unit === undefined ? 1 : 2);
const above = ({ block, unit }) => (unit === undefined ? {} : { block });

function fieldOf({ nodes, blocks, model }, { block, step, place }) {
  const { node, shape } = blocks[block].steps[step];
  return receptive(nodes, node, boxOf(shape, place), model.inShape);
}

function said(inside, value) {
  const { block, step, place } = value;
  const { title, path, steps } = inside.blocks[block], { node, shape, name } = steps[step], index = indexOf(shape, place);
  const where = shape.length === 3 ? `, row ${place.y}, column ${place.x}` : "";
  const unit = shape.length === steps[0].shape.length ? unitName(inside, block, place.unit) : `number ${place.unit}`;
  const old = inside.pinned ? ` (pinned: ${number(valuesOf(inside.pinned.seen, node)[index])})` : "";
  const after = step ? ` after ${name}` : "";
  return `${path}${title}${after}, ${unit}${where}: ${number(valuesOf(inside.seen, node)[index])}${old}. `
    + `It depends on ${boxText(fieldOf(inside, value))}.`;
}

/** The way from all layers to what is shown, and to its neighbours. */
function trail(inside) {
  const { at, blocks } = inside;
  if (at.block === undefined) return [];
  const parts = [["All layers", {}], [blocks[at.block].path + blocks[at.block].title, { block: at.block }]];
  if (at.unit !== undefined) parts.push([unitName(inside, at.block, at.unit), at]);
  const shown = parts.map(([name, to], i) => i < parts.length - 1
    ? button(name, () => inside.go(to)) : el("span", { "aria-current": "true", class: "inside-here" }, name));
  const between = () => el("span", { "aria-hidden": "true" }, "\u203a");
  return [...shown.flatMap((each, i) => (i ? [between(), each] : [each])), ...neighbours(inside)];
}

function neighbours(inside) {
  const { at: { block, unit, place, step }, blocks } = inside, ofUnit = unit !== undefined;
  const count = ofUnit ? blocks[block].steps[0].shape.at(-1) : blocks.length, what = ofUnit ? "unit" : "layer";
  const to = (next) => inside.go(ofUnit ? { block, unit: next, place: { ...place, unit: next }, step } : { block: next });
  const at = ofUnit ? unit : block;
  return [
    button("\u2190", () => to(at - 1), { "aria-label": `Previous ${what}`, title: `Previous ${what}`, disabled: at === 0 }),
    button("\u2192", () => to(at + 1), { "aria-label": `Next ${what}`, title: `Next ${what}`, disabled: at === count - 1 }),
  ];
}

function pinButtons(inside, changed) {
  const pin = button("", () => {
    inside.pinned = inside.pinned ? null : { pixels: inside.pixels, seen: inside.seen };
    changed();
  }, { title: "Keep what this drawing does, to compare it with the next one" });
  const modes = Object.entries(COMPARE).map(([mode, name]) => {
    return button(name, () => ((inside.compare = mode), changed()), { "data-mode": mode });
  });
  const show = () => {
    pin.textContent = inside.pinned ? "Unpin" : "Pin this drawing";
    for (const each of modes) {
      each.hidden = !inside.pinned;
      each.setAttribute("aria-pressed", String(each.dataset.mode === inside.compare));
    }
  };
  return { view: el("div", { class: "row inside-pins" }, pin, ...modes), show };
}

/** Let a view grow out of the point that was chosen, or shrink back, where the user has nothing against movement. */
function move(main, event, deeper) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const box = main.getBoundingClientRect();
  const transformOrigin = event?.clientY ? `${event.clientX - box.left}px ${event.clientY - box.top}px` : "50% 0";
  const from = { transform: `scale(${deeper ? 0.7 : 1.2})`, opacity: 0, transformOrigin };
  main.animate([from, { transform: "none", opacity: 1, transformOrigin }], ZOOM);
}
