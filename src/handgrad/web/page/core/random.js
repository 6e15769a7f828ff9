// Random numbers that a seed determines.

/**
 * A source of uniform random numbers (mulberry32).
 * @param {number} seed - a whole number
 * @returns {() => number} each call gives one from 0 up to, not including, 1
 */
export function uniforms(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A source of Gaussian random numbers, mean 0 and standard deviation 1 (Box and Muller 1958).
 * @param {number} seed
 * @returns {() => number}
 */
export function gaussians(seed) {
  const uniform = uniforms(seed);
  let kept = null; // the second one of a pair
  return () => {
    if (kept !== null) {
      const value = kept;
      kept = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform())), angle = 2 * Math.PI * uniform();
    kept = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}
