"""Samples held against the data: near copies, distances, and the table."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import hornbook
from hornbook.errors import RunError, SettingsError, ToolError
from hornbook.runs import Run
from hornbook.runs.copying import copy_run
from hornbook.text import temperature as temperature_module
from hornbook.text.near_copies import near_copies
from hornbook.text.quality import Quality, apart, quality, stretches
from hornbook.text.temperature import suitable_temperature
from tests.command import typed
from tests.some_names import write_names


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("quality")
    write_names(folder / "names.txt", slice(0, 400))
    return hornbook.train(folder / "names.txt", model="ngram", out=folder / "run")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("texts")
    rng = random.Random(3)
    words = ["to", "be", "or", "not", "that", "is", "the", "question"]
    verses = (" ".join(rng.choice(words) for _ in range(6)) for _ in range(150))
    (folder / "text.txt").write_text("\n\n".join(verses))
    return hornbook.train(folder / "text.txt", model="ngram", out=folder / "run")


def edit_distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def test_near_copies_are_those_at_edit_distance_one() -> None:
    rng = random.Random(0)

    def some(count: int) -> list[str]:
        return ["".join(rng.choices("ab", k=rng.randint(1, 6))) for _ in range(count)]

    for _ in range(20):
        texts, lines = some(30), some(8)
        expected = [any(edit_distance(text, line) == 1 for line in lines) for text in texts]
        assert near_copies(texts, lines) == expected
        assert True in expected
        assert False in expected
    assert near_copies(["ab"], ["ba"]) == [False]  # what is left of both is the same
    assert near_copies([], ["a"]) == []
    assert near_copies(["", "a"], ["a", "bc"]) == [True, False]


def test_distances_lie_between_the_same_and_nothing_in_common() -> None:
    assert apart(Counter("aabb"), Counter("ab")) == 0
    assert apart(Counter("a"), Counter("b")) == 1
    assert apart(Counter("aab"), Counter("abb")) == pytest.approx(1 / 3)


def test_stretches_do_not_overlap() -> None:
    found = [one.text for one in stretches("abcdefghij", 3, 3)]
    assert found == ["abc", "def", "hij"]
    assert [one.text for one in stretches("abc", 5, 9)] == ["abc"]


def test_figures_of_lines(run: Run) -> None:
    held, cool, hot = quality(run, 200, (0.5, 2.0), "cat" if Path("/bin/sh").exists() else "")
    dev, train = run.data.splits.dev, run.data.splits.train
    assert (held.temperature, held.n) == (None, len(dev))
    assert held.length == pytest.approx(sum(map(len, dev)) / len(dev))
    assert held.in_train == sum(line in set(train) for line in dev) / len(dev)
    assert held.first == pytest.approx(
        apart(Counter(line[0] for line in dev), Counter(line[0] for line in train))
    )
    assert (held.ended, held.in_dev) == (None, None)
    drawn = [one.text for one in run.sample(n=200, temperature=2.0)]
    assert hot.repeats == 1 - len(set(drawn)) / 200
    assert hot.last == pytest.approx(
        apart(Counter(line[-1] for line in drawn), Counter(line[-1] for line in train))
    )
    everywhere = set(train) | set(dev) | set(run.data.splits.test)
    assert hot.near == sum(
        text not in everywhere
        and any(abs(len(text) - len(line)) < 2 and edit_distance(text, line) == 1 for line in train)
        for text in drawn
    ) / len(drawn)
    assert cool.in_train > hot.in_train
    assert cool.repeats > hot.repeats
    assert cool.known_words is None
    assert hot.passed in (None, 1.0)
    if hot.passed is not None:  # all pass
        assert hot.usable == len(set(drawn) - everywhere) / 200
    assert held.usable is None


def test_the_temperature_goes_down_as_long_as_samples_become_more_worth(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    usable = {1.0: 0.6, 0.9: 0.7, 0.8: 0.8, 0.7: 0.75, 0.6: 0.99}

    def figures(run: Any, n: int, temperatures: Any, command: str) -> Any:
        asked.extend(temperatures)
        made = Quality(temperatures[0], n, 5, 1, 0.1, 0, 0, usable=usable[temperatures[0]])
        return (replace(made, temperature=None, usable=None), made)

    monkeypatch.setattr(temperature_module, "quality", figures)
    assert suitable_temperature(run) == 0.8
    assert asked == [1.0, 0.9, 0.8, 0.7]
    usable[0.9] = 0.61  # no more than luck
    usable[0.8] = 0.5
    assert suitable_temperature(run) == 1.0


def test_a_run_is_sampled_at_the_temperature_that_suits_it(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = copy_run(run, tmp_path / "own", suited={"temperature": 0.5})
    drawn = [[one.text for one in some.sample(n=8, **how)] for some, how in (
        (own, {}), (run, {"temperature": 0.5}), (own, {"temperature": 1.0}), (run, {}),
    )]  # fmt: skip
    assert drawn[0] == drawn[1] != drawn[2] == drawn[3]
    status, _, err = typed(capsys, "sample", str(own.path), "-n", "2", "--prefix", "a")
    assert status == 0
    assert "Drawn at temperature 0.5, which `hornbook best` found for this run" in err
    assert "-n 2 --prefix a --seed 1\n" in err  # what was asked is asked again
    assert "which suits" not in typed(capsys, "sample", str(run.path), "-n", "2")[2]
    assert dict(Run(tmp_path / "own").summary.suited) == {"temperature": 0.5}


def test_figures_of_a_text(text: Run) -> None:
    found = text.quality(n=3, temperatures=(1.0,), longest=60)
    held, one = found
    assert (held.n, one.n) == (3, 3)
    assert held.length == one.length == 60
    assert one.known_words is not None
    assert 0.5 < one.known_words <= 1
    assert one.longest_copy is not None
    assert one.longest_copy > 5
    assert one.near is None


@pytest.mark.parametrize("kind", ["run", "text"])
def test_the_table(
    kind: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(request.getfixturevalue(kind).path)
    words = ["quality", path, "-n", "4", "--temperatures", "0.5", "1", "--longest", "40"]
    status, out, err = typed(capsys, *words)
    assert status == 0, err
    heads, first, *rows = out.splitlines()
    assert heads.split() == ["dev", "at", "0.5", "at", "1"]
    assert first.split() == ["samples", "4", "4", "4"]
    assert all(len(row) <= 80 for row in rows)
    assert ("copied" in out) == (kind == "text")
    told = json.loads(typed(capsys, *words, "--json")[1])
    assert [one["temperature"] for one in told] == [None, 0.5, 1.0]


def test_what_cannot_be_measured_is_refused(run: Run, text: Run, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="`temperatures` is empty"):
        quality(run, 5, ())
    with pytest.raises(SettingsError, match="long texts"):
        quality(text, 5, filter_command="cat")
    with pytest.raises(SettingsError, match="`filter_seconds` has no effect"):
        run.quality(filter_seconds=2)
    with pytest.raises(SettingsError, match="Settings must be QualitySettings"):
        run.quality(5)
    with pytest.raises(ToolError):
        run.quality(n=5, filter="nosuchcommand-x")
    bare = hornbook.train(run.path.parent / "names.txt", model="ngram", out=tmp_path / "bare")
    hornbook.strip(bare.path)
    with pytest.raises(RunError, match="no longer has it"):
        Run(bare.path).quality()
