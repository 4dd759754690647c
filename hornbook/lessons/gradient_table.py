"""The lecture's table: every value of a derivation, its gradient by hand beside autograd's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from hornbook.lessons.comparison import Comparison
from hornbook.lessons.derivations import Derivation, Values
from hornbook.text.batches import make_batches
from hornbook.text.corpus import Corpus
from hornbook.text.stream import encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["Atom", "atoms", "batch_of"]


@dataclass(frozen=True)
class Atom:
    """A row of the table."""

    comparison: Comparison
    shape: tuple[int, ...]
    formula: str
    "The gradient by hand, as code."
    closed: bool
    "Whether one formula covers several lines at once, instead of one line each."


def atoms(derivation: Derivation, values: Values) -> list[Atom]:
    """A row for each gradient, in the order of backpropagation, then the closed forms.

    Args:
        derivation: the computation.
        values: what its `forward` gave.
    """
    references = derivation.by_autograd(values)
    by_hand = derivation.by_hand(values)
    rows = [(name, by_hand[name], derivation.formula(name), False) for name in derivation.order]
    rows += [
        (name, mine, derivation.closed[name], True)
        for name, mine in derivation.in_one(values, by_hand).items()
    ]
    return [
        Atom(Comparison.of(name, mine, references[name]), (*mine.shape,), formula, closed)
        for name, mine, formula, closed in rows
    ]


def batch_of(derivation: Derivation, corpus: Corpus, seed: int) -> tuple[Values, Tokenizer]:
    """A batch of real data in the place of a derivation's random ids.

    Args:
        derivation: its data says how many examples there are, and how long they are.
        corpus: where they are drawn from; the whole of it, for nothing is learned here.
        seed: of the draw.

    Returns:
        What to give to the derivation's `start`, and the tokenizer of the ids. Of a small corpus
        there may be fewer examples than the derivation would have.
    """
    lines = corpus.mode == "lines"
    tokenizer = CharTokenizer.fit(corpus.examples if lines else [corpus.text], boundary=lines)
    stream = (
        encode_lines(tuple(corpus.examples), tokenizer)
        if lines
        else encode_text(corpus.text, tokenizer)
    )
    sizes = sizes_of(derivation.data)
    batches = make_batches(
        stream, "window", block_size=sizes.get("T", 1), batch_size=sizes["n"], seed=seed
    )
    batch = next(batches)
    return {
        "n": len(batch.inputs),
        "V": tokenizer.vocab_size,
        "Xb": torch.from_numpy(batch.inputs),
        "Yb": torch.from_numpy(batch.targets),
    }, tokenizer


def sizes_of(data: Mapping[str, str]) -> dict[str, int]:
    """Those of a derivation's data that are whole numbers."""
    return {name: int(code) for name, code in data.items() if code.isdecimal()}
