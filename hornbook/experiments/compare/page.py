"""A comparison as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hornbook.experiments.compare.asking import Ask
from hornbook.experiments.compare.board import Board
from hornbook.experiments.compare.significance import errors_aside
from hornbook.experiments.compare.tables import (
    ablation_table,
    board_table,
    first_table,
    rank_table,
    run_table,
)
from hornbook.rendering import duration, figure
from hornbook.reports import Page, Section

__all__ = ["headline", "page_of", "remarks"]

FEWEST = 3  # seeds that tell how much they matter


def page_of(
    boards: Sequence[Board],
    ranks: Sequence[tuple[str, float, Sequence[int]]],
    standings: Section | None,
    pictures: Mapping[str, Section],
    asked: Ask,
) -> Page:
    """The page.

    Args:
        boards: one for each data set.
        ranks: of kinds on several boards, with their mean ranks.
        standings: all boards in one picture.
        pictures: the curves by data set.
        asked: what was asked for.
    """
    names = [board.data for board in boards]
    sections: list[Section] = [standings] if standings else []
    if ranks:
        told = (
            "The figure of each model on the split that decides, its place by it, and the mean of "
            "the places. Only models that stand on all boards are counted."
        )
        sections.append(Section("Over all data", told, table=rank_table(ranks, boards)))
    for board in boards:
        sections += of_board(board, pictures.get(board.data))
    first = boards[0].entries[0]
    tiles = []
    for split in boards[0].splits:
        value = figure(first.figure(split) or 0.0, boards[0].measure.digits)
        tiles.append((value, f"{first.kind} on {split} of {boards[0].data}"))
    return Page(
        f"Comparison on {', '.join(names)}",
        " ".join(headline(board) for board in boards),
        sections,
        tiles,
        more=how(asked),
    )


def how(asked: Ask) -> str:
    """How the nets were trained, in a sentence."""
    budget = asked.budget
    given = "as long as is recommended"
    if budget.steps is not None:
        given = f"for {budget.steps:,} steps at most"
    elif budget.seconds is not None:
        given = f"for {duration(budget.seconds)} at most"
    size = f", made with about {asked.parameters:,} parameters" if asked.parameters else ""
    seeds = f"the seeds {', '.join(map(str, asked.seeds))}"
    if len(asked.seeds) == 1:
        seeds = f"the seed {asked.seeds[0]}"
    settings = f" Settings given: {', '.join(asked.settings)}." if asked.settings else ""
    return f"Each net was trained {given}, with {seeds}{size}.{settings}"


def headline(board: Board) -> str:
    """What came out, in a sentence."""
    if not board.entries:
        return f"Nothing could be made on {board.data}."
    first = board.entries[0]
    value = figure(first.figure("dev") or 0.0, board.measure.digits)
    told = f"On {board.data}, {first.kind} is best on dev: {board.measure.title} {value}."
    if first.next is None:
        return told
    others = [(one.kind, one.first) for one in board.entries[1:] if one.first is not None]
    passed = [k for k, far in others if far.sure and board.measure.is_better(far.value, 0.0)]
    level = [kind for kind, far in others if not far.sure]
    if passed:
        told += f" On {board.split} it is behind {', '.join(passed)}, by more than luck."
    if level:
        few = all(far.few for _, far in others if not far.sure)
        why = ": two seeds are too few to tell" if few else ""
        return f"{told} On {board.split} it cannot be told from {', '.join(level)}{why}."
    if passed:
        return told
    return f"{told} No other is as good: the lead is more than luck on {board.split}."


def of_board(board: Board, curves: Section | None) -> Iterator[Section]:
    """The sections of a data set."""
    yield Section(
        f"Leaderboard on {board.data}",
        headline(board),
        table=board_table(board),
        note=board.told_by,
        points=tuple(remarks(board)),
    )
    if len(board.entries) > 1:
        yield Section(
            f"Differences from the first on {board.data}",
            f"How far each model is from {board.entries[0].kind}, with intervals of 95 %.",
            table=first_table(board),
        )
    if board.parts:
        yield Section(
            f"Changes of one setting on {board.data}",
            "Each change alone against the net without it; where there are several, all of them "
            "together, and with each left out against all. A difference is the figure with the "
            "change less the figure without.",
            table=ablation_table(board, board.parts),
        )
    if curves is not None:
        yield curves
    if run_table(board).rows:
        yield Section(f"Runs on {board.data}", table=run_table(board))


def remarks(board: Board) -> Iterator[str]:
    """What to know beside the figures."""
    yield f"Data: {'; '.join(one.removesuffix('.') for one in board.about)}."
    for missing in board.left_out:
        yield missing.told
    if again := [one.kind for one in board.left_out if one.again]:
        yield f"The same call tries {'; '.join(again)} again."
    for one in board.entries:
        diverged = sum(run.ending == "diverged" for run in one.runs)
        if diverged:
            yield f"{one.kind}: {diverged} of {len(one.runs)} runs are worse than untrained."
    changed = [part.entry for part in board.parts]
    if together := [one for one in (*board.entries, *changed) if one.together]:
        told = "; ".join(f"{one.kind}, {one.together} of {len(one.runs)}" for one in together)
        yield (
            f"Runs trained together, by compiled steps: {told}. Their time was shared with each "
            "other, and is not to be held against that of runs made one by one."
        )
    most = max((len(one.runs) for one in board.entries if one.seeded), default=0)
    if most == 1:
        yield (
            "There is one seed of each net: a difference is then one of these runs, and another "
            "seed may change it."
        )
    elif 1 < most < FEWEST:
        yield few_seeds(board)
    if board.split == "test" and len(board.looks) > 1:
        yield (
            f"Test was looked at {len(board.looks)} times, first on {board.looks[0]}: what was "
            "chosen by an earlier look is not measured fairly by a later one."
        )
    elif board.split == "test" and board.looks:
        yield f"Test was looked at once, on {board.looks[0]}, and no choice was based on it."
    elif board.split == "dev":
        yield "There is no test split: verdicts are of dev, by which weights were kept."


def few_seeds(board: Board) -> str:
    """Why intervals are wide and verdicts seldom sure where there are two seeds of each net."""
    two, three = map(errors_aside, (2, 3))
    far = [one.kind for one in board.entries if any(map(one.too_few, board.splits))]
    told = (
        "There are two seeds of each net. Two tell little of how much seeds matter: where that is "
        f"most of the luck, an interval of 95 % has {two:.0f} standard errors to either side, of "
        f"three seeds {three:.1f} (Student's t)"
    )
    if far:
        told += (
            f"; of {', '.join(far)} the figures of both seeds stand in place of such an interval"
        )
    return f"{told}. With a third seed the same call trains only what is missing."
