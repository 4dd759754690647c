"""Files that are either the old ones or the new ones, never something between.

Everything is written aside, flushed to the disk and renamed, so a kill at any moment, or a full
disk, leaves the last good state.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from hornbook.actions import Action
from hornbook.errors import RunError
from hornbook.paths import is_folder
from hornbook.records import as_json

__all__ = [
    "PART",
    "SEAL",
    "HashedFiles",
    "Sums",
    "append_line",
    "is_sound",
    "parse_json",
    "read_json",
    "read_lines",
    "refuse_impossible",
    "refuse_irregular",
    "refuse_unwritable",
    "remove_parts",
    "sealed",
    "write_bytes",
    "write_json",
    "write_pieces",
]

SEAL = "sha256"
"Name of the checksum in a sealed JSON object."


PART = r"\.hornbook-[0-9a-f]{16}\.part"
"The name of a file that is being written, as a pattern: no one can guess it."
EXCLUSIVE = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL  # fails where anything stands already, a link too
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
APPENDING = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_APPEND
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)


@contextlib.contextmanager
def beside(path: Path, within: int | None = None) -> Iterator[tuple[BinaryIO, Callable[[], None]]]:
    """A new file to write, and what gives it the name `path`.

    Args:
        path: of the file; what stands there gives its mode.
        within: descriptor of its directory, to stay in that one whatever `path` names by now.
    """
    refuse_impossible(path)
    if is_folder(path):
        raise RunError(f"Cannot write {path}: it is a directory.", hint="Give the name of a file.")
    aside = path.with_name(f".hornbook-{secrets.token_hex(8)}.part")
    new, old = (str(p) if within is None else p.name for p in (aside, path))
    try:
        with os.fdopen(os.open(new, EXCLUSIVE, 0o666, dir_fd=within), "wb") as file:
            with contextlib.suppress(FileNotFoundError):
                mode = os.stat(old, dir_fd=within, follow_symlinks=False).st_mode
                if stat.S_ISREG(mode) and hasattr(os, "fchmod"):
                    os.fchmod(file.fileno(), stat.S_IMODE(mode) & 0o777)
            yield file, lambda: os.replace(new, old, src_dir_fd=within, dst_dir_fd=within)
    except OSError as error:
        raise RunError(
            f"Cannot write {path}: {error.strerror or error}.", hint=remedy(error, path)
        ) from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(new, dir_fd=within)


def refuse_impossible(path: Path) -> None:
    """Refuse what cannot be the name of a file or a folder.

    Raises:
        RunError: if it has a null byte in it, or half of a surrogate pair.
    """
    try:
        possible = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise RunError(
            f"Cannot write {str(path)!r}: no file can have such a name.", hint="Give another name."
        )


def remedy(error: OSError, path: Path) -> str:
    """What to do about a file that cannot be written."""
    if isinstance(error, FileNotFoundError | NotADirectoryError) and not is_folder(path.parent):
        return f"There is no directory {path.parent}: create it, or choose another one."
    if isinstance(error, FileNotFoundError | PermissionError):
        return f"No file can be created in the directory {path.parent}: choose another one."
    return "Earlier files are unaffected. Free some disk space, or choose another directory."


def write_bytes(path: Path, data: bytes, within: int | None = None) -> None:
    """Put `data` at `path` whole or not at all; a link there is replaced, never followed.

    Raises:
        RunError: if it cannot be written; whatever stood at `path` still does.
    """
    write_pieces(path, [data], within)


def write_pieces(
    path: Path, pieces: Iterable[bytes | memoryview], within: int | None = None
) -> None:
    """Like `write_bytes`, of what comes piece by piece; what the pieces raise is raised."""
    with beside(path, within) as (file, take_place):
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
        take_place()


def refuse_irregular(folder: Path, name: str) -> None:
    """Refuse what stands in a folder under a name and is not a file, or is reached through a link.

    A folder may come from anybody: a link may lead out of it, a pipe never ends. What is not there
    is not refused.

    Raises:
        RunError: if it is a link, a pipe, a device, a directory, or in a folder that is a link.
    """
    path, parts = os.fspath(folder), Path(name).parts  # texts: lists ask this of thousands of files
    for place, part in enumerate(parts, 1):
        path = os.path.join(path, part)  # noqa: PTH118
        try:
            mode = os.lstat(path).st_mode
        except (OSError, ValueError):
            return
        if stat.S_ISLNK(mode):
            raise RunError(
                f"{path} is a symbolic link, and links in a run are not followed.",
                hint="Put the file itself there.",
            )
        if not (stat.S_ISREG(mode) if place == len(parts) else stat.S_ISDIR(mode)):
            raise RunError(f"{path} is damaged: it is not a file.")


def read_file(folder: Path, name: str) -> bytes:
    """The bytes of a file in a folder that may come from anybody.

    Raises:
        RunError: as `refuse_irregular`.
        OSError: if it cannot be read.
    """
    refuse_irregular(folder, name)
    return (folder / name).read_bytes()


def refuse_unwritable(path: Path) -> None:
    """Refuse a path before the work whose result could not be written there.

    Raises:
        RunError: as `write_bytes` would.
    """
    with beside(path):
        pass


def remove_parts(folder: Path, aside: str = "") -> None:
    """Delete what a kill left of files that were being written; the folder is this process's.

    Args:
        folder: with all folders in it.
        aside: folders in it that have a file of this name are somebody else's.
    """
    for root, folders, files in os.walk(folder):
        home = Path(root)
        folders[:] = [one for one in folders if not aside or not (home / one / aside).exists()]
        for item in (home / name for name in files if re.fullmatch(PART, name)):
            if item.is_file() and not item.is_symlink():
                item.unlink(missing_ok=True)


class HashedFiles:
    """Files of a folder by name, each with the SHA-256 of what it must hold.

    Args:
        folder: where they are.
        sums: of the files that are there already, as 64 hexadecimal digits.
    """

    def __init__(self, folder: Path, sums: Mapping[str, str] | None = None) -> None:
        self.folder, self.sums = folder, dict(sums or {})

    def write(self, name: str, data: bytes) -> None:
        """Put a file there, whole or not at all, and note its sum.

        Raises:
            RunError: if it cannot be written.
        """
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(
                f"Cannot create {path.parent}: {error.strerror or error}.",
                hint=remedy(error, path.parent),
            ) from error
        write_bytes(path, data)
        self.sums[name] = hashlib.sha256(data).hexdigest()

    def has(self, name: str) -> bool:
        """Whether the file is there."""
        return (self.folder / name).is_file()

    def read(self, name: str) -> bytes:
        """What was written.

        Raises:
            RunError: if the file is missing, holds something else, or is outside the folder.
        """
        path = self.folder / name
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise RunError(
                f"The record of {self.folder} is damaged: it names the file {name!r}, which is "
                "outside the directory.",
                hint="Do not use it unless you trust where it came from.",
            )
        try:
            data = read_file(self.folder, name)
        except OSError as error:
            raise RunError(f"Cannot read {path}: {error.strerror or error}.") from error
        if name in self.sums and hashlib.sha256(data).hexdigest() != self.sums[name]:
            raise RunError(
                f"{path} was changed or truncated since this run was created.",
                hint="Restore it from an intact copy, or train again.",
            )
        return data


def write_json(path: Path, value: Any, within: int | None = None) -> None:
    """Write indented UTF-8 JSON, whole or not at all."""
    text = json.dumps(as_json(value), ensure_ascii=False, indent=2, allow_nan=False)
    write_bytes(path, (text + "\n").encode("utf-8", "surrogatepass"), within)


def parse_json(data: bytes | str) -> Any:
    """The value of a JSON text, which may come from anybody.

    Raises:
        ValueError: if it is none, is nested too deeply, or has numbers that are not finite.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8", "surrogatepass")
        return json.loads(text, parse_constant=refuse_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def refuse_constant(name: str) -> Any:
    """Refuse `NaN` and `Infinity`, which JSON does not have and we do not write."""
    raise ValueError(f"{name} is not a number of JSON")


def sealed(value: dict[str, Any]) -> dict[str, Any]:
    """A JSON object with the SHA-256 of all that it holds."""
    return {**value, SEAL: seal_of(value)}


def is_sound(value: Mapping[str, Any]) -> bool:
    """Whether a JSON object is what was sealed, or was never sealed."""
    return value.get(SEAL) in (None, seal_of({k: v for k, v in value.items() if k != SEAL}))


def seal_of(value: Mapping[str, Any]) -> str:
    """The SHA-256 of a JSON object, whatever the order of its names."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_json(path: Path, restore: str = "Train the run again.") -> dict[str, Any]:
    """Read a JSON object.

    Args:
        path: of the file.
        restore: what to do if it is damaged.

    Raises:
        RunError: if the file is missing, unreadable, or not a JSON object.
    """
    try:
        data = read_file(path.parent, path.name)
    except FileNotFoundError as error:
        raise RunError(f"{path} is missing.", hint="Is this a run directory?") from error
    except OSError as error:
        raise RunError(f"Cannot read {path}: {error.strerror}.") from error
    try:
        value = parse_json(data)
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}.", hint=restore) from error
    if not isinstance(value, dict):
        raise RunError(f"{path} is damaged: it is not a JSON object.", hint=restore)
    return value


class Sums(HashedFiles):
    """The sums that files would have; nothing is written."""

    def __init__(self) -> None:
        super().__init__(Path())

    def write(self, name: str, data: bytes) -> None:
        """Note the sum of what the file would hold."""
        self.sums[name] = hashlib.sha256(data).hexdigest()


def append_line(path: Path, value: Any, *, surely: bool, within: int | None = None) -> None:
    """Add a line of JSON to a file.

    Args:
        path: of the file.
        value: a record, or JSON values.
        surely: wait until it is on the disk.
        within: descriptor of its directory, to stay in that one whatever `path` names by now.

    Raises:
        RunError: if it cannot be written.
    """
    line = json.dumps(as_json(value), allow_nan=False)
    try:
        name = path if within is None else path.name
        with os.fdopen(os.open(name, APPENDING, 0o666, dir_fd=within), "ab") as file:
            file.write(line.encode() + b"\n")
            file.flush()
            if surely:
                os.fsync(file.fileno())
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RunError(
                f"Cannot write {path}: it is a symbolic link, and links are not followed.",
                hint="hornbook did not put it there: delete it, and make sure that you trust where "
                "this run came from.",
            ) from error
        raise RunError(
            f"Cannot write {path}: {error.strerror or error}.",
            hint="Free some disk space, then resume the run; its last checkpoint is unaffected.",
            action=Action("resume", (str(path.parent),)),
        ) from error


def read_lines(path: Path) -> list[Any]:
    """The values of a file with a line of JSON each; a last line that was cut short is left out.

    Raises:
        RunError: if a line is not JSON.
    """
    if not os.path.lexists(path):
        return []
    try:
        lines = read_file(path.parent, path.name).split(b"\n")[:-1]
        return [parse_json(line) for line in lines]
    except OSError as error:
        raise RunError(f"Cannot read {path}: {error.strerror}.") from error
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}.", hint="Train the run again.") from error
