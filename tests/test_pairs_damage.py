"""Runs on pairs whose files are damaged, or were changed by someone who means harm: an error."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import HornbookError, RunError
from hornbook.storage import SEAL, sealed

FAMILIES = ("copy", "lookup", "nearest-source", "seq2seq", "naive-bayes")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run of each kind, with two vocabularies where texts are written."""
    folder = tmp_path_factory.mktemp("damage")
    rows = [f"{'ab' * (i % 4 + 1)}{'cde'[i % 3]}" for i in range(60)]
    (folder / "pairs.tsv").write_text(
        "".join(f"{one}\t{one[::-1]}X{i}\n" for i, one in enumerate(rows))
    )
    (folder / "labels.tsv").write_text(
        "".join(f"{one}{i}\t{'yn'[i % 2]}\n" for i, one in enumerate(rows))
    )
    for family in FAMILIES:
        labels = family == "naive-bayes"
        texts: dict[str, Any] = {"target_column": "2", "vocabularies": "two"}
        more: dict[str, Any] = {"label_column": "2"} if labels else texts
        if family == "seq2seq":
            more |= {"settings": {"n_layer": 1, "n_embd": 8, "n_head": 2},
                     "training": {"steps": 1, "threads": 1}}  # fmt: skip
        hornbook.train(folder / f"{'labels' if labels else 'pairs'}.tsv", model=family,
                       header="no", baseline=False, out=folder / family, **more)  # fmt: skip
    return {family: folder / family for family in FAMILIES}


def asked(path: Path) -> object:
    """What a run says to a source."""
    run = hornbook.Run(path)
    return run.classify("abc") if run.data.labels else run.translate("ababc").text


def rewritten(path: Path, name: str, content: bytes) -> None:
    """A file of the data replaced, and its sum with it."""
    (path / name).write_bytes(content)
    record = json.loads((path / "run.json").read_text())
    record.pop(SEAL)
    record["data"]["files"][name] = hashlib.sha256(content).hexdigest()
    (path / "run.json").write_text(json.dumps(sealed(record)))


def in_lists(change: Callable[[list[Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """All lists of a tokenizer's file changed."""
    return lambda kept: {name: change(v) if isinstance(v, list) else v for name, v in kept.items()}


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "nothing": lambda kept: {},
    "null": lambda kept: None,
    "a list": lambda kept: [],
    "another kind": lambda kept: {**kept, "kind": "runes"},
    "a number for a kind": lambda kept: {**kept, "kind": 3},
    "bytes": lambda kept: {"kind": "bytes", "boundary": True},
    "no tokens": in_lists(lambda tokens: []),
    "fewer tokens": in_lists(lambda tokens: tokens[:2]),
    "a token twice": in_lists(lambda tokens: tokens + tokens[:1]),
    "numbers": in_lists(lambda tokens: [1, 2, 3]),
    "a text": in_lists(lambda tokens: "abc"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_tokenizers_of_other_vocabularies_are_refused(
    runs: dict[str, Path], tmp_path: Path, change: str
) -> None:
    tried = 0
    for family, path in runs.items():
        for name in ("tokenizer.json", "target_tokenizer.json"):
            if not (path / name).exists():
                continue
            copy = Path(shutil.copytree(path, tmp_path / f"{family}-{name}"))
            kept = json.loads((path / name).read_text())
            rewritten(copy, name, json.dumps(CHANGES[change](kept)).encode())
            with pytest.raises(RunError):
                asked(copy)
            tried += 1
    assert tried == 2 * len(FAMILIES) - 1


@pytest.mark.parametrize("content", [b"", b"\0" * 40, b'{"kind": "characters"'])
def test_bytes_that_were_not_sealed_are_told_with_the_file(
    runs: dict[str, Path], tmp_path: Path, content: bytes
) -> None:
    for family, path in runs.items():
        copy = Path(shutil.copytree(path, tmp_path / family))
        (copy / "tokenizer.json").write_bytes(content)
        with pytest.raises(RunError, match=r"tokenizer\.json was changed or truncated"):
            asked(copy)


@pytest.mark.parametrize(
    ("family", "name", "wrong"),
    [
        ("copy", "written", np.full((3, 1), 10**6, np.int64)),
        ("copy", "written", np.zeros((0, 1), np.int64)),
        ("nearest-source", "sources.lengths", np.zeros(0, np.int64)),
        ("lookup", "counterparts", np.array([10**6], np.int64)),
    ],
)
def test_weights_of_other_vocabularies_are_refused(
    runs: dict[str, Path], family: str, name: str, wrong: Any
) -> None:
    run = hornbook.Run(runs[family])
    arrays = dict(run.model.arrays())
    if name == "written":
        wrong = np.broadcast_to(wrong[:1], (len(arrays[name]), 1)) if len(wrong) else wrong
    arrays[name] = np.asarray(wrong)
    if family == "nearest-source":
        arrays |= {one: np.zeros(0, np.int64) for one in arrays}
    with pytest.raises(RunError, match="do not match this run's settings"):
        run.model.load_arrays(arrays)


def test_whole_runs_answer(runs: dict[str, Path]) -> None:
    for path in runs.values():
        try:
            assert asked(path) is not None
        except HornbookError as error:  # pragma: no cover
            pytest.fail(f"{path.name}: {error}")
