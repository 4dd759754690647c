"""A table in Markdown, for a README."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hornbook.reports.table import Table

__all__ = ["markdown_table"]


def markdown_table(table: Table) -> str:
    """A table in GitHub's Markdown, its marked row in bold."""
    return "\n".join(lines(table))


def lines(table: Table) -> Iterator[str]:
    """The lines of the table."""
    yield line(table.heads)
    yield (
        "|" + "|".join("---" if at < table.left else "--:" for at in range(len(table.heads))) + "|"
    )
    for place, cells in enumerate(table.rows):
        bold = place == table.marked
        yield line([f"**{plain(cell)}**" if bold and cell else plain(cell) for cell in cells])


def line(cells: Sequence[str]) -> str:
    """Cells side by side."""
    return f"| {' | '.join(cells)} |"


def plain(cell: str) -> str:
    """A cell without what would end it or begin a style."""
    for sign in "\\|*_`<":
        cell = cell.replace(sign, f"\\{sign}")
    return cell.replace("\n", " ")
