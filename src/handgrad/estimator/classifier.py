"""A classifier for scikit-learn's tools: pipelines, searches, cross-validation, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from handgrad.datasets import Images
from handgrad.estimator.checking import Rows, as_value_errors, numbered, validated
from handgrad.estimator.choosing import ALIASES, FIELDS, chosen_recipe, with_fields
from handgrad.estimator.learning import Learning
from handgrad.estimator.rows import Features, Labels, as_bytes, counted, grey_range
from handgrad.kernels.loss import softmax
from handgrad.model.answering import batched_logits
from handgrad.model.model import Model
from handgrad.nn.params import Array
from handgrad.training.class_weight import mean_one
from handgrad.training.progress import Epoch
from handgrad.training.recipe import Recipe
from handgrad.training.schedules import constant


@with_fields
class DigitClassifier(ClassifierMixin, BaseEstimator):
    """A neural network for any images and any features, as a scikit-learn classifier.

    Images, (N, H, W) or (N, H, W, C), get the network of a recipe and its distortions; features, (N, F), a dense
    network. Parameters that are None are as the recipe has them.

    Equal rows with equal labels are merged before training, and their weights added: an epoch sees each of them once.
    A weight multiplies a row's part of the gradient. So an integer weight does exactly what repeating the row would
    do, and a weight of 0 what leaving it out would do; the order of the rows makes no difference either.

    Parameters
    ----------
    recipe : str, pathlib.Path or Recipe, optional
        A recipe's name, its TOML file, or the recipe. None takes for features `hidden=(100,)` with Adam for 200 epochs,
        much as MLPClassifier has it, and for images the first of `cnn`, `tiny` and `mlp` that fits their size.
    hidden_layer_sizes : tuple of int, optional
        Units of each hidden layer: MLPClassifier's name of `hidden`.
    alpha : float, optional
        Strength of the L2 penalty, as in MLPClassifier: alpha / 2 times the sum of the squared weights, divided by the
        size of the batch, is added to the loss. It takes Adam in place of AdamW.
    batch_size : int, optional
        Rows in a batch, at most: MLPClassifier's name of `batch`. An epoch has batches of equal size.
    learning_rate_init : float, optional
        Learning rate, the highest of the schedule: MLPClassifier's name of `lr`.
    max_iter : int, optional
        Passes over the rows: MLPClassifier's name of `epochs`.
    early_stopping : bool
        Whether to keep some rows back, watch them, and keep the weights of the epoch that answers them best.
    validation_fraction : float
        Share of the rows, once merged, that `early_stopping` keeps back, from 0 to 1; each class gives its share.
    n_iter_no_change : int
        Epochs without a better answer after which `early_stopping` stops.
    class_weight : dict, 'balanced' or None
        What the rows of each class count, beside `sample_weight`.
    image_shape : tuple of int, optional
        (H, W) or (H, W, C) where rows of features are images.
    warm_start : bool
        Whether `fit` goes on from the weights of the last one.
    random_state : int, RandomState instance or None
        Of every random number.
    verbose : bool
        Whether to draw a bar of the progress on standard error.
    {options}

    Attributes
    ----------
    classes_ : array (K,)
        The labels.
    n_features_in_ : int
        How many numbers a row has; of images, H * W * C.
    feature_names_in_ : array of str
        Names of the columns, where `X` had some.
    image_shape_ : tuple of int or None
        (H, W, C) of images, None for features.
    recipe_ : Recipe
        What was trained by.
    history_ : list of Epoch
        What each epoch came to.
    n_iter_ : int
        How many epochs there were.
    model_ : Model
        The trained network. That of images can be saved and served; what are not bytes was first scaled to 0 .. 255
        by the range of the training images.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> DigitClassifier(max_iter=50, learning_rate_init=0.01, random_state=0).fit(X, y).score(X, y) > 0.9
    True
    """

    classes_: Rows
    history_: list[Epoch]
    model_: Model

    def __init__(
        self, recipe: str | Path | Recipe | None = None, *, hidden_layer_sizes: Sequence[int] | None = None,
        alpha: float | None = None, batch_size: int | None = None, learning_rate_init: float | None = None,
        max_iter: int | None = None, early_stopping: bool = False, validation_fraction: float = 0.1,
        n_iter_no_change: int = 10, class_weight: dict[Any, float] | str | None = None,
        image_shape: Sequence[int] | None = None, warm_start: bool = False, random_state: Any = None,
        verbose: bool = False, **fields: Any,
    ) -> None:  # fmt: skip
        self.recipe = recipe
        self.hidden_layer_sizes = hidden_layer_sizes
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.image_shape = image_shape
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        for name in fields.keys() - FIELDS:
            raise TypeError(f"DigitClassifier has no parameter '{name}'; docs/estimator.md lists them")
        for name in FIELDS:
            setattr(self, name, fields.get(name))

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> DigitClassifier:
        """Train.

        Parameters
        ----------
        X : array-like (N, F), (N, H, W) or (N, H, W, C)
            Features, or images: bytes, or numbers of any range.
        y : array-like (N,)
            Labels of any kind, at most 256 different ones.
        sample_weight : array-like (N,), optional
            What each row counts, 0 or more.

        Returns
        -------
        DigitClassifier
            Itself.
        """
        again = self.warm_start and hasattr(self, "model_")
        self._updates: int = 0
        self._memory: dict[str, Array] = {}  # of the optimiser, between calls of partial_fit
        rows, y, self.image_shape_ = validated(self, X, y, reset=not again)
        classes = np.unique(y)
        if again and not np.array_equal(classes, self.classes_):
            raise ValueError(f"warm_start takes the same classes as before, {self.classes_}: got {classes}")
        self.classes_ = classes
        if not again:
            self._grey = grey_range(rows)
        weights = _check_sample_weight(sample_weight, rows, dtype=np.float64)
        with as_value_errors():
            self._learn(rows, numbered(y, self.classes_), weights, self.model_ if again else None)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> DigitClassifier:
        """Train on for one epoch, with a constant learning rate and what the optimiser remembers.

        Of images that are not bytes, the first call settles which values are black and white.

        Parameters
        ----------
        X : array-like (N, F), (N, H, W) or (N, H, W, C)
            As in `fit`.
        y : array-like (N,)
            Labels.
        classes : array-like (K,), optional
            All labels that any call will have; the first call needs them.
        sample_weight : array-like (N,), optional
            What each row counts, 0 or more.

        Returns
        -------
        DigitClassifier
            Itself.
        """
        if self.early_stopping or self.class_weight == "balanced":
            raise ValueError("partial_fit takes neither early_stopping nor class_weight='balanced'")
        first = not hasattr(self, "model_")
        if first:
            self._updates, self._memory = 0, {}
        rows, y, self.image_shape_ = validated(self, X, y, reset=first)
        _check_partial_fit_first_call(self, classes)
        if first:
            self._grey = grey_range(rows)
        weights = _check_sample_weight(sample_weight, rows, dtype=np.float64)
        with as_value_errors():
            self._learn(rows, numbered(y, self.classes_), weights, None if first else self.model_, partial=True)
        return self

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like (N, F), (N, H, W) or (N, H, W, C)
            As in `fit`; images may be rows too.

        Returns
        -------
        float64 array (N, K)
            Rows with a sum of 1, in the order of `classes_`.
        """
        check_is_fitted(self)
        rows, _, _ = validated(self, X, reset=False)
        pixels = self._seen(rows).reshape(-1, *self.model_.network.in_shape)
        logits = batched_logits(self.model_.network, self.model_.preprocess, pixels, "compiled")
        known: npt.NDArray[np.float64] = softmax(logits.astype(np.float64)[:, : len(self.classes_)])
        return known

    def predict(self, X: Any) -> Rows:
        """Return the likeliest labels.

        Parameters
        ----------
        X : array-like (N, F), (N, H, W) or (N, H, W, C)
            As in `predict_proba`.

        Returns
        -------
        array (N,)
            Of `classes_`.
        """
        best = np.argmax(self.predict_proba(X), axis=1)
        answers: Rows = self.classes_[best]
        return answers

    def _seen(self, rows: Rows) -> Rows:
        """Images as bytes; features as they are."""
        return np.ascontiguousarray(rows) if self.image_shape_ is None else as_bytes(rows, self._grey)

    def _images(self, rows: Rows, labels: Labels) -> Images:
        names = tuple(map(str, self.classes_))
        if self.image_shape_ is None:
            return Features(rows.reshape(len(rows), 1, -1), labels.astype(np.uint8), names)
        return Images(rows.reshape(-1, *self.image_shape_), labels, names, "pictures")

    def _learn(self, rows: Rows, labels: Labels, weights: Array, start: Model | None, partial: bool = False) -> None:
        rows, balance = self._seen(rows), self.class_weight
        if balance != "balanced":
            balance = compute_class_weight(balance, classes=self.classes_, y=self.classes_[labels])
        first, counts = counted(rows, labels, weights, len(self.classes_), balance)
        if not partial and len(np.unique(labels[first])) < 2:
            raise ValueError("The rows that sample_weight leaves are of one class: expected 2 classes or more")
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        learnt, watched = self._split(labels[first], seed)
        recipe = self._recipe(len(learnt), partial)
        data = self._images(rows[first[learnt]], labels[first[learnt]])
        valid = self._images(rows[first[watched]], labels[first[watched]]) if len(watched) else None
        learning = Learning(
            recipe, data, valid, mean_one(counts[learnt]), mean_one(counts[watched]),
            seed + self._updates * partial, start, constant(recipe.lr, 1) if partial else None,
        )  # fmt: skip
        self._run(learning, partial)

    def _split(self, labels: Labels, seed: int) -> list[Labels]:
        """Which rows to learn from, and which to watch."""
        rows = np.arange(len(labels))
        if not self.early_stopping:
            return [rows, rows[:0]]
        parts: list[Labels] = train_test_split(
            rows, test_size=self.validation_fraction, stratify=labels, random_state=seed
        )
        return parts

    def _recipe(self, rows: int, partial: bool) -> Recipe:
        given = {name: getattr(self, name) for name in ("alpha", *ALIASES, *FIELDS)}
        chosen = chosen_recipe(self.recipe, given, len(self.classes_), self.image_shape_, rows)
        return chosen.change(epochs=1, ema=0.0) if partial else chosen

    def _run(self, learning: Learning, partial: bool) -> None:
        optimiser, going_on = learning.optimiser, partial and self._memory.keys() == learning.optimiser.memory.keys()
        if going_on:
            optimiser.made = self._updates
            for name, vector in self._memory.items():
                optimiser.memory[name][:] = vector
        learning.learn(self.n_iter_no_change, bool(self.verbose))
        self.recipe_ = learning.recipe
        self.history_ = (self.history_ if going_on else []) + learning.progress.history
        self.n_iter_ = len(self.history_)
        self._updates = optimiser.made + learning.progress.step if partial else 0
        self._memory = dict(optimiser.memory) if partial else {}
        record = {"recipe": self.recipe_.to_json(), "seed": learning.seed}
        self.model_ = Model(learning.kept, learning.preprocess, learning.data.classes, record)
