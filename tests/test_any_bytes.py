"""Files that are not text: trained on, sampled, scored and examined byte by byte."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hornbook
from hornbook.errors import EncodingError
from hornbook.inspection.inspect import inspect
from hornbook.sources.encoding import raw
from hornbook.tokenizers.single_bytes import ByteTokenizer
from tests.command import typed

LATIN = "".join(f"{name}\n" for name in ("José", "Zoë", "François", "Jürgen", "Åsa") * 30)
BINARY = b"\x7fELF\0\r\n" + random.Random(1).randbytes(900) + bytes(range(256)) * 4


def file(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.bin"
    path.write_bytes(LATIN.encode("latin-1") if kind == "latin" else BINARY)
    return path


@given(data=st.binary(max_size=60))
def test_bytes_come_and_go_as_they_are(data: bytes) -> None:
    tokenizer = ByteTokenizer(False, True, raw=True)
    ids = tokenizer.encode(raw(data).text)
    assert bytes(ids.tolist()) == data
    assert tokenizer.decode(ids).encode("utf-8", "surrogateescape") == data
    decoder = tokenizer.decoder()
    told = "".join(map(decoder.push, ids.tolist())) + decoder.end()
    assert told.encode("utf-8", "surrogateescape") == data


@pytest.mark.parametrize("kind", ["latin", "binary"])
def test_every_verb_takes_bytes(kind: str, tmp_path: Path) -> None:
    path = file(kind, tmp_path)
    run: Any = hornbook.train(path, model="ngram", tokens="bytes", out=tmp_path / "run")
    assert run.data.kind == ("lines" if kind == "latin" else "text")
    net = hornbook.train(
        path, model="gru", tokens="bytes", out=tmp_path / "net", baseline=False,
        settings={"n_embd": 4, "n_hidden": 6},
        training={"steps": 2, "batch_size": 4, "threads": 1},
    )  # fmt: skip
    net = hornbook.resume(net.path, steps=3)
    run = hornbook.Run(run.path)
    whole = sum(loss.bytes for split, loss in run.evaluate().items() if "," not in split)
    assert whole == len(path.read_bytes())
    made = [one.text for one in run.sample(n=20, seed=2)]
    assert not any("\ufffd" in text for text in made)
    known = set(path.read_bytes())
    assert known.issuperset(b"".join(text.encode("utf-8", "surrogateescape") for text in made))
    score = run.score("Jos\udce9")
    assert score.bytes == 4 + (kind == "latin")
    assert [one.text for one in score.by_character][:4] == ["J", "o", "s", "\udce9"]
    assert np.isclose(sum(one.nats for one in score.by_character), score.total)
    again = run.evaluate(data=str(path))
    assert next(iter(again.values())).bytes == len(path.read_bytes())
    report = inspect(net, text="Jos\udce9", prefix="J")
    assert report is not None


def test_lengths_of_what_is_no_text_are_in_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data.bin").write_bytes((b"\xff\x00" + "\u00e9".encode()) * 500)
    run: Any = hornbook.train(
        tmp_path / "data.bin", model="ngram", tokens="bytes", mode="text", out=tmp_path / "run"
    )
    assert run.data.table.heads == ("split", "bytes", "tokens")
    assert [row[1:] for row in run.data.table.rows] == [("1,800", "1,800"), ("200", "200")]
    held, drawn = run.quality(n=2, temperatures=(0.0,), longest=60)
    assert (held.length, drawn.length, drawn.longest_copy) == (60, 60, 60)
    assert held.characters == drawn.characters == 0
    (made,) = run.sample(n=1, longest=60, temperature=0)
    assert made.copied == "longest passage copied from train: 60 bytes"
    assert "length in bytes" in typed(capsys, "quality", str(run.path), "-n", "2")[1]
    assert "character" not in typed(capsys, "quality", str(run.path), "-n", "2")[1]


def test_what_is_no_text_says_that_bytes_can_be_learned(tmp_path: Path) -> None:
    for kind, also in (("latin", "encoding=cp"), ("binary", "not a text file")):
        with pytest.raises(EncodingError) as caught:
            hornbook.train(file(kind, tmp_path), model="ngram", out=tmp_path / "none")
        assert "`tokens=bytes`" in caught.value.hint
        assert also in caught.value.hint


@pytest.mark.parametrize("kind", ["latin", "binary"])
def test_the_command_line_takes_bytes(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, run = str(file(kind, tmp_path)), str(tmp_path / "run")
    status, _, err = typed(capsys, "doctor", path)
    assert status
    assert "--tokens bytes" in err
    status, out, err = typed(capsys, "doctor", path, "--tokens", "bytes")
    assert (status, "its bytes are learned" in out) == (0, True), err
    size = len(Path(path).read_bytes())
    for told in (out, typed(capsys, "train", path, "--tokens", "bytes", "--model", "ngram",
                            "--out", str(tmp_path / "also"))[2]):  # fmt: skip
        assert "Give a text file" not in told  # bytes were asked for
        assert "U+DC" not in told
    assert f"{size:,} bytes" in " ".join(out.split())
    assert re.search("<[0-9A-F]{2}>", out)
    assert "characters," not in out
    status, _, err = typed(capsys, "train", path, "--tokens", "bytes", "--model", "ngram",
                           "--out", run)  # fmt: skip
    assert not status, err
    assert "\\" not in err[err.index("Next:") :]  # what is proposed is typed as it stands
    assert "bytes, not all of them text" in typed(capsys, "tokenize", run)[1]
    status, out, _ = typed(capsys, "sample", run, "--n", "9", "--json")
    assert len(json.loads(out)["samples"]) == 9
    page = str(tmp_path / "page.html")
    assert not typed(capsys, "inspect", run, "--out", page)[0]
    told = Path(page).read_text(encoding="utf-8")
    assert f" {size:,} bytes" in told or f" {size - LATIN.count(chr(10)):,} bytes" in told
    assert "\\x" in told  # bytes by their numbers, not by what stands for them in Python
    assert "\\udc" not in told


def test_samples_go_to_a_file_as_they_are(tmp_path: Path) -> None:
    run = hornbook.train(file("latin", tmp_path), model="ngram", tokens="bytes",
                         out=tmp_path / "run")  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "hornbook", "sample", str(run.path), "--n", "30"],
        capture_output=True, check=True,
    )  # fmt: skip
    assert b"\xe9" in done.stdout or b"\xeb" in done.stdout
    assert b"\\" not in done.stdout
