"""JAX's training steps of the convolutional network: one compiled step at a time, buffers donated.

Not a scan: inside a loop, XLA's convolutions on the CPU are many times slower.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from conv_problem import ConvProblem, main
from problem import Contestant, Weights


def loss_of(params: Any, x: jax.Array, labels: jax.Array) -> jax.Array:
    *convolutions, hidden, last = params
    for i, (w, b) in enumerate(convolutions):
        form = ("NHWC", "HWIO", "NHWC")
        x = jax.nn.relu(jax.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=form) + b)
        if i % 2:
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = jax.nn.relu(x.reshape(len(x), -1) @ hidden[0] + hidden[1]) @ last[0] + last[1]
    return -jnp.take_along_axis(jax.nn.log_softmax(x), labels[:, None], axis=1).mean()


def build(problem: ConvProblem) -> Contestant:
    x, labels = jnp.asarray(problem.x), jnp.asarray(problem.labels, jnp.int32)
    all_rows = problem.rows.astype(np.int32)
    state: Any = None

    @partial(jax.jit, donate_argnums=0)
    def step(params: Any, rows: jax.Array, x: jax.Array, labels: jax.Array) -> tuple[Any, jax.Array]:
        loss, grads = jax.value_and_grad(loss_of)(params, x[rows], labels[rows])
        return jax.tree.map(lambda p, g: p - problem.lr * g, params, grads), loss

    def reset() -> None:
        nonlocal state
        state = jax.block_until_ready([(jnp.array(w), jnp.array(b)) for w, b in problem.start])

    def run() -> None:
        nonlocal state
        for rows in all_rows:
            state, loss = step(state, rows, x, labels)
        jax.block_until_ready((state, loss))

    def weights() -> Weights:
        return [(np.asarray(w), np.asarray(b)) for w, b in state]

    return Contestant(reset, run, weights, ("jax", "jaxlib", "numpy"))


if __name__ == "__main__":
    main(build)
