"""Labels that hardly come again: refused or told in training, and by the doctor."""

from __future__ import annotations

from pathlib import Path

import pytest

from hornbook.errors import DataError
from hornbook.pairs.doctor.examine import examine
from hornbook.pairs.loading import load_pairs
from hornbook.pairs.lone_labels import Labelling
from hornbook.pairs.options import PairOptions
from hornbook.pairs.splits import same_source
from hornbook.sources.source import Source

Rows = list[tuple[str, str]]


def written(folder: Path, rows: Rows) -> Source:
    path = folder / "texts.tsv"
    path.write_text("\n".join(map("\t".join, [("text", "label"), *rows])) + "\n", encoding="utf-8")
    return Source(str(path))


def found(source: Source) -> dict[str, str]:
    return {one.name: one.severity for one in examine(source).findings}


def test_a_text_counts_once_with_a_label_however_it_is_written() -> None:
    spread = Labelling.of(
        ["caf\u00e9", "cafe\u0301", "b", "b", "c"], ["x", "x", "y", "z", "z"], same_source
    )
    assert spread == (4, 3, 2)
    assert not spread.all_lone
    assert spread.mostly_lone


def test_labels_that_no_other_text_has_are_refused(tmp_path: Path) -> None:
    rows = [(f"text {n}", f"label {n}") for n in range(40)]
    for repeats in (1, 3):  # the same rows again are no other texts
        source = written(tmp_path, rows * repeats)
        with pytest.raises(DataError, match="each of 40 labels has one text only") as caught:
            load_pairs(source)
        assert "`target_column`" in (caught.value.hint or "")
        assert found(source)["lone-labels"] == "problem"
    assert not load_pairs(source, PairOptions(target_column="label")).labels


def test_more_labels_than_half_the_texts_are_told(tmp_path: Path) -> None:
    rows = [(f"text {n}", f"label {n * 2 // 3}") for n in range(60)]
    source = written(tmp_path, rows)
    told = "there are 40 different labels for 60 texts; 20 of them have one text only"
    assert any(told in one for one in load_pairs(source).remarks)
    findings = found(source)
    assert findings["lone-labels"] == "warning"
    assert "rare-labels" not in findings
    fewer = written(tmp_path, [(text, f"label {n // 2}") for n, (text, _) in enumerate(rows)])
    assert "lone-labels" not in found(fewer)
    assert not any("text only" in one for one in load_pairs(fewer).remarks)
