// A network's units for one digit, drawn: the image, each hidden layer as a block of cells, the ten outputs.

import { SIDE } from "../core/trainer.js";
import { colour } from "../parts/dom.js";
import { sized } from "./learn_plots.js";

const ROWS = 20; // units that stand in a column
const IMAGE = 84, CELL = 12, OUTPUT = 84, LEAST_GAP = 12, MOST_GAP = 90, LABEL = 16; // CSS pixels, at most but for the gap
const LINES = 24; // strongest contributions drawn between two layers

/**
 * Draw a network's answer for one digit.
 * @param {HTMLCanvasElement} canvas
 * @param {{x: Float32Array, layers: object[], outs: Float32Array[], masks: ?Uint8Array[], probabilities: number[]}} run -
 *   input, weights, the outputs of each layer, and what dropout keeps (null in test mode)
 */
export function drawUnits(canvas, run) {
  const context = sized(canvas), hidden = run.outs.slice(0, -1), blocks = placed(canvas, hidden);
  const paint = Object.fromEntries(["ink", "tile", "line", "plus", "minus", "warn", "text", "muted", "accent", "bar"].map((name) => [name, colour(`--${name}`)]));
  drawImage(context, run.x, blocks.image, paint);
  run.layers.slice(1).forEach((layer, l) => drawLines(context, layer, hidden[l], blocks.layers[l], blocks.layers[l + 1] ?? blocks.outputs, paint));
  hidden.forEach((out, l) => drawBlock(context, out, run.masks?.[l], blocks.layers[l], paint));
  drawOutputs(context, run.probabilities, blocks.outputs, paint);
}

const css = ([red, green, blue], alpha = 1) => `rgba(${red}, ${green}, ${blue}, ${alpha})`;

/** Where everything stands. */
function placed({ clientWidth: width, clientHeight: height }, hidden) {
  const columns = hidden.map((out) => Math.ceil(out.length / ROWS)), all = columns.reduce((a, b) => a + b, 0);
  const imageSide = Math.min(IMAGE, width / 7), outputs = Math.min(OUTPUT, width / 5), room = height - LABEL, gaps = hidden.length + 1;
  const cell = Math.max(2, Math.min(CELL, room / ROWS, (width - imageSide - outputs - LEAST_GAP * gaps) / all));
  const gap = Math.min(Math.max((width - imageSide - outputs - cell * all) / gaps, 4), MOST_GAP);
  let left = imageSide + gap;
  const layers = hidden.map((out, l) => {
    const rows = Math.min(out.length, ROWS), top = LABEL + (room - rows * cell) / 2, from = left;
    left += columns[l] * cell + gap;
    const place = (unit) => [from + Math.floor(unit / ROWS) * cell, top + (unit % ROWS) * cell];
    return { place, cell, left: from, width: columns[l] * cell, top, units: out.length };
  });
  const row = Math.min(room / 10, 20), top = LABEL + (room - 10 * row) / 2;
  const last = { place: (k) => [left, top + k * row + row / 2 - cell / 2], cell, row, left, top, width: outputs };
  return { image: { side: imageSide, top: LABEL + (room - imageSide) / 2 }, layers, outputs: last };
}

function drawImage(context, x, { side, top }, { ink, tile, line }) {
  const cell = side / SIDE;
  context.fillStyle = css(tile);
  context.fillRect(0, top, side, side);
  x.forEach((value, i) => {
    if (!value) return;
    context.fillStyle = css(ink, value);
    context.fillRect((i % SIDE) * cell, top + Math.floor(i / SIDE) * cell, cell + 0.3, cell + 0.3);
  });
  context.strokeStyle = css(line);
  context.strokeRect(0.5, top + 0.5, side - 1, side - 1);
}

/** The strongest contribution to each unit, a value times its weight; of these the strongest ones. */
function drawLines(context, { w, units }, from, start, end, { plus, minus }) {
  const best = Array.from({ length: units }, (_, j) => {
    let unit = 0;
    for (let i = 1; i < from.length; i++) if (Math.abs(from[i] * w[i * units + j]) > Math.abs(from[unit] * w[unit * units + j])) unit = i;
    return { unit, j, amount: from[unit] * w[unit * units + j] };
  });
  best.sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount));
  const most = Math.abs(best[0].amount) || 1;
  for (const { unit, j, amount } of best.slice(0, LINES)) {
    const [x, y] = start.place(unit), [toX, toY] = end.place(j), half = start.cell / 2;
    if (!amount) continue;
    context.strokeStyle = css(amount > 0 ? plus : minus, 0.25 + (0.6 * Math.abs(amount)) / most);
    context.setLineDash(amount > 0 ? [] : [3, 3]);
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x + half, y + half);
    context.lineTo(toX + (end.row ? -2 : half), toY + half);
    context.stroke();
  }
  context.setLineDash([]);
}

function drawBlock(context, out, mask, { place, cell, left, width, top, units }, { ink, tile, line, warn, muted }) {
  const most = out.reduce((a, b) => Math.max(a, b), 0) || 1, inner = Math.max(cell - 1, 1);
  out.forEach((value, unit) => {
    const [x, y] = place(unit);
    context.fillStyle = css(tile);
    context.fillRect(x, y, inner, inner);
    context.fillStyle = css(ink, value / most);
    context.fillRect(x, y, inner, inner);
    context.strokeStyle = css(mask && !mask[unit] ? warn : line);
    context.lineWidth = 0.5;
    context.strokeRect(x, y, inner, inner);
    if (mask && !mask[unit]) drawCross(context, x, y, inner, warn);
  });
  context.fillStyle = css(muted);
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.fillText(String(units), left + width / 2, top - 2);
}

function drawCross(context, x, y, side, hue) {
  context.strokeStyle = css(hue);
  context.lineWidth = Math.max(0.8, side / 8);
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + side, y + side);
  context.moveTo(x + side, y);
  context.lineTo(x, y + side);
  context.stroke();
}

function drawOutputs(context, probabilities, { left, top, row, width }, { text, accent, bar, line }) {
  const best = probabilities.indexOf(Math.max(...probabilities)), from = left + 14, wide = width - 16;
  context.textBaseline = "middle";
  context.textAlign = "left";
  probabilities.forEach((share, k) => {
    const middle = top + (k + 0.5) * row, height = Math.min(row - 3, 13);
    context.fillStyle = css(text);
    context.font = `${k === best ? "bold " : ""}13px system-ui, sans-serif`;
    context.fillText(String(k), left, middle);
    context.strokeStyle = css(line);
    context.lineWidth = 1;
    context.strokeRect(from + 0.5, middle - height / 2, wide - 1, height);
    context.fillStyle = css(k === best ? accent : bar);
    context.fillRect(from, middle - height / 2, wide * share, height);
  });
}
