// Digits made harder to read, step by step: turned, scaled, shifted, thickened or thinned, noisy.

import { fit } from "./fit.js";
import { normal, randomNumbers } from "./random.js";
import { rint } from "./resample.js";

const SIDE = 28;
const NOISE = 5; // what random numbers are for, see training.js and trainer.js

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

/**
 * An image turned clockwise by degrees and scaled by per cent about the middle, then shifted to the right and down by
 * pixels; between four pixels, their mean.
 * @param {Float32Array} image - 28x28
 * @returns {Float32Array}
 */
export function moved(image, { turn, scale, shift, down = 0 }) {
  const angle = (turn * Math.PI) / 180, middle = (SIDE - 1) / 2, out = new Float32Array(image.length);
  const cos = (Math.cos(angle) * 100) / scale, sin = (Math.sin(angle) * 100) / scale;
  const at = (y, x) => (y >= 0 && y < SIDE && x >= 0 && x < SIDE ? image[y * SIDE + x] : 0);
  for (let i = 0; i < out.length; i++) {
    const below = Math.floor(i / SIDE) - down - middle, across = (i % SIDE) - shift - middle;
    const x = cos * across + sin * below + middle, y = cos * below - sin * across + middle;
    const left = Math.floor(x), top = Math.floor(y), right = x - left, lower = y - top;
    out[i] = (1 - lower) * ((1 - right) * at(top, left) + right * at(top, left + 1))
      + lower * ((1 - right) * at(top + 1, left) + right * at(top + 1, left + 1));
  }
  return out;
}

/** Normal noise with such a standard deviation. */
function noisy(image, deviation, seed) {
  const random = randomNumbers(seed, NOISE);
  return image.map((level) => level + deviation * normal(random));
}
