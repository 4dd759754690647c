"""Run directories: made, opened, resumed, killed, damaged, refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.data.corpus import SplitSettings
from hornbook.errors import (
    DataError,
    HornbookError,
    RunError,
    SamplingError,
    SettingsError,
    UnknownSymbolError,
)
from hornbook.models.bigram import BigramSettings
from hornbook.models.mlp import MLPSettings
from hornbook.models.ngram import NGramSettings
from hornbook.runs import Run, Watcher
from hornbook.runs.directory import FORMAT
from hornbook.sampling import SamplingSettings
from hornbook.training import TrainingSettings

SMALL = MLPSettings(block_size=3, n_embd=4, n_hidden=(16,), dropout=0.1)
SHORT = TrainingSettings(steps=60, batch_size=32, learning_rate=0.01, evaluate_every=10)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bundled = Path(hornbook.__file__).parent / "data" / "bundled" / "names.txt"
    lines = bundled.read_text(encoding="utf-8").splitlines()
    path = tmp_path_factory.mktemp("data") / "some.txt"
    path.write_text("\n".join(lines[:2000:2]) + "\n", encoding="utf-8")
    return path


def small_run(names: Path, out: Path, **changes: Any) -> Run:
    return hornbook.train(names, out=out, settings=SMALL, training=SHORT, **changes)


@pytest.fixture(scope="module")
def run(names: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return small_run(names, tmp_path_factory.mktemp("runs") / "net")


@pytest.fixture
def copy(run: Run, tmp_path: Path) -> Path:
    """A run that a test may damage."""
    return Path(shutil.copytree(run.path, tmp_path / "copy"))


def figures(path: Path) -> list[dict[str, Any]]:
    lines = (path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def same_end(one: Path, other: Path) -> None:
    """Two runs ended bit for bit at the same weights, optimizer state and figures."""
    from hornbook.storage import read_tensors

    for name in ("model", "checkpoint"):
        first, about = read_tensors(one / f"{name}.safetensors")
        second, about_too = read_tensors(other / f"{name}.safetensors")
        assert first.keys() == second.keys()
        for key in first:
            np.testing.assert_array_equal(first[key], second[key], err_msg=key)
        for key in about.keys() - {"seconds"}:
            assert about[key] == about_too[key], key
    assert figures(one) == figures(other)


def test_a_run_is_complete_in_itself(names: Path, tmp_path: Path) -> None:
    data = tmp_path / "mine.txt"
    shutil.copy(names, data)
    made = small_run(data, tmp_path / "run")
    data.unlink()
    moved = tmp_path / "elsewhere"
    made.path.rename(moved)
    opened = Run(moved)
    assert opened.evaluate()["dev"].nats == pytest.approx(opened.summary["losses"]["dev"])
    assert len(opened.sample(n=3)) == 3
    assert opened.settings == SMALL
    assert opened.summary["ending"] == "finished"
    assert opened.summary["bar"]["losses"]["dev"] > 0
    assert {"train", "dev", "test"} <= opened.evaluate().keys()


def test_training_lowers_the_loss_and_keeps_the_best(run: Run) -> None:
    found = figures(run.path)
    assert [line["step"] for line in found] == list(range(0, 61, 10))
    assert run.summary["losses"]["dev"] == min(line["dev"] for line in found[1:])
    assert run.summary["losses"]["dev"] < found[0]["dev"] - 0.3


def test_samples_are_marked_by_where_they_stand(run: Run) -> None:
    drawn = run.sample(n=400, seed=1)
    assert drawn.drawn == 400
    assert sum(drawn.shares.values()) == pytest.approx(1)
    everything = {line for name in ("train", "dev", "test") for line in run.splits[name]}
    for made in drawn:
        assert (made.origin == "new") == (made.text not in everything)
    new = run.sample(n=50, only_new=True, no_repeats=True)
    assert all(made.origin == "new" for made in new)
    assert len({made.text for made in new}) == 50
    assert new.drawn >= 50
    counts = hornbook.train(
        "names", model="ngram", out=run.path.parent / "counts", settings=NGramSettings(order=7)
    )
    assert counts.sample(n=500).shares["train"] > 0.2


def test_scores_are_the_losses_of_single_things(run: Run) -> None:
    text = run.splits["dev"][0]
    score = run.score(text)
    assert len(score.nats) == len(text) + 1
    assert score.symbols[-1] == "."
    assert score.nats[score.most_surprising] == max(score.nats)
    with pytest.raises(UnknownSymbolError):
        run.score("emma7")
    with pytest.raises(SettingsError):
        run.score("")


def test_another_file_is_evaluated_as_a_whole(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("\n".join(run.splits["dev"]) + "\n", encoding="utf-8")
    assert run.evaluate(other)["other"] == run.evaluate()["dev"]
    other.write_text("emma\nzoë\nadam\neve\n", encoding="utf-8")
    with pytest.raises(UnknownSymbolError, match="ë"):
        run.evaluate(other)


@pytest.mark.parametrize("stop_at", [3, 10, 37, 60])
def test_a_stopped_run_goes_on_to_the_same_end(
    names: Path, run: Run, tmp_path: Path, stop_at: int
) -> None:
    class Stopper(Watcher):
        def progressed(self, trainer: Any) -> None:
            if trainer.step == stop_at:
                signal.raise_signal(signal.SIGINT)

    stopped = small_run(names, tmp_path / "stopped", watcher=Stopper())
    if stop_at < 60:
        assert stopped.summary["ending"] == "interrupted"
        assert stopped.summary["steps"] == stop_at
        assert len(stopped.sample(n=2)) == 2
        hornbook.resume(stopped.path)
    same_end(stopped.path, run.path)
    with pytest.raises(RunError, match="has ended already"):
        hornbook.resume(stopped.path)


def test_a_sequence_family_in_text_mode_goes_on_to_the_same_end(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("To be, or not to be:\nthat is the question.\n\n" * 60, encoding="utf-8")
    training = TrainingSettings(steps=30, batch_size=4, learning_rate=0.1, evaluate_every=7)

    class Stopper(Watcher):
        def progressed(self, trainer: Any) -> None:
            trainer.stop = trainer.step == 11

    settings = BigramSettings(block_size=16)
    runs = [
        hornbook.train(
            text, model="bigram", settings=settings, out=tmp_path / name, training=training,
            watcher=watcher,
        )
        for name, watcher in (("whole", None), ("stopped", Stopper()))
    ]  # fmt: skip
    assert runs[0].mode == "text"
    hornbook.resume(runs[1].path)
    same_end(runs[0].path, runs[1].path)
    (made,) = runs[0].sample(n=1, longest=80)
    assert len(made.text) == 80
    assert made.longest_copy is not None


KILLED = """
import sys
import hornbook
from tests.test_runs import SMALL, SHORT
if len(sys.argv) > 2:
    hornbook.train(sys.argv[1], out=sys.argv[2], settings=SMALL, training=SHORT, overwrite=True)
else:
    hornbook.resume(sys.argv[1])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_run_goes_on_to_the_same_end(names: Path, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    command = [sys.executable, "-c", KILLED, str(names), str(out)]
    rng = np.random.default_rng(0)
    for _ in range(3):
        before = (out / "checkpoint.safetensors").exists()
        process = subprocess.Popen(command, cwd=Path(__file__).parents[1])
        deadline = time.monotonic() + 60
        while not (out / "checkpoint.safetensors").exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(float(rng.uniform(0, 0.05)) + (1.0 if before else 0.0))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        command = [sys.executable, "-c", KILLED, str(out)]
    if Run(out).summary.get("ending") != "finished":
        hornbook.resume(out)
    same_end(out, run.path)


def test_a_run_killed_before_its_first_checkpoint_begins_again(copy: Path, run: Run) -> None:
    for name in ("checkpoint.safetensors", "model.safetensors", "summary.json", "metrics.jsonl"):
        (copy / name).unlink()
    hornbook.resume(copy)
    same_end(copy, run.path)


def test_a_line_of_the_metrics_that_was_cut_short_is_made_again(copy: Path, run: Run) -> None:
    (copy / "summary.json").unlink()
    with (copy / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 70, "epo')
    hornbook.resume(copy)
    same_end(copy, run.path)


def test_a_run_is_never_overwritten_without_being_told(names: Path, copy: Path) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    with pytest.raises(RunError, match=r"a run in .* already") as caught:
        small_run(names, copy)
    assert "--overwrite" in caught.value.hint
    assert before == {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    with pytest.raises(DataError):
        hornbook.train(copy / "nothing.txt", out=copy, overwrite=True)
    with pytest.raises(SettingsError):
        small_run(names, copy, split=SplitSettings(split="50/60"), overwrite=True)
    assert before == {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    small_run(names, copy, overwrite=True, bar=False)
    assert "bar" not in Run(copy).summary


def test_a_directory_that_is_no_run_is_never_overwritten(names: Path, tmp_path: Path) -> None:
    precious = tmp_path / "thesis.txt"
    precious.write_text("years of work", encoding="utf-8")
    with pytest.raises(RunError, match=r"thesis\.txt"):
        small_run(names, tmp_path, overwrite=True)
    with pytest.raises(RunError, match="is a file"):
        small_run(names, precious, overwrite=True)
    assert precious.read_text(encoding="utf-8") == "years of work"


def test_names_of_runs_are_free_ones(
    names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = NGramSettings(order=2)
    paths = [hornbook.train(names, model="ngram", settings=settings).path for _ in range(2)]
    assert paths == [Path("runs/some-ngram"), Path("runs/some-ngram-2")]
    assert (paths[0] / "counts.png").read_bytes().startswith(b"\x89PNG")


def damage(path: Path, name: str, how: str) -> None:
    data = (path / name).read_bytes()
    changed = {
        "cut": data[: len(data) // 2],
        "empty": b"",
        "noise": b"\x00\xff" * 50,
        "missing": None,
    }[how]
    (path / name).unlink()
    if changed is not None:
        (path / name).write_bytes(changed)


@pytest.mark.parametrize("how", ["cut", "empty", "noise", "missing"])
@pytest.mark.parametrize(
    "name", ["run.json", "tokenizer.json", "model.safetensors", "data/dev.txt"]
)
def test_a_damaged_run_is_an_error_that_names_the_file(copy: Path, name: str, how: str) -> None:
    damage(copy, name, how)
    with pytest.raises(RunError) as caught:
        Run(copy).evaluate()
    assert Path(name).name in str(caught.value) or "no run directory" in str(caught.value)


@pytest.mark.parametrize("how", ["cut", "empty", "noise"])
def test_a_damaged_checkpoint_is_not_gone_on_from(copy: Path, how: str) -> None:
    damage(copy, "checkpoint.safetensors", how)
    (copy / "summary.json").unlink()
    with pytest.raises(RunError, match=r"checkpoint\.safetensors is damaged"):
        hornbook.resume(copy)


def test_foreign_weights_are_refused(copy: Path, names: Path, tmp_path: Path) -> None:
    other = hornbook.train(
        names, out=tmp_path / "other", settings=MLPSettings(n_hidden=(5,)), training=SHORT
    )
    shutil.copy(other.path / "model.safetensors", copy / "model.safetensors")
    with pytest.raises(RunError, match="do not fit"):
        Run(copy).evaluate()
    (copy / "summary.json").unlink()
    shutil.copy(other.path / "checkpoint.safetensors", copy / "checkpoint.safetensors")
    with pytest.raises(RunError, match="does not fit"):
        hornbook.resume(copy)


def test_a_run_of_a_newer_version_is_refused_by_name(copy: Path) -> None:
    plan = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    (copy / "run.json").write_text(
        json.dumps({**plan, "format": FORMAT + 1, "hornbook": "9.9"}), encoding="utf-8"
    )
    with pytest.raises(RunError, match="newer hornbook") as caught:
        Run(copy)
    assert "pgrade" in caught.value.hint


def test_settings_of_an_unknown_kind_in_a_run_are_damage(copy: Path) -> None:
    plan = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    plan["settings"]["n_hidden"] = [-4]
    (copy / "run.json").write_text(json.dumps(plan), encoding="utf-8")
    with pytest.raises(RunError, match="damaged"):
        Run(copy).evaluate()


def test_nothing_that_is_no_run_is_opened(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="does not exist"):
        Run(tmp_path / "nowhere")
    with pytest.raises(RunError, match="no run directory"):
        Run(tmp_path)


def test_huge_and_misplaced_settings_are_refused(names: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="parameters"):
        hornbook.train(
            names, out=tmp_path / "a", training=SHORT,
            settings=MLPSettings(n_hidden=(65_536,) * 3),
        )  # fmt: skip
    with pytest.raises(SettingsError, match="counted"):
        hornbook.train(names, model="ngram", out=tmp_path / "b", training=SHORT)
    with pytest.raises(SettingsError, match="not the settings of mlp"):
        hornbook.train(names, out=tmp_path / "c", settings=NGramSettings())
    with pytest.raises(HornbookError, match="counted"):
        hornbook.resume(hornbook.train(names, model="ngram", out=tmp_path / "d").path)
    assert not any((tmp_path / name).exists() for name in "abc")


def test_batchnorm_on_too_little_data_explains_itself(tmp_path: Path) -> None:
    one = tmp_path / "one.txt"
    one.write_text("abcdefghijklmnop", encoding="utf-8")
    with pytest.raises(HornbookError, match="batch of one"):
        hornbook.train(
            one, mode="text", out=tmp_path / "run", settings=SMALL,
            training=TrainingSettings(steps=5, batch_size=1),
        )  # fmt: skip


def test_only_train_is_enough(names: Path, tmp_path: Path) -> None:
    made = small_run(names, tmp_path / "all", split=SplitSettings(split="100/0"))
    assert made.summary["losses"].keys() == {"train"}
    assert made.evaluate().keys() == {"train"}


def test_counts_need_no_torch(names: Path, tmp_path: Path) -> None:
    code = (
        "import sys, hornbook\n"
        f"run = hornbook.train({str(names)!r}, model='ngram', out={str(tmp_path / 'r')!r})\n"
        "run.sample(n=3); run.evaluate(); run.score('emma')\n"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_sampling_settings_reach_the_sampler(run: Run) -> None:
    assert run.sample(SamplingSettings(n=2, seed=5)) == run.sample(n=2, seed=5)
    with pytest.raises(SamplingError):
        run.sample(n=1, prefix="abcdef")
