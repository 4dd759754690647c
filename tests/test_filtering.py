"""A command that decides which samples pass: what it may do, and what it is told where it fails."""

from __future__ import annotations

import itertools
import json
import os
import time
from pathlib import Path

import pytest

import hornbook
from hornbook import process_group
from hornbook.errors import SamplingError, SettingsError, ToolError
from hornbook.runs import Run
from hornbook.text.filtering import LineFilter
from hornbook.text.samples import Selection
from hornbook.text.scores import score
from tests.command import typed
from tests.some_names import write_names

pytestmark = pytest.mark.skipif(
    not hasattr(os, "killpg"), reason="the commands are of a POSIX shell"
)

SAMPLES = ["anna", "bo", "anna", "née", "carl\r"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("filtering")
    write_names(folder / "names.txt", slice(0, 300))
    return hornbook.train(folder / "names.txt", model="ngram", out=folder / "run")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_group, "GRACE", 0.2)


@pytest.mark.parametrize(
    ("command", "passed"),
    [
        ("cat", [1, 1, 1, 1, 1]),
        ("grep a", [1, 0, 1, 0, 1]),
        ("grep zzz", [0, 0, 0, 0, 0]),  # exits with 1
        ("head -n 2", [1, 1, 0, 0, 0]),  # does not read all
        ("true", [0, 0, 0, 0, 0]),
        ("tail -n 2 | tr -d '\\n'", None),
        ("grep é", [0, 0, 0, 1, 0]),
        ("grep an | sed -n 1p", [1, 0, 0, 0, 0]),
        ("sed 's/$/\\r/' | sed -n 2p", [0, 1, 0, 0, 0]),  # another system's line ends
        ("printf bo", [0, 1, 0, 0, 0]),  # the last line need not end
    ],
)
def test_what_it_prints_passes(command: str, passed: list[int] | None) -> None:
    if passed is None:
        with pytest.raises(ToolError, match="was not given"):
            LineFilter(command, 60).passing(SAMPLES)
    else:
        assert LineFilter(command, 60).passing(SAMPLES) == [bool(one) for one in passed]


def test_it_reads_more_than_a_pipe_holds() -> None:
    many = [f"{number:06}" for number in range(40_000)]
    found = LineFilter("grep 7$", 60).passing(many)
    assert [text for text, ok in zip(many, found, strict=True) if ok] == many[7::10]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("nosuchcommand-x", "could not be started: .*not found"),
        ("cat; echo woe >&2; exit 3", "failed with status 3: woe"),
        ("exit 1; cat", None),
        ("echo woe >&2; exit 1", "failed with status 1: woe"),
        ("cat; exit 1", "failed with status 1, and printed nothing"),
        ("kill -9 $$", "failed by signal 9"),
        ("tr a-z A-Z", "was not given, or changed the order: 'ANNA'"),
        ("sort -r", "changed the order: 'bo'"),
        ("yes", "was not given, or changed the order: 'y'"),  # endless
        ("printf '\\377\\n'", "was not given"),
        ("printf '\\033[1m\\n'", r"changed the order: '\\\\x1b\[1m'"),
        ("sleep 1000", "did not end within 0.2 seconds, and was stopped"),
        ("exec >&-; sleep 1000", "did not end within 0.2 seconds"),
        ("sleep 1000 &", "did not end within 0.2 seconds"),
        ("cat\0", "could not be started"),
    ],
)
def test_what_is_no_filter_is_ended_and_said(command: str, said: str | None) -> None:
    began = time.monotonic()
    made = LineFilter(command, 0.2 if "sleep" in command else 60)
    if said is None:
        assert not any(made.passing(SAMPLES))
        return
    with pytest.raises(ToolError, match=said) as error:
        made.passing(SAMPLES)
    assert error.value.setting == "filter"
    assert time.monotonic() - began < 500  # and not 1,000


def test_a_sample_of_several_lines_is_refused() -> None:
    with pytest.raises(SamplingError, match="more than one line"):
        LineFilter("cat", 60).passing(["one\ntwo"])


# --- sampling -----------------------------------------------------------------------------------


def test_only_what_passes_is_drawn_and_the_share_is_told(run: Run) -> None:
    found = run.sample(n=30, filter="grep -v '^[aeiou]'")
    texts = [one.text for one in found]
    assert len(texts) == 30
    assert not any(text[0] in "aeiou" for text in texts)
    every = [one.text for one in run.sample(n=2_000)]
    share = sum(text[0] not in "aeiou" for text in every) / 2_000
    assert found.passed == pytest.approx(share, abs=0.25)
    assert found.drawn > 30
    assert run.sample(n=5).passed is None
    new = run.sample(n=10, filter="grep -v '^[aeiou]'", only_new=True, no_repeats=True)
    assert {one.origin for one in new} == {"new"}


def test_it_gives_up_where_nothing_passes(run: Run) -> None:
    found = run.sample(n=2, filter="true")
    assert list(found) == []
    assert (found.ended_because, found.drawn, found.passed) == ("draws used up", 100, 0.0)
    certain = run.sample(n=2, filter="true", temperature=0)
    assert list(certain) == []
    assert "that sample does not pass the filter" in certain.shortfall
    assert len(list(run.sample(n=2, filter="cat", temperature=0))) == 2


def test_a_filter_needs_lines_and_its_time_limit_needs_a_filter(tmp_path: Path, run: Run) -> None:
    with pytest.raises(SettingsError, match="`filter_seconds` has no effect"):
        run.sample(filter_seconds=3)
    (tmp_path / "text.txt").write_text("to be, or not to be\n\n" * 30)
    text = hornbook.train(tmp_path / "text.txt", model="ngram", out=tmp_path / "text")
    with pytest.raises(SettingsError, match="long texts"):
        text.sample(filter="cat")


def test_at_the_command_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = typed(capsys, "sample", str(run.path), "-n", "5", "--filter", "grep a")
    assert status == 0
    assert len(out.splitlines()) == 5
    assert all("a" in line for line in out.splitlines())
    assert " drawn pass the filter." in err
    status, out, _ = typed(capsys, "sample", str(run.path), "--filter", "grep a", "--json")
    assert 0 < json.loads(out)["passed"] < 1
    status, out, err = typed(capsys, "sample", str(run.path), "--filter", "tr a b")
    assert (status, out) == (1, "")
    assert "The filter command 'tr a b' printed a line that it was not given" in err


# --- the best of some ----------------------------------------------------------------------------


def test_the_best_of_some_is_the_one_with_the_lowest_loss_per_token(run: Run) -> None:
    drawn = [one.text for one in run.sample(n=21, temperature=1.5)]
    longest = run.data.longest
    costs = [score(run.model, run.data.tokenizer, text) for text in drawn]
    kept = list(itertools.islice(run.sample(n=5, best_of=4, temperature=1.5), 5))
    assert len(kept) == 5
    for one in kept:
        own = score(run.model, run.data.tokenizer, one.text)
        if one.ended:
            assert one.nats_per_token == pytest.approx(
                own.nats_per_token, abs=5e-3
            )  # it is not empty
    assert all(len(text) <= longest for text in drawn)
    mean = sum(cost.nats_per_token for cost in costs) / len(costs)
    best = [one.nats_per_token for one in kept if one.nats_per_token is not None]
    assert len(best) == 5
    assert sum(best) / 5 < mean
    assert "nats_per_token" in kept[0].as_dict()


def test_of_each_few_that_are_wanted_the_best_is_kept() -> None:
    chosen = Selection(None, only_new=False, no_repeats=True, best_of=2)
    told = [("b", 2.0), ("b", 0.1), ("a", 1.0), ("c", 3.0), ("d", 5.0), ("e", 4.0)]
    kept = [chosen.keep(text, True, nats=nats, passed=text != "c") for text, nats in told]
    assert [one.text if one else None for one in kept] == [None, None, "a", None, None, "e"]
    assert chosen.rate == pytest.approx(4 / 6)
    assert chosen.passed == 5
