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
    tokenizer.json, a SentencePiece .model, or tiktoken ranks."""
    vocab_size: Annotated[int, Bounds(257, 10**6)] = 1024
    "Number of tokens to learn, the 256 bytes and the boundary among them (only bpe)."
    pattern: Literal["auto", "gpt4", "gpt2", "llama3", "qwen", "qwen3.5", "o200k"] = "auto"
    """How text is split before byte pairs are joined in each part (only bpe, and files of ranks,
    which do not say it). auto: gpt4 for bpe; of ranks, by how many there are."""
    min_count: Annotated[int, Bounds(1, 10**9)] = 2
    "Words that occur fewer times in train are read as one unknown word (only words)."
    lowercase: bool = False
    "Read capital letters as small ones (only words)."

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_unless(self.tokens == "bpe", ("vocab_size",), "`tokens=bpe`")
        splits = self.tokens not in ("characters", "graphemes", "bytes", "words", "gpt2")
        self.refuse_unless(splits, ("pattern",), "`tokens=bpe` or a file of ranks")
        self.refuse_unless(self.tokens == "words", ("min_count", "lowercase"), "`tokens=words`")
