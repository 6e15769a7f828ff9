// Random numbers that a key decides: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number
// generators", 2021), whose state the key fills by a hash (the finaliser of MurmurHash3).

const WEYL = 0x9e3779b9; // 2^32 divided by the golden ratio: neighbouring keys get far apart
const TO_UNIT = 2 ** -32;

function mixed(x) {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

const rotated = (x, by) => (x << by) | (x >>> (32 - by));

/**
 * A generator of its own for a key, such as (seed, purpose, step): the same key gives the same numbers.
 * @param {...number} key - whole numbers
 * @returns {() => number} evenly distributed, from 0 up to, not including, 1
 */
export function randomNumbers(...key) {
  const start = key.reduce((hash, part) => mixed((hash + part + WEYL) | 0), 0);
  let [a, b, c, d] = [1, 2, 3, 4].map((i) => mixed(start + Math.imul(i, WEYL)));
  return () => {
    const value = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0, shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotated(d, 11);
    return value * TO_UNIT;
  };
}

/** A normally distributed number, of mean 0 and standard deviation 1 (Box and Muller 1958). */
export function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * The numbers from 0 to count - 1 in random order (Fisher and Yates).
 * @returns {Uint32Array}
 */
export function shuffled(count, random) {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1)), kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  return order;
}
