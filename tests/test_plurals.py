"""One of a thing is `1 line`, never `1 lines`: whatever people are told of data and runs."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from hornbook.runs import Run
from tests.command import typed

# What is singular though it ends in s.
SINGULAR = {"is", "has", "was", "its", "this", "loss", "class", "less", "does", "needs", "bits"}
ALONE = r"(?<![\d.,/×–±-])(?<!step )\b1 "  # neither a part of a number nor a number of a step
PLURAL = re.compile(ALONE + r"(?:(?:different|other|new|whole) )?([a-z]+s)\b")
ARE = re.compile(ALONE + r"(are|were|have|do|occur)\b")


def wrong(text: str) -> list[str]:
    """The plurals of one thing, each with what stands around it."""
    text = html.unescape(re.sub(r"<(style|svg).*?</\1>|<[^>]*>|data:[^\"]*", "", text, flags=re.S))
    found = [one for one in PLURAL.finditer(text) if one[1] not in SINGULAR]
    found += ARE.finditer(text)
    return [" ".join(text[max(0, at.start() - 40) : at.end() + 20].split()) for at in found]


@pytest.fixture
def one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("one.txt").write_text("a\n", encoding="utf-8")
    Path("three.txt").write_text("a\naa\naaa\n", encoding="utf-8")
    Path("stanza.txt").write_text("b\nab", encoding="utf-8")
    Path("ratings.csv").write_text("userId,movieId,rating\n7,9,4\n", encoding="utf-8")
    return tmp_path


COMMANDS = (
    "train one.txt --model bigram --steps 1 --split 100/0/0 --threads 1 --out runs/net",
    "train three.txt --model ngram --split 34/33/33 --out runs/counts",
    "train stanza.txt --model ngram --mode text --split 50/25/25 --out runs/text",
    "doctor one.txt",
    "doctor three.txt",
    "doctor stanza.txt --mode text",
    "doctor ratings.csv",
    "runs runs",
    *(
        f"{verb} runs/{run}{more}"
        for run in ("net", "counts")
        for verb, more in (
            ("sample", " -n 1 --longest 1"),
            ("quality", " -n 1"),
            ("evaluate", ""),
            ("inspect", " --out page.html"),
            ("score", " a"),
        )
    ),
    "sample runs/text -n 1 --longest 1",
    "pairs runs/text -n 1",
    "score runs/text b",
)


@pytest.mark.usefixtures("one_line", "unpainted")
def test_one_of_a_thing_is_not_many(capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, list[str]] = {}
    for command in COMMANDS:
        Path("page.html").unlink(missing_ok=True)
        _, said, told = typed(capsys, *command.split())
        page = Path("page.html").read_text("utf-8") if Path("page.html").exists() else ""
        if bad := [*wrong(said), *wrong(told), *wrong(page)]:
            found[command] = bad
    for run in ("net", "counts"):
        if bad := wrong(repr(Run(f"runs/{run}"))):
            found[run] = bad
    assert not found, "\n".join(f"{at}: {bad}" for at, bad in found.items())


@pytest.mark.parametrize(
    "text", ["it has 1 lines", "over 1 tokens", "<p>1 <b>steps</b>", "1 are new", "1 new pairs"]
)
def test_a_plural_of_one_is_seen(text: str) -> None:
    assert wrong(text)
