"""The doctor in pieces finds what it finds in memory; what it estimates it says."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import HornbookError, SettingsError
from hornbook.records import as_json
from hornbook.sources.source import Source
from hornbook.text import line_figures
from hornbook.text.code_points import points_of
from hornbook.text.corpus import Corpus
from hornbook.text.data import TextOptions
from hornbook.text.doctor import large as doctor
from hornbook.text.doctor import repeats
from hornbook.text.doctor.examine import CorpusReport, examine
from hornbook.text.doctor.gathered import examples_at, gather
from hornbook.text.doctor.given import Given
from hornbook.text.doctor.large import examine_large
from hornbook.text.doctor.repeats import Repeats, hashes_of
from hornbook.text.large import encoding, reading, survey
from hornbook.text.line_figures import LineFigures, pieces_of_lines
from hornbook.text.loading import load_text
from tests.command import typed

ODD = "Ã©t\u200bé\nte\u0301 а\tпaра \n\n  \nÐ´Ð°\ufeff  x\u00a0y"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pieces of a few lines, and nothing kept outside of this test."""
    for module in (reading, encoding, survey):
        monkeypatch.setattr(module, "PIECE", 400)
    monkeypatch.setattr(line_figures, "PIECE", 300)
    monkeypatch.setattr(encoding, "processes", lambda text: 1)
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def made(lines: int, separator: str = "\n") -> str:
    rng = random.Random(1)
    words = ["to", "be", "née", "or", "not", "Whether", "'tis", "nobler", "in", "mind"]
    some = [" ".join(rng.choices(words, k=rng.randint(1, 6))) for _ in range(lines)]
    return f"{separator.join(some)}\n{ODD}\n" + separator.join(some[: lines // 3]) + "\n"


def both(**options: Any) -> tuple[CorpusReport, CorpusReport]:
    """The reports of the file in memory and in pieces."""
    from hornbook.text.corpus import read_corpus

    chosen = TextOptions.from_dict(options)
    held = examine(read_corpus(Source("data.txt"), chosen), chosen)
    return held, examine_large(Source("data.txt"), chosen)[0]


def test_of_a_text_the_report_is_the_same() -> None:
    Path("data.txt").write_text(made(400), encoding="utf-8")
    held, large = both(mode="text", split="60/20/20")
    assert as_json(large) == as_json(held)
    assert {"mojibake", "mixed-scripts", "leaked-stretches", "mixed-forms"} <= {
        one.name for one in large.findings
    }


@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize(
    "text",
    [made(300), made(200, "\n\n"), "\n\n" + "a b c d e f g of it and\n" * 300, "one", "{}\n" * 9],
    ids=["lines", "text", "prose", "word", "json"],
)
def test_of_a_text_that_is_not_held_the_report_is_that_of_one_that_is(
    text: str, distinct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("data.txt").write_text(text, encoding="utf-8-sig")
    chosen = TextOptions(distinct=distinct)
    held = reported(chosen)
    monkeypatch.setattr(doctor, "HELD", 1)
    monkeypatch.setattr(doctor, "read_corpus", None)
    assert reported(chosen) == held


def reported(options: TextOptions) -> Any:
    """The report on the file, or the error that there is none."""
    try:
        found = doctor.examine_source(Source("data.txt"), options, large=False, any_bytes=False)
        return as_json(found[0])
    except HornbookError as error:
        return str(error)


def test_what_is_no_text_is_told_as_of_a_small_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("data.txt").write_bytes(b"caf\xe9\n" * 9)
    told = reported(TextOptions())
    monkeypatch.setattr(doctor, "HELD", 1)
    assert reported(TextOptions()) == told


@pytest.mark.parametrize("separator", ["line", "blank"])
def test_of_lines_only_the_splits_are_others(separator: str) -> None:
    text = made(300, "\n" if separator == "line" else "\n\n").replace("mind", "mi\nnd")
    Path("data.txt").write_text(text.replace("\n", "\r\n", 5), encoding="utf-8")
    held, large = both(mode="lines", separator=separator)
    of_splits = {"leaked-lines", "unseen-characters", "small-split", "too-little"}
    left, right = as_json(held), as_json(large)
    for report in (left, right):
        report["findings"] = [
            one | {"advice": ""} for one in report["findings"] if one["name"] not in of_splits
        ]
        del report["splits"]
    assert right == left
    assert large.line_ends == "mixed"
    assert not any(one.name == "leaked-lines" for one in large.findings)
    trained = load_text(
        Source("data.txt"),
        TextOptions(mode="lines", separator=separator, large="yes"),  # type: ignore[arg-type]
    )
    assert {name: one.predictions for name, one in large.splits.items()} == trained.sizes
    seen = {name: set(trained.stream(name).ids.tolist()) for name in trained.sizes}
    unseen = sum(one.name == "unseen-characters" for one in large.findings)
    assert unseen == sum(bool(seen[name] - seen["train"]) for name in ("dev", "test"))


def test_other_tokens_are_estimated_which_is_said() -> None:
    Path("data.txt").write_text(made(600), encoding="utf-8")
    options = TextOptions(mode="text", tokens="bpe", vocab_size=300, large="yes")
    report = examine_large(Source("data.txt"), options)[0]
    assert "their number estimated, from" in report.tokens
    trained = load_text(Source("data.txt"), options)
    for name, size in trained.sizes.items():
        assert abs(report.splits[name].predictions / size - 1) < 0.05


def test_the_command_examines_large_data(capsys: pytest.CaptureFixture[str]) -> None:
    Path("data.txt").write_text(made(300), encoding="utf-8")
    status, out, _ = typed(capsys, "doctor", "data.txt", "--large", "yes", "--mode", "lines")
    assert status == 0
    assert "(counted exactly)" in out
    status, out, _ = typed(capsys, "doctor", "data.txt", "--large", "yes", "--json")
    assert json.loads(out)["counted"] == "counted exactly"


def test_what_needs_all_text_is_refused() -> None:
    Path("data.txt").write_text(made(30), encoding="utf-8")
    with pytest.raises(SettingsError, match="distinct"):
        examine_large(Source("data.txt"), TextOptions(distinct=True, large="yes"))


def test_repeats_of_very_many_lines_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    lines = [f"line {n}" for n in (20_000 * rng.random(30_000) ** 2).astype(int)]
    given = Corpus("n", "n.txt", "lines", "r", "\n".join(lines) + "\n", "utf-8", "LF")
    exact = examine(given)
    monkeypatch.setattr(repeats, "MOST", 5_000)
    estimated = examine(given)
    assert exact.counted == "counted exactly"
    assert estimated.counted == "estimated from one line in 8"
    assert estimated.distinct_examples == pytest.approx(len(set(lines)), rel=0.1)
    found = {one.name: one for one in estimated.findings}
    assert "(estimated" not in found["repeated-lines"].detail
    assert ", estimated from one line in 8) repeat" in found["repeated-lines"].detail
    known = [
        int(one.detail.removeprefix("about ").partition(" ")[0].replace(",", ""))
        for report in (exact, estimated)
        for one in report.findings
        if one.name == "leaked-lines"
    ]
    assert known[2:] == pytest.approx(known[:2], rel=0.2)
    assert found["leaked-lines"].detail.startswith("about ")


@given(st.lists(st.text("abé", max_size=3), min_size=1, max_size=60), st.integers(0, 60))
def test_repeats_are_those_of_a_counter(lines: list[str], held: int) -> None:
    points = points_of("".join(lines))
    ends = np.cumsum([len(line) for line in lines])
    found = Repeats(exact=True)
    hashes = hashes_of(points, ends - [len(line) for line in lines], ends)
    found.add(hashes[:10])
    found.add(hashes[10:])
    times = Counter(lines)
    assert (found.total, found.distinct) == (len(lines), len(times))
    assert found.extra == len(lines) - len(times)
    expected = [(line, n) for line, n in times.most_common(3) if n > 1]
    assert [(lines[number], n) for number, n in found.most(3)] == expected
    assert [lines[n] for n in range(len(lines)) if n not in found.repeating()] == [*times]
    numbers = np.random.default_rng(0).permutation(len(lines))[: min(held, len(lines))]
    parts = [numbers[::2], numbers[1::2]]
    train = {line for n, line in enumerate(lines) if n not in numbers}
    assert found.known(parts) == [sum(lines[n] in train for n in part) for part in parts]


@given(st.text("aB: \n\u3000é.", max_size=80), st.sampled_from([1, 2, 7, 50]), st.integers(1, 9))
def test_figures_of_lines_are_those_counted_one_by_one(text: str, piece: int, longest: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_figures, "PIECE", piece)
        found = LineFigures.of(pieces_of_lines(text))
        patch.setattr(line_figures, "PIECE", 1)
        patch.setattr(line_figures, "LONGEST", longest)
        cut = LineFigures.of(pieces_of_lines(text))
    lines = text.split("\n")
    filled = [line for line in lines if line.strip()]
    nonempty = [line for line in lines if line]
    assert found.filled == len(filled)
    assert found.nonempty == cut.nonempty == len(nonempty)
    assert (found.outer, found.right) == (cut.outer, cut.right)
    assert found.lengths == Counter(map(len, filled))
    assert found.spaces == sum(line.count(" ") for line in filled)
    assert found.small == sum(line.strip()[0].islower() for line in filled)
    assert found.ended == sum(line.strip()[-1] in line_figures.ENDS for line in filled)
    assert found.outer == sum(line != line.strip() for line in nonempty)
    assert found.right == sum(line != line.rstrip() for line in nonempty)
    assert found.first == (filled or [""])[0]
    assert found.body == cut.body == len(text.strip("\n").split("\n"))
    blocks = " ".join("x" if line.strip() else "|" for line in lines).replace(" ", "").split("|")
    assert found.sizes == Counter(len(block) for block in blocks if block)


def test_a_line_too_long_for_a_piece_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "ab. " * 1_000
    whole = examine(Corpus("n", "n.txt", "text", "r", f"{text}\nend\n", "utf-8", "LF"))
    monkeypatch.setattr(line_figures, "LONGEST", 50)
    cut = examine(Corpus("n", "n.txt", "text", "r", f"{text}\nend\n", "utf-8", "LF"))
    assert as_json(cut.lengths) | {"longest": 0} == as_json(whole.lengths) | {"longest": 0}
    assert (cut.lines, cut.examples, cut.characters) == (2, 2, 4_005)


def test_lines_that_differ_only_late_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    same = "abcdé " * 30
    lines = [f"{same}x", "a", f"{same}y", f"{same}x", "b", "c", same, f"{same}x", "d", "e", "f"] * 2
    given = Corpus("n", "n.txt", "lines", "r", "\n".join(lines), "utf-8", "LF")
    for distinct in (False, True):
        chosen = TextOptions(distinct=distinct)
        whole = examine(given, chosen)
        assert whole.distinct_lines == whole.distinct_examples == len(set(lines))
        with monkeypatch.context() as patch:
            patch.setattr(line_figures, "PIECE", 20)
            patch.setattr(line_figures, "LONGEST", 70)
            cut = examine(given, chosen)
        assert cut == whole


@given(st.lists(st.text("aé", max_size=9), min_size=1, max_size=20), st.integers(1, 9))
def test_repeats_are_the_same_however_lines_are_cut(lines: list[str], longest: int) -> None:
    given = Given.of(Corpus("n", "n", "lines", "r", "\n".join(lines), "utf-8", "LF"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_figures, "PIECE", 1)
        patch.setattr(line_figures, "LONGEST", longest)
        found = gather(given, exact=True)
        there = [line for line in lines if line]
        numbers = list(range(len(there)))
        begins = examples_at(given, numbers)
    repeats, seen = found.repeats, set[str]()
    new = [n for n in numbers if there[n] not in seen and not seen.add(there[n])]  # type: ignore[func-returns-value]
    assert np.delete(numbers, repeats.repeating()).tolist() == new
    assert np.concatenate([*found.sizes, []]).tolist() == [*map(len, there)]
    assert all(there[n].startswith(begins[n]) for n in numbers)
