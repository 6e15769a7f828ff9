// What runs in a worker: name -> generator function of one argument, which yields progress and returns the result.

import { accuracy } from "./core/accuracy.js";

export const TASKS = { accuracy };
