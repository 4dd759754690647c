"""A training that made its net worse says so, and its status tells."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import hornbook
from hornbook.cli import main as hornbook_main
from hornbook.inspection.inspect import inspect
from hornbook.rendering import amount, figure, in_percent, probability
from hornbook.runs import Summary
from hornbook.runs.outcome import findings_of, is_worse, overfitted
from hornbook.training.measures import LOSS, Measure
from hornbook.training.record import Record
from tests.some_names import write_names

RIGHT = Measure("right", "of the points", best="highest")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("outcome") / "names.txt", slice(0, 300))


def train(names: Path, out: Path, **training: Any) -> hornbook.Run:
    settings = {"n_hidden": 8, "n_embd": 4}
    how = {"steps": 6, "batch_size": 16, "evaluate_every": 2, **training}
    return hornbook.train(
        names, model="bow", out=out, settings=settings, training=how, baseline=False
    )


def test_a_net_that_became_worse_is_kept_and_said_to_be(names: Path, tmp_path: Path) -> None:
    run = train(names, tmp_path / "run", learning_rate=1000.0, clip=1.0)
    summary = run.summary
    assert summary.ending == "diverged"
    assert summary.ended
    assert summary.untrained is not None
    assert summary.losses["dev"] > summary.untrained
    assert summary.untrained == run.directory.read_metrics()[0].losses["dev"]
    (found,) = run.findings()
    assert (found.name, found.severity) == ("diverged", "problem")
    assert "worse than the untrained one" in found.title
    assert "(it was 1000)" in found.advice
    assert ", diverged, " in repr(run)
    run.evaluate()  # it can still be looked at
    looked = inspect(run)
    assert found in looked.findings
    assert "diverged" in looked.about


def test_a_training_that_learned_says_nothing(names: Path, tmp_path: Path) -> None:
    run = train(names, tmp_path / "run", learning_rate=0.01, steps=40)
    assert run.summary.ending == "finished"
    assert run.findings() == []
    assert "diverged" not in repr(run)


def test_a_net_without_a_dev_split_is_held_against_train(names: Path, tmp_path: Path) -> None:
    run = hornbook.train(
        names, model="bow", out=tmp_path / "run", split="100/0/0", baseline=False,
        training={"steps": 4, "learning_rate": 1000.0},
    )  # fmt: skip
    assert run.summary.ending == "diverged"
    assert "train loss" in run.findings()[0].title


@pytest.mark.parametrize(("rate", "status"), [("1000", 1), ("0.01", 0)])
def test_the_status_and_the_words_tell(
    rate: str, status: int, names: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", str(names), "--model", "bow", "--steps", "6", "--learning-rate", rate]
    out = tmp_path / "run"
    assert hornbook_main([*words, "--no-baseline", "--out", str(out)]) == status
    told = capsys.readouterr()
    assert ("The trained net is worse than the untrained one" in told.err) == bool(status)
    assert ("--learning-rate (it was 1000)" in told.err) == bool(status)
    assert hornbook.Run(out).summary.ending == ("diverged" if status else "finished")
    assert hornbook_main(["evaluate", str(out)]) == 0
    assert ("worse than the untrained one" in capsys.readouterr().err) == bool(status)
    assert hornbook_main(["inspect", str(out), "--no-page"]) == 0
    assert ("worse than the untrained one" in capsys.readouterr().out) == bool(status)


def test_worse_is_clearly_worse_in_the_measures_own_direction() -> None:
    assert is_worse(LOSS, 3.4, 3.3)
    assert not is_worse(LOSS, 3.31, 3.3)  # hardly trained at all
    assert not is_worse(LOSS, 3.2, 3.3)
    assert is_worse(RIGHT, 0.4, 0.5)
    assert not is_worse(RIGHT, 0.6, 0.5)


def test_worse_than_guessing_is_a_warning_only() -> None:
    summary = Summary("finished", 1, 0.0, {"dev": 3.6}, untrained=3.9, guessing=3.3)
    (found,) = findings_of(summary, LOSS)
    assert (found.name, found.severity) == ("worse-than-guessing", "warning")
    assert findings_of(Summary("finished", 1, 0.0, {"dev": 3.2}, guessing=3.3), LOSS) == []
    assert findings_of(Summary("interrupted", 1, 0.0, {}), LOSS) == []


def test_measures_are_called_as_people_call_them() -> None:
    figures = {"dev": {"share_right": 0.2}}
    summary = Summary("finished", 1, 0.0, {}, best_step=0, steps=9, measures=figures)
    (found,) = findings_of(summary, Measure("share_right", "of the points", best="highest"))
    assert "dev share right 0.2000" in found.title


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3.29584, "3.2958"), (63.8615, "63.86"), (9.99996, "10.0000"),
        (1234.5, "1,234"), (50503.9086, "50,504"),
        (240123.4, "240,123"), (-2401234.5, "-2,401,234"), (123456789.0, "1.23e+08"),
        (-2e9, "-2.00e+09"), (math.inf, "infinite"), (0.0, "0.0000"),
    ],
)  # fmt: skip
def test_figures_have_about_four_digits(value: float, shown: str) -> None:
    assert figure(value) == shown


def test_other_figures_for_people() -> None:
    assert figure(123.456, 2) == "123.5"
    assert [figure(one, sign=True) for one in (0.25, -31.3359, 50503.9)] == [
        "+0.2500", "-31.34", "+50,504"
    ]  # fmt: skip
    assert [amount(one) for one in (0.25, 1_032_000, 2_401_234.5, -0.1, 1e-7, 1_234_567_890)] == [
        "0.25", "1,032,000", "2,401,230", "-0.1", "1e-07", "1,234,570,000"
    ]  # fmt: skip
    assert amount(0.123456, 4) == "0.1235"


def test_shares_in_percent_are_whole_only_where_they_are() -> None:
    shares = (0.0, 1e-9, 0.0004999, 0.0006, 0.83, 0.9994, 0.99951, 1 - 1e-12, 1.0)
    assert [in_percent(one) for one in shares] == [
        "0.0%", "below 0.1%", "below 0.1%", "0.1%", "83.0%", "99.9%", "over 99.9%", "over 99.9%",
        "100.0%",
    ]  # fmt: skip
    assert [in_percent(one, 2) for one in (4e-5, 0.5, 0.99996)] == [
        "below 0.01%", "50.00%", "over 99.99%"
    ]  # fmt: skip
    assert in_percent(0.999, 0) == "over 99%"
    assert [probability(one) for one in (0.0, 0.002, 0.0994, 0.1, 0.834, 0.9949, 0.996, 1.0)] == [
        "below 0.1%", "0.2%", "9.9%", "10%", "83%", "99%", "99.6%", "over 99.9%"
    ]  # fmt: skip
    assert [probability(one, 2) for one in (0.0, 0.0002, 0.5)] == ["below 0.01%", "0.02%", "50%"]


def course(*dev_and_train: tuple[float, float]) -> list[Record]:
    return [
        Record(100 * k, 0.0, 0.1, None, {"dev": dev, "train": train}, False, 0.0)
        for k, (dev, train) in enumerate(dev_and_train)
    ]


@pytest.mark.parametrize(
    ("dev_and_train", "why", "what_to_do"),
    [
        ([(1, 1), (1.1, 1.1), (1.05, 1.0)], "Nothing was learned yet", "more `steps`"),
        ([(1, 1), (1.1, 0.4), (1.3, 0.2)], "it has memorised", "more data"),
        ([(1, 1), (9, 9), (1.1, 1.1)], "Training has diverged", "Lower `learning_rate` (it was 2)"),
        ([], "Training has diverged", "Lower `learning_rate`"),  # before the first figures
    ],
)
def test_why_a_net_is_worse_than_untrained_is_told_by_its_figures(
    dev_and_train: list[tuple[float, float]], why: str, what_to_do: str
) -> None:
    summary = Summary("diverged", 1, 0.0, {"dev": 1.1}, untrained=1.0)
    (found,) = findings_of(summary, LOSS, 2.0, course(*dev_and_train))
    assert found.name == "diverged"
    assert why in found.detail
    assert what_to_do in found.advice


def test_a_net_whose_dev_went_worse_while_train_fell_overfits() -> None:
    found = overfitted(course((1, 1), (0.5, 0.5), (0.6, 0.3), (0.7, 0.1)), LOSS)
    assert found is not None
    assert found.title == (
        "The net overfits: from step 100 to 300 dev went from 0.5000 to 0.7000 (loss), and train "
        "from 0.5000 to 0.1000."
    )
    assert overfitted(course((1, 1), (0.5, 0.5), (0.51, 0.3)), LOSS) is None  # by less than 4 %
    assert overfitted(course((1, 1), (0.5, 0.5), (0.7, 0.6)), LOSS) is None  # train too: diverged
    assert overfitted(course((1, 1), (0.5, 0.5)), LOSS) is None
    assert overfitted(course((1, 1), (1.2, 0.9), (1.3, 0.8)), LOSS) is not None
    assert overfitted(course((1, 1), (1.3, 0.8)), LOSS) is None  # the start is not kept
    right = Measure("right", "right", best="highest")
    of_right = [
        Record(
            k, 0.0, 0.1, None, {}, False, 0.0, {"dev": {"right": dev}, "train": {"right": train}}
        )
        for k, (dev, train) in enumerate([(0.5, 0.5), (0.8, 0.8), (0.6, 0.9)])
    ]
    assert overfitted(of_right, right) is not None
