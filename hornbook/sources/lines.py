"""The lines of a file in pieces, so that a file of any size can be read in little memory.

Decoding keeps the rules of `hornbook.sources.encoding`, and says the same of what is not text.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from hornbook.errors import DataError
from hornbook.sources.encoding import LineEnds, binary, codec_of, undecodable

__all__ = ["LONGEST", "line_pieces"]

LONGEST = 2**26  # characters of a line
MARK = 4  # bytes of the longest byte order mark


def line_pieces(blocks: Iterable[bytes], where: str, encoding: str = "auto") -> Iterator[str]:
    """The text of a file in pieces of whole lines, with line ends as LF.

    Each piece ends with a line end, but for the last, if the file does not. None is empty.

    Args:
        blocks: the bytes of the file, in order.
        where: what to call it in messages.
        encoding: see `decode`.

    Raises:
        EncodingError: as `decode`.
        DataError: if a line is longer than any that could be meant.
    """
    rest: list[str] = []
    length = 0
    for text in texts(blocks, where, encoding):
        whole, end, begun = text.rpartition("\n")
        if end:
            yield "".join([*rest, whole, end])
            rest, length = [], 0
        rest.append(begun)
        length += len(begun)
        if length > LONGEST:
            raise DataError(
                f"{where} has a line of more than {LONGEST:,} characters.",
                hint="Check whether the file is what you meant: a table has a row on each line.",
            )
    if length:
        yield "".join(rest)


def texts(
    blocks: Iterable[bytes], where: str, encoding: str, ends: LineEnds | None = None
) -> Iterator[str]:
    """The decoded text of some blocks, with line ends as LF, of which `ends` takes note."""
    ends = ends or LineEnds()
    before, held = 0, ""  # bytes before the block; a CR whose LF may follow
    blocks = long_first(blocks)
    decoder: codecs.IncrementalDecoder | None = None
    codec = ""
    for block in blocks:
        if decoder is None:
            codec, mark = codec_of(block, encoding)
            decoder = codecs.getincrementaldecoder(codec)()
            before, block = len(mark), block[len(mark) :]
        text = held + decoded(decoder, block, where, codec, before)
        before += len(block)
        held = "\r" if text.endswith("\r") else ""
        text = text[: len(text) - len(held)]
        yield ends.as_lf(text)
    if decoder is not None:
        last = decoded(decoder, b"", where, codec, before, final=True)
        yield ends.as_lf(held + last)


def long_first(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks, the first of which can hold a byte order mark."""
    first = b""
    blocks = iter(blocks)
    for block in blocks:
        first += block
        if len(first) >= MARK:
            break
    yield first
    yield from blocks


def decoded(
    decoder: codecs.IncrementalDecoder,
    block: bytes,
    where: str,
    codec: str,
    before: int,
    *,
    final: bool = False,
) -> str:
    """The text of a block, and of what was left of the one before it.

    Args:
        decoder: which keeps the bytes of a character that a block cuts in two.
        block: some bytes.
        where: what to call the file in messages.
        codec: the decoder's.
        before: how many bytes stand before the block.
        final: whether nothing follows.
    """
    try:
        text = decoder.decode(block, final)
    except UnicodeError as error:
        data = error.object if isinstance(error, UnicodeDecodeError) else block
        raise undecodable(error, where, codec, data, 0, before + len(block) - len(data)) from error
    if "\0" in text:
        at = len(text[: text.index("\0")].encode(codec))
        raise binary(where, codec, block, at, before)
    return text
