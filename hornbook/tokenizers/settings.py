"""Which tokens a text is cut into: the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from hornbook.settings import Bounds, Settings

__all__ = ["TokenSettings"]


@dataclass(frozen=True)
class TokenSettings(Settings):
    """Tokens."""

    tokens: str = "characters"
    """What a model predicts one after the other. characters: Unicode code points. graphemes: what a
    reader sees as one (accents and emoji of several code points). bytes: of UTF-8. words: and
    punctuation. bpe: byte pairs, learned from train. gpt2: GPT-2's byte pairs. Or a file of tokens:
    tokenizer.json or tiktoken ranks, of byte pairs."""
    vocab_size: Annotated[int, Bounds(257, 10**6)] = 1024
    "Number of tokens to learn, the 256 bytes and the boundary among them (only bpe)."
    pattern: Literal["gpt4", "gpt2"] = "gpt4"
    "How text is split before byte pairs are learned in each part (only bpe)."
    min_count: Annotated[int, Bounds(1, 10**9)] = 2
    "Words that occur fewer times in train are read as one unknown word (only words)."
    lowercase: bool = False
    "Read capital letters as small ones (only words)."

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_unless(self.tokens == "bpe", ("vocab_size", "pattern"), "`tokens=bpe`")
        self.refuse_unless(self.tokens == "words", ("min_count", "lowercase"), "`tokens=words`")
