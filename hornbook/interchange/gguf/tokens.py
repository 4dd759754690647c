"""Our tokens as GGUF keeps them, of the kinds that llama.cpp knows.

    gpt2     byte pairs, in the signs of GPT-2, with what was joined: ours, or of a `tokenizer.json`
    llama    characters and bytes: SentencePiece's kind, in which nothing is ever joined here

llama.cpp must have a token that ends a text, and, of the second kind, one for each byte of what is
no character of the vocabulary. Where a net has none, they get the rows of the token that it expects
least: a row must be some row, and with that one no greedy choice is another, for of two equal
logits the first is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hornbook.errors import DataError, SettingsError
from hornbook.interchange.hugging_face.tokenizer_json import END_NAMES, boundary_name
from hornbook.tokenizers.byte_pair_encoders import parts_of
from hornbook.tokenizers.byte_pair_learning import sign_of_byte
from hornbook.tokenizers.byte_pairs import BytePairTokenizer
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Tokenizer
from hornbook.tokenizers.hugging_face import ENDS, HuggingFaceTokenizer
from hornbook.tokenizers.libraries import BLANK
from hornbook.tokenizers.merges import NUMBER, Merges, merges_of
from hornbook.tokenizers.single_bytes import ByteTokenizer

__all__ = ["GGUFTokens", "gguf_tokens"]

NORMAL, CONTROL, DEFINED, UNUSED, BYTE = 1, 3, 4, 5, 6
"Types of tokens."
SPLITS: Mapping[str, str] = {
    "gpt2": "gpt-2", "gpt4": "llama-bpe", "llama3": "llama-bpe", "qwen": "qwen2",
}  # fmt: skip
"""What llama.cpp calls patterns. That of GPT-4 differs from Llama 3's at the end of a text alone:
blanks that follow its last line feed are one part with it."""
SEVERAL: Mapping[tuple[str, ...], str] = {
    ("gpt2",): "gpt-2", ("llama3",): "llama-bpe", ("qwen",): "qwen2",
    (NUMBER, "gpt2"): "smollm",
}  # fmt: skip
"And those of a `tokenizer.json`, which may be several."
WHOLE = ("llama-bpe",)
"With these llama.cpp takes a part that is a token for that token, whatever was joined."
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
                "This run was trained on files that are not text, and llama.cpp reads text.",
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
    if isinstance(tokenizer, HuggingFaceTokenizer):
        return of_merges(tokenizer)
    raise SettingsError(
        f"This run's tokens ({tokenizer.about}) cannot be written for llama.cpp: hornbook writes "
        "characters, bytes, and byte pairs.",
        hint="Train with one of those `tokens`.",
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


def of_merges(tokenizer: HuggingFaceTokenizer) -> GGUFTokens:
    """Byte pairs of a `tokenizer.json`, with its special and added tokens.

    Raises:
        SettingsError: if llama.cpp would not cut text as it does.
    """
    try:
        found = merges_of(tokenizer)
        split = split_for_llama_cpp(found)
    except DataError as error:
        raise SettingsError(
            f"This run's tokens ({tokenizer.about}) cannot be written for llama.cpp: "
            f"{error.message}.",
            hint="Export the run to a folder (`to=huggingface`): llama.cpp's own "
            "convert_hf_to_gguf.py makes a file of it if it knows such tokens. Or train with "
            "characters, bytes or byte pairs.",
            setting="to",
        ) from error
    size = tokenizer.vocab_size
    names, types = [f"[PAD{i}]" for i in range(size)], [UNUSED] * size
    kinds = ((found.vocab, NORMAL), (found.specials, CONTROL), (found.defined, DEFINED))
    for ids, kind in kinds:
        for name, i in ids.items():
            names[i], types[i] = name, kind
    end = tokenizer.boundary
    if end is not None:
        names[end], types[end] = boundary_name(tokenizer), CONTROL
    else:
        end = next((found.specials[name] for name in ENDS if name in found.specials), None)
    if end is None:
        end = size
        names.append(next(name for name in (END, *END_NAMES) if name not in names))
        types.append(CONTROL)
    merges = [f"{first} {second}" for first, second in found.pairs]
    return GGUFTokens(
        "gpt2", split, names, types, merges, end, tokenizer.boundary is not None, len(names) - size
    )


def split_for_llama_cpp(found: Merges) -> str:
    """What llama.cpp calls the way in which a text is cut.

    Raises:
        DataError: if it knows none such; the message is a part of a sentence.
    """
    if (split := SEVERAL.get(found.splits)) is None:
        raise DataError("they split a text by a pattern for which it has no name that is known")
    if not found.settled and found.whole != (split in WHOLE):
        raise DataError(
            f"with the pattern {split} it takes a part that is a token for something else than "
            "they do"
        )
    return split
