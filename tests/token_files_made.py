"""Files of tokens as people have them, made by the libraries themselves from a few lines."""

from __future__ import annotations

import io
import json
from functools import cache
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from hornbook.extras import has

__all__ = ["FILES", "token_file"]

LINES = ["anna bell née hana", "be bé bella é anna", "To be, or not to be: that is", "hello"] * 20
PIECES = ("bpe.model", "unigram.model") if has("sentencepiece") else ()
FILES = ("bert.json", "llama.json", "t5.json", *PIECES)


@cache
def token_file(name: str) -> bytes:
    """The bytes of a file, by its name."""
    stem, _, kind = name.partition(".")
    if kind == "model":
        return sentence_pieces(stem)
    made = {"bert": bert, "llama": llama, "t5": t5}[stem]()
    return json.dumps(made).encode()


def sentence_pieces(kind: str) -> bytes:
    from sentencepiece import SentencePieceTrainer

    out = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(LINES), model_writer=out, model_type=kind, minloglevel=2,
        vocab_size=310 if kind == "bpe" else 48, byte_fallback=kind == "bpe",
        normalization_rule_name="identity" if kind == "bpe" else "nmt_nfkc",
        remove_extra_whitespaces=kind != "bpe", user_defined_symbols=["<sep>"],
        hard_vocab_limit=False,
    )  # fmt: skip
    return out.getvalue()


def bert() -> Any:
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    made.train_from_iterator(
        LINES, trainers.WordPieceTrainer(vocab_size=90, special_tokens=special, show_progress=False)
    )
    return json.loads(made.to_str())


def t5() -> Any:
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=60, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>",
        show_progress=False,
    )  # fmt: skip
    made.train_from_iterator(LINES, trainer)
    return json.loads(made.to_str())


def llama() -> Any:
    """As Llama 2's: no parts before pairs are joined, and bytes for what is unknown."""
    made = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    made.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=340, show_progress=False,
        special_tokens=["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))],
    )  # fmt: skip
    made.train_from_iterator(LINES, trainer)
    value = json.loads(made.to_str())
    value["added_tokens"] = value["added_tokens"][:3]  # bytes are not special tokens there
    return value
