"""Figures as bytes and as files; the same figure always gives the same bytes."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hornbook.outputs import MADE_BY, format_of, write_output
from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import has_shapes, spelled_out

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

__all__ = ["embedded", "rendered", "save"]

NOTE = "Numbers like 4E2D are code points: no font installed here has these characters."


def rendered(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    """A figure as PNG or SVG bytes.

    An SVG has its text as outlines and needs no font, unless no font here has shapes for all of it:
    then its text is text, which the reader's fonts draw. A PNG then has code points instead, and
    says so.
    """
    return painted(figure, kind, lacks_shapes(figure))


def painted(figure: Figure, kind: Literal["png", "svg"], lacking: bool) -> bytes:
    """A figure as PNG or SVG bytes, given whether it has text that no font here has shapes for."""
    # By default an SVG contains the time and random ids.
    metadata = {"Date": None, "Title": MADE_BY} if kind == "svg" else {"Software": MADE_BY}
    drawn = BytesIO()
    with drawing(), spelling_out(figure) if lacking and kind == "png" else nullcontext():
        import matplotlib as mpl

        as_text = lacking and kind == "svg"
        mpl.rcParams.update(
            {"svg.hashsalt": "hornbook", "svg.fonttype": "none" if as_text else "path"}
        )
        with warnings.catch_warnings():
            if as_text:  # of each character whose width has to be guessed
                warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from", UserWarning)
            if (engine := figure.get_layout_engine()) is not None:
                # Where it makes axes smaller, their ticks become others, with other labels: it has
                # to look twice, or a label at the edge is cut.
                engine.execute(figure)
            figure.savefig(drawn, format=kind, metadata=metadata)
    return drawn.getvalue()


def embedded(figure: Figure) -> str:
    """A figure as the address of an image in a page, whose characters the reader's fonts draw where
    the fonts here cannot.
    """
    lacking = lacks_shapes(figure)
    kind: Literal["png", "svg"] = "svg" if lacking else "png"
    media = {"png": "image/png", "svg": "image/svg+xml"}[kind]
    return f"data:{media};base64,{base64.b64encode(painted(figure, kind, lacking)).decode()}"


def lacks_shapes(figure: Figure) -> bool:
    """Whether something is written in a figure that no font here has shapes for."""
    return not all(map(has_shapes, texts_of(figure)))


def texts_of(figure: Figure) -> Iterator[str]:
    """All that is written in a figure."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        yield text.get_text()
    for axis in labelled_axes(figure):
        yield from labels_of(axis)


def labelled_axes(figure: Figure) -> Iterator[Axis]:
    """Every axis of a figure whose tick labels are its own, and not those of a scale."""
    from matplotlib.ticker import FixedLocator

    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_locator(), FixedLocator):
                yield axis


def labels_of(axis: Axis) -> list[str]:
    """The tick labels of an axis."""
    return list(axis.get_major_formatter().format_ticks(list(axis.get_majorticklocs())))


@contextmanager
def spelling_out(figure: Figure) -> Iterator[None]:
    """A context in which code points stand for what no font here has shapes for."""
    from matplotlib.text import Text

    with ExitStack() as stack:
        for axis in labelled_axes(figure):
            if not all(map(has_shapes, labels := labels_of(axis))):
                stack.callback(axis.set_ticklabels, labels)
                axis.set_ticklabels([spelled_out(label) for label in labels])
                axis.set_tick_params(labelsize=6)
                if axis is axis.axes.xaxis:
                    axis.set_tick_params(labelrotation=90)
        for text in figure.findobj(Text):
            assert isinstance(text, Text)
            if not has_shapes(before := text.get_text()):
                stack.callback(text.set, text=before, fontsize=text.get_fontsize())
                text.set(text=spelled_out(before), fontsize=min(6.0, text.get_fontsize()))
        note = figure.text(0.005, 0.005, NOTE, fontsize=7, color="#555555")
        stack.callback(note.remove)
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG or an SVG, by the path's ending, atomically.

    Raises:
        SettingsError: if the path does not end in .png or .svg.
        RunError: if the file cannot be written, or one stands there that is not ours.
    """
    write_output(path, rendered(figure, format_of(path, "png", "svg")))
