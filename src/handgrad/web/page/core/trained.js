// A trained network as a model file, which Python's `Model.load` reads as well as this page.

import { INITS, RELUS, layersOf } from "./training.js";
import { writeTensors } from "./safetensors.js";
import { CLASSES, SIDE } from "./trainer.js";

const IN_SHAPE = [SIDE, SIDE, 1];

/**
 * Write a model.
 * @param {object} snapshot - of a training, see trainer.js
 * @param {object} recipe - see recipe.js
 * @param {number} seed
 * @returns {Blob} a safetensors file
 */
export function modelFile(snapshot, recipe, seed) {
  const layers = described(snapshot.sizes, recipe), dense = layersOf(snapshot.sizes, snapshot.theta), tensors = new Map();
  layers.forEach(([kind], i) => {
    if (kind !== "Dense") return;
    const { w, b, inputs, units } = dense.shift();
    tensors.set(`${i}.w`, { shape: [inputs, units], data: w }).set(`${i}.b`, { shape: [units], data: b });
  });
  const whole = (value) => ({ shape: IN_SHAPE, data: new Float32Array(SIDE * SIDE).fill(value) });
  tensors.set("mean", whole(0)).set("scale", whole(1 / 255));
  return writeTensors(header(layers, record(snapshot, recipe, seed)), tensors);
}

function described(sizes, { init, dropout, relu }) {
  const layers = [["Flatten", {}]], last = sizes.length - 1;
  sizes.slice(1).forEach((units, l) => {
    layers.push(["Dense", { units, init: INITS[init].name, lr_scale: 1 }]);
    if (RELUS[relu][l + 1 === last ? "last" : "hidden"]) layers.push(["ReLU", {}]);
    if (dropout && l + 1 < last) layers.push(["Dropout", { rate: dropout }]);
  });
  return layers;
}

function header(layers, made) {
  return {
    format: "handgrad-2", layers, in_shape: IN_SHAPE, classes: Array.from({ length: CLASSES }, (_, k) => String(k)),
    temperature: 1, thresholds: new Array(CLASSES).fill(0), deskew: false, pictures: "digits", background: 0,
    record: made,
  };
}

/** The record of a training, with the names of Python's recipe fields, so that `handgrad tune` goes on from it. */
function record({ step, epoch, train, valid }, { sizes, init, rate, batch, momentum, dropout }, seed) {
  const recipe = {
    name: "learnt", hidden: sizes, batch_norm: false, dropout: [dropout], init: INITS[init].name, batch, lr: rate, momentum,
    optimiser: "sgd", normalise: "range",
  };
  const last = {
    epoch: Math.ceil(epoch), step, train_loss: train.loss, train_accuracy: train.accuracy, valid_loss: valid.loss,
    valid_accuracy: valid.accuracy, lr: rate,
  };
  return { recipe, seed, history: [last] };
}
