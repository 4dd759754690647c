from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import EncodingError
from hornbook.sources.encoding import decode

RUSSIAN = """Мой дядя самых честных правил, когда не в шутку занемог,
он уважать себя заставил и лучше выдумать не мог.
Его пример другим наука; но, боже мой, какая скука
"""
CHINESE = "寥落古行宮，宮花寂寞紅。白頭宮女在，閒坐說玄宗。\n床前明月光，疑是地上霜。\n"
FRENCH = """Longtemps, je me suis couché de bonne heure. Parfois, à peine ma bougie éteinte,
mes yeux se fermaient si vite que je n’avais pas le temps de me dire : « Je m’endors. »
"""

MARKED = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}

# Text as files hold it: no lone surrogates, no NUL, and no mark of byte order to begin with.
plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"))


def one_line_end(text: str) -> str:
    return re.sub("\r\n|\r", "\n", text)


@given(plain)
def test_utf8_is_read_without_being_asked(text: str) -> None:
    decoded = decode(text.encode(), "file")
    assert (decoded.text, decoded.encoding) == (one_line_end(text), "utf-8")


@pytest.mark.parametrize("codec", MARKED)
@given(text=plain)
def test_a_byte_order_mark_names_the_encoding_and_is_no_text(codec: str, text: str) -> None:
    decoded = decode(MARKED[codec] + text.encode(codec), "file")
    assert decoded.text == one_line_end(text)
    assert decoded.encoding == codec


@pytest.mark.parametrize("codec", MARKED)
def test_a_byte_order_mark_is_no_text_where_its_encoding_is_named_either(codec: str) -> None:
    assert decode(MARKED[codec] + "emma\n".encode(codec), "file", codec).text == "emma\n"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"a\nb\n\nc", "LF"),
        (b"a\r\nb\r\n\r\nc", "CRLF"),
        (b"a\rb\r\rc", "CR"),
        (b"a\r\nb\n\nc", "mixed"),
        (b"a\r\nb\r\rc", "mixed"),
        (b"a\nb\r\rc", "mixed"),
    ],
)
def test_line_ends_become_line_feeds_and_are_told(data: bytes, kind: str) -> None:
    decoded = decode(data, "file")
    assert (decoded.text, decoded.line_ends) == ("a\nb\n\nc", kind)


def test_a_text_of_one_line_has_no_line_ends() -> None:
    assert decode(b"abc", "file").line_ends == "none"


@given(plain, st.sampled_from([b"\xff", b"\xc3", b"\x80", b"\xed\xa0\x80", b"\xc0\xaf"]))
def test_a_refusal_names_the_byte_and_where_it_stands(text: str, wrong: bytes) -> None:
    data = text.encode()
    says = f"^verse.txt is not utf-8 text: byte offset {len(data):,} holds {wrong[:1].hex()}"
    with pytest.raises(EncodingError, match=says):
        decode(data + wrong + b"\n", "verse.txt")


def test_a_wrong_byte_after_a_byte_order_mark_is_counted_from_the_start_of_the_file() -> None:
    with pytest.raises(EncodingError, match="byte offset 6 holds ff 64"):
        decode(codecs.BOM_UTF8 + b"abc\xffd", "file")
    with pytest.raises(EncodingError, match="byte offset 8 holds 00 d8 61 00"):
        decode(codecs.BOM_UTF16_LE + "abc".encode("utf-16-le") + b"\x00\xd8a\0", "file")
    with pytest.raises(EncodingError, match="byte offset 8 holds 00 "):
        decode(codecs.BOM_UTF16_BE + "abc".encode("utf-16-be") + b"\0", "file")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "utf-16-le"),
        (CHINESE, "gb18030"),
        (CHINESE, "big5"),
        (CHINESE, "utf-16-be"),
        (FRENCH, "cp1252"),
        (FRENCH, "utf-16-le"),
        (FRENCH, "utf-16-be"),
        ("emma\nolivia\nava\n", "utf-16-le"),
        ("emma\nolivia\nava\n", "utf-16-be"),
    ],
)
def test_the_encoding_that_a_refusal_suggests_reads_the_text(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    with pytest.raises(EncodingError) as caught:
        decode(data, "file")
    suggested = re.search(r"try `encoding=(\S+)`\.$", caught.value.hint)
    assert suggested
    assert decode(data, "file", suggested[1]).text == text


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_named_as_that(codec: str) -> None:
    with pytest.raises(EncodingError, match=f'UTF-16 without a byte order mark: .*="{codec}"`'):
        decode("emma\nolivia\n".encode(codec), "file")


def test_a_text_refused_in_the_encoding_asked_for_is_told_its_own() -> None:
    with pytest.raises(EncodingError, match=r'not ascii text.*\n.*try `encoding="utf-8"`'):
        decode(RUSSIAN.encode(), "file", "ascii")


def test_the_suggestion_looks_at_the_place_that_was_wrong_however_late() -> None:
    data = b"A line of plain English.\n" * 60_000 + FRENCH.encode("cp1252") * 20
    with pytest.raises(EncodingError) as caught:
        decode(data, "file")
    assert "try `encoding=" in caught.value.hint


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\x06\0\0\0",
        b"\x7fELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0\1\0\0\0",
        random.Random(1).randbytes(4_000),
    ],
)
def test_a_binary_file_is_refused_as_no_text(data: bytes) -> None:
    with pytest.raises(EncodingError, match=r"not utf-8 text|a binary file") as caught:
        decode(data, "file")
    assert "probably not a text file" in caught.value.hint


@pytest.mark.parametrize(
    ("data", "offset", "encoding"),
    [
        (b"hello\0there\n", 5, "auto"),
        (codecs.BOM_UTF8 + b"hello\0there\n", 8, "auto"),
        ("hello\0there\n".encode("utf-16-le"), 10, "utf-16-le"),
        (codecs.BOM_UTF16_LE + "hello\0there\n".encode("utf-16-le"), 12, "auto"),
        (codecs.BOM_UTF32_BE + "hello\0there\n".encode("utf-32-be"), 24, "auto"),
    ],
    ids=["utf-8", "utf-8 marked", "utf-16 asked for", "utf-16 marked", "utf-32 marked"],
)
def test_a_nul_is_refused_where_it_stands(data: bytes, offset: int, encoding: str) -> None:
    with pytest.raises(EncodingError, match=rf"a NUL byte at offset {offset}\."):
        decode(data, "file", encoding)


def test_a_nul_that_no_zero_byte_spells_is_refused_too() -> None:
    with pytest.raises(EncodingError, match="NUL"):
        decode(b"hello+AAA-there", "file", "utf-7")


@pytest.mark.parametrize("name", ["CP1251", "cp1251", "windows-1251", "Windows_1251"])
def test_an_encoding_has_many_names_and_is_kept_by_one(name: str) -> None:
    decoded = decode(RUSSIAN.encode("cp1251"), "file", name)
    assert (decoded.text, decoded.encoding) == (RUSSIAN, "cp1251")


@pytest.mark.parametrize("name", ["klingon", "utf-9", "", "undefined", "utf-8\0"])
def test_an_unknown_encoding_is_refused_with_some_that_are_known(name: str) -> None:
    with pytest.raises(EncodingError, match="Unknown text encoding") as caught:
        decode(b"abc", "file", name)
    assert "cp1252" in caught.value.hint


@pytest.mark.parametrize("name", ["rot13", "base64", "hex", "zlib", "bz2", "uu", "quopri"])
def test_a_codec_that_gives_no_text_is_refused(name: str) -> None:
    with pytest.raises(EncodingError, match=f"Unknown text encoding '{name}'"):
        decode(b"abcd", "file", name)


@pytest.mark.parametrize(
    ("pack", "said"),
    [(gzip.compress, "gunzip"), (bz2.compress, "bunzip2"), (lzma.compress, "unxz")],
)
def test_what_is_compressed_says_with_what_to_unpack(
    pack: Callable[[bytes], bytes], said: str
) -> None:
    with pytest.raises(EncodingError) as caught:
        decode(pack(b"emma\nolivia\n" * 50), "names.txt.packed")
    assert f"with {said}." in caught.value.hint


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("é\nü\n".encode("latin-1"), "try `encoding=cp1252`"),
        ("Zoë\n".encode("cp1252"), "try `encoding=c"),
        (bytes(range(128, 256)) * 4, "No text encoding matches it"),
        ("é\nü\n".encode("utf-16-le"), "try `encoding=utf-16-le`"),
    ],
)
def test_only_what_reads_as_text_is_proposed(data: bytes, said: str) -> None:
    with pytest.raises(EncodingError) as raised:
        decode(data, "a.txt")
    assert said in raised.value.hint


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Größe;Preis\n3 m²;2 €\n", "cp1252"),
        ("Wohnfläche (m²);Inhalt (m³);Straße\n" + "80;7;Köln\n90;8;Öls\n" * 20, "cp1252"),
        ("Søren;Jørgen;Åse\n" * 10, "cp1252"),
        ("Malmö;Göteborg;Västerås\n" * 10, "cp1252"),
        ("prénom;Hélène;François\n" * 10, "cp1252"),
        ("¿Cómo está el niño?\n" * 9, "cp1252"),
        ("Zażółć gęślą jaźń, łódź, Kraków, świętość.\n" * 5, "cp1250"),
        ("Łódź;Kraków\n1;2\n", "cp1250"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy, město.\n" * 5, "cp1250"),
        ("Jiří;Dvořák;Novák\n" * 10, "cp1250"),
    ],
)
def test_western_and_central_europe_are_told_apart(text: str, codec: str) -> None:
    with pytest.raises(EncodingError) as caught:
        decode(text.encode(codec), "file")
    assert f"`encoding={codec}`" in caught.value.hint
