// The sum that made a value, term by term: the largest first.

import { blockOf, IMAGE } from "../core/blocks.js";
import { beforeFlatten, sumOf, votes } from "../core/terms.js";
import { button, el, percent } from "../parts/dom.js";
import { number, unitName } from "./inside_words.js";

const HEAD = ["input", "value", "\u00d7 weight", "= product"];
const SHOWN = 12; // terms told one by one

/** The view; `show({step, place, value})` brings it up to date. */
export function sumView(inside) {
  const about = el("p"), body = el("tbody");
  const head = el("tr", {}, ...HEAD.map((name) => el("th", { scope: "col" }, name)));
  const table = el("table", {}, el("caption", { class: "hidden" }, "The sum term by term"), el("thead", {}, head), body);
  const view = el("section", { class: "inside-sum" }, el("h4", {}, "The sum"), about, el("div", { class: "scroll" }, table));
  const show = (made) => {
    const { node } = made.step, sum = node === IMAGE ? null : sumOf(inside.nodes, inside.seen, node, made.place);
    const ensemble = node !== IMAGE && inside.nodes[node].layer.kind === "Ensemble";
    view.hidden = !sum && !ensemble;
    table.hidden = !sum;
    if (ensemble) about.textContent = meanOf(votes(inside.nodes, inside.seen, node, made.place.unit), made.value);
    if (!sum) return;
    const active = sum.terms.filter(({ product }) => product !== 0).length;
    const titles = sum.terms.map(({ from }) => inside.blocks[blockOf(inside.blocks, from).block].title);
    const sources = [...new Set(titles)];
    about.textContent = `${sum.terms.length} products with values of ${sources.join(" and ")}, ${active} of them not 0. `
      + "The largest first:";
    body.replaceChildren(...rows(inside, sum));
  };
  return { view, show };
}

function meanOf(shares, value) {
  return `The members say ${shares.map(percent).join(", ")}; the logarithm of their mean is ${number(value)}.`;
}

function rows(inside, { terms, bias, sum }) {
  const sorted = [...terms].sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
  const shown = sorted.slice(0, SHOWN), rest = sorted.slice(SHOWN);
  const total = (name, value, strong) => el("tr", { class: strong ? "inside-result" : "" },
    el("th", { scope: "row", colSpan: 3 }, name), el("td", {}, number(value)));
  return [
    ...shown.map((term) => el("tr", {},
      el("td", {}, source(inside, term)), ...[term.input, term.weight].map((value) => el("td", {}, number(value))),
      el("td", { class: term.product < 0 ? "inside-minus" : "inside-plus" }, number(term.product)))),
    ...(rest.length ? [total(`${rest.length} other products together`, rest.reduce((all, { product }) => all + product, 0))] : []),
    total("bias", bias),
    total("sum", sum, true),
  ];
}

/** Where an input comes from: a button that goes there. */
function source(inside, { from, at }) {
  const found = blockOf(inside.blocks, from), { steps } = inside.blocks[found.block];
  const { step, place } = beforeFlatten(inside.nodes, inside.blocks[found.block], found.step, at);
  const where = steps[step].shape.length === 3 ? ` (${place.y}, ${place.x})` : "";
  const show = () => inside.point(found.block, found.step, at), leave = () => inside.point(found.block, found.step, null);
  const go = (event) => inside.go({ block: found.block, unit: place.unit, place, step }, event);
  return button(`${unitName(inside, found.block, place.unit)}${where}`, go, {
    class: "inside-link", title: `Go to ${inside.blocks[found.block].title}`,
    onpointerenter: show, onfocus: show, onpointerleave: leave, onblur: leave,
  });
}
