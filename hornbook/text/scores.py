"""The loss of a single string, token by token and character by character."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hornbook.compute.pinned import pinned
from hornbook.errors import SettingsError
from hornbook.text.character_costs import CharacterCost, CharacterCosts, characters_of
from hornbook.text.losses import share
from hornbook.text.models.contract import LanguageModel
from hornbook.text.overflow import refuse_overflow
from hornbook.text.stream import ABSENT, encode_lines, encode_text
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["Score", "score"]


@dataclass(frozen=True)
class Score:
    """The loss of a string, and of each of its tokens given those before it."""

    text: str
    tokens: tuple[str, ...]
    "The predicted token at each position, as a label; the boundary token last, if there is one."
    nats: tuple[float, ...]
    "-ln p of each token, in nats."
    characters: int
    "How many code points the tokens are; the boundary token counts as one, the end of a line."
    bytes: int
    "How many bytes of UTF-8."
    by_character: tuple[CharacterCost, ...] = field(repr=False)
    "The same cost by character; the characters of a token cost together what the token costs."
    estimated: bool
    "Whether that is an estimate: a token of the vocabulary is more than a character."

    @property
    def nats_per_token(self) -> float:
        """Mean of -ln p."""
        return self.total / len(self.nats)

    @property
    def nats_per_character(self) -> float:
        """Nats for each code point: what models of other tokens are compared by."""
        return share(self.total, self.characters)

    @property
    def bits_per_byte(self) -> float:
        """Bits for each byte of UTF-8."""
        return share(self.total, self.bytes) / math.log(2)

    @property
    def total(self) -> float:
        """Nats of the whole string."""
        return float(sum(self.nats))

    @property
    def most_surprising(self) -> int:
        """Position of the token with the highest loss, from 0; the first of equals."""
        return int(np.argmax(self.nats))

    def as_dict(self) -> dict[str, Any]:
        """All figures by name."""
        return {
            "text": self.text,
            "nats_per_token": self.nats_per_token,
            "nats_per_character": self.nats_per_character,
            "bits_per_byte": self.bits_per_byte,
            "nats": self.total,
            "tokens": [
                {"token": token, "nats": cost, "probability": float(np.exp(-cost))}
                for token, cost in zip(self.tokens, self.nats, strict=True)
            ],
            "characters": [
                {"character": one.text, "nats": one.nats, "token": one.token}
                for one in self.by_character
            ],
            "characters_estimated": self.estimated,
            "most_surprising": self.most_surprising,
        }


@pinned()
def score(model: LanguageModel, tokenizer: Tokenizer, text: str) -> Score:
    """The loss of a text under a model, read token by token with its full context.

    Raises:
        SettingsError: if there is nothing to score.
        UnknownTokenError: if the text has a token that is not in the vocabulary.
        RunError: if the model's weights are too large to compute with.
    """
    if not text:
        raise SettingsError("There is nothing to score: the text is empty.")
    if tokenizer.boundary is not None:
        stream = encode_lines((text,), tokenizer)
    else:
        stream = encode_text(text, tokenizer)
    targets = stream.ids[stream.first :].astype(np.int64)
    filled = model.reading.filled or tokenizer.boundary is not None
    inputs = np.concatenate([[tokenizer.start if filled else ABSENT], targets[:-1]])
    state, costs, by_byte = None, [], []
    finder = CharacterCosts(tokenizer)
    for token, target in zip(inputs, targets, strict=True):
        logits, state = model.step(np.array([token]), state)
        refuse_overflow(logits)
        row = logits[0].astype(np.float64)
        by_byte.append(finder.of_token(row, int(target)))
        top = row.max()
        if np.isneginf(row[target]):
            costs.append(np.inf)
        else:
            costs.append(float(top + np.log(np.exp(row - top).sum()) - row[target]))
    if tokenizer.lead and len(by_byte[0]) > 1:  # its cost is the first character's
        first, second, *others = by_byte[0]
        by_byte[0] = [first + second, *others]
    ends = [b""] if tokenizer.boundary is not None else []
    written = [*tokenizer.written(text), *ends]
    return Score(
        text,
        tuple(tokenizer.label(int(t)) for t in targets),
        tuple(costs),
        tokenizer.count_characters(targets) - tokenizer.uncounted,
        tokenizer.count_bytes(targets) - tokenizer.uncounted,
        tuple(characters_of(written, by_byte, tokenizer.errors)),
        bool(int(tokenizer.characters_each.max(initial=0)) > 1),
    )
