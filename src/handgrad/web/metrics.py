"""What the server counts, as Prometheus reads it."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
IMAGES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Histogram:
    """How often a value was at most each of some limits.

    Parameters
    ----------
    limits : tuple of float
        In ascending order.
    """

    def __init__(self, limits: tuple[float, ...]) -> None:
        self.limits, self.counts, self.sum = limits, [0] * (len(limits) + 1), 0.0

    def observe(self, value: float) -> None:
        """Count a value.

        Parameters
        ----------
        value : float
            The value.
        """
        self.counts[bisect_left(self.limits, value)] += 1
        self.sum += value


class Metrics:
    """What one process of the server counts; its event loop alone writes it.

    Parameters
    ----------
    worker : str
        What tells this process from others at the same port; empty where there are none.
    """

    def __init__(self, worker: str = "") -> None:
        self._labels = {"worker": worker} if worker else {}
        self.requests: Counter[tuple[str, int]] = Counter()  # by route and status
        self.refusals: Counter[str] = Counter()  # by reason
        self.in_progress = 0
        self.durations: defaultdict[str, Histogram] = defaultdict(lambda: Histogram(SECONDS))  # by route
        self.batch, self.queue = Histogram(IMAGES), Histogram(SECONDS)

    def text(self) -> str:
        """Return all figures in Prometheus' text format.

        Returns
        -------
        str
            Lines.
        """
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield from _head("handgrad_requests_total", "counter", "Requests answered.")
        for (route, code), count in self.requests.items():
            yield self._line("handgrad_requests_total", {"route": route, "code": str(code)}, count)
        yield from _head("handgrad_refusals_total", "counter", "Requests not fulfilled.")
        for reason, count in self.refusals.items():
            yield self._line("handgrad_refusals_total", {"reason": reason}, count)
        yield from _head("handgrad_requests_in_progress", "gauge", "Requests begun and not yet answered.")
        yield self._line("handgrad_requests_in_progress", {}, self.in_progress)
        yield from _head("handgrad_request_duration_seconds", "histogram", "From a request's headers to its answer.")
        for route, histogram in self.durations.items():
            yield from self._histogram("handgrad_request_duration_seconds", {"route": route}, histogram)
        yield from _head("handgrad_batch_size", "histogram", "Images answered together.")
        yield from self._histogram("handgrad_batch_size", {}, self.batch)
        yield from _head("handgrad_queue_seconds", "histogram", "How long images waited for the worker.")
        yield from self._histogram("handgrad_queue_seconds", {}, self.queue)

    def _histogram(self, name: str, labels: Mapping[str, str], histogram: Histogram) -> Iterator[str]:
        reached = 0
        for limit, count in zip((*histogram.limits, "+Inf"), histogram.counts, strict=True):
            reached += count
            yield self._line(f"{name}_bucket", {**labels, "le": str(limit)}, reached)
        yield self._line(f"{name}_sum", labels, histogram.sum)
        yield self._line(f"{name}_count", labels, reached)

    def _line(self, name: str, labels: Mapping[str, str], value: float) -> str:
        shown = ",".join(f'{label}="{text}"' for label, text in {**labels, **self._labels}.items())
        return f"{name}{{{shown}}} {value}" if shown else f"{name} {value}"


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
