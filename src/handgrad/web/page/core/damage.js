// A network with damage done to it: what it can lose and still answer.
//
// Damage is {off, noise, seed, biases, bits}: `off` maps numbers of nodes (see blocks.js) to the units that are set to 0;
// `noise` is the size of Gaussian noise on the weights, as a share of the root mean square of a layer's; `biases` is false
// where all are 0; `bits` is what weights are rounded to, or null.

import { normal, randomNumbers } from "./random.js";

/** No damage. */
export function unharmed() {
  return { off: {}, noise: 0, seed: 1, biases: true, bits: null };
}

/** Whether damage is none. */
export function isUnharmed({ off, noise, biases, bits }) {
  return !noise && biases && !bits && Object.values(off).every((units) => !units.length);
}

const MOST = { noise: 10, seed: 1e9, bits: 16 };

/** Damage as a link has it: noise:0.2,seed:2,biases:0,bits:4,off3:0.1.5. */
export function writeDamage({ off, noise, seed, biases, bits }) {
  const units = Object.entries(off).filter(([, each]) => each.length).map(([node, each]) => `off${node}:${each.join(".")}`);
  return [noise ? `noise:${noise}` : "", seed > 1 ? `seed:${seed}` : "", biases ? "" : "biases:0", bits ? `bits:${bits}` : "", ...units]
    .filter(Boolean).join(",");
}

/** The damage that such a text names; what it names wrongly is left out. */
export function readDamage(text) {
  const damage = unharmed();
  for (const [name, value = ""] of text.split(",").map((part) => part.split(":"))) {
    const node = /^off(\d+)$/.exec(name)?.[1];
    if (node && /^\d+(\.\d+)*$/.test(value)) damage.off[node] = value.split(".").map(Number);
    else if (name === "biases") damage.biases = value !== "0";
    else if (name in MOST && Number(value) > 0 && Number(value) <= MOST[name]) damage[name] = Number(value);
  }
  if (damage.bits) damage.bits = Math.max(2, Math.round(damage.bits));
  damage.seed = Math.round(damage.seed);
  return damage;
}

/**
 * A copy of a model with damage; weights that stay as they are, are shared.
 * @param {Model} model
 * @param {Damage} damage
 * @returns {Model}
 */
export function damaged(model, damage) {
  let node = 0; // layers inside of another one come before it, as in `answer.seen`
  const copy = (layer) => {
    const layers = layer.layers.map(copy), random = randomNumbers(damage.seed, node), off = damage.off[node++];
    const here = off?.filter((unit) => unit < layer.outShape.at(-1)); // a link may name others
    return { ...layer, layers, weights: damagedWeights(layer.weights, damage, random), off: here?.length ? here : undefined };
  };
  return { ...model, layers: model.layers.map(copy) };
}

function damagedWeights(weights, { noise, biases, bits }, random) {
  const changed = { ...weights };
  if (weights.w && noise) changed.w = noisy(weights.w, noise, random);
  if (weights.w && bits) changed.w = rounded(changed.w, bits);
  if (!biases) for (const name of ["b", "beta"]) if (weights[name]) changed[name] = new Float32Array(weights[name].length);
  return changed;
}

function noisy(w, share, random) {
  const size = share * Math.sqrt(w.reduce((sum, value) => sum + value * value, 0) / w.length);
  return w.map((value) => value + size * normal(random));
}

/**
 * Weights rounded to whole numbers of so many bits times one scale, so that the largest stays as it is.
 * @param {Float32Array} w
 * @param {number} bits - 2 or more; 8 gives -127 to 127
 * @returns {Float32Array}
 */
export function rounded(w, bits) {
  const levels = 2 ** (bits - 1) - 1;
  const scale = w.reduce((top, value) => Math.max(top, Math.abs(value)), 0) / levels || 1;
  return w.map((value) => Math.round(value / scale) * scale);
}
