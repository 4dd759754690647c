"""The question how good a run's samples are, and its table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from hornbook.actions import Action
from hornbook.records import JSONObject
from hornbook.rendering import figure
from hornbook.reports import Table
from hornbook.settings import Bounds, Settings
from hornbook.tasks import Answer, Beside, Question, Row
from hornbook.text.quality import SECONDS, TEMPERATURES, Quality, quality
from hornbook.text.temperature import worth

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["QualityQuestion", "QualitySettings", "counted_in", "table_of"]

ROWS = {
    "length": "length in characters",
    "length_sd": "  standard deviation",
    "known_length": "length as in train",
    "ended": "ended, not cut",
    "characters": "distance: characters",
    "first": "distance: first character",
    "last": "distance: last character",
    "repeats": "repeats",
    "in_train": "copy of train",
    "in_dev": "in dev or test only",
    "near": "new, 1 character from train",
    "known_words": "words that train has",
    "longest_copy": "longest passage copied",
    "passed": "pass the filter",
    "usable": "sound, new, once",
}
"What stands before each figure."
IN_CHARACTERS = {"length", "length_sd", "longest_copy"}
DISTANCES = {"characters", "first", "last"}


@dataclass(frozen=True)
class QualitySettings(Settings):
    """Samples to measure."""

    n: Annotated[int, Bounds(0, 10**7)] = 0
    "Samples drawn at each temperature (0: 1,000 lines, or 10 texts)."
    temperatures: Annotated[tuple[float, ...], Bounds(0, 100)] = TEMPERATURES
    "Temperatures to draw at."
    filter: str = ""
    """Also report the share that passes this command, which reads one sample per line and prints
    those that pass, as grep does."""
    filter_seconds: Annotated[float, Bounds(0, 86_400, above=True)] = SECONDS
    "Seconds that the filter may take for each temperature (only with filter)."
    seed: Annotated[int, Bounds(0, 2**63 - 1)] = 0
    "Random seed; the same seed gives the same samples."
    longest: Annotated[int, Bounds(0, 10**7)] = 0
    "Maximum length of a sample in tokens (0: as for sample)."

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_unless(bool(self.filter), ("filter_seconds",), "`filter`")


class QualityQuestion(Question):
    """How samples compare with the data."""

    description = (
        "Compare samples of RUN with its data, at several temperatures.\n\n"
        "The column dev has the same figures for the dev split: what real examples score. A "
        "distance is the total variation distance to train: 0 if two distributions are the same, 1 "
        "if they have nothing in common. A sample is sound if it passes the filter; without one, "
        "if its length is not rare in train. A filter is a command, as for sample."
    )
    examples = (
        Action("quality", ("runs/net",)),
        Action("quality", ("runs/net",), {"temperatures": (0.7, 0.9), "filter": "grep ^a"}),
    )
    options = QualitySettings

    def ask(self, run: Run, *given: QualitySettings, **options: Any) -> tuple[Quality, ...]:
        """The figures: `run.quality(n=500, temperatures=(0.8, 1.0))`.

        Raises:
            RunError, SettingsError, ToolError: if they cannot be had.
        """
        s: QualitySettings = self.settled(given, options)
        return quality(
            run,
            s.n,
            s.temperatures,
            s.filter,
            seed=s.seed,
            longest=s.longest,
            filter_seconds=s.filter_seconds,
        )

    def answer(self, run: Run, options: QualitySettings) -> Answer:
        """One table."""
        return QualityAnswer(run, self.ask(run, options))


class QualityAnswer(Answer):
    """The figures of what was held out, and of each temperature."""

    def __init__(self, run: Run, found: Sequence[Quality]) -> None:
        self.run, self.found = run, found

    def __iter__(self) -> Iterator[Row]:
        unit = counted_in(self.run)
        return (
            QualityRow(one, self.found if one is self.found[0] else (), unit) for one in self.found
        )

    def remarks(self) -> Sequence[str | Action]:
        """Where most samples are of use, and how to draw there."""
        # None above 1, as in `suitable_temperature`: what is new there is often garbled.
        made = [one for one in self.found if one.temperature is not None and one.temperature <= 1]
        made = made or list(self.found[-1:])
        best = max(made, key=worth) if made[0].usable is not None else None
        drawn = {"n": 20, "temperature": best.temperature if best else 0.8}
        said: list[str | Action] = []
        if best is not None and len(made) > 1:
            said.append(
                f"The best of these temperatures, up to 1, is {best.temperature:g}: "
                f"{best.usable:.1%} of its samples are sound, new and not repeated."
            )
        return [*said, Action("sample", (str(self.run.path),), drawn)]


@dataclass(frozen=True)
class QualityRow(Row):
    """The figures of one temperature; the first one shows the table of all."""

    one: Quality
    table: Sequence[Quality]
    unit: str
    "What lengths are counted in."

    def shown(self) -> Iterator[str | Table | Beside]:
        """A column for each temperature."""
        if not self.table:
            return
        yield table_of(self.table, self.unit)

    def as_dict(self) -> JSONObject:
        """All figures by name."""
        return self.one.as_dict()


def counted_in(run: Run) -> str:
    """What the lengths in a run's figures are in: bytes of one text that is not text."""
    return "byte" if run.data.raw and run.data.kind == "text" else "character"


def table_of(found: Sequence[Quality], unit: str = "character") -> Table:
    """A column for what was held out, and for each temperature; lengths are in units."""
    heads = ["dev" if one.temperature is None else f"at {one.temperature:g}" for one in found]
    rows = [("samples", *(f"{one.n:,}" for one in found))]
    for name, title in ROWS.items():
        values = [getattr(one, name) for one in found]
        if any(value is not None for value in values):
            counted = title.replace("character", unit)
            rows.append((counted, *(cell(name, value) for value in values)))
    return Table(("", *heads), tuple(rows))


def cell(name: str, value: float | None) -> str:
    """A figure as it is read."""
    if value is None:
        return ""
    if name in IN_CHARACTERS:
        return figure(value, 2)
    return figure(value, 3) if name in DISTANCES else f"{value:.1%}"
