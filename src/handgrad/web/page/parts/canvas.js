// Canvases that are sharp on any screen, and heat maps over a digit.

import { colour, el } from "./dom.js";

const FAINT = 0.3; // of the digit below a heat map
const MARKED = 0.5; // share of the full colour from which a place bears its sign

/** A colour of the page's style as CSS. */
export function css(name) {
  return `rgb(${colour(name)})`;
}

/** Give a canvas as many pixels as the screen has for it; returns its context, width and height in CSS pixels. */
export function sharp(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas, context = canvas.getContext("2d");
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  context.setTransform(canvas.width / (width || 1), 0, 0, canvas.height / (height || 1), 0, 0);
  return { context, width, height };
}

/** Call `draw` when a canvas is shown or has another size, and when light and dark change; returns what stops it. */
export function whenLooksChange(canvas, draw) {
  const sizes = new ResizeObserver(() => canvas.clientWidth && draw());
  const dark = matchMedia("(prefers-color-scheme: dark)");
  sizes.observe(canvas);
  dark.addEventListener("change", draw);
  return () => {
    sizes.disconnect();
    dark.removeEventListener("change", draw);
  };
}

/**
 * A heat map of two signs over a digit. `show({digit, size, values, rows, columns, top})`: the digit's grey levels and
 * [height, width]; rows by columns of values, of which `top` gets the full colour.
 * @param {string} label
 * @param {(place: ?number) => void} [pointed] - called with the number of the value under the pointer
 */
export function heatMap(label, pointed = () => {}) {
  const canvas = el("canvas", { class: "tile heat", role: "img", "aria-label": label });
  let heat = null;
  const draw = () => heat && canvas.clientWidth && drawHeat(canvas, heat);
  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
    if (!heat) return;
    const at = (offset, side, count) => Math.min(Math.max(Math.floor((offset / side) * count), 0), count - 1);
    const row = at(offsetY, canvas.clientHeight, heat.rows), column = at(offsetX, canvas.clientWidth, heat.columns);
    pointed(row * heat.columns + column);
  });
  canvas.addEventListener("pointerleave", () => pointed(null));
  const show = (shown) => {
    heat = shown;
    draw();
  };
  return { canvas, show, stop: whenLooksChange(canvas, draw) };
}

function drawHeat(canvas, { digit, size, values, rows, columns, top }) {
  const { context, width, height } = sharp(canvas);
  context.clearRect(0, 0, width, height);
  cells(context, width, height, size, (i) => (FAINT * digit[i]) / 255, [css("--ink")]);
  const share = (i) => Math.min(Math.max(values[i] / (top || 1), -1), 1);
  cells(context, width, height, [rows, columns], share, [css("--plus"), css("--minus")]);
  context.strokeStyle = css("--tile");
  context.lineWidth = Math.max(width / columns / 8, 1);
  context.beginPath();
  for (let i = 0; i < values.length; i++) if (Math.abs(share(i)) >= MARKED) addSign(context, width, height, rows, columns, i, share(i) > 0);
  context.stroke();
}

/** Fill each cell of a grid, on whole pixels of the screen: `share(i)` is how much of the colour of its sign it gets. */
function cells(context, width, height, [rows, columns], share, [plus, minus]) {
  const ratio = devicePixelRatio, snap = (value) => Math.round(value * ratio) / ratio;
  for (let i = 0; i < rows * columns; i++) {
    const amount = share(i), row = Math.floor(i / columns), column = i % columns;
    if (!amount) continue;
    const left = snap((column * width) / columns), top = snap((row * height) / rows);
    context.fillStyle = amount > 0 ? plus : minus;
    context.globalAlpha = Math.abs(amount);
    context.fillRect(left, top, snap(((column + 1) * width) / columns) - left, snap(((row + 1) * height) / rows) - top);
  }
  context.globalAlpha = 1;
}

function addSign(context, width, height, rows, columns, i, positive) {
  const x = ((i % columns) + 0.5) * (width / columns), y = (Math.floor(i / columns) + 0.5) * (height / rows);
  const arm = Math.min(width / columns / 4, 7);
  context.moveTo(x - arm, y);
  context.lineTo(x + arm, y);
  if (!positive) return;
  context.moveTo(x, y - arm);
  context.lineTo(x, y + arm);
}
