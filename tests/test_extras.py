"""What works without torch, and what is said where it does not."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from hornbook.errors import MissingPackageError
from hornbook.extras import INSTALL_TORCH, has_torch, needing_torch
from tests.some_names import write_few_letters

# Commands one after the other in a process in which torch cannot be found.
WITHOUT_TORCH = """
import contextlib, io, json, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from hornbook.cli import main

told = []
for arguments in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(arguments)
        except SystemExit as ended:
            status = ended.code
    told.append([status, out.getvalue(), err.getvalue()])
print(json.dumps(told))
"""

WORKS = [
    ["--help"],
    ["--version"],
    ["models"],
    ["datasets"],
    ["doctor", "names.txt"],
    ["train", "names.txt", "--model", "ngram", "--out", "counts"],
    ["train", "--model", "ngram", "--help"],
    ["sample", "counts", "-n", "5"],
    ["score", "counts", "anna"],
    ["evaluate", "counts"],
    ["inspect", "counts"],
    ["export", "counts", "--to", "html"],
    ["scalar", "graph", "a*b", "a=1", "b=2"],
    ["scalar", "moons", "--steps", "2", "--hidden", "4"],
    ["scalar", "line", "--out", "line.html"],
    ["make", "reversal", "-n", "3", "--out", "-"],
]
NEEDS_IT = [
    ["train", "names.txt"],
    ["train", "names.txt", "--model", "gru"],
    ["train", "--help"],
    ["rate", "names.txt"],
    ["gradients"],
    ["gradcheck"],
    ["exercise"],
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    folder = tmp_path_factory.mktemp("bare")
    write_few_letters(folder / "names.txt")
    commands = json.dumps(WORKS + NEEDS_IT)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, commands], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    return {" ".join(c): tuple(a) for c, a in zip(WORKS + NEEDS_IT, answers, strict=True)}


@pytest.mark.parametrize("command", [" ".join(words) for words in WORKS])
def test_what_works_without_torch(told: dict[str, tuple[int, str, str]], command: str) -> None:
    status, out, err = told[command]
    assert status == 0, err
    assert out


@pytest.mark.parametrize("command", [" ".join(words) for words in NEEDS_IT])
def test_what_needs_it_says_what_to_type(
    told: dict[str, tuple[int, str, str]], command: str
) -> None:
    status, out, err = told[command]
    assert (status, out) == (1, "")
    assert err.endswith(
        "hornbook: This requires PyTorch, which is not installed.\n"
        f"Install it:  {INSTALL_TORCH}\n"
        "Without PyTorch, n-grams (--model ngram), the doctor and the scalar engine work.\n"
    )


def test_the_line_says_which_way_was_left_out(told: dict[str, tuple[int, str, str]]) -> None:
    _, out, err = told["scalar line --out line.html"]
    assert "NumPy, derivatives by hand" in out
    assert "tensors, autograd" not in out
    assert err == f"tensors, autograd was left out, since it needs PyTorch:  {INSTALL_TORCH}\n"


def test_another_missing_module_is_not_taken_for_torch(tmp_path: Path) -> None:
    assert has_torch()
    with pytest.raises(ModuleNotFoundError, match="torchless"), needing_torch():
        importlib.import_module("torchless")
    with pytest.raises(MissingPackageError) as caught, needing_torch():
        raise ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn")
    assert isinstance(caught.value, ImportError)
