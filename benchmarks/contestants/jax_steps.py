"""JAX's training steps: a whole run as one compiled scan, or one compiled step at a time; buffers are donated."""

import sys
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from problem import BETA1, BETA2, EPS, Contestant, Problem, Weights, main

State = Any  # (parameters, m, v, steps made); m and v are empty for sgd


def loss_of(params: Any, x: jax.Array, labels: jax.Array) -> jax.Array:
    for i, (w, b) in enumerate(params):
        x = (jax.nn.relu(x) if i else x) @ w + b
    right = jnp.take_along_axis(jax.nn.log_softmax(x), labels[:, None], axis=1)
    return -right.mean()


def adam(state: State, grads: Any, lr: float) -> State:
    params, m, v, steps = state
    steps = steps + 1
    m = jax.tree.map(lambda a, g: BETA1 * a + (1 - BETA1) * g, m, grads)
    v = jax.tree.map(lambda a, g: BETA2 * a + (1 - BETA2) * g * g, v, grads)
    rate, correction = lr / (1 - BETA1**steps), 1 / (1 - BETA2**steps)
    params = jax.tree.map(lambda p, a, c: p - rate * a / (jnp.sqrt(c * correction) + EPS), params, m, v)
    return params, m, v, steps


def sgd(state: State, grads: Any, lr: float) -> State:
    return jax.tree.map(lambda p, g: p - lr * g, state[0], grads), *state[1:]


def build(problem: Problem, mode: str) -> Contestant:
    """mode: `scan` or `step`."""
    x, labels = jnp.asarray(problem.x), jnp.asarray(problem.labels, jnp.int32)
    all_rows = problem.rows.astype(np.int32)
    update = sgd if problem.optimiser == "sgd" else adam
    state: State = None

    def step(state: State, rows: jax.Array, x: jax.Array, labels: jax.Array) -> tuple[State, jax.Array]:
        loss, grads = jax.value_and_grad(loss_of)(state[0], x[rows], labels[rows])
        return update(state, grads, problem.lr), loss

    @partial(jax.jit, donate_argnums=0)
    def all_steps(state: State, all_rows: jax.Array, x: jax.Array, labels: jax.Array) -> tuple[State, jax.Array]:
        return jax.lax.scan(lambda state, rows: step(state, rows, x, labels), state, all_rows)

    one_step = jax.jit(step, donate_argnums=0)

    def reset() -> None:
        nonlocal state
        params = [(jnp.array(w), jnp.array(b)) for w, b in problem.start]
        memory = [jax.tree.map(jnp.zeros_like, params) if problem.optimiser == "adam" else () for _ in "mv"]
        state = jax.block_until_ready((params, *memory, jnp.zeros((), jnp.float32)))

    def run() -> None:
        nonlocal state
        if mode == "scan":
            state, losses = all_steps(state, all_rows, x, labels)
        else:
            for rows in all_rows:
                state, losses = one_step(state, rows, x, labels)
        jax.block_until_ready((state, losses))

    def weights() -> Weights:
        return [(np.asarray(w), np.asarray(b)) for w, b in state[0]]

    return Contestant(reset, run, weights, ("jax", "jaxlib", "numpy"))


if __name__ == "__main__":
    main(build, sys.argv)
