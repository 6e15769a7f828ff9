// Photo: a picture with a box around each digit in reading order, the text to copy; each box goes to the pad.

import { verdicts } from "../core/judge.js";
import { REFUSAL } from "../core/reading.js";
import { copyButton } from "../parts/copy.js";
import { judging } from "../parts/digits.js";
import { button, el, percent } from "../parts/dom.js";
import { fileButton } from "../parts/files.js";

export const panel = { id: "photo", title: "Photo", open, close };

const EMPTY = "Give a picture with digits on it: photographed, scanned or drawn elsewhere. Each digit that is found gets "
  + "a box; tap one, and it comes to the pad, so that all panels show it.";
const FULL = "Tap a box: its digit comes to the pad, and all panels show it. A dashed box with a question mark was refused.";

let job = null; // the worker that reads

function close() {
  job?.stop();
  job = null;
}

function open(root, app) {
  let shown, reader; // the photo that is shown, and the model that read it
  return async ({ model }) => {
    const photo = app.photo();
    if (photo === shown && (!photo || photo.served || model === reader)) return;
    [shown, reader] = [photo, model];
    close();
    if (!photo) return root.replaceChildren(...empty(app));
    const lines = photo.served ? photo.lines.filter((line) => line.length) : await readHere(photo.lines, model);
    if (photo === shown && model === reader) root.replaceChildren(...view(photo, lines, app));
  };
}

/** What the page's model says of each digit, in the form of the server's answers. */
async function readHere(lines, model) {
  const all = lines.flat(), pixels = new Uint8Array(all.length * 784);
  all.forEach(({ image }, i) => pixels.set(image(), 784 * i));
  job = judging(model, { pixels, labels: new Uint8Array(all.length) });
  const found = verdicts(await job.result, model, null);
  let i = 0;
  return lines.map((line) => line.map((answer) => {
    const { best, probability, refused } = found[i++], digit = model.classes[best];
    return { ...answer, digit, probability, reason: refused ? REFUSAL.unknown : null, text: refused ? "?" : digit };
  }));
}

function empty(app) {
  return [el("p", {}, EMPTY), el("div", { class: "row" }, fileButton("Choose a picture", app.take, { accept: "image/*" }))];
}

function view(photo, lines, app) {
  const chosen = marker();
  const choose = (answer) => {
    const image = answer.image();
    if (!image) return app.say("This digit cannot be cut out here: the browser does not show the picture, or finds no ink in the box.");
    app.load(image);
    chosen.mark(answer);
  };
  const picture = photo.canvas ? pictureOf(photo, lines, choose, chosen) : null;
  const rows = lines.map((line, i) => el("div", { class: "row", role: "group", "aria-label": `Line ${i + 1}` },
    ...line.map((answer, k) => chosen.add(answer, button(nameOf(answer), () => choose(answer), {
      "aria-label": spoken(answer, i, k), "aria-pressed": "false", class: answer.reason ? "photo-refused" : "",
    })))));
  chosen.mark(lines.flat().find(({ image }) => image === photo.largest));
  const text = photo.served ? photo.text : lines.map((line) => line.map(nameOf).join("")).join("\n");
  const limits = el("p", { class: "muted" }, "Read in this page, each group of ink as a digit. Digits that touch, ",
    "signs and forms are read by the page that ", el("code", {}, "handgrad serve"), " opens.");
  return [
    el("p", {}, FULL), picture, photo.served ? null : limits,
    el("h3", {}, "The digits, line by line"), ...rows, textOf(text, app),
  ].filter(Boolean);
}

/** Keeps which answer is on the pad, and marks all elements that stand for it. */
function marker() {
  const made = new Map();
  return {
    add: (answer, element) => (made.set(element, answer), element),
    mark: (answer) => made.forEach((of, element) => element.setAttribute("aria-pressed", String(of === answer))),
  };
}

function pictureOf(photo, lines, choose, chosen) {
  const { canvas, name } = photo, { width, height } = canvas;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${name}, with a box around each digit`);
  const frame = el("div", { class: "photo-frame" }, canvas);
  frame.style.maxWidth = `${Math.max(width, 320)}px`;
  frame.style.aspectRatio = `${width} / ${height}`;
  lines.flat().forEach((answer) => {
    // The buttons below do the same: the boxes are for the mouse and the finger.
    const box = button(el("span", {}, nameOf(answer)), () => choose(answer), {
      class: `photo-box${answer.reason ? " photo-refused" : ""}`, tabIndex: -1, "aria-hidden": "true",
    });
    const [left, top, wide, high] = answer.box, share = (value, of) => `${(100 * value) / of}%`;
    const place = { left: share(left, width), top: share(top, height), width: share(wide, width), height: share(high, height) };
    Object.assign(box.style, place);
    frame.append(chosen.add(answer, box));
  });
  return frame;
}

/** What stands at a box: its digit, its sign, or "?". */
function nameOf({ text, sign, reason }) {
  return text || sign || (reason ? "?" : "");
}

function spoken({ reason, sign, digit, probability }, i, k) {
  const likeliest = probability ? `${digit}, ${percent(probability)}` : "none";
  const said = sign || (reason ? `refused, ${reason}; likeliest ${likeliest}` : likeliest);
  return `Line ${i + 1}, ${k + 1}: ${said}`;
}

function textOf(written, app) {
  const text = el("textarea", { id: "photo-text", readOnly: true, rows: written.split("\n").length, value: written });
  return el("div", {}, el("h3", {}, el("label", { for: "photo-text" }, "Text")), text,
    el("div", { class: "row" }, copyButton("Copy the text", () => written, app)));
}
