"""Deciding figures in groups: they add up to the figure, of every family of every task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hornbook.runs import train
from hornbook.runs.prepare import Prepared, prepare
from hornbook.tasks import Grouped, Start
from hornbook.text import grouped as grouped_module
from hornbook.text import sampling_pace
from hornbook.text.losses import measure
from hornbook.text.savings import example_nats
from tests.some_names import write_names


def begun(prepared: Prepared, family: str) -> tuple[Any, Any]:
    """A model of a family, fitted if it is made so, and the data."""
    task, data = prepared.task, prepared.data
    line = task.family(family)
    start = None if line.fitted else Start("seed", 1)
    model = task.build(family, line.load().Settings(), data.shape, start)
    if line.fitted:
        task.fit(model, data)
    else:
        task.acquaint(model, data)
    return model, data


def test_a_root_has_its_interval_and_is_left_out() -> None:
    one = Grouped(np.array([4.0, 9, 2]), np.array([1.0, 3, 2]), "users", root=True)
    assert one.figure == pytest.approx(np.sqrt(15 / 6))
    assert one.left_out == pytest.approx(np.sqrt([11 / 5, 6 / 3, 13 / 4]))
    assert one.interval is not None
    assert one.figure in one.interval
    assert Grouped(np.ones(1), np.ones(1), "users").interval is None


@pytest.mark.parametrize("family", ["bigram", "mlp", "gru", "gpt", "ngram"])
@pytest.mark.parametrize("mode", ["lines", "text"])
def test_the_parts_of_a_text_cost_what_it_costs(
    family: str, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouped_module, "STRETCH", 50)
    prepared = prepare(write_names(tmp_path / "some.txt", slice(0, 300)), None, {"mode": mode})
    model, data = begun(prepared, family)
    found = prepared.task.grouped(model, data, "dev")
    assert found is not None
    loss = measure(model, data.stream("dev"), data.tokenizer)
    assert found.sums.sum() == pytest.approx(loss.total, rel=1e-6)
    assert found.weights.sum() == loss.tokens
    if mode == "lines":
        assert found.sums == pytest.approx(example_nats(model, data.stream("dev")))
        assert len(found.sums) == len(data.splits["dev"])
    else:
        assert found.groups.startswith("stretches of ")
        assert np.ptp(found.weights) <= 1


def test_of_a_large_text_a_part_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepare(write_names(tmp_path / "some.txt", slice(0, 300)), None, {})
    task, data = prepared.task, prepared.data
    whole: dict[str, Any] = {}
    for family in ("mlp", "gru"):
        model, _ = begun(prepared, family)
        whole[family] = (model, task.grouped(model, data, "train"))
    monkeypatch.setattr(type(data), "measured", 400)
    for model, every in whole.values():
        some = task.grouped(model, data, "train")
        assert some is not None
        assert every is not None
        assert 300 < some.weights.sum() < 600
        places = np.linspace(0, len(every.sums) - 1, len(some.sums)).astype(int)
        assert some.sums == pytest.approx(every.sums[places], rel=1e-5)


def write(path: Path, kind: str) -> tuple[Path, dict[str, Any]]:
    """A small file of some kind of data, and the options to read it by."""
    random = np.random.default_rng(3)
    rows: list[str] = []
    if kind == "ratings":
        pairs = [(u, i) for u in range(15) for i in range(12) if random.random() < 0.6]
        rows = [f"{u},{i},{1 + (u + i) % 5}" for u, i in pairs]
        return put(path, "user,item,rating", rows), {"task": "ratings"}
    if kind == "clicks":
        pairs = [(u, i) for u in range(15) for i in range(12) if random.random() < 0.6]
        return put(path, "user,item", [f"{u},{i}" for u, i in pairs]), {"task": "clicks"}
    if kind in ("number", "class"):
        for _ in range(150):
            x, y = random.normal(size=2)
            target = f"{x + y:.3f}" if kind == "number" else "ab"[int(x > y)]
            rows.append(f"{x:.3f},{y:.3f},{random.integers(3)}k,{target}")
        return put(path, "x,y,z,goal", rows), {"task": "tables", "target": "goal"}
    if kind == "labels":
        rows = [f"{'good' if n % 2 else 'bad'} thing {n},{'AB'[n % 2]}" for n in range(120)]
        return put(path, "text,label", rows), {"label_column": "label"}
    if kind == "texts":
        rows = [f"w{n},{n}w" for n in range(100)]
        return put(path, "source,target", rows), {"task": "pairs"}
    words = ["the", "cat", "sat", "on", "a", "mat", "one", "dog", "ran", "to", "an", "old", "house"]
    rows = [" ".join(random.choice(words, 12)) for _ in range(60)]
    return put(path, "", [f"{row}\n" for row in rows]), {"task": "words", "min_count": 1}


def put(path: Path, head: str, rows: list[str]) -> Path:
    path.write_text("\n".join(filter(None, [head, *rows])) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("kind", "families", "groups"),
    [
        ("ratings", ("biases", "dot"), "users"),
        ("clicks", ("popular", "bpr"), "users"),
        ("number", ("linear",), "rows"),
        ("class", ("linear",), "rows"),
        ("labels", ("naive-bayes", "classify"), "rows"),
        ("texts", ("copy",), "sources"),
        ("words", ("ppmi", "skip-gram"), "passages"),
    ],
)
def test_the_groups_make_the_deciding_figure(
    kind: str, families: tuple[str, ...], groups: str, tmp_path: Path
) -> None:
    file, options = write(tmp_path / "some.csv", kind)
    prepared = prepare(file, options.pop("task", None), options)
    task, data, size = prepared.task, prepared.data, 0
    for family in families:
        model, _ = begun(prepared, family)
        found = task.grouped(model, data, "dev")
        assert found is not None
        reached = task.evaluate(model, data, "dev").as_dict()[task.decides.name]
        assert found.figure == pytest.approx(reached, rel=1e-6)
        assert found.groups == groups
        size = len(found.sums)
    for one in task.grouped_baselines(data):
        assert set(one.splits) == {"dev", "test"} & set(data.sizes)
        assert next(len(held.sums) for held in one.splits.values()) == size


def test_trees_and_the_guess_are_the_baselines_of_a_table(tmp_path: Path) -> None:
    file, options = write(tmp_path / "some.csv", "number")
    prepared = prepare(file, options.pop("task"), options)
    task, data = prepared.task, prepared.data
    model, _ = begun(prepared, "linear")
    plain = {one.name: one.reached for one in task.baselines(data, model)}
    found = {one.name: one for one in task.grouped_baselines(data)}
    assert list(found) == list(plain)
    for name, one in found.items():
        reached = {split: held.figure for split, held in one.splits.items()}
        assert reached == pytest.approx(dict(plain[name]))


def test_samples_are_timed_and_those_that_are_new_are_counted(tmp_path: Path) -> None:
    file = write_names(tmp_path / "some.txt", slice(0, 300))
    counted = train(file, model="ngram", settings={"order": 6}, out=tmp_path / "counts")
    pace = counted.task.pace(counted)
    assert pace.of == "tokens"
    assert pace.per_second > 0
    assert pace.made == sampling_pace.LINES
    assert pace.new is not None
    assert 0 < pace.new < 1
    assert counted.task.pace(counted).new == pace.new  # the same samples, however long they take
    text = train(file, model="ngram", mode="text", out=tmp_path / "text")
    assert text.task.pace(text).new is None


def test_other_models_are_timed_by_their_predictions(tmp_path: Path) -> None:
    file, options = write(tmp_path / "some.csv", "ratings")
    run = train(file, model="biases", out=tmp_path / "run", **options)
    pace = run.task.pace(run)
    assert (pace.of, pace.new) == ("predictions", None)
    assert pace.per_second > 0
