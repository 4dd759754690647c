"""How a text is to be read: each line an example, each part between blank lines, or one stream.

`auto` decides by looking, and says why and how to choose otherwise. Blank lines alone do not part
examples: they stand in every book. Parts are examples where they are many and alike, as poems,
stanzas and records are: of two lines or more each, and three quarters of them of the two most
frequent numbers of lines. Plays are excepted, whose speeches make one whole; of these the first
lines end with a colon.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hornbook.errors import SettingsError, as_typed
from hornbook.rendering import many
from hornbook.settings import Settings
from hornbook.sources.columns import Column
from hornbook.sources.formats import Form, look
from hornbook.sources.source import Source
from hornbook.text.line_figures import LineFigures, pieces_of_lines

__all__ = [
    "Layout",
    "Mode",
    "ReadSettings",
    "Separator",
    "blocks_of",
    "choose_layout",
    "from_the_other",
    "layout_by",
    "layout_of",
    "layout_of_column",
]

Mode = Literal["lines", "text"]
Separator = Literal["line", "blank"]

WORD = 40  # characters: one word of more is rather a text without spaces
LONG_LINE = 2_000  # characters: a mean line longer than this is not one example per line
MANY = 20  # parts: fewer are not told to be alike
SHORT = 50  # lines: files that are longer on average are not proposed as examples
PARTED_FILES = (
    "To read each file, or each part of it between blank lines, as an example: `separator=blank`."
)
PARTED = "To read each part between blank lines as an example: `separator=blank`."
BLANK = re.compile(r"\n(?:[^\S\n]*\n)+")


@dataclass(frozen=True)
class Layout:
    """How a text is read."""

    mode: Mode
    separator: Separator
    "What parts the examples; of one long text, where nothing does, `line`."
    reason: str
    otherwise: str = ""
    "How it could also be read, with the setting that does so; empty if nothing speaks for it."


@dataclass(frozen=True)
class ReadSettings(Settings):
    """How a file is read."""

    mode: Literal["auto", "lines", "text"] = "auto"
    "lines: a list of examples. text: one long text. auto: decided from the file."
    separator: Literal["auto", "line", "blank"] = "auto"
    """What separates the examples. line: each line is one. blank: they are separated by blank
    lines, and each may have several lines. auto: decided from the file, or by mode."""
    column: str | None = None
    """Read only this column of a CSV or TSV file, by its header, or by its number from 1 if there
    is none; or this field of JSON lines (outer.inner for nested ones). Each value is an example."""
    encoding: str = "auto"
    "Encoding of the file (auto: UTF-8, or as the byte order mark says)."
    condition: tuple[str, ...] = ()
    """Columns of the table that are given with each example (only with column): the model learns
    what they tell of it, and samples of a value can be asked for, such as country=Japan."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode == "text":
            self.refuse_unless(False, ("separator",), "`mode=lines`")
        if self.column is not None and self.separator != "auto":
            raise SettingsError(
                "`separator` has no effect with `column`: each value is an example.",
                hint="Leave one of them out.",
                setting="separator",
            )
        if self.column == "":
            raise SettingsError(
                "The name of the column is empty.",
                hint="Give the column's name, or its number from 1.",
                setting="column",
            )
        self.check_condition()

    def check_condition(self) -> None:
        """Refuse columns that cannot be given with each example.

        Raises:
            SettingsError: if there are no examples beside them, or one is named twice.
        """
        if self.condition and self.column is None:
            raise SettingsError(
                "`condition` names what is given with each example, and no `column` holds these.",
                hint="Set `column` to the column whose texts are to be learned.",
                setting="condition",
            )
        self.refuse_unless(self.mode != "text", ("condition",), "`mode=lines`")
        several = (self.column, *self.condition)
        if twice := next((name for name in several if several.count(name) > 1), None):
            raise SettingsError(
                f"The column {twice!r} is named twice in `column` and `condition`.",
                hint="Name each column once.",
                setting="condition",
            )


def blocks_of(text: str) -> list[str]:
    """The parts of a text between blank lines, in its order; none begins or ends with one.

    A line of white space only is blank.
    """
    return [block for block in BLANK.split(f"\n{text}\n") for block in [block.strip("\n")] if block]


def layout_of(
    texts: Sequence[str], source: Source, how: ReadSettings, lines: LineFigures | None = None
) -> Layout:
    """How texts are read: as was asked for, as the data set is meant, or as they look.

    Args:
        texts: of the files, or their beginnings.
        source: of them.
        how: was asked for.
        lines: figures of one whole text, of which only the beginning is given.
    """
    if how.separator == "blank":
        return Layout("lines", "blank", "as requested: examples are separated by blank lines")
    if how.separator == "line":
        return Layout("lines", "line", "as requested: each line is an example")
    if how.mode != "auto":
        return Layout(how.mode, "line", "as requested")
    # Files are looked at without the blank lines that stand between two of them.
    looks = (
        choose_layout("\n".join(text.strip("\n") for text in texts if text.strip("\n")))
        if lines is None
        else layout_by(lines)
    )
    if source.dataset is not None and source.dataset.mode != "table":
        mode: Mode = source.dataset.mode
        parted = mode == "text" and looks.separator == "blank"
        return Layout(mode, "line", "this data set's default", PARTED if parted else "")
    count = sum(text.count("\n") + 1 for text in texts)
    if len(texts) > 1 and looks.separator == "line" and count <= SHORT * len(texts):
        looks = replace(looks, otherwise=PARTED_FILES)
    form = look(next((text for text in texts if text.strip()), ""))
    if form is not None and form.best:
        also = f"It looks like {form}; to read only one of them: `column={as_typed(form.best)}`."
        if form.kind == "table" and len(form.columns) > 2:
            also += " To predict one of them from the others, set `target`."
        also += from_the_other(form)
        looks = replace(looks, otherwise=also)
    return looks


def from_the_other(form: Form) -> str:
    """What to say of a table of two columns, which may be pairs; empty for any other form."""
    if form.kind != "table" or len(form.columns) != 2:
        return ""
    return f" To learn one column from the other: `source_column={as_typed(form.columns[0])}`."


def layout_of_column(columns: Sequence[Column], how: ReadSettings) -> Layout:
    """How the values of a column are read: each an example, unless a text was asked for."""
    count, empty = sum(len(one.values) for one in columns), sum(one.empty for one in columns)
    several = any("\n" in value for one in columns for value in one.values)
    reason = f"{columns[0].about}, {many(count, 'value')}"
    if several:
        reason += ", some of several lines"
    if empty:
        reason += f"; {empty:,} empty ones left out"
    if how.mode == "text":
        return Layout("text", "line", f"as requested: {reason}")
    return Layout("lines", "blank" if several else "line", reason)


def choose_layout(text: str) -> Layout:
    """Guess how a text is to be read, and say why.

    Args:
        text: the whole, not blank.
    """
    return layout_by(LineFigures.of(pieces_of_lines(text)))


def layout_by(lines: LineFigures) -> Layout:
    """The same by the figures of its lines."""
    if lines.filled == 1:
        words = lines.first.split()
        if len(words) == 1 and len(words[0]) <= WORD:
            return Layout("lines", "line", "it is a single word")
        return Layout("text", "line", "it has a single line")
    if lines.mean > LONG_LINE:
        return Layout("text", "line", f"its lines average {lines.mean:,.0f} characters")
    blank_share = 1 - lines.filled / lines.body
    if blank_share > 0.01:
        return of_blocks(lines, blank_share)
    if wrapped(lines):
        return Layout("text", "line", "its lines look like wrapped prose")
    reason = f"{lines.filled:,} lines of {lines.mean:.0f} characters on average, none blank"
    return Layout("lines", "line", reason)


def of_blocks(lines: LineFigures, blank_share: float) -> Layout:
    """The layout of a text with blank lines."""
    if alike(lines):
        return Layout(
            "lines",
            "blank",
            f"{lines.blocks:,} parts between blank lines, {usual_lines(lines)} each",
            "To read it as one long text: `mode=text`.",
        )
    return Layout(
        "text",
        "line",
        f"blank lines separate its parts ({blank_share:.0%} of its lines are blank)",
        f"To read each of its {lines.blocks:,} parts as an example: `separator=blank`.",
    )


def alike(lines: LineFigures) -> bool:
    """Whether the parts between blank lines look like examples of one kind."""
    usual = sum(times for _, times in lines.sizes.most_common(2))
    return (
        lines.blocks >= MANY
        and lines.sizes[1] <= 0.05 * lines.blocks
        and usual >= 0.75 * lines.blocks
        and lines.spoken < 0.5 * lines.blocks
        and not wrapped(lines)
    )


def usual_lines(lines: LineFigures) -> str:
    """How many lines most of the parts have."""
    most = sorted(size for size, _ in lines.sizes.most_common(2))
    if len(lines.sizes) == 1:
        return f"{most[0]} lines"
    return f"most of {' or '.join(map(str, most))} lines"


def wrapped(lines: LineFigures) -> bool:
    """Whether lines look like prose cut at a margin.

    Such lines hold words, are nearly all about as long as the longest, and often begin with a
    lowercase letter, since a sentence continues across the line's end.
    """
    count = lines.filled
    words = (lines.spaces + count) / count
    margin = lines.length_at(int(0.95 * (count - 1)))
    near = sum(n for length, n in lines.lengths.items() if length > 0.8 * margin) / count
    small, ended = lines.small / count, lines.ended / count
    return words >= 6 and near > 0.6 and small > 0.3 and ended < 0.5
