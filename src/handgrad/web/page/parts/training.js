// The training behind the panel Learn: it runs in a worker, and goes on from where it was when the panel is opened again.

import { firstWeights } from "../core/training.js";
import { allSizes } from "../core/trainer.js";

const MOST_POINTS = 600; // of the curves; where there are more, every second one goes

let current = null;

/** End the training that there is. */
export function endTraining() {
  current?.stop();
  current = null;
}

/** The training that there is, or null: recipe, seed, first (weights), last (snapshot), history, `send` and `stop`. */
export const training = () => current;

/**
 * Begin a training; one that there was is stopped.
 * @param {object} app
 * @param {object} recipe - all settings
 * @param {() => void} onSnapshot - called at each snapshot; it may be set anew
 */
export async function begin(app, recipe, onSnapshot) {
  current?.stop();
  const made = { recipe, seed: app.state.seed, history: [], last: null, onSnapshot, send: () => {}, stop: () => {} };
  current = made;
  try {
    const { train, valid } = await app.digits();
    if (current === made) await start(app, made, copied(train), copied(valid));
  } catch (error) {
    app.say(error.message);
  }
}

/** Pixels and labels without the buffer that they are a part of. */
const copied = ({ pixels, labels }) => ({ pixels: pixels.slice(), labels: labels.slice() });

function start(app, made, train, valid) {
  const { recipe, seed } = made; // settings may have changed since it was begun
  const job = app.work("train", { train, valid, recipe, seed }, (value) => receive(app, made, value));
  made.first = firstWeights(allSizes(recipe.sizes), recipe.init, seed);
  Object.assign(made, { send: job.send, stop: job.stop });
  return job.result;
}

function receive(app, made, snapshot) {
  if (made !== current) return;
  const { step, train, valid, norms, dead } = snapshot;
  while (made.history.length && made.history.at(-1).step >= step) made.history.pop(); // it went back
  made.history.push({ step, train, valid, norms, dead });
  if (made.history.length > MOST_POINTS) made.history = made.history.filter((_, i) => i % 2 === 0 || i === made.history.length - 1);
  made.last = snapshot;
  made.onSnapshot();
  app.noticed();
}
