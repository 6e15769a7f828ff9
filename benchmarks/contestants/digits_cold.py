"""scikit-learn's 1,797 digits learnt behind a StandardScaler, as a whole script: by `handgrad` or by `scikit-learn`."""

import sys
import warnings
from typing import Any

from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def classifier(name: str) -> Any:
    if name == "handgrad":
        from handgrad import DigitClassifier

        return DigitClassifier(random_state=0)
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(random_state=0)


def main(name: str) -> None:
    warnings.simplefilter("ignore")  # MLPClassifier's default epochs may be too few
    rows, labels = load_digits(return_X_y=True)
    print(make_pipeline(StandardScaler(), classifier(name)).fit(rows, labels).score(rows, labels))


if __name__ == "__main__":
    main(sys.argv[1])
