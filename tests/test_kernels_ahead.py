"""Kernels compiled before a training: they are those that it would compile."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hornbook.kernels.program import Kind
from hornbook.text.batches import make_batches
from hornbook.text.models import family
from hornbook.text.stream import encode_lines
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.training import TrainingSettings
from hornbook.training.compilable import some_program
from hornbook.training.many_steps import ManySteps
from tests.test_many_steps import LINES, trainer

pytest.importorskip("numba", reason="Numba is not installed")

MAKEFILE = Path(__file__).parents[1] / "Makefile"


def test_a_training_takes_what_was_loaded() -> None:
    """Arguments of other types would be compiled once more, while somebody waits."""
    from hornbook.kernels.ahead import load
    from hornbook.kernels.steps import advance, measure

    for kind in (np.float32, np.float64):
        load({int(Kind.EMBEDDING)}, kind)
    known = [len(one.signatures) for one in (advance, measure)]
    import torch

    for precision in (torch.float32, torch.float64):
        for threads in (1, 2):
            steps = ManySteps(trainer("GRU", precision, threads=threads, optimizer="sgd"))
            steps.advance(2)
            steps.losses(np.zeros((3, 4), np.int64), np.zeros((3, 4), np.int64))
    assert [len(one.signatures) for one in (advance, measure)] == known


def test_the_makefile_compiles_what_its_demo_needs() -> None:
    named = re.search(r"^KERNELS := (.*)$", MAKEFILE.read_text("utf-8"), re.M)
    assert named is not None
    kinds = {int(Kind[word.upper().replace("-", "_")]) for word in named[1].split()}
    line, tokenizer = family("mlp"), CharTokenizer.fit(LINES, boundary=True)
    made, suited = line.load(), line.training_for("lines")
    model = made(made.Settings(), tokenizer.vocabulary, None)
    stream = encode_lines(LINES, tokenizer)
    batches = make_batches(
        stream, model.reads, block_size=model.block_size, batch_size=suited.batch_size, seed=1
    )
    assert kinds == some_program(model, TrainingSettings(), batches).kinds


def test_kinds_are_named_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hornbook.kernels import __main__ as command

    loaded: list[set[int]] = []
    monkeypatch.setattr(command, "load", lambda kinds, number: loaded.append(set(kinds)))
    for words in (["product", "batch-norm"], ["all"]):
        monkeypatch.setattr(sys, "argv", ["kernels", *words])
        command.main()
    assert loaded == [{Kind.PRODUCT, Kind.BATCH_NORM}, set(Kind)]
    monkeypatch.setattr(sys, "argv", ["kernels", "nothing"])
    with pytest.raises(SystemExit):
        command.main()
    assert "invalid choice: 'nothing'" in capsys.readouterr().err


LOADING = """\
import sys
from hornbook.kernels.ahead import load
from hornbook.kernels.program import Kind
load({int(Kind.EMBEDDING)}, "float32")
from hornbook.kernels.steps import advance, measure
kept = sum(sum(one.stats.cache_hits.values()) for one in (advance, measure))
print(kept, "numba.cpython.charseq" in sys.modules)
"""


def test_what_was_kept_is_loaded_without_getting_ready_to_compile() -> None:
    """Numba loads all its declarations first, in an eighth of a second; the first process may."""
    for _ in range(2):
        told = subprocess.run(
            [sys.executable, "-c", LOADING], capture_output=True, text=True, check=True
        ).stdout
    assert told.split() == ["2", "False"]


SMALL = """
from hornbook.kernels import compiled

def twice(x: float) -> float:
    return 2 * x

print(compiled.kept_on_disk(twice)(21.0), compiled.Loading.failed)
"""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program whose only kernel is kept beside it."""
    (tmp_path / "small.py").write_text(SMALL)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [b"", b"garbage\n", b"\x80\x05"])
def test_damage_to_what_was_kept_is_mended(ending: str, damage: bytes, small: Path) -> None:
    def said() -> str:
        return subprocess.check_output([sys.executable, "small.py"], cwd=small, text=True)

    assert said() == "42.0 False\n"
    (kept,) = small.rglob(f"*.{ending}")
    whole = kept.stat().st_size
    kept.write_bytes(damage)
    assert said() == "42.0 False\n"
    assert kept.stat().st_size == pytest.approx(whole, abs=64)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_what_cannot_be_kept_is_compiled_all_the_same(small: Path) -> None:
    line = f"ulimit -f 1; exec {shlex.quote(sys.executable)} small.py"
    found = subprocess.run(["bash", "-c", line], cwd=small, text=True, capture_output=True)
    assert found.stdout == "42.0 True\n", found.stderr
    assert not [*small.rglob("*.nbc")]
