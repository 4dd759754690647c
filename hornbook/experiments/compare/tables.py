"""A board as tables, for a terminal, a page and other programs."""

from __future__ import annotations

from collections.abc import Sequence

from hornbook.experiments.compare.board import AblationPart, Board, BoardEntry, ahead
from hornbook.experiments.compare.significance import Difference
from hornbook.rendering import duration, figure
from hornbook.reports import Table

__all__ = ["ablation_table", "board_table", "first_table", "rank_table", "run_table"]


def board_table(board: Board) -> Table:
    """A row for each kind of model, the best on dev first."""
    entries, digits = board.entries, board.measure.digits
    unit = board.measure.unit or board.measure.title
    columns: list[tuple[str, list[str]]] = [
        (f"{split}, {unit}" if not at else split,
         [with_interval(one, split, digits) for one in entries])
        for at, split in enumerate(board.splits)
    ]  # fmt: skip
    columns.append(
        (
            "ahead of the next?",
            [
                "" if one.next is None else ahead(one.next, board.measure, board.split)
                for one in entries
            ],
        )
    )
    columns.append(("runs", [f"{len(one.runs)}" if one.seeded else "" for one in entries]))
    columns.append(("parameters", [count(one.parameters) for one in entries]))
    columns.append(("time", [f"{time(one.seconds)}{shared(one.together)}" for one in entries]))
    paces = [one.runs[0].measured.pace for one in entries]
    if any(paces):
        of = next(pace.of for pace in paces if pace)
        columns.append((f"{of}/s", [count(one.per_second) for one in entries]))
    if any(one.new is not None for one in entries):
        columns.append(("new", ["" if one.new is None else f"{one.new:.1%}" for one in entries]))
    heads = ("model", *(head for head, _ in columns))
    rows = tuple((one.kind, *(cells[at] for _, cells in columns)) for at, one in enumerate(entries))
    return Table(heads, rows, marked=0 if entries else None)


def with_interval(one: BoardEntry, split: str, digits: int) -> str:
    """A figure with its interval; of two seeds that are far apart, with the figures of both."""
    value = one.figure(split)
    if value is None:
        return ""
    interval = one.interval(split)
    told = figure(value, digits)
    if interval is None:
        return told
    if one.too_few(split):
        both = (run.figure(split) for run in one.runs)
        return f"{told} ({' and '.join(figure(of or 0.0, digits) for of in both)})"
    return f"{told} ({figure(interval.low, digits)}–{figure(interval.high, digits)})"


def time(seconds: float) -> str:
    """A time as people read it; what is short with a digit after the point."""
    return f"{seconds:.1f} s" if seconds < 100 else duration(seconds)


def shared(together: int) -> str:
    """What stands behind a time in which other runs were trained too."""
    return ", shared" if together else ""


def count(value: float | None) -> str:
    """A number of things; empty if it is not known."""
    return "" if value is None else f"{value:,.0f}"


def first_table(board: Board) -> Table:
    """How far each line is from the first, on the split that decides."""
    digits = board.measure.digits
    rows = tuple(
        (one.kind, one.first.range(digits), behind(one.first, board))
        for one in board.entries
        if one.first is not None
    )
    return Table(("model", f"difference on {board.split}", "behind the first?"), rows)


def behind(one: Difference, board: Board) -> str:
    """Whether a line is behind the first, in a few words."""
    if one.sure and board.measure.is_better(one.value, 0.0):
        return f"no: ahead on {board.split}, {one.verdict}"
    return f"yes, {one.verdict}" if one.sure else one.verdict


def ablation_table(board: Board, parts: Sequence[AblationPart]) -> Table:
    """What each change does."""
    digits = board.measure.digits
    rows = tuple(
        (one.family, one.change, one.against, figure(one.entry.figure(board.split) or 0.0, digits),
         one.apart.range(digits), one.apart.verdict)
        for one in parts
    )  # fmt: skip
    heads = ("model", "change", "against", board.split, "difference", "more than luck?")
    return Table(heads, rows, left=3)


def run_table(board: Board) -> Table:
    """A row for each run."""
    digits = board.measure.digits
    rows = []
    for one in (*board.entries, *(part.entry for part in board.parts)):
        for run in one.runs:
            if run.path is None:
                continue
            cells = [
                "" if (value := run.figure(split)) is None else figure(value, digits)
                for split in board.splits
            ]
            rows.append(
                (one.kind, "" if run.seed is None else str(run.seed), *cells, count(run.steps),
                 f"{run.seconds:,.1f}{shared(run.together)}", run.ending, str(run.path))
            )  # fmt: skip
    heads = ("model", "seed", *board.splits, "steps", "seconds", "ended", "run")
    return Table(heads, tuple(rows))


def rank_table(ranks: Sequence[tuple[str, float, Sequence[int]]], boards: Sequence[Board]) -> Table:
    """A row for each kind that is on all boards: what it reaches, its places, and their mean."""
    rows = tuple(
        (kind, *(placed(kind, *one) for one in zip(boards, places, strict=True)), f"{mean:.2f}")
        for kind, mean, places in ranks
    )
    heads = (f"{board.data}, {board.split} (place)" for board in boards)
    return Table(("model", *heads, "mean place"), rows)


def placed(kind: str, board: Board, place: int) -> str:
    """What a kind reaches on a board, and its place."""
    entry = next(one for one in board.entries if one.kind == kind)
    return f"{figure(entry.figure(board.split) or 0.0, board.measure.digits)} ({place})"
