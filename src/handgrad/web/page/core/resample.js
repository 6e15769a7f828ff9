// An image resized with Keys' cubic (Keys 1981, a = -1/2), as Pillow does it: a wider filter where the image shrinks.

const REACH = 2; // of the cubic, in pixels of the larger image

function cubic(x) {
  const t = Math.abs(x), a = -0.5;
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((t - 5) * t + 8) * t * a - 4 * a : 0;
}

/**
 * Weights of the pixels from `start` to `end`, for each of `count` pixels.
 * @returns {{first: number, weights: number[]}[]}
 */
function taps(start, end, count, length) {
  const scale = (end - start) / count, wide = Math.max(scale, 1), support = REACH * wide;
  return Array.from({ length: count }, (_, i) => {
    const centre = start + (i + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const last = Math.min(Math.trunc(centre + support + 0.5), length);
    const weights = [];
    for (let j = first; j < last; j++) weights.push(cubic((j - centre + 0.5) / wide));
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/**
 * Resize a part of an image.
 * @param {Float32Array} image - (height, width)
 * @param {number[]} size - [height, width] of the image
 * @param {number[]} box - [left, top, right, bottom], fractions of pixels too
 * @param {number[]} outSize - [height, width] to make
 * @returns {Float32Array}
 */
export function resample(image, [height, width], [left, top, right, bottom], [outHeight, outWidth]) {
  const across = taps(left, right, outWidth, width), down = taps(top, bottom, outHeight, height);
  const narrow = new Float32Array(height * outWidth), out = new Float32Array(outHeight * outWidth);
  for (let y = 0; y < height; y++) {
    across.forEach(({ first, weights }, x) => {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += image[y * width + first + k] * weights[k];
      narrow[y * outWidth + x] = sum;
    });
  }
  down.forEach(({ first, weights }, y) => {
    for (let x = 0; x < outWidth; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += narrow[(first + k) * outWidth + x] * weights[k];
      out[y * outWidth + x] = sum;
    }
  });
  return out;
}

/** The nearest whole number, the even one of two: NumPy's rint. */
export function rint(value) {
  const floor = Math.floor(value), rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 ? floor + 1 : floor;
}
