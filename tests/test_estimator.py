"""DigitClassifier beside scikit-learn's own checks and tools."""

import pickle
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  (makes the search importable)
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_val_score, cross_validate
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import handgrad
from handgrad import DigitClassifier, Model, UserError
from handgrad.datasets import Images
from handgrad.training.progress import Epoch
from handgrad.training.recipes import recipe
from handgrad.training.trainer import Trainer

IRIS, KINDS = load_iris(return_X_y=True)
PIXELS, DIGITS = load_digits(return_X_y=True)
SMALL = DigitClassifier("mlp", hidden_layer_sizes=(32,), max_iter=40)
QUICK = DigitClassifier(hidden_layer_sizes=(16,), max_iter=30, learning_rate_init=0.02, random_state=0)


def quick(**parameters):
    return clone(QUICK).set_params(**parameters)


@parametrize_with_checks([DigitClassifier(), SMALL])
def test_scikit_learn_s_common_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (4, 16)])
def test_images_of_any_shape_and_range_are_answered_alike(shape):
    images = PIXELS[:200].reshape(-1, *shape)
    parameters = {"recipe": "mlp", "hidden_layer_sizes": (32,), "max_iter": 80, "random_state": 0}
    floats = DigitClassifier(**parameters).fit(images, DIGITS[:200])
    stretched = DigitClassifier(**parameters).fit(images / 4 - 7, DIGITS[:200])
    rows = DigitClassifier(**parameters, image_shape=shape).fit(PIXELS[:200], DIGITS[:200])
    expected = floats.predict_proba(images)
    assert floats.score(images, DIGITS[:200]) > 0.8 and floats.image_shape_ == (*shape, 1)[:3]
    np.testing.assert_array_equal(stretched.predict_proba(images / 4 - 7), expected)
    np.testing.assert_array_equal(rows.predict_proba(PIXELS[:200]), expected)
    np.testing.assert_array_equal(floats.predict_proba(PIXELS[:200]), expected)  # images may come as rows


def test_bytes_are_taken_as_they_are_and_the_model_can_be_saved(tmp_path):
    images = (PIXELS[:100] * 10).astype(np.uint8).reshape(-1, 8, 8)
    fitted = DigitClassifier("tiny", max_iter=2, random_state=0).fit(images, DIGITS[:100].astype(str))
    fitted.model_.save(tmp_path / "digits.safetensors")
    loaded = Model.load(tmp_path / "digits.safetensors")
    assert loaded.classes == tuple("0123456789") and fitted.n_features_in_ == 64
    np.testing.assert_allclose(loaded.predict_proba(images), fitted.predict_proba(images), atol=1e-4)


def test_colour_images_and_labels_of_any_kind():
    colours = np.repeat(PIXELS[:60].reshape(-1, 8, 8, 1), 3, axis=3)
    labels = np.array(["zéro", "one"], object)[(DIGITS[:60] > 0).astype(int)]
    fitted = DigitClassifier("mlp", hidden=(8,), max_iter=3).fit(colours, labels)
    assert fitted.image_shape_ == (8, 8, 3) and set(fitted.predict(colours)) <= {"zéro", "one"}


@pytest.mark.parametrize(("side", "name"), [(28, "cnn"), (8, "tiny"), (1, "mlp")])
def test_images_get_the_first_recipe_that_fits(side, name):
    images, labels = np.arange(4 * side * side).reshape(4, side, side), [0, 1, 0, 1]
    fitted = DigitClassifier(max_iter=1).fit(images, labels)
    assert fitted.recipe_.name == name and fitted.recipe_.rotation == recipe(name).rotation


@pytest.mark.parametrize("name", ["cnn", "mlp-best", "robust", "tiny", "assignment"])
def test_features_get_a_dense_network_without_distortions(name):
    used = DigitClassifier(name, max_iter=1, rotation=5).fit(IRIS, KINDS).recipe_
    assert not (any(used.augmentation().values()) or used.features or used.deskew or used.teacher or used.outliers)
    assert used.hidden == (recipe(name).hidden or (100,))


def test_parameters_are_a_recipe_s_fields_by_their_names_or_mlp_classifier_s():
    given = {
        "hidden_layer_sizes": (7, 5),
        "max_iter": 3,
        "batch_size": 50,
        "learning_rate_init": 0.1,
        "dropout": (0.2, 0.1),
    }
    used = DigitClassifier(**given).fit(IRIS, KINDS).recipe_
    assert (used.hidden, used.epochs, used.batch, used.lr, used.dropout) == ((7, 5), 3, 49, 0.1, (0.2, 0.1))
    used = DigitClassifier(hidden=(7,), epochs=3, batch=50, lr=0.1).fit(IRIS, KINDS).recipe_
    assert (used.hidden, used.epochs, used.batch, used.lr) == ((7,), 3, 49, 0.1)  # 149 rows differ


def test_alpha_is_mlp_classifier_s():
    fitted = quick(alpha=5.0, optimiser="adamw").fit(IRIS, KINDS)
    assert (fitted.recipe_.optimiser, fitted.recipe_.weight_decay) == ("adam", 5.0 / fitted.recipe_.batch)
    weights = [np.square(each.model_.network.theta).sum() for each in (fitted, quick().fit(IRIS, KINDS))]
    assert weights[0] < 0.9 * weights[1]


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("shape", [(64,), (8, 8)])
def test_integer_weights_are_repetitions(early_stopping, shape):
    rows, labels = PIXELS[:150].reshape(-1, *shape), DIGITS[:150] % 3
    weights = np.arange(150) % 4
    given = quick(recipe="mlp", early_stopping=early_stopping, max_iter=5, class_weight="balanced")
    weighted = clone(given).fit(rows, labels, sample_weight=weights)
    repeated = clone(given).fit(np.repeat(rows, weights, axis=0)[::-1], np.repeat(labels, weights)[::-1])
    np.testing.assert_array_equal(weighted.predict_proba(rows), repeated.predict_proba(rows))
    assert [e.train_loss for e in weighted.history_] == [e.train_loss for e in repeated.history_]
    plain = clone(given).fit(rows, labels)
    assert not np.allclose(weighted.predict_proba(rows), plain.predict_proba(rows), atol=1e-3)


def test_weights_of_one_change_nothing_in_a_training_run():
    images = Images((PIXELS[:64] * 15).astype(np.uint8).reshape(-1, 8, 8), DIGITS[:64], tuple("0123456789"))
    used = recipe("mlp").change(hidden=(16,), epochs=2, batch=32)
    runs = [Trainer(used, images, None, weights=weights) for weights in (None, np.ones(64, np.float32))]
    losses = [[event.loss for event in run.run() if not isinstance(event, Epoch)] for run in runs]
    np.testing.assert_array_equal(runs[0].network.theta, runs[1].network.theta)
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def test_class_weight_balanced_finds_the_rare_class():
    random = np.random.default_rng(0)
    rows = np.concatenate([random.normal(0, 1, (950, 2)), random.normal(1, 1, (50, 2))])
    labels = np.repeat(["common", "rare"], [950, 50])
    found = {
        how: np.mean(quick(class_weight=how, max_iter=30).fit(rows, labels).predict(rows[950:]) == "rare")
        for how in (None, "balanced")
    }
    assert found["balanced"] > 0.6 > 0.2 > found[None]


def test_early_stopping_keeps_the_best_epoch():
    fitted = quick(early_stopping=True, max_iter=300, n_iter_no_change=5, validation_fraction=0.3, lr=0.05, dropout=0.5,
                   learning_rate_init=None).fit(IRIS, KINDS)  # fmt: skip
    scores = [(epoch.valid_accuracy, -epoch.valid_loss) for epoch in fitted.history_]
    assert scores.index(max(scores)) == fitted.n_iter_ - 6 and fitted.n_iter_ < 300


def test_partial_fit_goes_on_with_what_the_optimiser_remembers():
    once, twice = quick(), quick()
    once.partial_fit(IRIS, KINDS, classes=[0, 1, 2])
    for _ in range(40):
        twice.partial_fit(IRIS[::2], KINDS[::2], classes=[0, 1, 2])
    assert twice._updates == 40 and len(twice.history_) == 40
    assert twice.score(IRIS, KINDS) > 0.85 > once.score(IRIS, KINDS)
    copy = pickle.loads(pickle.dumps(twice))
    for each in (twice, copy):
        each.partial_fit(IRIS[:100], KINDS[:100])
    np.testing.assert_array_equal(twice.predict_proba(IRIS), copy.predict_proba(IRIS))


def test_warm_start_goes_on_from_the_weights():
    fitted = quick(warm_start=True, max_iter=5).fit(IRIS, KINDS)
    first = fitted.history_[0].train_loss
    assert fitted.fit(IRIS, KINDS).history_[0].train_loss < first
    with pytest.raises(ValueError, match="same classes"):
        fitted.fit(IRIS, KINDS + 1)
    with pytest.raises(ValueError, match="cannot go on from"):
        fitted.set_params(hidden_layer_sizes=(5,)).fit(IRIS, KINDS)


def test_pipelines_and_searches():
    pipeline = make_pipeline(StandardScaler(), quick()).set_output(transform="pandas")
    frame = pd.DataFrame(IRIS, columns=list("abcd"))
    assert list(pipeline.fit(frame, KINDS)[-1].feature_names_in_) == list("abcd")
    assert cross_val_score(pipeline, IRIS, KINDS, cv=3).mean() > 0.8
    grid = {"digitclassifier__dropout": [0.0, 0.3], "digitclassifier__alpha": [1e-4, 1e-2]}
    assert GridSearchCV(pipeline, grid, cv=3).fit(IRIS, KINDS).best_score_ > 0.8
    halving = HalvingGridSearchCV(quick(), {"hidden_layer_sizes": [(4,), (16,)]}, resource="max_iter", min_resources=4,
                                  max_resources=8, factor=2, cv=2, random_state=0)  # fmt: skip
    assert halving.fit(IRIS, KINDS).best_params_["max_iter"] == 8


def test_calibration_and_permutation_importance():
    calibrated = CalibratedClassifierCV(quick(), cv=3).fit(IRIS, KINDS, sample_weight=np.ones(150))
    assert calibrated.score(IRIS, KINDS) > 0.8
    found = permutation_importance(quick(max_iter=30).fit(IRIS, KINDS), IRIS, KINDS, n_repeats=3, random_state=0)
    assert found.importances_mean.argmax() in (2, 3)  # the petals tell the species


def test_metadata_is_routed():
    with config_context(enable_metadata_routing=True):
        estimator = quick().set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        found = cross_validate(
            estimator, IRIS, KINDS, params={"sample_weight": KINDS}, cv=2, return_estimator=True, return_indices=True
        )
    learnt = found["indices"]["train"][0]
    same = quick().fit(IRIS[learnt], KINDS[learnt], sample_weight=KINDS[learnt])
    np.testing.assert_array_equal(found["estimator"][0].predict_proba(IRIS), same.predict_proba(IRIS))


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.process)])
def test_joblib_in_threads_and_processes(backend):
    jobs = [delayed(quick(random_state=seed).fit)(IRIS, KINDS) for seed in range(4)]
    there = Parallel(n_jobs=2, backend=backend)(jobs)
    for seed, fitted in enumerate(there):
        np.testing.assert_array_equal(
            fitted.predict_proba(IRIS), quick(random_state=seed).fit(IRIS, KINDS).predict_proba(IRIS)
        )


def test_verbose_draws_a_bar_on_standard_error(capsys):
    quick(verbose=True, early_stopping=True, n_iter_no_change=30).fit(IRIS, KINDS)
    out, err = capsys.readouterr()
    assert not out and "30/30" in err and "valid" in err
    quick().fit(IRIS, KINDS)
    assert capsys.readouterr() == ("", "")


FITTED = quick().fit(IRIS, KINDS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: DigitClassifier().predict(IRIS), "not fitted"),
        (lambda: FITTED.predict(IRIS[:, :3]), "X has 3 features, but DigitClassifier is expecting 4 features"),
        (lambda: FITTED.predict(IRIS.reshape(-1, 2, 2)), "Found images"),
        (lambda: quick().fit(IRIS[:50], KINDS[:50]), "one class"),
        (lambda: quick().fit(IRIS, KINDS, sample_weight=KINDS == 1), "one class"),
        (lambda: quick().fit(IRIS, KINDS, sample_weight=-np.ones(150)), "Negative values"),
        (lambda: quick().fit(np.full((3, 2), np.nan), [0, 1, 0]), "NaN"),
        (lambda: quick().fit(np.zeros((0, 4)), []), "0 sample"),
        (lambda: quick().fit(np.zeros((0, 8, 8)), []), "0 sample"),
        (lambda: quick().fit([["a", "b"], ["c", "d"]], [0, 1]), "could not convert string"),
        (lambda: quick().fit(IRIS, IRIS[:, 0]), "Unknown label type"),
        (lambda: quick().fit(np.zeros((900, 1)), np.arange(900) % 300), "300 classes: expected 256 at most"),
        (lambda: quick().fit(np.zeros((4, 8, 8, 2)), [0, 1, 0, 1]), "2 channels"),
        (lambda: quick(image_shape=(3, 3)).fit(IRIS, KINDS), "image_shape"),
        (lambda: quick(dropout=2).fit(IRIS, KINDS), "dropout is 2"),
        (lambda: quick(hidden=(3,)).fit(IRIS, KINDS), "two names of one parameter"),
        (lambda: quick(recipe="mpl").fit(IRIS, KINDS), "did you mean 'mlp'"),
        (lambda: quick().partial_fit(IRIS, KINDS), "classes must be passed"),
        (lambda: quick().partial_fit(IRIS, KINDS, classes=[0, 1]), "none of"),
    ],
)  # fmt: skip
def test_bad_input_is_told_as_scikit_learn_does(call, message):
    with pytest.raises((ValueError, NotFittedError), match=re.escape(message)) as told:
        call()
    assert not isinstance(told.value, UserError)


TABLE = pd.DataFrame(IRIS, columns=list("abcd"))
HOLES, ENDLESS = (np.where(np.arange(4) == 2, value, IRIS) for value in (np.nan, np.inf))


@pytest.mark.parametrize(
    "call",
    [
        lambda e: e.fit(HOLES, KINDS),
        lambda e: e.fit(IRIS, KINDS).predict(HOLES),
        lambda e: e.fit(IRIS, KINDS).predict(IRIS[:, :3]),
        lambda e: e.fit(IRIS, KINDS).predict_proba(np.hstack([IRIS, IRIS])),
        lambda e: e.fit(TABLE, KINDS).predict(TABLE.rename(columns={"a": "z"})),
        lambda e: e.fit(TABLE, KINDS).predict(TABLE[list("dcba")]),
        lambda e: e.fit(TABLE, KINDS).predict(TABLE[list("abc")]),
        lambda e: e.fit(IRIS[:0], KINDS[:0]),
        lambda e: e.fit(IRIS, KINDS).predict(IRIS[:0]),
        lambda e: e.fit(IRIS[:, :0], KINDS),
        lambda e: e.fit([["a", "b"], ["c", "d"]], [0, 1]),
        lambda e: e.fit(np.array([["a", 1], ["c", 2]], object), [0, 1]),
        lambda e: e.fit(IRIS, KINDS).predict(IRIS[0]),
        lambda e: e.fit(IRIS, KINDS[:-1]),
        lambda e: e.fit(IRIS, np.where(KINDS == 1, np.nan, KINDS)),
        lambda e: e.fit(1j * IRIS, KINDS),
        lambda e: e.fit(None, KINDS),
        lambda e: e.fit(IRIS, None),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # its one epoch is enough here
def test_bad_input_is_told_in_mlp_classifier_s_words(call):
    told = []
    for estimator in (MLPClassifier((4,), max_iter=1), DigitClassifier(hidden_layer_sizes=(4,), max_iter=1)):
        with pytest.raises((ValueError, TypeError)) as error:
            call(estimator)
        told.append((error.type, str(error.value)))
    assert told[1] == (told[0][0], told[0][1].replace("MLPClassifier", "DigitClassifier"))


@pytest.mark.parametrize("call", [lambda e: e.fit(ENDLESS, KINDS), lambda e: e.fit(IRIS, KINDS).predict(ENDLESS)])
def test_numbers_without_end_are_named(call):
    with pytest.raises(ValueError, match="Input X contains infinity or a value too large"):
        call(quick())


def test_one_class_with_a_name_and_text_at_predict():
    with pytest.raises(ValueError, match="one class"):
        quick().fit(IRIS, np.full(150, "the same"))
    fitted = quick(max_iter=2).fit(IRIS, KINDS)
    before = fitted.predict_proba(IRIS)
    with pytest.raises(ValueError, match="could not convert string"):
        fitted.predict([["a", "b", "c", "d"]])
    np.testing.assert_array_equal(fitted.predict_proba(IRIS), before)


def test_weights_of_classes_are_the_estimator_s_own_parameter():
    with pytest.raises(ValueError, match="the recipe has class_weight: leave it out there"):
        quick(recipe=recipe("mlp").change(class_weight="balanced")).fit(IRIS, KINDS)


def test_an_unknown_parameter_is_named():
    with pytest.raises(TypeError, match="no parameter 'hiden'"):
        DigitClassifier(hiden=(3,))


def test_without_scikit_learn_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.delitem(sys.modules, "handgrad.estimator.classifier")
    for name in [name for name in sys.modules if name.startswith("sklearn.")]:
        monkeypatch.delitem(sys.modules, name)
    stand_in = runpy.run_path(str(Path(handgrad.__file__).parent / "estimator" / "__init__.py"))["DigitClassifier"]
    with pytest.raises(UserError, match=r"pip install 'handgrad\[sklearn\]'$"):
        stand_in(max_iter=3)


PAGE = (Path(__file__).parent.parent / "docs" / "estimator.md").read_text(encoding="utf-8")


def test_the_examples_of_the_page_run(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    found: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, found)
    shown = [float(word) for word in capsys.readouterr().out.split()]
    assert len(shown) >= 4 and min(shown) > 0.9
    assert (tmp_path / "digits.safetensors").is_file()


def test_the_page_names_every_parameter_that_is_no_field_of_a_recipe():
    own = set(DigitClassifier().get_params()) - set(recipe("mlp").to_json())
    assert not {name for name in own if f"`{name}`" not in PAGE}
