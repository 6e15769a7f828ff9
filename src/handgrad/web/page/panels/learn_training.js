// The training behind the panel: it runs in a worker, and goes on from where it was when the panel is opened again.

import { firstWeights } from "../core/training.js";
import { allSizes } from "../core/trainer.js";

const MOST_POINTS = 600; // of the curves; where there are more, every second one goes

let current = null;

/** The training that there is, or null. */
export const training = () => current;

/**
 * Begin a training; one that there was is stopped.
 * @param {object} app
 * @param {object} recipe - all settings
 * @param {() => void} onSnapshot - called at each snapshot; `training().onSnapshot` may be set anew
 */
export async function begin(app, recipe, onSnapshot) {
  current?.stop();
  const made = { recipe, seed: app.state.seed, history: [], last: null, onSnapshot, send: () => {}, stop: () => {} };
  current = made;
  const { train, valid } = await app.digits();
  if (current !== made) return;
  const images = ({ pixels, labels }) => ({ pixels: pixels.slice(), labels: labels.slice() });
  const job = app.work("train", { train: images(train), valid: images(valid), recipe, seed: made.seed }, (value) => receive(made, value));
  job.result.catch((error) => app.say(error.message));
  made.first = firstWeights(allSizes(recipe.sizes), recipe.init, made.seed);
  Object.assign(made, { send: job.send, stop: job.stop });
}

function receive(made, snapshot) {
  if (made !== current) return;
  const { step, train, valid, norms, dead } = snapshot;
  while (made.history.length && made.history.at(-1).step >= step) made.history.pop(); // it went back
  made.history.push({ step, train, valid, norms, dead });
  if (made.history.length > MOST_POINTS) made.history = made.history.filter((_, i) => i % 2 === 0 || i === made.history.length - 1);
  made.last = snapshot;
  made.onSnapshot();
}
