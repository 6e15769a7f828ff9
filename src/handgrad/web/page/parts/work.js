// Long computations in a Web Worker, which runs the page's own code: see tasks.js.

import { TASKS } from "../tasks.js";

/**
 * Start a task in a worker.
 * @param {string} task - a name in `TASKS`
 * @param {object} args - plain values and typed arrays
 * @param {(value: any) => void} [onValue] - called with each value that the task yields
 * @returns {{result: Promise<any>, send: (message: any) => void, stop: () => void}} `send` hands the task a message;
 *   after `stop`, the result never comes
 */
export function work(task, args, onValue = () => {}) {
  const code = document.getElementById("code").textContent;
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(url);
  const stop = () => {
    worker.terminate();
    URL.revokeObjectURL(url);
  };
  const result = new Promise((resolve, reject) => {
    worker.onmessage = ({ data: { value, done, error } }) => {
      if (error) reject(new Error(error));
      else if (done) resolve(value);
      else onValue(value);
      if (error || done) stop();
    };
    worker.onerror = (event) => reject(new Error(event.message));
  });
  worker.postMessage({ task, args });
  return { result, send: (message) => worker.postMessage({ message }), stop };
}

/** Serve tasks: what the page's code does inside a worker. */
export function serveTasks() {
  const messages = [];
  globalThis.onmessage = ({ data: { task, args, message } }) => {
    if (task) run(TASKS[task](args), messages);
    else messages.push(message);
  };
}

/** Step a task, a generator, which gets at each step the messages that have come since. */
async function run(job, messages) {
  try {
    for (let step = job.next([]); ; step = job.next(messages.splice(0))) {
      postMessage({ value: step.value, done: step.done });
      if (step.done) return;
      await new Promise((resolve) => setTimeout(resolve)); // messages come in meanwhile
    }
  } catch (error) {
    postMessage({ error: String(error.message ?? error) });
  }
}
