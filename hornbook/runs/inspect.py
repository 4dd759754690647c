"""What can be seen of a run from within: verdicts on its training, and a report."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hornbook.errors import RunError
from hornbook.inspection.health.history import History, number
from hornbook.inspection.health.probe import label
from hornbook.inspection.health.verdicts import Verdict, examine
from hornbook.inspection.page import Page, Section
from hornbook.runs.run import Run
from hornbook.storage import write_bytes

__all__ = ["Inspection", "inspect"]

Table = list[tuple[str, ...]]
UNWATCHED = (
    "Its training was not watched: what went on inside is not known. Train with --watch to see "
    "activations, gradients and updates."
)


@dataclass(frozen=True)
class Inspection:
    """What was found of a run."""

    run: Run
    history: History | None
    "What was recorded in training; None if it was not watched."
    verdicts: tuple[Verdict, ...]

    @property
    def about(self) -> str:
        """The run in a line."""
        parts = [f"{self.run.family} on {self.run.plan['data']['name']}"]
        parts.append(f"{self.run.model.n_parameters:,} parameters")
        if losses := self.run.summary.get("losses"):
            parts.append(", ".join(f"{name} {loss:.4f}" for name, loss in losses.items()))
        if steps := self.run.summary.get("steps"):
            parts.append(f"{steps:,} updates")
        if self.history:
            parts.append(f"{len(self.history.records)} of them watched")
        return "; ".join(parts)

    @property
    def layers(self) -> Table:
        """Figures of the layers at the last update that was watched, the heads first."""
        rows: Table = [("layer", "mean", "deviation", "flat", "never on", "gradient's deviation")]
        for one in self.history.last["layers"] if self.history else ():
            share = [f"{one[key]:.1%}" if key in one else "" for key in ("flat", "idle")]
            rows.append(
                (
                    f"{label(one['name'])} {one['kind']}",
                    f"{number(one['mean']):.3f}",
                    f"{number(one['std']):.3f}",
                    *share,
                    f"{number(one['grad_std']):.2e}" if "grad_std" in one else "",
                )
            )
        return rows

    @property
    def parameters(self) -> Table:
        """Figures of the parameters at the last update that was watched, the heads first.

        The updates are those of the middle record at half of the highest rate or more.
        """
        rows: Table = [("parameter", "shape", "size", "gradient / data", "log₁₀ update / data")]
        shares = self.history.pace() if self.history else {}
        for one in self.history.last["parameters"] if self.history else ():
            size, share = number(one["std"]), shares.get(one["name"], math.nan)
            rows.append(
                (
                    label(one["name"]),
                    " × ".join(map(str, one["shape"])),
                    f"{size:.3g}",
                    f"{number(one['grad_std']) / size:.2e}" if size else "",
                    f"{share:.2f}" if math.isfinite(share) else "",
                )
            )
        return rows

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "run": str(self.run.path),
            "watched": len(self.history.records) if self.history else 0,
            "verdicts": [vars(verdict) for verdict in self.verdicts],
        }

    def page(self) -> Page:
        """The report."""
        sections = [self.told()]
        if self.history:
            from hornbook.inspection.health.pictures import PICTURES

            for draw in PICTURES:
                sections += [
                    Section(title, text, figure) for title, text, figure in draw(self.history)
                ]
            step = f"At update {self.history.last['step']:,}"
            sections.append(Section("Layers", f"{step}.", table=self.layers))
            updates = f"{step}; updates where the rate was high, in the median."
            sections.append(Section("Parameters", updates, table=self.parameters))
        return Page(str(self.run.path), self.about, sections)

    def told(self) -> Section:
        """The verdicts as a section."""
        if not self.history:
            return Section("Health", UNWATCHED)
        found = [
            (verdict.severity, (verdict.what, verdict.why, verdict.change))
            for verdict in self.verdicts
        ]
        return Section(
            "Health", verdicts=found or [("well", ("Nothing amiss was found in its training.",))]
        )

    def write(self, path: Path | str) -> Path:
        """Write the report.

        Raises:
            RunError: if it cannot be written.
        """
        path = Path(path)
        try:
            write_bytes(path, self.page().html().encode("utf-8", "surrogatepass"))
        except OSError as error:
            raise RunError(
                f"Cannot write {path}: {error.strerror or error}.",
                hint="Give a place where you may write with --out.",
            ) from error
        return path


def inspect(run: Run) -> Inspection:
    """Look into a run.

    Args:
        run: of any family.

    Raises:
        RunError: if the run is damaged.
    """
    records = run.directory.read_health()
    if not records:
        return Inspection(run, None, ())
    clip = run.plan["training"]["clip"] if run.plan["training"] else 0.0
    try:
        history = History(
            records, run.tokenizer.vocab_size, clip=clip, metrics=run.directory.read_metrics()
        )
        verdicts = tuple(examine(history))
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"{run.directory.health} is damaged.", hint="Train again.") from error
    return Inspection(run, history, verdicts)
