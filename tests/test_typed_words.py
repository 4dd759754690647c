"""Command lines that are nearly right: what is said of them, before any data is read."""

from __future__ import annotations

from pathlib import Path

import pytest

import hornbook
from tests.command import typed

LINES = (
    ("models lstm rnn", "rnn is one word too many. See hornbook models --help."),
    ("models lstm names.txt", "To use a file: --data names.txt."),
    ("models lstm names", "To use a file: --data names."),
    ("train -dash.txt", "to use the file -dash.txt, type ./-dash.txt"),
    ("doctor -dash.txt", "to use the file -dash.txt, type ./-dash.txt"),
    ("evaluate -dash.txt", "to use the file -dash.txt, type ./-dash.txt"),
    ("train names.txt --watch=yes", "--watch takes no value: type it alone, or leave it out."),
    ("train names.txt --no-baseline=1", "--no-baseline takes no value"),
    ("train names.txt --n-hidden 200,100", "numbers: --n-hidden 200 100; a single one has"),
    ("train names.txt --n-hidden=200,100", "numbers: --n-hidden 200 100; a single one has"),
    ("train names.txt --n-hidden 200, 100", "numbers: --n-hidden 200 100; a single one has"),
    ("quality runs/net --temperatures 0.5,1e-1", "numbers: --temperatures 0.5 1e-1; a single"),
    (
        "train --resume runs/net --lr 1",
        "no --lr: it is --learning-rate, which has no effect",
    ),
    ("train missing --minutes 1 --steps 10", "--minutes chooses the number of steps"),
    ("train missing --minutes nan", "--minutes must be above 0"),
    ("train missing --device cuda", "This machine has no cuda device."),
)


@pytest.mark.parametrize(("line", "said"), LINES)
def test_what_was_perhaps_meant_is_said(
    line: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    for name in ("-dash.txt", "names.txt"):
        Path(name).write_text("ann\nbob\n", encoding="utf-8")
    status, _, told = typed(capsys, *line.split())
    assert status in (1, 2)
    assert said in told


COMMAS = (
    ("compare names,shakespeare", "without commas: names shakespeare."),
    ("compare tiny.txt --models mlp,gru", "without commas: --models mlp gru."),
    ("compare tiny.txt --models mlp, gru", "without commas: --models mlp gru."),
    (
        "compare tiny.txt --models mlp --settings n_embd=2,n_hidden=3",
        "without commas: --settings n_embd=2 n_hidden=3.",
    ),
    (
        "sweep tiny.txt --over n_embd=2..4,n_hidden=3..6",
        "without commas: --over n_embd=2..4 n_hidden=3..6.",
    ),
    ("train tiny.csv --target n --categorical sex,year", "without commas: --categorical sex year."),
    ("train tiny.csv --column name --condition sex,year", "without commas: --condition sex year."),
    ("mix net,other", "without commas: net other."),
    ("runs . --columns dev,steps", "without commas: --columns dev steps."),
    ("runs . --where dev<2,family=gru", "without commas: --where 'dev<2' family=gru."),
    ("runs tag net --add a,b", "without commas: --add a b."),
    ("reproduce bigrams,mlp", "without commas: bigrams mlp."),
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a text, a table and two runs."""
    folder = tmp_path_factory.mktemp("small")
    rows = [f"{name}{k},{'fm'[k % 2]},{1990 + k},{k}" for k in range(20) for name in ("ann", "bo")]
    (folder / "tiny.csv").write_text("\n".join(["name,sex,year,n", *rows]), encoding="utf-8")
    text = folder / "tiny.txt"
    text.write_text("\n".join(row.partition(",")[0] for row in rows), encoding="utf-8")
    for name in ("net", "other"):
        hornbook.train(text, model="ngram", out=folder / name)
    return folder


@pytest.mark.parametrize(("line", "said"), COMMAS)
def test_names_with_commas_between_them_are_shown_apart(
    line: str,
    said: str,
    small: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(small)
    status, _, told = typed(capsys, *line.split())
    assert status == 1
    assert said in told


def test_only_new_is_proposed_where_something_new_can_be_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("word.txt").write_text("ann\n", encoding="utf-8")
    line = "train word.txt --model ngram --order 6 --smoothing mle --split 100/0/0"
    _, _, told = typed(capsys, *line.split())
    assert "-n 20" in told
    assert "--only-new" not in told
    line = "train word.txt --model ngram --order 1 --split 100/0/0"
    _, _, told = typed(capsys, *line.split())
    assert "-n 20 --only-new" in told


TAKEN = {
    "train --ignore sold flats.csv --target price": "train flats.csv --ignore sold --target price",
    "rate --ignore flats.csv --target price": "rate flats.csv --target price",
    "doctor --missing x flats.csv --target price": "doctor flats.csv --missing x --target price",
    "best --ignore sold flats.csv": "best flats.csv --ignore sold",
    "train --n-hidden 20 flats.csv": "train flats.csv --n-hidden 20",
    "compare --models mlp,gru flats.csv": "compare flats.csv --models mlp gru",
    "compare --models mlp, gru flats.csv": "compare flats.csv --models mlp gru",
    "train --missing x,y flats.csv --target price": "train flats.csv --missing x,y --target price",
    "train --rates x=1 flats.csv other.csv": "train flats.csv other.csv --rates x=1",
    "train --rates flats.csv": "train flats.csv",
    "inspect --effect a flats.csv": "inspect flats.csv --effect a",
}


@pytest.mark.parametrize("line", TAKEN)
def test_a_flag_that_took_the_file_is_named_and_the_line_to_type(
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("flats.csv", "other.csv"):
        Path(name).write_text("sold,price\n1,2\n3,4\n", encoding="utf-8")
    status, _, told = typed(capsys, *line.split())
    flag = line.split()[1]
    assert status == 2
    assert f"{flag} takes all words up to the next flag, flats.csv" in told
    assert told.endswith(f" first: hornbook {TAKEN[line]}\n")


def test_a_flag_that_took_a_word_that_is_no_file_is_named_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, _, told = typed(capsys, "train", "--ignore", "sold", "flat.csv", "--target", "price")
    assert (status, told) == (2, (
        "hornbook train: DATA is missing: --ignore takes all words up to the next flag. "
        "Type DATA first.\n"))  # fmt: skip
