"""`export` to ONNX: the file, what it says, and the example of the documentation."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hornbook
from hornbook.errors import RunError, SettingsError
from tests.test_models import LINES, TEXT

pytest.importorskip("onnx", reason="onnx is not installed")
DOCS = Path(__file__).parents[1] / "docs" / "export.md"


def made(folder: Path, model: str = "gru", text: str = "\n".join(LINES), **options: Any) -> Any:
    (folder / "data.txt").write_text(text, encoding="utf-8")
    if model == "gru":
        options |= {"settings": {"n_embd": 4, "n_hidden": 8, "dropout": 0.0},
                    "training": {"steps": 1}}  # fmt: skip
    return hornbook.train(
        folder / "data.txt", model=model, out=folder / "run", baseline=False, **options
    )


@pytest.mark.parametrize("text", ["\n".join(LINES), "床前明月光，\n疑是地上霜。\n" * 9])
def test_the_example_of_the_documentation_samples(text: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    run = made(tmp_path, text=text)
    hornbook.export(run, to="onnx", out=str(tmp_path / "net.onnx"))
    (code,) = (one for one in re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
               if "onnxruntime" in one)  # fmt: skip
    assert len(code.splitlines()) <= 26
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    known = set("".join(run.data.tokenizer.spelled)) | {"\n"}
    assert set(done.stdout) <= known
    assert len(done.stdout) > 1


def test_the_file_says_the_vocabulary_and_no_text(tmp_path: Path) -> None:
    import onnx

    secret = "the quick brown fox jumps over the lazy dog"
    run = made(tmp_path, text=f"{secret}\n" * 20, mode="text")
    told = hornbook.export(run, to="onnx", out=str(tmp_path / "net.onnx"))
    assert "characters of the data" in " ".join(map(str, told.remarks))
    data = told.path.read_bytes()
    assert b"quick" not in data
    facts = {one.key: json.loads(one.value) for one in onnx.load_from_string(data).metadata_props}
    tokenizer = run.data.tokenizer
    assert [one.encode("latin-1") for one in facts["tokens"]] == list(tokenizer.pieces)
    assert (facts["start"], facts["boundary"]) == (tokenizer.start, None)
    again = hornbook.export(run, to="onnx", out=str(told.path))  # one of ours is replaced
    assert again.path.read_bytes() == data


def test_the_file_says_the_conditions(tmp_path: Path) -> None:
    import onnx

    rows = [f"{name},{'FM'[i % 2]}" for i, name in enumerate(LINES)]
    run = made(tmp_path, text="\n".join(["name,sex", *rows]), column="name", condition=["sex"])
    told = hornbook.export(run, to="onnx", out=str(tmp_path / "net.onnx"))
    assert "The values of its conditions, as they are in the data: sex (2)." in told.remarks
    kept = onnx.load_from_string(told.path.read_bytes())
    facts = {one.key: json.loads(one.value) for one in kept.metadata_props}
    (condition,) = facts["conditions"]
    assert condition["name"] == "sex"
    assert tuple(condition["values"]) == run.data.conditions.values[0]
    assert [one.name for one in kept.graph.input][:2] == ["token", "given"]


def test_counts_and_files_of_others_are_refused(tmp_path: Path) -> None:
    run = made(tmp_path, "ngram", TEXT)
    with pytest.raises(SettingsError, match="made of counts"):
        hornbook.export(run, to="onnx", out=str(tmp_path / "net.onnx"))
    (tmp_path / "net.onnx").write_bytes(b"\x08\x09 mine")
    (tmp_path / "net").mkdir()
    with pytest.raises(RunError, match="did not write it"):
        hornbook.export(made(tmp_path / "net"), to="onnx", out=str(tmp_path / "net.onnx"))
    assert (tmp_path / "net.onnx").read_bytes() == b"\x08\x09 mine"
