"""A learner's functions, called in a process of their own.

    python -m hornbook.lessons.function_runner FILE CALLS OUT

runs FILE, calls its functions as CALLS, a Python literal, says, and writes what each call gave to
OUT as JSON.
"""

from __future__ import annotations

import ast
import json
import runpy
import sys
from collections.abc import Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

from hornbook.lessons.exercise_runner import told

__all__ = ["run", "shown"]


def shown(value: Any) -> str:
    """A value as text, the same for a list and a tuple, and for any order of a dictionary."""
    if isinstance(value, Mapping):
        rows = sorted((shown(key), shown(one)) for key, one in value.items())
        return "{" + ", ".join(f"{key}: {one}" for key, one in rows) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, bool):
        return repr(value)
    return str(int(value)) if isinstance(value, Integral) else repr(value)  # NumPy's too


def run(file: str, calls: Mapping[str, Sequence[Sequence[Any]]]) -> dict[str, Any]:
    """Run a file and call functions of it.

    Returns:
        `error` (None, or what the file itself ended with) and `results`: of each function that is
        there, for each call its `value` as text, or the `error` that it ended with.
    """
    try:
        held = runpy.run_path(file, run_name="exercise")
    except BaseException as error:  # whatever a file can do, sys.exit and Ctrl-C included
        return {"error": told(error, file), "results": {}}
    results: dict[str, list[dict[str, Any]]] = {}
    for name, all_arguments in calls.items():
        if not callable(held.get(name)):
            continue
        results[name] = []
        for arguments in all_arguments:
            try:
                results[name].append({"value": shown(held[name](*arguments))})
            except BaseException as error:
                results[name].append({"error": told(error, file)})
    return {"error": None, "results": results}


if __name__ == "__main__":
    given, asked, out = sys.argv[1:]
    sys.path.insert(0, str(Path(given).absolute().parent))  # as `python FILE` does
    Path(out).write_text(json.dumps(run(given, ast.literal_eval(Path(asked).read_text()))))
