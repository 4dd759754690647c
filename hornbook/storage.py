"""Files that are either the old ones or the new ones, never something between.

Everything is written aside, flushed to the disk and renamed, so a kill at any moment, or a full
disk, leaves the last good state. Tensors are kept as safetensors, so nothing is ever unpickled.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError

__all__ = ["finite", "read_json", "read_tensors", "write_bytes", "write_json", "write_tensors"]

Arrays = Mapping[str, npt.NDArray[Any]]


def write_bytes(path: Path, data: bytes) -> None:
    """Put `data` at `path` whole or not at all.

    Raises:
        RunError: if it cannot be written; whatever stood at `path` still does.
    """
    if path.is_dir():
        raise RunError(f"Cannot write {path}: it is a directory.", hint="Give the name of a file.")
    aside = path.with_name(f".{path.name}.part")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        hint = "Nothing that was there before is lost. Make room, or choose another place."
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            hint = f"There is no directory {path.parent}: make it, or choose another place."
        raise RunError(f"Cannot write {path}: {error.strerror or error}.", hint=hint) from error


def finite(value: Any) -> Any:
    """The value with every non-finite number spelled as text: JSON has no infinity."""
    if isinstance(value, float) and not np.isfinite(value):
        return "NaN" if np.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def write_json(path: Path, value: Any) -> None:
    """Write indented UTF-8 JSON, whole or not at all."""
    text = json.dumps(finite(value), ensure_ascii=False, indent=2, allow_nan=False)
    write_bytes(path, (text + "\n").encode("utf-8", "surrogatepass"))


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        RunError: if the file is missing, unreadable, or not a JSON object.
    """
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise RunError(f"{path} is missing.", hint="Is this a run directory?") from error
    except OSError as error:
        raise RunError(f"Cannot read {path}: {error.strerror}.") from error
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}.", hint="Train the run again.") from error
    if not isinstance(value, dict):
        raise RunError(f"{path} is damaged: it holds no JSON object.", hint="Train the run again.")
    return value


def write_tensors(path: Path, tensors: Arrays, metadata: Mapping[str, Any]) -> None:
    """Write arrays and JSON-able metadata as one safetensors file, whole or not at all."""
    from safetensors.numpy import save

    text = json.dumps(finite(metadata), ensure_ascii=False, allow_nan=False)
    contiguous = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    about = {"hornbook": text, "sha256": digest(contiguous, text)}
    write_bytes(path, save(contiguous, metadata=about))


def digest(tensors: Arrays, text: str) -> str:
    """The SHA-256 of arrays in the order of their names, and of a text."""
    sum_ = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    for name in sorted(tensors):
        sum_.update(name.encode())
        sum_.update(np.asarray(tensors[name], order="C").tobytes())
    return sum_.hexdigest()


def read_tensors(path: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read what `write_tensors` wrote.

    Raises:
        RunError: if the file is missing, cut short, damaged, or written by something else.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            about = file.metadata() or {}
            text = about.get("hornbook")
            if text is None:
                raise RunError(f"{path} was not written by hornbook.", hint="Give a hornbook run.")
            metadata = json.loads(text)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise RunError(
            f"{path} is missing.",
            hint="The run was stopped before it was kept: go on with hornbook train --resume.",
        ) from error
    except OSError as error:
        raise RunError(f"Cannot read {path}: {error.strerror or error}.") from error
    except (SafetensorError, ValueError) as error:
        raise RunError(
            f"{path} is damaged or cut short: {error}.",
            hint="Copy the run directory again, or train it again.",
        ) from error
    if not isinstance(metadata, dict) or about.get("sha256") != digest(tensors, text):
        raise RunError(
            f"{path} is damaged: it does not hold what was written.",
            hint="Copy the run directory again, or train it again.",
        )
    return tensors, metadata
