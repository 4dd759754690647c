"""Runs on a corpus in pieces: trained, stopped, measured, asked, stripped as others."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import DataError, RunError
from hornbook.runs import Run, strip
from hornbook.runs.events import Event, Loaded, Pieced
from hornbook.tasks import Candidate
from hornbook.text.large import data, encoding, reading, survey
from tests.command import typed
from tests.test_large import made_text

QUICK = {"steps": 4, "batch_size": 4, "gradients": "hand", "threads": 1, "evaluate_every": 2}
NET = {"n_embd": 4, "n_hidden": 6}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pieces of a few lines, in this process, kept in a cache of this test."""
    for module in (reading, encoding, survey):
        monkeypatch.setattr(module, "PIECE", 2_000)
    monkeypatch.setattr(encoding, "processes", lambda text: 1)
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text(made_text(300), encoding="utf-8")


def trained(out: str, mode: str = "lines", family: str = "gru", **more: Any) -> Run:
    given: dict[str, Any] = {
        "large": "yes", "mode": mode, "split": "60/20/20", "baseline": False, "settings": NET,
        "training": QUICK, **more,
    }  # fmt: skip
    return hornbook.train("a.txt", model=family, out=out, **given)


@pytest.mark.parametrize(("mode", "tokens"), [("lines", "characters"), ("text", "bpe")])
def test_a_run_does_what_others_do(mode: str, tokens: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "MEASURED", 500)
    events: list[Event] = []
    how: dict[str, Any] = {"tokens": tokens, **({"vocab_size": 280} if tokens == "bpe" else {})}
    run = trained("net", mode, listen=events.append, **how)
    assert [event.what for event in events if isinstance(event, Pieced)][:1] == ["Reading"]
    (told,) = [event for event in events if isinstance(event, Loaded)]
    assert any("At most 500 predictions" in line for line in told.about)
    assert sorted(path.name for path in (run.path / "data").iterdir()) == ["corpus.json"]
    found = Run(run.path).evaluate()
    assert list(found) == ["train", "dev", "test"]
    assert 300 < found["train"].tokens < run.data.sizes["train"]  # in whole rows
    assert found["dev"].bits_per_byte > 0
    said = run.task.in_words(2.0, run, "dev")
    assert tokens == "characters" or "bits per byte" in said
    drawn = run.sample(n=3, prefix="be", longest=8)
    assert all(one.text.startswith("be") and one.origin is None for one in drawn)
    assert run.score("to be").total > 0
    marked = run.task.samples(run)
    assert marked is not None
    assert mode == "text" or "too large to be held in memory" in marked.about
    with pytest.raises(RunError, match="needs the whole text in memory"):
        run.quality(n=5)
    both = hornbook.mix([run.path, trained("other", mode, "rnn", **how).path], out="both")
    assert set(both.summary.losses) >= {"dev"}


NETS: dict[str, Any] = {
    "gru": NET,
    "mlp": {"n_embd": 4, "n_hidden": (6,)},
    "gpt": {"n_embd": 4, "n_layer": 1, "n_head": 1, "block_size": 16},
}


@pytest.mark.parametrize("family", list(NETS))
@pytest.mark.parametrize("mode", ["lines", "text"])
def test_a_resumed_run_ends_bit_for_bit_as_another(family: str, mode: str) -> None:
    net = NETS[family]
    trained("whole", mode, family, settings=net)
    steps: list[int] = []

    def stop(event: Event) -> None:
        if type(event).__name__ == "Evaluated":
            steps.append(1)
            if len(steps) == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained("stopped", mode, family, settings=net, listen=stop)
    shutil.rmtree(os.environ["HORNBOOK_CACHE"])  # its tokens are made again
    hornbook.resume("stopped")
    whole, other = (Run(out).directory for out in ("whole", "stopped"))
    one, _ = whole.read_tensors(whole.model, Run("whole").record)
    two, _ = other.read_tensors(other.model, Run("stopped").record)
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_a_corpus_that_changed_since_is_named_and_one_that_went_is_not_missed() -> None:
    run = trained("net")
    path = Path("a.txt")
    text = path.read_text()
    os.utime(path, (1, 1))
    assert Run(run.path).evaluate()["dev"].tokens  # another time, and the same in it
    path.write_text(text.replace("be", "bi"), encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.txt was changed since this run was made"):
        Run(run.path).evaluate()
    with pytest.raises(DataError, match=r"a\.txt was changed"):
        hornbook.resume("net", steps=6)
    assert list(Run(run.path).sample(n=1, longest=4))  # which needs no text
    path.unlink()
    assert Run(run.path).evaluate()["dev"].tokens
    shutil.rmtree(os.environ["HORNBOOK_CACHE"])
    with pytest.raises(DataError, match=r"a\.txt"):
        Run(run.path).evaluate()


def test_stripped_it_does_not_tell_where_the_corpus_is() -> None:
    run = trained("net")
    assert str(Path.cwd()) in (run.path / "data" / "corpus.json").read_text()
    assert "data/corpus.json" in strip(run.path)
    assert all(
        str(Path.cwd()) not in path.read_text(errors="replace")
        for path in run.path.rglob("*")
        if path.is_file()
    )
    bare = Run(run.path)
    assert list(bare.sample(n=1, longest=4))
    with pytest.raises(RunError, match="no longer has it"):
        bare.evaluate()


def test_it_is_chosen_by_size_and_counting_says_what_it_would_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hornbook.text import loading as small

    monkeypatch.setattr(small, "LARGE", 1_000)
    run = trained("net", large="auto")
    assert run.record.data.details["large"] is True
    held = trained("held", large="no")
    assert "large" not in held.record.data.details
    status, out, _ = typed(capsys, "sample", "net", "--n", "1", "--json")
    assert status == 0
    assert json.loads(out)["shares"] is None
    how = {"mode": "lines", "split": "60/20/20"}
    one, other = (run.task.options.from_dict(how | more) for more in ({}, {"large": "no"}))
    source = hornbook.sources.source.Source("a.txt")
    facts = [run.task.examine(source, how).facts for how in (one, other)]
    assert facts[0]["tokens"] != facts[1]["tokens"]  # drawn, and shuffled
    assert facts[0]["size"] == facts[1]["size"]


@pytest.mark.parametrize("mode", ["lines", "text"])
def test_the_best_is_found_too(
    mode: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hornbook.text import candidates

    assert candidates.candidates(trained("net", mode).data, 3_000)  # of nets of other tokens none
    one = Candidate("counts-2", "ngram", {"order": 2})
    monkeypatch.setattr(candidates, "candidates", lambda data, seconds: [one])
    line = ("best", "a.txt", "--large", "yes", "--mode", mode)
    if mode == "lines":
        status, _, err = typed(capsys, *line, "--filter", "cat")
        assert status == 1
        assert "too large to be held in memory" in err
    status, out, err = typed(capsys, *line)
    assert status == 0, err
    assert "nothing here is held against it" in " ".join(out.split())
    assert "samples sound" not in out
    assert Run(Path("runs/a-best")).data.large
