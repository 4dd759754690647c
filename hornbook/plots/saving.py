"""Figures as bytes and as files; the same figure always gives the same bytes."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from hornbook.errors import SettingsError
from hornbook.plots.drawing import drawing
from hornbook.storage import refuse_unwritable, write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["format_of", "rendered", "save", "writable_format"]

Format = TypeVar("Format", bound=str)


def format_of(path: Path, *formats: Format) -> Format:
    """The format that a file name asks for.

    Args:
        path: path of the figure.
        formats: allowed file extensions, without the dot.

    Raises:
        SettingsError: if the file name has none of these extensions.
    """
    for name in formats:
        if path.suffix.lower() == f".{name}":
            return name
    endings = " or ".join(f".{name}" for name in formats)
    raise SettingsError(
        f"The file name of the figure must end in {endings}; got {str(path)!r}.",
        hint=f"For example, use {path.stem or 'figure'}.{formats[0]}.",
    )


def writable_format(path: Path, *formats: Format) -> Format:
    """Like `format_of`, and check that the path can be written, before the work starts.

    Raises:
        SettingsError: if the file name has none of these extensions.
        RunError: if the path cannot be written.
    """
    found = format_of(path, *formats)
    refuse_unwritable(path)
    return found


def rendered(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    """A figure as PNG or SVG bytes; an SVG has its text as outlines and needs no font."""
    # By default an SVG contains the time and random ids.
    metadata = {"Date": None} if kind == "svg" else None
    drawn = BytesIO()
    with drawing():
        import matplotlib as mpl

        mpl.rcParams.update({"svg.hashsalt": "hornbook", "svg.fonttype": "path"})
        figure.savefig(drawn, format=kind, metadata=metadata)
    return drawn.getvalue()


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG or an SVG, by the path's ending, atomically.

    Raises:
        SettingsError: if the path does not end in .png or .svg.
        RunError: if the file cannot be written.
    """
    write_bytes(path, rendered(figure, format_of(path, "png", "svg")))
