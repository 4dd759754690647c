"""A learner's file, run in a process of its own, and what it filled in.

    python -m hornbook.lessons.exercise_runner FILE OUT NAME ...

runs FILE and writes those of its values whose names are given to OUT, as tensors beside JSON that
says what else was found under a name, or with which error and in which of FILE's lines it ended.
torch is not imported here: a file that never comes so far need not wait for it.
"""

from __future__ import annotations

import linecache
import runpy
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from hornbook.tensor_files import write_tensors

__all__ = ["run"]


def run(file: str, names: Sequence[str]) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Run a file and pick values from it.

    Returns:
        The tensors by name, and what to say of them: `dtypes` of the tensors, `others` (type names
        of what is not a tensor; None is left out), `error` (None, or its kind, message, line and
        source).
    """
    tensors: dict[str, npt.NDArray[Any]] = {}
    dtypes: dict[str, str] = {}
    others: dict[str, str] = {}
    sys.path.insert(0, str(Path(file).absolute().parent))  # as `python FILE` does
    try:
        # Not under the name __main__, by which the file would check itself.
        held = runpy.run_path(file, run_name="exercise")
    except BaseException as error:  # whatever a file can do, sys.exit and Ctrl-C included
        return {}, {"error": told(error, file)}
    torch = sys.modules.get("torch")
    for name in names:
        value = held.get(name)
        if torch is not None and isinstance(value, torch.Tensor) and value.layout == torch.strided:
            dtypes[name] = str(value.dtype).removeprefix("torch.")
            tensors[name] = value.detach().cpu().to(torch.float64).numpy()
        elif value is not None:
            others[name] = str(getattr(value, "layout", type(value).__name__))
    return tensors, {"dtypes": dtypes, "others": others, "error": None}


def told(error: BaseException, file: str) -> dict[str, Any]:
    """An error with the line of the file that it comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    line = next((frame.lineno for frame in reversed(frames) if frame.filename == file), None)
    message = str(error)
    if isinstance(error, SyntaxError) and error.filename == file:
        line, message = error.lineno, error.msg
    source = linecache.getline(file, line).strip() if line else ""
    return {"kind": type(error).__name__, "message": message, "line": line, "source": source}


if __name__ == "__main__":
    given, out, *wanted = sys.argv[1:]
    write_tensors(Path(out), *run(given, wanted))
