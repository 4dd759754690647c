"""The estimators keep scikit-learn's contract, work with its parts, and pickle no net."""

from __future__ import annotations

import pickle
import pickletools
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from hornbook.errors import RunError, SettingsError
from hornbook.extras import how_to_install
from hornbook.tables import EntityEmbeddings, SwapAutoencoder, TableClassifier, TableRegressor
from hornbook.tables.estimator_inputs import column_kinds
from hornbook.tables.evaluation import scores_of
from hornbook.tables.learned import weighed
from hornbook.tables.training_data import data_of
from hornbook.tensor_files import read_tensors, tensor_bytes, tensors_in, write_tensors

SMALL: dict[str, Any] = {
    "settings": {"n_hidden": (16,), "batchnorm": False, "dropout": 0.0, "embedding_dropout": 0.0},
    "steps": 25, "batch_size": 32, "learning_rate": 0.05, "random_state": 0,
}  # fmt: skip
CODES: dict[str, Any] = {
    "n_hidden": (16,), "steps": 25, "batch_size": 32, "learning_rate": 0.05, "random_state": 0
}  # fmt: skip
KINDS: tuple[Any, ...] = (TableRegressor, TableClassifier, EntityEmbeddings, SwapAutoencoder)


def small(kind: type[Any], **more: Any) -> Any:
    return kind(**{**(CODES if kind is SwapAutoencoder else SMALL), **more})


N = 90
RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "kind": pd.Categorical(RANDOM.choice(["red", "blue", "green"], N)),
        "size": RANDOM.integers(1, 4, N),
        "area": np.where(RANDOM.random(N) < 0.1, np.nan, RANDOM.normal(50, 10, N)),
        "sold": pd.date_range("2020-01-01", periods=N),
    }
)
PRICE = FRAME["area"].fillna(50).to_numpy() + 10 * (FRAME["kind"] == "red").to_numpy()
DEAR = np.where(np.median(PRICE) < PRICE, "dear", "cheap")
BARE = FRAME[["kind", "size", "area"]]


def what_cannot_hold(estimator: Any) -> dict[str, str]:
    if isinstance(estimator, SwapAutoencoder):  # takes no weights
        return {}
    name = "check_sample_weight_equivalence_on_dense_data"
    return {name: "batches of repeated rows are others than batches of weighted ones"}


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [small(kind) for kind in KINDS], expected_failed_checks=what_cannot_hold
)
def test_the_contract_of_scikit_learn_holds(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def target_for(kind: type[Any]) -> Any:
    return DEAR if kind is TableClassifier else PRICE


WEIGHTED: tuple[Any, ...] = (TableRegressor, TableClassifier, EntityEmbeddings)


def given_by(net: Any) -> Any:
    answer = "predict_proba" if hasattr(net, "predict_proba") else "predict"
    return getattr(net, answer if hasattr(net, answer) else "transform")(BARE)


@pytest.mark.parametrize("kind", WEIGHTED)
def test_rows_of_weight_0_are_as_if_they_were_not_there(kind: Any) -> None:
    y, kept = target_for(kind), np.arange(N) % 3 > 0
    with_zeros = small(kind).fit(BARE, y, sample_weight=np.where(kept, 2.0, 0.0))
    without = small(kind).fit(BARE[kept], y[kept])
    np.testing.assert_array_equal(given_by(with_zeros), given_by(without))
    pulled = small(kind).fit(BARE, y, sample_weight=np.where(kept, 9.0, 1.0))
    assert (given_by(pulled) != given_by(small(kind).fit(BARE, y))).any()


def test_weights_of_rows_lead_where_those_of_scikit_learn_do() -> None:
    x = RANDOM.normal(size=(400, 2))
    y = np.where(RANDOM.random(400) < 0.5, x[:, 0], 3 * x[:, 1] + 2)  # two laws, mixed
    weights = RANDOM.uniform(0.1, 5, 400)
    settings = {"ridge": 0.0}
    how: dict[str, Any] = {
        "steps": 600,
        "batch_size": 400,
        "learning_rate": 0.05,
        "early_stopping": False,
    }
    net = TableRegressor(model="linear", settings=settings, random_state=0, **how)
    for given in (None, weights):
        wanted = LinearRegression().fit(x, y, sample_weight=given).predict(x)
        found = net.fit(x, y, sample_weight=given).predict(x)
        assert np.abs(found - wanted).max() < 0.01 * y.std()
    apart = LinearRegression().fit(x, y).predict(x) - wanted
    assert np.abs(apart).max() > 0.05 * y.std()  # the weights do make a difference


def test_weights_count_where_training_ends_early() -> None:
    x = RANDOM.normal(size=(600, 1))
    rows = TableRegressor(**SMALL).fit(x, x[:, 0]).learned_
    dev = np.arange(600) % 10 == 0
    weights = RANDOM.uniform(0, 3, 600)
    data = data_of(column_kinds(x, "auto"), rows.target, 2 * x[:, 0], dev, 1, weights)
    found = weighed(rows.net, data, 0).measures["dev"]["rmse"]
    held = data.splits["dev"]
    errors = scores_of(data.target, rows.net.predict(held.inputs), held).losses
    assert found == pytest.approx(np.sqrt((errors * weights[dev]).sum() / weights[dev].sum()))
    assert data.train.weights is not None
    assert data.train.weights.mean() == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        (np.ones(N - 1), "one weight for each of the 90 rows"),
        (np.where(np.arange(N) == 4, -1.0, 1.0), r"sample_weight\[4\] is -1: weights must be 0"),
        (np.where(np.arange(N) == 4, 1.0, 0.0), "zero for all rows but 1"),
        (np.full(N, np.nan), "sample_weight contains NaN"),
    ],
)
def test_weights_that_are_none_are_refused(weights: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        small(TableRegressor).fit(BARE, PRICE, sample_weight=weights)


def test_they_work_in_searches_and_pipelines() -> None:
    searched = GridSearchCV(
        TableRegressor(**SMALL), {"min_count": [1, 2], "categorical": ["auto", ["kind"]]}, cv=2
    ).fit(BARE, PRICE)
    assert searched.best_score_ > 0.3
    scores = cross_val_score(TableClassifier(**SMALL), BARE, DEAR, cv=2, scoring="roc_auc")
    assert scores.min() > 0.7
    chosen = ColumnTransformer(
        [
            ("vectors", EntityEmbeddings(**SMALL), ["kind", "size"]),
            ("scaled", StandardScaler(), ["size"]),
        ]
    ).set_output(transform="pandas")
    made = chosen.fit_transform(BARE, PRICE)
    assert list(made.columns) == [
        "vectors__kind_0", "vectors__kind_1", "vectors__kind_2", "vectors__size_0",
        "vectors__size_1", "vectors__size_2", "scaled__size",
    ]  # fmt: skip
    piped = make_pipeline(EntityEmbeddings(**SMALL, passthrough=False), LinearRegression())
    assert piped.fit(FRAME, PRICE).score(FRAME, PRICE) > 0.5


def test_columns_of_vectors_have_names_and_unknown_categories_the_mean() -> None:
    made = EntityEmbeddings(**SMALL).fit(FRAME, PRICE)
    names = list(made.get_feature_names_out())
    assert names[:3] == ["kind_0", "kind_1", "kind_2"]
    assert {"sold_weekday_0", "sold_day_of_year", "area", "area_missing"} <= set(names)
    vectors = made.transform(FRAME)
    assert vectors.shape == (N, len(names))
    new = made.transform(FRAME.assign(kind="violet"))
    np.testing.assert_allclose(new[:, :3], np.tile(vectors[:, :3].mean(0), (N, 1)))
    unnamed = EntityEmbeddings(**SMALL, categorical=[1]).fit(
        BARE[["area", "size"]].to_numpy(), PRICE
    )
    assert list(unnamed.get_feature_names_out())[-2:] == ["x0", "x0_missing"]
    assert next(iter(unnamed.get_feature_names_out(["a", "b"]))) == "b_0"


def test_one_seed_gives_one_net_and_leaves_the_caller_s_numbers() -> None:
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    first = TableRegressor(**SMALL).fit(FRAME, PRICE).predict(FRAME)
    second = TableRegressor(**SMALL).fit(FRAME, PRICE).predict(FRAME)
    np.testing.assert_array_equal(first, second)
    assert torch.equal(before, torch.get_rng_state())
    assert threads == torch.get_num_threads()


@pytest.mark.parametrize("kind", KINDS)
def test_kept_it_is_the_same_and_no_net_is_pickled(kind: type[Any], tmp_path: Path) -> None:
    made = small(kind).fit(FRAME, target_for(kind))
    is_transformer = hasattr(made, "transform")
    made.set_output(transform="pandas") if is_transformer else None
    answer = made.transform if is_transformer else made.predict
    data = pickle.dumps(made)
    named = {str(arg) for op, arg, _ in pickletools.genops(data) if "STRING" in op.name
             or "UNICODE" in op.name}  # fmt: skip
    assert not any("torch" in name or "hornbook.nn" in name for name in named)
    again = pickle.loads(data)
    made.save(tmp_path / "net.safetensors")
    loaded = kind.load(tmp_path / "net.safetensors")
    for other in (again, loaded):
        said = (other.transform if is_transformer else other.predict)(FRAME)
        np.testing.assert_array_equal(np.asarray(said), np.asarray(answer(FRAME)))
        assert list(other.feature_names_in_) == list(made.feature_names_in_)
        assert other.get_params() == made.get_params()
    if kind is TableClassifier:
        np.testing.assert_array_equal(loaded.classes_, ["cheap", "dear"])


CLASSES = [[True, False], [3, 5], [0.0, 2.0], ["b", "a"], np.array(["b", "a"], object)]


@pytest.mark.parametrize("classes", CLASSES)
def test_classes_of_any_type_are_kept(classes: Any, tmp_path: Path) -> None:
    y = np.asarray(classes)[(PRICE > 50).astype(int)]
    made = TableClassifier(**{**SMALL, "steps": 1}).fit(BARE, y)
    made.save(tmp_path / "net")
    loaded = TableClassifier.load(tmp_path / "net")
    assert loaded.classes_.tolist() == made.classes_.tolist()
    assert loaded.classes_.dtype.kind == made.classes_.dtype.kind


def test_what_was_damaged_is_refused(tmp_path: Path) -> None:
    made = TableRegressor(**{**SMALL, "steps": 1}).fit(FRAME, PRICE)
    path = tmp_path / "net"
    made.save(path)
    with pytest.raises(RunError, match="is a TableRegressor, not a TableClassifier"):
        TableClassifier.load(path)
    whole, (arrays, about) = path.read_bytes(), read_tensors(path)
    path.write_bytes(whole[:-9] + b"\0" + whole[-8:])
    with pytest.raises(RunError, match="damaged"):
        TableRegressor.load(path)
    learned = about["learned"]
    changes: list[tuple[dict[str, Any], str]] = [
        ({"learned": {**learned, "format": 2}}, "format 2"),
        ({"learned": {**learned, "family": "mean"}}, "damaged"),
        ({"learned": {**learned, "rows": 0}}, "rows or counts"),
        ({"learned": {**learned, "counts": learned["counts"][1:]}}, "rows or counts"),
        ({"learned": {**learned, "mapper": {}}}, "damaged"),
        ({"learned": {**learned, "settings": {"n_hidden": [90_000]}}}, "ask for"),
        ({"learned": {**learned, "settings": {"n_hidden": [8]}}}, "do not match"),
        ({"learned": {**learned, "settings": {"n_hiden": [8]}}}, "damaged"),
        ({"estimator": {**about["estimator"], "params": {"stepps": 1}}}, "damaged"),
        ({"estimator": {**about["estimator"], "n_features_in": 7}}, "columns or classes"),
        ({"more": 1}, "is not an estimator"),
    ]
    for change, told in changes:
        write_tensors(path, arrays, {**about, **change})
        with pytest.raises(RunError, match=told):
            TableRegressor.load(path)
    state = made.__getstate__()
    state["learned_"] = state["learned_"][:-8]
    with pytest.raises(RunError, match="damaged"):
        TableRegressor().__setstate__(state)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "is missing.\nNo file has this name"),
        (b"size,price\n1,2\n", "does not begin as a safetensors file"),
        (save({"a": np.arange(3)}), "was not written by hornbook"),
        (tensor_bytes({}, {"record": 1}), "is not an estimator"),
    ],
)
def test_a_file_of_no_estimator_is_not_taken_for_that_of_a_run(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "nope.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunError, match=told) as caught:
        TableRegressor.load(path)
    assert "an estimator's `save` wrote" in caught.value.hint
    assert caught.value.action is None
    assert not re.search(r"\brun\b|resume", str(caught.value).replace(str(path), ""))


def test_codes_that_were_damaged_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "codes"
    small(SwapAutoencoder, steps=1).fit(FRAME).save(path)
    with pytest.raises(RunError, match="is a SwapAutoencoder, not a TableRegressor"):
        TableRegressor.load(path)
    arrays, about = read_tensors(path)
    learned = about["learned"]
    changes: list[tuple[dict[str, Any], str]] = [
        ({**learned, "format": 2}, "format 2"),
        ({**learned, "rows": 0}, "out of range"),
        ({**learned, "n_hidden": []}, "out of range"),
        ({**learned, "mapper": {}}, "damaged"),
        ({**learned, "n_hidden": [90_000]}, "ask for"),
        ({**learned, "n_hidden": [15]}, "do not match"),
    ]
    for change, told in changes:
        write_tensors(path, arrays, {**about, "learned": change})
        with pytest.raises(RunError, match=told):
            SwapAutoencoder.load(path)


def test_tensors_in_bytes_are_checked_as_those_in_files() -> None:
    data = tensor_bytes({"a": np.arange(3)}, {"b": 1})
    tensors, about = tensors_in(data, "it")
    assert (tensors["a"].tolist(), about) == ([0, 1, 2], {"b": 1})
    for wrong in (b"", data[:20], data[:-1] + b"\7", b"\xff" * 40):
        with pytest.raises(RunError, match="it is damaged"):
            tensors_in(wrong, "it")
    with pytest.raises(RunError, match="was not written by hornbook"):
        tensors_in(save({"a": np.arange(3)}), "it")


def test_a_generator_is_not_written(tmp_path: Path) -> None:
    made = TableRegressor(**{**SMALL, "random_state": np.random.RandomState(0)}).fit(FRAME, PRICE)
    with pytest.raises(SettingsError, match="`random_state` is a RandomState"):
        made.save(tmp_path / "net")


ENDLESS = FRAME.assign(area=[np.inf, 1.5, 2.5] * (N // 3))
REGRESSOR: Callable[..., Any] = lambda **more: TableRegressor(**{**SMALL, "steps": 2, **more})  # noqa: E731
WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: REGRESSOR(categorical=["colour"]).fit(FRAME, PRICE), "names 'colour'"),
    (lambda: REGRESSOR(categorical=[True]).fit(FRAME, PRICE), "a mask of 1 columns"),
    (lambda: REGRESSOR(categorical=["size"]).fit(FRAME, PRICE), "in column 'kind' is not a number"),
    (lambda: REGRESSOR(early_stopping="often").fit(FRAME, PRICE), "`early_stopping` must be"),
    (lambda: REGRESSOR(validation_fraction=1).fit(FRAME, PRICE), "`validation_fraction` must be"),
    (lambda: REGRESSOR(model="mlp").fit(FRAME, PRICE), "Unknown model family"),
    (lambda: REGRESSOR(settings={"hidden": 3}).fit(FRAME, PRICE), "no setting hidden"),
    (lambda: REGRESSOR(steps=-1).fit(FRAME, PRICE), "`steps` must be"),
    (lambda: REGRESSOR(log_target=True).fit(FRAME, PRICE - 99), "needs y above 0"),
    (lambda: REGRESSOR().fit(FRAME.assign(kind="red")[["kind"]], PRICE), "no column to learn"),
    (lambda: REGRESSOR().fit(FRAME.iloc[:0], PRICE[:0]), "0 sample"),
    (lambda: REGRESSOR().fit(FRAME, PRICE[:-1]), "inconsistent numbers of samples"),
    (lambda: REGRESSOR().fit(FRAME, DEAR), "is 'dear', and numbers were expected"),
    (lambda: REGRESSOR().fit(FRAME, ["365,91 €"] * N), "is '365,91 €', and numbers were"),
    (lambda: REGRESSOR().fit(FRAME, pd.date_range("2020", periods=N)), "y holds dates"),
    (lambda: REGRESSOR(categorical=["kind", 1, "kind"]).fit(FRAME, PRICE), "'kind' twice"),
    (lambda: TableClassifier(class_weight={"a": 0, "b": 1}).fit(FRAME, ["a", "b", "b"] * (N // 3)),
     "the class 'a' the weight 0: a number above 0"),
    (lambda: TableClassifier(class_weight={"b": -1}).fit(FRAME, ["a", "b", "b"] * (N // 3)),
     "the class 'b' the weight -1"),
    (lambda: TableClassifier(class_weight="even").fit(FRAME, ["a", "b", "b"] * (N // 3)),
     "must be None, 'balanced', or a mapping"),
    (lambda: REGRESSOR().fit(FRAME, PRICE).predict(FRAME[["kind"]]), "feature names should match"),
    (lambda: REGRESSOR().fit(FRAME, PRICE).predict(FRAME.assign(area="big")), "'big' in column"),
    (lambda: REGRESSOR().fit(FRAME, PRICE).predict(FRAME.assign(kind=7)), "holds numbers"),
    (lambda: REGRESSOR().fit(ENDLESS, PRICE), "'inf' in column"),
    (lambda: TableClassifier().fit(FRAME, ["a"] * N), "one class"),
    (lambda: TableClassifier().fit(FRAME, [*["a"] * (N - 1), None]), "y holds NoneType and str"),
    (lambda: TableClassifier().fit(FRAME, np.array([*["a"] * (N - 1), 1], object)), "int and str"),
    (lambda: REGRESSOR().fit(pd.concat([FRAME, FRAME], axis=1), PRICE), "several columns named"),
    (lambda: KINDS[2](predicts="text").fit(FRAME, PRICE), "auto, number or class"),
    (lambda: EntityEmbeddings(predicts="class").fit(FRAME, ["a"] * N), "one class"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_cannot_be_learned_is_a_value_error(call: Callable[[], Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        call()


def test_rare_classes_can_count_more_and_training_ends_early() -> None:
    rare = (np.quantile(PRICE, 0.9) < PRICE).astype(int)
    alike = TableClassifier(**{**SMALL, "model": "linear", "settings": None}).fit(FRAME, rare)
    weighed = alike.set_params(class_weight="balanced")
    before = alike.predict_proba(FRAME)[:, 1].mean()
    assert weighed.fit(FRAME, rare).predict_proba(FRAME)[:, 1].mean() > before + 0.1
    stopped = TableRegressor(
        **{**SMALL, "steps": 400}, early_stopping=True, training={"patience": 1}
    ).fit(FRAME, RANDOM.normal(size=N))
    assert stopped.n_steps_ < 400
    constant = TableRegressor(**SMALL).fit(FRAME, np.full(N, 3.5))
    np.testing.assert_allclose(constant.predict(FRAME), 3.5)


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "sklearn":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
import hornbook.tables
try:
    hornbook.tables.TableRegressor
except ImportError as error:
    print(type(error).__name__, error)
"""


def test_without_scikit_learn_it_says_what_to_type() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert done.stdout == (
        "MissingPackageError An estimator requires scikit-learn, which is not installed.\n"
        f"Install it:  {how_to_install('sklearn')}\n"
        "This package alone:  pip install scikit-learn\n"
    ), done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_marks_of_missing_values_are_read_as_none(kind: type[Any], tmp_path: Path) -> None:
    gone = FRAME["area"].isna()
    marked = BARE.assign(
        area=FRAME["area"].fillna(-999.0), kind=BARE["kind"].astype(object), size=BARE["size"] + 0.5
    )
    marked.loc[3, "kind"] = "k.A."
    bare = marked.assign(area=FRAME["area"], kind=marked["kind"].where(marked["kind"] != "k.A."))
    found, wanted = small(kind, missing=[-999, "k.A."]), small(kind)
    found.fit(marked, target_for(kind))
    wanted.fit(bare, target_for(kind))
    assert gone.any()
    say = "transform" if hasattr(found, "transform") else "predict"
    told = getattr(found, say)(marked)
    np.testing.assert_array_equal(told, getattr(wanted, say)(bare))
    found.save(tmp_path / "kept")
    again = kind.load(tmp_path / "kept")
    np.testing.assert_array_equal(getattr(again, say)(marked), told)
    if say == "predict":
        array = marked[["size", "area"]].to_numpy()
        marks = small(kind, missing=-999).fit(array, target_for(kind))
        assert [one.flagged for one in marks.learned_.mapper.numbers] == [False, True]


@pytest.mark.parametrize("missing", [True, [None], [float("nan")], {"a": 1}.items(), 3j])
def test_marks_are_texts_or_numbers(missing: Any) -> None:
    with pytest.raises(ValueError, match="`missing` must name texts or finite numbers"):
        small(TableRegressor, missing=missing).fit(BARE, PRICE)


def test_a_pickle_from_before_marks_were_a_parameter_still_predicts() -> None:
    net = small(TableRegressor).fit(BARE, PRICE)
    told = net.predict(BARE)
    del net.__dict__["missing"]
    old = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(old.predict(BARE), told)


TIMES = pd.date_range("2024-01-01", periods=60, freq="7h")


def in_polars(frame: pd.DataFrame) -> Any:
    """A frame of Polars with the columns of one of pandas."""
    polars = pytest.importorskip("polars", reason="Polars is not installed")
    zone = frame["when"].dt.tz
    when = polars.Series("when", TIMES.tolist()).dt.replace_time_zone(zone and str(zone))
    return polars.DataFrame({"when": when, "x": frame["x"].to_list()})


@pytest.mark.parametrize("made", [lambda frame: frame, in_polars], ids=["pandas", "polars"])
def test_zones_of_times_are_told_by_estimators(made: Any) -> None:
    frame = pd.DataFrame({"when": TIMES.tz_localize("Europe/Berlin"), "x": np.arange(60.0) ** 0.5})
    x = made(frame)
    net = TableRegressor(steps=1, random_state=0)
    told = r"when has times with a zone, such as 2024-01-01 00:00:00\+01:00: they are turned into"
    with pytest.warns(UserWarning, match=told):
        net.fit(x, np.arange(60.0))
    assert [(c.name, c.kind) for c in net.learned_.mapper.columns] == [
        ("when", "date"), ("x", "number"),
    ]  # fmt: skip
    with pytest.warns(UserWarning, match=told):
        found = net.predict(x)
    moved = frame.assign(when=frame["when"].dt.tz_convert("UTC"))
    np.testing.assert_array_equal(net.predict(moved), found)
    plain = made(frame.assign(when=TIMES))  # without a zone, nothing is told
    assert np.isfinite(
        TableRegressor(steps=1, random_state=0).fit(plain, np.arange(60.0)).predict(plain)
    ).all()
