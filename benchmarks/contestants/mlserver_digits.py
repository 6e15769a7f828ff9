"""MLServer with the exported ONNX file in onnxruntime: python mlserver_digits.py FILE PORT THREADS BATCH.

One process serves, as it does of handgrad; of BATCH images or fewer that come within WAIT, MLServer makes one call.
"""

import asyncio
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import NumpyCodec
from mlserver.settings import ModelParameters
from mlserver.types import InferenceRequest, InferenceResponse

WAIT = 0.001  # seconds in which images gather


class Digits(MLModel):
    """Pixels as numbers (UINT8), or as base64 of their bytes (BYTES), to probabilities."""

    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.settings.parameters.extra["threads"]
        path = self.settings.parameters.uri
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        given = payload.inputs[0]
        if given.datatype == "BYTES":
            data = b"".join(self.decode(given))
        else:
            data = np.asarray(given.data.root, np.uint8).tobytes()
        pixels = np.frombuffer(data, np.uint8).reshape(-1, 28, 28)
        (found,) = self.session.run(["probabilities"], {"images": pixels})
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("probabilities", found)])


async def main(file: str, port: int, threads: int, batch: int) -> None:
    parameters = ModelParameters(uri=str(Path(file).resolve()), extra={"threads": threads})
    model = ModelSettings(
        name="digits",
        implementation=Digits,
        parameters=parameters,
        max_batch_size=batch,
        max_batch_time=WAIT if batch else 0.0,
    )
    settings = Settings(
        host="127.0.0.1", http_port=port, grpc_port=port + 1, metrics_port=port + 2, parallel_workers=0, debug=False
    )
    await MLServer(settings).start([model])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
