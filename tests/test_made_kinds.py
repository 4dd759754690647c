"""Made pairs of every kind against what others know of dates, sums, numerals and names."""

from __future__ import annotations

import calendar
import itertools
import re
import unicodedata
from collections import Counter
from datetime import date
from typing import Any

import pytest

from hornbook.made.kinds import KINDS
from hornbook.made.making import draw
from hornbook.made.names import lists
from hornbook.made.number_words import in_chinese, in_english, year_in_english
from hornbook.made.pinyin import verses
from hornbook.sources.datasets import DATASETS, locate


def pairs(kind: str, n: int | None = None, **settings: Any) -> list[tuple[str, str]]:
    """Pairs of a kind."""
    return list(draw(kind, n=n, **settings))


def every(kind: str, **settings: Any) -> list[tuple[str, str]]:
    """All pairs of a kind, in no random order."""
    return [part.pair(n) for part in draw(kind, **settings).parts for n in range(part.size)]


# Words


def test_words_backwards_sorted_and_as_they_are() -> None:
    for word, other in pairs("reversal", 300):
        assert list(other) == list(reversed(word))
    for word, other in pairs("sorting", 300):
        assert Counter(word) == Counter(other)
        assert all(one <= next_ for one, next_ in itertools.pairwise(other))
    assert all(word == other for word, other in pairs("copy", 300))


def test_words_have_the_letters_and_lengths_that_were_asked_for() -> None:
    made = pairs("reversal", 2000, shortest=13, longest=20, letters="xyz")
    assert {len(word) for word, _ in made} == set(range(13, 21))
    assert set("".join(word for word, _ in made)) == set("xyz")


# Sums


def added(pair: tuple[str, str]) -> bool:
    """Whether a sum is right, found digit by digit as at school."""
    numbers = [list(map(int, reversed(number))) for number in pair[0].split("+")]
    found, carry = [], 0
    for digits in itertools.zip_longest(*numbers, fillvalue=0):
        carry, digit = divmod(sum(digits) + carry, 10)
        found.append(digit)
    return pair[1] == "".join(map(str, reversed([*found, carry] if carry else found)))


def test_sums_are_right() -> None:
    made = pairs("addition", 3000)
    assert all(map(added, made))
    sizes = Counter(tuple(map(len, source.split("+"))) for source, _ in made)
    assert set(sizes) == set(itertools.product(range(1, 5), repeat=2))
    assert sizes[1, 1] == 100  # all that there are
    longer = pairs("addition", 500, digits=30, least_digits=30)
    assert all(map(added, longer))
    assert {len(number) for source, _ in longer for number in source.split("+")} == {30}


def test_all_sums_of_two_digits_are_there() -> None:
    made = {source for source, _ in every("addition", digits=2)}
    assert made == {f"{a}+{b}" for a in range(100) for b in range(100)}


def test_sums_backwards() -> None:
    forwards, backwards = (pairs("addition", 200, backwards=yes) for yes in (False, True))
    assert backwards == [(source, total[::-1]) for source, total in forwards]
    assert draw("addition", backwards=True).columns == ("addition", "sum backwards")


# Dates

DAYS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
    "eighteenth", "nineteenth", "twentieth", "twenty-first", "twenty-second", "twenty-third",
    "twenty-fourth", "twenty-fifth", "twenty-sixth", "twenty-seventh", "twenty-eighth",
    "twenty-ninth", "thirtieth", "thirty-first",
)  # fmt: skip
ONES = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
        "eighty": 80, "ninety": 90}  # fmt: skip
VALUES = {"zero": 0, "oh": 0, **{word: n for n, word in enumerate(ONES, 1)}, **TENS}


def english(words: list[str]) -> int:
    """The number of some words."""
    if "thousand" in words:
        place = words.index("thousand")
        return 1000 * english(words[:place]) + english(words[place + 1 :])
    if "hundred" in words:
        place = words.index("hundred")
        return 100 * english(words[:place]) + english(words[place + 1 :])
    return sum(VALUES[part] for word in words for part in word.split("-"))


def said_year(words: list[str]) -> int:
    """The year of some words: nineteen, eighty-seven."""
    if {"hundred", "thousand"} & set(words):
        return english(words)
    return 100 * english(words[:1]) + english(words[1:])


def understood(text: str) -> tuple[date, str]:
    """A date that somebody wrote, and the day of the week that they gave, or nothing."""
    months = {name[:3].lower(): n for n, name in enumerate(calendar.month_name) if n}
    weekdays = {name[:3].lower() for name in calendar.day_name}
    day = month = year = 0
    weekday = ""
    rest = []
    for word in re.sub("[, ]+| of | the ", " ", text.lower().replace("-", "_")).split():
        whole = [word] if "_" not in word or word[0].isalpha() else word.split("_")
        for part in (one.replace("_", "-") for one in whole):
            if number := re.fullmatch(r"(\d+)(?:st|nd|rd|th)?", part):
                day, year = (day, int(part)) if len(part) == 4 and part.isdigit() else (
                    int(number[1]), year)  # fmt: skip
            elif part in DAYS:
                day = DAYS.index(part) + 1
            elif part[:3] in months and part in (
                part[:3],
                calendar.month_name[months[part[:3]]].lower(),
            ):
                month = months[part[:3]]
            elif part[:3] in weekdays and (len(part) == 3 or part.endswith("day")):
                weekday = part
            elif part not in ("the", "of"):
                rest.append(part)
    return date(year or said_year(rest), month, day), weekday


def test_dates_are_understood_as_they_were_meant() -> None:
    seen = set()
    for source, iso in pairs("dates", 3000, first_year=1000, last_year=9999):
        found, weekday = understood(source)
        assert found == date.fromisoformat(iso), source
        assert found.strftime("%A").lower().startswith(weekday), source
        if number := re.search(r"\b(\d+)(st|nd|rd|th)\b", source):
            seen.add(number[0])
    assert {"1st", "2nd", "3rd", "11th", "12th", "13th", "21st", "22nd", "23rd", "31st"} <= seen
    assert not {"1th", "2th", "3th", "11st", "12nd", "13rd", "21th", "22th", "23th"} & seen


def test_every_day_is_there_in_every_form() -> None:
    made = every("dates", first_year=2000, last_year=2000)
    assert len({source for source, _ in made}) == len(made) == 18 * 366
    assert set(Counter(iso for _, iso in made).values()) == {18}
    assert min(made, key=lambda one: one[1])[1] == "2000-01-01"
    assert max(made, key=lambda one: one[1])[1] == "2000-12-31"
    for source in (
        "29 February 2000", "29th February 2000", "29th of February, 2000",
        "the 29th of February 2000", "February 29, 2000", "February 29th, 2000", "29-Feb-2000",
        "2000 February 29", "twenty-ninth of February 2000", "the twenty-ninth of February, 2000",
        "February the twenty-ninth, 2000", "the twenty-ninth of February, two thousand",
        "February twenty-ninth, two thousand", "Tuesday, 29 February 2000",
        "Tuesday, February 29, 2000", "Tuesday 29th February 2000", "Tue, 29 Feb 2000",
        "Tuesday, the twenty-ninth of February, 2000",
    ):  # fmt: skip
        assert (source, "2000-02-29") in made


@pytest.mark.parametrize(
    ("year", "said"),
    [
        (1000, "one thousand"), (1066, "ten sixty-six"), (1100, "eleven hundred"),
        (1805, "eighteen oh five"), (1900, "nineteen hundred"), (1987, "nineteen eighty-seven"),
        (2000, "two thousand"), (2009, "two thousand nine"), (2010, "twenty ten"),
        (2100, "twenty-one hundred"),
    ],
)  # fmt: skip
def test_years_are_said_as_people_say_them(year: int, said: str) -> None:
    assert year_in_english(year) == said


# Numerals and number words


def from_roman(numeral: str) -> int:
    """The value of a numeral: a sign before a greater one is taken away."""
    values = [dict(zip("IVXLCDM", (1, 5, 10, 50, 100, 500, 1000), strict=True))[s] for s in numeral]
    following = [*values[1:], 0]
    return sum(-one if one < after else one for one, after in zip(values, following, strict=True))


def test_roman_numerals() -> None:
    form = "M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})"  # of which each value has one
    made = pairs("roman")
    assert sorted(int(number) for _, number in made) == list(range(1, 4000))
    for numeral, number in made:
        assert re.fullmatch(form, numeral)
        assert from_roman(numeral) == int(number)
    back = draw("roman", to="roman")
    assert sorted(back) == sorted((number, numeral) for numeral, number in made)
    assert back.columns == ("decimal", "roman")


def from_chinese(text: str) -> int:
    """The value of a number in Chinese."""
    units = {"十": 10, "百": 100, "千": 1000}
    total = part = digit = 0
    for sign in text:
        if sign == "万":
            total, part, digit = (part + digit) * 10_000, 0, 0
        elif sign in units:
            part, digit = part + (digit or 1) * units[sign], 0
        else:
            digit = "零一二三四五六七八九".index(sign)
    return total + part + digit


@pytest.mark.parametrize("language", ["english", "chinese"])
def test_number_words_mean_their_digits(language: str) -> None:
    made = pairs("numbers", 7000, language=language)
    read = from_chinese if language == "chinese" else lambda text: english(text.split())
    assert all(read(words) == int(digits) for words, digits in made)
    lengths = Counter(len(digits) for _, digits in made)
    assert (lengths[1], lengths[2], lengths[3]) == (10, 90, 900)
    assert min(lengths[n] for n in (4, 5, 6)) > 1800
    back = draw("numbers", n=7000, language=language, to="words")
    assert list(back) == [(digits, words) for words, digits in made]
    assert back.columns == ("digits", "words")


@pytest.mark.parametrize(
    ("number", "said", "written"),
    [
        (0, "zero", "零"), (10, "ten", "十"), (12, "twelve", "十二"), (20, "twenty", "二十"),
        (101, "one hundred one", "一百零一"), (110, "one hundred ten", "一百一十"),
        (1002, "one thousand two", "一千零二"), (1010, "one thousand ten", "一千零一十"),
        (2222, "two thousand two hundred twenty-two", "二千二百二十二"),
        (10_010, "ten thousand ten", "一万零一十"), (100_000, "one hundred thousand", "十万"),
        (101_000, "one hundred one thousand", "十万一千"),
        (110_000, "one hundred ten thousand", "十一万"),
        (100_200, "one hundred thousand two hundred", "十万零二百"),
        (999_999, "nine hundred ninety-nine thousand nine hundred ninety-nine",
         "九十九万九千九百九十九"),
    ],
)  # fmt: skip
def test_numbers_as_they_are_written(number: int, said: str, written: str) -> None:
    assert (in_english(number), in_chinese(number)) == (said, written)


# Names


def test_where_the_names_of_boys_begin() -> None:
    girls, boys = lists()
    assert (len(girls), len(boys), len(girls.keys() & boys)) == (18_148, 14_109, 2_564)
    # The five most frequent of each in 2018, as the Social Security Administration has told.
    assert list(girls)[:5] == ["emma", "olivia", "ava", "isabella", "sophia"]
    assert list(boys)[:5] == ["liam", "noah", "william", "james", "oliver"]
    # Names of five children, the fewest that are told of, stand in order; that falls back there.
    names = locate(DATASETS["names"]).read_text(encoding="utf-8").splitlines()
    rare = names[len(girls) - 1000 : len(girls)]
    assert rare == sorted(rare)
    assert names[len(girls)] < rare[-1]
    assert names[-1000:] == sorted(names[-1000:])


def test_names_and_their_sex() -> None:
    girls, boys = lists()
    found = {
        shared: dict(every("names", shared=shared)) for shared in ("ranked", "both", "left-out")
    }
    assert Counter(found["both"].values()) == {"female": 15_584, "male": 11_545, "both": 2_564}
    assert found["left-out"] == {k: v for k, v in found["both"].items() if v != "both"}
    equal = [name for name in girls if girls[name] == boys.get(name)]
    assert len(equal) == 1
    assert found["ranked"].keys() == found["both"].keys() - set(equal)
    assert found["left-out"].items() <= found["ranked"].items()
    assert (found["ranked"]["liam"], found["ranked"]["emma"]) == ("male", "female")
    missing = [
        sum(name not in found["left-out"] for name in list(one)[:100]) for one in (girls, boys)
    ]
    assert missing == [64, 91]  # as help says


# Chinese aloud, and cities


def test_verses_are_those_of_the_poems() -> None:
    found = list(verses())
    assert found[:4] == ["寥落古行宮", "宮花寂寞紅", "白頭宮女在", "閒坐說玄宗"]
    assert not any("一作" in verse for verse in found)  # the remark of an editor
    assert sum(len(verse) in (5, 7) for verse in found) / len(found) > 0.97
    assert "初爲霓裳後六幺" in found  # whose 《 》 stand within the verse


def test_pinyin_has_a_syllable_for_each_character() -> None:
    pytest.importorskip("pypinyin", reason="pypinyin is not installed")
    marked, numbered, plain = (
        dict(every("pinyin", tones=tones)) for tones in ("marks", "numbers", "none")
    )
    assert all(len(said.split()) == len(verse) for verse, said in marked.items())
    marks = {"\u0300", "\u0301", "\u0304", "\u030c"}  # the umlaut stays
    for verse, said in marked.items():
        letters = [one for one in unicodedata.normalize("NFD", said) if one not in marks]
        assert unicodedata.normalize("NFC", "".join(letters)) == plain[verse]
        assert re.sub("[1-5]", "", numbered[verse]) == plain[verse]
    assert marked["千山鳥飛絕"] == "qiān shān niǎo fēi jué"
    assert any("長安" in verse and "zhǎng ān" in said for verse, said in marked.items())  # as told


def test_cities_are_as_babel_tells_them() -> None:
    dates = pytest.importorskip("babel.dates", reason="Babel is not installed")
    made = pairs("cities")
    assert len(made) == 419
    for zone in ("Europe/London", "America/New_York", "Asia/Tokyo", "Africa/Abidjan"):
        names = [dates.get_timezone_location(zone, one, return_city=True) for one in ("en", "ru")]
        assert tuple(names) in made
    assert all(
        unicodedata.name(sign).startswith(("CYRILLIC", "COMBINING"))
        for _, target in made for sign in target if sign.isalpha()
    )  # fmt: skip
    assert draw("cities", from_="ja", to="zh-Hant").there_are > 400
    german = dict(pairs("cities", to="de"))
    assert german["Ho Chi Minh City"] == "Ho-Chi-Minh-Stadt"


# What help says


@pytest.mark.parametrize("kind", KINDS)
def test_the_pair_in_help_is_one_of_the_kind(kind: str) -> None:
    source, target = KINDS[kind].example
    if kind in ("pinyin", "cities"):
        pytest.importorskip({"pinyin": "pypinyin", "cities": "babel"}[kind])
    letters = {"shortest": 5, "longest": 5, "letters": "learn"}
    few: dict[str, dict[str, Any]] = {
        "dates": {"first_year": 1987, "last_year": 1987},
        "reversal": letters, "sorting": letters, "copy": letters,
    }  # fmt: skip
    if kind == "addition":
        assert added((source, target))
    elif kind == "numbers":
        assert (source, target) == (in_english(int(target)), "1002")
    else:
        assert (source, target) in every(kind, **few.get(kind, {}))
