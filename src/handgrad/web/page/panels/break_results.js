// What the damage does: the answer for the drawing and the accuracy on stored digits, beside those of the whole network.

import { answer } from "../core/model.js";
import { el, percent } from "../parts/dom.js";

const HEAD = ["network", "your drawing", "200 validation digits"];
const QUIET = 150; // milliseconds without a change until digits are counted

const counted = new Map(); // the whole networks' right answers, by model

/** The view: `show(model, damage, answer)` brings it up to date, `stop()` ends the counting. */
export function resultsView(app) {
  const whole = line("whole"), broken = line("broken");
  const counts = counting(app, whole, broken);
  const head = HEAD.map((name) => el("th", { scope: "col" }, name));
  const view = el("table", { class: "break-results" },
    el("caption", { class: "hidden" }, "The whole and the broken network"),
    el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, whole.view, broken.view));
  const show = (model, damage, found) => {
    broken.answered(model, found);
    whole.answered(model.whole, model.broken ? answer(model.whole, found.pixels) : found);
    broken.view.classList.toggle("break-hurt", model.broken);
    counts.count(model, damage);
  };
  return { view, show, stop: counts.stop };
}

/** Counting in a worker, begun anew at each change of the model or its damage. */
function counting(app, whole, broken) {
  let job = null, timer = 0, last = {};
  const stop = () => {
    clearTimeout(timer);
    job?.stop();
  };
  const run = async (model, shown) => {
    const { labels, pixels } = (await app.digits()).valid;
    let value = null;
    job = app.work("judge", { model: plain(model), labels, pixels }, (found) => shown((value = found), labels.length));
    await job.result;
    return value;
  };
  const start = async (model) => {
    if (!counted.has(model.whole)) counted.set(model.whole, await run(model.whole, whole.counted));
    whole.counted(counted.get(model.whole));
    if (model.broken) await run(model, broken.counted);
    else broken.counted(counted.get(model.whole));
  };
  const count = (model, damage) => {
    if (last.damage === damage && last.whole === model.whole) return;
    last = { damage, whole: model.whole };
    stop();
    broken.waiting();
    timer = setTimeout(() => start(model).catch((error) => app.say(error.message)), QUIET);
  };
  return { count, stop };
}

/** What a worker needs of a model. */
function plain({ header, tensors, whole, ...model }) {
  return model;
}

function line(name) {
  const said = el("td"), share = el("span");
  const bar = el("progress", { max: 1, value: 0, "aria-label": `Share that the ${name} network reads rightly` });
  const view = el("tr", {}, el("th", { scope: "row" }, name), said, el("td", {}, share, bar));
  const answered = (model, { best, probabilities }) => {
    said.textContent = `${model.classes[best]}, ${percent(probabilities[best])}`;
  };
  const counted = ({ right, done }, all = done) => {
    share.textContent = done < all ? `${right} of ${done} so far` : `${right} right: ${percent(right / done)}`;
    bar.value = right / done;
  };
  const waiting = () => (share.textContent = "counting ...");
  return { view, answered, counted, waiting };
}
