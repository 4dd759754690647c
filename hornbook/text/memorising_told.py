"""What was found of a model's memory, in words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hornbook.rendering import figure, many, one_line
from hornbook.reports import Table
from hornbook.statistics import Interval
from hornbook.text.closeness import Close
from hornbook.text.likeness import Apart, Likeness
from hornbook.text.memorising import Memorising

__all__ = ["evidence_table", "figures_table", "told"]

SHOWN = 10  # samples that are shown beside what they are nearest to
LONG, PASSAGE = 40, 70  # characters of an example, and of a passage


def told(found: Memorising) -> str:
    """The verdict with what it rests on, in a few sentences."""
    if found.verdict == "unknown":
        return (
            "Nothing was held out of training, so what the model remembers cannot be told from "
            "what anybody would make who knows what the examples have in common."
        )
    return " ".join(of_lines(found) if found.memory is not None else of_text(found))


def of_lines(found: Memorising) -> Iterator[str]:
    """Of samples that are examples."""
    memory = found.memory
    assert memory is not None
    share = f"{memory.memorised:.0%} of its samples ({percent(memory.interval)})"
    if found.verdict == "none":
        yield (
            "No sign that it repeats its training data: of its samples "
            f"{percent(memory.interval)} may come from memory."
        )
    elif found.verdict == "little":
        yield f"It has memorised a few examples: about {share} come from memory."
    else:
        yield f"It has memorised its training data: about {share} come from memory."
    yield (
        f"For {memory.in_train:.1%} of them the nearest example is one of train, and "
        f"{memory.expected:.1%} of all examples are: so many are expected without memory."
    )
    if found.repeated is not None:
        (train, held), (of_train, of_held) = found.repeated, found.sizes
        yield (
            f"They repeat {train:,} of the {many(of_train, 'example')} of train and {held:,} of "
            f"the {of_held:,} held out."
        )


def of_text(found: Memorising) -> Iterator[str]:
    """Of samples that are stretches of a text."""
    copied = found.copied
    assert copied is not None
    assert copied.usual is not None
    of = f"{copied.copied or 0:.0%} of their characters stand in passages of train longer than"
    usual = f"{many(copied.usual, 'character')}, in which 1% of held-out text stands"
    if found.verdict == "none":
        yield f"No sign that it repeats its training text: {of} {usual}."
    elif found.verdict == "little":
        yield f"It repeats some passages of its training text: {of} {usual}."
    else:
        yield f"It has memorised its training text: {of} {usual}."
    assert copied.held_longest is not None
    yield (
        f"The longest passage copied has {figure(copied.longest, 1)} characters in the mean; of "
        f"held-out stretches as long {figure(copied.held_longest, 1)}"
    )
    if copied.apart is not None:
        yield f"(difference {copied.apart.low:+.1f} to {copied.apart.high:+.1f})."


def percent(interval: Interval) -> str:
    """An interval of a share."""
    return f"{interval.low:.0%} to {interval.high:.0%}"


def figures_table(found: Memorising) -> Table:
    """The figures of the samples beside those of held-out data."""
    rows: list[tuple[str, ...]] = []
    if found.samples is not None:
        rows += close_rows(found.samples, found.held)
    if found.copied is not None:
        held = found.copied.held_longest
        rows.append((
            "longest passage copied", figure(found.copied.longest, 1),
            "" if held is None else figure(held, 1),
        ))  # fmt: skip
        if found.copied.copied is not None:
            rows.append(("in passages longer than usual", f"{found.copied.copied:.1%}", "1.0%"))
    rows += like_rows(found.like, found.held_like)
    heads = ("", "samples", "held out")
    if found.held_like is None:
        return Table(heads[:2], tuple(row[:2] for row in rows))
    return Table(heads, tuple(rows))


def close_rows(own: Close, held: Close | None) -> Iterator[tuple[str, str, str]]:
    """How close they are to the examples of train."""
    for title, name, write in (
        ("texts", "n", "{:,}"),
        ("in train, character for character", "copies", "{:.1%}"),
        ("one edit from an example of train", "near", "{:.1%}"),
        ("edits to the nearest of train", "edits", "{:.2f}"),
        ("  as a share of the length", "relative", "{:.1%}"),
    ):
        beside = "" if held is None else write.format(getattr(held, name))
        yield title, write.format(getattr(own, name)), beside


def like_rows(own: Likeness, held: Likeness | None) -> Iterator[tuple[str, str, str]]:
    """How like train they are as a whole."""
    if own.lengths is not None:
        beside = "" if held is None else figure(held.mean_length, 2)
        yield "length in tokens", figure(own.mean_length, 2), beside
        yield ("distance of lengths to train", apart(own.lengths),
               apart(held.lengths if held is not None else None))  # fmt: skip
    yield ("distance of tokens to train", apart(own.tokens),
           apart(held.tokens if held is not None else None))  # fmt: skip


def apart(one: Apart | None) -> str:
    """A distance with its interval; empty if there is none."""
    if one is None:
        return ""
    if one.interval is None:
        return figure(one.distance, 3)
    return f"{figure(one.distance, 3)} ({one.interval.low:.3f} to {one.interval.high:.3f})"


def evidence_table(found: Memorising, shown: int = SHOWN) -> Table:
    """The samples nearest to train beside what they are nearest to; or the passages copied."""
    if found.copied is not None:
        passages: Sequence[tuple[str, ...]] = [
            (one_line(one.text, PASSAGE), f"{len(one.text):,}", f"{one.place:,}")
            for one in found.copied.passages[:shown]
        ]
        return Table(("passage of a sample", "characters", "in train from"), tuple(passages))
    held = found.held is not None
    rows = []
    for one in found.evidence()[:shown]:
        row = (
            one_line(one.text, LONG), one_line(one.example, LONG), f"{one.edits:,}",
            one_line(one.held_example or "", LONG),
            "" if one.held_edits is None else f"{one.held_edits:,}",
        )  # fmt: skip
        rows.append(row if held else row[:3])
    heads = ("sample", "nearest in train", "edits", "nearest held out", "edits")
    return Table(heads if held else heads[:3], tuple(rows), left=2)
