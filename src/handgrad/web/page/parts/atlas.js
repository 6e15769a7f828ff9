// A canvas of many small pictures that one can point at and pick from, by pointer and by keyboard; see mosaic.js.

import { layoutOf, paintMosaic, placeAt, resize } from "./mosaic.js";
import { el } from "./dom.js";

const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const KEYS = "Arrow keys move by a pixel, with Shift by a tile";

/**
 * Make an atlas. It is painted while it is in sight.
 * @param {string} label
 * @param {{point?: (place: ?object) => void, pick?: (place: object, event: Event) => void, picks?: string}} [actions] -
 *   `point` is told the place under the pointer or of the keyboard, null when it leaves; `pick` that of a click, or of
 *   Enter, which does what `picks` says
 * @returns {{view: HTMLElement, show: (picture: object, over?: {mark?: object, box?: object}) => void}}
 */
export function atlas(label, { point, pick, picks = "" } = {}) {
  const alive = point || pick;
  const help = alive ? `${label}. ${KEYS}${picks ? `, Enter ${picks}` : ""}.` : label;
  const role = alive ? "application" : "img", tabIndex = alive ? 0 : null;
  const canvas = el("canvas", { class: "atlas", role, tabIndex, "aria-label": help, width: 1, height: 1 });
  const view = el("div", { class: "atlas-room" }, canvas);
  const now = { picture: null, over: {}, layout: null, room: 0, visible: false, stale: false, cursor: null };
  const draw = () => {
    if (!now.picture || !now.room) return;
    now.layout = layoutOf(now.picture, now.room);
    resize(canvas, now.layout);
    now.stale = !now.visible;
    if (now.stale) return;
    paintMosaic(canvas, now.picture, now.layout, { ...now.over, mark: now.cursor ?? now.over.mark });
  };
  new ResizeObserver(([{ contentRect }]) => {
    now.room = contentRect.width;
    draw();
  }).observe(view);
  new IntersectionObserver((entries) => {
    now.visible = entries.at(-1).isIntersecting;
    if (now.visible && now.stale) draw();
  }, { rootMargin: "100px" }).observe(view);
  const move = (place) => {
    now.cursor = place;
    draw();
    point?.(place);
  };
  if (alive) {
    byPointer(canvas, now, move, pick);
    byKeyboard(canvas, now, move, pick);
  }
  return { view, show: (picture, over = {}) => (Object.assign(now, { picture, over }), draw()) };
}

function byPointer(canvas, now, move, pick) {
  const placed = (event) => {
    const box = canvas.getBoundingClientRect();
    return now.layout && placeAt(now.picture, now.layout, event.clientX - box.left, event.clientY - box.top);
  };
  const same = (a, b) => a === b || (a && b && a.unit === b.unit && a.y === b.y && a.x === b.x);
  canvas.addEventListener("pointermove", (event) => {
    const place = placed(event);
    if (!same(place, now.cursor)) move(place);
  });
  canvas.addEventListener("pointerleave", () => move(null));
  canvas.addEventListener("click", (event) => {
    const place = placed(event);
    if (place) pick?.(place, event);
  });
}

function byKeyboard(canvas, now, move, pick) {
  canvas.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (step && now.layout) move(moved(now, step, event.shiftKey));
    else if ((event.key === "Enter" || event.key === " ") && now.cursor) pick?.(now.cursor, event);
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && move(now.over.mark ?? { unit: 0, y: 0, x: 0 }));
  canvas.addEventListener("blur", () => move(null));
}

/** The place a step beside the cursor; beyond a tile's edge, in the tile beside it. */
function moved({ picture: { units, height, width, bars }, layout: { perRow }, cursor }, [down, right], byTile) {
  const { unit, y, x } = cursor ?? { unit: 0, y: 0, x: 0 };
  const high = bars ? 1 : height, wide = bars ? 1 : width;
  const toY = y + (byTile ? down * high : down), toX = x + (byTile ? right * wide : right);
  const next = unit + Math.floor(toY / high) * perRow + Math.floor(toX / wide);
  return next < 0 || next >= units ? { unit, y, x } : { unit: next, y: (toY + high) % high, x: (toX + wide) % wide };
}
