// The words of the panel Inside: names of units and places, numbers, and how a step came to its value.

const LEAST = 0.001, MOST = 1000; // sizes of numbers that are written without an exponent

/** A number in three digits, with a true minus sign. */
export function number(value) {
  const size = Math.abs(value), plain = value === 0 || (size >= LEAST && size < MOST);
  const text = value === 0 ? "0" : plain ? value.toPrecision(3) : value.toExponential(1);
  return text.replaceAll("-", "\u2212");
}

/** The names of the units of a block: the classes for the last one, else numbers from 0. */
export function unitNames({ model, blocks }, block) {
  const { classes } = model, units = blocks[block].steps.at(-1).shape.at(-1);
  const answers = block === blocks.length - 1 && units - classes.length in [0, 1];
  return Array.from({ length: units }, (_, unit) => (answers ? (classes[unit] ?? "none") : String(unit)));
}

/** What a unit is called: a channel of an image, an answer, or a unit. */
export function unitName(inside, block, unit) {
  const { steps } = inside.blocks[block], names = unitNames(inside, block);
  if (steps[0].shape.length === 3) return block === 0 && names.length === 1 ? "pixel" : `channel ${unit}`;
  return names[unit] === String(unit) && block < inside.blocks.length - 1 ? `unit ${unit}` : `output ${names[unit]}`;
}

/** A shape as "12x12x16". */
export function shapeText(shape) {
  return shape.join("x");
}

/** A box of pixels in words: "9x9 pixels, rows 3 to 11, columns 4 to 12". */
export function boxText({ top, left, bottom, right }) {
  const high = bottom - top, wide = right - left;
  if (high === 1 && wide === 1) return `1 pixel, row ${top}, column ${left}`;
  return `${high}x${wide} pixels, rows ${top} to ${bottom - 1}, columns ${left} to ${right - 1}`;
}

/** How a step came to its value, in words and numbers; null for the step that is told as a sum. */
export function stepText({ step: { name }, input, value, how }) {
  const is = number(value);
  if (name === "BatchNorm") {
    return `(${number(input)} \u2212 mean ${number(how.mean)}) / deviation ${number(how.deviation)} \u00d7 gamma `
      + `${number(how.gamma)} + beta ${number(how.beta)} = ${is}`;
  }
  if (name === "MaxPool") return `the largest of ${how.four.map(number).join(", ")} = ${is}`;
  if (name === "ReLU") return `${number(input)} is ${input > 0 ? "above 0 and stays" : "not above 0"}: ${is}`;
  if (name === "Flatten") return `the same number, in a row with all others: ${is}`;
  if (name === "Dropout") return `drops units in training alone: ${is}`;
  return null;
}
