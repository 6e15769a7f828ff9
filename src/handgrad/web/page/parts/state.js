// The state of the page, which its link restores: drawing, model, panel, lesson, what is hidden, seed, limit, steps,
// the settings of a training, the zoom of Inside, the damage of Break it.

import { readZoom, writeZoom } from "../core/blocks.js";
import { readDamage, unharmed, writeDamage } from "../core/damage.js";
import { readRecipe, writeRecipe } from "../core/recipe.js";
import { LEVELS, PAD, blank, pointAt } from "../core/strokes.js";

/** The state; change it by `change` alone, so that all who watch hear of it. */
export const state = {
  model: "",
  panel: "saw",
  lesson: "",
  hide: [], // panels that are not shown
  seed: 0,
  limit: null, // the least score that is answered, in place of the model's
  steps: {}, // false for each step of `fit` that is left out
  learn: {}, // settings of a training that are not the usual ones, see core/recipe.js
  inside: {}, // the zoom of the panel Inside: nothing, a block, or a unit of it at a place
  damage: unharmed(), // of the panel Break it, see core/damage.js
  drawing: blank(),
};

const watchers = new Set();

/** Call `watcher(changed)` with the names of what changed, after each change; returns a function that stops it. */
export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Change some of the state. */
export function change(part) {
  Object.assign(state, part);
  for (const watcher of watchers) watcher(Object.keys(part));
}

const WRITERS = {
  model: (value) => value,
  panel: (value) => (value === "saw" ? "" : value),
  lesson: (value) => value,
  hide: (value) => value.join(","),
  seed: (value) => (value ? String(value) : ""),
  limit: (value) => (value === null ? "" : value.toFixed(3)),
  steps: (value) => Object.keys(value).filter((step) => value[step] === false).join(","),
  learn: writeRecipe,
  inside: writeZoom,
  damage: writeDamage,
  drawing: drawingToText,
};
const READERS = {
  model: (text) => text,
  panel: (text) => text,
  lesson: (text) => text,
  hide: (text) => text.split(","),
  seed: (text) => Math.abs(Math.trunc(Number(text))) || 0,
  limit: (text) => (Number(text) >= 0 && Number(text) <= 1 ? Number(text) : null),
  steps: (text) => Object.fromEntries(text.split(",").map((step) => [step, false])),
  learn: readRecipe,
  inside: readZoom,
  damage: readDamage,
  drawing: drawingFromText,
};

/** The state as the part of a link behind #. */
export function toLink() {
  const parts = Object.entries(WRITERS).map(([name, write]) => [name, write(state[name])]);
  return new URLSearchParams(parts.filter(([, text]) => text)).toString();
}

/** The state that the part of a link behind # describes; what it does not name, or names wrongly, is left out. */
export function fromLink(text) {
  const found = {};
  for (const [name, value] of new URLSearchParams(text)) {
    try {
      if (READERS[name]) found[name] = READERS[name](value);
    } catch {
      // a link that was cut: the rest of it still holds
    }
  }
  return found;
}

/** A drawing as the text that a link has of it. */
export function drawingToText({ strokes, base }) {
  if (!strokes.length && !base) return "";
  const bytes = [base ? 1 : 0, ...(base ?? [])];
  for (const { width, points } of strokes) {
    bytes.push(Math.round(width), points.length >> 8, points.length & 255);
    for (const [x, y, pressure] of points) {
      bytes.push(...[x / PAD, y / PAD, pressure].map((share) => Math.round(share * LEVELS)));
    }
  }
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The drawing that such a text describes. */
export function drawingFromText(text) {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  let place = bytes[0] ? 785 : 1;
  const drawing = { base: bytes[0] ? bytes.slice(1, 785) : null, strokes: [] };
  while (place + 3 <= bytes.length) {
    const width = bytes[place], count = bytes[place + 1] * 256 + bytes[place + 2];
    const points = [];
    for (place += 3; points.length < count && place + 3 <= bytes.length; place += 3) {
      points.push(pointAt(...Array.from(bytes.subarray(place, place + 3), (level) => level / LEVELS)));
    }
    if (points.length) drawing.strokes.push({ width, points });
  }
  return drawing;
}
