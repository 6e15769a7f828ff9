// Many small pictures on one canvas: the channels of a layer as tiles, its units as cells or bars.
//
// A picture is {data, units, height, width, start, stride, scale, top, signed, bars, names, crossed}: the value of unit u
// at (y, x) is data[start + ((y * width + x) * units + u) * stride]; `scale` is the side of a pixel in CSS pixels, `top`
// the value that gets full colour; `bars` is the height of bars in CSS pixels, which a vector may be drawn as; `names`
// stand below the units; `crossed` are units that are crossed out.

import { colour } from "./dom.js";

const GAP = 4, NAME = 14; // CSS pixels between tiles, and of a line of names
const STEPS = 255; // shades from 0 to full colour
const DASH = 9; // CSS pixels of a pixel's side from which on negative ones are marked by a dash, not by colour alone

/**
 * Where the units of a picture lie, in pixels of the device.
 * @param {Picture} picture
 * @param {number} room - CSS pixels from left to right
 */
export function layoutOf({ units, height, width, scale, bars, names }, room) {
  const dpr = globalThis.devicePixelRatio || 1, px = (css) => Math.max(Math.round(css * dpr), 1);
  const fitting = Math.min(scale, (room - 2) / width);
  const pixel = px(fitting), gap = px(GAP), wide = width * pixel, high = bars ? px(bars) : height * pixel;
  const stepX = wide + gap, stepY = high + gap + (names ? px(NAME) : 0);
  const perRow = Math.max(Math.min(units, Math.floor((room * dpr + gap) / stepX)), 1), rows = Math.ceil(units / perRow);
  const at = (unit) => [(unit % perRow) * stepX + 1, Math.floor(unit / perRow) * stepY + 1];
  const canvasWidth = perRow * stepX - gap + 2, canvasHeight = rows * stepY - gap + 2;
  return { dpr, pixel, wide, high, stepX, stepY, perRow, at, canvasWidth, canvasHeight };
}

/** Make a canvas as large as a layout needs. */
export function resize(canvas, { dpr, canvasWidth, canvasHeight }) {
  if (canvas.width === canvasWidth && canvas.height === canvasHeight) return;
  Object.assign(canvas, { width: canvasWidth, height: canvasHeight });
  Object.assign(canvas.style, { width: `${canvasWidth / dpr}px`, height: `${canvasHeight / dpr}px` });
}

/** The value of a unit of a picture at (y, x). */
export function valueAt({ data, units, width, start = 0, stride = 1 }, { unit, y, x }) {
  return data[start + ((y * width + x) * units + unit) * stride];
}

/** The unit and its pixel at a point of the canvas, in CSS pixels, or null between the tiles. */
export function placeAt({ units, height, width, bars }, layout, left, top) {
  const x = left * layout.dpr - 1, y = top * layout.dpr - 1;
  const column = Math.floor(x / layout.stepX), row = Math.floor(y / layout.stepY), unit = row * layout.perRow + column;
  const inX = x - column * layout.stepX, inY = y - row * layout.stepY;
  if (x < 0 || y < 0 || column >= layout.perRow || unit >= units || inX >= layout.wide || inY >= layout.high) return null;
  if (bars) return { unit, y: 0, x: 0 };
  const pixel = (at, count) => Math.min(Math.floor(at / layout.pixel), count - 1);
  return { unit, y: pixel(inY, height), x: pixel(inX, width) };
}

/** The largest absolute value of a picture. */
export function topOf({ data, units, height, width, start = 0, stride = 1 }) {
  let top = 0;
  for (let i = 0, at = start; i < units * height * width; i++, at += stride) top = Math.max(top, Math.abs(data[at]));
  return top;
}

/**
 * Paint a picture on a canvas of its layout's size; `mark` is a place with an outline, `box` a part of each tile with an outline.
 * @param {HTMLCanvasElement} canvas
 * @param {Picture} picture
 * @param {object} layout - see `layoutOf`
 */
export function paintMosaic(canvas, picture, layout, { mark = null, box = null } = {}) {
  const context = canvas.getContext("2d"), colours = palette();
  context.clearRect(0, 0, canvas.width, canvas.height);
  const top = picture.top ?? topOf(picture);
  if (picture.bars) paintBars(context, picture, layout, colours, top || 1);
  else paintTiles(context, picture, layout, colours, top || 1);
  if (picture.names) paintNames(context, picture.names, layout, colours);
  for (const unit of picture.crossed ?? []) cross(context, layout, unit, colours);
  if (box) for (let u = 0; u < picture.units; u++) outline(context, layout, u, box, colours);
  if (mark) {
    const { unit, y, x } = mark;
    outline(context, layout, unit, picture.bars ? null : { top: y, left: x, bottom: y + 1, right: x + 1 }, colours);
  }
}

let scratch = null; // all tiles of a picture below each other, a pixel a value

function paintTiles(context, picture, layout, { shades, css }, top) {
  const { data, units, height, width, start = 0, stride = 1, signed } = picture, size = height * width;
  scratch ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (scratch.canvas.width !== width) scratch.canvas.width = width;
  if (scratch.canvas.height < units * height) scratch.canvas.height = units * height;
  const image = scratch.createImageData(width, units * height), pixels = new Uint32Array(image.data.buffer);
  const factor = STEPS / top, plus = signed ? 2 * STEPS + 1 : 0;
  for (let i = 0, at = start; i < size; i++) {
    for (let u = 0; u < units; u++, at += stride) {
      const shade = Math.max(Math.min(Math.round(data[at] * factor), STEPS), -STEPS);
      pixels[u * size + i] = shades[shade < 0 ? STEPS - shade : shade + plus];
    }
  }
  scratch.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.fillStyle = css.line;
  for (let u = 0; u < units; u++) {
    const [x, y] = layout.at(u);
    context.fillRect(x - 1, y - 1, layout.wide + 2, layout.high + 2);
    context.drawImage(scratch.canvas, 0, u * height, width, height, x, y, layout.wide, layout.high);
  }
  if (signed && layout.pixel >= DASH * layout.dpr) dashes(context, picture, layout, css);
}

/** A dash on each value below 0. */
function dashes(context, picture, layout, css) {
  const { pixel } = layout, long = Math.round(pixel / 3), thick = Math.max(Math.round(pixel / 12), 1);
  context.fillStyle = css.text;
  for (let unit = 0; unit < picture.units; unit++) {
    const [left, top] = layout.at(unit);
    for (let y = 0; y < picture.height; y++) {
      for (let x = 0; x < picture.width; x++) {
        if (!(valueAt(picture, { unit, y, x }) < 0)) continue;
        context.fillRect(left + x * pixel + (pixel - long) / 2, top + y * pixel + (pixel - thick) / 2, long, thick);
      }
    }
  }
}

/** Bars: up from the bottom, or from the middle, up or down, where values may be below 0. */
function paintBars(context, picture, layout, { css }, top) {
  for (let u = 0; u < picture.units; u++) {
    const [x, y] = layout.at(u), value = valueAt(picture, { unit: u, y: 0, x: 0 });
    const share = Math.max(Math.min(value / top, 1), -1), room = picture.signed ? layout.high / 2 : layout.high;
    const zero = y + room, length = Math.round(share * room);
    context.fillStyle = css.tile;
    context.fillRect(x, y, layout.wide, layout.high);
    context.fillStyle = value < 0 ? css.minus : picture.signed ? css.plus : css.ink;
    context.fillRect(x, zero, layout.wide, -length);
    context.fillStyle = css.muted;
    context.fillRect(x, Math.round(zero) - 1, layout.wide, 1);
  }
}

function paintNames(context, names, layout, { css }) {
  context.fillStyle = css.text;
  context.font = `${Math.round(11 * layout.dpr)}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "top";
  names.forEach((name, u) => {
    const [x, y] = layout.at(u);
    context.fillText(name, x + layout.wide / 2, y + layout.high + layout.dpr * 2, layout.stepX);
  });
}

function cross(context, layout, unit, { css }) {
  const [x, y] = layout.at(unit), { wide, high } = layout;
  context.fillStyle = css.paper;
  context.globalAlpha = 0.55;
  context.fillRect(x, y, wide, high);
  context.globalAlpha = 1;
  context.strokeStyle = css.warn;
  context.lineWidth = 2 * layout.dpr;
  context.beginPath();
  for (const [fromX, toX] of [[x, x + wide], [x + wide, x]]) {
    context.moveTo(fromX, y);
    context.lineTo(toX, y + high);
  }
  context.stroke();
}

function outline(context, layout, unit, box, { css }) {
  const [x, y] = layout.at(unit), { pixel, wide, high, dpr } = layout;
  const [left, top, width, height] = box
    ? [x + box.left * pixel, y + box.top * pixel, (box.right - box.left) * pixel, (box.bottom - box.top) * pixel]
    : [x, y, wide, high];
  for (const [style, thick] of [[css.paper, 4], [css.warn, 2]]) {
    context.strokeStyle = style;
    context.lineWidth = thick * dpr;
    context.strokeRect(left, top, width, height);
  }
}

let kept = { key: null };

/** The colours of the page as they are now, and shades of them: ink, below 0, above 0. */
function palette() {
  const key = matchMedia("(prefers-color-scheme: dark)").matches;
  if (kept.key === key) return kept;
  const names = ["tile", "ink", "minus", "plus", "line", "text", "muted", "paper", "warn"];
  const rgb = Object.fromEntries(names.map((name) => [name, colour(`--${name}`)]));
  const css = Object.fromEntries(names.map((name) => [name, `rgb(${rgb[name]})`]));
  const shades = new Uint32Array(3 * STEPS + 2);
  shades.set(ramp(rgb.tile, rgb.ink), 0);
  shades.set(ramp(rgb.tile, rgb.minus).subarray(1), STEPS + 1);
  shades.set(ramp(rgb.tile, rgb.plus), 2 * STEPS + 1);
  return (kept = { key, css, shades });
}

function ramp(paper, ink) {
  return Uint32Array.from({ length: STEPS + 1 }, (_, i) => {
    const [red, green, blue] = paper.map((value, c) => Math.round(value + ((ink[c] - value) * i) / STEPS));
    return (255 << 24) | (blue << 16) | (green << 8) | red;
  });
}
