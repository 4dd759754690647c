"""What works without torch, and what is said where it does not."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import numpy as np
import pytest

from hornbook import extras
from hornbook.errors import MissingPackageError, ToolError
from hornbook.extras import INSTALL_TORCH, has_torch, how_to_install, needing, needing_torch
from hornbook.kernels import machine_code
from hornbook.nn.decoding import Account
from hornbook.text.models import looking_up
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


def test_the_extra_is_named_that_brings_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "is_offered", lambda extra: True)
    assert how_to_install("optuna") == "pip install 'hornbook[sweep]'"
    with pytest.raises(MissingPackageError) as caught, needing("optuna", "A sweep"):
        raise ModuleNotFoundError("No module named 'optuna'", name="optuna")
    assert caught.value.hint == "Install it:  pip install 'hornbook[sweep]'"
    with pytest.raises(MissingPackageError) as caught, needing("pyarrow", "Reading Parquet"):
        raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")
    assert caught.value.hint.splitlines() == [
        "Install it:  pip install 'hornbook[tables]'",
        "This package alone:  pip install pyarrow",
    ]


def test_where_hornbook_is_not_installed_the_package_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another of its name would be."""
    monkeypatch.setattr(extras, "OURS", "no-such-package-is-installed")
    assert how_to_install("optuna") == "pip install optuna"
    with pytest.raises(MissingPackageError) as caught, needing("pyarrow", "Reading Parquet"):
        raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")
    assert caught.value.hint == "Install it:  pip install pyarrow"


def test_the_extras_are_those_of_the_package() -> None:
    declared = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    offered = declared["project"]["optional-dependencies"]
    assert offered.keys() - extras.EXTRAS.keys() == {"dev", "nets"}
    for name, modules in extras.EXTRAS.items():
        packages = {one.strip("'").partition("[")[0].lower() for one in modules.values()}
        assert packages <= {re.split(r"[\[>]", one)[0] for one in offered[name]}
    assert extras.is_offered("sweep") == ("sweep" in (metadata_extras() or ()))


def metadata_extras() -> list[str] | None:
    """What is installed."""
    try:
        return metadata("hornbook").get_all("Provides-Extra")
    except PackageNotFoundError:
        return None


BROKEN = "raise ImportError('Numba needs NumPy 2.4 or less. Got NumPy 2.5.\\nMore.')\n"


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a Numba that does not suit NumPy, and no kernels kept."""
    folder = tmp_path / "modules" / "numba"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(BROKEN)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.syspath_prepend(str(folder.parent))
    for name in list(sys.modules):
        if name == "hornbook.kernels.compiled" or name.partition(".")[0] == "numba":
            monkeypatch.delitem(sys.modules, name)
    return folder.parent


def test_a_package_that_cannot_be_imported_is_told_with_its_own_words(broken: Path) -> None:
    for module in ("numba", "hornbook.kernels.compiled"):
        with pytest.raises(MissingPackageError) as caught, needing("numba", "This"):
            importlib.import_module(module)
        assert str(caught.value).splitlines() == [
            "This requires numba, which is installed and cannot be imported: "
            "Numba needs NumPy 2.4 or less. Got NumPy 2.5.",
            "Install versions that suit each other:  pip install -U numba",
        ]
    with pytest.raises(ImportError, match="else"), needing("numba", "This"):
        raise ImportError("else")


def test_where_numba_cannot_be_imported_all_goes_without_it(broken: Path) -> None:
    assert not machine_code.are_kept(["search.int64.int64"])
    assert machine_code.cannot_compile() == (
        "it needs Numba, which cannot be imported: Numba needs NumPy 2.4 or less. Got NumPy 2.5"
    )
    with pytest.raises(MissingPackageError, match="for this machine requires numba, which is inst"):
        machine_code.compiled("search.int64.int64")
    looking_up.compiled.cache_clear()
    assert not looking_up.compiled(np.dtype(np.int64), np.dtype(np.int64))
    looking_up.compiled.cache_clear()
    account = Account(saved=1e9)
    assert not account.takes(1, 1)


@pytest.mark.parametrize("error", ["ImportError", "OSError", "SystemError"])
def test_without_llvmlite_nothing_is_kept(
    error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "llvmlite").mkdir()
    (tmp_path / "llvmlite" / "__init__.py").write_text(f"raise {error}('broken')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in list(sys.modules):
        if name.partition(".")[0] == "llvmlite":
            monkeypatch.delitem(sys.modules, name)
    machine_code.made_by.cache_clear()
    assert not machine_code.are_kept(["search.int64.int64"])


def test_a_numba_that_is_told_not_to_compile_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numba = pytest.importorskip("numba", reason="Numba is not installed")
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    assert machine_code.cannot_compile() == (
        "it needs Numba, which NUMBA_DISABLE_JIT keeps from compiling"
    )
    with pytest.raises(ToolError, match="requires Numba, which NUMBA_DISABLE_JIT keeps"):
        machine_code.compiled("search.int64.int64")


def test_who_asks_for_compiled_steps_is_told_so(broken: Path, tmp_path: Path) -> None:
    path = write_few_letters(tmp_path / "names.txt")
    line = [sys.executable, "-m", "hornbook", "train", str(path), "--model", "mlp", "--steps", "20",
            "--gradients", "compiled", "--out", "run"]  # fmt: skip
    paths = os.pathsep.join([str(broken), str(Path(__file__).parents[1])])
    done = subprocess.run(
        line, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}
    )
    assert done.returncode == 1
    assert "cannot be imported: Numba needs NumPy 2.4 or less. Got NumPy 2.5.\n" in done.stderr
    assert "Traceback" not in done.stderr
