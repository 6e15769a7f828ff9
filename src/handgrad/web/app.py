"""The application: the table of its addresses, from which routes and documentation are made, and its life."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handgrad.web import catalogue, evaluate, front, tune, v2
from handgrad.web.explain import explain
from handgrad.web.guard import Guard
from handgrad.web.metrics import Metrics
from handgrad.web.openapi import BYTES, STYLE, TEXT, Endpoint, Parameter, document, page
from handgrad.web.predict import predict
from handgrad.web.problem import Problem
from handgrad.web.read import read
from handgrad.web.schemas import SCHEMAS, ref
from handgrad.web.service import Service, json_response, service_of
from handgrad.web.settings import Settings

MODEL = Parameter("model", "A name from /models; without it, the first one there.")
PICTURES = dict.fromkeys(("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff"), BYTES)
IMAGES = {**PICTURES, "application/json": ref("Pixels"), "application/octet-stream": BYTES}
INFER = """curl ADDRESS/v2/models/cnn/infer -H 'Content-Type: application/json' -d \\
  '{"inputs": [{"name": "pixels", "shape": [1, 784], "datatype": "UINT8", "data": [0, 0, ...]}]}'"""


def _json(name: str) -> dict[str, Any]:
    return {"application/json": ref(name)}


LISTED = (
    Endpoint(
        "POST", "/api/predict", predict,
        "Which digit each image shows: a picture file of one digit, or pixels as a model sees them (28x28, bright ink "
        "on dark) in JSON or as application/octet-stream, a byte each, one image after the other.",
        _json("Answers"), IMAGES, (MODEL,),
        "curl ADDRESS/api/predict --data-binary @seven.png -H 'Content-Type: image/png'",
    ),
    Endpoint(
        "POST", "/api/read", read, "All digits on a picture or a page of a PDF, line by line, with their boxes.",
        {**_json("Page"), "text/plain": TEXT}, {**PICTURES, "application/pdf": BYTES},
        (
            MODEL, Parameter("page", "Which page of a PDF or TIFF, from 1.", {"type": "integer", "minimum": 1}),
            Parameter("text", "1 for the text alone, with punctuation.", {"enum": ["0", "1"]}),
            Parameter("region", "Left, top, width and height in pixels of the part to read, as in 0,120,800,60."),
            Parameter("grid", "Columns and rows of cells with one digit each, as in 8x1."),
        ),
        "curl ADDRESS/api/read?text=1 --data-binary @page.jpg -H 'Content-Type: image/jpeg'",
    ),
    Endpoint(
        "POST", "/api/explain", explain,
        "Which pixels of one image speak for a class: the gradient of its logit with respect to each grey level, and "
        "how much of its score is lost when a patch is blotted out.",
        _json("Explanation"), IMAGES, (MODEL, Parameter("class", "Which class; without it, the likeliest one.")),
        "curl ADDRESS/api/explain?class=7 --data-binary @seven.png -H 'Content-Type: image/png'",
    ),
    Endpoint(
        "POST", "/api/tune", tune.begin,
        "Begin to teach a model a user's own digits, ten or more with what they are; one tuning at a time. What comes "
        "out is a further model, until the server ends.",
        _json("Tuning"), _json("OwnDigits"), (MODEL,),
        """curl ADDRESS/api/tune?model=cnn -H 'Content-Type: application/json' -d \\
  '{"pixels": [[0, 0, 255, ...], ...], "labels": ["7", ...]}'""",
    ),
    Endpoint(
        "GET", "/api/tune", tune.state,
        "How far the tuning is; at its end, the name of the model, and the shares of digits read rightly before and "
        "after: of a fifth of the user's, which were kept back, and of MNIST's validation images.",
        _json("Tuning"),
    ),
    Endpoint("DELETE", "/api/tune", tune.end, "End the tuning in progress; nothing comes of it.", _json("Tuning")),
    Endpoint(
        "GET", "/api/test", evaluate.test,
        "How many of MNIST's 10,000 test images a model reads rightly, and which it takes for which: a row for each "
        "digit written, a column for each answer, the last one for what it refuses.",
        _json("TestResult"), parameters=(MODEL,), example="curl ADDRESS/api/test?model=cnn",
    ),
    Endpoint("GET", "/api/models", catalogue.models, "The models, the default first.", _json("Models")),
    Endpoint("GET", "/models", catalogue.models, "The same.", _json("Models")),
    Endpoint(
        "GET", "/models/{name}.safetensors", catalogue.model_file, "A model's file, with weights of 16 bits.",
        {"application/octet-stream": BYTES}, example="curl -O ADDRESS/models/cnn.safetensors",
    ),
    Endpoint("GET", "/models/{name}/card", catalogue.card, "What a model has learnt.", {"text/markdown": TEXT}),
    Endpoint("GET", "/health", catalogue.health, "The state of the server and its models.", _json("Health")),
    Endpoint("GET", "/health/live", catalogue.live, "Whether the server runs.", _json("Live")),
    Endpoint(
        "GET", "/health/ready", catalogue.ready, "Whether all models are loaded: status 200, else 503.",
        _json("Health"), unready=True,
    ),
    Endpoint("GET", "/metrics", catalogue.counted, "Figures for Prometheus.", {"text/plain": TEXT}),
    Endpoint("GET", "/v2", v2.server, "Open Inference Protocol: the server.", _json("Server")),
    Endpoint("GET", "/v2/health/live", v2.live, "Open Inference Protocol: whether it runs.", _json("ServerLive")),
    Endpoint(
        "GET", "/v2/health/ready", v2.ready, "Open Inference Protocol: whether all models are loaded.",
        _json("ServerReady"), unready=True,
    ),
    *(
        endpoint
        for path in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}")
        for endpoint in (
            Endpoint("GET", path, v2.model, "Open Inference Protocol: what a model takes.", _json("ModelMetadata")),
            Endpoint(
                "GET", f"{path}/ready", v2.model_ready, "Open Inference Protocol: whether a model is loaded.",
                _json("ModelReady"), unready=True,
            ),
            Endpoint(
                "POST", f"{path}/infer", v2.infer,
                "Open Inference Protocol: answers for pixels (UINT8, or FP32), or for picture files (BYTES).",
                {**_json("InferenceResponse"), "application/octet-stream": BYTES}, _json("InferenceRequest"),
                example=INFER,
            ),
        )
    ),
)  # fmt: skip


async def _openapi(request: Request) -> Response:
    names = {"enum": service_of(request).models.names}
    return json_response(document(LISTED, SCHEMAS, {"name": names, "model": names, "version": {"enum": [v2.VERSION]}}))


async def _docs(request: Request) -> Response:
    return Response(page(LISTED), media_type="text/html; charset=utf-8")


async def _style(request: Request) -> Response:
    return Response(STYLE, media_type="text/css; charset=utf-8")


UNLISTED = (
    Endpoint("GET", "/", front.front, "The page.", {"text/html": TEXT}),
    Endpoint("GET", "/digits.bin", front.digits, "Digits for the page.", {"application/octet-stream": BYTES}),
    Endpoint(
        "GET", "/models/{name}.features", front.features, "How a model sees them.", {"application/octet-stream": BYTES}
    ),
    Endpoint("GET", "/test.bin", evaluate.digits, "MNIST's test images.", {"application/octet-stream": BYTES}),
    Endpoint(
        "GET", "/models/{name}.test", evaluate.scores, "What a model says of them.", {"application/octet-stream": BYTES}
    ),
    Endpoint("GET", "/docs", _docs, "How to ask.", {"text/html": TEXT}),
    Endpoint("GET", "/docs.css", _style, "Its style.", {"text/css": TEXT}),
    Endpoint("GET", "/openapi.json", _openapi, "How to ask, for machines.", {"application/json": {}}),
)


def build(settings: Settings) -> Starlette:
    """Return the application.

    Parameters
    ----------
    settings : Settings
        What the server is told.

    Returns
    -------
    Starlette
        It loads models and starts its workers when its life begins.

    Raises
    ------
    UserError
        Where a model has no file.
    """
    counts = Metrics(str(os.getpid()) if settings.workers > 1 else "")
    service = Service.of(settings, counts)

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        service.start()
        yield
        service.close()

    endpoints = (*LISTED, *UNLISTED)
    app = Starlette(
        routes=[Route(each.path, each.handler, methods=[each.method]) for each in endpoints],
        middleware=[Middleware(Guard, settings, counts)],
        exception_handlers={HTTPException: _not_there},
        lifespan=life,
    )
    app.router.redirect_slashes = False
    app.state.service = service
    return app


def _not_there(request: Request, error: Exception) -> Response:
    """A path that there is not, or not for this method; the guard makes the answer."""
    assert isinstance(error, HTTPException)
    what = f"{request.method[:20]} {request.url.path[:80]}: {error.detail.lower()}"
    raise Problem(error.status_code, f"{what}; /docs lists what there is", "path", error.headers)
