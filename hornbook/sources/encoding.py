"""From bytes to text, with no guess that is not said aloud.

UTF-8 is the rule, with or without a byte order mark; UTF-16 and UTF-32 are known by theirs. CRLF
and CR line ends become LF. Anything else is refused with the place of the first wrong byte and the
encoding that would probably read it: a wrong guess made in silence would teach a model noise.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from hornbook.errors import EncodingError
from hornbook.sources.guessing import guessed

__all__ = ["GIVE_TEXT", "Decoded", "binary", "codec_of", "decode", "likely_codec", "raw",
           "undecodable"]  # fmt: skip

# The UTF-32 marks begin with the UTF-16 ones, so they are asked for first.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Decoded:
    """Text, and what was found on the way to it."""

    text: str
    encoding: str
    line_ends: str
    "Line ends in the file, before they were converted to LF: LF, CRLF, CR, mixed or none."


def decode(data: bytes, name: str, encoding: str = "auto") -> Decoded:
    """Decode the bytes of a file.

    Args:
        data: all bytes of the file.
        name: what to call the file in messages.
        encoding: a Python codec's name, or "auto" for UTF-8 and what byte order marks say.

    Raises:
        EncodingError: naming the byte offset, and the encoding that would probably do.
    """
    codec, mark = codec_of(data, encoding)
    try:
        text = data[len(mark) :].decode(codec)
    except UnicodeError as error:
        raise undecodable(error, name, codec, data, len(mark)) from error
    if "\0" in text:
        raise binary(name, codec, data, len(mark) + len(text[: text.index("\0")].encode(codec)))
    ends = LineEnds()
    return Decoded(ends.as_lf(text), codec, ends.kind)


@dataclass
class LineEnds:
    """Which line ends there were in what was read."""

    lf: bool = False
    crlf: bool = False
    cr: bool = False

    def as_lf(self, text: str) -> str:
        """A text with line ends as LF, of which note is taken; no CRLF may be cut in two."""
        if "\r" not in text:  # which is told at once, while counting takes as long as decoding
            self.lf |= "\n" in text
            return text
        crlf = text.count("\r\n")
        self.lf |= text.count("\n") > crlf
        self.crlf |= crlf > 0
        self.cr |= text.count("\r") > crlf
        return text.replace("\r\n", "\n").replace("\r", "\n")

    @property
    def kind(self) -> str:
        """`LF`, `CRLF`, `CR`, `mixed` or `none`."""
        kinds = [name.upper() for name in ("lf", "crlf", "cr") if getattr(self, name)]
        return "none" if not kinds else kinds[0] if len(kinds) == 1 else "mixed"


RAW = "raw bytes"


def raw(data: bytes) -> Decoded:
    """The bytes of a file that is not text, as Python writes them in a text: `surrogateescape`.

    What of it is UTF-8 is text; each other byte is half of a surrogate pair, U+DC80 to U+DCFF.
    Nothing is changed: line ends, zero bytes and byte order marks stay what they are.
    """
    return Decoded(data.decode("utf-8", "surrogateescape"), RAW, "none")


def codec_of(data: bytes, encoding: str = "auto") -> tuple[str, bytes]:
    """The codec of some bytes, and the byte order mark that they begin with, if any.

    A byte order mark is not left to the codecs, since only some take it off.

    Args:
        data: the beginning of a file, at least four bytes if it has so many.
        encoding: as of `decode`.

    Raises:
        EncodingError: if there is no such encoding.
    """
    if encoding == "auto":
        codec = next((codec for mark, codec in MARKS if data.startswith(mark)), "utf-8")
    else:
        codec = known_codec(encoding)
    mark = next(
        (mark for mark, marked in MARKS if data.startswith(mark) and fits(codec, marked)), b""
    )
    if codec in ("utf-16", "utf-32") and mark:
        codec += "-le" if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF32_LE) else "-be"
    return codec, mark


def undecodable(
    error: UnicodeError, name: str, codec: str, data: bytes, begins: int, before: int = 0
) -> EncodingError:
    """The error that bytes are not text.

    Args:
        error: the codec's.
        name: what to call the file.
        codec: that was tried.
        data: the bytes.
        begins: where in them those begin that the codec was given.
        before: how many bytes of the file stand before them.
    """
    if not isinstance(error, UnicodeDecodeError):
        return EncodingError(f"{name} is not {codec} text: {error}.", hint=probable(data, codec, 0))
    start = begins + error.start
    return EncodingError(
        f"{name} is not {error.encoding} text: byte offset {before + start:,} "
        f"holds {data[start : start + 4].hex(' ')} ({error.reason}).",
        hint=probable(data, codec, start),
    )


def binary(name: str, codec: str, data: bytes, at: int, before: int = 0) -> EncodingError:
    """The error that there is a NUL byte at a place of some bytes."""
    return EncodingError(
        f"{name} looks like a binary file: it has a NUL byte at offset {before + at:,}.",
        hint=probable(data, codec, at),
    )


def fits(codec: str, marked: str) -> bool:
    """Whether a mark of the family `marked` may stand before text in this codec."""
    return codec in (marked, f"{marked}-le", f"{marked}-be", f"{marked}-sig")


def known_codec(encoding: str) -> str:
    """The codec's own name for an encoding.

    Raises:
        EncodingError: if Python has no such text codec.
    """
    try:
        codec = codecs.lookup(encoding)
        "a".encode(codec.name)
    except (LookupError, ValueError) as error:
        raise EncodingError(
            f"Unknown text encoding {encoding!r}.",
            hint="Common encodings: utf-8, utf-16, cp1252, latin-1, gb18030, big5, shift_jis, "
            "koi8-r.",
        ) from error
    return codec.name


GIVE_TEXT = " Give a text file."  # what to do about bytes, unless they were asked for

# How compressed files begin, and what unpacks them.
COMPRESSED = (
    (b"\x1f\x8b", "gzip", "gunzip"),
    (b"PK\x03\x04", "zip", "unzip"),
    (b"BZh", "bzip2", "bunzip2"),
    (b"\xfd7zXZ", "xz", "unxz"),
    (b"\x28\xb5\x2f\xfd", "zstd", "unzstd"),
)


def probable(data: bytes, refused: str, at: int) -> str:
    """A hint that names the encoding which would probably read the bytes around a place."""
    for begins, kind, command in COMPRESSED:
        if data.startswith(begins):
            return f"It is compressed with {kind}: unpack it first, with {command}."
    if wide := wide_without_mark(data):
        return f"It is probably UTF-16 without a byte order mark: try `encoding={wide}`."
    if name := guessed(data, refused, at):
        return f"It is probably {name} or a similar encoding: try `encoding={name}`."
    return f"No text encoding matches it; it is probably not a text file.{GIVE_TEXT}"


def likely_codec(data: bytes) -> str:
    """The encoding to look at the beginning of a file with: `auto`, or that which is probably it.

    Only for looking: nothing is read with an encoding that was not told.
    """
    codec, mark = codec_of(data)
    try:
        data[len(mark) :].decode(codec)
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":  # a look may end within a character
            return guessed(data, codec, error.start) or "auto"
    return "auto"


def wide_without_mark(data: bytes) -> str | None:
    """The UTF-16 byte order whose zero bytes stand in a third or more of the pairs, or None."""
    pairs = len(data) // 2
    if pairs == 0 or len(data) % 2:
        return None
    for codec, high in (("utf-16-le", data[1::2]), ("utf-16-be", data[0::2])):
        low = data[0::2] if codec == "utf-16-le" else data[1::2]
        if high.count(0) * 3 > pairs and low.count(0) == 0:
            return codec
    return None
