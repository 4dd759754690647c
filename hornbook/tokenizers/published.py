"""GPT-2's byte pairs, as OpenAI published them: fetched once, and checked."""

from __future__ import annotations

from collections.abc import Sequence

from hornbook.sources.datasets import Dataset, locate
from hornbook.tokenizers.byte_pair_learning import VISIBLE, bytes_of_signs
from hornbook.tokenizers.byte_pairs import END, BytePairTokenizer
from hornbook.tokenizers.contract import Texts

__all__ = ["GPT2", "joined", "published_byte_pairs"]

GPT2 = "gpt2"
FILE = Dataset(
    name=GPT2,
    called="GPT-2's tokens",
    title="GPT-2's byte pairs, in the order in which they were learned",
    mode="text",
    bytes=456_318,
    sha256="1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
    licence="MIT (OpenAI)",
    bundled=None,
    url="https://openaipublic.blob.core.windows.net/gpt-2/encodings/main/vocab.bpe",
    filename="gpt2-vocab.bpe",
)


def published_byte_pairs(texts: Texts) -> BytePairTokenizer:
    """GPT-2's tokenizer: 50,257 ids, of which the last, <|endoftext|>, is the boundary of lines.

    Raises:
        DownloadError: if its file is not in the cache and cannot be fetched, or is another one.
    """
    lines = locate(FILE).read_text(encoding="utf-8").split("\n")
    pairs = [line.split(" ") for line in lines[1:] if line]  # the first line says the version
    tokens = joined([(first, second) for first, second in pairs])
    return BytePairTokenizer(tokens, "gpt2", (END,), texts.boundary, texts.breaks)


def joined(pairs: Sequence[tuple[str, str]]) -> tuple[bytes, ...]:
    """The tokens of GPT-2's files: the bytes in the order of their signs, then what joins pairs.

    The signs of bytes are first those of visible characters, then the others.
    """
    single = sorted(range(256), key=lambda byte: (byte not in VISIBLE, byte))
    tokens = [bytes([byte]) for byte in single]
    return (*tokens, *(bytes_of_signs(first + second) for first, second in pairs))
