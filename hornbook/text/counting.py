"""The n-gram model that suits some data best: its order and smoothing, chosen on dev.

How long a context pays hangs on the data: names want five characters, molecules a dozen. So no
order is fixed: the contexts grow by a token at a time, each order is measured on dev, and it ends
when two more tokens have not helped. What saves less than a five hundredth does not help: on
molecules the loss falls by a hair a token for as long as there are tokens. So a model whose order
is given, the family's 6 for example, can be better than this one by less than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hornbook.text.data import TextData
from hornbook.text.losses import mean_loss
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.models.trie_growth import growing

__all__ = ["Counted", "best_counts"]

LONGEST = 32  # tokens in an n-gram
PATIENCE = 2  # orders without a better loss
WORTH = 0.998  # of the loss so far: what a longer context must reach
LIMIT = 100_000  # predictions of dev that are measured for each
ADDED = (1.0, 0.1, 0.01)
WITHOUT_DEV = NGramSettings()


@dataclass(frozen=True)
class Counted:
    """What was chosen."""

    settings: NGramSettings
    loss: float | None
    "On dev, nats per token; None without a dev split, where the settings are the defaults."
    tried: tuple[tuple[str, float], ...] = ()
    "Each model in words, with its loss on dev."

    @property
    def words(self) -> str:
        """The model, for people."""
        return in_words(self.settings)


def best_counts(data: TextData, *, smoothings: bool = True) -> Counted:
    """Choose order and smoothing by the loss on dev.

    Args:
        data: with a dev split, or the defaults are given.
        smoothings: whether added constants are tried too, beside Kneser-Ney.

    Raises:
        DataError: if counting would take more memory than there is.
    """
    if "dev" not in data.sizes:
        return Counted(WITHOUT_DEV, None)
    tried: list[tuple[NGramSettings, float]] = []
    chosen: list[tuple[NGramSettings, float]] = []
    ways = [NGramSettings(order=1)]
    if smoothings:
        ways += [NGramSettings(order=1, smoothing="add", added=added) for added in ADDED]
    for way in ways:
        found = list(measured(data, way))
        tried += found
        least = min(loss for _, loss in found)
        chosen.append(next(one for one in found if one[1] * WORTH <= least))
    best, loss = min(chosen, key=lambda one: one[1])
    return Counted(best, loss, tuple((in_words(how), found) for how, found in tried))


def measured(data: TextData, way: NGramSettings) -> Iterator[tuple[NGramSettings, float]]:
    """Each order of a smoothing and its loss, until longer contexts no longer help."""
    since, least = 0, float("inf")
    adjusted = way.smoothing == "kneser-ney"
    levels = growing(data.stream("train"), data.shape.size, LONGEST, adjusted=adjusted)
    for order, found in enumerate(levels, start=1):
        how = NGramSettings.from_dict({**way.as_dict(), "order": order})
        model = NGram(how, data.shape)
        model.levels = found
        loss = mean_loss(model, data.stream("dev"), limit=LIMIT)
        yield how, loss
        since = 0 if loss < WORTH * least else since + 1
        least = min(least, loss)
        if since == PATIENCE:
            return


def in_words(settings: NGramSettings) -> str:
    """A model by counting, for people."""
    if settings.smoothing == "add":
        return f"n-grams, {settings.added:g} added, order {settings.order}"
    return f"n-grams, Kneser–Ney, order {settings.order}"
