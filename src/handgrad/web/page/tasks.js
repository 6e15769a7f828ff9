// What runs in a worker: name -> generator function of one argument, which yields progress and returns the result.

import { components, features } from "./core/similar.js";
import { occlusion, towards } from "./core/why.js";

export const TASKS = { components, features, occlusion, towards };
