// Files that the user gives: dropped anywhere, pasted, chosen or photographed.

import { el } from "./dom.js";

/** A button that asks for files: `take(file)` for each. `properties` are those of the input. */
export function fileButton(label, take, properties = {}) {
  const input = el("input", {
    type: "file", class: "hidden",
    onchange: async () => {
      await takeEach(input.files, take);
      input.value = ""; // so that the same file can be chosen again
    },
    ...properties,
  });
  return el("label", { class: "file" }, label, input);
}

/** Take files that are dropped on the page or pasted. */
export function takeDropped(take) {
  const mark = (over) => document.getElementById("pad").classList.toggle("over", over);
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    mark(true);
  });
  addEventListener("dragleave", (event) => event.relatedTarget || mark(false));
  addEventListener("drop", (event) => {
    mark(false);
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    takeEach(event.dataTransfer.files, take);
  });
  addEventListener("paste", (event) => takeEach(event.clipboardData?.files ?? [], take));
}

async function takeEach(files, take) {
  for (const file of [...files]) await take(file);
}
