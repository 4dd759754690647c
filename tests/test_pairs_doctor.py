"""What the doctor of pairs finds, and what it lets pass."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hornbook.pairs.doctor.examine import examine
from hornbook.pairs.doctor.examined import Examined
from hornbook.pairs.options import PairOptions
from hornbook.pairs.reading import Read
from hornbook.reports import Report
from hornbook.sources.source import Source
from tests.command import typed
from tests.test_pairs_evaluating import distance

RANDOM = np.random.default_rng(5)
WORDS = sorted({"".join(RANDOM.choice(list("abcdefghij"), RANDOM.integers(7, 13)))
                for _ in range(1_200)})  # fmt: skip
CLEAN = [(word, word[::-1]) for word in WORDS]


def report(folder: Path, pairs: list[tuple[str, str]], head: str = "source\ttarget",
           **options: object) -> Report:  # fmt: skip
    path = folder / "pairs.tsv"
    path.write_text("\n".join([head, *map("\t".join, pairs), ""]), encoding="utf-8")
    return examine(Source(str(path)), PairOptions.from_dict(options))


def found(made: Report) -> dict[str, str]:
    """What was found, and the severity and all words of each."""
    return {
        one.name: f"{one.severity}: {one.title}. {one.detail} {one.advice}" for one in made.findings
    }


def test_nothing_is_found_in_clean_pairs(tmp_path: Path) -> None:
    made = report(tmp_path, CLEAN)
    assert found(made) == {}
    assert made.facts["pairs"].startswith("1,")
    assert [one.verb for one in made.proposed] == ["best", "train"]
    assert "task" not in made.proposed[0].settings


def test_little_data_and_no_dev(tmp_path: Path) -> None:
    few = found(report(tmp_path, CLEAN[:100]))
    assert [*few] == ["too-little"]
    assert "100 pairs" in few["too-little"]
    assert "no-dev-split" in found(report(tmp_path, CLEAN, split="100/0"))
    none = report(tmp_path, CLEAN[:3], split="80/20")
    assert found(none)["no-splits"].startswith("problem")
    assert none.proposed == ()


def test_repeated_pairs_and_contradictions(tmp_path: Path) -> None:
    again = found(report(tmp_path, [*CLEAN, *CLEAN[:30], CLEAN[0]]))
    assert [*again] == ["repeated-pairs"]
    assert "31 pairs" in again["repeated-pairs"]
    assert f"{CLEAN[0][0]!r} with {CLEAN[0][1]!r}, 3 times" in again["repeated-pairs"]
    other = found(report(tmp_path, [*CLEAN, (CLEAN[3][0], "another")]))
    assert [*other] == ["contradictions"]
    assert other["contradictions"].startswith("note")
    assert (
        f"{CLEAN[3][1]!r} (line 5) and 'another' (line {len(CLEAN) + 2:,})"
        in other["contradictions"]
    )
    worse = [*CLEAN, *((word, "another1") for word in WORDS[:40])]
    assert found(report(tmp_path, worse))["contradictions"].startswith("warning")


def test_sources_of_dev_that_nearly_stand_in_train(tmp_path: Path) -> None:
    near = [word[:-1] + ("a" if word[-1] != "a" else "b") for word in WORDS[:600]]
    other = found(report(tmp_path, [*CLEAN, *((word, word[::-1]) for word in near)]))
    assert other["nearly-in-train"].startswith("note")
    assert "None of these has the same target" in other["nearly-in-train"]
    same = [(word, source[::-1]) for word, source in zip(near, WORDS, strict=False)]
    assert found(report(tmp_path, [*CLEAN, *same]))["nearly-in-train"].startswith("warning")


short = st.text("ab", min_size=6, max_size=9)


@settings(max_examples=60)
@given(st.lists(short, min_size=3, max_size=12, unique=True))
def test_those_that_are_near_are_all_found(sources: list[str]) -> None:
    read = Read(sources, sources, lines=[*range(len(sources))], begins=[(0, "line")])
    examined = Examined(read, PairOptions(split="40/60"), "here")
    train = [sources[n] for n in examined.of("train")]
    near = {n for n in examined.held_out if any(distance(sources[n], one) == 1 for one in train)}
    assert examined.near is not None
    pairs, tried = examined.near
    assert {number for number, _ in pairs} == near
    assert all(distance(sources[number], one) == 1 for number, one in pairs)
    assert tried == len(examined.held_out)


def test_rows_that_cannot_be_read_are_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    lines = ["source\ttarget", *map("\t".join, CLEAN), "abc\t", "a\tb\tc"]
    path.write_text("\n".join(lines), encoding="utf-8")
    made = examine(Source(str(path)))
    told = found(made)["unreadable-rows"]
    assert told.startswith("problem")
    assert f"line {len(CLEAN) + 2:,}: target is empty (beside 'abc')" in told
    assert made.proposed == ()
    assert "unreadable-rows" not in found(examine(Source(str(path)), PairOptions(bad_rows="skip")))


def test_odd_lengths_are_listed_with_their_lines(tmp_path: Path) -> None:
    told = found(report(tmp_path, [*CLEAN, ("abcdefghi", "x" * 60), ("abcdefgha", "y")]))
    assert [*told] == ["odd-lengths"] or set(told) == {"odd-lengths", "unseen-in-targets"}
    assert "2 pairs" in told["odd-lengths"]
    assert f"line {len(CLEAN) + 2:,}: 'abcdefghi' (9)" in told["odd-lengths"]
    assert f"line {len(CLEAN) + 3:,}: 'abcdefgha' (9) with 'y' (1)" in told["odd-lengths"]


def test_characters_that_only_dev_has(tmp_path: Path) -> None:
    made = found(report(tmp_path, [(word + chr(0x4E00 + n), word) for n, word in enumerate(WORDS)]))
    assert made["unseen-in-sources"].startswith("warning")
    assert "unseen-in-targets" not in made


def test_sides_that_may_be_swapped(tmp_path: Path) -> None:
    few = [("abcdefg"[n % 7] * 8, word) for n, word in enumerate(WORDS)]
    told = found(report(tmp_path, few, target_column="target"))["sides-swapped"]
    assert "set `source_column` to target and `target_column` to source" in told
    assert "7 different sources" in told


@pytest.mark.parametrize(("n", "severity"), [(30, None), (200, "note"), (900, "warning")])
def test_targets_that_are_their_source(n: int, severity: str | None, tmp_path: Path) -> None:
    told = found(report(tmp_path, [*((word, word) for word in WORDS[:n]), *CLEAN[n:]]))
    assert told.get("copies", "None").split(":")[0] == str(severity)


# Labels


def labelled(labels: list[str]) -> list[tuple[str, str]]:
    return [(word, labels[at % len(labels)]) for at, word in enumerate(WORDS)]


def test_labels_that_are_fine(tmp_path: Path) -> None:
    made = report(tmp_path, labelled(["x", "y", "z"]), "text\tlabel")
    assert found(made) == {}
    (table,) = made.tables
    assert table.heads == ("label", "pairs", "share")
    assert {row[0] for row in table.rows} == {"x", "y", "z"}


def test_rare_labels_imbalance_and_labels_that_are_alike(tmp_path: Path) -> None:
    rare = found(report(tmp_path, [*labelled(["x", "y"]), *((f"new{n}", "z") for n in range(5))],
                        "text\tlabel"))  # fmt: skip
    assert "'z' (5)" in rare["rare-labels"]
    for head in ("text\tlabel", "source\ttarget"):
        same = found(report(tmp_path, [(w, "y") for w in WORDS], head))
        label = head.endswith("label")
        name = "one-label" if label else "one-target"
        assert same[name].startswith("problem: All" if label else "warning: All")
        told = {} if label else {"target_column": "target"}  # two are else taken for labels
        nearly = found(report(tmp_path, [(w, "y" if n else "x") for n, w in enumerate(WORDS)],
                              head, **told))  # fmt: skip
        assert nearly[name].startswith("warning: Nearly all")
    most = found(report(tmp_path, [(w, "y" if n % 20 == 0 else "x") for n, w in enumerate(WORDS)],
                        "text\tlabel"))  # fmt: skip
    assert "95.0% have 'x'" in most["one-label"]
    alike = found(report(tmp_path, labelled(["New York", "new  york", "Paris"]), "text\tlabel"))
    assert "'New York', 'new  york'" in alike["alike-labels"]
    assert [*alike] == ["alike-labels"]
    forms = ["caf\u00e9", "cafe\u0301", "tea"]
    assert [*found(report(tmp_path, labelled(forms), "text\tlabel"))] == ["alike-labels"]


def test_a_header_that_was_taken_for_a_pair(tmp_path: Path) -> None:
    pairs = labelled(["x", "y"])
    doubt = found(report(tmp_path, pairs[1:], "phrase\tmood"))
    assert "'phrase' with 'mood'" in doubt["header-doubt"]
    assert "header-doubt" not in found(report(tmp_path, pairs[1:], "phrase\tmood", header="yes"))
    assert "header-doubt" not in found(report(tmp_path, pairs[1:], "\t".join(pairs[0])))


# As typed


def test_the_command_tells_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report(tmp_path, [*CLEAN, *CLEAN[:500]])
    path = str(tmp_path / "pairs.tsv")
    status, out, _ = typed(capsys, "doctor", path)
    assert status == 0
    assert "Some pairs occur more than once" in out
    figures = json.loads(typed(capsys, "doctor", path, "--json")[1])
    assert figures["repeated_pairs"] == 500
    assert figures["pairs"] == len(CLEAN) + 500
    assert figures["findings"][0]["name"] == "repeated-pairs"
