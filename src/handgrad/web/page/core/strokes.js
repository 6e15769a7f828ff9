// A drawing: strokes of a pen on a square pad, perhaps on top of an image; and the ink that they leave.
//
// A drawing is {strokes, base}: a stroke is {width, points}, points are [x, y, pressure] with x and y from 0 to PAD and
// pressure from 0 to 1; base is null or an image of 28x28 grey levels.

import { fit } from "./fit.js";

export const PAD = 280; // units of the pad's side
export const SIDE = 140; // pixels of the ink's side
export const BASE = 28; // pixels of an image's side
export const LEVELS = 255; // steps of a coordinate and of the pressure, so that a link keeps them exactly
const EDGE = 1; // pixels over which ink falls off at a stroke's edge
const LIGHT = 0.4; // share of its width that a pen without pressure has

/** A point at shares of the pad's side, with a pressure from 0 to 1, on the nearest levels. */
export function pointAt(...shares) {
  const [x, y, pressure] = shares.map((share) => Math.round(Math.min(Math.max(share, 0), 1) * LEVELS) / LEVELS);
  return [x * PAD, y * PAD, pressure];
}

/** An empty drawing. */
export function blank() {
  return { strokes: [], base: null };
}

/** Whether nothing is drawn. */
export function isBlank({ strokes, base }) {
  return !strokes.length && !base;
}

/**
 * The ink of a drawing.
 * @returns {Float32Array} (SIDE, SIDE), from 0 to 1
 */
export function inkOf({ strokes, base }) {
  const ink = new Float32Array(SIDE * SIDE), scale = SIDE / PAD;
  if (base) enlarge(ink, base);
  for (const { width, points } of strokes) {
    points.forEach(([x, y, pressure], i) => {
      const [fromX, fromY] = points[Math.max(i - 1, 0)];
      const radius = (width / 2) * penWidth(pressure) * scale;
      segment(ink, fromX * scale, fromY * scale, x * scale, y * scale, radius);
    });
  }
  return ink;
}

/** The share of a pen's width at a pressure from 0 to 1; a mouse has 0.5. */
export function penWidth(pressure) {
  return LIGHT + 2 * (1 - LIGHT) * pressure;
}

/**
 * The image that a network sees of a drawing.
 * @param {object} drawing
 * @param {number[]} outSize - [height, width] to make
 * @param {object} [steps] - false for each step of `fit` that is to be left out
 * @returns {Uint8Array}
 */
export function imageOf(drawing, outSize, steps) {
  const untouched = drawing.base && !drawing.strokes.length && outSize[0] === BASE && outSize[1] === BASE;
  return untouched ? drawing.base : fit(inkOf(drawing), [SIDE, SIDE], outSize, steps);
}

function enlarge(ink, base) {
  const zoom = SIDE / BASE;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      ink[y * SIDE + x] = base[Math.floor(y / zoom) * BASE + Math.floor(x / zoom)] / 255;
    }
  }
}

/** Ink along a line: full within the radius, less over the edge. */
function segment(ink, ax, ay, bx, by, radius) {
  const reach = radius + EDGE, dx = bx - ax, dy = by - ay, length2 = dx * dx + dy * dy;
  const low = (a, b) => Math.max(Math.floor(Math.min(a, b) - reach), 0);
  const high = (a, b) => Math.min(Math.ceil(Math.max(a, b) + reach), SIDE - 1);
  for (let y = low(ay, by); y <= high(ay, by); y++) {
    for (let x = low(ax, bx); x <= high(ax, bx); x++) {
      const px = x + 0.5 - ax, py = y + 0.5 - ay;
      const along = length2 ? Math.min(Math.max((px * dx + py * dy) / length2, 0), 1) : 0;
      const amount = (radius - Math.hypot(px - along * dx, py - along * dy)) / EDGE + 0.5, place = y * SIDE + x;
      if (amount > ink[place]) ink[place] = Math.min(amount, 1);
    }
  }
}
