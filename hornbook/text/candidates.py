"""Models that are worth trying on a text, sized by it."""

from __future__ import annotations

from collections.abc import Sequence

from hornbook.tasks import Candidate
from hornbook.text.counting import best_counts
from hornbook.text.data import TextData

__all__ = ["candidates"]

LARGE = 1_000  # tokens in a vocabulary from which its tables are most of a net
COUNTED = 5_000_000  # tokens of train: counting more would take more memory than a laptop has


def candidates(data: TextData) -> Sequence[Candidate]:
    """Counts with the order that suits dev, and nets whose size suits the text.

    A net's tables have a row for each token of the vocabulary, and few of these are seen often
    where there are thousands: the more tokens, the narrower the rows. EXPERIMENTS.md has the
    figures.
    """
    found = []
    if data.sizes["train"] <= COUNTED:
        chosen = best_counts(data).settings
        differing = {
            name: value
            for name, value in chosen.as_dict().items()
            if name in ("order", "smoothing") or chosen.smoothing == "add"
        }
        found.append(Candidate(f"counts-{chosen.order}", "ngram", differing))
    wide = data.shape.size < LARGE
    hidden, embedded = (256, 48) if wide else (128, 64)
    layers, model = (4, 128) if wide else (2, 96)
    found.append(Candidate(f"gru-{hidden}", "gru", {"n_hidden": hidden, "n_embd": embedded}))
    found.append(Candidate(f"gpt-{layers}x{model}", "gpt", {"n_layer": layers, "n_embd": model}))
    return found
