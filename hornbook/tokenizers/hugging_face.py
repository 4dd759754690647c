"""Between text and ids: a `tokenizer.json` of Hugging Face, run by the library tokenizers.

So are read those that do more than split a text and join byte pairs: BERT (WordPiece), T5
(Unigram), Llama (▁ for blanks). Its ids are those that the library gives, but for special tokens:
nobody types one. For that they get names that no text has before the library reads the file.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from hornbook.errors import DataError, UnknownTokenError
from hornbook.extras import needing
from hornbook.tokenizers.byte_pair_learning import bytes_of_signs
from hornbook.tokenizers.contract import Texts
from hornbook.tokenizers.libraries import (
    BLANK,
    BYTES,
    Known,
    LibraryTokenizer,
    byte_of,
    refuse_untrue,
)
from hornbook.tokenizers.panics import panics_as, unheard

__all__ = ["ENDS", "HuggingFaceTokenizer", "read_hugging_face"]

HIDDEN = "\0special\0"  # before the names of special tokens
ENDS = ("</s>", "<|endoftext|>", "<|end_of_text|>", "[SEP]", "<eos>", "<s>", "<bos>")
"Special tokens that end a text, the most usual first."
TRIED = "a" + "".join(map(chr, [*range(32, 0xD800, 97), *range(0xE000, 0x20000, 997)]))
"Characters of many scripts, which a damaged file may fail on."
MODELS = ("BPE", "Unigram", "WordPiece", "WordLevel")


class UnreadError(UnknownTokenError):
    """The library fails on a text."""

    def __init__(self, told: str) -> None:
        super().__init__(
            f"The tokenizer fails on the text: {told}.",
            hint="Take another tokenizer, or text without what it does not know.",
        )


@dataclass(frozen=True)
class HuggingFaceTokenizer(LibraryTokenizer):
    """A `tokenizer.json`."""

    kind = "tokenizers"
    libraries = ("tokenizers",)

    model: str
    "The file, whole."

    @property
    def packed(self) -> str:
        """The file."""
        return self.model

    @classmethod
    def unpacked(cls, boundary: bool, breaks: bool, text: str) -> Self:
        """The tokenizer of a file."""
        return cls(boundary, breaks, text)

    @cached_property
    def value(self) -> Mapping[str, Any]:
        """What is in the file.

        Raises:
            ValueError: if it is none.
        """
        value = json.loads(self.model)
        if not isinstance(value, dict) or not isinstance(value.get("model"), dict):
            raise ValueError("it has no model")
        if value["model"].get("type") not in MODELS:
            raise ValueError(f"its model is a {value['model'].get('type')!r}, not one of {MODELS}")
        if not value["model"].get("vocab"):
            raise ValueError("its model has no vocabulary")
        return value

    @cached_property
    def hidden(self) -> Mapping[str, str]:
        """Names of special tokens, and those that no text has."""
        added = [one for one in self.value.get("added_tokens") or [] if one.get("special")]
        names = {one["content"] for one in added} - self.bytes_named
        if isinstance(unk := self.value["model"].get("unk_token"), str):
            names.add(unk)
        return {name: HIDDEN + name for name in sorted(names)}

    @property
    def bytes_named(self) -> frozenset[str]:
        """The names of its bytes, which stand for what has no token: no special ones, whatever the
        file says, or nothing would be found in them.
        """
        return BYTES if self.value["model"].get("byte_fallback") else frozenset()

    @cached_property
    def engine(self) -> Any:
        """What the library calls a tokenizer.

        Raises:
            MissingPackageError: if it is not installed.
            ValueError: if the library does not take it.
        """
        with needing("tokenizers", "A `tokenizer.json`"):
            from tokenizers import Tokenizer
        value = json.loads(json.dumps(self.value))
        value.update(post_processor=None, truncation=None, padding=None)
        for one in value.get("added_tokens") or []:
            one["content"] = self.hidden.get(one["content"], one["content"])
        model = value["model"]
        if "dropout" in model:
            model["dropout"] = None  # of training: the same text would have other tokens each time
        if isinstance(model.get("unk_token"), str):
            model["unk_token"] = self.hidden[model["unk_token"]]
        vocab = model["vocab"]
        if isinstance(vocab, dict):
            model["vocab"] = {self.hidden.get(name, name): i for name, i in vocab.items()}
        else:
            model["vocab"] = [[self.hidden.get(name, name), score] for name, score in vocab]
        with unheard(), panics_as(ValueError):
            found: Any = Tokenizer.from_str(json.dumps(value))
            found.encode_special_tokens = True
            # Without a token for what is unknown it fails here, as the library says of each text
            # that it cannot cut; only a panic tells that it is damaged.
            with contextlib.suppress(Exception):
                found.encode(TRIED, add_special_tokens=False)
        return found

    @cached_property
    def known(self) -> Known:
        """Its tokens, as its model writes text.

        Raises:
            ValueError: if that is not known here.
        """
        names_of = {i: name for name, i in self.engine.get_vocab(with_added_tokens=True).items()}
        size = max(names_of, default=-1) + 1
        if not names_of or size > 2 * len(names_of):
            raise ValueError(f"has holes in its ids: {len(names_of):,} tokens up to {size - 1:,}")
        names = tuple(names_of.get(i, f"{HIDDEN}{i}") for i in range(size))
        specials = {i: name[len(HIDDEN) :] for i, name in enumerate(names)
                    if name.startswith(HIDDEN)}  # fmt: skip
        model = self.value["model"]
        unknown = self.unknown_of(model, names)
        if unknown is not None:
            specials.pop(unknown, None)
            if model.get("byte_fallback") and BYTES.issubset(names):
                specials, unknown = {**specials, unknown: names[unknown]}, None
        added = {one["content"] for one in self.value.get("added_tokens") or []}
        plain = added - self.bytes_named
        pieces = [
            b"" if i in specials
            else "\ufffd".encode() if i == unknown
            else name.encode() if name in plain
            else self.piece(name)
            for i, name in enumerate(names)
        ]  # fmt: skip
        by_name = {name: i for i, name in specials.items()}
        return Known(names, tuple(pieces), specials, unknown,
                     [by_name[name] for name in ENDS if name in by_name])  # fmt: skip

    @staticmethod
    def unknown_of(model: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
        """The id of what has no token."""
        if model["type"] == "Unigram":
            unk = model.get("unk_id")
            return unk if isinstance(unk, int) and 0 <= unk < len(names) else None
        unk = HIDDEN + str(model.get("unk_token"))
        return names.index(unk) if unk in names else None

    @cached_property
    def by_bytes(self) -> bool:
        """Whether its tokens are written in the signs of bytes."""
        return '"ByteLevel"' in json.dumps([self.value.get("pre_tokenizer"),
                                            self.value.get("normalizer")])  # fmt: skip

    def piece(self, name: str) -> bytes:
        """The text of a token.

        Raises:
            ValueError: if it is not known how it is written.
        """
        model = self.value["model"]
        if model["type"] in ("WordPiece", "WordLevel"):
            inner = model.get("continuing_subword_prefix") or ""
            joined = bool(inner) and name.startswith(inner)
            return (name.removeprefix(inner) if joined else f" {name}").encode()
        if model.get("end_of_word_suffix") or model.get("continuing_subword_prefix"):
            raise ValueError("it marks the ends of words, which is not known here")
        if self.by_bytes:
            try:
                return bytes_of_signs(name)
            except KeyError as error:
                raise ValueError(f"the token {name!r} is not in the signs of bytes") from error
        if model.get("byte_fallback") and name in BYTES:
            return byte_of(name)
        return name.replace(BLANK, " ").encode()

    @property
    def about(self) -> str:
        """Its model, how many there are, and what they change."""
        told = f"; they read {self.changes}" if self.changes else ""
        return f"{self.value['model']['type']}, {len(self.known.names):,} tokens{told}"

    def cut(self, text: str) -> tuple[list[int], list[bytes]]:
        """The ids; of unknown tokens what stands in the text, as the library has changed it.

        Raises:
            UnknownTokenError: if the library fails on it.
        """
        with panics_as(UnreadError):
            found = self.engine.encode(text, add_special_tokens=False)
        ids: list[int] = list(found.ids)
        known, unknown = self.known, self.known.unknown
        written = [
            self.unknown_text(text[slice(*offsets)]) if token == unknown else known.pieces[token]
            for token, offsets in zip(ids, found.offsets, strict=True)
        ]
        return ids, written

    def unknown_text(self, part: str) -> bytes:
        """A part of a text that has no token, as it is read."""
        read = part
        if self.engine.normalizer is not None:
            read = self.engine.normalizer.normalize_str(part)
        read = read.replace(BLANK, " ")
        if self.value["model"]["type"] in ("WordPiece", "WordLevel"):
            return f" {read.strip()}".encode()
        if read.startswith(" ") and not part.startswith((" ", BLANK)):
            read = read[1:]
        return read.encode()


def read_hugging_face(name: str, text: str, texts: Texts) -> HuggingFaceTokenizer:
    """The tokenizer of a file.

    Raises:
        DataError: if it is none, or damaged, or cuts text in a way that cannot be undone.
        MissingPackageError: if the library is not installed.
    """
    found = HuggingFaceTokenizer(texts.boundary, texts.breaks, text)
    if fault := found.fault:
        raise DataError(
            f"{name} is not a `tokenizer.json` that can be used: {fault}.",
            hint="Give a `tokenizer.json` as the library tokenizers saves it.",
            setting="tokens",
        )
    refuse_untrue(name, found, texts)
    return found
