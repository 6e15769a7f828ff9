// Digits made harder to read, step by step: turned, scaled, shifted, thickened or thinned, noisy.

import { fit } from "./fit.js";
import { rint } from "./resample.js";

const SIDE = 28;

/** What an image can suffer: the value that changes nothing, and how far a slider goes. */
export const ALTERATIONS = {
  turn: { label: "Turn", min: -60, max: 60, step: 5, none: 0, unit: "°" },
  scale: { label: "Size", min: 40, max: 160, step: 5, none: 100, unit: " %" },
  shift: { label: "Shift right", min: -10, max: 10, step: 1, none: 0, unit: " px" },
  thick: { label: "Thin, thicken", min: -2, max: 2, step: 0.25, none: 0, unit: " px" },
  noise: { label: "Noise", min: 0, max: 120, step: 10, none: 0, unit: " of 255" },
};

/** The alteration that changes nothing. */
export function unaltered() {
  return Object.fromEntries(Object.entries(ALTERATIONS).map(([name, { none }]) => [name, none]));
}

/**
 * An image, altered.
 * @param {Uint8Array} pixels - 28x28, bright ink on dark
 * @param {object} how - a value for each of `ALTERATIONS`; `again`: whether the result is normalised, as on the pad
 * @param {number} seed - of the noise
 * @returns {Uint8Array}
 */
export function altered(pixels, how, seed) {
  let image = thickened(Float32Array.from(pixels), how.thick);
  if (how.turn || how.shift || how.scale !== 100) image = moved(image, how);
  if (how.noise) image = noisy(image, how.noise, seed);
  const levels = Uint8Array.from(image, (level) => rint(Math.min(Math.max(level, 0), 255)));
  return how.again ? fit(Float32Array.from(levels, (level) => level / 255), [SIDE, SIDE]) : levels;
}

/** Strokes wider by so many pixels on each side, or narrower: the highest or lowest of each pixel and its four neighbours. */
function thickened(image, amount) {
  const choose = amount < 0 ? Math.min : Math.max;
  for (let left = Math.abs(amount); left > 0; left--) {
    const before = image, share = Math.min(left, 1), at = (y, x) => (y >= 0 && y < SIDE && x >= 0 && x < SIDE ? before[y * SIDE + x] : 0);
    image = before.map((level, i) => {
      const y = Math.floor(i / SIDE), x = i % SIDE;
      return level + share * (choose(level, at(y - 1, x), at(y + 1, x), at(y, x - 1), at(y, x + 1)) - level);
    });
  }
  return image;
}

/** Turned clockwise by degrees and scaled by per cent about the middle, then shifted by pixels; between four pixels, their mean. */
function moved(image, { turn, scale, shift }) {
  const angle = (turn * Math.PI) / 180, middle = (SIDE - 1) / 2, out = new Float32Array(image.length);
  const cos = (Math.cos(angle) * 100) / scale, sin = (Math.sin(angle) * 100) / scale;
  const at = (y, x) => (y >= 0 && y < SIDE && x >= 0 && x < SIDE ? image[y * SIDE + x] : 0);
  for (let i = 0; i < out.length; i++) {
    const down = Math.floor(i / SIDE) - middle, across = (i % SIDE) - shift - middle;
    const x = cos * across + sin * down + middle, y = cos * down - sin * across + middle;
    const left = Math.floor(x), top = Math.floor(y), right = x - left, below = y - top;
    out[i] = (1 - below) * ((1 - right) * at(top, left) + right * at(top, left + 1))
      + below * ((1 - right) * at(top + 1, left) + right * at(top + 1, left + 1));
  }
  return out;
}

/** Normal noise with such a standard deviation (Box and Muller 1958). */
function noisy(image, deviation, seed) {
  const random = uniform(seed);
  return image.map((level) => level + deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function uniform(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b9);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
