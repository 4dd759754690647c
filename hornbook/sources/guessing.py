"""Which encoding some bytes are in that are not UTF-8, for a hint to people.

A guess by the frequencies of bytes is wild where few are not ASCII, as in a table with some names.
So what the words are comes first: those of an encoding that is usual are letters of one language,
with capitals where words have them. Only what fits none of these is left to charset-normalizer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["guessed"]

WORD = re.compile(r"[^\W\d_]+")
UNIT = 3  # letters of mm³ where ³ is read as one
NEAR = 100_000  # bytes on each side whose words are looked at
SHARE = 0.9  # of words that must be as those of a language are

LATIN = ("cp1252", "cp1250")  # of Western and Central Europe, alike in German letters
# Letters beside a to z: German, Danish, Swedish, French, Spanish, Portuguese, Italian.
WESTERN = tuple(
    map(
        frozenset,
        ("äöüß", "æøåé", "åäöéü", "àâçéèêëîïôùûüÿœæ", "áéíóúñü", "áâãàçéêíóôõú", "àèéìòóù"),
    )
)
ITALIAN = WESTERN[-1]
CENTRAL = tuple(
    map(
        frozenset,
        ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ",
         "äöüß"),
    )
)  # fmt: skip
TURKISH = (frozenset("çğıöşüâîû"),)
BALTIC = tuple(map(frozenset, ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž")))
"Letters beside a to z: Polish, Czech, Slovak, Hungarian, Croatian, Romanian, German; Turkish; "
"Lithuanian, Latvian, Estonian."
RUSSIAN = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ")  # and Ukrainian
GREEK = frozenset("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ")
STRESSED, SUNG = frozenset("άέήίόύώ"), frozenset("аеёиоуыэюяіїє")
SIGNS = frozenset("€£¥©®™§°²³¹½¼¾µ±×÷·•…–—‘’‚“”„«»¿¡ºª´¸¨\u00a0\u00ad†‡‰‹›¢")
INNER = frozenset("’‘·\u00ad–—\u00a0´")  # signs between the letters of a word
BEFORE = frozenset("’‘‚“”„«‹¿¡–—…•·\u00a0§µ°±×")  # and before the first one
ALPHABETS = (
    ("cp1252", WESTERN), ("cp1250", CENTRAL), ("cp1254", TURKISH), ("cp1257", BALTIC)
)  # fmt: skip


def guessed(data: bytes, refused: str, at: int) -> str:
    """The encoding of one byte for a character, or of several, that is probable; empty if none."""
    import charset_normalizer

    part = data[max(0, at - 500_000) : at + 500_000]
    usual = usual_codec(data[max(0, at - NEAR) : at + NEAR], refused)
    if usual and is_plausible(part, usual):
        return western_or_central(part, usual) if usual == "cp1252" else usual
    best = charset_normalizer.from_bytes(part).best()
    guesses = [best.encoding.replace("_", "-")] if best is not None else []
    # Of a few bytes the guess is often wild; these two are what a short file mostly is.
    names = (*guesses, "cp1252", "latin-1")
    fitting = (one for one in names if one not in (refused, "ascii") and is_plausible(part, one))
    found = next(fitting, "")
    return western_or_central(part, found) if found in LATIN else found


def usual_codec(data: bytes, refused: str) -> str:
    """The usual encoding in which all words of some bytes are those of a language; else empty.

    Args:
        data: not all ASCII.
        refused: that it is not in.
    """
    for codec, tongues in ALPHABETS:
        if codec == refused or not is_plausible(data, codec):
            continue
        text = data.decode(codec)
        if tongues and signs_fit(text) and any(is_latin(text, one) for one in tongues):
            return codec
    for codec in ("cp1253", "cp1251", "koi8-r"):
        if codec == refused or not is_plausible(data, codec):
            continue
        words = list(foreign_words(data.decode(codec)))
        if codec == "cp1253" and is_greek(words):
            return codec
        if codec != "cp1253" and is_russian(words):
            return codec
    return ""


def foreign_words(text: str) -> Iterator[str]:
    """The words with letters beside those of ASCII."""
    return (word for word in WORD.findall(text) if not word.isascii())


def regular(word: str) -> bool:
    """Whether capitals stand where words have them: all, the first one, or none."""
    return word.islower() or word.isupper() or (word[:1].isupper() and word[1:].islower())


def signs_fit(text: str) -> bool:
    """Whether all signs beside ASCII are usual ones, and no letters have one between them."""
    places = [place for place, c in enumerate(text) if not c.isascii() and not is_letter(c)]
    around = f" {text} "
    wrong = 0
    for place in places:
        sign, before, after = around[place + 1], around[place], around[place + 2]
        if sign not in SIGNS:
            return False
        if is_letter(after):
            wrong += sign not in (INNER if is_letter(before) else BEFORE)
    return wrong <= (1 - SHARE) * len(places)


def is_letter(character: str) -> bool:
    """Whether it is one of a word: ª and º, of ordinals, and µ are none."""
    return character.isalpha() and character not in "ªºµ"


def is_latin(text: str, letters: frozenset[str]) -> bool:
    """Whether the words of a text may be of a language: few letters beside ASCII in each."""
    words = [word.rstrip("ªº") for word in foreign_words(text)]
    words = [word for word in words if not word.isascii()]
    used = {c for word in words for c in word.replace("İ", "i").lower() if not c.isascii()} - {
        *"ªºµ"
    }
    if not used <= letters:
        return False
    right = sum(
        regular(word)
        and any(c.isascii() for c in word) + (len(word) == 1)
        and placed(word, letters)
        for word in words
    )
    return right >= SHARE * len(words)


def placed(word: str, letters: frozenset[str]) -> bool:
    """Whether letters of a word stand where a language has them."""
    if letters == ITALIAN:  # the last one of a word is stressed
        return word[:-1].isascii()
    if "ñ" in letters:
        return not re.search("ñ(?![aeiouáéíóú])", word.lower())
    if "õ" in letters and "š" not in letters:  # Portuguese: nações, põe
        return "õ" not in word.lower().replace("õe", "")
    return True


def is_russian(words: list[str]) -> bool:
    """Whether words are Russian or Ukrainian: long ones have vowels, most letters are small.

    Some are capital: what has none may be Hebrew or Arabic.
    """
    if not words or any(not set(word.lower()) <= RUSSIAN for word in words):
        return False
    right = sum(regular(word) and (len(word) < 4 or bool(SUNG & {*word.lower()})) for word in words)
    small = sum(c.islower() for word in words for c in word)
    letters = sum(map(len, words))
    return small < letters <= 2 * small and letters > UNIT and right >= SHARE * len(words)


def is_greek(words: list[str]) -> bool:
    """Whether words are Greek: nearly each of two letters or more has one that is stressed."""
    if not words or any(not set(word.lower()) <= GREEK for word in words):
        return False
    long = [word for word in words if len(word) > UNIT and not word.isupper()]
    right = sum(regular(word) and len([c for c in word.lower() if c in STRESSED]) == 1
                for word in long)  # fmt: skip
    return bool(long) and right >= SHARE * len(long)


def western_or_central(data: bytes, guess: str) -> str:
    """The one of LATIN that some bytes are in, where one of them was guessed.

    Where both give letters, cp1252 is preferred if they are those of one language. Where only
    cp1250 gives one, and cp1252 a sign such as ² or ³, it is a letter if it stands in a word, and
    not behind a unit, as in m³.
    """
    try:
        western, central = (data.decode(codec) for codec in LATIN)
    except UnicodeError:
        return guess
    differ = {
        at for at, pair in enumerate(zip(western, central, strict=True)) if len(set(pair)) > 1
    }
    letters = {at for at in differ if central[at].isalpha()}
    signs = {at for at in letters if not western[at].isalpha()}
    in_words = {
        at
        for word in WORD.finditer(central)
        if len(word[0]) > UNIT and (word[0][1:].islower() or word[0].isupper())
        for at in signs.intersection(range(*word.span()))
    }
    if guess == "cp1250":
        used = {c for c in western.lower() if not c.isascii() and c.isalpha() and c not in "ªºµ"}
        fits_west = letters == signs or any(used <= one for one in WESTERN)
        return "cp1252" if fits_west and not in_words else guess
    inner = {at for at in in_words if central[at - 1 : at + 2].isalpha() and at > 0}
    return "cp1250" if inner and 2 * len(in_words) > len(signs) else guess


def is_plausible(data: bytes, codec: str) -> bool:
    """Whether bytes are text in an encoding: without control characters, mostly letters and blanks.

    Wide encodings put zero bytes into nearly every text; bytes without any are not in one of them.
    """
    if codec.startswith(("utf-16", "utf-32")) and 0 not in data:
        return False
    try:
        text = data.decode(codec, "strict")
    except UnicodeError:
        return False
    kinds = [unicodedata.category(c) for c in text if c not in "\t\n\r\f"]
    if any(kind in ("Cc", "Cn", "Co", "Cs") for kind in kinds):
        return False
    return sum(kind[0] in "LMNZP" for kind in kinds) >= 0.8 * len(kinds)
