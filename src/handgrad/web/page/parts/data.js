// Models and digits: from inside the page where it is an exported file, else from the server that sent it.
//
// The page's settings are JSON in the element `settings`: {served, models: [name], photos}. An exported file has an
// element for each model, `model:NAME`, its features, `features:NAME`, and `digits`; they hold base64.

import { loadModel } from "../core/model.js";
import { ask } from "./ask.js";

/** {served: boolean, models: string[]} */
export const settings = () => JSON.parse(document.getElementById("settings").textContent);

const loaded = new Map(), kept = new Map();

async function bytesOf(id, path) {
  const inside = document.getElementById(id);
  if (inside) return decoded(inside.textContent.trim());
  return (await ask(path)).arrayBuffer();
}

/** The bytes that base64 holds; a loop, since the first answer waits for it, and a call for each byte takes ten times as long. */
function decoded(text) {
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes.buffer;
}

/** A model by name, loaded once. */
export function model(name) {
  if (!loaded.has(name)) {
    loaded.set(name, bytesOf(`model:${name}`, `models/${name}.safetensors`).then((bytes) => ({ ...loadModel(bytes), name })));
  }
  return loaded.get(name);
}

/** Load a model again, which the server has made anew. */
export function reload(name) {
  loaded.delete(name);
  kept.delete(`features:${name}`);
  return model(name);
}

/** Take in a model file that the user gives; returns its name, which no other model has. */
export async function addModel(file) {
  const made = readModel(await file.arrayBuffer(), file.name);
  let name = made.name;
  for (let i = 2; loaded.has(name) || settings().models.includes(name); i++) name = `${made.name} ${i}`;
  loaded.set(name, Promise.resolve({ ...made, name }));
  return name;
}

function readModel(buffer, file) {
  let made;
  try {
    made = loadModel(buffer);
  } catch (error) {
    // What is no plain Error was thrown by the language: the file's header is not what it should be.
    const damaged = `the file is damaged (${error.message}); use another copy of it`;
    throw new Error(`${file}: ${error.constructor === Error ? error.message : damaged}`);
  }
  const pictures = made.header.pictures ?? "digits", shape = made.inShape.join("x");
  if (pictures !== "digits" || shape !== "28x28x1") {
    throw new Error(`${file}: sees ${pictures} of ${shape}, expected a model of digits, 28x28x1, as robust`);
  }
  return made;
}

/** The names of all models, the user's last. */
export function modelNames() {
  return [...new Set([...settings().models, ...loaded.keys()])];
}

function once(key, make) {
  if (!kept.has(key)) kept.set(key, make());
  return kept.get(key);
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Stored digits of MNIST: 200 validation images, then 2,000 training images.
 * @returns {Promise<{valid: Digits, train: Digits}>} each with labels, pixels (n * 784) and image(i)
 */
export function digits() {
  return once("digits", async () => readDigits(await bytesOf("digits", "digits.bin")));
}

/** MNIST's 10,000 test images, of a server. */
export function testDigits() {
  return once("test", async () => (await readDigits(await bytesOf("test", "test.bin"))).valid);
}

/** What a model of a server says of them: (10000, classes). */
export async function testScores(name) {
  return new Float32Array(await bytesOf(`test:${name}`, `models/${name}.test`));
}

async function readDigits(packed) {
  const bytes = await inflated(packed);
  const [valid, train] = new Uint32Array(bytes.slice(0, 8).buffer), all = valid + train;
  const part = (first, count) => {
    const labels = bytes.subarray(8 + first, 8 + first + count), start = 8 + all + 784 * first;
    const pixels = bytes.subarray(start, start + 784 * count);
    return { labels, pixels, image: (i) => pixels.subarray(784 * i, 784 * (i + 1)) };
  };
  return { valid: part(0, valid), train: part(valid, train) };
}

/**
 * The training digits as the last hidden layer of a model sees them, or null where nobody has stored that.
 * @returns {Promise<?Features>} {values: Int8Array, width, scale}: of each digit `width` values; the feature is a value
 *   times the scale
 */
export function features(name) {
  if (!settings().models.includes(name)) return Promise.resolve(null);
  return once(`features:${name}`, async () => {
    const packed = await bytesOf(`features:${name}`, `models/${name}.features`);
    if (!packed.byteLength) return null; // the model sees other images than the stored ones
    const bytes = await inflated(packed);
    const { train } = await digits();
    const values = new Int8Array(bytes.buffer, 4), scale = new DataView(bytes.buffer).getFloat32(0, true);
    return { values, width: values.length / train.labels.length, scale };
  });
}
