"""Kernels that are kept: which of them a process takes, and what else may lie in their place."""

from __future__ import annotations

import os
import py_compile
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hornbook.kernels import machine_code, version
from hornbook.kernels.machine_code import Code

MADE_BY = "from hornbook.kernels.machine_code import made_by; print(made_by())"
PROCESSOR = "from hornbook.kernels.machine_code import processor; print(*processor(), sep='|')"
NUMBAS = """
from numba.core.registry import cpu_target
codegen = cpu_target.target_context.codegen()
print(codegen._get_host_cpu_name(), codegen._get_host_cpu_features(), sep="|")
"""
VERSION = "from hornbook.kernels.version import VERSION; print(VERSION)"


def told(program: str, **environment: str) -> str:
    """What a process of its own prints, with nothing of Numba but this in its environment."""
    inherited = {name: os.environ[name] for name in os.environ if not name.startswith("NUMBA_")}
    return subprocess.run(
        [sys.executable, "-P", "-c", program], env=inherited | environment,
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_code_made_by_other_settings_of_numba_is_told_apart() -> None:
    """Without optimization it would be slow for all who come later, and have other bits."""
    usual = told(MADE_BY)
    for name in ("OPT", "BOUNDSCHECK", "DEBUGINFO", "LOOP_VECTORIZE"):
        assert told(MADE_BY, **{f"NUMBA_{name}": "0"}) != usual
    assert told(MADE_BY, NUMBA_NUM_THREADS="1", NUMBA_CACHE_DIR="here") == usual


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"NUMBA_CPU_NAME": "generic"},
        {"NUMBA_CPU_NAME": ""},
        {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "+sse2"},
        {"NUMBA_CPU_FEATURES": ""},
    ],
    ids=str,
)
def test_code_is_for_the_processor_that_numba_makes_it_for(asked: dict[str, str]) -> None:
    pytest.importorskip("numba")
    assert told(PROCESSOR, **asked) == told(NUMBAS, **asked)


def test_kernels_in_a_zip_file_or_without_their_text_have_versions_of_their_own(
    tmp_path: Path,
) -> None:
    """Of no text at all there is one digest, for kernels of each age."""
    package = Path(version.__file__).parents[1]
    copy = tmp_path / "copy" / "hornbook"
    for folder in (Path(), Path("kernels")):
        (copy / folder).mkdir(parents=True, exist_ok=True)
        for path in (package / folder).glob("*.py"):
            shutil.copy(path, copy / folder)
    archive = shutil.make_archive(str(tmp_path / "zipped"), "zip", copy.parent, "hornbook")
    found = [told(VERSION, PYTHONPATH=archive)]
    assert found == [f"{version.VERSION}\n"]
    for change in ("", "CHANGED = 1\n"):
        bare = tmp_path / f"bare{len(found)}"
        with (copy / "kernels" / "steps.py").open("a", encoding="utf-8") as file:
            file.write(change)
        for path in copy.rglob("*.py"):
            compiled = bare / path.relative_to(copy.parent).with_suffix(".pyc")
            py_compile.compile(str(path), str(compiled), doraise=True)
        found.append(told(VERSION, PYTHONPATH=str(bare)))
    assert len(set(found)) == 3


CODE = Code("symbol", ("sqrtf",), b"\n\0\xff")


def test_a_folder_that_cannot_be_looked_into_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is too long; the same comes of one that others may not read."""
    monkeypatch.setattr(machine_code, "places", lambda: [tmp_path / ("x" * 300)])
    machine_code.keep("kernel", CODE)
    assert machine_code.read("kernel") is None
    assert not machine_code.are_kept(["kernel"])


def test_who_has_to_wait_for_what_is_damaged_or_needs_more_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is compiled again, so it does not count as kept."""
    monkeypatch.setattr(machine_code, "places", lambda: [tmp_path])
    machine_code.keep("kernel", CODE)
    assert machine_code.are_kept(["kernel"])
    (tmp_path / "kernel").write_bytes(CODE.to_bytes("kernel")[:-1])
    assert not machine_code.are_kept(["kernel"])
    machine_code.keep("kernel", replace(CODE, needs=("no_such_function",)))
    assert not machine_code.are_kept(["kernel"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_in_the_place_of_a_kernel_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_code, "places", lambda: [tmp_path])
    os.mkfifo(tmp_path / "kernel")
    assert not machine_code.are_kept(["kernel"])
    machine_code.keep("kernel", CODE)
    assert machine_code.read("kernel") == CODE
