"""The examination of a text that is too large to hold: read in pieces, several times.

So is one that a training would hold, from HELD bytes on, where the report is the same.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from hornbook.errors import DataError, EncodingError
from hornbook.sources.formats import look
from hornbook.text.corpus import read_corpus
from hornbook.text.doctor.examine import CorpusReport, examine_given
from hornbook.text.doctor.given import Given
from hornbook.text.large.draws import Draw
from hornbook.text.large.looking import by_heads, heads_of, refuse_unfit
from hornbook.text.large.reading import LargeText
from hornbook.text.large.settings import size_on_disk
from hornbook.text.large.survey import survey
from hornbook.text.layout import Layout, layout_of
from hornbook.text.line_figures import LineFigures, whole_lines

if TYPE_CHECKING:
    from hornbook.sources.source import Source
    from hornbook.text.data import TextOptions

__all__ = ["HELD", "examine_held", "examine_large", "examine_source"]

HELD = 64_000_000  # bytes of a file, up to which it is held while it is examined


def examine_source(
    source: Source, options: TextOptions, *, large: bool, any_bytes: bool
) -> tuple[CorpusReport, Given]:
    """Examine a text, in pieces where that can be done and it is not small.

    Args:
        source: of the text.
        options: as for training.
        large: whether a training would read it in pieces.
        any_bytes: whether it may be something other than text.

    Raises:
        HornbookError: as reading has them, and learning the tokens that were asked for.
    """
    if large:
        return examine_large(source, options)
    if need_not_be_held(source, options):
        with contextlib.suppress(EncodingError):  # told below, with what could be done
            return examine_held(source, options)
    given = Given.of(read_corpus(source, options, any_bytes=any_bytes))
    return examine_given(given, options), given


def need_not_be_held(source: Source, options: TextOptions) -> bool:
    """Whether a text is examined in pieces, though a training would hold it.

    Not where tokens have to be learned of all of it, or several files are looked at.
    """
    plain = options.tokens == "characters" and options.column is None and options.large == "auto"
    return (
        plain
        and options.separator == "auto"
        and source.dataset is None
        and size_on_disk(source) >= HELD
        and len(list(source.files)) == 1
    )


def examine_held(source: Source, options: TextOptions) -> tuple[CorpusReport, Given]:
    """Examine a text in pieces, with the report of one in memory.

    Args:
        source: one file.
        options: as for training.

    Raises:
        DataError, EncodingError: as reading has them.
    """
    heads, encodings = heads_of(source, options.encoding)
    lines = None
    if options.mode == "auto":
        text = LargeText(source, Layout("text", "line", ""), options.encoding)
        lines = LineFigures.of(whole_lines(text.pieces()))
        if not lines.filled:
            raise DataError(f"{source.where} is empty.", hint="Use a file that contains text.")
    layout = layout_of(heads, source, options, lines)
    text = LargeText(source, layout, options.encoding)
    remarks = ["the local file, not the data set of that name"] if source.hides else source.remarks
    given = Given(
        source.name, source.where, layout.mode, layout.separator,
        "; ".join([layout.reason, *remarks]), layout.otherwise, ", ".join(encodings),
        look(next((head for head in heads if head.strip()), "")), None, text,
    )  # fmt: skip
    return examine_given(given, options), given


def examine_large(source: Source, options: TextOptions) -> tuple[CorpusReport, Given]:
    """Examine a large text, read as a training would read it.

    Args:
        source: of the text.
        options: as for training.

    Raises:
        SettingsError: if something was asked for that needs all text at once.
        DataError, EncodingError: as reading has them.
    """
    refuse_unfit(source, options)
    heads, encodings = heads_of(source, options.encoding)
    layout = layout_of(heads, source, options)
    text = LargeText(source, layout, options.encoding)
    draw = Draw(options.split_seed, options.shares(layout.mode))
    sample = None
    if options.tokens != "characters":
        sample = survey(text, draw, options.shares(layout.mode)[0]).sample
    given = Given(
        source.name, source.where, layout.mode, layout.separator,
        by_heads(layout, heads, text.size), layout.otherwise, ", ".join(encodings),
        look(next((head for head in heads if head.strip()), "")), None, text, draw=draw,
    )  # fmt: skip
    report = examine_given(given, options, sample)
    reason = "; ".join([report.reason, *source.remarks])
    return replace(report, reason=reason), given
