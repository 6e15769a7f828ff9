// The answer beside the pad: the digit, or "?" with its reason; ten bars; and the limit, a line that one can drag.

import { REFUSAL } from "../core/reading.js";
import { el, percent } from "./dom.js";
import { change, state } from "./state.js";

/** The view of an answer; `show(now)` brings it up to date. */
export function verdict() {
  const digit = el("div", { id: "digit", "aria-hidden": "true" }), reason = el("p", { id: "reason", role: "status" });
  const bars = el("div", { class: "bars" }), view = el("div", { id: "answer" }, digit, bars, reason);
  const limit = el("input", {
    type: "range", min: 0, max: 1, step: 0.005, "aria-label": "Least score that is answered",
    title: "Drag: answers with a lower score are refused",
    oninput: () => change({ limit: limit.valueAsNumber }),
    ondblclick: () => change({ limit: null }),
  });
  let rows = [], names = "";
  const show = ({ model, answer }) => {
    if (model.classes.join() !== names) {
      names = model.classes.join();
      rows = model.classes.map(bar);
      bars.replaceChildren(...rows.map((row) => row.made), el("div", { class: "limit" }, limit));
    }
    const blank = answer.reason === REFUSAL.blank;
    rows.forEach((row, k) => row.show(blank ? 0 : answer.scores[k], !answer.reason && k === answer.best));
    limit.value = answer.limit;
    digit.textContent = answer.reason ? (answer.reason === "blank" ? "" : "?") : answer.digit;
    reason.textContent = model.broken && answer.reason !== "blank" ? `The broken network says: ${sentence(answer)}` : sentence(answer);
  };
  return { view, show };
}

function bar(name) {
  const fill = el("div", { class: "fill" }), share = el("span");
  const made = el("div", { class: "bar" }, el("span", {}, name), el("div", { class: "track" }, fill), share);
  const show = (score, best) => {
    fill.style.width = `${100 * score}%`;
    share.textContent = percent(score);
    made.classList.toggle("best", best);
  };
  return { made, show };
}

/** What a screen reader says of an answer, and what stands below the bars. */
export function sentence({ reason, digit, probability, none, limit }) {
  if (reason === "blank") return "Draw a digit: 0 to 9.";
  if (!reason) return `It is a ${digit}: ${percent(probability)} sure.`;
  const likeliest = `Likeliest: ${digit}, ${percent(probability)} of the digits.`;
  const why = state.limit === null ? `its limit for ${digit}` : "your limit";
  const unknown = `The score is below ${why} of ${percent(limit)}${none > 0.01 ? `; no digit at all: ${percent(none)}` : ""}.`;
  return `Not sure: ${reason}. ${reason === "not like any digit seen" ? unknown : ""} ${likeliest}`;
}
