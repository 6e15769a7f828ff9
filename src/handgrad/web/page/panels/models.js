// Models: which there are and what they consist of; a file of the user's own; two side by side on the same drawing.

import { countParameters, layersInWords } from "../core/describe.js";
import { verdicts } from "../core/judge.js";
import { readDrawing } from "../core/reading.js";
import { imageButton, judging } from "../parts/digits.js";
import { button, el, percent } from "../parts/dom.js";
import { fileButton } from "../parts/files.js";

export const panel = { id: "models", title: "Models", open, close };

const NOTED = 0.05; // difference of two probabilities that is pointed out
const SHOWN = 40; // digits on which two models differ that are on view, at most

let jobs = []; // the workers that look for differences

function close() {
  jobs.forEach((job) => job.stop());
  jobs = [];
}

function open(root, app) {
  const list = el("div", { class: "models-list" }), other = el("select", { id: "models-other" });
  const pair = el("div"), differ = el("div"), state = { second: null, names: "" };
  root.append(
    el("p", {}, "Choose the model that the page shows, or give a model file that handgrad wrote: drop it anywhere on the page. "
      + "Two models side by side show what one of them sees and the other does not."),
    el("div", { class: "row" }, fileButton("Choose a model file", app.take, { accept: ".safetensors" })),
    el("h3", {}, "Side by side"),
    el("div", { class: "row" }, el("label", { for: "models-other" }, "Compare with"), other), pair, differ,
    el("h3", {}, "All models"), list,
  );
  other.onchange = () => choose(other.value);
  const choose = async (name) => {
    state.second = await app.model(name);
    close();
    differ.replaceChildren(findButton(app, state, differ));
    compare(pair, app.now(), state.second, app);
  };
  return async (now) => {
    const names = [now.model.name, ...app.modelNames()].join("\n");
    if (names !== state.names) {
      state.names = names;
      const others = app.modelNames().filter((name) => name !== now.model.name);
      const second = others.includes(state.second?.name) ? state.second.name : others[0];
      other.replaceChildren(...others.map((name) => el("option", { value: name, selected: name === second }, name)));
      if (second) await choose(second);
      else pair.replaceChildren(el("p", { class: "muted" }, "There is no other model here: give a file."));
      const focused = list.contains(document.activeElement), models = await Promise.all(app.modelNames().map(app.model));
      list.replaceChildren(...models.map((model) => card(model, now, app)));
      if (focused) list.querySelector("[aria-pressed=true]").focus();
    } else if (state.second) compare(pair, now, state.second, app);
  };
}

function card(model, now, app) {
  const chosen = model.name === now.model.name, { classes, thresholds, temperature, bytes, header } = model;
  const least = Math.min(...thresholds), most = Math.max(...thresholds);
  const limits = least === most ? percent(least) : `${percent(least)} to ${percent(most)}, by digit`;
  const facts = [
    ["Layers", layersInWords(model.layers)],
    ["Parameters", countParameters(model.layers).toLocaleString("en")],
    ["File", `${(bytes / 1e6).toFixed(2)} MB`],
    ["Classes", `${classes.join(" ")}${model.layers.at(-1).outShape[0] > classes.length ? ", and none of them" : ""}`],
    ["Temperature", temperature.toFixed(3)],
    ["Answers from", most ? limits : "any score: it never refuses"],
    ["Digits", model.deskew ? "set upright first" : "as they lean"],
    ["Recipe", header.record?.recipe?.name ?? "unknown"],
  ];
  return el("article", { class: "models-card", "aria-current": chosen ? "true" : null },
    el("div", { class: "row" }, el("h3", {}, model.name),
      button(chosen ? "✓ on the page" : "Show on the page", () => app.change({ model: model.name, limit: null }), {
        "aria-pressed": String(chosen), "aria-label": chosen ? `${model.name} is on the page` : `Show ${model.name} on the page`,
      })),
    el("dl", {}, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])));
}

/** Both answers, and bars for each class side by side. */
function compare(root, { model, answer }, second, app) {
  const theirs = readDrawing(second, app.state.drawing, { steps: app.state.steps });
  if (answer.reason === "blank") return root.replaceChildren(el("p", { class: "models-verdict" }, "Draw a digit: 0 to 9."));
  const rows = model.classes.map((name, k) => ({ name, k, other: second.classes.indexOf(name) }));
  const apart = rows.map(({ k, other }) => Math.abs(answer.probabilities[k] - (theirs.probabilities[other] ?? 0)));
  const most = apart.indexOf(Math.max(...apart)), noted = apart[most] > NOTED;
  root.replaceChildren(
    el("p", { class: "models-verdict" },
      answer.digit === theirs.digit ? `Both think of a ${answer.digit}.` : `They differ: ${answer.digit} or ${theirs.digit}?`),
    el("div", { class: "scroll" }, el("table", { class: "models-pair" },
      el("caption", { class: "hidden" }, "Probability of each digit by both models"),
      el("thead", {}, el("tr", {}, ...["Digit", says(model, answer), says(second, theirs)].map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, ...rows.map(({ name, k, other }) => el("tr", { class: noted && k === most ? "models-apart" : "" },
        el("th", { scope: "row" }, name),
        el("td", {}, bar(answer.probabilities[k], k === answer.best)),
        el("td", {}, bar(theirs.probabilities[other] ?? 0, other === theirs.best))))))),
    el("p", { class: "muted" }, noted ? `They are furthest apart on ${rows[most].name}: by ${percent(apart[most])}.` : ""),
  );
}

function says({ name }, { reason, digit, probability }) {
  return `${name}: ${reason ? `? (${digit}, ${percent(probability)})` : `${digit}, ${percent(probability)}`}`;
}

function bar(share, best) {
  const fill = el("span", { class: "models-fill" });
  fill.style.width = `${100 * share}%`;
  return el("span", { class: `models-bar${best ? " models-best" : ""}` }, el("span", { class: "models-track" }, fill), percent(share));
}

function findButton(app, state, root) {
  const find = button("Find digits on which they differ", async () => {
    find.disabled = true;
    try {
      root.replaceChildren(...(await differences(app, app.now().model, state.second, (text) => (find.textContent = text))));
    } catch (error) {
      app.say(error.message);
    }
  });
  return find;
}

async function differences(app, first, second, tell) {
  const { valid: digits } = await app.digits();
  const done = [0, 0], n = digits.labels.length;
  jobs = [first, second].map((model, i) => judging(model, digits, null, (progress) => {
    done[i] = progress.done;
    tell(`Reading ${n} digits twice: ${Math.min(...done)} done`);
  }));
  const found = (await Promise.all(jobs.map((job) => job.result))).map((scores, i) => verdicts(scores, [first, second][i], null));
  const apart = found[0].map((_, i) => i).filter((i) => first.classes[found[0][i].best] !== second.classes[found[1][i].best]);
  const shown = apart.slice(0, SHOWN).map((i) => {
    const said = `${first.classes[found[0][i].best]} | ${second.classes[found[1][i].best]}`;
    return imageButton(digits.image(i), said, `Put this digit on the pad: ${said}`, () => app.load(digits.image(i)));
  });
  const names = apart.length ? `: ${first.name} | ${second.name}` : "";
  return [
    el("p", {}, `Of the ${n} stored validation digits they read ${apart.length} as different digits${names}.`),
    el("div", { class: "row" }, ...shown),
  ];
}
