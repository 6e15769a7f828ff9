// Curves over the steps of a training, on canvases: axes with numbers, lines told apart by colour and by dashes.

import { colour } from "../parts/dom.js";

const FONT = 12, LEFT = 46, RIGHT = 10, TOP = 20, BOTTOM = 32; // CSS pixels
const FEWEST_STEPS = 50; // that the axis shows
const LOWEST_LOG = 1e-8;
const FEWEST_TICKS = 3; // about

const css = (name) => `rgb(${colour(name)})`;

/**
 * Draw curves over steps.
 * @param {HTMLCanvasElement} canvas - as large as its style sheet makes it
 * @param {{step: number}[]} points - in order
 * @param {{lines: {name?: string, value: (point: object) => number, colour: string, dash?: number[]}[],
 *   range: number[], log?: boolean, format?: (value: number) => string}} how - `range` of the vertical axis
 */
export function plot(canvas, points, { lines, range, log = false, format = short }) {
  const context = sized(canvas), { clientWidth: width, clientHeight: height } = canvas;
  const frame = { left: LEFT, right: width - RIGHT, top: TOP, bottom: height - BOTTOM };
  const last = Math.max(FEWEST_STEPS, points.at(-1)?.step ?? 0);
  const x = (step) => frame.left + (step / last) * (frame.right - frame.left);
  const y = vertical(range, log, frame);
  context.font = `${FONT}px system-ui, sans-serif`;
  drawAxes(context, frame, x, y, { across: ticks(0, last, width / 80), up: log ? decades(range) : ticks(...range, height / 45), format });
  context.save();
  context.beginPath();
  context.rect(frame.left, frame.top - 2, frame.right - frame.left + 2, frame.bottom - frame.top + 4);
  context.clip();
  for (const line of lines) drawLine(context, points, line, x, y);
  context.restore();
  drawLegend(context, frame, lines.filter(({ name }) => name));
}

/** A canvas with as many pixels as it takes on the screen, cleared; its context counts in CSS pixels. */
export function sized(canvas) {
  const { clientWidth, clientHeight } = canvas, scale = devicePixelRatio, context = canvas.getContext("2d");
  const width = Math.round(clientWidth * scale), height = Math.round(clientHeight * scale);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, clientWidth, clientHeight);
  return context;
}

function vertical([low, high], log, { top, bottom }) {
  const scale = log ? (value) => Math.log10(Math.max(value, LOWEST_LOG)) : (value) => value;
  const share = (value) => (scale(value) - scale(low)) / (scale(high) - scale(low) || 1);
  const lowest = log ? 0 : -1; // a logarithm has no 0: what is below the range lies on the axis
  return (value) => bottom - Math.min(Math.max(share(value), lowest), 2) * (bottom - top);
}

function drawAxes(context, { left, right, top, bottom }, x, y, { across, up, format }) {
  context.fillStyle = css("--muted");
  context.strokeStyle = css("--line");
  context.setLineDash([]);
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of up) {
    stroke(context, [[left, y(value)], [right, y(value)]]);
    context.fillText(format(value), left - 5, y(value));
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const value of across) {
    stroke(context, [[x(value), bottom], [x(value), bottom + 4]]);
    context.fillText(short(value), x(value), bottom + 5);
  }
  context.textAlign = "right";
  context.fillText("step", right, bottom + 18);
  stroke(context, [[left, top], [left, bottom], [right, bottom]]);
}

function drawLine(context, points, { value, colour: name, dash = [] }, x, y) {
  context.strokeStyle = css(name);
  context.lineWidth = 2;
  context.setLineDash(dash);
  stroke(context, points.filter((point) => Number.isFinite(value(point))).map((point) => [x(point.step), y(value(point))]));
}

function drawLegend(context, { left }, lines) {
  context.textAlign = "left";
  context.textBaseline = "middle";
  let at = left;
  for (const { name, colour: hue, dash = [] } of lines) {
    context.strokeStyle = css(hue);
    context.lineWidth = 2;
    context.setLineDash(dash);
    stroke(context, [[at, 8], [at + 24, 8]]);
    context.fillStyle = css("--text");
    context.fillText(name, at + 29, 8);
    at += 29 + context.measureText(name).width + 14;
  }
}

function stroke(context, places) {
  context.beginPath();
  places.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

/** Round numbers from `low` to `high`, about `count` of them. */
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(count, 2), power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => power * factor >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

/** Powers of ten within a range, every second or third one where there are many. */
function decades([low, high]) {
  const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
  const all = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i)), every = Math.ceil(all.length / 4);
  return all.filter((_, i) => (all.length - 1 - i) % every === 0);
}

function short(value) {
  if (value === 0) return "0";
  if (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5) return value.toExponential(0).replace("e+", "e").replace("e-", "e\u2212");
  return value >= 1000 ? `${Number((value / 1000).toPrecision(3))}k` : String(Number(value.toPrecision(3)));
}
