"""Numbers as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import typed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--steps", "many"], "--steps must be an integer; it is 'many'"),
        (["--seed", "1e3"], "--seed must be an integer; it is '1e3'"),
        (["--learning-rate", "fast"], "--learning-rate must be a number; it is 'fast'"),
        (["--n-hidden", "8", "x"], "--n-hidden must be an integer; it is 'x'"),
    ],
)
def test_what_is_no_number_is_told_in_plain_words(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = typed(capsys, "train", "names", *words)
    assert status == 2
    assert told in " ".join(err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("given", "why"), [("8,16", "commas"), ("8x16", "x"), ("--n-hidden=8x16", "x")]
)
def test_several_numbers_in_one_word_are_parted(
    given: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [given] if "=" in given else ["--n-hidden", given]
    status, _, err = typed(capsys, "train", "names", *words)
    assert status == 2
    said = " ".join(err.split())
    assert f"put spaces between several numbers: --n-hidden 8 16; a single one has no {why}" in said


def test_one_that_may_be_left_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "run")
    assert typed(capsys, "train", "names", "--model", "ngram", "--out", out)[0] == 0
    status, _, err = typed(capsys, "evaluate", out, "--stride", "y")
    assert status == 2
    assert "--stride must be an integer; it is 'y'" in err
    assert typed(capsys, "evaluate", out, "--stride", "None")[0] == 0
