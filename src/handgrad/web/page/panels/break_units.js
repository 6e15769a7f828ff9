// A layer's channels or units, each of which can be silenced.

import { silencedAt, valuesOf } from "../core/blocks.js";
import { atlas } from "../parts/atlas.js";
import { button, el } from "../parts/dom.js";
import { pictureOf } from "./inside_compare.js";
import { small } from "./inside_layers.js";
import { unitName } from "./inside_words.js";

/** The view of a block; `show(seen)` brings it up to date. */
export function unitsView(broken, block) {
  const name = broken.blocks[block].path + broken.blocks[block].title, step = silencedAt(broken.blocks[block]);
  const { node, shape } = step, count = shape.at(-1), look = small(broken, block, shape);
  const off = () => broken.damage().off[node] ?? [];
  const silence = (units) => broken.edit({ off: { ...broken.damage().off, [node]: units } });
  const tiles = unitTiles(broken, block, name, off, silence), state = el("span");
  const buttons = silencingButtons(name, count, silence);
  const view = el("li", {},
    el("div", { class: "inside-head" }, el("b", {}, name), state, ...Object.values(buttons), tiles.said), tiles.view);
  const show = (seen) => {
    const units = `${count} ${shape.length === 3 ? "channels" : "units"}`;
    state.textContent = off().length ? `${off().length} of ${units} silenced` : units;
    buttons.mend.disabled = !off().length;
    buttons.all.disabled = off().length === count;
    tiles.show({ ...pictureOf(step, valuesOf(seen, node)), ...look, crossed: off() });
  };
  return { view, show };
}

function unitTiles(broken, block, name, off, silence) {
  const said = el("span", { class: "muted", "aria-live": "polite" });
  const point = (place) => {
    const silenced = place && off().includes(place.unit) ? ", silenced" : "";
    said.textContent = place ? `${unitName(broken, block, place.unit)}${silenced}` : "";
  };
  const pick = ({ unit }) => {
    silence(off().includes(unit) ? off().filter((each) => each !== unit) : [...off(), unit]);
    point({ unit });
  };
  return { said, ...atlas(name, { pick, point, picks: "silences it or gives it back" }) };
}

function silencingButtons(name, count, silence) {
  const every = (step) => Array.from({ length: Math.ceil(count / step) }, (_, i) => step * i);
  return {
    half: button("Silence half", () => silence(every(2)), { "aria-label": `Silence half of ${name}` }),
    all: button("Silence all", () => silence(every(1)), { "aria-label": `Silence all of ${name}` }),
    mend: button("Mend", () => silence([]), { "aria-label": `Mend ${name}` }),
  };
}
