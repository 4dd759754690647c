"""The tokens of a model that is imported: those that come with it, or a file that is named."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hornbook.errors import DataError, RunError, SettingsError, as_typed
from hornbook.interchange.folders import MARK, is_mark
from hornbook.interchange.gguf.pieces import model_of_pieces
from hornbook.interchange.json_files import read_object, shown
from hornbook.interchange.weights import not_whole
from hornbook.storage import parse_json
from hornbook.tokenizers.contract import Texts, Tokenizer
from hornbook.tokenizers.kinds import learn_tokenizer, read_tokenizer
from hornbook.tokenizers.published import GPT2, published_byte_pairs
from hornbook.tokenizers.sentence_pieces import read_sentence_pieces
from hornbook.tokenizers.settings import TokenSettings
from hornbook.tokenizers.splitting import PATTERNS
from hornbook.tokenizers.token_files import of_json_file

__all__ = ["NONE", "OWN_TOKENS", "named_tokens", "option_of", "tokens_of_folder", "tokens_of_gguf"]

NONE = Texts((), (), boundary=False)
"An imported model has no text; what it generates may have line breaks."
NAMES = ("tokenizer.json", "tokenizer.model")
LEARNED = ("characters", "graphemes", "words", "bpe")
LARGEST = 2**28  # bytes
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
BY_GPT2 = {**BYTE_LEVEL, "use_regex": True}
DIGITS = {"type": "Digits", "individual_digits": True}


def by_pattern(name: str) -> tuple[Mapping[str, Any], ...]:
    """Splitting by one of PATTERNS."""
    split = {"type": "Split", "pattern": {"Regex": PATTERNS[name]}, "behavior": "Isolated"}
    return ({**split, "invert": False}, {**BYTE_LEVEL, "use_regex": False})


SPLITS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "gpt-2": (BY_GPT2,),
    "smollm": (DIGITS, BY_GPT2),
    "llama-bpe": by_pattern("llama3"),
    "qwen2": by_pattern("qwen"),
}
"How text is split, by GGUF's names of this."
WHOLE = ("llama-bpe",)
"With these a part that is a token is that token, whatever the merges would make of it."
CONTROL, DEFINED = 3, 4  # types of tokens
OWN_TOKENS = "hornbook.tokens"
"What a GGUF file of ours has of the run's tokens, as the run has them."


def named_tokens(asked: str) -> Tokenizer:
    """The tokens that were asked for: a file, or those that come with the package.

    Raises:
        SettingsError: if they are learned from a text, which there is none of.
        DataError, MissingPackageError: if the file cannot be read.
    """
    if asked in LEARNED:
        raise SettingsError(
            f"`tokens={as_typed(asked)}` are learned from a text, and an imported model has none.",
            hint="Name the file of its tokens, or leave `tokens` out.",
            setting="tokens",
        )
    return learn_tokenizer(NONE, TokenSettings(tokens=asked))


def tokens_of_folder(folder: Path, config: Mapping[str, Any], vocab_size: int) -> Tokenizer:
    """The tokens in a folder of Hugging Face's.

    Args:
        folder: with the model.
        config: its settings.
        vocab_size: how many ids it has.

    Raises:
        DataError: if there are none, or they cannot be read.
        MissingPackageError: if a library that they need is not installed.
    """
    if is_mark(folder / MARK):
        return tokens_of_ours(folder / MARK)
    for name in NAMES:
        if (path := folder / name).is_file():
            return named_tokens(str(path))
    vocab, merges = folder / "vocab.json", folder / "merges.txt"
    if vocab.is_file() and merges.is_file():
        return of_vocabulary(
            str(vocab), read_object(vocab, LARGEST), read_merges(merges), special=["<|endoftext|>"]
        )
    if config.get("model_type") == "gpt2" and vocab_size == 50_257:
        return published_byte_pairs(NONE)
    raise DataError(
        f"{folder} has no tokens: there is no {', no '.join(NAMES)}.",
        hint="Copy the `tokenizer.json` of the model into the folder, or name it with `tokens`.",
        setting="tokens",
    )


def tokens_of_ours(path: Path) -> Tokenizer:
    """The tokens of a run that was exported, which its folder has as the run has them.

    Raises:
        DataError: if they are damaged.
        MissingPackageError: if a library that they need is not installed.
    """
    return tokens_of_run(str(path), read_object(path, LARGEST).get("tokens"))


def tokens_kept(where: str, text: object) -> Tokenizer:
    """The tokens of a run that was exported as GGUF, which it has as JSON.

    Raises:
        DataError, MissingPackageError: as `tokens_of_ours`.
    """
    try:
        value = parse_json(text if isinstance(text, str) else "")
    except ValueError as error:
        raise not_whole(where, f"{OWN_TOKENS} is not JSON ({error})") from error
    return tokens_of_run(where, value)


def tokens_of_run(where: str, value: Any) -> Tokenizer:
    """The tokens of a run, as `described` gave them."""
    try:
        return read_tokenizer(value)
    except RunError as error:
        raise DataError(
            f"The tokens in {where} cannot be read: {error.message}",
            hint="Export the run again, or name a file of tokens.",
            setting="tokens",
        ) from error


def read_merges(path: Path) -> list[str]:
    """The pairs in a `merges.txt`, the first line of which says its version.

    Raises:
        DataError: if it cannot be read.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(f"{path} is too large: the maximum is {LARGEST:,} bytes.")
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8.") from error
    return [line for line in lines if line and not line.startswith("#version")]


def of_vocabulary(
    where: str,
    vocab: Mapping[str, Any],
    merges: Sequence[str],
    *,
    special: Sequence[str] = (),
    defined: Sequence[str] = (),
    splits: Sequence[Mapping[str, Any]] = (BY_GPT2,),
    whole: bool = False,
) -> Tokenizer:
    """Byte pairs from their vocabulary and merges, in the signs of GPT-2, as a `tokenizer.json`.

    Args:
        where: what to call them in messages.
        vocab: ids by token.
        merges: pairs, in the order in which they are joined.
        special: tokens that no text has.
        defined: tokens that are text as a whole, whatever the merges say.
        splits: how text is split.
        whole: whether a part that is a token is that token.
    """
    added = [
        {
            "id": vocab[name], "content": name, "special": name in special, "single_word": False,
            "lstrip": False, "rstrip": False, "normalized": False,
        }
        for name in (*special, *defined)
        if name in vocab
    ]  # fmt: skip
    value = {
        "version": "1.0",
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": (
            splits[0] if len(splits) == 1 else {"type": "Sequence", "pretokenizers": [*splits]}
        ),
        "post_processor": None,
        "decoder": BYTE_LEVEL,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": whole, "vocab": dict(vocab), "merges": list(merges),
        },
    }  # fmt: skip
    try:
        return of_json_file(where, json.dumps(value, ensure_ascii=False).encode(), NONE)
    except DataError as error:  # speaks of a file that there is not
        raise DataError(
            f"The tokens in {where} cannot be read: {error.message}",
            hint="Name the file of tokens that the model was trained with as `tokens`.",
            setting="tokens",
        ) from error


def tokens_of_gguf(where: str, values: Mapping[str, Any]) -> Tokenizer:
    """The tokens in a GGUF file: those of a run that was exported, byte pairs as GPT-2's or as
    those that follow it, or a SentencePiece model of pairs.

    Raises:
        DataError: if they are of another kind, or are not whole.
        MissingPackageError: if a library that they need is not installed.
    """
    if (own := values.get(OWN_TOKENS)) is not None:
        return tokens_kept(where, own)
    kind, how = values.get("tokenizer.ggml.model"), values.get("tokenizer.ggml.pre")
    if kind == "llama":
        return read_sentence_pieces(
            f"The vocabulary of {where}", model_of_pieces(where, values), NONE
        )
    tokens, merges = values.get("tokenizer.ggml.tokens"), values.get("tokenizer.ggml.merges")
    if kind != "gpt2" or how not in SPLITS:
        raise DataError(
            f"The tokens in {where} cannot be read: they are of kind {shown(kind)}, split as "
            f"{shown(how)}; byte pairs (gpt2) split as {' or '.join(SPLITS)} can be, and llama.",
            hint="Give the `tokenizer.json` or the SentencePiece model that they come from as "
            "`tokens`.",
            setting="tokens",
        )
    if not isinstance(tokens, list) or not isinstance(merges, list):
        raise DataError(f"{where} has no tokens, or no merges of them.", setting="tokens")
    kinds = values.get("tokenizer.ggml.token_type")
    kinds = [] if kinds is None else kinds.tolist() if hasattr(kinds, "tolist") else [kinds]
    vocab = {token: at for at, token in enumerate(tokens)}
    if len(vocab) < len(tokens) or "" in vocab:
        raise DataError(f"{where} has a token twice, or an empty one.", setting="tokens")
    if kinds and len(kinds) != len(tokens):
        raise DataError(
            f"{where} has {len(tokens):,} tokens, and types of {len(kinds):,}.", setting="tokens"
        )
    of_kind = dict(zip(tokens, kinds, strict=False))
    return of_vocabulary(
        where, vocab, merges,
        special=[token for token in tokens if of_kind.get(token) == CONTROL],
        defined=[token for token in tokens if of_kind.get(token) == DEFINED],
        splits=SPLITS[str(how)],
        whole=how in WHOLE,
    )  # fmt: skip


def option_of(tokenizer: Tokenizer, asked: str) -> str:
    """The option `tokens` of an imported run: GPT-2's can be had by name."""
    return GPT2 if tokenizer == published_byte_pairs(NONE) else asked
