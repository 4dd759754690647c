"""The examination of a text that is too large to hold: read in pieces, several times."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hornbook.sources.formats import look
from hornbook.text.doctor.examine import CorpusReport, examine_given
from hornbook.text.doctor.given import Given
from hornbook.text.large.draws import Draw
from hornbook.text.large.looking import by_heads, heads_of, refuse_unfit
from hornbook.text.large.reading import LargeText
from hornbook.text.large.survey import survey
from hornbook.text.layout import layout_of

if TYPE_CHECKING:
    from hornbook.sources.source import Source
    from hornbook.text.data import TextOptions

__all__ = ["examine_large"]


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
