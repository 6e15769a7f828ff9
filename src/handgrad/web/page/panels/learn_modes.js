// Train mode and test mode side by side, on the digit of the pad: some units silenced, against the whole network.

import { drawMasks, forward, layersOf, workspace } from "../core/training.js";
import { SIDE, inputsOf } from "../core/trainer.js";
import { softmax } from "../core/layers.js";
import { button, el } from "../parts/dom.js";
import { drawUnits } from "./learn_units.js";

const DRAWS = 5, MEANT = 50; // draws shown; draws whose mean is shown
const REDRAW = 600; // milliseconds for which a draw stays, so that nothing flashes
const EXAMPLES = 200;

/**
 * The view of both modes.
 * @param {object} app
 * @returns {{view: HTMLElement, show: (training: object, now: ?object) => void}}
 */
export function modes(app) {
  const [whole, thinned] = ["Test mode", "Train mode"].map((label) => el("canvas", { class: "learn-units", role: "img", "aria-label": label }));
  const note = el("p", { class: "muted" }), table = el("table", { class: "learn-draws" });
  const draw = { number: 0, at: 0, example: 0, training: null };
  const again = button("Draw again", () => {
    draw.number++;
    if (draw.training) show(draw.training, app.now());
  });
  const example = button("Another stored digit", async () => app.load((await app.digits()).valid.image(draw.example++ % EXAMPLES).slice()));
  const show = (training, now) => {
    draw.training = training;
    const { last, recipe } = training, { dropout } = recipe;
    if (!last || !now) return;
    if (last.running && dropout && !calm() && performance.now() > draw.at + REDRAW) Object.assign(draw, { number: draw.number + 1, at: performance.now() });
    const { test, draws, mean } = runs(last, recipe, now.answer.pixels, training.seed, draw.number);
    drawUnits(whole, test);
    drawUnits(thinned, draws[0]);
    whole.setAttribute("aria-label", `Test mode: the whole network answers ${likeliest(test.probabilities)}`);
    thinned.setAttribute("aria-label", `Train mode: with units silenced it answers ${likeliest(draws[0].probabilities)}`);
    note.textContent = noteOf(now.answer.reason === "blank", dropout);
    table.replaceChildren(...rowsOf(test.probabilities, draws.map(({ probabilities }) => probabilities), mean));
  };
  const view = el("section", {}, el("h3", {}, "Train mode and test mode on your digit"), note,
    el("div", { class: "learn-modes" }, figure("Test mode: the whole network", whole), figure("Train mode: one draw of dropout, silenced units crossed", thinned)),
    el("p", { class: "muted" }, "A block is a layer, a cell a unit: the fuller, the stronger its output. Lines are the strongest contributions, dashed where negative."),
    el("div", { class: "row" }, again, example), el("div", { class: "scroll" }, table));
  return { view, show };
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const likeliest = (shares) => shares.indexOf(Math.max(...shares));

function figure(caption, canvas) {
  return el("figure", {}, el("figcaption", {}, caption), canvas);
}

function noteOf(blank, dropout) {
  const first = blank ? "The pad is empty: draw a digit on it, or take a stored one. " : "";
  if (!dropout) return `${first}Dropout is 0, so both modes are the same. Move its slider, and train again.`;
  return `${first}In training each step silences ${Math.round(100 * dropout)} % of the hidden units at random and enlarges the others, `
    + "so no unit can rely on another one. To answer, all units take part: about the mean of many draws.";
}

/** The whole network's answer for a digit, some draws of dropout, and the mean of many. */
function runs({ sizes, theta }, { dropout, relu }, pixels, seed, number) {
  const layers = layersOf(sizes, theta, relu), x = inputsOf(pixels.subarray(0, SIDE * SIDE));
  const run = (share, key) => {
    const ws = workspace(sizes, 1);
    if (share) drawMasks(ws.masks, share, seed, key);
    const logits = forward(layers, x, ws, share);
    return { x, layers, outs: ws.outs, masks: share ? ws.masks : null, probabilities: softmax(logits) };
  };
  const test = run(0, 0), all = Array.from({ length: dropout ? MEANT : 1 }, (_, i) => run(dropout, number * MEANT + i));
  const mean = test.probabilities.map((_, k) => all.reduce((sum, { probabilities }) => sum + probabilities[k], 0) / all.length);
  return { test, draws: all.slice(0, DRAWS), mean };
}

function rowsOf(whole, draws, mean) {
  const head = el("tr", {}, el("th", { scope: "col" }, "%"), ...whole.map((_, k) => el("th", { scope: "col" }, String(k))));
  const rows = draws.length > 1 ? draws.map((shares, i) => row(`draw ${i + 1}`, shares)) : [];
  if (draws.length > 1) rows.push(row(`mean of ${MEANT}`, mean, "learn-mean"));
  return [el("thead", {}, head), el("tbody", {}, ...rows, row("whole", whole, "learn-mean"))];
}

function row(name, shares, kind = "") {
  const best = likeliest(shares);
  return el("tr", { class: kind }, el("th", { scope: "row" }, name),
    ...shares.map((share, k) => el("td", { class: k === best ? "learn-best" : "" }, Number.isFinite(share) ? String(Math.round(100 * share)) : "-")));
}
