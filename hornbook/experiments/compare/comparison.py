"""What a comparison came to: its boards, and the files that they are written to."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hornbook.experiments.compare.asking import Ask
from hornbook.experiments.compare.board import Board, BoardEntry, OneRun
from hornbook.experiments.compare.contest import Curve
from hornbook.experiments.compare.curves import curves_section
from hornbook.experiments.compare.page import page_of
from hornbook.experiments.compare.significance import Difference
from hornbook.experiments.compare.standings import standings_section
from hornbook.outputs import write_output
from hornbook.plots.drawing import drawing
from hornbook.plots.saving import save
from hornbook.records import JSON
from hornbook.reports import Section, Wording
from hornbook.storage import write_bytes, write_json

__all__ = ["ModelComparison"]


@dataclass(frozen=True)
class ModelComparison:
    """Boards on one or several data sets."""

    folder: Path
    boards: tuple[Board, ...]
    curves: Mapping[str, Sequence[Curve]]
    "By data set."
    asked: Ask

    @property
    def page(self) -> Path:
        """The page."""
        return self.folder / "comparison.html"

    @cached_property
    def ranks(self) -> list[tuple[str, float, list[int]]]:
        """Of kinds that are on all boards: the mean of their places, and those; best first.

        Places are by the figure on the split that decides; equal ones share the better place.
        """
        if len(self.boards) < 2:
            return []
        placed = [places(board) for board in self.boards]
        shared = [kind for kind in placed[0] if all(kind in one for one in placed)]
        found = []
        for kind in shared:
            own = [one[kind] for one in placed]
            found.append((kind, sum(own) / len(own), own))
        return sorted(found, key=lambda one: one[1])

    @cached_property
    def pictures(self) -> dict[str, Section]:
        """The curves by data set, where something was trained."""
        found = {}
        for board in self.boards:
            section = curves_section(board, self.curves.get(board.data, ()))
            if section is not None:
                found[board.data] = section
        return found

    @cached_property
    def standings(self) -> Section | None:
        """All boards in one picture."""
        return standings_section(self.boards)

    @drawing()
    def write(self, wording: Wording | None = None) -> None:
        """Write page, pictures, tables and figures into the folder.

        Args:
            wording: how settings and calls are written on the page.

        Raises:
            RunError: if one cannot be written, or a file of its name is not ours.
        """
        page = page_of(self.boards, self.ranks, self.standings, self.pictures, self.asked)
        write_output(self.page, page.html(wording).encode())
        if self.standings is not None and self.standings.figure is not None:
            save(self.standings.figure, self.folder / "boards.png")
        for name, section in self.pictures.items():
            if section.figure is not None:
                save(section.figure, self.folder / name / "curves.png")
        write_json(self.folder / "comparison.json", self.as_dict())
        write_bytes(self.folder / "board.csv", as_csv(self.lines()))
        write_bytes(self.folder / "runs.csv", as_csv(self.run_lines()))

    def as_dict(self) -> dict[str, Any]:
        """All of it by name."""
        return {
            "folder": str(self.folder),
            "page": str(self.page),
            "asked": {**self.asked.same_for_all, "seeds": list(self.asked.seeds)},
            "boards": [board_as_dict(board) for board in self.boards],
            "mean_ranks": {kind: mean for kind, mean, _ in self.ranks},
        }

    def lines(self) -> Iterator[dict[str, JSON]]:
        """The lines of all boards, for a table of figures."""
        for board in self.boards:
            for place, one in enumerate(board.entries, 1):
                known = entry_as_dict(one, board)
                nexts = known.pop("next") or {}
                known.pop("first")
                known.pop("runs")
                known |= {f"next_{name}": value for name, value in nexts.items()}
                yield {"data": board.data, "place": place, **known}

    def run_lines(self) -> Iterator[dict[str, JSON]]:
        """All runs, for a table of figures."""
        for board in self.boards:
            for one in (*board.entries, *(part.entry for part in board.parts)):
                for run in one.runs:
                    yield {"data": board.data, "model": one.kind, **run_as_dict(run, board)}


def places(board: Board) -> dict[str, int]:
    """The place of each kind by its figure on the split that decides."""
    sign = 1 if board.measure.best == "lowest" else -1
    figures = {one.kind: sign * (one.figure(board.split) or 0.0) for one in board.entries}
    return {
        kind: 1 + sum(other < value for other in figures.values())
        for kind, value in figures.items()
    }


def board_as_dict(board: Board) -> dict[str, Any]:
    """A board by name."""
    return {
        "data": board.data,
        "about": list(board.about),
        "measure": board.measure.name,
        "unit": board.measure.unit,
        "best": board.measure.best,
        "decided_by": board.split,
        "differences_over": board.groups,
        "told": board.told_by,
        "test_looked_at": list(board.looks),
        "entries": [entry_as_dict(one, board) for one in board.entries],
        "ablation": [
            {
                "family": part.family,
                "change": part.change,
                "against": part.against,
                "difference": difference_as_dict(part.apart, board),
                **entry_as_dict(part.entry, board),
            }
            for part in board.parts
        ],
        "left_out": {
            one.kind: {"why": one.why, "runs": one.missing, "of": one.of} for one in board.left_out
        },
    }


def entry_as_dict(one: BoardEntry, board: Board) -> dict[str, Any]:
    """A line of a board by name."""
    found: dict[str, Any] = {"model": one.kind, "family": one.family or None}
    for split in board.splits:
        interval = one.interval(split)
        found[split] = one.figure(split)
        found[f"{split}_low"] = None if interval is None else interval.low
        found[f"{split}_high"] = None if interval is None else interval.high
    pace = one.runs[0].measured.pace
    return {
        **found,
        "seeds_sd": one.spread,
        "n_runs": len(one.runs),
        "n_together": one.together,
        "parameters": one.parameters,
        "seconds": one.seconds,
        "steps": one.steps,
        "per_second": one.per_second,
        "per_second_of": pace.of if pace else None,
        "new_share": one.new,
        "runs": [run_as_dict(run, board) for run in one.runs],
        "next": difference_as_dict(one.next, board),
        "first": difference_as_dict(one.first, board),
    }


def run_as_dict(run: OneRun, board: Board) -> dict[str, JSON]:
    """A run by name."""
    return {
        "run": None if run.path is None else str(run.path),
        "seed": run.seed,
        **{split: run.figure(split) for split in board.splits},
        "parameters": run.parameters,
        "seconds": run.seconds,
        "steps": run.steps,
        "ending": run.ending or None,
        "together": run.together,
    }


def difference_as_dict(one: Difference | None, board: Board) -> dict[str, JSON] | None:
    """A difference by name; what cannot be told is None."""
    if one is None:
        return None
    figures: dict[str, float | None] = {
        "difference": one.value, "low": one.low, "high": one.high, "p": one.p,
        "p_corrected": one.corrected, "error_over_examples": one.examples,
        "error_over_seeds": one.seeds,
    }  # fmt: skip
    known: dict[str, JSON] = {
        name: None if value is None or math.isnan(value) else value
        for name, value in figures.items()
    }
    better = board.measure.is_better(one.value, 0.0)
    return {**known, "freedom": one.freedom, "more_than_luck": one.sure, "better": better}


def as_csv(lines: Iterator[dict[str, JSON]]) -> bytes:
    """Lines as CSV, with the names of all columns first."""
    rows = list(lines)
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
