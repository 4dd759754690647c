"""Samples for a report: drawn once, none left out, each marked as new, nearly copied or copied."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hornbook.rendering import are, many
from hornbook.reports import MarkedSample, Samples
from hornbook.text.sample_question import own_temperature
from hornbook.text.samples import Sample

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["marked_samples"]

LINES, LENGTH = 20, 400  # lines; tokens of the beginning of one long text
NEAR = "near copy"


def marked_samples(run: Run) -> Samples:
    """Some samples with seed 0, at the temperature that suits the run: 1, if none was found.

    Raises:
        HornbookError: if none can be drawn.
    """
    lines = run.data.kind == "lines"
    drawn: list[Sample] = list(run.sample(n=LINES) if lines else run.sample(n=1, longest=LENGTH))
    temperature = own_temperature(run)
    at = f"at temperature {1 if temperature is None else temperature:g}"
    if temperature is not None:
        at += ", which suits this run"
    if lines:
        return of_lines(run, drawn, at)
    return Samples(
        f"The first {LENGTH} tokens that the model writes on its own, {at}.",
        tuple(map(marked_text, drawn)),
        long=True,
    )


def of_lines(run: Run, drawn: list[Sample], at: str) -> Samples:
    """Lines, with how many of them are new.

    Args:
        run: that they were drawn from.
        drawn: the lines.
        at: the temperature, in words.
    """
    drawn_how = f"{many(len(drawn), 'sample')}, drawn at random {at}, and none left out"
    one = run.data.an_example
    if not run.data.kept:
        return Samples(
            f"{drawn_how}. {run.data.absent}, so new ones cannot be told from copies.",
            tuple(MarkedSample(sample.text) for sample in drawn),
        )
    near = run.data.novelty.near([sample.text for sample in drawn])
    made = tuple(marked_line(sample, is_near) for sample, is_near in zip(drawn, near, strict=True))
    counts = Counter(sample.mark for sample in made)
    new = counts["new"] + counts[NEAR]
    close = f"one character away from {one} of train"
    copied = [f"{counts[m]:,} {m}" for m in ("in train", "in dev", "in test") if counts[m]]
    told = f"{are(new)} new" if copied else f"{are(new)} new: none is in the data"
    if counts[NEAR]:
        told += f", {counts[NEAR]:,} of them {close} (near copies)"
    elif not copied:
        told += f", and none is {close}"
    return Samples(f"{drawn_how}. Of these, {told}{''.join(f'; {one}' for one in copied)}.", made)


def marked_line(one: Sample, near: bool) -> MarkedSample:
    """A line with its mark."""
    if one.origin != "new":
        return MarkedSample(one.text, "copy", f"in {one.origin}")
    return MarkedSample(one.text, "near", NEAR) if near else MarkedSample(one.text, "new", "new")


def marked_text(one: Sample) -> MarkedSample:
    """A passage, with the longest that is copied in it."""
    if one.longest_copy is None:
        return MarkedSample(one.text)
    if one.origin != "new":
        return MarkedSample(one.text, "copy", f"copied verbatim from {one.origin}")
    return MarkedSample(one.text, "new", f"new; {one.copied}")
