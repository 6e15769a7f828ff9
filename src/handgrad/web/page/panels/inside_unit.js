// One channel or unit: its output, its weights as images, and one of its values as the sum that made it.

import { IMAGE, indexOf, silencedAt, sizeOf } from "../core/blocks.js";
import { traced } from "../core/terms.js";
import { el } from "../parts/dom.js";
import { comparison } from "./inside_compare.js";
import { stepButtons } from "./inside_layer.js";
import { sumView } from "./inside_sum.js";
import { weightsView } from "./inside_weights.js";
import { number, stepText, unitName } from "./inside_words.js";

const SIDE = 168, BAR = { bars: 72, scale: 44 }; // CSS pixels

const SUMMED = {
  GlobalAveragePool: "the mean of the channel",
  Residual: "its input plus what the layers inside made of it",
  Ensemble: "the logarithm of the mean of its members' probabilities",
};

/** The view; `show()` brings it up to date. */
export function unitView(inside) {
  const { at, blocks } = inside, { title, path, steps: all } = blocks[at.block];
  const steps = all.slice(0, all.indexOf(silencedAt(blocks[at.block])) + 1); // flattened, a channel is no unit any more
  let step = Math.min(at.step ?? steps.length, steps.length - 1), place = at.place ?? { unit: at.unit, y: 0, x: 0 };
  const choose = (to) => {
    place = { ...to, unit: at.unit };
    inside.keep({ ...inside.at, step, place });
    show();
  };
  const output = comparison(inside, `${title}, ${unitName(inside, at.block, at.unit)}`, {
    point: (to) => inside.point(at.block, step, to && { ...to, unit: at.unit }),
    pick: choose,
    picks: "chooses the value that is explained",
  });
  const weights = weightsView(inside), sum = sumView(inside);
  const chain = el("ol", { class: "inside-steps" }), where = el("p");
  const choice = stepButtons(steps, step, (k) => {
    place = fitting(steps[k].shape, place, steps[step].shape);
    step = k;
    inside.keep({ ...inside.at, step, place });
    show();
  });
  const show = () => {
    const { shape } = steps[step], { height } = sizeOf(shape);
    const how = shape.length === 3 ? { scale: Math.max(Math.round(SIDE / height), 4) } : BAR;
    output.show(steps[step], how, { mark: { ...place, unit: 0 } }, at.unit);
    const trace = traced(inside.nodes, inside.seen, blocks[at.block], step, place);
    where.textContent = `${shape.length === 3 ? `Row ${place.y}, column ${place.x}` : "Its value"}: ${number(trace.at(-1).value)}`
      + (shape.length === 3 ? ". Choose another pixel above to see how that one came about." : ".");
    chain.replaceChildren(...told(inside, trace));
    weights.show(trace[0]);
    sum.show(trace[0]);
    inside.choose({ block: at.block, step, place });
  };
  const view = el("div", {},
    el("h3", { tabIndex: -1 }, `${path}${title}, ${unitName(inside, at.block, at.unit)}`),
    steps.length > 1 ? choice : null,
    el("div", { class: "inside-unit" }, el("section", {}, el("h4", {}, "Output"), output.view, where, chain), sum.view, weights.view));
  return { view, show };
}

/** The same place before or behind a MaxPool, as nearly as there is one. */
function fitting(shape, { unit, y, x }, before) {
  const [to, from] = [sizeOf(shape), sizeOf(before)];
  const along = (at, now, was) => Math.min(Math.floor((at * now) / was), now - 1);
  return { unit, y: along(y, to.height, from.height), x: along(x, to.width, from.width) };
}

/** The steps that made a value, the first one first. */
function told(inside, trace) {
  return trace.map((each) => el("li", {}, el("b", {}, each.step.name), ` ${stepText(each) ?? begun(inside, each)}`));
}

function begun({ model }, { step, place, value }) {
  if (step.node !== IMAGE) return `${SUMMED[step.name] ?? "the products and the bias added up"} = ${number(value)}`;
  const index = indexOf(step.shape, place), mean = model.mean[index], scale = model.scale[index];
  return `(pixel ${Math.round(value / scale + mean)} \u2212 ${number(mean)}) \u00d7 ${number(scale)} = ${number(value)}`;
}
