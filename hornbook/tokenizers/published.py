"""GPT-2's byte pairs, as OpenAI published them (MIT licence); they come with the package."""

from __future__ import annotations

from pathlib import Path

from hornbook.tokenizers.byte_pairs import END, BytePairTokenizer
from hornbook.tokenizers.contract import Texts
from hornbook.tokenizers.rank_files import of_ranks

__all__ = ["GPT2", "published_byte_pairs"]

GPT2 = "gpt2"
RANKS = Path(__file__).with_name("bundled") / "gpt2.tiktoken"


def published_byte_pairs(texts: Texts) -> BytePairTokenizer:
    """GPT-2's tokenizer: 50,257 ids, of which the last, <|endoftext|>, is the boundary of lines."""
    tokens = of_ranks(str(RANKS), RANKS.read_bytes())
    return BytePairTokenizer(tokens, GPT2, (END,), texts.boundary, texts.breaks)
