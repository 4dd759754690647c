"""Examples of several lines, all the way: trained on, kept, sampled, measured, gone on with."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

import hornbook
from hornbook.errors import RunError
from hornbook.runs.record import FORMAT
from hornbook.text.layout import blocks_of
from hornbook.text.views.pictures import example
from tests.command import typed
from tests.stopping import stopped_at

VERSES = [f"the {a} {b}\n  sat on {b}s\n{a}" for a in ("cat", "dog", "owl") for b in "abcdefghijk"]
EDGE = ["one\n\n\ntwo", '"quoted"\\', "a\u2028b\x85c\td", "{}"]  # what a column may hold


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with verses in a file, and two runs on them."""
    made = tmp_path_factory.mktemp("blank")
    (made / "verses.txt").write_text("\n\n".join(VERSES) + "\n")
    hornbook.train(made / "verses.txt", model="ngram", out=made / "counts")
    net = {"steps": 4, "evaluate_every": 2, "threads": 1, "gradients": "hand"}
    with stopped_at(2):
        hornbook.train(made / "verses.txt", model="bigram", out=made / "net", training=net)
    return made


@pytest.fixture
def counts(folder: Path) -> hornbook.Run:
    """The run that counts."""
    return hornbook.Run(folder / "counts")


def test_examples_are_kept_as_they_are(counts: hornbook.Run) -> None:
    splits = counts.data.splits
    assert sorted(splits.train + splits.dev + splits.test) == sorted(VERSES)
    assert splits.separator == "blank"
    assert counts.record.format == FORMAT
    assert counts.record.data.details["separator"] == "blank"
    assert (counts.path / "data" / "dev.jsonl").exists()
    assert not list(counts.path.glob("data/*.txt"))


def test_values_of_a_column_are_kept_as_they_are(tmp_path: Path) -> None:
    values = [f"{edge}{n}" for n in range(20) for edge in EDGE]
    path = tmp_path / "values.jsonl"
    path.write_text("".join(json.dumps({"text": value}) + "\n" for value in values))
    run = hornbook.train(path, model="ngram", out=tmp_path / "run", column="text")
    splits = hornbook.Run(run.path).data.splits
    assert sorted(splits.train + splits.dev + splits.test) == sorted(values)
    # What a run keeps can itself be read.
    kept = hornbook.load_corpus(run.path / "data" / "train.jsonl", column="text")
    assert tuple(kept.examples) == splits.train


def test_samples_stand_apart_as_in_the_data(
    counts: hornbook.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = typed(capsys, "sample", str(counts.path), "-n", "12", "--seed", "1")
    assert status == 0
    made = [sample.text for sample in counts.sample(n=12, seed=1)]
    assert out == "\n\n".join(made) + "\n"
    assert blocks_of(out) == made
    assert any("\n" in text for text in made)
    assert "12 samples drawn" in err


def test_what_stands_in_the_data_is_known(counts: hornbook.Run) -> None:
    assert counts.data.novelty.origin(counts.data.splits.dev[0]) == "dev"
    assert counts.data.novelty.origin("the cat a") == "new"


def test_a_file_is_measured_as_the_run_was_trained(counts: hornbook.Run, tmp_path: Path) -> None:
    path = tmp_path / "dev.txt"
    path.write_text("\n\n".join(counts.data.splits.dev))
    found = counts.evaluate(data=path)["dev"]
    assert found.as_dict() == pytest.approx(counts.evaluate()["dev"].as_dict())
    table = tmp_path / "dev.csv"
    rows = [f'"{text}",1\n' for text in counts.data.splits.dev]
    table.write_text("verse,n\n" + "".join(rows))
    by_column = counts.evaluate(data=table, column="verse")["dev"]
    assert by_column.as_dict() == pytest.approx(found.as_dict())


def test_a_score_counts_the_line_breaks(counts: hornbook.Run) -> None:
    found = counts.score(VERSES[0])
    assert len(found.tokens) == len(VERSES[0]) + 1
    assert found.tokens.count("line feed") == 2


def test_a_stopped_run_is_gone_on_with(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, _ = typed(capsys, "train", "--resume", str(folder / "net"))
    assert status == 0
    assert hornbook.Run(folder / "net").summary.steps == 4
    mixed = hornbook.mix([folder / "counts", folder / "net"], out=folder / "mixed")
    assert hornbook.Run(mixed.path).data.splits == hornbook.Run(folder / "net").data.splits
    net = hornbook.Run(folder / "net")
    assert example(net) == net.data.splits.dev[0][: len(example(net))] != ""
    assert hornbook.strip(folder / "mixed") == [
        f"data/{split}.jsonl" for split in ("dev", "test", "train")
    ]
    assert next(hornbook.Run(folder / "mixed").sample(n=1)).text


@pytest.mark.parametrize("line", ["no", "[]", '{"text": 3}', '{"txt": "a"}'])
def test_damaged_data_are_named(counts: hornbook.Run, tmp_path: Path, line: str) -> None:
    path = tmp_path / "run"
    shutil.copytree(counts.path, path)
    (path / "data" / "dev.jsonl").write_text(line + "\n")
    record = json.loads((path / "run.json").read_text())
    record["data"]["files"]["data/dev.jsonl"] = hashlib.sha256(f"{line}\n".encode()).hexdigest()
    del record["sha256"]
    (path / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"data/dev\.jsonl is damaged"):
        _ = hornbook.Run(path).data.splits


@pytest.mark.parametrize("separator", [None, "tab", 3])
def test_a_record_says_what_parts_examples(
    counts: hornbook.Run, tmp_path: Path, separator: object
) -> None:
    path = tmp_path / "run"
    shutil.copytree(counts.path, path)
    record = json.loads((path / "run.json").read_text())
    record["data"]["details"]["separator"] = separator
    del record["sha256"]
    (path / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"separator must be line or blank; it is"):
        _ = hornbook.Run(path).data


def test_a_record_of_format_2_has_lines(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("emma\nolivia\nava\n" * 9)
    run = hornbook.train(tmp_path / "names.txt", model="ngram", out=tmp_path / "run")
    path = run.path / "run.json"
    record = json.loads(path.read_text())
    del record["data"]["details"]["separator"], record["sha256"]
    path.write_text(json.dumps({**record, "format": 2}))
    old = hornbook.Run(run.path)
    assert old.record.format == FORMAT
    assert old.data.splits == run.data.splits
