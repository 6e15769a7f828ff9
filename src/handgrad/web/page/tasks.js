// What runs in a worker: name -> generator function of one argument, which yields progress and returns the result.

import { occlusion, towards } from "./core/why.js";

export const TASKS = { occlusion, towards };
