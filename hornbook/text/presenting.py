"""What a run on text shows people: a sentence, samples, something to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hornbook.errors import HornbookError
from hornbook.rendering import clip, many
from hornbook.text.asked_conditions import with_conditions
from hornbook.text.models.count_trie import FALLBACK
from hornbook.text.quality import quality
from hornbook.text.quality_question import counted_in, table_of
from hornbook.text.sampling import SamplingSettings, sample

if TYPE_CHECKING:
    from hornbook.reports import Table
    from hornbook.runs import Run
    from hornbook.text.data import TextData

__all__ = [
    "best_samples",
    "draws_new",
    "introduction",
    "previewed",
    "short_example",
    "told_of_discounts",
]

LOOK = 200  # examples of train that are looked at for a short one
PREVIEWS = 4  # samples while training
EASY = 16  # characters of an example that is typed
TRIED = 20  # samples that are looked at for a new one
FEW = 1_000  # different tokens: of fewer hardly any is rare
SHOWN = 500  # samples of each temperature


def told_of_discounts(model: Any) -> tuple[str, ...]:
    """That the discounts of an n-gram model are fixed ones, where they are, and why.

    Of order 1 alone it is not told where there are few different tokens: none of two dozen letters
    occurs once or twice, in any text, and what order 1 has set free is next to nothing.
    """
    orders = getattr(model, "fallbacks", ())
    if not orders or (orders == (1,) and model.vocabulary.size < FEW):
        return ()
    which = f"orders {' and '.join(map(str, orders))}" if len(orders) < 3 else (
        f"orders {', '.join(map(str, orders[:-1]))} and {orders[-1]}"
    )  # fmt: skip
    which = f"order {orders[0]}" if len(orders) == 1 else which
    one, two, more = FALLBACK
    return (
        f"The Kneser–Ney discounts of {which} cannot be estimated: too few n-grams occur once, "
        f"twice, three or four times, as in text that repeats itself. Fixed ones, {one:g}, {two:g} "
        f"and {more:g}, are used; other smoothing may do better.",
    )


def previewed(model: Any, data: TextData) -> list[str]:
    """A few short samples: with conditions one of each of the most frequent values of the first."""
    settings = SamplingSettings(n=PREVIEWS, longest=60)
    if data.conditions is None:
        return [made.text for made in sample(model, data.tokenizer, settings, longest=60)]
    one, found = replace(settings, n=1), []
    for value in data.conditions.values[0][:PREVIEWS]:
        told = with_conditions(model, data, [f"{data.conditions.names[0]}={value}"])
        made = next(sample(told, data.tokenizer, one, longest=60))
        found.append(f"{clip(value, 20)}: {made.text}")
    return found


def introduction(run: Run) -> str:
    """What the model has read and learned, for a reader who does not know the field."""
    data, name = run.data, run.record.data.name
    unit = data.tokenizer.unit
    if data.kind == "lines":
        one = data.one
        read = f"{many(len(data.splits.train), one)} of {name}" if data.kept else name
        return (
            f"This model has read {read} and learned to guess, {unit} by {unit}, how "
            f"{data.an_example} goes on. Guess after guess, it makes {one}s of its own."
        )
    return (
        f"This model has read {name} and learned to guess, {unit} by {unit}, how the "
        "text goes on. Guess after guess, it writes on in the same manner."
    )


def best_samples(run: Run, filter_command: str) -> Sequence[str | Table]:
    """Samples held against the data at several temperatures, and twenty new ones.

    Args:
        run: that has ended.
        filter_command: lets only some of them pass, where one is given.
    """
    lines = run.data.kind == "lines"
    if run.data.large:
        made = run.sample(n=20 if lines else 1, longest=0 if lines else 400)
        return (
            f"{run.data.absent}: nothing here is held against it, and samples may stand in it.",
            "",
            *(one.text for one in made),
        )
    drawn = run.sample(
        n=20 if lines else 1,
        only_new=lines,
        longest=0 if lines else 400,
        filter=filter_command,
    )
    passing = ["let pass by the filter"] if filter_command else []
    table = table_of(
        quality(run, SHOWN if lines else 0, filter_command=filter_command), counted_in(run)
    )
    made = [one.text for one in drawn]
    if not lines:
        return (table, "", *made)
    what = f"{many(len(made), 'sample')}, {' and '.join(['new', *passing])}:"
    between = [""] if run.data.separator == "blank" else []
    texts = [part for text in made for part in (*between, text)]
    return (table, "", what if made else "No sample was new.", *texts)


def draws_new(run: Run) -> bool:
    """Whether some of a few samples are not in the data, so that asking for such is of use."""
    if run.data.kind == "text":
        return True  # what it writes is long, and hardly ever all in the data
    try:
        return any(one.origin == "new" for one in run.sample(n=TRIED))
    except HornbookError:  # then whoever types the line is told
        return False


def short_example(train: Sequence[str]) -> str:
    """One whole example that is easily typed, or else what of the beginning of the first is."""
    whole = (one for one in train[:LOOK] if 2 < len(one) <= EASY and one == one.strip(" -"))
    easy = (one for one in whole if one.isprintable())
    typed = "".join(one if one.isprintable() else "\n" for one in train[0][:EASY])
    first = next(filter(None, (part.strip(" -") for part in typed.split("\n"))), "a")
    return next(easy, first)
