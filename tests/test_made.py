"""How made pairs are drawn and written, whatever their kind."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hornbook.cli.make import EXAMPLES
from hornbook.errors import MissingPackageError, RunError, SettingsError
from hornbook.extras import has, how_to_install
from hornbook.made.kind import listed
from hornbook.made.kinds import KINDS
from hornbook.made.making import ENDINGS, USUAL, draw, make
from hornbook.made.shuffling import LARGEST, shuffled
from hornbook.sources.columns import read_column
from tests.command import typed

NEEDS = {"pinyin": "pypinyin", "cities": "babel"}


def asked(kind: str) -> str:
    """A kind, if what it needs is installed."""
    if kind in NEEDS:
        pytest.importorskip(NEEDS[kind], reason=f"{NEEDS[kind]} is not installed")
    return kind


@settings(max_examples=40)
@given(st.integers(1, 200), st.binary(max_size=64))
def test_a_shuffle_has_every_number_once(size: int, key: bytes) -> None:
    assert sorted(shuffled(index, size, key) for index in range(size)) == list(range(size))


@pytest.mark.parametrize("size", [6, 1000, 10**9, LARGEST], ids=["6", "1000", "1e9", "largest"])
def test_a_shuffle_is_uniform(size: int) -> None:
    first = [shuffled(0, size, b"%d" % key) for key in range(1500)]  # of many orders
    some = [shuffled(index, size, b"") for index in range(min(size, 1500))]  # of one
    for drawn in (first, some):
        found = Counter(number * 6 // size for number in drawn)
        assert stats.chisquare([found[place] for place in range(6)]).pvalue > 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_fewer_are_the_first_of_more_and_no_source_comes_twice(kind: str) -> None:
    pairs = list(draw(asked(kind), n=400, seed=3))
    assert pairs == list(draw(kind, n=400, seed=3))
    assert pairs[:7] == list(draw(kind, n=7, seed=3))
    assert len({source for source, _ in pairs}) == 400
    assert pairs != list(draw(kind, n=400, seed=4))


def test_a_seed_gives_the_same_pairs_on_every_machine() -> None:
    assert list(draw("reversal", n=3)) == [
        ("kwgcosxtdyi", "iydtxsocgwk"), ("ynvmook", "koomvny"), ("jxkbuack", "kcaubkxj"),
    ]  # fmt: skip
    assert list(draw("addition", n=3, seed=2**63 - 1)) == [
        ("469+339", "808"), ("354+2", "356"), ("87+0", "87"),
    ]  # fmt: skip


def test_all_can_be_asked_for_and_no_more() -> None:
    words = draw("reversal", n=39, shortest=1, longest=3, letters="abc")
    made = {source for source, _ in words}
    assert words.there_are == 39
    assert made == {"".join(w) for n in (1, 2, 3) for w in itertools.product("abc", repeat=n)}
    assert draw("roman").n == 3999
    assert draw("reversal").n == USUAL
    for n in (0, 40):
        with pytest.raises(SettingsError, match="from 1 to 39, the number of different pairs"):
            draw("reversal", n=n, shortest=1, longest=3, letters="abc")
    with pytest.raises(SettingsError, match=r"from 1 to 9\.9e\+16"):
        draw("copy", n=10**17)


def test_parts_are_equally_probable_until_one_is_used_up() -> None:
    lengths = Counter(len(source) for source, _ in draw("copy", n=6000, shortest=1, longest=5))
    assert (lengths[1], lengths[2]) == (26, 676)
    assert stats.chisquare([lengths[n] for n in (3, 4, 5)]).pvalue > 0.01


def test_of_equal_sources_the_first_counts() -> None:
    (part,) = listed([("a", "1"), ("b", "2"), ("a", "3")])
    assert [part.pair(place) for place in range(part.size)] == [("a", "1"), ("b", "2")]


def test_what_cannot_be_drawn_is_told() -> None:
    with pytest.raises(SettingsError, match="`kind` must be one of reversal"):
        draw("revesal")
    with pytest.raises(SettingsError, match="`seed` must be from 0"):
        draw("copy", seed=-1)
    with pytest.raises(SettingsError, match="has no setting digits"):
        draw("copy", digits=3)


@pytest.mark.parametrize("ending", ENDINGS)
def test_files_are_read_as_they_were_meant(ending: str, tmp_path: Path) -> None:
    signs: dict[str, Any] = {"shortest": 2, "letters": "\"',;|é語\\#"}
    made = make("reversal", tmp_path / f"signs.{ending.upper()}", n=300, **signs)
    text = made.path.read_bytes().decode()
    assert text.count("\n") == 300 + (ending in ("tsv", "csv"))
    columns = [read_column(text, "signs", name).values for name in ("word", "reversed")]
    assert list(zip(*columns, strict=True)) == list(draw("reversal", n=300, **signs))
    if ending == "jsonl":
        assert set(json.loads(text.splitlines()[0])) == {"word", "reversed"}


def test_a_file_is_replaced_only_if_that_was_said(tmp_path: Path) -> None:
    path = tmp_path / "roman.tsv"
    path.write_text("mine")
    with pytest.raises(RunError, match="already exists") as caught:
        make("roman", path)
    assert "`overwrite`" in caught.value.hint
    with pytest.raises(SettingsError, match="3,999"):
        make("roman", path, n=4000, overwrite=True)
    assert path.read_text() == "mine"
    make("roman", path, n=4, overwrite=True)
    assert path.read_text().startswith("roman\tdecimal\n")
    (tmp_path / "folder.tsv").mkdir()
    with pytest.raises(RunError, match="it is a directory"):
        make("roman", tmp_path / "folder.tsv", overwrite=True)
    with pytest.raises(SettingsError, match=r"must end in \.tsv or \.csv"):
        make("roman", tmp_path / "roman.txt")
    assert {one.name for one in tmp_path.iterdir()} == {"roman.tsv", "folder.tsv"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no pipes with names")
def test_a_pipe_is_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tsv")
    with pytest.raises(RunError, match="not a regular file"):
        make("roman", tmp_path / "pipe.tsv", overwrite=True)
    assert (tmp_path / "pipe.tsv").is_fifo()


@pytest.mark.parametrize("kind", NEEDS)
def test_a_package_that_is_missing_is_named(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, NEEDS[kind], None)
    with pytest.raises(MissingPackageError, match="not installed") as caught:
        draw(kind)
    assert caught.value.hint == f"Install it:  {how_to_install(NEEDS[kind])}"


DOCS = (Path(__file__).parents[1] / "docs" / "made.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```\nhornbook (make [^\n]* --out -)\n(.*?)```", DOCS, re.DOTALL))


def test_the_docs_show_every_kind() -> None:
    assert {call.split()[1] for call in BLOCKS} == set(KINDS)
    assert all(f"`{kind}`" in DOCS for kind in KINDS)


@pytest.mark.parametrize("call", BLOCKS)
def test_the_docs_show_what_is_made(call: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked(call.split()[1])
    assert typed(capsys, *shlex.split(call)) == (0, BLOCKS[call], "")


# The command


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to be in, and a terminal that is wide enough."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
def test_help_of_a_kind_has_two_examples_that_work(
    kind: str, here: Path, capsys: pytest.CaptureFixture[str], unpainted: None
) -> None:
    status, out, err = typed(capsys, "make", kind, "--help")
    assert (status, err) == (0, "")
    calls = [line for line in out.splitlines() if line.startswith("  hornbook make ")]
    assert [line.split()[2] for line in calls] == [kind, kind]
    assert calls[1].endswith(EXAMPLES[kind])
    assert " → ".join(KINDS[kind].example) in out
    asked(kind)
    for line in calls:
        words = shlex.split(line)[1:]
        status, out, err = typed(capsys, *words, *(() if "-n" in words else ("-n", "9")))
        assert (status, out) == (0, f"{words[words.index('--out') + 1]}\n"), err
        assert len(Path(out.strip()).read_text(encoding="utf-8").splitlines()) > 9
        assert err.count(" → ") == 3


def test_help_lists_the_kinds(capsys: pytest.CaptureFixture[str], unpainted: None) -> None:
    _, out, _ = typed(capsys, "make", "--help")
    for name, line in KINDS.items():
        assert f"  {name} " in out
        assert line.summary in out
        assert " → ".join(line.example) in out
    assert f"by default {USUAL:,}" in " ".join(out.replace("│", "").split())


@pytest.mark.usefixtures("here")
def test_the_kind_may_stand_anywhere(capsys: pytest.CaptureFixture[str]) -> None:
    typed_first = typed(capsys, "make", "addition", "--digits", "2", "-n", "2", "--out", "-")
    assert typed_first[0] == 0
    assert typed_first[1].startswith("addition\tsum\n")
    assert (
        typed(capsys, "make", "--digits", "2", "addition", "-n", "2", "--out", "-") == typed_first
    )
    assert typed(capsys, "make", "--out", "-", "-n", "2", "--digits=2", "addition") == typed_first
    assert not any(Path().iterdir())


@pytest.mark.usefixtures("here")
def test_what_was_written_is_told_to_machines(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = typed(capsys, "make", "roman", "-n", "9", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out) == {
        "path": "roman.tsv", "columns": ["roman", "decimal"], "pairs": 9, "there_are": 3999,
    }  # fmt: skip


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ("", 2, "needs KIND"),
        ("--seed 1", 2, "KIND"),
        ("revesal", 2, "there is no kind 'revesal'. Did you mean reversal? Kinds: reversal, "),
        ("--seed 1 nothing", 2, "there is no kind 'nothing'. Kinds: "),
        ("copy more", 2, "more is one word too many"),
        ("copy --digits 3", 2, "there is no --digits"),
        ("roman -n 4000", 1, "-n must be from 1 to 3,999"),
        ("roman --out - --json", 1, "--json has no effect with --out=-, which prints the pairs"),
        ("roman --seed -1", 1, "--seed must be from 0"),
        ("roman --out roman.txt", 1, "must end in .tsv or .csv"),
        ("copy --shortest 5 --longest 4", 1, "--shortest must be at most --longest, 4; it is 5."),
        ("copy --shortest 0", 1, "--shortest must be from 1 to 100; it is 0."),
        ("copy --letters aba", 1, "'a' stands there 2 times"),
        ("copy --letters a", 1, "there is 1"),
        ("copy --letters 'a b'", 1, "' ' cannot be seen"),
        ("addition --digits 3 --least-digits 4", 1, "--least-digits must be at most --digits, 3"),
        ("dates --first-year 2000 --last-year 1999", 1, "--first-year must be at most"),
        ("dates --first-year 999", 1, "--first-year must be from 1,000 to 9,999; it is 999."),
        ("cities --to en", 1, "--from and --to must be two languages; both are 'en'."),
    ],
)
def test_a_mistake_is_told_and_nothing_is_written(
    words: str, status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = typed(capsys, "make", *shlex.split(words))
    assert found[:2] == (status, "")
    assert told in found[2]
    assert not any(Path().iterdir())


@pytest.mark.usefixtures("here")
@pytest.mark.skipif(not has("babel"), reason="Babel is not installed")
@pytest.mark.parametrize("words", ["--to qqq", "--from qqq", "--to r/u", "--to ''"])
def test_a_language_that_there_is_not(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = typed(capsys, "make", "cities", *shlex.split(words))
    assert status == 1
    assert f"{words.split()[0]} must be a language that CLDR has; it is" in err
    assert not any(Path().iterdir())
