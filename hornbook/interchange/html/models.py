"""Models as the page describes them: nets, counts, and mixtures of both."""

from __future__ import annotations

from typing import Any

import numpy as np

from hornbook.errors import SettingsError
from hornbook.interchange.html.tensors import Packed
from hornbook.records import JSON
from hornbook.text.models.contract import LanguageModel
from hornbook.text.models.memory import WindowMemory
from hornbook.text.models.mixture import Mixture
from hornbook.text.models.ngram import NGram

__all__ = ["described_model"]

Spec = dict[str, JSON]


class Prefixed(Packed):
    """Takes the arrays of a part of a model, such as a member of a mixture, under its name."""

    def __init__(self, whole: Packed, part: str) -> None:
        super().__init__(whole.precision)
        self.whole, self.part = whole, part

    def add(self, name: str, array: Any) -> str:
        """Take an array for the whole."""
        return self.whole.add(f"{self.part}.{name}", array)


def described_model(model: LanguageModel, packed: Packed) -> Spec:
    """A model as the page reads it.

    Args:
        model: of any family that the page knows.
        packed: takes its arrays.

    Raises:
        SettingsError: if the page cannot compute it.
    """
    if isinstance(model, NGram):
        return described_counts(model, packed)
    if isinstance(model, Mixture):
        return described_mixture(model, packed)
    return described_network(model, packed)


def described_network(model: LanguageModel, packed: Packed) -> Spec:
    """A net, by what it remembers."""
    from hornbook.interchange.html.layers import described_net
    from hornbook.nn import Net
    from hornbook.text.models.layer_memory import BlockMemory, LayerMemory

    if not isinstance(model, Net):
        raise SettingsError(
            "The page cannot compute a model of this kind: it has n-grams, nets made of layers, "
            "and mixtures of both."
        )
    net = described_net(model, packed, window=model.block_size, start=model.vocabulary.start)
    if isinstance(model.memory, BlockMemory):
        return {"kind": "block", "net": net, "block": model.memory.block_size}
    assert isinstance(model.memory, LayerMemory | WindowMemory)
    return {"kind": "row", "net": net}


def described_counts(model: NGram, packed: Packed) -> Spec:
    """The tables of n-grams, level by level."""
    settings, levels = model.settings, list[JSON]()
    smooth = settings.smoothing == "kneser-ney"
    for length, level in enumerate(model.levels):
        arrays = {
            name: packed.add(f"{name}.{length}", fit(getattr(level, name)))
            for name in ("older", "begins", "tokens", "offsets", "counts")
        }
        whole = None if level.whole is None else packed.add(f"whole.{length}", fit(level.whole))
        discounts = level.discounts.tolist() if smooth else None
        levels.append({**arrays, "whole": whole, "discounts": discounts})
    vocabulary = model.vocabulary
    return {
        "kind": "counts",
        "given": described_parts(model, packed),
        "order": settings.order,
        "size": vocabulary.size,
        "boundary": vocabulary.boundary,
        "start": vocabulary.start,
        "smoothing": settings.smoothing,
        "added": settings.added,
        "levels": levels,
    }


def described_parts(model: NGram, packed: Packed) -> JSON:
    """The counts of each value's examples, and their shares; None without conditions."""
    conditioned = model.conditioned
    if conditioned is None:
        return None
    parts: list[JSON] = []
    for k, (size, own) in enumerate(zip(conditioned.sizes, conditioned.parts, strict=True)):
        parts.append(
            [
                described_counts(own[value], Prefixed(packed, f"value.{k}.{value}"))
                if value in own
                else None
                for value in range(size)
            ]
        )
    shares: JSON = [own.tolist() for own in conditioned.shares]
    return {"sizes": list(conditioned.sizes), "shares": shares, "parts": parts}


def fit(array: Any) -> Any:
    """Whole numbers that are not negative, in the smallest type of the page that holds them.

    Raises:
        SettingsError: if one is too large.
    """
    largest = int(array.max(initial=0))
    for kind in (np.uint8, np.uint16, np.uint32):
        if largest <= np.iinfo(kind).max:
            return array.astype(kind)
    raise SettingsError(f"The page cannot hold a count of {largest:,}.")


def described_mixture(model: Mixture, packed: Packed) -> Spec:
    """The members, each with arrays of its own, and their weights."""
    members: list[JSON] = [
        described_model(member, Prefixed(packed, str(number)))
        for number, member in enumerate(model.members)
    ]
    both = model.weights.ndim == 2
    weights, endings = model.weights if both else (model.weights, None)
    return {
        "kind": "mixture",
        "how": model.settings.how,
        "weights": weights.tolist(),
        "endings": None if endings is None else endings.tolist(),
        "end": model.vocabulary.boundary,
        "size": model.vocabulary.size,
        "members": members,
    }
