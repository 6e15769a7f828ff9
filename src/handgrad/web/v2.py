"""The Open Inference Protocol, version 2: what clients of KServe and Triton speak.

https://github.com/kserve/open-inference-protocol, with Triton's extension for binary tensors.
"""

from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from handgrad import __version__
from handgrad.model.model import Model
from handgrad.nn.params import Array
from handgrad.web.predict import probabilities, seen
from handgrad.web.problem import Problem, bad
from handgrad.web.served import Served
from handgrad.web.service import body_of, json_response, parsed, service_of
from handgrad.web.tensors import JSON_LENGTH, encoded, pictures_in, pixels_in, read_input

INPUT = "pixels"
OUTPUTS = {"digit": "BYTES", "probabilities": "FP32", "score": "FP32", "reason": "BYTES"}
VERSION = "1"  # a server has one version of each model


async def server(request: Request) -> Response:
    """Answer what this server is.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        Name, version and extensions.
    """
    return json_response({"name": "handgrad", "version": __version__, "extensions": ["binary_tensor_data"]})


async def live(request: Request) -> Response:
    """Answer that the server runs.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        Always the same.
    """
    return json_response({"live": True})


async def ready(request: Request) -> Response:
    """Answer whether all models are loaded.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        Of status 200 if they are, else 503.
    """
    done = all(state == "ready" for state in service_of(request).models.states().values())
    return json_response({"ready": done}, 200 if done else 503)


async def model(request: Request) -> Response:
    """Answer what a model takes and gives.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        Its inputs and outputs.
    """
    served = await _named(request)
    shapes = {"probabilities": [-1, len(served.model.classes)]}
    return json_response(
        {
            "name": served.name, "versions": [VERSION], "platform": "handgrad",
            "inputs": [{"name": INPUT, "datatype": "UINT8", "shape": [-1, *served.shape]}],
            "outputs": [
                {"name": name, "datatype": kind, "shape": shapes.get(name, [-1])} for name, kind in OUTPUTS.items()
            ],
        }
    )  # fmt: skip


async def model_ready(request: Request) -> Response:
    """Answer whether a model is loaded.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        Of status 200 if it is, else 503.
    """
    name, states = request.path_params["name"], service_of(request).models.states()
    if name not in states:
        await _named(request)  # says which there are
    done = states[name] == "ready"
    return json_response({"name": name, "ready": done}, 200 if done else 503)


async def infer(request: Request) -> Response:
    """Answer for images in a tensor: UINT8 or FP32 pixels, or BYTES of picture files.

    Parameters
    ----------
    request : Request
        The request, with binary tensors behind its JSON if the header Inference-Header-Content-Length says so.

    Returns
    -------
    Response
        In the same form.
    """
    service, served, body = service_of(request), await _named(request), body_of(request)
    head, tail = _parts(body, request.headers.get(JSON_LENGTH))
    content = parsed(head)
    tensor = read_input(content, tail)
    wanted = _wanted(content)
    if tensor.datatype == "BYTES":
        files = pictures_in(tensor, service.settings.images)
        answers = [(await seen(service, served, each))[0] for each in files]
        columns = {name: _values(name, [answer[name] for answer in answers]) for name, _ in wanted}
    else:
        pixels = pixels_in(tensor, served.shape, service.settings.images)
        scores = await service.batches.scores(served, pixels)
        columns = {name: _column(name, served.model, scores) for name, _ in wanted}
    answer = {"model_name": served.name, "model_version": VERSION}
    if isinstance(content.get("id"), str):
        answer["id"] = content["id"]
    return encoded(answer, [(name, OUTPUTS[name], columns[name], binary) for name, binary in wanted])


async def _named(request: Request) -> Served:
    version = request.path_params.get("version", VERSION)
    if version != VERSION:
        raise Problem(
            404, f"version '{version[:40]}': there is version {VERSION} alone; ask for that, or for none", "model"
        )
    return await service_of(request).models.get(request.path_params["name"])


def _parts(body: bytes, length: str | None) -> tuple[bytes, bytes]:
    """The JSON of a request, and the binary tensors behind it."""
    if length is None:
        return body, b""
    if not length.isdecimal() or len(length) > 9 or int(length) > len(body):
        raise bad(f"{JSON_LENGTH} is '{length[:40]}': expected how many of the body's {len(body)} bytes are JSON")
    return body[: int(length)], body[int(length) :]


def _wanted(content: Any) -> list[tuple[str, bool]]:
    """The outputs that are asked for, each with whether it is to be binary."""
    parameters = content.get("parameters")
    binary = isinstance(parameters, dict) and parameters.get("binary_data_output") is True
    outputs = content.get("outputs") or [{"name": name} for name in OUTPUTS]
    if not isinstance(outputs, list) or not all(isinstance(each, dict) for each in outputs):
        raise bad('"outputs": expected a list of objects with a "name"; leave it out for all outputs')
    wanted = []
    for each in outputs:
        if each.get("name") not in [*OUTPUTS]:  # a list: what is no text may not be looked up
            raise bad(f"output '{str(each.get('name'))[:40]}': expected one of {', '.join(OUTPUTS)}")
        own = each.get("parameters")
        wanted.append((each["name"], own.get("binary_data", binary) is True if isinstance(own, dict) else binary))
    return wanted


def _column(name: str, model: Model, scores: Array) -> Any:
    """An output for images of which these are the scores."""
    if name == "probabilities":
        return probabilities(scores)
    if name == "score":
        return scores.max(axis=1)
    if name == "digit":
        return [model.classes[k] for k in scores.argmax(axis=1)]
    from handgrad.reading.answer import Refusal

    return ["" if sure else str(Refusal.UNKNOWN) for sure in model.answered(scores)]


def _values(name: str, values: list[Any]) -> Any:
    """An output for pictures of which these are the answers."""
    return np.array(values, np.float32) if OUTPUTS[name] == "FP32" else [value or "" for value in values]
