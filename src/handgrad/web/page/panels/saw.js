// What it saw: the steps from the drawing to the image that the network gets, each of which can be left out.

import { SIDE, inkOf } from "../core/strokes.js";
import { extent } from "../core/fit.js";
import { preprocess } from "../core/model.js";
import { el, paint, percent, tile, toggle } from "../parts/dom.js";

const WHAT = {
  cut: ["cut out", "The ink's box is cut out; else the whole pad is shrunk to 28x28."],
  scale: ["scaled", "Its longer side becomes 20 of 28 pixels, as in MNIST; else it fills the image."],
  centre: ["centred", "Its centre of mass comes into the middle; else it lies in the corner."],
  brighten: ["brightened", "Full ink becomes nearly white, so that thin strokes count as much as thick ones."],
};

export const panel = { id: "saw", title: "What it saw", open };

function open(root, app) {
  const drawn = tile(SIDE, SIDE, "The ink as drawn, with the box of the ink");
  const image = tile(28, 28, "The image that the network gets"), input = tile(28, 28, "The network's input, deskewed");
  const verdict = el("p"), shape = el("p", { class: "muted" });
  const switches = Object.entries(WHAT).map(([step, [name, text]]) => {
    const change = (on) => app.change({ steps: { ...app.state.steps, [step]: on } });
    const made = toggle(name, app.state.steps[step] !== false, change);
    return { step, input: made.input, row: el("div", {}, made, el("span", { class: "muted" }, ` ${text}`)) };
  });
  root.append(
    el("p", {}, "A network reads well only what looks like the images that it learnt from. Switch a step off and see."),
    el("div", { class: "row saw" },
      figure("as drawn", drawn), figure("28x28, what it gets", image), figure("upright, for models that deskew", input)),
    verdict,
    ...switches.map(({ row }) => row),
    shape,
  );
  return (now) => {
    switches.forEach(({ step, input: box }) => (box.checked = app.state.steps[step] !== false));
    drawInk(drawn, app.state.drawing);
    const [height, width] = now.model.inShape;
    Object.assign(image, { height, width });
    paint(image, now.answer.pixels, { top: 255 });
    input.parentElement.hidden = !now.model.deskew;
    if (now.model.deskew) {
      Object.assign(input, { height, width });
      paint(input, preprocess(now.model, now.answer.pixels), {});
    }
    const off = Object.keys(WHAT).filter((step) => app.state.steps[step] === false).map((step) => WHAT[step][0]);
    const said = now.answer.reason ? `? (${now.answer.digit}, ${percent(now.answer.probability)})` : now.answer.digit;
    verdict.textContent = off.length ? `Without "${off.join('", "')}" it answers ${said}.` : `With all steps it answers ${said}.`;
    shape.textContent = `${now.model.name}: ${height}x${width} pixels, pixel values times ${now.model.scale[0].toPrecision(3)}.`;
  };
}

function figure(caption, canvas) {
  return el("figure", {}, canvas, el("figcaption", { class: "muted" }, caption));
}

function drawInk(canvas, drawing) {
  const ink = inkOf(drawing), box = extent(ink, [SIDE, SIDE], 0);
  paint(canvas, ink, { top: 1 });
  if (!box) return;
  const context = canvas.getContext("2d");
  context.strokeStyle = getComputedStyle(canvas).getPropertyValue("--plus");
  context.strokeRect(box.left + 0.5, box.top + 0.5, box.right - box.left - 1, box.bottom - box.top - 1);
}
