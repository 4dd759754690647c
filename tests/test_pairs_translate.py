"""What a run says to a source: typed, from a file, from standard input, and by a program."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hornbook.errors import DataError, HornbookError, SettingsError, UnknownTokenError
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.questions import given
from hornbook.pairs.questions.translate import (
    AnswerText,
    Translated,
    TranslatedRow,
    TranslateSettings,
)
from hornbook.reports import Table
from hornbook.runs import Run
from tests.command import typed
from tests.toy_writer import a_run, with_speaker

LINES = [
    f"{'abcde'[n % 5]}{'bcd'[n % 3]}{'ea'[n % 2]}{'abcde'[n // 6 % 5]}\tdeb" for n in range(60)
]
TARGETS = [line.replace("deb", line[:3][::-1]) for line in LINES]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    folder = tmp_path_factory.mktemp("translate")
    with with_speaker():
        yield {name: a_run(folder, TARGETS, name) for name in ("toy", "copy")}


def given_lines(monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_program_asks_for_one_text_or_for_several(runs: dict[str, Run]) -> None:
    run = runs["toy"]
    one = run.translate("abc")
    several = run.translate(["abc", " dea ", "abc"])
    assert one == several[0] == several[2]
    assert several[1].source == "dea"
    written = run.model.answers([run.data.read("abc")], Decoding())[0][0]
    assert one.text == run.data.writing.decode(written.ids)
    assert one.answers[0].ln_p == pytest.approx(written.score)
    assert one.answers[0].ln_p_per_token == pytest.approx(
        written.score / (len(written.ids) + written.ended)
    )
    best = run.translate("abc", method="beam", n=3)
    scores = [one.ln_p / ((5 + one.tokens) / 6) ** 0.6 for one in best.answers]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    drawn = run.translate(["abc"] * 9, method="sample", seed=1)
    assert len({one.text for one in drawn}) > 1
    assert drawn == run.translate(["abc"] * 9, method="sample", seed=1)
    with pytest.raises(SettingsError, match="a text or a list of texts"):
        run.translate(3)
    with pytest.raises(SettingsError, match="no setting beam"):
        run.translate("abc", beam=3)


def test_each_line_has_a_line(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(given, "AT_ONCE", 4)  # so that a file comes in several parts
    run, lines = runs["copy"], ["abc", "", "dea", "  ", "ab", "cde", "a", "b", "cc"]
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    wanted = [line.strip() for line in lines]
    status, out, err = typed(capsys, "translate", str(run.path), str(path))
    assert (status, out.splitlines()) == (0, wanted)
    assert "2 lines without text" in err
    given_lines(monkeypatch, "\n".join(lines) + "\n")
    assert typed(capsys, "translate", str(run.path), "-")[1].splitlines() == wanted
    # Several words are texts, even where one is the name of a file.
    assert typed(capsys, "translate", str(run.path), "ab", "cd")[1] == "ab\ncd\n"


def test_draws_go_on_from_part_to_part(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    path = tmp_path / "lines.txt"
    path.write_text("abc\n" * 9, encoding="utf-8")
    words = ("translate", str(runs["toy"].path), str(path), "--method", "sample")
    outputs = []
    for size in (4, 100):
        monkeypatch.setattr(given, "AT_ONCE", size)
        outputs.append(typed(capsys, *words)[1])
    assert outputs[0] == outputs[1]
    assert len(set(outputs[0].splitlines())) > 1


def test_a_column_of_a_table_is_read(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("id,word\n1,abc\n2,\n3,de\n", encoding="utf-8")
    words = ("translate", str(runs["copy"].path), str(path))
    assert typed(capsys, *words, "--column", "word")[1].splitlines() == ["abc", "", "de"]
    assert typed(capsys, *words, "--column", "2")[1].splitlines() == ["abc", "", "de"]
    status, _, err = typed(capsys, *words, "--column", "wort")
    assert (status, "no column 'wort'" in err) == (1, True)
    status, _, err = typed(capsys, *words)
    assert (status, "whole lines were read: --column 1 reads one column" in err) == (1, True)


@pytest.mark.parametrize("n", [1, 3])
def test_json_and_csv_hold_the_same(
    n: int, runs: dict[str, Run], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("translate", str(runs["toy"].path), "abc", "dea", "--method", "beam", "-n", str(n))
    found = json.loads(typed(capsys, *words, "--json")[1])
    table = list(csv.DictReader(io.StringIO(typed(capsys, *words, "--csv")[1])))
    assert [one["source"] for one in found] == ["abc", "dea"]
    assert len(table) == 2 * n
    flat = [(one["source"], best) for one in found for best in one["answers"]]
    for row, (source, answer) in zip(table, flat, strict=True):
        assert (row["source"], row["answer"]) == (source, answer["answer"])
        assert float(row["ln_p"]) == pytest.approx(answer["ln_p"], rel=1e-5)
        assert float(row["ln_p_per_token"]) == pytest.approx(answer["ln_p_per_token"], rel=1e-5)
        assert row["ended"] == ("yes" if answer["ended"] else "no")
    shown = typed(capsys, *words)[1]
    assert all(answer["answer"] in shown for _, answer in flat)
    assert ("per token" in shown) == (n > 1)


def test_what_has_no_probability_says_so_in_json(
    runs: dict[str, Run], capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(typed(capsys, "translate", str(runs["copy"].path), "abc", "--json")[1])
    assert found[0]["answers"][0]["ln_p"] is None
    assert math.isnan(runs["copy"].translate("abc").answers[0].ln_p)


def test_a_line_that_cannot_be_read_is_told_or_left_empty(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("abc\naxc\nde\n", encoding="utf-8")
    words = ("translate", str(runs["copy"].path), str(path))
    status, out, err = typed(capsys, *words)
    assert (status, out) == (1, "")
    assert "line 2: The character 'x'" in err
    assert "--bad-lines empty" in err
    status, out, err = typed(capsys, *words, "--bad-lines", "empty")
    assert (status, out) == (0, "abc\n\nde\n")
    assert "1 line without an answer" in err
    with pytest.raises(UnknownTokenError, match="'x'"):
        runs["copy"].translate("axc")


def test_a_source_longer_than_the_model_reads_is_refused(
    runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs["toy"]
    monkeypatch.setattr(run.model, "most", 5)
    assert run.translate("abcd").source == "abcd"
    with pytest.raises(DataError, match=r"'abcde' is 6 tokens long with its end.*at most 5"):
        run.translate("abcde")


def test_an_empty_answer_is_seen_among_several_and_stays_an_empty_line_alone() -> None:
    found = Translated("abc", (AnswerText("", -0.1, 1, True), AnswerText("cba", -2.0, 4, True)))
    (line,) = TranslatedRow(found, TranslateSettings(("abc",)), first=True).shown()
    assert line == "\n"  # each line gets a line
    several = TranslateSettings(("abc",), method="beam", n=2)
    _, table = TranslatedRow(found, several, first=True).shown()
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == ["(nothing)", "cba"]
    _, first, second = list(TranslatedRow(found, replace(several, csv=True), first=True).lines())
    assert first.split(",")[2] == ""
    assert second.split(",")[2] == "cba"


def test_what_was_cut_off_is_told(runs: dict[str, Run], capsys: pytest.CaptureFixture[str]) -> None:
    cut = [text for text in ("abc", "dea", "b", "cc")
           if len(runs["toy"].translate(text).answers[0].text) > 1]  # fmt: skip
    assert cut
    _, out, err = typed(capsys, "translate", str(runs["toy"].path), cut[0], "--longest", "1")
    assert len(out.strip()) == 1
    assert "1 source with an answer that was cut off" in err
    assert "--longest" in err


@pytest.mark.parametrize(
    ("run", "words", "told"),
    [
        ("copy", [""], "the text is empty"),
        ("copy", ["ab", " "], "the text is empty"),
        ("copy", ["ab", "--method", "beam"], "copy has no probabilities"),
        ("copy", ["ab", "--column", "x"], "requires a file of sources"),
        ("copy", ["missing.txt"], "There is no file 'missing.txt', so it was read as a text."),
        ("toy", ["ab", "--beams", "3"], "requires --method beam"),
        ("toy", ["ab", "-n", "3"], "requires --method beam or --method sample"),
    ],
)
def test_mistakes_end_in_words(
    run: str, words: list[str], told: str, runs: dict[str, Run], capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = typed(capsys, "translate", str(runs[run].path), *words)
    assert status in (1, 2)
    assert out == ""
    assert told in err
    assert "Traceback" not in err


def test_a_run_of_another_task_says_which_it_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import hornbook

    path = tmp_path / "names.txt"
    path.write_text("emma\nolivia\nava\n" * 9, encoding="utf-8")
    run = hornbook.train(path, model="bigram", out=tmp_path / "run", baseline=False)
    status, _, err = typed(capsys, "translate", str(run.path), "emma")
    assert (status, "task pairs" in err) == (1, True)
    assert "can be asked: sample, " in err
    with pytest.raises(HornbookError, match="task pairs"):
        run.translate("emma")


def test_a_run_on_labels_points_to_classify(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = [f"{line[:4]}\t{'xy'[at % 2]}" for at, line in enumerate(LINES)]
    run = a_run(tmp_path, labels, "naive-bayes", label_column="target")
    status, out, err = typed(capsys, "translate", str(run.path), "abc")
    assert (status, out) == (1, "")
    assert "says one of 2 labels, not a text" in err
    assert f"hornbook classify {run.path} abc" in err
