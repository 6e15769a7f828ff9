// Connected ink.

/**
 * The pieces of ink that are connected, by sides or corners.
 * @param {ArrayLike<number>} ink - (height, width)
 * @param {number[]} size - [height, width] of the ink
 * @param {number} least - what is not more than this is no ink
 * @returns {{top: number, left: number, bottom: number, right: number, places: number[]}[]} boxes, and which pixels
 */
export function pieces(ink, [height, width], least) {
  const seen = new Uint8Array(ink.length), found = [];
  for (let start = 0; start < ink.length; start++) {
    if (seen[start] || ink[start] <= least) continue;
    seen[start] = 1;
    const box = { top: height, left: width, bottom: 0, right: 0, places: [start] };
    for (let k = 0; k < box.places.length; k++) {
      const y = Math.floor(box.places[k] / width), x = box.places[k] % width;
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y + 1);
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      for (let i = Math.max(y - 1, 0); i <= Math.min(y + 1, height - 1); i++) {
        for (let j = Math.max(x - 1, 0); j <= Math.min(x + 1, width - 1); j++) {
          const next = i * width + j;
          if (seen[next] || ink[next] <= least) continue;
          seen[next] = 1;
          box.places.push(next);
        }
      }
    }
    found.push(box);
  }
  return found;
}
