// The confusion matrix: how often each digit was answered as which.

import { button, el } from "./dom.js";

/**
 * A table with a button in each cell that counts any.
 * @param {{best: number, refused: boolean}[]} found - for each image
 * @param {ArrayLike<number>} labels
 * @param {string[]} classes
 * @param {?{row: number, column: number}} chosen - the cell that is open; the last column is of what is refused
 * @param {(cell: {row: number, column: number}) => void} choose
 */
export function table(found, labels, classes, chosen, choose) {
  const known = classes.length, counts = classes.map(() => new Uint32Array(known + 1));
  found.forEach(({ best, refused }, i) => counts[labels[i]][refused ? known : best]++);
  const most = Math.max(...counts.map((row) => row.reduce((a, b) => a + b, 0)), 1);
  const made = el("table", { class: "test-confusion" },
    el("caption", { class: "hidden" }, "Rows: the digit written. Columns: the answer."),
    el("thead", {}, el("tr", {}, el("td"), ...[...classes, "?"].map((name) => el("th", { scope: "col" }, name)))));
  const press = (cell, pressed) => {
    made.querySelectorAll("[aria-pressed=true]").forEach((other) => other.setAttribute("aria-pressed", "false"));
    pressed.setAttribute("aria-pressed", "true");
    choose(cell);
  };
  const cellOf = (row, column) => {
    const count = counts[row][column], name = column === known ? "refused" : `read as ${classes[column]}`;
    if (!count) return el("td", {}, el("span", { class: "muted" }, "·"));
    const shown = button(String(count), () => press({ row, column }, shown), {
      "aria-label": `${classes[row]} ${name}: ${count}`, "aria-pressed": String(chosen?.row === row && chosen?.column === column),
    });
    shown.style.setProperty("--share", `${Math.round((100 * count) / most)}%`);
    return el("td", { class: row === column ? "right" : column === known ? "refused" : "wrong" }, shown);
  };
  made.append(el("tbody", {}, ...classes.map((name, row) => el("tr", {},
    el("th", { scope: "row" }, name), ...Array.from({ length: known + 1 }, (_, column) => cellOf(row, column))))));
  return made;
}
