// What a step of a block does with the drawing, and with the pinned one: beside each other, or their difference.

import { sizeOf, valuesOf } from "../core/blocks.js";
import { atlas } from "../parts/atlas.js";
import { el } from "../parts/dom.js";
import { topOf } from "../parts/mosaic.js";
import { number } from "./inside_words.js";

/** The values of a step as a picture, see parts/mosaic.js; of one unit, or of all. */
export function pictureOf({ shape, signed }, data, unit) {
  const size = sizeOf(shape);
  return { data, signed, ...size, ...(unit === undefined ? {} : { units: 1, start: unit, stride: size.units }) };
}

/**
 * A view of a step that can be compared with the pinned drawing's.
 * @param {object} inside
 * @param {string} label
 * @param {object} actions - see `atlas`
 * @returns {{view: HTMLElement, show: (step: object, how: object, over?: object, unit?: number) => void}} `how` are
 *   further fields of the picture
 */
export function comparison(inside, label, actions) {
  const now = atlas(label, actions), old = atlas(`${label}, pinned drawing`, actions);
  const captions = [0, 1].map(() => el("figcaption", { class: "muted" }));
  const pinned = el("figure", {}, old.view, captions[1]);
  const view = el("div", { class: "inside-compared" }, el("figure", {}, now.view, captions[0]), pinned);
  const show = (step, how, over, unit) => {
    const values = valuesOf(inside.seen, step.node), before = inside.pinned && valuesOf(inside.pinned.seen, step.node);
    const minus = before && inside.compare === "difference", beside = before && !minus;
    const picture = { ...pictureOf(step, minus ? values.map((value, i) => value - before[i]) : values, unit), ...how };
    const pictures = beside ? [picture, { ...picture, data: before }] : [picture];
    const top = Math.max(...pictures.map(topOf)), signed = picture.signed || Boolean(minus);
    pictures.forEach((each, i) => [now, old][i].show({ ...each, top, signed }, over));
    pinned.hidden = !beside;
    view.classList.toggle("inside-two", Boolean(beside));
    const most = how.bars ? "full height" : "full colour";
    const full = signed ? `orange up to ${number(top)}, blue down to \u2212${number(top)}` : `${most}: ${number(top)}`;
    captions[0].textContent = minus ? `now less pinned, ${full}` : beside ? `now, ${full}` : full;
    captions[1].textContent = "pinned, same scale";
  };
  return { view, show };
}
