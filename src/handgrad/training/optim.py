"""Optimisers on flat vectors: a rule makes one step, `Optimiser` keeps what the rule remembers."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from handgrad.errors import UserError
from handgrad.kernels import Kernels
from handgrad.kernels.protocol import Integer, Real, Rows
from handgrad.kernels.sizes import CHUNK
from handgrad.nn.params import Array, Layout, aligned


class Rule(ABC):
    """An update rule.

    Subclasses are frozen dataclasses; `memory` names the vectors, as long as theta, that a rule remembers.
    """

    memory: ClassVar[tuple[str, ...]]

    @abstractmethod
    def update(
        self, kernels: Kernels, theta: Array, grad: Array, memory: list[Array], starts: Rows, lr: Real, decay: float,
        step: Integer,
    ) -> None:  # fmt: skip
        """Move the parameters one step, in place.

        Parameters
        ----------
        kernels : Kernels
            What to compute with.
        theta, grad : float32 array (P,)
            Parameters, and the gradient of the loss with respect to them.
        memory : list of float32 array (P,)
            What the rule remembers, a vector for each name in `memory`.
        starts : int64 array (parameters + 1,)
            Where each parameter starts, and where the last one ends.
        lr : float or float64 array without axes
            Learning rate.
        decay : float
            Weight decay.
        step : int or int64 array without axes
            The number of this step, from 1.
        """


@dataclass(frozen=True)
class SGD(Rule):
    """Stochastic gradient descent with momentum.

    Momentum after Polyak (1964); Nesterov's in the form of Sutskever et al. 2013, "On the importance of initialization
    and momentum in deep learning".

    Parameters
    ----------
    momentum : float
        From 0 to below 1.
    nesterov : bool
        Whether the gradient is taken as if the momentum had been applied already.
    """

    momentum: float = 0.0
    nesterov: bool = False
    memory = ("velocity",)

    def __post_init__(self) -> None:
        _check_rate("momentum", self.momentum)

    def update(
        self, kernels: Kernels, theta: Array, grad: Array, memory: list[Array], starts: Rows, lr: Real, decay: float,
        step: Integer,
    ) -> None:  # fmt: skip
        kernels.sgd_step(theta, grad, memory[0], starts, lr, self.momentum, self.nesterov, decay)


@dataclass(frozen=True)
class Adam(Rule):
    """Adam with bias correction (Kingma and Ba 2015); weight decay is added to the gradient.

    Parameters
    ----------
    beta1, beta2 : float
        Decays of the first and the second moment, from 0 to below 1.
    eps : float
        Added to the root of the second moment, above 0.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    memory = ("m", "v")

    def __post_init__(self) -> None:
        _check_rate("beta1", self.beta1)
        _check_rate("beta2", self.beta2)
        if not self.eps > 0:
            raise UserError(f"eps is {self.eps}: expected a number above 0")

    def update(
        self, kernels: Kernels, theta: Array, grad: Array, memory: list[Array], starts: Rows, lr: Real, decay: float,
        step: Integer,
    ) -> None:  # fmt: skip
        m, v = memory
        kernels.adam_step(theta, grad, m, v, starts, lr, self.beta1, self.beta2, self.eps, decay, 0.0, step)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with weight decay decoupled from the gradient: theta -= lr decay theta (Loshchilov and Hutter 2019).

    Parameters
    ----------
    beta1, beta2, eps : float
        As in `Adam`.
    """

    def update(
        self, kernels: Kernels, theta: Array, grad: Array, memory: list[Array], starts: Rows, lr: Real, decay: float,
        step: Integer,
    ) -> None:  # fmt: skip
        m, v = memory
        kernels.adam_step(theta, grad, m, v, starts, lr, self.beta1, self.beta2, self.eps, 0.0, decay, step)


# What a recipe calls the rules: each is made from the recipe's momentum, nesterov and beta2.
RULES: dict[str, Callable[[float, bool, float], Rule]] = {
    "sgd": lambda momentum, nesterov, beta2: SGD(momentum, nesterov),
    "adam": lambda momentum, nesterov, beta2: Adam(momentum, beta2),
    "adamw": lambda momentum, nesterov, beta2: AdamW(momentum, beta2),
}


def _check_rate(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise UserError(f"{name} is {value}: expected a number from 0 up to, not including, 1")


class Optimiser:
    """A rule and its memory for one network.

    Parameters
    ----------
    rule : Rule
        How one step is made.
    layout : Layout
        Of the network's parameters: which of them decay, and how their learning rates are scaled.
    kernels : Kernels
        What to compute with.
    weight_decay : float
        Of the parameters that decay, 0 or more.
    clip_norm : float
        Largest Euclidean norm of the gradient; 0 for no limit.
    dtype : dtype
        Of the parameters: float32 to train, float64 to check.

    Attributes
    ----------
    made : int
        Steps that the memory holds from earlier runs; steps are counted on from there.

    Raises
    ------
    UserError
        For a negative or infinite weight decay or norm.
    """

    def __init__(
        self, rule: Rule, layout: Layout, kernels: Kernels, weight_decay: float = 0.0, clip_norm: float = 0.0,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        if not (0 <= weight_decay < np.inf and 0 <= clip_norm < np.inf):
            raise UserError(
                f"weight_decay is {weight_decay} and clip_norm {clip_norm}: expected finite numbers, 0 or more"
            )
        self.rule, self.layout, self.kernels = rule, layout, kernels
        self.weight_decay, self.clip_norm = weight_decay, clip_norm
        self.memory = {name: aligned((layout.size,), dtype) for name in rule.memory}
        self._norm, self._parts = np.empty(1), np.empty(layout.size // CHUNK + 1)
        places = [start for start, _ in layout.places.values()]
        bounds = [[start for start in places if s.start <= start < s.stop] + [s.stop] for s in layout.segments]
        self._starts = [np.array(each, np.int64) for each in bounds]
        self._lrs = [np.zeros(()) for _ in layout.segments]
        self._step, self.made = np.zeros((), np.int64), 0

    def update(self, theta: Array, grad: Array, lr: float, step: int) -> None:
        """Make one step, in place.

        Parameters
        ----------
        theta, grad : float32 array (P,)
            Parameters and gradient; clipping scales the gradient.
        lr : float
            Learning rate.
        step : int
            The number of this step, from 1.
        """
        self.begin_step(lr, step)
        self.move(theta, grad)

    def begin_step(self, lr: float, step: int) -> None:
        """Set the numbers of a step.

        Parameters
        ----------
        lr : float
            Learning rate.
        step : int
            The number of this step, from 1.
        """
        self._step[...] = self.made + step
        for cell, segment in zip(self._lrs, self.layout.segments, strict=True):
            cell[...] = lr * segment.lr_scale

    def move(self, theta: Array, grad: Array) -> None:
        """Make the step, in place.

        Parameters
        ----------
        theta, grad : float32 array (P,)
            Parameters and gradient; clipping scales the gradient.
        """
        if self.clip_norm:
            self.kernels.clip_norm(grad, self._norm, self.clip_norm, self._parts)
        for lr, starts, segment in zip(self._lrs, self._starts, self.layout.segments, strict=True):
            part = slice(segment.start, segment.stop)
            memory = [vector[part] for vector in self.memory.values()]
            decay = self.weight_decay if segment.decay else 0.0
            self.rule.update(self.kernels, theta[part], grad[part], memory, starts, lr, decay, self._step)


class EMA:
    """Exponential moving average of the weights, and of the state beside them (Polyak and Juditsky 1992).

    It is taken every `EVERY` steps, with the decay raised to that power: at the decays that are used the difference
    cannot be measured, and memory traffic falls.

    Parameters
    ----------
    decay : float
        Share of the old average that a step keeps, from 0 to below 1.
    theta, state : float32 array (P,), (S,)
        Where the average starts.
    kernels : Kernels
        What to compute with.
    """

    EVERY = 8

    def __init__(self, decay: float, theta: Array, state: Array, kernels: Kernels) -> None:
        _check_rate("ema", decay)
        self.decay, self.kernels = decay, kernels
        self.theta, self.state = aligned(theta.shape), aligned(state.shape)
        self.theta[:], self.state[:] = theta, state

    def update(self, theta: Array, state: Array, step: int) -> None:
        """Take in the weights after a step.

        Early averages are shorter, so that the start is soon forgotten.

        Parameters
        ----------
        theta, state : float32 array (P,), (S,)
            Weights and state.
        step : int
            How many steps were made.
        """
        if step % self.EVERY == 0:
            keep = min(self.decay**self.EVERY, step / (step + 10 * self.EVERY))
            self.kernels.ema_step(self.theta, theta, keep)
            self.kernels.ema_step(self.state, state, keep)
