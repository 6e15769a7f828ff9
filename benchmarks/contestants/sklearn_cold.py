"""scikit-learn's script for the assignment's network: five epochs of MNIST, batch 32, one learning rate for all."""

import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier


def main(folder: Path) -> None:
    warnings.simplefilter("ignore", ConvergenceWarning)  # five epochs are few
    pixels, labels = np.load(folder / "pixels.npy"), np.load(folder / "labels.npy")
    x = pixels.reshape(len(pixels), -1).astype(np.float32)
    x = (x - x.mean()) / x.std()
    network = MLPClassifier(
        (100, 200, 200), solver="sgd", learning_rate_init=0.1, batch_size=32, max_iter=5, alpha=0, momentum=0, tol=0
    )
    network.fit(x, labels)
    joblib.dump(network, folder / "sklearn.joblib")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
