"""Patterns that split a text before byte pairs are joined in each part.

Byte pairs are never joined across parts, so that " dog", " dog." and " dog!" share a token. Both
patterns find what tiktoken's do. They are written without what the regular expressions of
tokenizers read as something else: possessive quantifiers, which change the speed alone, and `$`,
which there is the end of every line.
"""

from __future__ import annotations

__all__ = ["PATTERNS"]

PATTERNS = {
    "gpt2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "gpt4": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+\z|\s*[\r\n]|\s+(?!\S)|\s",
}
"""GPT-2's; and GPT-4's, which splits long numbers and does not take capitals in "'LL" for others.
"""
