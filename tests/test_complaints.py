"""What the parser complains of: one line, without its box."""

from __future__ import annotations

import pytest

from tests.command import typed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("train names --steps", "hornbook train: --steps needs a value. See hornbook train"),
        (
            "rate names --steps x",
            "hornbook rate: --steps must be an integer; it is 'x'. See hornbook rate --help.",
        ),
        ("best names --minutes", "hornbook best: --minutes needs a value."),
        (
            "train names --precision half",
            "--precision must be one of auto, float32, bfloat16; it is 'half'. See",
        ),
        (
            "train names --optimizer Adam",
            "one of adam, adamw, muon, sgd; it is 'Adam'. Did you mean adam? See hornbook train",
        ),
        ("scalar graph", "hornbook scalar graph: FORMULA is missing. See hornbook scalar graph"),
        ("scalar graph a --bogus", "hornbook scalar graph: there is no --bogus. See"),
        ("scalar", "hornbook scalar: type one of these next: graph, moons, line."),
        ("scalar grap a", "there is no grap. Did you mean graph? Type one of these next"),
        ("exercise", "hornbook exercise: type one of these next: backprop, cross-entropy,"),
    ],
)
def test_a_complaint_is_one_line(words: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = typed(capsys, *words.split())
    assert status == 2
    assert told in err
    assert err.count("\n") == 1
    assert not set(err) & set("│╭╰─")
    assert out == ""
