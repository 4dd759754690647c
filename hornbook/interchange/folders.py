"""Folders that are whole or not there, and that replace no folder but one of ours."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from hornbook.errors import DataError, RunError
from hornbook.interchange.json_files import read_object
from hornbook.paths import is_file, is_folder
from hornbook.storage import refuse_impossible, remedy

__all__ = ["MARK", "is_mark", "refuse_foreign_folder", "whole_file", "whole_folder"]

MARK = "hornbook.json"
"A file that each folder of ours has."
LARGEST = 2**28  # bytes: it holds a vocabulary


def refuse_foreign_folder(path: Path, names: Collection[str]) -> None:
    """Refuse to replace what this program did not write.

    Args:
        path: of the folder.
        names: of the files that one of ours may have.

    Raises:
        RunError: if something stands there that is not a folder of ours.
    """
    if not os.path.lexists(path):
        return
    try:
        inside = {one.name for one in path.iterdir()} if is_folder(path) else None
        ours = inside is not None and not path.is_symlink() and (
            not inside or (inside <= set(names) and is_mark(path / MARK))
        )  # fmt: skip
    except OSError:
        ours = False
    if not ours:
        raise RunError(
            f"{path} exists, and is not a folder that hornbook wrote, or has more in it: it is not "
            "replaced.",
            hint="Give another name, or move it away first.",
        )


def is_mark(path: Path) -> bool:
    """Whether a file is one that marks a folder as ours."""
    try:
        return is_file(path) and "hornbook" in read_object(path, LARGEST)
    except DataError:
        return False


@contextmanager
def whole_folder(path: Path, names: Collection[str]) -> Iterator[Path]:
    """A new folder to write in, which gets the name `path` at the end, if nothing goes wrong.

    Args:
        path: of the folder; one of ours that stands there is replaced.
        names: of the files that one of ours may have.

    Raises:
        RunError: if it cannot be written, or another folder stands there.
    """
    refuse_impossible(path)
    refuse_foreign_folder(path, names)
    aside, old = (path.with_name(f".hornbook-{secrets.token_hex(8)}.part") for _ in range(2))
    try:
        aside.mkdir()
        yield aside
        refuse_foreign_folder(path, names)
        if os.path.lexists(path):
            os.replace(path, old)  # noqa: PTH105
        try:
            os.replace(aside, path)  # noqa: PTH105
        except OSError:
            if os.path.lexists(old):
                os.replace(old, path)  # noqa: PTH105
            raise
    except OSError as error:
        raise RunError(
            f"Cannot write {path}: {error.strerror or error}.", hint=remedy(error, path)
        ) from error
    finally:
        for folder in (aside, old):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """The name of a new file to write, which becomes `path` at the end, if nothing goes wrong.

    Raises:
        RunError: if it cannot be written.
    """
    aside = path.with_name(f".hornbook-{secrets.token_hex(8)}.part")
    try:
        yield aside
        with aside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(aside, path)  # noqa: PTH105
    except OSError as error:
        # NumPy writes arrays without saying why one could not be written.
        why = error.strerror or f"no more could be written ({error})"
        raise RunError(f"Cannot write {path}: {why}.", hint=remedy(error, path)) from error
    finally:
        aside.unlink(missing_ok=True)
