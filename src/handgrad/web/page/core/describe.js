// What a model consists of, in words and numbers.

/** Its layers in a line, without Flatten, which computes nothing. */
export function layersInWords(layers) {
  return layers.map(inWords).filter(Boolean).join(" → ");
}

function inWords({ kind, options, layers }) {
  if (kind === "Conv") return `Conv ${options.filters} (${options.kernel}×${options.kernel})`;
  if (kind === "Dense") return `Dense ${options.units}`;
  if (kind === "Flatten") return "";
  return layers.length ? `${kind} [${layers.map((layer) => layersInWords([layer])).join(kind === "Ensemble" ? " | " : " → ")}]` : kind;
}

const LEARNT = ["w", "b", "gamma", "beta"]; // the statistics of batch norms are not learnt

/** How many parameters its layers have, as `handgrad inspect` counts them. */
export function countParameters(layers) {
  const own = ({ weights }) => LEARNT.reduce((sum, name) => sum + (weights[name]?.length ?? 0), 0);
  return layers.reduce((sum, layer) => sum + own(layer) + countParameters(layer.layers), 0);
}
