// Safetensors files: the tensors as Float32Arrays, and handgrad's own header.

/**
 * Read a file.
 * @param {ArrayBuffer} buffer - the whole file
 * @returns {{header: object, tensors: Map<string, {shape: number[], data: Float32Array}>}}
 */
export function readTensors(buffer) {
  const length = buffer.byteLength < 8 ? NaN : Number(new DataView(buffer).getBigUint64(0, true));
  if (!(length <= buffer.byteLength - 8)) throw new Error("this is no safetensors file; give one that training wrote");
  const index = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensors = new Map();
  const { __metadata__: metadata, ...described } = index;
  for (const [name, { dtype, shape, data_offsets: [start, end] }] of Object.entries(described)) {
    const bytes = buffer.slice(8 + length + start, 8 + length + end);
    if (dtype !== "F32" && dtype !== "F16") throw new Error(`tensor ${name} is of type ${dtype}, expected F32 or F16`);
    const data = dtype === "F32" ? new Float32Array(bytes) : fromHalf(new Uint16Array(bytes));
    if (data.length !== product(shape)) throw new Error(`tensor ${name} is cut short; use another copy of the file`);
    tensors.set(name, { shape, data });
  }
  const header = metadata?.handgrad;
  if (!header) throw new Error("this safetensors file was not written by handgrad; give one that training wrote");
  return { header: JSON.parse(header), tensors };
}

/**
 * Write a file.
 * @param {object} header - handgrad's header
 * @param {Map<string, {shape: number[], data: Float32Array}>} tensors
 * @returns {Blob}
 */
export function writeTensors(header, tensors) {
  const index = { __metadata__: { handgrad: JSON.stringify(header) } };
  const parts = [];
  let place = 0;
  for (const [name, { shape, data }] of tensors) {
    index[name] = { dtype: "F32", shape, data_offsets: [place, place + data.byteLength] };
    place += data.byteLength;
    parts.push(data);
  }
  const head = new TextEncoder().encode(JSON.stringify(index));
  const padded = new Uint8Array(Math.ceil(head.length / 8) * 8).fill(32); // the tensors begin at a multiple of 8
  padded.set(head);
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(padded.length), true);
  return new Blob([length.buffer, padded, ...parts], { type: "application/octet-stream" });
}

/** The product of numbers: how many elements a shape has. */
export function product(shape) {
  return shape.reduce((a, b) => a * b, 1);
}

/** What one step of the fraction is worth at each exponent of 16 bits; without an exponent as much as at the first. */
const STEPS = Float64Array.from({ length: 31 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 25));

function fromHalf(halves) {
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i], exponent = (half >> 10) & 31, fraction = half & 1023, sign = half >> 15 ? -1 : 1;
    if (exponent === 31) out[i] = fraction ? NaN : sign * Infinity;
    else out[i] = sign * (exponent ? 1024 + fraction : fraction) * STEPS[exponent];
  }
  return out;
}
