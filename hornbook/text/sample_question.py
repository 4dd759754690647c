"""The question for new samples of a run on text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from hornbook.actions import Action
from hornbook.records import JSONObject
from hornbook.rendering import many
from hornbook.reports import Table
from hornbook.settings import Bounds
from hornbook.tasks import Answer, Beside, Question, Row
from hornbook.text.asked_conditions import with_conditions
from hornbook.text.samples import Piece, Sample
from hornbook.text.sampling import Samples, SamplingSettings, sample
from hornbook.text.weights import Weights, in_eight_bits, told_of_eight_bits

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["SampleQuestion", "SampleSettings", "own_temperature"]

BETWEEN = "---"  # a line between two texts


@dataclass(frozen=True)
class SampleSettings(SamplingSettings):
    """Sampling."""

    weights: Weights = "float32"
    """Weights of the linear layers: as they were learned, or rounded to 8 bits with a scale for
    each row, which is faster for large nets. `evaluate` with the same setting measures the cost."""
    condition: tuple[str, ...] = ()
    """Values that are given, such as country=Japan (only for runs trained with condition); what is
    not named is not given."""
    guidance: Annotated[float, Bounds(0, 100)] = 1.0
    """How much the condition counts: above 1 samples are more typical of it, and each token takes
    two passes; 0: not at all (only with condition)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_unless(bool(self.condition), ("guidance",), "`condition`")


class SampleQuestion(Question):
    """New samples."""

    description = (
        "Sample new examples from RUN, shown as they are drawn.\n\n"
        "Standard output has only the samples, one per line. Samples of several lines are "
        f"separated by a blank line, those of a long text by a line of {BETWEEN}. The share of new "
        "samples goes to standard error; in a terminal, samples that occur in the data are "
        "marked.\n\n"
        "A filter is a command that reads samples, one per line, and prints those that pass: `grep "
        "-Fxf words.txt` passes the words in a list, `python3 valid.py` is a test of your own. It "
        "must end when its input does. The share that passes is printed."
    )
    examples = (
        Action("sample", ("runs/counts",), {"n": 5}),
        Action("sample", ("runs/net",), {"prefix": "an", "only_new": True}),
    )
    options = SampleSettings

    def ask(self, run: Run, *given: SamplingSettings, **options: Any) -> Samples:
        """Draw new examples: `run.sample(n=20, only_new=True)`.

        Args:
            run: of text.
            given: the settings, whole; their defaults if left out.
            options: fields of the settings by name.

        Raises:
            SamplingError, SettingsError, UnknownTokenError: if that is not possible.
        """
        return self.begun(run, self.settled(given, options))[0]

    def begun(self, run: Run, settings: SamplingSettings) -> tuple[Samples, int]:
        """The samples, and how many weights are in 8 bits."""
        data, model, rounded = run.data, run.model, 0
        if getattr(settings, "weights", "float32") == "8bit":
            model, rounded = in_eight_bits(run)
        asked = getattr(settings, "condition", ())
        model = with_conditions(model, data, asked, getattr(settings, "guidance", 1.0))
        if settings.temperature is None and (own := own_temperature(run)) is not None:
            settings = replace(settings, temperature=own)
        longest = settings.longest or data.longest
        made = sample(model, data.tokenizer, settings, longest=longest, novelty=data.novelty)
        return made, rounded

    def answer(self, run: Run, options: SamplingSettings) -> Answer:
        """The samples as they are drawn."""
        own = own_temperature(run) if options.temperature is None else None
        samples, rounded = self.begun(run, options)
        return SampleAnswer(run, samples, options, own, rounded)


def own_temperature(run: Run) -> float | None:
    """The temperature that was found to suit a run, if it is not 1."""
    summary = run.directory.read_summary()
    found = summary.suited.get("temperature", 1.0) if summary is not None else 1.0
    return float(found) if isinstance(found, int | float) and found != 1 else None


class SampleAnswer(Answer):
    """Samples, and how many of them are new.

    Args:
        run: that they are drawn from.
        samples: as they are drawn.
        asked: the settings.
        own: the temperature, where it is the run's own and nobody named it.
        rounded: how many weights are in 8 bits.
    """

    key = "samples"

    def __init__(
        self,
        run: Run,
        samples: Samples,
        asked: SamplingSettings,
        own: float | None,
        rounded: int = 0,
    ) -> None:
        self.run, self.samples, self.asked, self.own = run, samples, asked, own
        self.rounded = rounded
        self.lines = run.data.kind == "lines"
        # What stands between two: as in the data, and where nothing does, a line of its own.
        self.between = f"{BETWEEN}\n"
        if self.lines:
            self.between = "\n" if run.data.separator == "blank" else ""

    def __iter__(self) -> Iterator[Row]:
        pieces, number = self.samples.pieces(), 0
        while (first := next(pieces, None)) is not None:
            between = self.between if number else ""
            row = SampleRow(first, pieces, lines=self.lines, between=between)
            yield row
            row.finish()
            number += 1

    def close(self) -> None:
        """Draw no more."""
        self.samples.close()

    def ending(self) -> JSONObject:
        """How many were drawn, and where they stand."""
        samples = self.samples
        shares = {str(name): share for name, share in samples.shares.items()}
        return {
            "asked": samples.asked,
            "drawn": samples.drawn,
            "shares": shares if self.run.data.kept else None,
            "passed": samples.passed,
            "ended_because": samples.ended_because,
        }

    def remarks(self) -> Sequence[str | Action]:
        """How many are new, why there are fewer than were asked for, and what to ask next."""
        samples = self.samples
        said: list[str | Action] = []
        if not self.run.data.kept:
            said.append(f"{self.run.data.absent}, so new samples cannot be told from copies.")
        elif samples.drawn:
            said.append(self.novelty())
        if changes := self.run.data.tokenizer.changes:
            said.append(f"Its tokens read {changes}: so do samples.")
        if self.own is not None:
            said.append(
                f"Drawn at temperature {self.own:g}, which `best` found for this run; set "
                "`temperature=1` for the probabilities as the model predicts them."
            )
        if self.rounded:
            said.append(told_of_eight_bits(self.run, self.rounded))
        if samples.passed is not None and samples.drawn:
            said.append(f"{samples.passed:.1%} of {samples.drawn:,} drawn pass the filter.")
        if samples.ended_because == "stopped":
            said.insert(0, f"Stopped after {samples.kept:,} of {many(samples.asked, 'sample')}.")
        if samples.shortfall:
            said.append(samples.shortfall)
            if not samples.kept:
                return said  # the same again would find as little
        again = {name: value for name, value in self.asked.changed().items() if name != "longest"}
        more = {"n": 20, **again, "seed": self.asked.seed + 1}
        if self.samples.certain:  # every draw is the same
            more = {"n": 20, **again, "temperature": 0.8}
        return [*said, Action("sample", (str(self.run.path),), more)]

    def novelty(self) -> str:
        """How many of all that were drawn are new, as a sentence."""
        drawn = self.samples.drawn
        counts = {name: round(share * drawn) for name, share in self.samples.shares.items()}
        new = counts.pop("new", 0)
        known = [f"{count:,} in {name}" for name, count in counts.items() if count]
        if not self.lines:
            copied = f"; copied as a whole: {', '.join(known)}" if known else "; none is a copy"
            return f"{many(drawn, 'text')} drawn{copied}."
        near = self.samples.near
        one = self.run.data.an_example
        close = f"{near:,} of them one character away from {one} of train" if near else ""
        if not known:
            told = f"{many(drawn, 'sample')} drawn; none is in the data"
            return f"{told}, {close}." if close else f"{told}."
        told = f"{new:,} new ({new / drawn:.1%})"
        if close:
            return f"{many(drawn, 'sample')} drawn: {told}, {close}; {', '.join(known)}."
        return f"{many(drawn, 'sample')} drawn: {', '.join([told, *known])}."


class SampleRow(Row):
    """One sample, shown as it grows."""

    def __init__(self, first: Piece, pieces: Iterator[Piece], *, lines: bool, between: str) -> None:
        self.piece, self.pieces, self.lines, self.between = first, pieces, lines, between
        self.told = False
        self.whole = lines  # half of a line in a file would look like a whole one

    def finish(self) -> Sample:
        """The sample, when all of it is drawn."""
        while self.piece.sample is None:
            self.piece = next(self.pieces)
        return self.piece.sample

    def shown(self) -> Iterator[str | Table | Beside]:
        """Its text, piece by piece, and where it stands in the data."""
        if self.between:
            yield self.between
        yield self.piece.text
        while self.piece.sample is None:
            self.piece = next(self.pieces)
            yield self.piece.text
        mark = mark_of(self.piece.sample)
        if mark and self.lines:
            yield Beside(f"  {mark}")
        yield "\n"
        if mark and not self.lines:
            yield Beside(f"{mark}\n", always=True)

    def as_dict(self) -> JSONObject:
        """The sample and what is known of it."""
        return self.finish().as_dict()


def mark_of(made: Sample) -> str:
    """What a person would like to know of a sample beside its text; often nothing."""
    if made.longest_copy is not None:
        if made.origin != "new":
            return f"(copied verbatim from {made.origin})"
        return f"({made.copied})"
    notes = [] if made.origin in ("new", None) else [f"in {made.origin}"]
    if not made.ended:
        notes.append("cut at the maximum length")
    return f"({', '.join(notes)})" if notes else ""
