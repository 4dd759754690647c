"""The exercises: the file that is written, and what the check says of a learner's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import hornbook
from hornbook.errors import ExerciseError
from hornbook.lessons import exercise
from hornbook.lessons.derivations import DERIVATIONS, Derivation
from hornbook.lessons.diagnosis import Foreign
from hornbook.lessons.exercise import SEED, check, judge, text_of, write
from tests.command import typed

PATIENCE = 600.0  # seconds, after which a process hangs, however much else the machine has to do
each = pytest.mark.parametrize("made", DERIVATIONS.values(), ids=DERIVATIONS)


def solution(made: Derivation) -> dict[str, str]:
    """The right code for every blank: by hand, or in one expression where atoms lie between."""
    return {
        name: made.closed[name] if name in made.closed and made.asked else made.formula(name)
        for name in made.wanted
    }


def executed(text: str) -> dict[str, Any]:
    held: dict[str, Any] = {"__name__": "exercise"}
    exec(compile(text, "learner.py", "exec"), held)
    return held


@each
def test_the_file_computes_what_it_is_checked_against(made: Derivation) -> None:
    held = executed(text_of(made))
    values = made.forward(made.start(SEED))
    for name in (*made.leaves, *(step.name for step in made.steps)):
        assert torch.equal(held[name], values[name]), name
    assert all(held[f"d{name}"] is None for name in made.wanted)


@each
def test_the_right_gradients_pass(made: Derivation) -> None:
    held = executed(text_of(made, solution(made)))
    values = made.forward(made.start(SEED))
    result = judge(made, values, {name: held[f"d{name}"] for name in made.wanted})
    assert result.first_wrong is None
    assert [row.name for row in result.right] == list(made.wanted)
    assert all(row.approximate for row in result.right)


@each
def test_the_blanks_say_their_shapes(made: Derivation) -> None:
    text = text_of(made)
    values = made.forward(made.start(0))
    for name in made.wanted:
        line = f"d{name} = None  # shape {(*values[name].shape,)}"
        assert line in map(str.strip, text.splitlines())
    assert all(len(line) <= 100 for line in text.splitlines())
    # Nothing of the answers is in it.
    assert not re.search(r"^ *d\w+ = (?!None  #)", text, re.MULTILINE)
    for name, code in solution(made).items():
        assert code.isidentifier() or code not in text, name


@each
def test_only_the_first_wrong_one_is_told(made: Derivation) -> None:
    values = made.forward(made.start(SEED))
    mine: dict[str, Any] = made.by_hand(values)
    place = len(made.wanted) // 2
    wrong = made.wanted[place]
    for name in made.wanted[place:]:
        mine[name] = mine[name] * 2
    result = judge(made, values, mine)
    assert result.first_wrong is not None
    assert (result.first_wrong.name, result.first_wrong.kind) == (wrong, "factor")
    assert len(result.right) == place
    assert result.not_judged == made.wanted[place + 1 :]


def test_somebody_s_work_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("mine\n")
    with pytest.raises(ExerciseError, match="already exists"):
        write(text_of(DERIVATIONS["lstm"]), path)
    assert path.read_text() == "mine\n"
    write(text_of(DERIVATIONS["lstm"]), path, overwrite=True)
    assert path.read_text() == text_of(DERIVATIONS["lstm"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nb = (\n", "mine.py, line 2: SyntaxError: '(' was never closed\n    b = ("),
        ("a = 1\nb = a + 'x'\n", "mine.py, line 2: TypeError: unsupported operand"),
        (
            "def f():\n    return nosuch\n\nf()\n",
            "line 2: NameError: name 'nosuch' is not defined\n    return nosuch",
        ),
        ("import sys\nsys.exit(3)\n", "line 2: SystemExit: 3"),
        ("import json\njson.loads('{')\n", "line 2: JSONDecodeError: "),
        ("input()\n", "line 1: EOFError: "),
        ("import os\nos._exit(7)\n", "ended the Python process, with exit status 7"),
        ("print('x')\n", "has no tensor logits"),
        ("logits = [1]\n", "has no tensor logits"),
    ],
)
def test_a_file_that_does_not_come_to_its_end(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(ExerciseError) as error:
        check(DERIVATIONS["cross-entropy"], path, PATIENCE)
    assert said in error.value.message
    assert error.value.hint
    assert "Traceback" not in str(error.value)


def test_a_file_without_end_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("while True:\n    pass\n")
    with pytest.raises(ExerciseError, match=r"did not end within 0\.5 seconds"):
        check(DERIVATIONS["lstm"], path, seconds=0.5)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ExerciseError, match="There is no file"):
        check(DERIVATIONS["lstm"], tmp_path / "nosuch.py")


def run_here(path: Path, names: tuple[str, ...], seconds: float) -> dict[str, Any]:
    """As `run_apart`, in this process, which has torch already."""
    held = executed(path.read_text())
    return {name: held[name] for name in names if held.get(name) is not None}


def test_a_file_is_run_in_a_process_of_its_own(tmp_path: Path) -> None:
    made = DERIVATIONS["lstm"]
    path = tmp_path / "mine.py"
    (tmp_path / "helper.py").write_text("half = 1.5\n")
    (tmp_path / "numpy.py").write_text("raise SystemExit\n")  # is none of hornbook's business
    text = text_of(
        made,
        {**solution(made), "b": "helper.half", "Wh": "dgates.float()", "h": "dgates.to_sparse()"},
    )
    path.write_text(text.replace("import torch\n", "import torch\nimport helper\n", 1))
    names = ("loss", "dc_next", "dWh", "db", "dh", "nosuch")
    found = exercise.run_apart(path, names, 600.0)
    expected = made.by_hand(made.forward(made.start(SEED)))
    assert list(found) == ["dWh", "dc_next", "loss", "db", "dh"]
    assert found["db"] == Foreign("float")
    assert found["dh"] == Foreign("torch.sparse_coo")
    assert isinstance(found["dc_next"], torch.Tensor)
    assert torch.equal(found["dc_next"], expected["c_next"])
    assert isinstance(found["dWh"], torch.Tensor)
    assert found["dWh"].dtype == torch.float32


def test_from_the_blanks_to_the_end(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = DERIVATIONS["cross-entropy"]
    status, out, _ = typed(capsys, "exercise", "cross-entropy")
    assert status == 0
    assert "--check cross_entropy.py" in out
    status, out, _ = typed(capsys, "exercise", "cross-entropy", "--json", "--out", "other.py")
    assert json.loads(out) == {"exercise": "cross-entropy", "file": "other.py", "blanks": 1}
    monkeypatch.setattr(exercise, "run_apart", run_here)
    status, out, _ = typed(capsys, "exercise", "cross-entropy", "--check", "cross_entropy.py")
    assert (status, out) == (1, "dlogits is the next one to fill in.\n")
    # The way of the lecture, which changes probs itself.
    text = text_of(made, {"logits": "probs"})
    text = text.replace("\nif __name__", "\nprobs[range(n), Yb] -= 1\nprobs /= n\n\nif __name__")
    Path("mine.py").write_text(text)
    status, out, _ = typed(capsys, "exercise", "cross-entropy", "--check", "mine.py")
    assert status == 0
    assert "The gradient is right." in out
    assert "probs no longer has its value from the forward pass" in out
    Path("mine.py").write_text(text_of(made).replace(str(SEED), "5"))
    status, _, err = typed(capsys, "exercise", "cross-entropy", "--check", "mine.py")
    assert status == 1
    assert "mine.py has a different value of logits" in err


def test_the_file_of_the_training_trains_once_its_gradients_are_right(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = DERIVATIONS["training"]
    monkeypatch.setattr(exercise, "check_file", lambda name, path: name != "training")
    text = text_of(made, solution(made)).replace("range(5_000)", "range(300)")
    text = text.replace("step % 500", "step % 299")
    held: dict[str, Any] = {"__name__": "__main__", "__file__": "mine.py"}
    exec(compile(text, "mine.py", "exec"), held)
    first, last = (float(line.split()[-1]) for line in capsys.readouterr().out.splitlines())
    assert first > 3.2
    assert last < 2.9
    assert held["step"] == 299
    monkeypatch.setattr(exercise, "check_file", lambda name, path: 1)
    with pytest.raises(SystemExit):  # a gradient is wrong
        exec(compile(text, "mine.py", "exec"), {"__name__": "__main__", "__file__": "mine.py"})


def test_the_file_checks_itself(tmp_path: Path) -> None:
    made = DERIVATIONS["backprop"]
    filled = {name: code for name, code in solution(made).items() if name != "C"}
    filled["C"] = "[1, 2]"
    path = tmp_path / "mine.py"
    path.write_text(text_of(made, filled).replace("__file__))", f"__file__, {PATIENCE}))"))
    home = str(Path(hornbook.__file__).parents[1])
    found = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": home},
    )  # fmt: skip
    assert found.returncode == 1
    assert "dC must be a torch tensor; it is of type list." in found.stdout
    assert "dlogprobs" in found.stdout
    assert found.stderr == ""


def test_the_result_as_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exercise, "run_apart", run_here)
    made = DERIVATIONS["lstm"]
    path = tmp_path / "mine.py"
    path.write_text(text_of(made, {**solution(made), "c_next": "o * (1 - c_shown**2) * dh_next"}))
    status, out, _ = typed(capsys, "exercise", "lstm", "--check", str(path), "--json")
    told = json.loads(out)
    assert status == 1
    assert [row["name"] for row in told["right"]] == ["h_next", "o", "c_shown"]
    assert told["first_wrong"]["kind"] == "branch"
    assert told["not_judged"][0] == "f"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nosuch",), "nknown exercise 'nosuch'"),
        (("lstm", "--check", "x.py", "--overwrite"), "no effect"),
        (("lstm", "--check", "x.py", "--out", "y.py"), "no effect"),
        (("lstm", "--seconds", "3"), "seconds has no effect"),
        (("lstm", "--check", "x.py", "--seconds", "-1"), "seconds must be above 0"),
        (("lstm", "--out", "nowhere/x.py"), "Cannot write"),
    ],
)
def test_options_that_do_not_fit(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, err = typed(capsys, "exercise", *arguments)
    assert status == 1
    assert said in err
