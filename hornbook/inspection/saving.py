"""Figures as bytes and as files; the same figure always gives the same bytes."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hornbook.errors import SettingsError
from hornbook.inspection.lettering import lettered
from hornbook.storage import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["rendered", "save"]


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
    ending = path.suffix.lower()
    if ending == ".png":
        write_bytes(path, rendered(figure, "png"))
    elif ending == ".svg":
        write_bytes(path, rendered(figure, "svg"))
    else:
        raise SettingsError(
            f"A picture is written as .png or .svg; {path.name} ends in {ending or 'neither'}.",
            hint=f"Give {path.with_suffix('.png').name}, or .svg.",
        )
