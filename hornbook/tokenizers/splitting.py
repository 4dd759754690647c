"""Patterns that split a text before byte pairs are joined in each part.

Byte pairs are never joined across parts, so that " dog", " dog." and " dog!" share a token. All
patterns find what tiktoken's do. They are written without what the regular expressions of
tokenizers read as something else: possessive quantifiers, which change the speed alone, and `$`,
which there is the end of every line.
"""

from __future__ import annotations

import re

__all__ = ["PATTERNS", "fault_of_pattern"]

SHORT = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
ENDS = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"

PATTERNS = {
    "gpt2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "gpt4": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+\z|\s*[\r\n]|\s+(?!\S)|\s",
    "llama3": rf"{SHORT}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}"
    rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*{ENDS}",
    "qwen": rf"{SHORT}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}"
    rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*{ENDS}",
    "qwen3.5": rf"{SHORT}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|\p{{N}}"
    rf"| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*{ENDS}",
    "o200k": rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{SHORT}?"
    rf"|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{SHORT}?"
    rf"|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*{ENDS}",
}
"""GPT-2's; GPT-4's (cl100k), which splits long numbers and does not take capitals in "'LL" for
others; Llama 3's; Qwen's, for which each digit is a part, and since 3.5 marks are of their word;
and that of GPT-4o (o200k), for which capitals begin a word."""

SAFE = re.compile(
    r"(?P<bad>\\[^pPsSdDrntz\W_]|[$^]|\}\+|\(\?(?!:|i:|=|!)|&&|\[:|\[\^?(?:\\.|[^\]\\])*\[)"
    r"|\\[pP]\{\^?\w+\}|\\.|\[\^?(?:\\.|[^\]\\\[])+\]|.",
    re.DOTALL,
)


def fault_of_pattern(pattern: str) -> str:
    """What of a regular expression means something else in another library; empty if nothing.

    Both libraries were tried with what is let pass. `$` is the end of each line in one and of the
    text in the other, `{1,3}+` is possessive in one and repeated in the other, and `\\w`, `\\b`,
    classes in classes, looking behind and groups with a name are not the same everywhere.
    """
    return next((found["bad"] for found in SAFE.finditer(pattern) if found["bad"]), "")
