// The weights of a unit as images, between the inputs that they weigh and the products.

import { IMAGE, blockOf, indexOf, placeOf, sizeOf, unflattened } from "../core/blocks.js";
import { padding } from "../core/layers.js";
import { sumOf, weightImages } from "../core/terms.js";
import { atlas } from "../parts/atlas.js";
import { el } from "../parts/dom.js";
import { valueAt } from "../parts/mosaic.js";
import { number } from "./inside_words.js";

const ONE = 120, MANY = 27; // CSS pixels of a tile's side: of one channel, of several
const CELL = 12;
const HINT = "Point at a weight for its multiplication.";
const TITLES = { input: "input", weight: "\u00d7 weight", product: "= product" };

/** The view; `show({step, place})` brings it up to date: which value of the block's first step is made. */
export function weightsView(inside) {
  const now = {}, said = el("p", { "aria-live": "polite" }), about = el("p", { class: "muted" });
  const point = (at) => {
    const term = at && now.terms.get(indexOf([now.size.height, now.size.width, now.size.units], at));
    const found = term && blockOf(inside.blocks, term.from);
    inside.point(found?.block, found?.step, term?.at); // what of the image the weighed input sees
    said.textContent = at ? sentence(now.pictures, now.size, at) : HINT;
  };
  const atlases = Object.entries(TITLES).map(([key, title]) => [key, atlas(title.replace(/\W+ /, ""), { point }), title]);
  const figures = atlases.map(([, { view }, title]) => el("figure", {}, el("figcaption", {}, title), view));
  const view = el("section", { class: "inside-wide" },
    el("h4", {}, "Weights"), about, el("div", { class: "inside-weights" }, ...figures), said);
  const show = ({ step: { node }, place }) => {
    const layer = inside.nodes[node]?.layer;
    view.hidden = !layer?.weights.w;
    if (view.hidden) return;
    Object.assign(now, weighed(inside, node, place));
    const { units, height, width } = now.size, one = height * width === 1;
    about.textContent = `${units * height * width} weights: ${one ? `one for each of ${units} inputs`
      : units === 1 ? `an image of ${height}x${width}` : `${height}x${width} for each of ${units} channels`}.`;
    const scale = one ? CELL : Math.max(Math.round((units === 1 ? ONE : MANY) / height), 2);
    for (const [key, { show: paint }] of atlases) {
      paint({ ...now.size, ...now.pictures[key], scale, signed: key !== "input" || signedInput(inside, node) });
    }
    said.textContent = HINT;
  };
  return { view, show };
}

/** Inputs, weights and products as pictures of one size, where what padding gives is 0; and the terms by their place. */
function weighed({ nodes, seen }, node, place) {
  const { layer } = nodes[node], shape = unflattened(nodes, node);
  const weight = weightImages(layer, shape, place.unit), size = { units: weight.units, height: weight.height, width: weight.width };
  const pictures = { weight, input: empty(size), product: empty(size) };
  const terms = new Map();
  const conv = layer.kind === "Conv", pad = padding(layer.options), { stride } = layer.options;
  for (const term of sumOf(nodes, seen, node, place).terms) {
    const { unit, y, x } = conv ? term.at : placeOf(shape, term.index);
    const at = conv ? { unit, y: y - place.y * stride + pad, x: x - place.x * stride + pad } : { unit, y, x };
    const index = indexOf([size.height, size.width, size.units], at);
    terms.set(index, term);
    pictures.input.data[index] = term.input;
    pictures.product.data[index] = term.product;
  }
  return { pictures, size, terms };
}

function signedInput({ nodes, blocks }, node) {
  const [from] = nodes[node].from;
  return from === IMAGE ? blocks[0].steps[0].signed : nodes[from].signed;
}

function empty({ units, height, width }) {
  return { data: new Float32Array(units * height * width) };
}

function sentence(pictures, size, at) {
  const [input, weight, product] = Object.keys(TITLES).map((key) => number(valueAt({ ...size, ...pictures[key] }, at)));
  const channel = size.units > 1 ? `channel ${at.unit}, ` : "";
  const where = size.height * size.width === 1 ? `input ${at.unit}` : `${channel}row ${at.y}, column ${at.x}`;
  return `${where}: ${input} \u00d7 ${weight} = ${product}`;
}
