// What runs in a worker: name -> generator function of one argument, which yields progress and returns the result.

import { judge } from "./core/judge.js";
import { digitsOfPicture } from "./core/picture_ink.js";

export const TASKS = { judge, picture: digitsOfPicture };
