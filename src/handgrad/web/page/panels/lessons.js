// Lessons: what there is to learn, and where one left off.

import { LESSONS } from "../lessons.js";
import { begin } from "../parts/lesson.js";
import { button, el } from "../parts/dom.js";

export const panel = { id: "lessons", title: "Lessons", open };

function open(root) {
  const rows = LESSONS.map((lesson) => el("li", {},
    el("h3", {}, lesson.title),
    el("p", {}, lesson.about),
    button(`Begin: ${lesson.steps.length} steps`, () => begin(lesson, 1), { "aria-label": `Begin ${lesson.title}` }),
  ));
  root.append(
    el("p", {}, "Each lesson has something that goes wrong, something that goes right, and a check whether you have seen it. "
      + "Its link can be passed on; #hide=break,why in a link hides panels."),
    el("ol", { class: "lessons" }, ...rows),
  );
}
