"""Optimisers on flat vectors: a rule says how one step is made, `Optimiser` keeps what the rule remembers."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from handgrad.errors import UserError
from handgrad.kernels.sizes import CHUNK
from handgrad.nn.params import Array, Layout, aligned


class Rule(ABC):
    """Subclasses are frozen dataclasses; `memory` names the vectors, as long as theta, that a rule remembers."""

    memory: ClassVar[tuple[str, ...]]

    @abstractmethod
    def update(
        self, kernels: Any, theta: Array, grad: Array, memory: list[Array], lr: float, decay: float, step: int
    ) -> None:
        """Move theta one step in place; decay is decoupled from the gradient; step counts from 1."""


@dataclass(frozen=True)
class SGD(Rule):
    """Gradient descent with momentum (Polyak 1964; Nesterov's look-ahead in the form of Sutskever et al. 2013)."""

    momentum: float = 0.0
    nesterov: bool = False
    memory = ("velocity",)

    def __post_init__(self) -> None:
        _inside("momentum", self.momentum)

    def update(
        self, kernels: Any, theta: Array, grad: Array, memory: list[Array], lr: float, decay: float, step: int
    ) -> None:
        kernels.sgd_step(theta, grad, memory[0], lr, self.momentum, self.nesterov, decay)


@dataclass(frozen=True)
class Adam(Rule):
    """Adam (Kingma and Ba 2015) with bias correction. Its weight decay is added to the gradient; see AdamW."""

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    memory = ("m", "v")

    def __post_init__(self) -> None:
        _inside("beta1", self.beta1)
        _inside("beta2", self.beta2)
        if not self.eps > 0:
            raise UserError(f"eps is {self.eps}: expected a number above 0")

    def update(
        self, kernels: Any, theta: Array, grad: Array, memory: list[Array], lr: float, decay: float, step: int
    ) -> None:
        kernels.adam_step(theta, grad, *memory, lr, self.beta1, self.beta2, self.eps, decay, 0.0, step)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with weight decay decoupled from the gradient: theta -= lr * decay * theta (Loshchilov and Hutter 2019)."""

    def update(
        self, kernels: Any, theta: Array, grad: Array, memory: list[Array], lr: float, decay: float, step: int
    ) -> None:
        kernels.adam_step(theta, grad, *memory, lr, self.beta1, self.beta2, self.eps, 0.0, decay, step)


def _inside(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise UserError(f"{name} is {value}: expected a number from 0 up to, not including, 1")


class Optimiser:
    """A rule and its memory for one layout. clip: largest Euclidean norm of the gradient, 0 for none."""

    def __init__(
        self, rule: Rule, layout: Layout, kernels: Any, decay: float = 0.0, clip: float = 0.0, dtype: Any = np.float32
    ) -> None:
        if not (0 <= decay < np.inf and 0 <= clip < np.inf):
            raise UserError(f"weight decay is {decay} and clip {clip}: expected finite numbers, 0 or more")
        self.rule, self.layout, self.kernels, self.decay, self.clip = rule, layout, kernels, decay, clip
        self.memory = {name: aligned((layout.size,), dtype) for name in rule.memory}
        self.steps = 0
        self._parts = np.empty(layout.size // CHUNK + 1)

    def step(self, theta: Array, grad: Array, lr: float) -> None:
        """One update of theta in place; grad may be scaled by clipping."""
        self.steps += 1
        if self.clip:
            self.kernels.clip_norm(grad, self.clip, self._parts)
        for segment in self.layout.segments:
            part = slice(segment.start, segment.stop)
            memory = [vector[part] for vector in self.memory.values()]
            decay = self.decay if segment.decay else 0.0
            self.rule.update(self.kernels, theta[part], grad[part], memory, lr * segment.lr, decay, self.steps)


class Average:
    """Exponential moving average of the weights, and of the state beside them (Polyak and Juditsky 1992).

    Taken every `EVERY` steps, with the decay raised to match: at these decays nobody can tell, and memory traffic
    falls.
    """

    EVERY = 8

    def __init__(self, decay: float, theta: Array, state: Array, kernels: Any) -> None:
        _inside("average", decay)
        self.decay, self.kernels = decay, kernels
        self.theta, self.state = aligned(theta.shape), aligned(state.shape)
        self.theta[:], self.state[:] = theta, state

    def update(self, theta: Array, state: Array, step: int) -> None:
        """Take in the weights after `step` steps; early averages are shorter, so that the start is soon forgotten."""
        if step % self.EVERY == 0:
            keep = min(self.decay**self.EVERY, step / (step + 10 * self.EVERY))
            self.kernels.ema_step(self.theta, theta, keep)
            self.kernels.ema_step(self.state, state, keep)
