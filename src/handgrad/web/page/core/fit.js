// Ink -> the image that a network sees, in steps that can be left out; with all of them, the same as reading/fit.py.

import { resample, rint } from "./resample.js";

const INK_SIDE = 20 / 28; // share of the image that the ink's longer side takes
const BLURRED = 0.3; // share of full ink that bounds the ink of a large picture, where less is blur
const ROUNDING = 1e-3; // pixels of the image: a digit that is symmetric lies on a boundary
const INKED = 0.05, FULL_QUANTILE = 0.95; // what counts as ink, and the quantile of it that is full ink
const FULL_LEVEL = 0.97; // share of white that full ink becomes, at least

/** The steps, each of which may be left out; without `cut`, the picture is shrunk as it is, neither scaled nor centred. */
export const STEPS = ["cut", "scale", "centre", "brighten"];

/**
 * Cut ink out, scale it to MNIST's size and centre it by its mass.
 * @param {Float32Array} ink - (height, width), from 0 to 1
 * @param {number[]} size - [height, width] of the ink
 * @param {number[]} outSize - [height, width] to make
 * @param {object} [steps] - false for each of `STEPS` that is to be left out
 * @returns {Uint8Array} bright ink on dark; all 0 where there is no ink
 */
export function fit(ink, size, outSize = [28, 28], steps = {}) {
  const { cut = true, scale = true, centre = true, brighten = true } = steps;
  const box = extent(ink, size, 0);
  if (!box) return new Uint8Array(outSize[0] * outSize[1]);
  const part = cut ? box : { top: 0, left: 0, bottom: size[0], right: size[1] };
  const piece = cropped(ink, size, part), pieceSize = [part.bottom - part.top, part.right - part.left];
  const ratio = cut ? longerSide(piece, pieceSize, outSize) / (scale ? INK_SIDE : 1) : plainRatio(pieceSize, outSize);
  const corner = cut && centre ? massCorner(piece, pieceSize, ratio, outSize) : { top: 0, left: 0 };
  return levels(placed(piece, pieceSize, ratio, corner, outSize), brighten);
}

/**
 * The box of what is more than `least`, or null.
 * @returns {?{top: number, left: number, bottom: number, right: number}}
 */
export function extent(ink, [height, width], least) {
  let top = height, left = width, bottom = 0, right = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (ink[y * width + x] > least) {
        top = Math.min(top, y);
        bottom = y + 1;
        left = Math.min(left, x);
        right = Math.max(right, x + 1);
      }
    }
  }
  return bottom ? { top, left, bottom, right } : null;
}

function cropped(ink, [, width], { top, left, bottom, right }) {
  const out = new Float32Array((bottom - top) * (right - left));
  for (let y = top; y < bottom; y++) {
    out.set(ink.subarray(y * width + left, y * width + right), (y - top) * (right - left));
  }
  return out;
}

/** Pixels of the piece for a pixel of an image that the ink's longer side fills. */
function longerSide(piece, size, [height, width]) {
  const blurred = BLURRED * Math.min(Math.max(Math.max(...size) / Math.max(height, width) - 1, 0), 1);
  const top = piece.reduce((a, b) => Math.max(a, b), 0);
  const box = extent(piece, size, blurred * top);
  return Math.max((box.bottom - box.top) / height, (box.right - box.left) / width);
}

/** Pixels of a whole picture for a pixel of the image. */
function plainRatio([height, width], [outHeight, outWidth]) {
  return Math.max(height / outHeight, width / outWidth);
}

/** The image's corner in the piece that puts the centre of mass into the middle, by whole pixels of the image. */
function massCorner(piece, [height, width], ratio, [outHeight, outWidth]) {
  let mass = 0, down = 0, across = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const ink = piece[y * width + x];
      mass += ink;
      down += ink * (y + 0.5);
      across += ink * (x + 0.5);
    }
  }
  const y = Math.ceil(outHeight / 2 - down / mass / ratio - ROUNDING);
  const x = Math.ceil(outWidth / 2 - across / mass / ratio - ROUNDING);
  return { top: -y * ratio, left: -x * ratio };
}

function placed(piece, [height, width], ratio, { top, left }, [outHeight, outWidth]) {
  const above = Math.max(Math.ceil(-top), 0), before = Math.max(Math.ceil(-left), 0);
  const below = Math.max(Math.ceil(top + outHeight * ratio) - height, 0);
  const behind = Math.max(Math.ceil(left + outWidth * ratio) - width, 0);
  const size = [above + height + below, before + width + behind];
  const framed = new Float32Array(size[0] * size[1]);
  for (let y = 0; y < height; y++) {
    framed.set(piece.subarray(y * width, (y + 1) * width), (above + y) * size[1] + before);
  }
  const x = left + before, y = top + above;
  const box = [x, y, Math.min(x + outWidth * ratio, size[1]), Math.min(y + outHeight * ratio, size[0])];
  return resample(framed, size, box, [outHeight, outWidth]);
}

function levels(small, brighten) {
  const inked = brighten ? small.filter((value) => value > INKED).sort() : [];
  const full = inked.length ? Math.max(quantile(inked, FULL_QUANTILE), INKED) : 1;
  const divisor = brighten ? Math.min(full / FULL_LEVEL, 1) : 1;
  return Uint8Array.from(small, (value) => rint(Math.min(Math.max(value / divisor, 0), 1) * 255));
}

function quantile(sorted, q) {
  const place = q * (sorted.length - 1), below = Math.floor(place), above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}
