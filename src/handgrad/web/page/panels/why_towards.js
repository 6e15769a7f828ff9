// "What would make it a 3": the image on the way to another answer, step by step. A part of the panel Why.

import { STEPS_TOWARDS } from "../core/why.js";
import { css, heatMap, sharp, whenLooksChange } from "../parts/canvas.js";
import { button, el, paint, percent, slider, tile } from "../parts/dom.js";

const FRAME = 160; // milliseconds of a step when they are played
const MARGIN = { left: 44, right: 24, top: 8, bottom: 20 }; // of the curve, CSS pixels
const NAME = 14; // of a class' name in the curve, CSS pixels

/** The part: `{view, show(now), close, forget}`. */
export function towardsPart(app) {
  const select = el("select", {}), text = el("p", { class: "why-reading" }), shown = el("div", { hidden: true });
  const image = tile(28, 28, "The changed image"), curve = el("canvas", { class: "why-curve", role: "img" });
  const difference = heatMap("The difference to your drawing"), playing = button("Play", () => (timer ? pause() : play(0)));
  const at = slider("Step", { min: 0, max: 1, step: 1, value: 0 }, (step) => {
    pause();
    showStep(step);
  });
  const status = el("p", { class: "hidden", role: "status" }); // heard once, while the text changes with each step
  let job = null, timer = 0, frames = [], asked = null, latest = null;
  const showStep = (step) => {
    const { pixels, scores } = frames[step], { model, target, from } = asked, [rows, columns] = model.inShape;
    const change = Array.from(pixels, (level, i) => level - frames[0].pixels[i]), count = change.filter(Boolean).length;
    Object.assign(image, { height: rows, width: columns });
    paint(image, pixels, { top: 255 });
    difference.show({ digit: frames[0].pixels, size: [rows, columns], values: change, rows, columns, top: 255 });
    at.set(step);
    drawCurve(curve, frames.map((frame) => [frame.scores[target], frame.scores[from]]), [target, from].map((k) => model.classes[k]), step);
    text.textContent = `Step ${step} of ${frames.length - 1}: ${model.classes[target]} has a score of ${percent(scores[target])}, `
      + `${model.classes[from]} of ${percent(scores[from])}. ${count} of ${pixels.length} pixels are changed.`;
  };
  const pause = () => {
    clearInterval(timer);
    timer = 0;
    playing.textContent = "Play";
  };
  const play = (step) => {
    pause();
    playing.textContent = "Pause";
    showStep(step);
    timer = setInterval(() => (++step < frames.length ? showStep(step) : pause()), FRAME);
  };
  const stop = () => {
    pause();
    job?.stop();
    [job, asked, shown.hidden] = [null, null, true];
    text.textContent = "Choose a digit and press Go.";
  };
  const run = async () => {
    const { model, answer } = latest, target = Number(select.value);
    stop();
    [asked, frames] = [{ model, target, from: answer.best, pixels: answer.pixels }, []];
    job = app.work("towards", { model, pixels: answer.pixels, target }, (frame) => {
      if (frame) frames.push(frame);
      text.textContent = `Step ${frames.length - 1} of at most ${STEPS_TOWARDS} ...`;
    });
    await job.result;
    shown.hidden = false;
    at.input.max = frames.length - 1;
    status.textContent = `${model.classes[target]} has a score of ${percent(frames.at(-1).scores[target])} after ${frames.length - 1} steps.`;
    load.disabled = frames[0].pixels.length !== 28 * 28; // the pad's images
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) showStep(frames.length - 1);
    else play(0);
  };
  const load = button("Put it on the pad", () => app.load(frames[at.input.valueAsNumber].pixels));
  stop();
  const redraw = () => !shown.hidden && frames.length && showStep(at.input.valueAsNumber);
  const looks = whenLooksChange(curve, redraw);
  const show = (now) => {
    const same = latest?.model === now.model && latest.answer.best === now.answer.best;
    latest = now;
    if (!same) targets(select, now);
    if (asked && (asked.model !== now.model || now.answer.pixels.some((level, i) => level !== asked.pixels[i]))) stop();
  };
  shown.append(
    el("div", { class: "why-maps" }, figure(image, "the changed image"), figure(difference.canvas, "the difference: + more ink, − less")),
    el("div", { class: "row" }, playing, at), el("figure", {}, curve), el("div", { class: "row" }, load));
  const view = el("section", {}, el("h3", {}, "What would make it another digit"),
    el("p", {}, "The network's gradient now changes the image, not the weights: at most ", String(STEPS_TOWARDS),
      " steps, each on the few pixels that promise the most."),
    el("div", { class: "row" }, el("label", { class: "row" }, el("span", {}, "Make it a"), select), button("Go", () => run().catch((error) => app.say(error.message)))), text, status, shown,
    el("p", { class: "muted why-note" }, "It says how little suffices for this network; it does not say how people write that digit: often the "
      + "change is dust that no pen leaves."));
  return { view, show, close: stop, forget: () => [difference.stop, looks].forEach((end) => end()) };
}

/** The classes to go to: all but the answer, the second likeliest chosen. */
function targets(select, { model, answer }) {
  const others = model.classes.map((_, k) => k).filter((k) => k !== answer.best);
  const second = others.reduce((a, b) => (answer.scores[b] > answer.scores[a] ? b : a));
  select.replaceChildren(...others.map((k) => el("option", { value: k, selected: k === second }, model.classes[k])));
}

function figure(canvas, caption) {
  return el("figure", {}, canvas, el("figcaption", { class: "muted" }, caption));
}

/** The scores of two classes over the steps, and where one stands. */
function drawCurve(canvas, scores, names, step) {
  const { context, width, height } = sharp(canvas), last = Math.max(scores.length - 1, 1);
  const x = (i) => MARGIN.left + (i / last) * (width - MARGIN.left - MARGIN.right);
  const y = (score) => MARGIN.top + (1 - score) * (height - MARGIN.top - MARGIN.bottom);
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  drawAxes(context, x, y, last);
  const ends = scores.at(-1).map(y), apart = Math.max(NAME - Math.abs(ends[0] - ends[1]), 0) / 2; // names do not meet
  const nameAt = (which) => ends[which] + (ends[which] < ends[1 - which] ? -apart : apart);
  names.forEach((name, which) => {
    const [colour, dash] = [["--plus", []], ["--minus", [5, 4]]][which];
    context.strokeStyle = context.fillStyle = css(colour);
    context.setLineDash(dash);
    context.lineWidth = 2;
    context.beginPath();
    scores.forEach((both, i) => context.lineTo(x(i), y(both[which])));
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
    context.arc(x(step), y(scores[step][which]), 4, 0, 2 * Math.PI);
    context.fill();
    context.fillText(name, width - MARGIN.right / 2, nameAt(which));
  });
  const [from, to] = [scores[0], scores.at(-1)].map((both) => both.map(percent));
  canvas.setAttribute("aria-label", names.map((name, which) => `Score of ${name}: from ${from[which]} to ${to[which]}.`).join(" "));
}

function drawAxes(context, x, y, last) {
  context.lineWidth = 1;
  context.fillStyle = css("--muted");
  context.strokeStyle = css("--line");
  context.textAlign = "right";
  for (const score of [0, 0.5, 1]) {
    context.fillText(`${100 * score} %`, MARGIN.left - 4, y(score));
    context.beginPath();
    context.moveTo(x(0), y(score));
    context.lineTo(x(last), y(score));
    context.stroke();
  }
  context.textAlign = "center";
  for (let i = 0; i <= last; i += Math.ceil(last / 10)) context.fillText(String(i), x(i), y(0) + 12);
}
