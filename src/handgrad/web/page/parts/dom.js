// Elements, and pictures of numbers on them.

/**
 * Make an element.
 * @param {string} tag
 * @param {object} [properties] - properties and listeners (`onclick`); `class`, `aria-*`, `data-*` and `role` as attributes
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name in made && !name.startsWith("aria")) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A labelled slider: `changed(value)` at each move; `shown(value)` is the text beside it, which a screen reader says. */
export function slider(label, { min, max, step, value }, changed, shown = String) {
  const text = el("output");
  const tell = () => input.setAttribute("aria-valuetext", (text.textContent = shown(input.valueAsNumber)));
  const input = el("input", {
    type: "range", min, max, step, value,
    oninput: () => {
      tell();
      changed(input.valueAsNumber);
    },
  });
  tell();
  const made = el("label", { class: "slider" }, el("span", {}, label), input, text);
  return Object.assign(made, { input, set: (to) => ((input.value = to), tell()) });
}

/** A labelled switch: `changed(on)` at each change. */
export function toggle(label, on, changed) {
  const input = el("input", { type: "checkbox", checked: on, onchange: () => changed(input.checked) });
  return Object.assign(el("label", { class: "switch" }, input, el("span", {}, label)), { input });
}

/** A button. */
export function button(label, onclick, properties = {}) {
  return el("button", { type: "button", onclick, ...properties }, label);
}

/** A colour of the page's style, as [red, green, blue]; `name` is a variable such as "--ink". */
export function colour(name) {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
}

/** A canvas as tall and wide as an image, which style sheets enlarge without blur. */
export function tile(height, width, label) {
  return el("canvas", { height, width, class: "tile", role: "img", "aria-label": label ?? "" });
}

/**
 * Paint numbers as a picture: from the paper's colour at 0 to ink at the largest, or two colours for the two signs.
 * @param {HTMLCanvasElement} canvas - of the image's size
 * @param {ArrayLike<number>} values - (H, W), row by row
 * @param {{top?: number, signed?: boolean, start?: number, stride?: number}} [how] - the value that gets full colour;
 *   where an image's values begin, and how far apart they are
 */
export function paint(canvas, values, { top, signed = false, start = 0, stride = 1 } = {}) {
  const { width, height } = canvas, image = new ImageData(width, height);
  const [paper, ink, minus] = ["--tile", "--ink", "--minus"].map(colour), plus = signed ? colour("--plus") : ink;
  const full = top ?? largest(values, start, stride, width * height);
  for (let i = 0; i < width * height; i++) {
    const share = Math.min(Math.max(values[start + i * stride] / (full || 1), -1), 1), to = share < 0 ? minus : plus;
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = paper[c] + (to[c] - paper[c]) * Math.abs(share);
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function largest(values, start, stride, count) {
  let top = 0;
  for (let i = 0; i < count; i++) top = Math.max(top, Math.abs(values[start + i * stride]));
  return top;
}

/** A share as per cent: 0.0734 -> "7.3 %", 0.9996 -> "99.96 %"; less than all is never 100 %. */
export function percent(share) {
  const digits = share > 0.99 && share < 1 ? 2 : share > 0.0995 || share === 0 ? 0 : share > 0.01 ? 1 : 2;
  return `${(share < 1 ? Math.min(100 * share, 99.99) : 100).toFixed(digits)} %`;
}
