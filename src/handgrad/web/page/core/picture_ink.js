// The ink on a picture, found as reading/paper.py and reading/ink.py do it, in fewer steps: what a picture of one digit
// needs. The paper is what is left of the picture once all that is no wider than a stroke is taken off.

import { fit } from "./fit.js";
import { pieces } from "./pieces.js";
import { resample } from "./resample.js";

const COARSE = 192; // pixels of the longer side of the copy on which the paper is looked for
const WIDEST = 0.25; // width of a stroke, as a share of the shorter side, at most
const STRONG = 0.6; // contrast near a stroke, as a share of the strongest, at least
const WHITE = 255, DIM = 50; // full light, and the least light that is made up for
const MIN_CONTRAST = 18; // grey levels: what differs less from the paper is no ink
const DEVIATION_BY_MEDIAN = 1.4826; // standard deviation of normal noise over its median absolute deviation
const MIN_SIGNAL = 6.5, WEAK_NOISE = 3; // standard deviations of the noise: ink's peak, and the faintest ink, at least
const FAINT = 0.12; // the faintest ink, as a share of the peak
const FULL_QUANTILE = 0.8; // the quantile of a stroke's levels that is full ink
const SAMPLE = 20000; // pixels from which quantiles of a picture are taken
const APART = 0.15; // gap between parts of one digit, as a share of the larger one's height, at most
const OVER = 0.3; // how far such parts lie above each other, as a share of the narrower one's width, at least
const TALL = 0.3, INKY = 0.06; // a group beside the largest may be a digit from these shares of its height and ink on
const SPECK = 0.03; // a part with a smaller share of the ink of the largest is dirt
const AROUND = 0.5; // paper around a box from which the paper's level is taken, as a share of its longer side
const LINE = 4, DEPTH = 0.15; // an edge is so many times longer than deep, and less deep than this share of the picture
const AROUND_ALL = 0.95; // what reaches so far across and down from the corner is an edge too
const SMALL = 56; // pixels of a side up to which a picture has no edges

/**
 * The groups of ink on a picture, each of them perhaps a digit.
 * @param {Float32Array} grey - (height, width), 0 to 255
 * @param {number[]} size - [height, width] of the picture
 * @returns {Group[]} {top, left, bottom, right, ink, parts}, the one with most ink first; none on a blank picture
 */
export function groupsOfInk(grey, size) {
  const flat = abovePaper(grey, size), deviation = DEVIATION_BY_MEDIAN * quantile(flat.map(Math.abs), 0.5);
  const peak = flat.reduce((a, b) => Math.max(a, b), 0);
  if (peak < Math.max(MIN_CONTRAST, MIN_SIGNAL * deviation)) return [];
  const weak = Math.max(MIN_CONTRAST / 2, WEAK_NOISE * deviation, FAINT * peak);
  const parts = pieces(flat, size, Math.min(weak, peak / 2)).map((piece) => strokeOf(piece, flat));
  const strokes = parts.filter((part) => part.full >= Math.max(MIN_CONTRAST, weak) && !isEdge(part, size));
  return grouped(strokes).sort((a, b) => b.ink - a.ink);
}

/**
 * A group of ink as the image of a digit.
 * @param {Group} group
 * @param {number} width - of the picture
 * @returns {Uint8Array} 28x28, bright ink on dark
 */
export function imageOfGroup({ top, left, bottom, right, parts }, width) {
  const wide = right - left, ink = new Float32Array((bottom - top) * wide);
  for (const { places, levels } of parts) {
    places.forEach((place, i) => {
      const y = Math.floor(place / width) - top, x = (place % width) - left;
      if (y >= 0 && x >= 0 && y < bottom - top && x < wide) ink[y * wide + x] = levels[i];
    });
  }
  return fit(ink, [bottom - top, wide]);
}

/**
 * What lies in a box of a picture as the image of a digit; null where there is no ink.
 * @param {Float32Array} grey - (height, width), 0 to 255
 * @param {number[]} size - [height, width] of the picture
 * @param {number[]} box - [left, top, width, height]
 * @returns {?Uint8Array} 28x28, bright ink on dark
 */
export function imageInBox(grey, [height, width], [left, top, wide, high]) {
  const margin = Math.max(AROUND * Math.max(wide, high), 2);
  const from = { x: Math.max(Math.floor(left - margin), 0), y: Math.max(Math.floor(top - margin), 0) };
  const to = { x: Math.min(Math.ceil(left + wide + margin), width), y: Math.min(Math.ceil(top + high + margin), height) };
  const size = [to.y - from.y, to.x - from.x], crop = new Float32Array(size[0] * size[1]);
  for (let y = 0; y < size[0]; y++) {
    crop.set(grey.subarray((from.y + y) * width + from.x, (from.y + y) * width + to.x), y * size[1]);
  }
  const inside = { // a pixel more: the box was found on a larger picture
    top: Math.max(Math.floor(top - from.y - 1), 0), left: Math.max(Math.floor(left - from.x - 1), 0),
    bottom: Math.ceil(top - from.y + high + 1), right: Math.ceil(left - from.x + wide + 1),
  };
  const image = imageOfGroup({ ...inside, parts: groupsOfInk(crop, size).flatMap(({ parts }) => parts) }, size[1]);
  return image.some((level) => level) ? image : null;
}

/**
 * The digits on a picture, line by line: a task.
 * @param {{grey: Float32Array, size: number[]}} args
 * @returns {Generator<null, {box: number[], ink: number, image: Uint8Array}[][]>}
 */
export function* digitsOfPicture({ grey, size }) {
  yield null;
  return inLines(likeDigits(groupsOfInk(grey, size))).map((line) => line.map((group) => {
    const { left, top, right, bottom, ink } = group;
    return { box: [left, top, right - left, bottom - top], ink, image: imageOfGroup(group, size[1]) };
  }));
}

/** The groups that are large enough beside the first one to be digits too. */
function likeDigits(groups) {
  const [{ top, bottom, ink } = {}] = groups;
  return groups.filter((group) => group.bottom - group.top > TALL * (bottom - top) && group.ink > INKY * ink);
}

/** Groups as lines, in reading order: those that stand beside each other make a line. */
function inLines(groups) {
  const lines = [];
  for (const group of [...groups].sort((a, b) => a.top + a.bottom - b.top - b.bottom)) {
    const middle = (group.top + group.bottom) / 2, line = lines.at(-1);
    if (line?.some(({ top, bottom }) => top < middle && middle < bottom)) line.push(group);
    else lines.push([group]);
  }
  return lines.map((line) => line.sort((a, b) => a.left - b.left));
}

function strokeOf(piece, flat) {
  const raw = Float32Array.from(piece.places, (place) => flat[place]), full = quantile(raw, FULL_QUANTILE);
  const levels = raw.map((level) => Math.min(level / full, 1));
  return { ...piece, full, levels, ink: levels.reduce((a, b) => a + b, 0) };
}

/** Whether ink lies along the picture's border: where the paper ends, or a ruled line. */
function isEdge({ top, left, bottom, right }, [height, width]) {
  const along = (length, depth, side) => depth < DEPTH * side && length > LINE * depth;
  const flat = (top === 0 || bottom === height) && along(right - left, bottom - top, height);
  const steep = (left === 0 || right === width) && along(bottom - top, right - left, width);
  const around = right - left > AROUND_ALL * width && bottom - top > AROUND_ALL * height && top === 0 && left === 0;
  return Math.min(height, width) > SMALL && (flat || steep || around);
}

/** Parts above each other make one digit: a 5 and its bar. */
function grouped(parts) {
  const groups = [];
  for (const part of [...parts].sort((a, b) => b.ink - a.ink)) {
    const near = groups.find((group) => belongs(part, group));
    if (!near) groups.push({ ...part, parts: [part] });
    else if (part.ink > SPECK * near.ink) join(near, part);
  }
  return groups;
}

function belongs(part, group) {
  const gap = Math.max(part.top, group.top) - Math.min(part.bottom, group.bottom);
  const over = Math.min(part.right, group.right) - Math.max(part.left, group.left);
  const narrower = Math.min(part.right - part.left, group.right - group.left);
  return gap < APART * (group.bottom - group.top) && over > OVER * narrower;
}

function join(group, part) {
  group.parts.push(part);
  group.ink += part.ink;
  for (const [side, choose] of [["top", Math.min], ["left", Math.min], ["bottom", Math.max], ["right", Math.max]]) {
    group[side] = choose(group[side], part[side]);
  }
}

/** How far each pixel stands above the paper towards ink, in grey levels, made up for dim light. */
function abovePaper(grey, [height, width]) {
  const scale = Math.min(COARSE / Math.max(height, width), 1);
  const small = [height, width].map((side) => Math.max(Math.round(side * scale), 1));
  const copy = scale < 1 ? resample(grey, [height, width], [0, 0, width, height], small) : grey;
  const window = Math.max(Math.round(WIDEST * Math.min(...small)) | 1, 3);
  const dark = inkIsDark(copy, small, window), sign = dark ? -1 : 1;
  const open = windowed(windowed(copy.map((level) => sign * level), small, window, Math.min), small, window, Math.max);
  const even = mean(open, small, 3), paper = scale < 1 ? resample(even, small, [0, 0, small[1], small[0]], [height, width]) : even;
  const flat = grey.map((level, i) => ((sign * level - paper[i]) * WHITE) / (dark ? Math.max(-paper[i], DIM) : WHITE));
  const zero = quantile(flat, 0.5);
  return flat.map((level) => level - zero);
}

/** Where contrast is strong there is a stroke, and most of what lies around a stroke is paper. */
function inkIsDark(copy, size, window) {
  const low = windowed(copy, size, window, Math.min), high = windowed(copy, size, window, Math.max);
  const around = mean(copy, size, window), contrast = high.map((level, i) => level - low[i]);
  const strongest = contrast.reduce((a, b) => Math.max(a, b), 0);
  let sum = 0, count = 0;
  contrast.forEach((much, i) => {
    if (much <= STRONG * strongest) return;
    sum += (around[i] - low[i]) / much;
    count++;
  });
  return !count || sum / count > 0.5;
}

/** The lowest or highest value (`choose`) in a square window around each pixel. */
function windowed(values, size, window, choose) {
  return separably(values, size, window, (line, first, last) => {
    let found = line[first];
    for (let k = first + 1; k <= last; k++) found = choose(found, line[k]);
    return found;
  });
}

function mean(values, size, window) {
  return separably(values, size, window, (line, first, last) => {
    let sum = 0;
    for (let k = first; k <= last; k++) sum += line[k];
    return sum / (last - first + 1);
  });
}

/** Along rows, then along columns; windows end at the border. */
function separably(values, [height, width], window, reduce) {
  const half = window >> 1, out = Float32Array.from(values);
  const along = (count, length, start, step) => {
    const line = new Float32Array(length);
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < length; k++) line[k] = out[start(i) + k * step];
      for (let k = 0; k < length; k++) {
        out[start(i) + k * step] = reduce(line, Math.max(k - half, 0), Math.min(k + half, length - 1));
      }
    }
  };
  along(height, width, (y) => y * width, 1);
  along(width, height, (x) => x, width);
  return out;
}

function quantile(values, q) {
  const step = Math.max(Math.floor(values.length / SAMPLE), 1);
  const some = Float32Array.from({ length: Math.ceil(values.length / step) }, (_, i) => values[i * step]).sort();
  return some[Math.round(q * (some.length - 1))];
}
