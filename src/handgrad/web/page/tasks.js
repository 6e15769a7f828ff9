// What runs in a worker: name -> generator function of one argument, which yields progress and returns the result.

import { accuracy } from "./core/accuracy.js";
import { train } from "./core/trainer.js";

export const TASKS = { train, accuracy };
