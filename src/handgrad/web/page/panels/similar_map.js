// The map of the panel Similar: stored digits as glyphs where the model sees them, and the drawing among them.

import { css, sharp, whenLooksChange } from "../parts/canvas.js";
import { el } from "../parts/dom.js";

const MARGIN = 16; // CSS pixels between the outermost digit and the edge
const REACH = 24; // CSS pixels from the pointer within which a digit is meant
const GLYPH = { least: 9, most: 13, share: 1 / 60 }; // a glyph's height: CSS pixels, and a share of the map's width
const DOT = 11; // radius of the drawing's dot
const FADED = 0.12; // of the classes that are not chosen
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * The map. `show({points, labels, chosen, mine, digit, trail, near, picked})` draws it: points (n, 2) with their labels;
 * the one class that is not faded, or null; the drawing's place or null, the digit it is read as, and where it has
 * been; the numbers of the nearest points, and of the point that is picked, or null.
 * @param {(i: number) => void} pick - called with the number of the point that the user means
 */
export function digitMap(pick) {
  const canvas = el("canvas", { class: "map", tabIndex: 0, role: "application",
    "aria-label": "Map of the stored digits. Arrow keys go to the next digit in a direction." });
  let shown = null, view = null;
  const glyphs = document.createElement("canvas"); // drawn once for many frames
  let glyphsOf = "";
  const draw = () => {
    if (!shown || !canvas.clientWidth) return;
    const { context, width, height } = sharp(canvas);
    view = viewOf(shown.points, width, height);
    const key = [shown.points.length, shown.id, shown.chosen, width, height, css("--class0")].join();
    if (key !== glyphsOf) drawGlyphs(glyphs, canvas, shown, view);
    glyphsOf = key;
    context.clearRect(0, 0, width, height);
    context.drawImage(glyphs, 0, 0, width, height);
    drawMine(context, shown, view);
  };
  const pointed = ({ offsetX, offsetY }) => {
    const found = view && closest(shown, ([x, y]) => Math.hypot(x - offsetX, y - offsetY), view);
    if (found && found.distance <= REACH) pick(found.i);
  };
  canvas.addEventListener("pointermove", pointed);
  canvas.addEventListener("pointerdown", pointed);
  canvas.addEventListener("focus", () => view && shown.picked === null && pick(shown.near[0] ?? 0));
  canvas.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step || !view) return;
    event.preventDefault();
    const from = view.place(shown.picked ?? 0), found = closest(shown, (to) => along(from, to, step), view);
    if (found.distance < Infinity) pick(found.i);
  });
  const show = (what) => {
    shown = what;
    draw();
  };
  return { canvas, show, stop: whenLooksChange(canvas, draw) };
}

/** From the map's units to the canvas, both axes alike. */
function viewOf(points, width, height) {
  const low = [Infinity, Infinity], high = [-Infinity, -Infinity];
  points.forEach((value, i) => {
    low[i % 2] = Math.min(low[i % 2], value);
    high[i % 2] = Math.max(high[i % 2], value);
  });
  const scale = Math.min((width - 2 * MARGIN) / (high[0] - low[0] || 1), (height - 2 * MARGIN) / (high[1] - low[1] || 1));
  const at = ([x, y]) => [
    width / 2 + (x - (low[0] + high[0]) / 2) * scale,
    height / 2 - (y - (low[1] + high[1]) / 2) * scale,
  ];
  const inside = (value, side) => Math.min(Math.max(value, DOT), side - DOT);
  return {
    width,
    place: (i) => at([points[2 * i], points[2 * i + 1]]),
    held: (point) => at(point).map((value, axis) => inside(value, axis ? height : width)), // a drawing may lie outside
  };
}

/** The point with the least distance; where one class is chosen, of that class. */
function closest({ labels, chosen }, distanceTo, view) {
  let best = null;
  labels.forEach((label, i) => {
    if (chosen !== null && label !== chosen) return;
    const distance = distanceTo(view.place(i));
    if (!best || distance < best.distance) best = { i, distance };
  });
  return best;
}

/** How far a place is, if it lies rather in this direction than across it. */
function along([fromX, fromY], [x, y], [stepX, stepY]) {
  const forward = (x - fromX) * stepX + (y - fromY) * stepY, aside = Math.abs((x - fromX) * stepY - (y - fromY) * stepX);
  return forward > 0.5 && aside <= forward ? Math.hypot(forward, aside) : Infinity;
}

function drawGlyphs(glyphs, canvas, { labels, chosen }, view) {
  Object.assign(glyphs, { width: canvas.width, height: canvas.height });
  const context = glyphs.getContext("2d"), colours = Array.from({ length: 10 }, (_, k) => css(`--class${k}`));
  const size = Math.min(Math.max(view.width * GLYPH.share, GLYPH.least), GLYPH.most);
  context.scale(canvas.width / view.width, canvas.width / view.width);
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const front of [false, true]) { // the chosen class lies on top
    labels.forEach((label, i) => {
      if ((label === chosen) !== front) return;
      context.globalAlpha = chosen === null || front ? 1 : FADED;
      context.fillStyle = colours[label];
      context.fillText(label, ...view.place(i));
    });
  }
}

function drawMine(context, { mine, digit, trail, near, picked }, view) {
  context.strokeStyle = css("--text");
  const ring = (i, radius) => {
    context.beginPath();
    context.arc(...view.place(i), radius, 0, 2 * Math.PI);
    context.stroke();
  };
  context.lineWidth = 3;
  if (picked !== null) ring(picked, DOT - 1);
  if (!mine) return;
  const place = view.held(mine);
  context.lineWidth = 1.5;
  context.beginPath();
  trail.forEach((point) => context.lineTo(...view.held(point)));
  context.setLineDash([2, 3]);
  context.stroke();
  context.setLineDash([]);
  near.forEach((i) => ring(i, DOT / 2 + 1));
  drawDot(context, place, digit);
}

function drawDot(context, [x, y], digit) {
  context.beginPath();
  context.arc(x, y, DOT, 0, 2 * Math.PI);
  context.fillStyle = css("--text");
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = css("--tile");
  context.stroke();
  context.fillStyle = css("--tile");
  context.font = "700 14px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(digit, x, y + 1);
}
