"""Texts that are far too long: told with their lines, and never read in batches of any size."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import DataError, SettingsError
from hornbook.pairs.batches import PairBatches
from hornbook.pairs.data import Side
from hornbook.pairs.doctor.examine import examine
from hornbook.pairs.evaluation import said_to, sums_of
from hornbook.pairs.models.attention_rnn import AttentionRNN, AttentionRNNSettings
from hornbook.pairs.models.contract import Shape
from hornbook.pairs.options import LONGEST_LABELLED, LONGEST_TEXT, PairOptions
from hornbook.pairs.reading import read_pairs
from hornbook.pairs.rows import MEETINGS, Padded, batched
from hornbook.pairs.texts.views.pictures import WriterViews
from hornbook.sources.source import Source
from hornbook.tokenizers.contract import Vocabulary
from hornbook.training import recomputation
from hornbook.training.recomputation import choose_recompute
from hornbook.training.settings import TrainingSettings
from tests.command import typed

QUICK: dict[str, Any] = {"steps": 1, "threads": 1, "evaluate_on": 20}
SMALL: dict[str, Any] = {"n_layer": 1, "n_head": 2, "n_embd": 8}


def rows(count: int = 60) -> list[str]:
    return [
        f"{'ab' * (i % 7 + 1)}{'c' * (i % 5)}\t{'ba' * (i % 7 + 1)}{i % 10}" for i in range(count)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs, one of which is a line that has lost its breaks; and labels."""
    found = tmp_path_factory.mktemp("long")
    lines = [*rows(), f"{'a' * 3_000}\tb", *rows(20)]
    (found / "pairs.tsv").write_text("\n".join(lines) + "\n")
    labels = "".join(f"{'ab' * (i % 7 + 1)}{i}\t{'yn'[i % 2]}\n" for i in range(60))
    (found / "labels.tsv").write_text(f"text\tlabel\n{labels}{'ab' * 6_000}\ty\n")
    return found


@pytest.fixture(scope="module")
def writer(folder: Path) -> hornbook.Run:
    return hornbook.train(
        folder / "pairs.tsv", model="seq2seq", target_column="2", bad_rows="skip", settings=SMALL,
        training=QUICK, baseline=False, out=folder / "writer",
    )  # fmt: skip


def test_a_row_that_is_too_long_cannot_be_read(folder: Path) -> None:
    source, options = Source(folder / "pairs.tsv"), PairOptions(target_column="2")
    with pytest.raises(DataError, match=r"line 61: column 1 has 3,000 characters; at most 1,000"):
        read_pairs(source, options)
    longer = read_pairs(source, PairOptions(target_column="2", longest_text=3_000))
    assert (len(longer.sources), longer.bad) == (81, 0)
    report = examine(source, options)
    told = next(str(one) for one in report.findings if "61" in str(one))
    assert "3,000 characters" in told
    assert "longest_text" in told


def test_rows_that_are_left_out_leave_the_others_their_lines(folder: Path, tmp_path: Path) -> None:
    for name in ("a.tsv", "b.tsv"):
        (tmp_path / name).write_bytes((folder / "pairs.tsv").read_bytes())
    read = read_pairs(Source(tmp_path), PairOptions(target_column="2", bad_rows="skip"))
    assert (len(read.sources), read.bad) == (160, 2)
    assert read.place(59).endswith("line 60")
    assert read.place(60).endswith("line 62")
    assert read.place(80).endswith("line 1")
    assert read.place(159).endswith("line 81")
    assert read.sources[140] == rows(1)[0].split("\t")[0]
    assert "b.tsv, line 61" in read.first_bad[1]


def test_texts_with_labels_may_be_longer(folder: Path) -> None:
    assert LONGEST_TEXT < 3_000 < LONGEST_LABELLED < 12_000
    with pytest.raises(DataError, match=r"line 62: text has 12,000 characters; at most 10,000"):
        read_pairs(Source(folder / "labels.tsv"), PairOptions())
    run = hornbook.train(
        folder / "labels.tsv", model="naive-bayes", bad_rows="skip", out=folder / "labels"
    )
    assert run.classify("ab" * 2_000).label in "yn"
    with pytest.raises(DataError, match=r"has 12,000 characters; at most 10,000"):
        run.classify("ab" * 6_000)
    assert run.classify("ab" * 6_000, longest_text=12_000).label in "yn"
    with pytest.raises(DataError, match="at most 10,000"):
        run.evaluate(data=str(folder / "labels.tsv"))
    (found,) = run.evaluate(data=str(folder / "labels.tsv"), longest_text=12_000).values()
    assert found.as_dict()["pairs"] == 61


def test_a_cell_of_megabytes_takes_a_multiple_of_its_memory(tmp_path: Path) -> None:
    size = 5_000_000
    path = tmp_path / "cell.csv"
    path.write_text("source,target\n" + "abc,de\n" * 30 + f'"{"x" * size}",y\n')
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"line 32: source has 5,000,000 characters") as caught:
            read_pairs(Source(path), PairOptions(target_column="target"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(str(caught.value)) < 500
    assert peak < 25 * size


def test_sources_that_are_too_long_are_not_answered(
    folder: Path, writer: hornbook.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "asked.txt").write_text(f"ab\n{'a' * 3_000}\nabab\n")
    asked = ("translate", str(writer.path), str(folder / "asked.txt"), "--longest", "3")
    status, said, told = typed(capsys, *asked)
    assert status == 1
    assert "line 2: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' has 3,000 characters; at most 1,000" in told
    assert "--longest-text" in told
    status, said, told = typed(capsys, *asked, "--bad-lines", "empty")
    assert status == 0
    assert said.split("\n")[1] == ""
    assert "1 line without an answer" in told
    assert typed(capsys, *asked, "--longest-text", "3000")[0] == 0
    with pytest.raises(DataError, match="at most 1,000"):
        writer.translate("a" * 1_001)
    with pytest.raises(SettingsError, match="`text` has 1,001 characters; at most 1,000"):
        writer.task.views(writer, WriterViews(text="a" * 1_001))
    with pytest.raises(DataError, match="line 61"):
        writer.evaluate(data=str(folder / "pairs.tsv"))


def test_long_sequences_are_read_by_few_and_each_once() -> None:
    lengths = np.random.default_rng(0).integers(1, 3_000, 500).tolist()
    batches = list(batched(lengths, 64))
    assert sorted(np.concatenate(batches).tolist()) == list(range(500))
    for places in batches:
        most = max(lengths[one] for one in places)
        assert len(places) <= 64
        assert len(places) == 1 or len(places) * most**2 <= MEETINGS
    assert [len(one) for one in batched([7] * 130, 64)] == [64, 64, 2]
    assert list(batched([], 64)) == []


class Looked:
    """A model that notes how large the batches are that it is given."""

    def __init__(self, model: Any) -> None:
        self.model, self.sizes = model, list[int]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def token_losses(self, sources: Padded, inputs: Any, targets: Any) -> Any:
        self.sizes.append(len(inputs) * max(sources.ids.shape[1], inputs.shape[1]) ** 2)
        return np.zeros(inputs.shape)


def test_evaluating_keeps_to_it(writer: hornbook.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hornbook.pairs.rows.MEETINGS", 2_000)
    sources = [writer.data.read("ab" * n) for n in range(1, 30)]
    looked: Any = Looked(writer.model)
    sums_of(looked, writer.data, sources, sources)
    assert len(looked.sizes) > 10
    assert max(looked.sizes[:-10]) <= 2_000
    texts = tuple(dict.fromkeys("ab" * n for n in range(1, 12)))
    few = said_to(writer.model, writer.data, Side(texts, texts))
    monkeypatch.undo()
    assert said_to(writer.model, writer.data, Side(texts, texts)).said == few.said


def test_memory_is_foreseen_from_the_longest_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = Vocabulary(9, 0, 0)
    model = AttentionRNN(AttentionRNNSettings(n_embd=4, n_hidden=4), Shape(letters, letters))
    ids = [np.ones(n, np.int64) for n in (*[3] * 40, 60)]
    batches = PairBatches(ids, ids, 0, 8, 0)
    assert batches.largest().sources.ids.shape == (1, 60)
    settings = TrainingSettings(batch_size=8)
    whole = recomputation.needed(model, batches.largest(), settings).plain
    for there, said in ((10 * whole, None), (whole // 2, "That may be too much")):
        monkeypatch.setattr(recomputation, "available_memory", lambda there=there: there)
        how, told = choose_recompute(model, batches, settings)
        assert how.recompute == "no"  # it has no blocks
        assert (told is None) if said is None else (said in str(told))
    assert batches.cursor == 0
