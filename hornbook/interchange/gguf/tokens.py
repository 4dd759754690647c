"""Our tokens as GGUF keeps them, of the kinds that llama.cpp knows.

    gpt2     byte pairs, in the signs of GPT-2, with what was joined
    llama    characters and bytes: SentencePiece's kind, in which nothing is ever joined here

llama.cpp must have a token that ends a text, and, of the second kind, one for each byte of what is
no character of the vocabulary. Where a net has none, they get the rows of the token that it expects
least: a row must be some row, and with that one no greedy choice is another, for of two equal
logits the first is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hornbook.errors import SettingsError
from hornbook.interchange.hugging_face.tokenizer_json import boundary_name
from hornbook.tokenizers.byte_pair_encoders import parts_of
from hornbook.tokenizers.byte_pair_learning import sign_of_byte
from hornbook.tokenizers.byte_pairs import BytePairTokenizer
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Tokenizer
from hornbook.tokenizers.hugging_face import HuggingFaceTokenizer
from hornbook.tokenizers.libraries import BLANK
from hornbook.tokenizers.single_bytes import ByteTokenizer

__all__ = ["GGUFTokens", "gguf_tokens"]

NORMAL, CONTROL, BYTE = 1, 3, 6
"Types of tokens."
SPLITS: Mapping[str, str] = {"gpt2": "gpt-2", "gpt4": "llama-bpe", "llama3": "llama-bpe"}
"""What llama.cpp calls patterns. That of GPT-4 differs from Llama 3's at the end of a text alone:
blanks that follow its last line feed are one part with it."""
END = "</s>"
BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))


@dataclass(frozen=True)
class GGUFTokens:
    """Tokens in the order of their ids."""

    kind: str
    split: str
    "By which pattern text is split; empty where it is not."
    names: Sequence[str]
    types: Sequence[int]
    merges: Sequence[str] = field(default=())
    end: int = 0
    "The id that ends a text, and begins it where `begins`."
    begins: bool = False
    more: int = 0
    "How many at the end the net has not."


def gguf_tokens(tokenizer: Tokenizer) -> GGUFTokens:
    """A tokenizer's tokens.

    Raises:
        SettingsError: if llama.cpp could not read them as we do.
    """
    if isinstance(tokenizer, BytePairTokenizer):
        return of_byte_pairs(tokenizer)
    if isinstance(tokenizer, ByteTokenizer):
        if tokenizer.raw:
            raise SettingsError(
                "This run was trained on files that are no text, and llama.cpp reads text.",
                hint="Export it to ONNX (`to=onnx`).",
                setting="to",
            )
        names = list(BYTES)
        names[ord(" ")] = BLANK  # llama.cpp writes blanks so before it looks for tokens
        return of_llama(tokenizer, names, bytes_too=False)
    if isinstance(tokenizer, CharTokenizer):
        refuse_unwritable(tokenizer)
        named = {" ": BLANK, "\0": BYTES[0], "": ""}
        names = [named.get(character, character) for character in tokenizer.spelled]
        return of_llama(tokenizer, names, bytes_too=True)
    raise SettingsError(
        f"This run's tokens ({tokenizer.about}) cannot be written for llama.cpp: hornbook writes "
        "characters, bytes, byte pairs that it learned, and GPT-2's.",
        hint="Export the run to a folder (`to=huggingface`): llama.cpp's own "
        "convert_hf_to_gguf.py makes a file of it if it knows such tokens. Or train with one of "
        "those `tokens`."
        if tokenizer.kind == HuggingFaceTokenizer.kind
        else "Train with one of those `tokens`.",
        setting="to",
    )


def refuse_unwritable(tokenizer: CharTokenizer) -> None:
    """Refuse characters that llama.cpp reads as something else.

    Raises:
        SettingsError: if there are some.
    """
    if BLANK in tokenizer.characters:
        raise SettingsError(
            f"This run's vocabulary has {BLANK!r} (U+2581), which llama.cpp reads as a blank.",
            hint="Remove it from the data, and train again.",
        )
    if any("\ud800" <= character <= "\udfff" for character in tokenizer.characters):
        raise SettingsError(
            "This run's vocabulary has half of a surrogate pair, which GGUF cannot hold.",
            hint="Remove it from the data, and train again.",
        )


def of_llama(
    tokenizer: CharTokenizer | ByteTokenizer, names: list[str], *, bytes_too: bool
) -> GGUFTokens:
    """Characters or bytes, with what llama.cpp must have beside them."""
    types = [BYTE if name in BYTES else NORMAL for name in names]
    size, end = len(names), tokenizer.boundary
    if end is None:
        end = len(names)
        names, types = [*names, END], [*types, CONTROL]
    elif end < len(names):
        names[end], types[end] = boundary_name(tokenizer), CONTROL
    else:
        names, types, size = [*names, boundary_name(tokenizer)], [*types, CONTROL], size + 1
    if bytes_too:
        more = [name for name in BYTES if name not in names]
        names, types = [*names, *more], [*types, *[BYTE] * len(more)]
    begins = tokenizer.boundary is not None
    return GGUFTokens("llama", "", names, types, (), end, begins, len(names) - size)


def of_byte_pairs(tokenizer: BytePairTokenizer) -> GGUFTokens:
    """Byte pairs, the special ones as they are named."""
    if tokenizer.pattern not in SPLITS:
        raise SettingsError(
            "llama.cpp cannot split text as these tokens ask for; it can by the patterns "
            f"{', '.join(SPLITS)}.",
            hint="Train with one of those (`pattern=gpt4`), or export to another format.",
            setting="to",
        )
    signs, ranks = sign_of_byte(), {token: rank for rank, token in enumerate(tokenizer.tokens)}

    def written(piece: bytes) -> str:
        return "".join([signs[byte] for byte in piece])

    joins = [parts_of(token, ranks) for token in tokenizer.tokens if len(token) > 1]
    merges = [f"{written(pair[0])} {written(pair[1])}" for pair in joins if pair is not None]
    names = [*map(written, tokenizer.tokens), *tokenizer.specials]
    types = [*[NORMAL] * len(tokenizer.tokens), *[CONTROL] * len(tokenizer.specials)]
    size = len(names)
    if not tokenizer.specials:
        names, types = [*names, END], [*types, CONTROL]
    return GGUFTokens(
        "gpt2", SPLITS[tokenizer.pattern], names, types, merges, len(tokenizer.tokens),
        tokenizer.boundary is not None, len(names) - size,
    )  # fmt: skip
