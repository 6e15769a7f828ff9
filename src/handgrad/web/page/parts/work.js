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
  const inbox = { messages: [], wake: () => {} };
  globalThis.onmessage = ({ data: { task, args, message } }) => {
    if (task) run(TASKS[task](args), inbox);
    else inbox.wake(inbox.messages.push(message));
  };
}

/**
 * Step a task, a generator, which gets at each step the messages that have come since. Where it yields an object with
 * `rest`, it rests for so many milliseconds, or until a message comes.
 */
async function run(job, inbox) {
  try {
    for (let step = job.next([]); ; step = job.next(inbox.messages.splice(0))) {
      postMessage({ value: step.value, done: step.done });
      if (step.done) return;
      await rest(step.value?.rest ?? 0, inbox);
    }
  } catch (error) {
    postMessage({ error: String(error.message ?? error) });
  }
}

function rest(milliseconds, inbox) {
  return new Promise((resolve) => {
    inbox.wake = () => setTimeout(resolve); // a message that came with this one is handled with it
    if (inbox.messages.length) inbox.wake();
    else if (milliseconds < Infinity) setTimeout(resolve, milliseconds);
  });
}
