"""Figures as bytes and as files; the same figure always gives the same bytes."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from hornbook.errors import SettingsError
from hornbook.plots.lettering import lettered
from hornbook.storage import refuse_unwritable, write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["format_of", "rendered", "save", "writable_format"]

Format = TypeVar("Format", bound=str)


def format_of(path: Path, *formats: Format) -> Format:
    """Which of the formats a file's name asks for.

    Args:
        path: of a picture.
        formats: as names end, without the dot.

    Raises:
        SettingsError: if it asks for none of them.
    """
    for name in formats:
        if path.suffix.lower() == f".{name}":
            return name
    endings = " or ".join(f".{name}" for name in formats)
    raise SettingsError(
        f"The name of the picture must end in {endings}; it is {str(path)!r}.",
        hint=f"Give {path.stem or 'picture'}.{formats[0]}, for example.",
    )


def writable_format(path: Path, *formats: Format) -> Format:
    """The same, before the work whose picture is to be written there.

    Raises:
        SettingsError: if the name asks for none of the formats.
        RunError: if nothing can be written there.
    """
    found = format_of(path, *formats)
    refuse_unwritable(path)
    return found


def rendered(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    """A figure as a PNG or an SVG; an SVG has its letters as outlines and needs no font."""
    import matplotlib as mpl

    # Left alone, an SVG holds the time, and names of its parts that are drawn by chance.
    metadata = {"Date": None} if kind == "svg" else None
    drawn = BytesIO()
    with lettered(), mpl.rc_context({"svg.hashsalt": "hornbook", "svg.fonttype": "path"}):
        figure.savefig(drawn, format=kind, metadata=metadata)
    return drawn.getvalue()


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG or an SVG, by the path's ending, whole or not at all.

    Raises:
        SettingsError: if the path ends otherwise.
        RunError: if it cannot be written.
    """
    write_bytes(path, rendered(figure, format_of(path, "png", "svg")))
