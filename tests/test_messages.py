"""What a person reads uses the field's words, and every text can be listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.messages import messages, print_messages

# A word of a private dialect, and what a reader would search for.
DIALECT = {
    r"\balphabets?\b": "vocabulary",
    r"\bamiss\b": "wrong",
    r"\banew\b": "again",
    r"\bbesides\b": "also",
    r"\ba training (?!batch|data|file|loss|run|set|split|step)": "training",
    r"\bby chance\b": "at random",
    r"\bby heart\b": "memorised",
    r"\bclears? it\b|\bthe bar\b": "the baseline",
    r"(?<!in )\bthe data (themselves|are|have|were|do|belong)\b": "the data is",
    r"\b(these|those) data\b": "this data",
    r"(?<!standard )\bdeviations?\b": "standard deviation",
    r"\bgo(es|ing)? on with\b": "resume",
    r"(?<!there )\bis no (?!longer\b|limit\b)": "is not a",
    r"\bis to be\b": "must be, will be",
    r"\bkept in\b": "saved to",
    r"\bliker?liest\b|\blikeliest\b": "most likely",
    r"\bone a line\b|\bsample a line\b": "one per line",
    r"\brung zero\b": "the scalar engine",
    r"\bsmall letters\b": "lowercase",
    r"\bthe way back\b": "the backward pass",
    r"\bsymbols?\b(?!:)": "token or character",
}
# Of a formula, of Graphviz, of a letter of mathematics: the word means what it says.
MEANT = {"hornbook/lessons/derivations", "hornbook/scalar", "hornbook/text/views/character_kinds"}


def test_no_message_is_in_dialect() -> None:
    found = [
        f"{message}\n    ({word} -> {better})"
        for message in messages()
        if not any(message.path.startswith(place) for place in MEANT)
        for word, better in DIALECT.items()
        if re.search(word, message.text, re.IGNORECASE)
    ]
    assert not found, "\n" + "\n".join(found)


# Nor in a docstring, a comment or a page: older English, which a reader has to read twice.
COMPARED = r"longer\b|more\b|limit\b|\w+er\b|worse\b|less\b"
OLD = rf"\banew\b|\bbesides\b|(?<!there )\b(is|are) no (?!{COMPARED})\w"
ROOT = Path(__file__).parent.parent


def test_no_source_and_no_page_is_in_old_english() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "hornbook").rglob("*.py")]
    assert len(pages) > 100
    found = [
        f"{page.relative_to(ROOT)}:{number}: {line.strip()}"
        for page in pages
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(OLD, line, re.IGNORECASE)
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("word", ["cannot be read", "gradient"])
def test_all_are_listed_and_some_are_found(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    every = messages()
    assert len(every) > 1_000
    assert {message.path.split("/")[1] for message in every} > {"cli", "text", "training", "nn"}
    print_messages([word])
    lines = capsys.readouterr().out.splitlines()
    assert lines == [str(message) for message in every if word in message.text.lower()]
    assert 0 < len(lines) < len(every)
