"""What people and machines are shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import rich.console
import rich.table
from rich.cells import cell_len
from rich.markup import escape
from rich.measure import Measurement
from rich.segment import Segment
from rich.text import Text
from rich.theme import Theme

from hornbook.cli.streams import write_json
from hornbook.cli.wording import worded
from hornbook.errors import SettingsError
from hornbook.records import as_json
from hornbook.rendering import figure, visible
from hornbook.reports.finding import NOTHING, Finding, Severity

if TYPE_CHECKING:
    from hornbook.lessons.comparison import Comparison
    from hornbook.reports import table as reports

__all__ = [
    "COMPARED",
    "Console",
    "compared",
    "console",
    "escape",
    "filled",
    "notes",
    "number",
    "print_json",
    "shape_cell",
    "show_findings",
    "show_lines",
    "table",
]

WIDE = 10_000  # columns of what is not a terminal
BETWEEN = 2  # columns between two of a long table
APART = 3  # the same of a table as rich sets it
NARROW = 12  # columns that a name is given at least

SIGNS: dict[Severity, str] = {
    "problem": "[bold red]✗ problem[/]",
    "warning": "[yellow]! warning[/]",
    "note": "· note",
}
COLOURS = {
    "yellow": "dark_orange3", "bold yellow": "bold dark_orange3",
    "green": "green4", "bold green": "bold green4",
    "cyan": "turquoise4", "bold cyan": "bold turquoise4",
    "red": "red3", "bold red": "bold red3",
}  # fmt: skip
"""What a terminal calls yellow or green cannot be read on white, or not on black; these can."""
COMPARED = ("exact", "approximate", "largest difference")
"The columns that `compared` fills: those of the lecture's `cmp`."


class Console(rich.console.Console):
    """A stream for people, who see what is foreign instead of what it does to a terminal.

    Args:
        stream: standard output or standard error.
        how: what else rich is told, such as a width.
    """

    def __init__(self, stream: TextIO, **how: Any) -> None:
        theme = Theme(COLOURS)
        super().__init__(
            file=stream, highlight=False, emoji=False, soft_wrap=True, theme=theme, **how
        )

    def render_str(self, text: str, **how: Any) -> Text:
        """A text as rich sets it: every one that is printed, in a table too, comes through here."""
        return super().render_str(visible(text), **how)

    def on_broken_pipe(self) -> None:
        """Leave it to the caller; rich would end the process."""
        raise  # what rich is handling while it calls this


class Table(rich.table.Table):
    """An open table in which no figure is ever cut and long names go on in the next line.

    Where a terminal is too narrow for that, the columns stand in several tables one below the
    other, each with the first columns, by which rows are told apart.
    """

    def __rich_console__(
        self, console: rich.console.Console, options: rich.console.ConsoleOptions
    ) -> rich.console.RenderResult:
        widths = []
        for column in self.columns:
            cells = [cell.renderable for cell in self._get_cells(console, 0, column)]
            wide = max(Measurement.get(console, options, cell).maximum for cell in cells)
            figures = column.justify == "right"
            column.min_width = wide if figures else min(wide, NARROW)
            column.no_wrap, column.overflow = figures, "fold"
            widths.append(column.min_width + APART)
        parts = self.side_by_side(widths, options.max_width + APART)
        if len(parts) > 1:
            for place, part in enumerate(parts):
                if place:
                    yield Segment.line()
                yield from self.of_columns(part).__rich_console__(console, options)
            return
        if sum(widths) - APART > options.max_width:
            options = options.update(width=sum(widths) - APART)
        filled_up = (
            piece
            for piece in super().__rich_console__(console, options)
            if isinstance(piece, Segment)
        )
        for line in Segment.split_lines(filled_up):
            yield from without_blanks(line)
            yield Segment.line()

    def side_by_side(self, widths: Sequence[int], room: int) -> list[list[int]]:
        """The columns that stand side by side, for each of several tables.

        Args:
            widths: that each column needs at least.
            room: that there is.
        """
        if sum(widths) <= room:
            return [list(range(len(widths)))]
        keys = list(range(self.keys()))
        left = room - sum(widths[key] for key in keys)
        parts: list[list[int]] = []
        used = left
        for place in range(len(keys), len(widths)):
            if not parts or used + widths[place] > left:
                parts.append([*keys])
                used = 0
            parts[-1].append(place)
            used += widths[place]
        return parts

    def keys(self) -> int:
        """How many of the first columns tell all rows apart; 1 if they do not."""
        columns = [list(map(str, column.cells)) for column in self.columns]
        for keys in range(1, len(columns)):
            rows = list(zip(*columns[:keys], strict=True))
            if len(set(rows)) == len(rows):
                return keys
        return 1

    def of_columns(self, places: Sequence[int]) -> Table:
        """The same rows with these columns alone."""
        made = Table(box=None, pad_edge=False, header_style="bold")
        for place in places:
            made.add_column(self.columns[place].header, justify=self.columns[place].justify)
        cells = [list(self.columns[place].cells) for place in places]
        for row, held in zip(self.rows, zip(*cells, strict=True), strict=True):
            made.add_row(*held, style=row.style)
        return made


def without_blanks(line: Sequence[Segment]) -> list[Segment]:
    """A line without the blanks at its end, which fill up the last cell of a table."""
    kept = list(line)
    while kept:
        text, style, control = kept.pop()
        if text.rstrip(" "):
            return [*kept, Segment(text.rstrip(" "), style, control)]
    return []


def console() -> Console:
    """Standard output, for people; into a file or a pipe, a row of a table is a line."""
    return Console(sys.stdout, **({} if sys.stdout.isatty() else {"width": WIDE}))


def notes() -> Console:
    """Standard error, for what stands beside the result: progress, notes, what to type next."""
    return Console(sys.stderr)


def refuse_two_forms(**given: bool) -> None:
    """Refuse an answer in two forms at once, such as `json` and `markdown`.

    Raises:
        SettingsError: naming the first two.
    """
    asked = [name for name, wanted in given.items() if wanted]
    if len(asked) > 1:
        raise SettingsError(
            f"`{asked[0]}` and `{asked[1]}` exclude each other.", hint="Give one of them."
        )


def print_json(value: Any) -> None:
    """One JSON value on standard output; numbers that are not finite are spelled as text."""
    text = json.dumps(as_json(value), ensure_ascii=False, indent=2, allow_nan=False)
    write_json(f"{text}\n")


def number(value: float, digits: int = 4) -> str:
    """A figure for a table."""
    return figure(value, digits)


def shape_cell(shape: Sequence[int]) -> str:
    """A shape for a table; a single number has none."""
    return " × ".join(map(str, shape))


def compared(held: Comparison) -> tuple[str, str, str]:
    """How near a gradient is to another, for a table."""
    exact, approximate = ("yes" if yes else "no" for yes in (held.exact, held.approximate))
    return exact, approximate, f"{held.maxdiff:.1e}" if held.maxdiff else "0"


def table(*columns: str, left: int = 1) -> Table:
    """An open table, the first columns set left and the rest right."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        made.add_column(column, justify="left" if place < left else "right")
    return made


def show_lines(
    heads: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[bool], at: int,
    styles: Sequence[str],
) -> None:  # fmt: skip
    """A long table: each row is one line, however wide.

    Args:
        heads: of the columns.
        rows: a text for each column.
        left: whether each column is set left.
        at: column whose first word has the row's style; -1: none.
        styles: of the rows.
    """
    shown = [[visible(one).replace("\n", " ") for one in row] for row in (heads, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    whole = Text()
    for row, style in zip(shown, ("bold", *styles), strict=True):
        begins, line = 0, ""
        for place, (text, width, is_left) in enumerate(zip(row, widths, left, strict=True)):
            blanks = " " * (width - cell_len(text))
            if place == at:
                begins = len(line)
            line += (text + blanks if is_left else blanks + text) + " " * BETWEEN
        begun = len(whole)
        whole.append(line.rstrip() + "\n")
        if row is shown[0]:
            whole.stylize("bold", begun)
        elif style and at >= 0:
            word = row[at].partition(":")[0]
            whole.stylize(style, begun + begins, begun + begins + len(word))
    console().print(whole, end="")


def tinted(parts: Iterable[tuple[str, str]], title: str = "") -> Text:
    """Pieces of foreign text, each in a style of its own, made fit to be shown."""
    shown = Text(visible(title))
    for text, style in parts:
        shown.append(visible(text), style=style)
    return shown


def filled(given: reports.Table) -> Table:
    """A report's table for the terminal, its marked row in bold."""
    made = table(*map(escape, given.heads), left=given.left)
    for place, cells in enumerate(given.rows):
        made.add_row(*map(escape, cells), style="bold" if place == given.marked else None)
    return made


def show_findings(findings: Sequence[Finding], out: Console) -> None:
    """What is amiss: each finding's sign and title, then in full, then what to do."""
    if not findings:
        out.print(f"[green]✓[/] {NOTHING}")
    for finding in findings:
        title, detail, advice = (
            escape(worded(text)) for text in (finding.title, finding.detail, finding.advice)
        )
        out.print(f"{SIGNS[finding.severity]}  [bold]{title}[/]")
        out.print(f"    {detail}")
        if advice:
            out.print(f"    [dim]→ {advice}[/]")
