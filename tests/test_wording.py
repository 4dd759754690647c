"""The library speaks of settings, the command line of flags: neither speaks the other's words."""

from __future__ import annotations

import ast
import dataclasses
import itertools
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import hornbook
from hornbook.actions import Action
from hornbook.cli.main import all_verbs
from hornbook.cli.wording import command, flag, flags_of, shell_word, worded
from hornbook.errors import HornbookError, SettingsError, as_typed
from hornbook.settings import Settings
from hornbook.text.models.gpt import GPTSettings
from hornbook.text.models.mlp import MLPSettings

ROOT = Path(hornbook.__file__).parent
LIBRARY = sorted(path for path in ROOT.rglob("*.py") if "cli" not in path.relative_to(ROOT).parts)
PROPOSING = [
    path for path in sorted(ROOT.rglob("*.py"))
    if re.search(r"`[a-z_]+=[^`\n]*\{", path.read_text(encoding="utf-8"))
]  # fmt: skip
FLAG = re.compile(r"(?<![\w-])--[a-z]")


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text in a module, docstrings and parts of formatted ones among them, and its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_of_the_library_names_a_flag_or_a_command(path: Path) -> None:
    if path.name == "__main__.py":
        return
    verb = re.compile(rf"\bhornbook ({'|'.join(all_verbs())})\b")
    for line, text in texts(path):
        assert not FLAG.search(text), f"{path}:{line}: {text!r}"
        assert not verb.search(text), f"{path}:{line}: {text!r}"


def test_settings_in_a_sentence_become_flags() -> None:
    told = worded("Lower `learning_rate`, or set `clip=1`; `find_rate` looks for one.")
    assert told == "Lower --learning-rate, or set --clip 1; `hornbook rate` looks for one."
    assert worded("Work on a `.clone()`, 2 `a b`.") == "Work on a `.clone()`, 2 `a b`."


def test_calls_in_a_sentence_become_commands() -> None:
    flags = {flag(name) for kind in kinds_of(Settings) for name in kind.__dataclass_fields__}
    for verb in ("best", "sample", "inspect", "strip", "quality"):
        assert worded(f"What `{verb}` found.") == f"What `hornbook {verb}` found."
        assert flag(verb) not in flags


def kinds_of(kind: type[Settings]) -> Iterator[type[Settings]]:
    """All settings that are loaded."""
    for one in kind.__subclasses__():
        yield one
        yield from kinds_of(one)


@pytest.mark.parametrize(
    "given", ["a`steps`b.txt", "`clip=3`", "it's `n` o'clock", 'say "`n`"', "'`n`", "\\`n`"]
)
def test_a_text_in_quotation_marks_stays_as_it_is(given: str) -> None:
    assert worded(f"`clip` knows no {given!r}: set `n`.") == f"--clip knows no {given!r}: set -n."
    assert worded("This model's `clip` and the lectures' `n`.") == (
        "This model's --clip and the lectures' -n."
    )


def test_what_begins_with_a_dash_is_no_flag() -> None:
    assert command(Action("evaluate", ("-run",))) == "hornbook evaluate ./-run"
    said = Action("score", ("-run", "-x"), {"json": True})
    assert command(said) == "hornbook score ./-run --json -- -x"


def test_a_call_becomes_a_command() -> None:
    more = Action("sample", ("runs/my run",), {"n": 20, "temperature": 0.8, "only_new": True})
    assert command(more) == "hornbook sample 'runs/my run' -n 20 --temperature 0.8 --only-new"
    assert str(more) == "hornbook.sample('runs/my run', n=20, temperature=0.8, only_new=True)"
    assert command(Action("resume", ("runs/a",))) == "hornbook train --resume runs/a"
    longer = Action("train", ("DATA",), {"n_hidden": (3, 4), "watch": False})
    assert command(longer) == "hornbook train DATA --n-hidden 3 4 --no-watch"
    grouped = Action("train", ("DATA",), {"training": {"steps": 20}, "split": "-1", "rate": 1 / 3})
    assert command(grouped) == (
        "hornbook train DATA --steps 20 --split=-1 --rate 0.3333333333333333"
    )


def test_what_is_not_as_usual_is_what_has_to_be_typed() -> None:
    usual = MLPSettings()
    changed = dataclasses.replace(usual, n_hidden=(8, 9), norm="layer", dropout=0.25)
    words = flags_of(changed, usual)
    assert words == ["--n-hidden", "8", "9", "--norm", "layer", "--dropout", "0.25"]
    assert flags_of(GPTSettings(residual=False), GPTSettings()) == ["--no-residual"]
    assert flags_of(GPTSettings(tied=True), GPTSettings()) == ["--tied"]
    assert flags_of(usual, usual) == []


def test_an_error_carries_its_setting_and_its_action() -> None:
    with pytest.raises(SettingsError) as caught:
        MLPSettings(n_embd=0)
    assert caught.value.setting == "n_embd"
    error = HornbookError("What.", hint="How.", action=Action("resume", ("runs/a",)))
    assert str(error) == "What.\nHow.\nhornbook.resume('runs/a')"


ODD = ["Last Login", "Wohnfläche (m²)", "Reg. No.", "it's", 'say "n"', "a`n`b", "$HOME", "-x",
       "", "ä²", "a\\b", "n=`clip`'s"]  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="the words are those of a POSIX shell")
@pytest.mark.parametrize("name", ODD)
def test_a_name_that_is_proposed_can_be_typed(name: str) -> None:
    said = f"Leave it out: `ignore={as_typed(name)}`."
    typed = worded(said).removeprefix("Leave it out: ").removesuffix(".")
    assert shlex.split(typed.replace("--ignore=", "--ignore ")) == ["--ignore", name]
    called = str(HornbookError("No.", hint=said)).removeprefix("No.\nLeave it out: `ignore=")
    assert ast.literal_eval(called.removesuffix("`.")) == name


def test_several_names_that_are_proposed_are_a_list_in_python() -> None:
    said = f"Set `ignore={as_typed('a b', 'c')}`, or `n_hidden=20`."
    assert worded(said) == "Set --ignore 'a b' c, or --n-hidden 20."
    assert str(HornbookError(said)) == 'Set `ignore=["a b", "c"]`, or `n_hidden=20`.'
    assert not worded(f"Set `ignore={as_typed('No.')}`.").endswith("..")


# Values of the library's own, which need no quoting: what stands for them in the source.
OWN = {
    "4 * self.context", "getattr(options, name)", "having[0]", "longer(run, done)", "looks.mode",
    "name", "task.name", "usable[0]", "way", "wide",
}  # fmt: skip


@pytest.mark.parametrize("path", PROPOSING, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_comes_from_data_is_proposed_as_it_is_typed(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for before, value in itertools.pairwise(getattr(node, "values", ())):
            if not (isinstance(value, ast.FormattedValue) and isinstance(before, ast.Constant)):
                continue
            if re.search(r"`[a-z_]+=[^`]*$", str(before.value)) and value.format_spec is None:
                given = ast.unparse(value.value)
                assert given.startswith("as_typed(") or given in OWN, f"{path}:{value.lineno}"


@pytest.mark.skipif(os.name == "nt", reason="the words of a POSIX shell")
@settings(deadline=None, max_examples=60)
@given(st.text(st.sampled_from("ab '\"$`\\!*~\n"), max_size=8))
@example("grep -c 'a b'")
def test_a_shell_reads_a_word_as_it_was(text: str) -> None:
    assert shlex.split(shell_word(text)) == [text]
    told = subprocess.run(["sh", "-c", f"printf %s {shell_word(text)}"], capture_output=True)
    assert told.stdout.decode() == text


@pytest.mark.skipif(os.name == "nt", reason="the words of a POSIX shell")
@pytest.mark.parametrize(
    ("text", "word"),
    [("grep 'a b'", "\"grep 'a b'\""), ("a b", "'a b'"), ("it's $1", "'it'\"'\"'s $1'")],
)
def test_a_word_is_quoted_as_people_quote(text: str, word: str) -> None:
    assert shell_word(text) == word
