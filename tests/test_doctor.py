from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import DataError, SettingsError
from hornbook.records import as_json
from hornbook.reports.finding import Finding
from hornbook.sources.encoding import decode
from hornbook.text import line_figures
from hornbook.text.corpus import Corpus, Mode, SplitSettings, load_corpus, split_corpus
from hornbook.text.doctor import characters, findings, stretches
from hornbook.text.doctor.examine import CorpusReport, examine
from hornbook.text.doctor.examined_corpus import count_characters
from hornbook.text.doctor.stretches import repeated_stretches
from hornbook.text.stream import encode_split
from hornbook.tokenizers.characters import CharTokenizer
from tests.command import typed

# Distinct lower-case names: a list with nothing amiss, for faults to be planted in.
HEALTHY = list(dict.fromkeys(load_corpus("names").lines))[:12_000]

RUSSIAN = [
    "Мой дядя самых честных правил,",
    "Когда не в шутку занемог,",
    "Он уважать себя заставил",
    "И лучше выдумать не мог.",
]


def corpus(
    text: str, mode: Mode = "lines", reason: str = "as requested", line_ends: str = "LF"
) -> Corpus:
    return Corpus("planted", "planted.txt", mode, reason, text, "utf-8", line_ends)


def planted(*lines: str, healthy: list[str] = HEALTHY) -> CorpusReport:
    """A healthy list with some lines put into its middle."""
    middle = len(healthy) // 2
    return examine(corpus("\n".join([*healthy[:middle], *lines, *healthy[middle:]]) + "\n"))


def alarms(report: CorpusReport) -> set[str]:
    return {finding.title for finding in report.findings if finding.severity != "note"}


def finding(report: CorpusReport, title: str) -> Finding:
    found = [finding for finding in report.findings if finding.title == title]
    assert len(found) == 1, [finding.title for finding in report.findings]
    assert re.fullmatch("[a-z]+(-[a-z]+)*", found[0].name)
    assert found[0].detail
    assert found[0].advice
    return found[0]


def test_a_healthy_list_is_found_healthy() -> None:
    assert planted().findings == ()


def test_bundled_names_without_repeats_give_no_alarm() -> None:
    report = examine(load_corpus("names"), SplitSettings(distinct=True))
    assert alarms(report) == set()
    found = finding(report, "Some lines are repeated")
    assert "2,564 of 32,257 lines" in found.detail
    assert "dropped" in found.advice


def test_bundled_plays_give_no_alarm() -> None:
    assert alarms(examine(load_corpus("shakespeare"))) == set()


@pytest.mark.parametrize("name", ["names", "shakespeare", "tang"])
@pytest.mark.parametrize("mode", ["lines", "text"])
def test_figures_are_those_of_the_streams(name: str, mode: Literal["lines", "text"]) -> None:
    given = load_corpus(name, mode=mode)
    report, splits = examine(given), split_corpus(given)
    texts = [text for split in ("train", "dev", "test") for text in splits[split]]
    tokenizer = CharTokenizer.fit(texts, boundary=mode == "lines")
    assert tuple(sorted(report.vocabulary)) == tokenizer.characters
    assert report.vocabulary == dict(Counter("".join(texts)))
    assert list(report.vocabulary.values()) == sorted(report.vocabulary.values(), reverse=True)
    assert report.characters == len(given.text)
    assert report.lines == sum(map(bool, given.text.split("\n")))
    assert report.distinct_lines == len(set(given.text.split("\n")) - {""})
    assert (report.mode, report.reason, report.source) == (mode, given.reason, f"data set {name}")
    assert set(report.splits) == ({"train", "dev", "test"} if mode == "lines" else {"train", "dev"})
    for split, size in report.splits.items():
        assert size.examples == len(splits[split])
        assert size.predictions == len(encode_split(splits, split, tokenizer))


def test_lengths() -> None:
    lines = ["x" * n for n in range(1, 101)] + ["é", "x" * 100, "y" * 100]
    lengths = examine(corpus("\n".join(lines))).lengths
    sizes = sorted(map(len, lines))
    assert (lengths.min, lengths.median, lengths.max) == (1, sizes[51], 100)
    assert lengths.mean == pytest.approx(sum(sizes) / 103)
    assert lengths.p95 == min(n for n in sizes if sum(m <= n for m in sizes) >= 0.95 * 103)
    assert lengths.shortest == ("x", "é", "xx")
    assert lengths.longest == ("x" * 60 + "…", "y" * 60 + "…", "x" * 60)


def test_a_report_goes_through_json() -> None:
    report = planted("née", "emma", "emma", "a\u200bb", "👩‍👩‍👧", "שלום", "唐詩")
    assert len(report.findings) > 2
    values = as_json(report)
    assert json.loads(json.dumps(values)) == values
    assert values["splits"]["train"]["predictions"] == report.splits["train"].predictions
    assert values["findings"][0]["severity"] == report.findings[0].severity
    assert values["vocabulary"]["唐"] == 1
    assert values["lengths"]["longest"] == list(report.lengths.longest)


def test_problems_come_before_warnings_and_notes() -> None:
    report = examine(
        corpus("Anna Karenina\nanna karenina\n\nBo Diddley \nBo Diddley \nX Æ A\n" * 4)
    )
    severities = [finding.severity for finding in report.findings]
    assert severities == sorted(severities, key=["problem", "warning", "note"].index)
    assert set(severities) == {"problem", "warning", "note"}


# One test for each finding, in the order of CHECKS.


def test_splits_that_cannot_be_made() -> None:
    given = corpus("emma and olivia and ava", reason="as requested")
    with pytest.raises(DataError) as caught:
        split_corpus(given, SplitSettings(split="80/10/10"))
    report = examine(given, SplitSettings(split="80/10/10"))
    found = finding(report, "The splits cannot be made")
    assert found.severity == "problem"
    assert (found.detail, found.advice) == (caught.value.message, caught.value.hint)
    assert report.splits == {}
    assert report.vocabulary["a"] == 6


def test_what_is_too_little_to_be_split_is_not_told_to_be() -> None:
    report = examine(corpus("emma\nava"))
    assert report.splits.keys() == {"train"}
    assert "too little to hold" in finding(report, "There is no dev split").advice
    asked = examine(corpus("emma\nava" * 20), SplitSettings(split="100/0"))
    assert "`split=90/10`" in finding(asked, "There is no dev split").advice


def test_settings_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(SettingsError, match="add up to 100"):
        examine(corpus("emma\nava\n" * 20), SplitSettings(split="50/40"))
    with pytest.raises(SettingsError, match='`mode="lines"`'):
        examine(corpus("emma\nava\n" * 20, "text"), SplitSettings(distinct=True))


def test_an_empty_corpus_is_an_error() -> None:
    with pytest.raises(DataError, match=r"planted\.txt is empty"):
        examine(corpus(" \n\n"))


@pytest.mark.parametrize(
    ("lines", "severity", "title"),
    [
        (100, "problem", "There is far too little training data"),
        (1_000, "warning", "There is very little training data"),
        (12_000, None, None),
    ],
)
def test_too_little(lines: int, severity: str | None, title: str | None) -> None:
    report = examine(corpus("\n".join(HEALTHY[:lines])))
    if title is None:
        assert report.findings == ()
    else:
        found = finding(report, title)
        assert found.severity == severity
        assert f"{report.splits['train'].predictions:,} tokens to predict" in found.detail
        assert "n-gram" in found.advice


def test_a_dev_split_too_small_to_trust() -> None:
    report = examine(corpus("\n".join(HEALTHY)), SplitSettings(split="89/1/10"))
    n = report.splits["dev"].predictions
    assert n < 1_000
    assert alarms(report) == {"The dev split is too small for a reliable loss"}
    found = finding(report, "The dev split is too small for a reliable loss")
    assert f"{1 / n**0.5:.2f} nats" in found.detail


def test_no_dev_split_at_all() -> None:
    report = examine(corpus("\n".join(HEALTHY)), SplitSettings(split="100/0"))
    assert finding(report, "There is no dev split").severity == "note"
    assert set(report.splits) == {"train"}


WRAPPED = "\n".join(
    [
        "It was the best of times and it was the worst of times, it was the age",
        "of wisdom, it was the age of foolishness, it was the epoch of the",
        "belief, it was the epoch of incredulity, it was the season of this",
        "light, it was the season of darkness, it was the spring of hope and",
    ]
    * 100
)


def test_prose_read_as_lines_is_doubted() -> None:
    title = "It is read as lines, but looks like one continuous text"
    found = finding(examine(corpus(WRAPPED, "lines")), title)
    assert found.severity == "warning"
    assert "wrapped prose" in found.detail
    assert "`mode=text`" in found.advice
    assert title in alarms(examine(corpus("a single line of text" * 50, "lines")))
    assert not any("looks like" in title for title in alarms(examine(corpus(WRAPPED, "text"))))


def test_a_list_read_as_text_is_doubted() -> None:
    report = examine(corpus("\n".join(HEALTHY), "text"))
    assert alarms(report) == {"It is read as text, but looks like a list with one example per line"}


def test_lines_that_stand_more_than_once() -> None:
    report = planted("emma", "emma", "zoe ann", "zoe ann")
    found = finding(report, "Some lines are repeated")
    assert found.severity == "note"
    assert "3 of 12,004 lines" in found.detail
    assert "'emma' 3 times, 'zoe ann' 2 times." in found.detail
    assert "`distinct`" in found.advice
    many = finding(planted(*HEALTHY[:5_000]), "Some lines are repeated")
    assert many.severity == "warning"


def test_lines_of_dev_and_test_that_stand_in_train() -> None:
    given = corpus("\n".join(HEALTHY + HEALTHY[:2_000]))
    report, splits = examine(given), split_corpus(given)
    for split in ("dev", "test"):
        found = finding(report, f"Some lines of {split} are also in train")
        known = sum(line in splits.train for line in splits[split])
        assert found.severity == "warning"
        assert f"{known:,} of {len(splits[split]):,} lines" in found.detail
    assert alarms(examine(given, SplitSettings(distinct=True))) == set()


def test_long_stretches_of_dev_that_stand_in_train() -> None:
    text = load_corpus("shakespeare").text[:200_000]
    assert not any("passages" in found.title for found in examine(corpus(text, "text")).findings)
    page = text[5_000:7_000]
    report = examine(corpus(text + page, "text"))
    found = finding(report, "Long passages of dev are also in train")
    assert found.severity == "warning"
    share = (2_000 - 49) / (int(202_000 * 0.1) - 49)
    assert abs(float(found.detail.partition("%")[0]) - 100 * share) < 1
    assert any(repr(page[at : at + 50]) in found.detail for at in range(len(page)))
    assert "sample" not in found.detail


def test_a_sample_of_stretches_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "SAMPLED", 1_000)
    text = load_corpus("shakespeare").text[:100_000]
    report = examine(corpus(text * 2, "text"))
    found = finding(report, "Long passages of dev are also in train")
    assert found.detail.startswith(
        "100.0% of its passages of 50 characters (in an evenly spaced sample)"
    )


@given(
    st.text("ab", max_size=80),
    st.text("ab", max_size=80),
    st.sampled_from([1, 2, 3, 5, 7]),
    st.sampled_from([1, 4, 1_000]),
)
def test_stretches_against_plain_search(text: str, train: str, stretch: int, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "STRETCH", stretch)
        patch.setattr(stretches, "CHUNK", chunk)
        starts, known = repeated_stretches(text, train)
    expected = [text[at : at + stretch] in train for at in range(len(text) - stretch + 1)]
    if len(train) < stretch:
        assert len(starts) == 0
    else:
        assert starts.tolist() == list(range(len(expected)))
        assert known.tolist() == expected


def test_stretches_of_fifty_against_plain_search() -> None:
    rng = np.random.default_rng(0)
    train = "".join(rng.choice(list("abé😀\n"), 3_000))
    parts = [train[at : at + 70] for at in (0, 500, 2_930)]
    text = "b".join([*parts, "".join(rng.choice(list("abé😀"), 200)), train[100:149]])
    _, known = repeated_stretches(text, train)
    assert known.tolist() == [text[at : at + 50] in train for at in range(len(text) - 49)]
    assert 60 < known.sum() < 70


@given(st.lists(st.text(max_size=20), max_size=5), st.sampled_from([1, 3, 1_000]))
def test_characters_are_counted_right(texts: list[str], chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_figures, "PIECE", chunk)
        assert count_characters(texts) == dict(Counter("".join(texts)))


def test_characters_that_are_never_trained_on() -> None:
    text = "".join(f"{name} " for name in HEALTHY)
    share = 100 / (len(text) // 10 + 10)
    report = examine(corpus(text + "ж" * 20 + "ш" * 80, "text"))
    found = finding(report, "Some characters of dev never occur in train")
    assert found.severity == "warning"
    assert f"2 characters, {share:.1%} of those of dev: 'ж' 'ш'." in found.detail
    single = finding(
        examine(corpus(text + "ж", "text")), "Some characters of dev never occur in train"
    )
    assert single.severity == "note"
    assert "1 character, less than 0.1%" in single.detail


def test_rare_characters() -> None:
    report = planted("zoë", "chloë", "anaïs", *(f"{name}!" for name in HEALTHY[:10]))
    found = finding(report, "Some characters are rare")
    assert found.severity == "note"
    assert "2 of 29 characters occur fewer than 10 times" in found.detail
    assert "'ï' 'ë'. " in found.detail


@pytest.mark.parametrize(
    ("line", "title", "severity", "named"),
    [
        ("an\x07na", "Control characters", "warning", "U+0007"),
        ("an\x85na", "Control characters", "warning", "U+0085"),
        ("an\u2028na", "Control characters", "warning", "U+2028 (line separator)"),
        ("\ufeffanna", "Byte order marks inside the text", "warning", "U+FEFF"),
        ("an\ufffdna", "Replacement characters", "warning", "'\ufffd'"),
        ("an\u200bna", "Zero-width and other invisible characters", "warning", "zero width space"),
        ("an\u00adna", "Zero-width and other invisible characters", "warning", "soft hyphen"),
        ("an\u200dna", "Joiners and variation selectors", "note", "zero width joiner"),
        ("an\ue000na", "Private-use characters and noncharacters", "warning", "U+E000"),
        ("an\uffffna", "Private-use characters and noncharacters", "warning", "U+FFFF"),
        ("an\u00a0na", "Unusual space characters", "note", "no-break space"),
        ("an\u202fna", "Unusual space characters", "note", "narrow no-break space"),
        ("an\u202ena", "Text direction marks", "warning", "right-to-left override"),
    ],
)
def test_odd_characters(line: str, title: str, severity: str, named: str) -> None:
    report = planted(line)
    found = finding(report, title)
    assert found.severity == severity
    assert named in found.detail
    assert "1× (first on line 6,001)" in found.detail
    assert alarms(report) == ({title} if severity == "warning" else set())


def test_direction_marks_in_a_text_from_right_to_left_are_only_noted() -> None:
    report = planted("שלום\u200f!")
    assert finding(report, "Text direction marks").severity == "note"
    assert alarms(report) == set()


def test_the_same_letter_in_two_forms() -> None:
    report = planted("zoë", unicodedata.normalize("NFD", "chloë"))
    title = "Some letters are encoded in two ways"
    assert alarms(report) == {title}
    found = finding(report, title)
    assert "1 line of 12,002" in found.detail
    assert "NFC" in found.advice


def test_letters_that_are_all_decomposed_are_only_noted() -> None:
    report = planted(unicodedata.normalize("NFD", "chloë"))
    title = "Letters and their accents are separate characters"
    assert finding(report, title).severity == "note"
    assert alarms(report) == set()
    assert not any("accent" in found.title for found in planted("chloë").findings)


def test_the_advice_for_forms_works() -> None:
    loose = unicodedata.normalize("NFD", "chloë\n")
    advice = finding(
        planted(loose.strip()), "Letters and their accents are separate characters"
    ).advice
    program = advice.split('"')[1]
    run = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program],
        input=loose.encode(),
        capture_output=True,
        check=True,
    )
    assert run.stdout.decode() == "chloë\n"


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("м" + "aша", "a is U+0061 latin small letter a"),
        ("olivi" + "а", "а is U+0430 cyrillic small letter a"),
        ("joann" + "α" + "ο", None),
        ("zo" + "ο", "ο is U+03BF greek small letter omicron"),
    ],
)
def test_letters_of_another_script(line: str, named: str | None) -> None:
    report = planted(line)
    if named is None:  # α does not pass for a Latin letter: not every mixture is a slip
        assert alarms(report) == set()
    else:
        assert alarms(report) == {"Some words mix letters of two scripts"}
        assert f"1 word: {line!r} ({named})" in finding(report, *alarms(report)).detail


def test_words_of_several_scripts_side_by_side_are_no_fault() -> None:
    lines = ["Δx", "σ-algebra", "Ω and ω", "USB-кабель", "кабель USB", "λόγος logos", "5 µm"]
    assert alarms(planted(*lines, *RUSSIAN)) == set()


def test_one_long_word_of_two_scripts_takes_no_time() -> None:
    before = time.process_time()  # not the clock, which runs on while others compute
    word = "ab" * 200_000 + "с" + "ab" * 200_000
    titles = alarms(examine(corpus(word + "\n" + "\n".join(HEALTHY))))
    assert "Some words mix letters of two scripts" in titles
    assert time.process_time() - before < 60  # hours if the time grew with the square


@pytest.mark.parametrize(
    ("right", "codec"),
    [
        ("café", "cp1252"),
        ("señor", "cp1252"),
        ("don’t", "cp1252"),
        ("wait…", "cp1252"),
        ("привет", "cp1252"),
        ("привет", "cp1251"),
        ("smile 😀", "cp1252"),
        ("Ärger", "latin-1"),
        ("don’t", "latin-1"),
        ("smile 😀", "latin-1"),
    ],
)
def test_text_read_in_a_wrong_encoding(right: str, codec: str) -> None:
    # Windows reads the bytes that its code pages leave undefined as control characters.
    wrong = "".join(bytes([b]).decode(codec, "ignore") or chr(b) for b in right.encode())
    assert wrong != right
    report = planted(wrong)
    assert "Some text was decoded with the wrong encoding" in alarms(report)
    detail = finding(report, "Some text was decoded with the wrong encoding").detail
    assert detail.startswith("1 place")


def test_what_the_text_was_is_told() -> None:
    detail = finding(planted("cafÃ©"), "Some text was decoded with the wrong encoding").detail
    assert detail.startswith("1 place: 'Ã©' (probably 'é').")
    detail = finding(
        planted("РїСЂРёРІРµС‚"), "Some text was decoded with the wrong encoding"
    ).detail
    assert "(probably 'привет')" in detail


def test_lines_of_the_worlds_languages_are_no_mojibake() -> None:
    lines = [
        "« Déjà vu », dit-elle à l’âne : « Ô Âge ! »",
        "São Paulo não é só isso. NÃO, MÃE!",
        "El Niño, ¿cómo está? AÑO «ESPAÑA»",
        "Größe, Äpfel, Ölçü, šílený kůň",
        "«Россия», «СССР», Р. С. Иванов; «Ростов»",
        "Ðórður, Þór",
    ]
    assert alarms(planted(*lines)) == set()


def test_space_at_the_ends_of_lines() -> None:
    report = planted(" anna maria", "eva lotta\t", "   ")
    assert alarms(report) == {"Some lines begin or end with whitespace"}
    found = finding(report, "Some lines begin or end with whitespace")
    assert "3 of 12,003 lines" in found.detail
    assert "1 contain only whitespace" in found.detail


@pytest.mark.skipif(shutil.which("sed") is None, reason="there is no sed here")
def test_the_advice_for_space_works(tmp_path: Path) -> None:
    advice = finding(planted(" anna maria "), "Some lines begin or end with whitespace").advice
    command = "sed" + advice.partition("sed")[2]
    (tmp_path / "OLD").write_text(" anna maria \n\n  \neva\t\n")
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    assert (tmp_path / "NEW").read_text() == "anna maria\neva\n"


def test_only_trailing_space_is_noted_in_a_text() -> None:
    report = examine(
        corpus(WRAPPED.replace("belief", "    belief").replace("age\n", "age \n"), "text")
    )
    found = finding(report, "Some lines end with whitespace")
    assert found.severity == "note"
    assert found.detail.startswith("100 of 400 lines")


def test_blank_lines_that_are_dropped() -> None:
    found = finding(planted("", ""), "Blank lines are dropped")
    assert found.severity == "note"
    assert "2 blank lines in addition to 12,000" in found.detail
    assert examine(corpus("\n\n" + "\n".join(HEALTHY) + "\n\n")).findings == ()


@pytest.mark.parametrize(
    ("separator", "name", "columns", "header", "column"),
    [
        ("\t", "tabs", 2, "", "1"),
        (",", "commas", 3, "given,sex,year\n", "given"),
        (";", "semicolons", 2, "of;name\n", "name"),
    ],
)
def test_a_table(separator: str, name: str, columns: int, header: str, column: str) -> None:
    rows = [separator.join([name, "f", "2018"][:columns]) for name in HEALTHY]
    if column == "name":
        rows = [f"f;{name}" for name in HEALTHY]
    report = examine(corpus(header + "\n".join(rows)))
    title = f"The file looks like a table with {columns} columns"
    assert title in alarms(report)
    found = finding(report, title)
    assert f"separated by {name}; the first row" in found.detail
    assert ("not a header" in found.detail) == (header == "")
    assert f"`column={column}`" in found.advice


def test_commas_in_most_lines_are_no_table() -> None:
    rows = [f"{name}, a name" if at % 10 else name for at, name in enumerate(HEALTHY)]
    assert examine(corpus("\n".join(rows))).findings == ()


def test_small_letters_would_do() -> None:
    mixed = [name.title() if at % 2 else name for at, name in enumerate(HEALTHY)]
    found = finding(planted(healthy=mixed), "Lowercasing would make the vocabulary smaller")
    assert found.severity == "note"
    assert "52 characters and would have 26." in found.detail


def test_very_long_lines() -> None:
    long = " ".join(HEALTHY[:60])
    report = planted(long, "a name of some fifty letters is long, and not amiss")
    assert alarms(report) == {"Some lines are far longer than the others"}
    found = finding(report, "Some lines are far longer than the others")
    assert "1 line of more than 10 times the median length of 6 characters" in found.detail
    assert f"; the longest has {len(long)} and begins with" in found.detail


def test_mixed_line_ends() -> None:
    decoded = decode("\r\n".join(HEALTHY).encode() + b"\nanna maria\n", "file")
    report = examine(corpus(decoded.text, line_ends=decoded.line_ends))
    assert alarms(report) == {"Line ends are mixed"}
    assert report.line_ends == "mixed"


# Other scripts.


def test_chinese() -> None:
    report = examine(load_corpus("tang"))
    assert alarms(report) == {"Some characters of dev never occur in train"}
    rare = finding(report, "Some characters are rare")
    counts = Counter(load_corpus("tang").text)
    assert f"{sum(n < 10 for n in counts.values()):,} of {len(counts):,} characters" in rare.detail


def test_emoji() -> None:
    faces = [chr(0x1F600 + n % 40) * (1 + n % 3) for n in range(200)]
    report = planted(
        *(f"{name} {face}" for name, face in zip(HEALTHY, faces, strict=False)), "👨‍👩‍👧 ❤️"
    )
    assert alarms(report) == set()
    assert "zero width joiner) 2×" in finding(report, "Joiners and variation selectors").detail
    assert report.vocabulary["😀"] == 9


def test_right_to_left() -> None:
    verses = ["בראשית ברא אלהים", "את השמים ואת הארץ", "بسم الله الرحمن الرحيم", "سلام می‌کنم"]
    report = planted(*(f"{name} {verses[at % 4]}" for at, name in enumerate(HEALTHY[:100])))
    assert alarms(report) == set()
    assert finding(report, "Joiners and variation selectors").severity == "note"


def test_every_check_is_in_the_table() -> None:
    checks = {
        name
        for module in (findings, characters)
        for name, value in vars(module).items()
        if callable(value)
        and getattr(value, "__annotations__", {}).get("return") == "Iterator[Finding]"
    }
    assert {check.__name__ for check in findings.CHECKS} == checks


def test_a_name_is_that_of_one_kind_of_finding() -> None:
    named = [odd.name for odd in characters.ODD]
    source = inspect.getsource(findings) + inspect.getsource(characters)
    named += re.findall(r'yield Finding\(\s*"([^"]+)"', source)
    assert len(named) == len(set(named)) > 20


def test_a_few_megabytes_are_examined_at_once() -> None:
    text = load_corpus("shakespeare").text * 3
    before = time.process_time()
    examine(corpus(text, "text"))
    examine(corpus(text, "lines"))
    assert time.process_time() - before < 15


def test_of_a_single_line_what_works_is_proposed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "one.txt"
    file.write_text("emma\n")
    status, out, err = typed(capsys, "doctor", str(file))
    assert status == 0
    assert "characters are rare" not in out
    assert err.split("Next:\n")[1] == f"  hornbook train {file} --model ngram\n"
