// Slanted digits sheared upright by the moments of their ink (LeCun et al. 1998, section III.A); as images/deskew.py.

import { rint } from "./resample.js";

/**
 * Shear a digit upright.
 * @param {Uint8Array} pixels - (H, W, 1), bright ink on dark
 * @param {number[]} shape
 * @returns {Uint8Array}
 */
export function deskew(pixels, [height, width]) {
  const { lean, centreY } = slant(pixels, height, width), out = new Uint8Array(pixels.length);
  const at = (y, x) => (x >= 0 && x < width ? pixels[y * width + x] : 0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const source = x + lean * (y - centreY), left = Math.min(Math.max(Math.floor(source), -1), width);
      const right = Math.fround(Math.min(Math.max(source - left, 0), 1));
      out[y * width + x] = rint(Math.fround((1 - right) * at(y, left)) + Math.fround(right * at(y, left + 1)));
    }
  }
  return out;
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
