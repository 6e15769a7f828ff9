"""scikit-learn's training steps: `fit`, told to keep the order, over images laid out in that order beforehand.

It is spared gathering the batches that way, which only helps it.
"""

import sys
import warnings

from problem import BETA1, BETA2, EPS, Contestant, Problem, Weights, main
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier


def build(problem: Problem) -> Contestant:
    warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped after one pass on purpose
    order = problem.rows.reshape(-1)
    x, labels = problem.x[order], problem.labels[order]
    network = MLPClassifier(
        [w.shape[1] for w, _ in problem.start[:-1]], solver=problem.optimiser, alpha=0, learning_rate_init=problem.lr,
        batch_size=problem.rows.shape[1], max_iter=1, shuffle=False, tol=0, n_iter_no_change=10**9,
        momentum=0, nesterovs_momentum=False, beta_1=BETA1, beta_2=BETA2, epsilon=EPS, warm_start=True,
    )  # fmt: skip

    def reset() -> None:
        if hasattr(network, "coefs_"):  # it makes its own before the first run, which is the one to warm up
            network.coefs_ = [w.copy() for w, _ in problem.start]
            network.intercepts_ = [b.copy() for _, b in problem.start]

    def run() -> None:
        network.fit(x, labels)

    def weights() -> Weights:
        return list(zip(network.coefs_, network.intercepts_, strict=True))

    return Contestant(reset, run, weights, ("scikit-learn", "numpy"))


if __name__ == "__main__":
    main(build, sys.argv)
