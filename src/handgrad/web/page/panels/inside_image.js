// The image that the network gets, with the receptive field of what one points at, and the pinned one.

import { valuesOf, IMAGE } from "../core/blocks.js";
import { atlas } from "../parts/atlas.js";
import { el } from "../parts/dom.js";
import { pictureOf } from "./inside_compare.js";

const SCALE = 6; // CSS pixels of a pixel's side

/** The view; `show(inside, field)` brings it up to date. */
export function imageView() {
  const image = atlas("The image that the network gets"), old = atlas("The pinned image");
  const pinned = el("figure", {}, old.view, el("figcaption", { class: "muted" }, "pinned"));
  const caption = el("figcaption", { class: "muted" });
  const view = el("div", { class: "inside-images" }, el("figure", {}, image.view, caption), pinned);
  const show = ({ model, blocks, seen, pinned: kept }, field = null) => {
    const [step] = blocks[0].steps;
    caption.textContent = model.deskew ? "now, deskewed" : "now";
    image.show({ ...pictureOf(step, valuesOf(seen, IMAGE)), scale: SCALE }, { box: field });
    pinned.hidden = !kept;
    if (kept) old.show({ ...pictureOf(step, valuesOf(kept.seen, IMAGE)), scale: SCALE }, { box: field });
  };
  return { view, show };
}
