"""What a person wrote of a run: tags, a note, and whether it is archived.

They stand in a file of their own beside the record, `notes.json`, so that they can be changed while
the run is being trained, which owns all other files. They stay when a run is resumed, and a copy
has them. `strip` removes them: they were written for oneself.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hornbook.errors import NewerRunError, RunError, SettingsError
from hornbook.paths import is_file
from hornbook.records import as_json, read_record
from hornbook.runs.lock import locked
from hornbook.runs.missing import no_run
from hornbook.storage import is_sound, read_json, sealed, write_json
from hornbook.suggestions import parted, without_commas

__all__ = ["NOTES", "Notes", "annotate", "read_notes"]

NOTES = "notes.json"
"Name of the file in the run directory."
FORMAT = 1
WRITE_AGAIN = "Delete it, and write the tags and the note again: the run does not need it."
LONGEST_TAG, LONGEST_NOTE = 60, 10_000  # characters
AGAIN, PAUSE = 100, 0.02  # looks, seconds: another process that changes them needs a moment


@dataclass(frozen=True)
class Notes:
    """What a person wrote of a run."""

    tags: tuple[str, ...] = ()
    "Sorted, each once."
    note: str = ""
    archived: bool = False
    "Whether lists leave it out."
    format: int = FORMAT


def read_notes(folder: Path) -> Notes:
    """What was written of a run; empty if nothing was.

    Raises:
        RunError: if the file is damaged, or of a newer version.
    """
    path = folder / NOTES
    if not os.path.lexists(path):
        return Notes()
    value = read_json(path, restore=WRITE_AGAIN)
    form = value.get("format")
    if isinstance(form, int) and form > FORMAT:
        raise NewerRunError(
            f"{path} was written by a newer hornbook (format {form}); this one reads formats up to "
            f"{FORMAT}.",
            hint="Upgrade hornbook.",
        )
    notes = read_record(Notes, {k: v for k, v in value.items() if k != "sha256"}, str(path))
    if not is_sound(value):
        raise RunError(
            f"{path} is damaged: its checksum does not match.",
            hint=WRITE_AGAIN,
        )
    return notes


def annotate(
    path: str | Path,
    *,
    add: Sequence[str] = (),
    drop: Sequence[str] = (),
    note: str | None = None,
    archived: bool | None = None,
) -> Notes:
    """Change what is written of a run; it may be in training.

    Args:
        path: of the run.
        add: tags that it gets.
        drop: tags that it loses.
        note: that it gets in place of the one it has; empty: none.
        archived: whether lists leave it out.

    Returns:
        What is written of it now.

    Raises:
        RunError: if this is not a run, its notes are damaged, or they cannot be written.
        SettingsError: if a tag is empty, too long, or has a comma or a line break in it; if one is
            to go that is not there; or the note is too long.
    """
    folder = Path(path)
    if not is_file(folder / "run.json"):
        raise no_run(folder)
    for tag in add:
        refuse_tag(tag)
    if note is not None and len(note) > LONGEST_NOTE:
        raise SettingsError(
            f"The note has {len(note):,} characters; {LONGEST_NOTE:,} are allowed.", setting="note"
        )
    with one_at_a_time(folder):
        before = read_notes(folder)
        for tag in drop:
            if tag not in before.tags:
                has = f"its tags are {', '.join(before.tags)}" if before.tags else "it has no tags"
                raise SettingsError(f"{folder} has no tag {tag!r}: {has}.", setting="drop")
        after = replace(
            before,
            tags=tuple(sorted({*before.tags, *add} - set(drop))),
            note=before.note if note is None else note.strip(),
            archived=before.archived if archived is None else archived,
        )
        if after != before:
            write_json(folder / NOTES, sealed(as_json(after)))
    return after


def refuse_tag(tag: str) -> None:
    """Refuse a tag by which no list could be filtered.

    Raises:
        SettingsError: if it is empty, too long, or has a comma or a line break in it.
    """
    if not tag.strip() or tag != tag.strip() or "," in tag or not tag.isprintable():
        what = "a tag is a word or a few, without commas and line breaks"
    elif len(tag) > LONGEST_TAG:
        what = f"a tag has at most {LONGEST_TAG} characters"
    else:
        return
    parts = parted([tag]) if "," in tag else []
    raise SettingsError(
        f"{tag[:LONGEST_TAG]!r} cannot be a tag: {what}.",
        hint=without_commas(tag, parts, setting="add").strip(),
        setting="add",
    )


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """A context in which no other process changes the notes: none of two changes is lost.

    The lock is on the directory itself, which training does not lock: it locks a file in it.

    Raises:
        RunError: if another process does not come to an end with it.
    """
    if not hasattr(os, "O_DIRECTORY"):  # Windows: a directory cannot be opened
        yield
        return
    try:
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise RunError(f"Cannot open {folder}: {error.strerror or error}.") from error
    try:
        for left in reversed(range(AGAIN)):
            try:
                locked(file)
                break
            except BlockingIOError as error:
                if not left:
                    raise RunError(
                        f"The notes of {folder} are being changed by another process.",
                        hint="Try again in a moment.",
                    ) from error
                time.sleep(PAUSE)
        yield
    finally:
        os.close(file)
