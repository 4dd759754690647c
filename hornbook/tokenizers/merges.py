"""A `tokenizer.json` that splits a text and joins pairs of bytes, taken apart.

Byte pairs of ours are joined in the order of their ids, and split by one pattern. A file may have
another order, several patterns, and tokens that are found in a text before it is split; it still
says all in tables, from which other programs can do the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hornbook.errors import DataError
from hornbook.tokenizers.byte_pair_learning import bytes_of_signs, sign_of_byte
from hornbook.tokenizers.hugging_face import HuggingFaceTokenizer
from hornbook.tokenizers.splitting import PATTERNS, fault_of_pattern

__all__ = ["NUMBER", "Merges", "merges_of", "splits_of"]

NUMBER = r"\p{N}"


@dataclass(frozen=True)
class Merges:
    """How a text becomes ids."""

    vocab: Mapping[str, int]
    "Ids of the tokens that text is joined to, by their bytes in the signs of GPT-2."
    pairs: Sequence[tuple[str, str]]
    "What is joined, the first of them first."
    splits: tuple[str, ...]
    "Names of PATTERNS, or regular expressions: each splits what the one before it left."
    whole: bool
    "Whether a part that is a token is that token, whatever the pairs would make of it."
    settled: bool
    "Whether the pairs would make that token of it, too."
    specials: Mapping[str, int]
    "Ids that no text has."
    defined: Mapping[str, int]
    "Ids of texts that are found before anything is split, the longest at the first place."


def merges_of(tokenizer: HuggingFaceTokenizer) -> Merges:
    """The tables of a `tokenizer.json`.

    Raises:
        DataError: if it does something that they do not say; the message is a part of a sentence.
    """
    value, model = tokenizer.value, tokenizer.value["model"]
    if model["type"] != "BPE":
        raise DataError(f"they are of the kind {model['type']}")
    if value.get("normalizer") is not None:
        raise DataError("they change a text before it is split")
    if model.get("byte_fallback"):
        raise DataError("they join characters, not bytes")
    splits = splits_of(value.get("pre_tokenizer") or {})
    added = {one["content"]: one for one in value.get("added_tokens") or []}
    vocab = {name: i for name, i in model["vocab"].items() if name not in added}
    if missing := set(sign_of_byte().values()) - vocab.keys():
        raise DataError(f"{len(missing)} of the 256 bytes are missing")
    pairs = [(first, second) for first, second in (
        one.split(" ") if isinstance(one, str) else one for one in model["merges"]
    )]  # fmt: skip
    if len(set(pairs)) < len(pairs) or not {a + b for a, b in pairs} <= vocab.keys():
        raise DataError("a pair is joined twice, or to a token that no text has")
    for name in vocab:
        bytes_of_signs(name)
    defined = {name: one for name, one in added.items() if not one.get("special")}
    refuse_unclear(defined)
    ids = {name: i for i, name in enumerate(tokenizer.known.names)}  # the library may give others
    return Merges(
        vocab=vocab,
        pairs=pairs,
        splits=splits,
        whole=bool(model.get("ignore_merges")),
        settled=are_settled(vocab, pairs),
        specials={name: ids[hidden] for name, hidden in tokenizer.hidden.items()},
        defined={name: ids[name] for name in defined},
    )


def splits_of(splitting: Mapping[str, Any]) -> tuple[str, ...]:
    """By what a `tokenizer.json` splits text, one pattern after the other.

    Args:
        splitting: its `pre_tokenizer`.

    Raises:
        DataError: if it does so in another way; the message is a part of a sentence.
    """
    *before, last = splitting.get("pretokenizers", [splitting])
    if last.get("type") != "ByteLevel" or last.get("add_prefix_space"):
        raise DataError("they split a text in a way that is not known here")
    found = list(map(split_of, before))
    if last.get("use_regex", True):
        found.append("gpt2")
    return tuple(found)


def split_of(step: Mapping[str, Any]) -> str:
    """One of them.

    Raises:
        DataError: as `splits_of`.
    """
    if step.get("type") == "Digits":
        return NUMBER if step.get("individual_digits") else f"{NUMBER}+"
    if step.get("type") == "Split" and step.get("behavior") == "Isolated":
        pattern = step["pattern"].get("Regex", "")
        named = next((key for key, known in PATTERNS.items() if known == pattern), "")
        if pattern and not step.get("invert"):
            if not named and (bad := fault_of_pattern(pattern)):
                raise DataError(
                    f"they split a text by a pattern with {bad!r} in it, which programs read in "
                    "several ways"
                )
            return named or pattern
    raise DataError("they split a text in a way that is not known here")


def refuse_unclear(defined: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse tokens of which it hangs on the program where they are found.

    Raises:
        DataError: if there are some; the message is a part of a sentence.
    """
    for flag in ("single_word", "lstrip", "rstrip"):
        if name := next((name for name, one in defined.items() if one.get(flag)), None):
            raise DataError(f"the token {name!r} takes what stands around it into account")
    if len({bool(one.get("normalized")) for one in defined.values()}) > 1:
        raise DataError("some added tokens are found before others")
    for one in defined:
        for other in defined:
            for size in range(1, min(len(one), len(other))):
                if one != other and one[-size:] == other[:size]:
                    raise DataError(f"the added tokens {one!r} and {other!r} can overlap")


def are_settled(vocab: Mapping[str, int], pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether the bytes of each token are joined to that token."""
    from tokenizers import Tokenizer, models

    engine = Tokenizer(models.BPE(vocab=dict(vocab), merges=list(pairs)))
    names = list(vocab)
    found = engine.encode_batch(names, add_special_tokens=False)
    return all(one.ids == [vocab[name]] for name, one in zip(names, found, strict=True))
