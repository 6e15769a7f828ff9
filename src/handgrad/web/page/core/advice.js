// What goes wrong in a training, and the cure.

import { CLASSES } from "./trainer.js";

const GUESSING = Math.log(CLASSES); // the loss of one who knows nothing: log 10 = 2.30
const PATIENCE = 150; // steps after which something should have been learnt
const LEARNT = 0.1; // how much the loss has to have fallen by then
const FADED = 0.02; // a gradient norm below this share of the last layer's is next to nothing
const MANY_DEAD = 0.5; // share of dead units that is worth a word
const GAP = 0.06; // by which training accuracy exceeds validation accuracy where a network overfits

/**
 * The most pressing thing to say of a training, or null.
 * @param {object} snapshot - see trainer.js
 * @param {object} recipe - see recipe.js
 * @returns {?{kind: string, text: string}}
 */
export function advice(snapshot, recipe) {
  for (const check of [diverged, dead, stuck, mostlyDead, overfits]) {
    const text = check(snapshot, recipe);
    if (text) return { kind: check.name, text };
  }
  return null;
}

function diverged({ diverged: is, step }, { rate, init }) {
  if (!is) return null;
  const why = `Diverged at step ${step}: the loss grew without bound, as each step went too far.`;
  if (init === "large") return `${why} The first weights are too large: start with He's weights.`;
  return `${why} Press Back, lower the learning rate from ${rate} to ${Number((rate / 10).toPrecision(1))}, and go on.`;
}

function dead({ dead: shares, step }, { init }) {
  if (init === "zero") return zero(step);
  const layer = shares.findIndex((share) => share === 1) + 1;
  return layer
    ? `All units of layer ${layer} are dead: they answer 0 to every digit, so no gradient gets through and nothing more is learnt. ${revival(init)}.`
    : null;
}

function mostlyDead({ dead: shares }, { init }) {
  const layer = shares.findIndex((share) => share >= MANY_DEAD) + 1;
  return layer ? `Half of the units of layer ${layer} or more are dead: they answer 0 to every digit and learn no more. ${revival(init)}.` : null;
}

const revival = (init) => (init === "he" ? "Lower the learning rate and restart" : "Start with He's weights");

function zero(step) {
  const start = "All weights are 0: every unit answers 0, and the gradient of every weight is 0";
  return step ? `${start}, so only the last biases learn. Start with He's weights.` : `${start}. Press Start and see that nothing is learnt.`;
}

function stuck({ step, train, firstLoss, norms }, { init, rate }) {
  if (step < PATIENCE || train.loss < Math.min(firstLoss, GUESSING) - LEARNT) return null;
  if (init === "small" && norms[0] < FADED * norms.at(-1)) {
    return "The first weights are too small: signals and gradients fade from layer to layer (see the gradient norms), and hardly anything is learnt. Start with He's weights.";
  }
  if (init === "large") return "The first weights are too large: the outputs are huge, and so are the steps. Start with He's weights.";
  return `The loss has hardly fallen. The learning rate (${rate}) may be too small: try ${Number((rate * 10).toPrecision(1))}${rate >= 0.1 ? ", or a smaller one if the loss jumps" : ""}.`;
}

function overfits({ step, train, valid }, { dropout }) {
  if (step < PATIENCE || train.accuracy - valid.accuracy < GAP) return null;
  const cure = dropout ? "More training digits would help: 2,000 are few." : "Try dropout.";
  return `The network knows the digits it learns from better than new ones: it overfits. ${cure}`;
}
