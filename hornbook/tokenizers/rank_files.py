"""tiktoken's ranks: a file with a line for each token, its bytes in base64 and its rank.

It does not say how text is split before tokens are joined; of published ones their number does.
"""

from __future__ import annotations

import base64
import binascii
import re

from hornbook.errors import DataError, as_typed
from hornbook.tokenizers.splitting import PATTERNS

__all__ = ["is_ranks", "of_ranks", "pattern_of_ranks", "refused"]

LINE = 4_096  # bytes of the first rank, at most
GOOD = "Give a `tokenizer.json`, a SentencePiece model, or tiktoken's ranks."
PUBLISHED = {
    50_256: "gpt2", 100_256: "gpt4", 128_000: "llama3", 151_643: "qwen", 199_998: "o200k",
    248_044: "qwen3.5",
}  # fmt: skip
"The pattern of vocabularies that were published, by the number of their ranks."
P50K = (50_256, 50_280)  # the hole in p50k's ranks, and how many they are
NO_TOKEN = b"="  # how Whisper's file writes the last of its ranks, whose token is empty


def is_ranks(text: bytes) -> bool:
    """Whether a file begins as ranks do: base64, a blank, a number."""
    return re.match(rb"[A-Za-z0-9+/]+=* \d+\s*(?:\n|\r|$)", text[:LINE]) is not None


def of_ranks(name: str, data: bytes) -> tuple[bytes, ...]:
    """The tokens of tiktoken's ranks: a line for each, its bytes in base64 and its rank.

    Raises:
        DataError: if a line is something else, or a rank is missing or there twice.
    """
    found: dict[int, bytes] = {}
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            token, rank = line.split()
            place = int(rank)
            spelled = b"" if token == NO_TOKEN else base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            raise refused(
                name, f"is damaged: line {number:,} is not a token and its rank"
            ) from None
        if place in found:
            raise refused(name, f"has rank {place:,} twice, the second time in line {number:,}")
        found[place] = spelled
    if (hole := next((at for at in range(len(found)) if at not in found), None)) is not None:
        also = ""
        if (hole, len(found)) == P50K:
            also = ("; these are p50k's, whose special token stands among those of text. Those of "
                    "r50k (`tokens=gpt2`) are the same but for 24 runs of blanks")  # fmt: skip
        raise refused(name, f"has holes: rank {hole:,} is missing{also}")
    if found and not found[len(found) - 1]:
        del found[len(found) - 1]  # no text has it
    return tuple(found[at] for at in range(len(found)))


def pattern_of_ranks(name: str, count: int, asked: str) -> str:
    """The pattern that splits text for ranks, which do not say it.

    Raises:
        DataError: if it is not known and was not said.
    """
    known = PUBLISHED.get(count)
    if asked != "auto":
        if known not in (None, asked):
            raise DataError(
                f"{name} has {count:,} ranks, as many as those of {known}; with "
                f"`pattern={as_typed(asked)}` their model would not know its text again.",
                hint="Leave `pattern` out.",
                setting="pattern",
            )
        return asked
    if known is None:
        raise DataError(
            f"{name} has {count:,} ranks, which are of no vocabulary that is known here, and does "
            "not say how text is split before byte pairs are joined.",
            hint=f"Set `pattern` to one of {', '.join(PATTERNS)}: the one that they were learned "
            "with.",
            setting="pattern",
        )
    return known


def refused(name: str, why: str) -> DataError:
    """The error that a file is not one of tokens."""
    return DataError(f"{name} {why}.", hint=GOOD, setting="tokens")
