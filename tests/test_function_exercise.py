"""Exercises in writing functions: the file, and what the check says of a learner's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hornbook.errors import ExerciseError
from hornbook.lessons import byte_pairs
from hornbook.lessons.byte_pairs_exercise import BYTE_PAIRS, CAT
from hornbook.lessons.exercises import FUNCTIONS
from hornbook.lessons.function_runner import run, shown
from hornbook.lessons.functions import FunctionExercise, check_file, check_functions, judged
from tests.command import typed

each = pytest.mark.parametrize("made", FUNCTIONS.values(), ids=FUNCTIONS)
SOLVED = {blank.name: blank.body for blank in BYTE_PAIRS.blanks}


def file_of(folder: Path, **changed: str) -> Path:
    path = folder / "byte_pairs.py"
    path.write_text(BYTE_PAIRS.text({**SOLVED, **changed}))
    return path


def called(path: Path) -> dict[str, Any]:
    """What the functions of a file give, in this process."""
    found = run(str(path), {blank.name: blank.calls for blank in BYTE_PAIRS.blanks})
    assert found["error"] is None
    results: dict[str, Any] = found["results"]
    return results


@each
def test_the_solution_passes(made: FunctionExercise, tmp_path: Path) -> None:
    path = tmp_path / "solved.py"
    path.write_text(made.text({blank.name: blank.body for blank in made.blanks}))
    result = check_functions(made, path)
    assert result.right == made.wanted
    assert result.first_wrong is None


def test_the_solution_is_that_of_the_lesson() -> None:
    """Where bytes have the same order in both numberings, as small letters and no blank have."""
    words = [word.strip() for word in CAT]
    spelled = [bytes([byte]) for byte in range(256)]
    held: dict[str, object] = {}
    exec(BYTE_PAIRS.text(SOLVED), held)
    for left, right in held["learn"](words, 6):  # type: ignore[operator]
        spelled.append(spelled[left] + spelled[right])
    assert spelled[256:] == [merge.spelled for merge in byte_pairs.learn(words, 6)]


@pytest.mark.parametrize(
    ("changed", "right", "message"),
    [
        ({"pairs": "..."}, 0, "pairs([1, 2, 1, 2, 3]) gives nothing. Fill in pairs"),
        ({"merged": "return ids"}, 1, "merged([1, 2, 3, 1, 2], (1, 2), 256) gives [1, 2, 3, 1, 2]"),
        ({"learn": "return []"}, 2, "expected: [[108, 111], [256, 119]]"),
        ({"encode": "return 1 / 0"}, 3, "ends with ZeroDivisionError"),
        ({"encode": "import sys\nsys.exit()"}, 3, "ends with SystemExit"),
        ({"decode": "return b''"}, 4, "decode([259, 99, 258], "),
    ],
)
def test_the_first_wrong_function_is_found(
    changed: dict[str, str], right: int, message: str, tmp_path: Path
) -> None:
    result = judged(BYTE_PAIRS, called(file_of(tmp_path, **changed)))
    assert result.right == BYTE_PAIRS.wanted[:right]
    assert result.first_wrong == BYTE_PAIRS.wanted[right]
    assert result.not_judged == BYTE_PAIRS.wanted[right + 1 :]
    assert message in result.message


def test_errors_have_the_line_of_the_learner(tmp_path: Path) -> None:
    message = judged(BYTE_PAIRS, called(file_of(tmp_path, pairs="return ids + 'a'"))).message
    assert "(line 16: return ids + 'a')" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def pairs(:", "line 1: SyntaxError"),
        ("while True: pass", "did not end within"),
        ("import os\nos._exit(3)", "exit status 3"),
    ],
)
def test_files_that_do_not_run(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "file.py"
    path.write_text(text)
    with pytest.raises(ExerciseError, match=message):
        check_functions(BYTE_PAIRS, path, 1.0 if "while" in text else 60.0)


def test_a_function_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "file.py"
    path.write_text("pairs = 3\n")
    assert judged(BYTE_PAIRS, called(path)).message == "The file has no function pairs."


def test_the_order_of_a_dictionary_is_all_one_and_so_are_lists_and_tuples() -> None:
    assert shown({(2, 1): 1, (1, 2): 2}) == shown({(1, 2): 2, (2, 1): 1})
    assert shown([(1, 2)]) == shown([[1, 2]]) == "[[1, 2]]"
    assert shown({(np.int64(1), 2): np.uint8(3)}) == "{[1, 2]: 3}"


def test_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, _ = typed(capsys, "exercise", "byte-pairs")
    assert status == 0
    assert "byte_pairs.py has 5 functions to fill in, from the top." in out
    status, out, _ = typed(capsys, "exercise", "byte-pairs", "--check", "byte_pairs.py")
    assert status == 1
    assert "4 after it not checked" in out
    file_of(tmp_path)
    status, out, _ = typed(capsys, "exercise", "byte-pairs", "--check", "byte_pairs.py", "--json")
    assert status == 0
    assert json.loads(out)["right"] == list(BYTE_PAIRS.wanted)
    assert check_file("byte-pairs", "byte_pairs.py") == 0
    assert "All 5 functions are right." in capsys.readouterr().out
