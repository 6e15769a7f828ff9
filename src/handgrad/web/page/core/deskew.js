// Slanted digits sheared upright by the moments of their ink (LeCun et al. 1998, section III.A); as images/deskew.py.

import { rint } from "./resample.js";

/**
 * Shear a digit upright.
 * @param {Uint8Array} pixels - (H, W, 1), bright ink on dark
 * @param {number[]} shape
 * @returns {Uint8Array}
 */
export function deskew(pixels, [height, width]) {
  const source = shear(pixels, height, width), out = new Uint8Array(pixels.length);
  const at = (y, x) => (x >= 0 && x < width ? pixels[y * width + x] : 0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const { left, right } = source(y, x);
      out[y * width + x] = rint(Math.fround((1 - right) * at(y, left)) + Math.fround(right * at(y, left + 1)));
    }
  }
  return out;
}

/**
 * From the gradient with respect to the upright digit to the one with respect to the digit, the shear held fixed.
 * @param {Float32Array} gradient - (H, W, 1), of the upright digit
 * @param {Uint8Array} pixels - the digit
 * @param {number[]} shape
 * @returns {Float32Array}
 */
export function deskewGradient(gradient, pixels, [height, width]) {
  const source = shear(pixels, height, width), out = new Float32Array(gradient.length);
  const add = (y, x, value) => {
    if (x >= 0 && x < width) out[y * width + x] += value;
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const { left, right } = source(y, x), value = gradient[y * width + x];
      add(y, left, (1 - right) * value);
      add(y, left + 1, right * value);
    }
  }
  return out;
}

/** Where pixel (y, x) of the upright digit comes from: the column on the left, and the share of the one on the right. */
function shear(pixels, height, width) {
  const { lean, centreY } = slant(pixels, height, width);
  return (y, x) => {
    const source = x + lean * (y - centreY), left = Math.min(Math.max(Math.floor(source), -1), width);
    return { left, right: Math.fround(Math.min(Math.max(source - left, 0), 1)) };
  };
}

/** How many columns to the right the ink leans for each row down, and the row of its centre. */
function slant(pixels, height, width) {
  let total = 0, sumY = 0, sumX = 0, sumYY = 0, sumXY = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const ink = pixels[y * width + x];
      total += ink;
      sumY += ink * y;
      sumX += ink * x;
      sumYY += ink * y * y;
      sumXY += ink * y * x;
    }
  }
  total = Math.max(total, 1);
  const centreY = sumY / total, centreX = sumX / total;
  const yy = sumYY / total - centreY ** 2, xy = sumXY / total - centreY * centreX;
  return { lean: yy > 1e-6 ? xy / Math.max(yy, 1e-6) : 0, centreY };
}
