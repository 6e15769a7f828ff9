// The settings of a training: one table of their usual values, their text in a link and their range.

import { INITS, RELUS } from "./training.js";

const LAYERS = 4, UNITS = 512; // at most, hidden
const NONE = "none"; // what no hidden layers are called
export const SPEEDS = [1, 5, 20, 100, 0]; // steps a second; 0 is as many as there can be

const number = (usual, least, most, what) => ({
  usual, what, least, most,
  read: (text) => (text !== "" && Number(text) >= least && Number(text) <= most ? Number(text) : null),
  write: (value) => String(Number(value.toPrecision(4))),
});
const choice = (usual, values, what) => ({
  usual, what, values,
  read: (text) => values.find((value) => String(value) === text) ?? null,
  write: String,
});

function readSizes(text) {
  if (text.trim() === NONE) return [];
  const sizes = text.split(/[^\d]+/).filter(Boolean).map(Number);
  const fits = sizes.length >= 1 && sizes.length <= LAYERS && sizes.every((units) => units >= 1 && units <= UNITS);
  return fits ? sizes : null;
}

/** Each setting: its usual value, `read` (null where the text is no value) and `write`. */
export const SETTINGS = {
  sizes: {
    usual: [100, 200, 200],
    what: `1 to ${LAYERS} hidden layers of 1 to ${UNITS} units, such as 100-200-200, or ${NONE}`,
    read: readSizes,
    write: (sizes) => sizes.join("-") || NONE,
  },
  relu: choice("between", Object.keys(RELUS), "where ReLU stands"),
  init: choice("he", Object.keys(INITS), "kind of first weights"),
  rate: number(0.02, 0.0001, 10, "learning rate"),
  batch: choice(32, [1, 8, 32, 128], "images in a batch"),
  momentum: number(0.9, 0, 0.99, "momentum"),
  dropout: number(0, 0, 0.9, "share of units silenced"),
  distort: number(0, 0, 1, "how far images are turned, moved and scaled"),
  speed: choice(0, SPEEDS, "steps a second"),
};

/** All settings, of which some are given. */
export function fullRecipe(given) {
  return Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, given[name] ?? usual]));
}

/** The settings that are not the usual ones, as a link has them: sizes:16-16,rate:0.5. */
export function writeRecipe(recipe) {
  return Object.entries(SETTINGS)
    .filter(([name, { usual, write }]) => name in recipe && write(recipe[name]) !== write(usual))
    .map(([name, { write }]) => `${name}:${write(recipe[name])}`)
    .join(",");
}

/** The settings that such a text names; what it names wrongly is left out. */
export function readRecipe(text) {
  const given = text.split(",").map((part) => part.split(":")).filter(([name]) => Object.hasOwn(SETTINGS, name));
  const read = given.map(([name, value = ""]) => [name, SETTINGS[name].read(value)]);
  return Object.fromEntries(read.filter(([, value]) => value !== null));
}
