// The pad on which one draws: mouse, finger, pen with pressure, or the keyboard on a grid of 28 by 28 cells.

import { BASE, PAD, penWidth, pointAt } from "../core/strokes.js";
import { button, colour, el, slider } from "./dom.js";
import { change, state, watch } from "./state.js";

const WIDTH = 20, THINNEST = 4, WIDEST = 50; // units of the pad
const CELL = PAD / BASE;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HELP = "Pad of 28 by 28 cells. Arrow keys move, Shift and arrow keys draw, Space sets a dot, Backspace takes back, "
  + "Delete clears.";
const NO_PRESSURE = 0.5;

let width = WIDTH;

/** The pad with its buttons. */
export function pad() {
  const canvas = el("canvas", { id: "pad", tabIndex: 0, role: "application", "aria-label": HELP });
  const cursor = { x: BASE / 2, y: BASE / 2, shown: false };
  const draw = () => drawPad(canvas, cursor);
  watch((changed) => changed.includes("drawing") && draw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new ResizeObserver(draw).observe(canvas);
  byPointer(canvas);
  byKeyboard(canvas, cursor, draw);
  const pen = slider("Pen", { min: THINNEST, max: WIDEST, step: 1, value: width }, (value) => (width = value), (value) => `${(value / CELL).toFixed(1)} px`);
  return el("div", {}, canvas, el("div", { class: "row" }, button("Undo", undo), button("Clear", clear), pen));
}

function strokes(changed) {
  change({ drawing: { ...state.drawing, strokes: changed } });
}

function undo() {
  const { strokes: drawn, base } = state.drawing;
  change({ drawing: drawn.length ? { base, strokes: drawn.slice(0, -1) } : { base: null, strokes: [] } });
}

function clear() {
  change({ drawing: { strokes: [], base: null } });
}

function byPointer(canvas) {
  let drawing = null; // the id of the pointer that draws
  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    const pressure = event.pointerType === "pen" ? event.pressure : NO_PRESSURE;
    return pointAt((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, pressure);
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (drawing !== null || event.button > 0) return;
    drawing = event.pointerId;
    canvas.setPointerCapture(drawing);
    strokes([...state.drawing.strokes, { width, points: [point(event)] }]);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing) return;
    const events = event.getCoalescedEvents?.() ?? [], last = state.drawing.strokes.at(-1);
    if (!last) return;
    const points = [...last.points, ...(events.length ? events : [event]).map(point)];
    strokes([...state.drawing.strokes.slice(0, -1), { ...last, points }]);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => event.pointerId === drawing && (drawing = null));
  }
}

function byKeyboard(canvas, cursor, draw) {
  const place = () => pointAt((cursor.x + 0.5) / BASE, (cursor.y + 0.5) / BASE, NO_PRESSURE);
  let line = false; // whether the last stroke goes on
  canvas.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key], drawn = state.drawing.strokes;
    if (step) {
      const from = place();
      cursor.x = Math.min(Math.max(cursor.x + step[0], 0), BASE - 1);
      cursor.y = Math.min(Math.max(cursor.y + step[1], 0), BASE - 1);
      if (event.shiftKey && line && drawn.length) {
        const last = drawn.at(-1);
        strokes([...drawn.slice(0, -1), { ...last, points: [...last.points, place()] }]);
      } else if (event.shiftKey) {
        strokes([...drawn, { width, points: [from, place()] }]);
      }
      line = event.shiftKey;
    } else if (event.key === " ") strokes([...drawn, { width, points: [place()] }]);
    else if (event.key === "Backspace") undo();
    else if (event.key === "Delete") clear();
    else return;
    if (!step) line = false;
    event.preventDefault();
    cursor.shown = true;
    draw();
  });
  canvas.addEventListener("blur", () => {
    cursor.shown = false;
    draw();
  });
}

function drawPad(canvas, cursor) {
  const side = Math.round(canvas.clientWidth * devicePixelRatio);
  if (!side) return;
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d"), css = (name) => `rgb(${colour(name)})`;
  context.setTransform(side / PAD, 0, 0, side / PAD, 0, 0);
  context.clearRect(0, 0, PAD, PAD);
  drawBase(context, state.drawing.base);
  context.strokeStyle = context.fillStyle = css("--ink");
  context.lineCap = context.lineJoin = "round";
  for (const stroke of state.drawing.strokes) drawStroke(context, stroke);
  if (cursor.shown) {
    context.strokeStyle = css("--warn");
    context.lineWidth = 2;
    context.strokeRect(cursor.x * CELL, cursor.y * CELL, CELL, CELL);
  }
}

function drawStroke(context, { width: wide, points }) {
  points.forEach(([x, y, pressure], i) => {
    const [fromX, fromY] = points[Math.max(i - 1, 0)];
    context.lineWidth = wide * penWidth(pressure);
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(x, y);
    context.stroke();
  });
}

function drawBase(context, base) {
  if (!base) return;
  const [red, green, blue] = colour("--ink");
  base.forEach((level, i) => {
    if (!level) return;
    context.fillStyle = `rgba(${red}, ${green}, ${blue}, ${level / 255})`;
    context.fillRect((i % BASE) * CELL, Math.floor(i / BASE) * CELL, CELL + 0.3, CELL + 0.3);
  });
}
