// From a drawing to an answer: what `handgrad predict` says of a picture, for the pad.

import { answer } from "./model.js";
import { extent } from "./fit.js";
import { pieces } from "./pieces.js";
import { SIDE, inkOf, imageOf, isBlank } from "./strokes.js";

const LEAST_SIDE = 12; // pixels of the ink's longer side: a smaller one is a dot of the pen
const INKED = 0.3; // what counts as ink where pieces are told apart
const DIGIT_HEIGHT = 0.6; // a piece beside another is a second digit from this share of the tallest one's height on

/** The reasons for which an answer is refused, as Python's `Refusal` has them. */
export const REFUSAL = {
  blank: "blank",
  little: "too little ink",
  two: "two digits",
  unknown: "not like any digit seen",
};

/**
 * Read a drawing.
 * @param {Model} model
 * @param {object} drawing
 * @param {{steps?: object, limit?: ?number, inside?: boolean}} [options] - steps of `fit` left out; the least score that
 *   is answered, in place of the model's; whether each layer's values are kept
 * @returns {object} `answer`'s fields, and pixels, digit, probability, limit, reason (null where it is answered)
 */
export function readDrawing(model, drawing, { steps = {}, limit = null, inside = false } = {}) {
  const pixels = imageOf(drawing, model.inShape.slice(0, 2), steps);
  const found = answer(model, pixels, inside);
  const least = limit ?? model.thresholds[found.best];
  const unknown = found.scores[found.best] < least ? REFUSAL.unknown : null;
  return {
    ...found,
    pixels,
    digit: model.classes[found.best],
    probability: found.probabilities[found.best],
    limit: least,
    reason: doubt(drawing) ?? unknown,
  };
}

/** Why a drawing is not a single digit, or null. */
function doubt(drawing) {
  if (isBlank(drawing)) return REFUSAL.blank;
  if (!drawing.strokes.length) return null;
  const ink = inkOf(drawing), box = extent(ink, [SIDE, SIDE], INKED);
  if (!box || Math.max(box.bottom - box.top, box.right - box.left) < LEAST_SIDE) return REFUSAL.little;
  return sideBySide(pieces(ink, [SIDE, SIDE], INKED)) ? REFUSAL.two : null;
}

function sideBySide(found) {
  const tallest = Math.max(...found.map((piece) => piece.bottom - piece.top));
  const tall = found.filter((piece) => piece.bottom - piece.top > DIGIT_HEIGHT * tallest);
  tall.sort((a, b) => a.left - b.left);
  return tall.some((piece, i) => i > 0 && piece.left > tall[i - 1].right);
}
