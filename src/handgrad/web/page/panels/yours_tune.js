// Your digits at a server: it teaches them to a model, and tells how far it is and what came of it.

import { imageOf } from "../core/strokes.js";
import { ask } from "../parts/ask.js";
import { save } from "../parts/copy.js";
import { button, el, percent } from "../parts/dom.js";

const PAUSE = 1000; // milliseconds between two questions how far it is
export const ENOUGH = 10; // digits that a tuning wants at least

/**
 * The part of the panel in which the server tunes.
 * @returns {{view: HTMLElement, show: (digits: {label: string, drawing: object}[]) => void, close: () => void}}
 */
export function tuner(app) {
  const view = el("div", { class: "yours-tune" });
  let timer = 0, digits = [], drawn = "", bar = null;
  const model = () => (app.settings().models.includes(app.state.model) ? app.state.model : app.settings().models[0]);
  const question = async (options) => {
    clearTimeout(timer);
    try {
      const state = await (await ask("api/tune", options)).json();
      if (state.state === "running" && view.isConnected) timer = setTimeout(question, PAUSE);
      draw(state);
    } catch (error) {
      app.say(error.message);
    }
  };
  const begin = () => asked(ask(`api/tune?model=${encodeURIComponent(model())}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(bodyOf(digits)),
  }));
  const asked = (reply) => reply.then(() => question(), (error) => app.say(error.message));
  const draw = (state) => {
    if (state.state === "running" && drawn === "running") return (bar.value = state.done);
    drawn = state.state;
    bar = el("progress", { max: 1, value: state.done ?? 0, "aria-label": "Steps of the tuning" });
    view.replaceChildren(...(state.state === "running" ? running(state, bar, () => question({ method: "DELETE" })) : [
      el("h3", {}, "Teach them to a model"), ...ended(state, app), beginButton(digits, model(), begin)]));
  };
  const show = (collected) => {
    digits = collected;
    question();
  };
  return { view, show, close: () => clearTimeout(timer) };
}

function bodyOf(digits) {
  const oldest = [...digits].reverse(); // as in the archive
  return { pixels: oldest.map(({ drawing }) => [...imageOf(drawing, [28, 28])]), labels: oldest.map(({ label }) => label) };
}

function beginButton(digits, model, begin) {
  const missing = ENOUGH - digits.length;
  return el("div", { class: "row" },
    button(`Teach ${digits.length} digits to ${model}`, begin, { disabled: missing > 0 }),
    el("span", { class: "muted" }, missing > 0 ? `${ENOUGH} or more are needed: ${missing} to go.` : "It takes a minute or more."));
}

function running({ model, digits }, bar, end) {
  return [
    el("h3", { tabIndex: -1 }, `${model} learns ${digits} digits`),
    el("p", {}, "The server trains it on them, mixed with MNIST's so that nothing is forgotten. Go on drawing meanwhile."),
    el("div", { class: "row" }, bar, button("End it", end)),
  ];
}

/** What the latest tuning has brought. */
function ended({ state, model, tuned, own, mnist, held, detail }, app) {
  if (state === "failed") return [el("p", { role: "status" }, `${model} has learnt nothing: ${detail}`)];
  if (state === "stopped") return [el("p", { role: "status" }, `The tuning of ${model} was ended; nothing has changed.`)];
  if (state !== "done") return [];
  const row = (name, shares) => el("tr", {}, el("th", { scope: "row" }, name), ...shares.map((share) => el("td", {}, percent(share))));
  const use = async () => {
    await app.reload(tuned).catch((error) => app.say(error.message));
    app.change({ model: tuned, limit: null });
  };
  const keep = () => ask(`models/${tuned}.safetensors`).then((reply) => reply.blob())
    .then((blob) => save(blob, `${tuned}.safetensors`), (error) => app.say(error.message));
  return [
    el("p", { role: "status" }, `${model} has learnt: what came of it is called ${tuned}.`),
    el("table", { class: "yours-shares" },
      el("caption", { class: "hidden" }, "Digits read right before and after"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Read right"), el("th", { scope: "col" }, "before"), el("th", { scope: "col" }, "after"))),
      el("tbody", {}, row(`${held} of your digits, kept back`, own), row("MNIST's validation digits", mnist))),
    el("div", { class: "row" }, button(`Use ${tuned}`, use), button("Save it as a file", keep)),
  ];
}
