"""Our tokens as a `tokenizer.json`, which the library tokenizers and all that use it read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hornbook.errors import SettingsError
from hornbook.extras import needing
from hornbook.tokenizers.byte_pair_encoders import tokenizers_encoder
from hornbook.tokenizers.byte_pairs import END, BytePairTokenizer
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Tokenizer
from hornbook.tokenizers.hugging_face import HuggingFaceTokenizer
from hornbook.tokenizers.single_bytes import ByteTokenizer
from hornbook.tokenizers.splitting import PATTERNS

__all__ = ["END_NAMES", "boundary_name", "refuse_unwritable_tokens", "tokenizer_json"]

END_NAMES = (END, "<|boundary|>", "</s>")
"What the boundary may be called: the first that the text has not."
EACH = r"[\s\S]"
"A pattern that cuts text into characters, line feeds too."
WHOLE = r"[\s\S]+"
"One that does not cut it."


def tokenizer_json(tokenizer: Tokenizer, texts: Iterable[str] = ()) -> str:
    """A tokenizer as a `tokenizer.json` that gives the same ids.

    In a model of examples its `encode` puts the boundary before a text, as such a model reads it.

    Args:
        tokenizer: characters, bytes, byte pairs, or a `tokenizer.json`.
        texts: some that are encoded in both, to be sure.

    Raises:
        SettingsError: if it is of another kind, or its ids would not be the same.
        MissingPackageError: if the library is not installed.
    """
    refuse_unwritable_tokens(tokenizer)
    engine = engine_of(tokenizer)
    engine.post_processor = None
    for text in texts:
        if engine.encode(text, add_special_tokens=False).ids != tokenizer.encode(text).tolist():
            raise SettingsError(
                "A `tokenizer.json` would not give the same ids as this run's tokens: of "
                f"{text[:40]!r}, for one.",
                hint="Export the run to ONNX (`to=onnx`), which has the vocabulary alone.",
                setting="to",
            )
    if tokenizer.boundary is not None:
        from tokenizers import processors

        name = boundary_name(tokenizer)
        engine.post_processor = processors.TemplateProcessing(
            single=f"{name}:0 $A:0", pair=f"{name}:0 $A:0 {name}:0 $B:0",
            special_tokens=[(name, tokenizer.boundary)],
        )  # fmt: skip
    return str(engine.to_str(pretty=True))


def refuse_unwritable_tokens(tokenizer: Tokenizer) -> None:
    """Refuse tokens that cannot be written as a `tokenizer.json`.

    Raises:
        SettingsError: if they are such.
    """
    written = (CharTokenizer, ByteTokenizer, BytePairTokenizer, HuggingFaceTokenizer)
    if not isinstance(tokenizer, written):
        raise SettingsError(
            f"Tokens of the kind {tokenizer.kind} cannot be written as a `tokenizer.json`; "
            f"{', '.join(kind.kind for kind in written)} can be.",
            hint="Train with one of those `tokens`, or export to ONNX (`to=onnx`).",
            setting="to",
        )
    if tokenizer.errors != "replace":
        raise SettingsError(
            "This run was trained on files that are not text, and a `tokenizer.json` reads text.",
            hint="Export it to ONNX (`to=onnx`).",
            setting="to",
        )
    if isinstance(tokenizer, CharTokenizer) and any("\ud800" <= c <= "\udfff" for c in
                                                    tokenizer.characters):  # fmt: skip
        raise SettingsError(
            "This run's vocabulary has half of a surrogate pair, which no `tokenizer.json` holds.",
            hint="Remove it from the data, and train again.",
        )


def boundary_name(tokenizer: Tokenizer) -> str:
    """What the boundary is called.

    Raises:
        ValueError: if there is none.
    """
    if tokenizer.boundary is None:
        raise ValueError("there is no boundary")
    if isinstance(tokenizer, BytePairTokenizer):
        return tokenizer.specials[0]
    if isinstance(tokenizer, HuggingFaceTokenizer):
        own = tokenizer.known.specials.get(tokenizer.boundary)
        if own is not None:
            return own
    taken = set(tokenizer.spelled)
    return next(name for name in END_NAMES if name not in taken)


def engine_of(tokenizer: Tokenizer) -> Any:
    """What the library calls a tokenizer."""
    with needing("tokenizers", "A `tokenizer.json`"):
        from tokenizers import Tokenizer as Engine
    if isinstance(tokenizer, HuggingFaceTokenizer):
        value = {**tokenizer.value, "truncation": None, "padding": None}
        engine = Engine.from_str(json.dumps(value))
        if tokenizer.boundary is not None:
            engine.add_special_tokens([boundary_name(tokenizer)])
        return engine
    if isinstance(tokenizer, CharTokenizer):
        return of_characters(tokenizer)
    from tokenizers import decoders

    if isinstance(tokenizer, BytePairTokenizer):
        pattern = PATTERNS.get(tokenizer.pattern, tokenizer.pattern)
        engine = tokenizers_encoder(tokenizer.tokens, pattern)
        engine.add_special_tokens(list(tokenizer.specials))
    else:
        engine = tokenizers_encoder([bytes([byte]) for byte in range(256)], WHOLE)
        if tokenizer.boundary is not None:
            engine.add_special_tokens([boundary_name(tokenizer)])
    engine.decoder = decoders.ByteLevel()
    return engine


def of_characters(tokenizer: CharTokenizer) -> Any:
    """A word for each character; blanks and line feeds are some of them."""
    from tokenizers import Regex, decoders, models, pre_tokenizers
    from tokenizers import Tokenizer as Engine

    vocab = {character: token for token, character in enumerate(tokenizer.spelled) if character}
    if tokenizer.boundary is not None:
        vocab[boundary_name(tokenizer)] = tokenizer.boundary
    # There is no token for what is unknown: the library then refuses it, as we do.
    engine = Engine(models.WordLevel(vocab, unk_token="\0unknown"))
    engine.pre_tokenizer = pre_tokenizers.Split(Regex(EACH), "isolated")
    engine.decoder = decoders.Fuse()
    if tokenizer.boundary is not None:
        engine.add_special_tokens([boundary_name(tokenizer)])
    return engine
