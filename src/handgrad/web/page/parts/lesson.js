// The lesson that is open: its step, above the panels, with a mark when it is done.

import { LESSONS } from "../lessons.js";
import { button, el } from "./dom.js";
import { change, fromLink, state } from "./state.js";
import { endTraining } from "./training.js";

/** {lesson, number} of the state's lesson, as "rate.2"; null where there is none. */
export function openLesson() {
  const [id, step] = state.lesson.split("."), lesson = LESSONS.find((each) => each.id === id);
  if (!lesson) return null;
  return { lesson, number: Math.min(Math.max(Number(step) || 1, 1), lesson.steps.length) };
}

/** Open a lesson's step, with the state that it begins with. */
export function begin(lesson, number) {
  const set = fromLink(lesson.steps[number - 1].set ?? "");
  if (set.learn) endTraining(); // the step asks for a new one
  change({ ...set, lesson: `${lesson.id}.${number}` });
}

/** Close the lesson. */
export function leave() {
  change({ lesson: "", panel: "lessons" });
}

/**
 * The view of the lesson that is open; `show(seen)` brings it up to date, where `seen` is what a step's `done` gets.
 */
export function lessonBar() {
  const view = el("section", { class: "lesson", "aria-label": "Lesson" });
  let shown = "", done = false, parts = null;
  const show = (seen) => {
    const found = openLesson(), key = found ? `${found.lesson.id}.${found.number}` : "";
    view.hidden = !found;
    if (key !== shown) {
      shown = key;
      done = false;
      parts = found && build(view, found);
    }
    if (!found || done || !found.lesson.steps[found.number - 1].done(seen)) return;
    done = true;
    parts.tell();
  };
  return { view, show };
}

function build(view, { lesson, number }) {
  const step = lesson.steps[number - 1], last = number === lesson.steps.length;
  const told = el("p", { role: "status", class: "lesson-done" });
  const next = button(last ? "Finish" : "Next", () => (last ? leave() : begin(lesson, number + 1)));
  const back = button("Back", () => begin(lesson, number - 1), { disabled: number === 1 });
  view.replaceChildren(
    el("h2", {}, `${lesson.title}: step ${number} of ${lesson.steps.length}`),
    el("p", {}, step.text),
    told,
    el("div", { class: "row" }, back, next, button("Leave the lesson", leave)),
  );
  const tell = () => {
    told.textContent = last ? "\u2713 Done. That was the lesson." : "\u2713 Done. Go on when you like.";
    next.classList.add("lesson-next");
  };
  return { tell };
}
