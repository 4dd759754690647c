"""Models that are worth trying on a text, sized by it."""

from __future__ import annotations

from collections.abc import Sequence

from hornbook.extras import has
from hornbook.tasks import Candidate
from hornbook.text.counting import best_counts
from hornbook.text.data import TextData

__all__ = ["candidates"]

LARGE = 1_000  # tokens in a vocabulary from which its tables are most of a net
COUNTED = 5_000_000  # tokens of train: counting more would take more memory than a laptop has
OTHERS = 500_000  # characters of a text from which byte pairs are tried beside characters
MINUTES = 240.0  # seconds from which there is time for that
PAIRS_ORDER = 4  # tokens in an n-gram of byte pairs
BYTE_PAIRS = {"tokens": "bpe", "vocab_size": 1024}
LONG = 1_200.0  # seconds from which larger nets come to something


def candidates(data: TextData, seconds: float) -> Sequence[Candidate]:
    """Counts with the order that suits dev, and nets whose size suits the text and the time.

    In minutes, many steps of small batches come further than few of large ones, and a small net
    further than a large one. A net's tables have a row for each token of the vocabulary, and few of
    these are seen often where there are thousands: then the rows are narrower, and the batches
    larger, for each step moves all of them. EXPERIMENTS.md has the figures.
    """
    found = []
    if data.sizes["train"] <= COUNTED:
        chosen = best_counts(data).settings
        differing: dict[str, object] = {"order": chosen.order, "smoothing": chosen.smoothing}
        if chosen.smoothing == "add":
            differing["added"] = chosen.added
        found.append(Candidate(f"counts-{chosen.order}", "ngram", differing))
    large, long = data.shape.size >= LARGE, seconds >= LONG
    hidden, embedded = (128, 64) if large else (384 if long else 256, 48)
    layers, model = (4, 128) if long and not large else (2, 96)
    of_lines = {"batch_size": 96 if large else 32} if data.kind == "lines" else {}
    recurrent = {"n_hidden": hidden, "n_embd": embedded, "dropout": 0.3 if large else 0.1}
    attending: dict[str, object] = {
        "n_layer": layers,
        "n_embd": model,
        "dropout": 0.1 if long else 0.0,
    }
    if large:
        attending["tied"] = True
    found.append(Candidate(f"gru-{hidden}", "gru", recurrent, of_lines))
    found.append(Candidate(f"gpt-{layers}x{model}", "gpt", attending, of_lines))
    if other_tokens(data, seconds):
        pairs = {**attending, "tied": True}
        found.append(
            Candidate("byte-pairs-counts", "ngram", {"order": PAIRS_ORDER}, loading=BYTE_PAIRS)
        )
        found.append(Candidate("byte-pairs-gpt", "gpt", pairs, loading=BYTE_PAIRS))
    return found


def other_tokens(data: TextData, seconds: float) -> bool:
    """Whether byte pairs are worth a try: of a long text in characters, where there is time."""
    return (
        data.kind == "text"
        and not data.large  # its tokens are in files, and others would be made all over again
        and sum(map(len, data.splits.train)) >= OTHERS
        and seconds >= MINUTES
        and data.tokenizer.kind == "characters"
        and data.sizes["train"] <= COUNTED
        and has("tokenizers")
    )
