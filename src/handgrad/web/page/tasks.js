// What runs in a worker: name -> generator function of one argument, which yields progress and returns the result.

import { judge } from "./core/judge.js";
import { digitsOfPicture } from "./core/picture_ink.js";
import { components, features } from "./core/similar.js";
import { train } from "./core/trainer.js";
import { occlusion, towards } from "./core/why.js";

export const TASKS = { train, components, features, occlusion, towards, judge, picture: digitsOfPicture };
