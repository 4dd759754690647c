"""What a sweep found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hornbook.experiments.sweep.folder import PAGE
from hornbook.experiments.sweep.record import Look
from hornbook.experiments.sweep.rows import Trial
from hornbook.outputs import write_output
from hornbook.records import JSON, as_json
from hornbook.rendering import many
from hornbook.reports.wording import Wording
from hornbook.runs import Run
from hornbook.training.measures import Measure

__all__ = ["Sweep"]


@dataclass(frozen=True)
class Sweep:
    """What a sweep found."""

    folder: Path
    name: str
    "Of the data."
    family: str
    measure: Measure
    "That decides, on dev."
    over: Mapping[str, str]
    "The range of each setting, as it is written."
    usual: Mapping[str, object]
    "The recommended value of each setting."
    trials: tuple[Trial, ...]
    "In the order of their numbers."
    best: Trial
    run: Run | None
    "The best run, in a directory of its own; None if it was made on another machine."
    importance: Mapping[str, float]
    "How much each setting tells of what sets good trials apart, all together 1; perhaps empty."
    looks: tuple[Look, ...]
    "The looks at test so far, the last one at the best run; empty where there is no test split."
    seconds: float

    @property
    def recommended(self) -> Trial | None:
        """The trial with the recommended settings, if it is finished."""
        return next((one for one in self.trials if one.is_of(self.usual) and one.finished), None)

    @property
    def caveat(self) -> str:
        """What its figures do not tell."""
        count = sum(one.finished for one in self.trials)
        if len(self.trials) == 1:
            return "There is one trial alone: nothing was chosen by dev."
        best = f"The best of {many(count, 'finished trial')}"
        if count == 1:
            best = f"The only trial that was finished, of {len(self.trials):,},"
        told = f"{best} was chosen by dev, so its figure on dev is partly luck, and flatters it."
        if not self.looks:
            return told + " There is no test split to tell by how much."
        told += " Its figure on test, by which nothing was chosen, does not."
        earlier = len(self.looks) - 1
        if earlier:
            told += (
                f" Test was looked at {many(earlier, 'time')} before, for another best: whoever "
                "searches on for the sake of test chooses by it."
            )
        return told

    def as_dict(self) -> dict[str, JSON]:
        """All of it by name."""
        return {
            "folder": str(self.folder),
            "run": None if self.run is None else str(self.run.path),
            "family": self.family,
            "measure": self.measure.name,
            "over": dict(self.over),
            "best": self.best.as_dict(),
            "test": self.looks[-1].value if self.looks else None,
            "looks_at_test": [as_json(one) for one in self.looks],
            "recommended": None if self.recommended is None else self.recommended.as_dict(),
            "importance": dict(self.importance),
            "seconds": self.seconds,
            "caveat": self.caveat,
            "trials": [one.as_dict() for one in self.trials],
        }

    def write(self, path: str | Path | None = None, wording: Wording | None = None) -> Path:
        """Write a page with all trials and pictures of them.

        Args:
            path: of the file; by default in the sweep's folder.
            wording: how settings and calls are written; by default as in Python.

        Returns:
            Its path.

        Raises:
            RunError: if it cannot be written.
        """
        from hornbook.experiments.sweep.page import page_of
        from hornbook.plots.drawing import drawing

        file = Path(path) if path is not None else self.folder / PAGE
        with drawing():
            html = page_of(self).html(wording)
        write_output(file, html.encode())
        return file
