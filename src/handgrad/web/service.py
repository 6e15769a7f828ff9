"""What the handlers of requests share: the models, the workers, the figures; and how they look into a request."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from handgrad.web.evaluation import Evaluation
from handgrad.web.guard import BODY
from handgrad.web.lane import Lane
from handgrad.web.metrics import Metrics
from handgrad.web.models import Models
from handgrad.web.problem import bad
from handgrad.web.queue import Batches
from handgrad.web.served import Served
from handgrad.web.settings import Settings
from handgrad.web.tuning import Tuning


@dataclass(frozen=True)
class Service:
    """What the handlers of requests share.

    Parameters
    ----------
    settings : Settings
        What the server was told.
    metrics : Metrics
        What it counts.
    models : Models
        What answers.
    batches : Batches
        Answers images.
    pictures : Lane
        Finds the digit on a picture, and explains answers.
    pages : Lane
        Reads pages.
    tuning : Tuning
        Goes on with a model on a user's digits.
    evaluation : Evaluation
        Judges models by MNIST's test images.
    """

    settings: Settings
    metrics: Metrics
    models: Models
    batches: Batches
    pictures: Lane
    pages: Lane
    tuning: Tuning
    evaluation: Evaluation

    @classmethod
    def of(cls, settings: Settings, metrics: Metrics) -> "Service":
        """Make the service of a server; nothing is loaded yet.

        Parameters
        ----------
        settings : Settings
            What the server was told.
        metrics : Metrics
            What it counts.

        Returns
        -------
        Service
            To be started inside the event loop.
        """
        batches = Batches(settings.waiting, settings.threads, metrics)
        pictures, pages = (Lane(name, getattr(settings, name)) for name in ("pictures", "pages"))
        models = Models(settings.models)
        tuning = Tuning(models, settings.threads)
        return cls(settings, metrics, models, batches, pictures, pages, tuning, Evaluation(batches))

    def start(self) -> None:
        """Begin to work, and to load models."""
        self.batches.start()
        self.models.start(self.pictures.start)

    def close(self) -> None:
        """End, once all requests are answered."""
        self.batches.close()
        for each in (self.tuning, self.pictures, self.pages, self.models):
            each.close()


def service_of(request: Request) -> Service:
    """Return what the handlers share.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Service
        Of the application that got it.
    """
    service: Service = request.app.state.service
    return service


def body_of(request: Request) -> bytes:
    """Return the body of a request, which the guard has received.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    bytes
        The body.
    """
    body: bytes = request.scope[BODY]
    return body


def given(request: Request, name: str, default: str = "") -> str:
    """Return a parameter of a request's address.

    Parameters
    ----------
    request : Request
        The request.
    name : str
        The parameter.
    default : str
        What it is where it is not given.

    Returns
    -------
    str
        Its value.
    """
    return _parameters(request.scope["query_string"]).get(name, default)


@lru_cache(256)  # most requests of a client have the same
def _parameters(query: bytes) -> dict[str, str]:
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))


async def chosen(request: Request) -> Served:
    """Return the model that a request asks.

    Parameters
    ----------
    request : Request
        The request; its parameter `model` names one.

    Returns
    -------
    Served
        The model; the default where none is named.
    """
    return await service_of(request).models.get(given(request, "model"))


def parsed(body: bytes) -> Any:
    """Return what a body of JSON says.

    Parameters
    ----------
    body : bytes
        JSON.

    Returns
    -------
    object
        Its value.

    Raises
    ------
    Problem
        Where it is no JSON.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad(f"the body is no JSON ({str(error)[:80]}): expected one value; check its brackets") from None


def json_response(content: Any, status: int = 200) -> Response:
    """Return an answer of JSON.

    Parameters
    ----------
    content : object
        Plain values.
    status : int
        The HTTP status.

    Returns
    -------
    Response
        Of application/json.
    """
    return Response(json.dumps(content, separators=(",", ":")), status, media_type="application/json")
