// The one sum that training is made of: weighted rows of a matrix, of which those of weight 0 are left out.
//
// That saves most of the work: most pixels are paper, and half of the units are silent. Four rows are added at a time,
// so that each number of the sum is loaded and stored a quarter as often.

/** Room for a sum's rows: which rows of the matrix, and their weights. */
export function picking(most) {
  return { rows: new Uint32Array(most), weights: new Float32Array(most), count: 0 };
}

/** Pick the rows for a sum: those whose weight, one of `count` numbers `stride` apart from `start` on, is not 0. */
export function pick(picked, numbers, start, stride, count) {
  const { rows, weights } = picked;
  let found = 0;
  for (let k = 0, place = start; k < count; k++, place += stride) {
    const weight = numbers[place];
    if (weight !== 0) {
      rows[found] = k;
      weights[found++] = weight;
    }
  }
  picked.count = found;
}

/**
 * Add the picked rows: out[at + j] += sum over k of weights[k] * matrix[rows[k]][j].
 * @param {Float32Array} out - what is added to, `width` numbers from `at` on
 * @param {number} at
 * @param {Float32Array} matrix - rows of `width` numbers
 * @param {number} width
 * @param {object} picked - what `pick` picked
 */
export function addRows(out, at, matrix, width, { rows, weights, count }) {
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    const w0 = weights[k], w1 = weights[k + 1], w2 = weights[k + 2], w3 = weights[k + 3];
    const r0 = rows[k] * width, r1 = rows[k + 1] * width, r2 = rows[k + 2] * width, r3 = rows[k + 3] * width;
    for (let j = 0; j < width; j++) {
      out[at + j] += w0 * matrix[r0 + j] + w1 * matrix[r1 + j] + w2 * matrix[r2 + j] + w3 * matrix[r3 + j];
    }
  }
  for (; k < count; k++) {
    const weight = weights[k], row = rows[k] * width;
    for (let j = 0; j < width; j++) out[at + j] += weight * matrix[row + j];
  }
}
