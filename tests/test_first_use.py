"""What is imported when it is first used: that it is found, and that a start does without it."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from hornbook.cli import choice
from hornbook.errors import RunError
from hornbook.tokenizers.kinds import KINDS, OF_FILES, read_tokenizer

PACKAGES = [
    "hornbook", "hornbook.nn", "hornbook.ratings", "hornbook.reports", "hornbook.runs",
    "hornbook.tables", "hornbook.training",
]  # fmt: skip
SEEN = """
import sys
from hornbook.cli.choice import choose
from hornbook.text.loading import load_text

chosen = choose("train", ["names"])
load_text(chosen.source, chosen.task.options())
assert "torch" not in sys.modules
import hornbook.text.models.mlp
print(*sys.modules)
"""
"All that a training on a data set with a name does before its net is made."
NEEDLESS = {
    "hornbook.nn.decoder",
    "hornbook.pairs.recognise",
    "hornbook.ratings.recognise",
    "hornbook.reports.page",
    "hornbook.runs.listing",
    "hornbook.tables.recognise",
    "hornbook.tokenizers.token_files",
}


@pytest.mark.parametrize("name", PACKAGES)
def test_each_name_is_found_where_it_is_said_to_be(name: str) -> None:
    package = importlib.import_module(name)
    assert set(package.HOMES) <= set(package.__all__)
    for one in package.__all__:
        assert hasattr(package, one)
    with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'nothing'"):
        _ = package.nothing


@pytest.mark.parametrize("name", PACKAGES)
def test_a_checker_of_types_sees_each_name_and_no_other(name: str) -> None:
    """Where it sees a `__getattr__`, it takes it that any name is there."""
    package, seen = importlib.import_module(name), []
    for top in ast.parse(Path(str(package.__file__)).read_text("utf-8")).body:
        if not isinstance(top, ast.If):
            seen.append(top)
        elif ast.unparse(top.test) == "TYPE_CHECKING":
            seen += top.body
        else:
            assert ast.unparse(top.test) == "not TYPE_CHECKING"
    imported = {
        alias.asname or alias.name
        for one in seen
        if isinstance(one, ast.ImportFrom)
        for alias in one.names
    }
    assert set(package.HOMES) <= imported
    assert not [line for line in map(ast.unparse, seen) if "__getattr__" in line]


@pytest.mark.parametrize("name", PACKAGES)
def test_names_are_listed_before_their_first_use(name: str) -> None:
    # in a process of its own: once it was imported, a submodule could stand for a name
    seen = f"import {name} as package; print(sorted(set(package.__all__) - set(dir(package))))"
    told = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_each_tokenizer_of_files_has_the_kind_that_it_is_found_by() -> None:
    for kind, home in OF_FILES.items():
        module, _, name = home.partition(":")
        assert getattr(importlib.import_module(module), name).kind == kind
    assert not KINDS.keys() & OF_FILES.keys()
    with pytest.raises(RunError, match=r"known kinds: characters, .*, sentencepiece, tokenizers"):
        read_tokenizer({"kind": "runes"})


def test_a_training_starts_without_what_it_does_not_use() -> None:
    told = subprocess.run([sys.executable, "-c", SEEN], capture_output=True, text=True, check=True)
    loaded = set(told.stdout.split())
    assert "hornbook.text.models.mlp" in loaded
    assert not NEEDLESS & loaded
    for name in NEEDLESS:  # else this would hold of a name that is mistyped
        importlib.import_module(name)


def test_words_that_choose_nothing_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def parsed_by(parser: object, argv: list[str], verb: str) -> tuple[choice.First, list[str]]:
        asked.append(argv)
        return choice.FirstOfTraining(model="gru"), []

    monkeypatch.setattr(choice, "parsed_by", parsed_by)
    monkeypatch.setattr(choice, "telling", list)
    assert choice.choose("train", ["names", "--steps", "3"], choice.FirstOfTraining).family == "mlp"
    assert not asked
    argv = ["names", "--model=gru"]
    assert choice.choose("train", argv, choice.FirstOfTraining).family == "gru"
    assert asked == [argv]
