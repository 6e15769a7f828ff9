// What a model consists of, in words and numbers.

/** Its layers in a line: those that repeat what another says (Flatten, Dropout aside) are left out. */
export function layersInWords(layers) {
  return layers.map(inWords).filter(Boolean).join(" → ");
}

function inWords({ kind, options, layers }) {
  if (kind === "Conv") return `Conv ${options.filters} (${options.kernel}×${options.kernel})`;
  if (kind === "Dense") return `Dense ${options.units}`;
  if (kind === "Flatten") return "";
  return layers.length ? `${kind} [${layers.map((layer) => layersInWords([layer])).join(kind === "Ensemble" ? " | " : " → ")}]` : kind;
}

/** How many numbers its layers have learnt, statistics of batch norms included. */
export function countWeights(layers) {
  return layers.reduce((sum, { weights, layers: inner }) => (
    sum + Object.values(weights).reduce((all, { length }) => all + length, 0) + countWeights(inner)), 0);
}
