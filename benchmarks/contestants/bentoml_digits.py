"""BentoML with the exported ONNX file in onnxruntime: bentoml serve bentoml_digits:Digits, in one process.

DIGITS_ONNX is the file, DIGITS_THREADS the number of threads. BentoML makes batches of what comes.
"""

import os

import bentoml
import numpy as np
import onnxruntime

BATCH, PATIENCE = 256, 60_000  # images answered together, at most; milliseconds that a request may wait


@bentoml.service(workers=1)
class Digits:
    """Pixels as lists of numbers to probabilities."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ["DIGITS_THREADS"])
        path = os.environ["DIGITS_ONNX"]
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    @bentoml.api(batchable=True, max_batch_size=BATCH, max_latency_ms=PATIENCE)
    def predict(self, pixels: np.ndarray) -> np.ndarray:
        images = np.asarray(pixels, np.uint8).reshape(-1, 28, 28)
        (found,) = self.session.run(["probabilities"], {"images": images})
        return found
