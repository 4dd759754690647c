"""What every family of ratings and of clicks must do, asked of all of them alike."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import DataError, SettingsError
from hornbook.inspection.inspect import inspect
from hornbook.ratings.models.families import CLICKS, RATINGS
from hornbook.runs import Run, strip
from hornbook.tasks import task_named
from tests.command import typed
from tests.ratings_made import write_made

FAMILIES = [("ratings", name) for name in RATINGS] + [("clicks", name) for name in CLICKS]
UNLIKE = {"mean", "means", "biases", "popular"}
"They know of no two items whether they are alike."
EXACT = {"mean", "means", "knn", "als", "popular", "item-knn", "ease", "implicit-als"}
"A guest with the ratings of a known user is that user, to rounding."
QUICK = {"steps": 6, "batch_size": 32, "learning_rate": 0.01, "threads": 1, "evaluate_every": 3,
         "precision": "float32", "gradients": "hand"}  # fmt: skip


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_made(tmp_path_factory.mktemp("contract") / "films.csv")


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda pair: pair[1])
def run(request: pytest.FixtureRequest, table: Path) -> Run:
    task, family = request.param
    trained = task_named(task).family(family).trained
    return hornbook.train(
        table, task=task, model=family, out=table.parent / family, baseline=False,
        training=QUICK if trained else None,
    )  # fmt: skip


def numbers(n: int) -> Any:
    return np.arange(n, dtype=np.int32)


def test_it_is_opened_as_it_was_kept(run: Run) -> None:
    opened, users = Run(run.path), numbers(len(run.data.users))
    np.testing.assert_array_equal(opened.model.scores(users), run.model.scores(users))
    decides = run.task.decides.name
    for split, value in run.summary.measures.items():
        found = run.task.evaluate(opened.model, opened.data, split).measures[decides]
        assert found == pytest.approx(value[decides], abs=1e-12), split
    assert run.record.task == run.task.name


def test_what_it_says_of_a_user_agrees(run: Run) -> None:
    model, data = run.model, run.data
    n, m = len(data.users), len(data.items)
    scores = model.scores(numbers(n))
    assert (scores.shape, scores.dtype) == ((n, m), np.float32)
    assert np.isfinite(scores).all()
    pairs = model.predict(np.repeat(numbers(n), m), np.tile(numbers(m), n)).reshape(n, m)
    low, high = data.scale if model.rates else (-np.inf, np.inf)
    np.testing.assert_allclose(pairs, scores.clip(low, high), atol=2e-5)
    for user in range(n):
        taste = model.known(user)
        np.testing.assert_allclose(taste.scores(), scores[user], atol=2e-5)
        np.testing.assert_array_equal(taste.items, data.history[user][0])
        np.testing.assert_array_equal(taste.values, data.history[user][1])


def test_a_guest_is_taken_in(run: Run) -> None:
    model, data = run.model, run.data
    nothing = model.guest(np.zeros(0, np.int32), np.zeros(0, np.float32))
    assert np.isfinite(nothing.scores()).all()
    assert list(nothing.pulls(0)) == []
    for user in (0, 3):
        guest, known = model.guest(*data.history[user]).scores(), model.known(user).scores()
        assert np.isfinite(guest).all()
        if run.family in EXACT:
            np.testing.assert_allclose(guest, known, atol=1e-4)
        elif run.family == "biases":  # fitted until nothing moves, not to the last digit
            np.testing.assert_allclose(guest, known, atol=1e-3)


def test_terms_add_up_to_the_score(run: Run) -> None:
    model, squash = run.model, getattr(run.model, "squash", None)
    for taste in (model.known(1), model.guest(*run.data.history[2])):
        scores = taste.scores()
        for item in (0, 5, len(scores) - 1):
            if terms := taste.terms(item):
                total = np.array(sum(term.value for term in terms))
                total = total if squash is None else squash(total)
                assert total == pytest.approx(scores[item], abs=1e-5)
            pulls = taste.pulls(item)
            assert {pull.item for pull in pulls} <= set(taste.items.tolist())
            assert all(np.isfinite(pull.value) for pull in pulls)
            if run.family in ("item-knn", "ease", "implicit-als"):
                assert sum(p.value for p in pulls) == pytest.approx(scores[item], abs=1e-4)


def test_an_item_is_most_like_itself(run: Run) -> None:
    for item in (0, len(run.data.items) - 1):  # the last one has nothing in train
        if run.family in UNLIKE:
            with pytest.raises(SettingsError, match="does not know which items are alike"):
                run.model.alike(item)
            continue
        alike = run.model.alike(item)
        assert np.isfinite(alike).all()
        if run.data.raters[item]:
            assert alike[item] >= alike.max() - 1e-6


def test_its_vectors_and_biases_are_those_of_items(run: Run) -> None:
    vectors, biases = run.model.item_vectors, run.model.item_biases
    items = len(run.data.items)
    assert vectors is None or (vectors.ndim, len(vectors)) == (2, items)
    assert biases is None or biases.shape == (items,)


def test_every_question_is_answered(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    path, data = str(run.path), run.data
    user, (first, other, *_) = data.users[1], data.items
    pairs = run.path.parent / "pairs.csv"
    pairs.write_text(f"user,item,rating\n{user},{first},3\nsomeone,{other},4\n{user},new,\n",
                     encoding="utf-8")  # fmt: skip
    asked: list[tuple[str, list[str]]] = [
        ("recommend", [user, "-n", "3"]),
        ("recommend", ["--likes", data.titles[0], "--likes", other]),
        ("recommend", ["nobody"]),
        ("explain", [user, first]),
        ("explain", [first, "--likes", other]),
        ("predict", [str(pairs)]),
        ("similar", [first]),
    ]
    for number, (verb, words) in enumerate(asked):
        if verb == "similar" and run.family in UNLIKE:
            continue
        json_too = ["--json"] if number % 2 else []
        status, out, err = typed(capsys, verb, path, *words, *json_too)
        assert (status, bool(out)) == (0, True), (verb, words, err)
        assert "nan" not in out
        assert not json_too or json.loads(out)
    everything = run.recommend(user, n=1000, also_rated=True)
    assert sorted(one.item for one in everything) == sorted(data.items)
    known = set(data.history[1][0].tolist())
    left = run.recommend(user, n=1000)
    assert {one.item for one in left} == {
        item for number, item in enumerate(data.items) if number not in known
    }
    given = [3, 4, None] if run.model.rates else [None] * 3  # a rank is in no units of a rating
    assert [row.rating for row in run.predict(pairs)] == given


def test_it_is_measured_and_looked_at(
    run: Run, capsys: pytest.CaptureFixture[str], unpainted: None
) -> None:
    found = inspect(run)
    page = found.write(run.path / "report.html").read_text(encoding="utf-8")
    assert "<title>" in page
    assert "".join(map(str, found.written())) is not None
    status, out, err = typed(capsys, "evaluate", str(run.path))
    assert status == 0, err
    assert "train" in out
    figures = run.evaluate()
    assert figures.keys() == {"train", "dev", "test"}
    assert all(np.isfinite(v) for one in figures.values() for v in one.as_dict().values())


def test_without_its_data_it_still_knows_what_a_guest_would_like(run: Run, tmp_path: Path) -> None:
    bare = shutil.copytree(run.path, tmp_path / "bare")
    liked = [run.data.items[0], run.data.titles[3]]
    before = run.recommend(likes=liked, n=4)
    explained = run.explain(liked[0], likes=liked[1:])
    strip(bare)
    for path in bare.rglob("*"):
        if path.is_file():
            assert b"user-" not in path.read_bytes(), path
    stripped = Run(bare)
    assert stripped.recommend(likes=liked, n=4) == before
    assert stripped.explain(liked[0], likes=liked[1:]) == explained
    with pytest.raises(DataError, match="does not know its users by their ids"):
        stripped.recommend(run.data.users[0])
    with pytest.raises(DataError, match="does not know its users by their ids"):
        stripped.predict(run.path.parent / "films.csv")
    with pytest.raises(DataError, match="without its data"):
        stripped.evaluate()
    # How many have rated an item is known still, and nobody's secret.
    often = stripped.recommend(likes=liked, n=4, rated_by=2)
    assert often == run.recommend(likes=liked, n=4, rated_by=2)
    if run.family not in ("mean", "means", "biases", "popular"):
        assert stripped.similar(liked[0], rated_by=2) == run.similar(liked[0], rated_by=2)
    assert list(inspect(stripped).written()) is not None


def test_it_has_a_recipe_that_is_found_by_name(run: Run) -> None:
    line = run.task.family(run.family)
    assert line.summary
    assert line.trained == (run.record.training is not None)
    assert run.record.start.kind == ("seed" if line.trained else "fit")
