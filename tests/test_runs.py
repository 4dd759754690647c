"""Run directories: made, opened, resumed, killed, damaged, refused."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import (
    DataError,
    HornbookError,
    RunError,
    SamplingError,
    SettingsError,
    TrainingError,
    UnknownTokenError,
)
from hornbook.runs import Run, RunDirectory
from hornbook.runs.claim import refuse_if_taken
from hornbook.runs.record import FORMAT
from hornbook.tensor_files import read_tensors, write_tensors
from hornbook.text.models.bigram import BigramSettings
from hornbook.text.models.mlp import MLPSettings
from hornbook.text.models.ngram import NGramSettings
from hornbook.text.models.recurrent import RecurrentSettings
from hornbook.text.sampling import SamplingSettings
from hornbook.training import TrainingSettings
from tests.ratings_made import write_made
from tests.some_names import write_names
from tests.stopping import stopped_at

SMALL = MLPSettings(block_size=3, n_embd=4, n_hidden=(16,), dropout=0.1)
SHORT = TrainingSettings(steps=60, batch_size=32, learning_rate=0.01, evaluate_every=10)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 2000, 2))


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
    for name in ("model", "checkpoint"):
        first, about = read_tensors(one / f"{name}.safetensors")
        second, about_too = read_tensors(other / f"{name}.safetensors")
        assert first.keys() == second.keys()
        for key in first:
            np.testing.assert_array_equal(first[key], second[key], err_msg=key)
        for key in about.keys() - {"seconds", "compiling", "run"}:
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
    assert opened.evaluate()["dev"].nats_per_token == pytest.approx(opened.summary.losses["dev"])
    assert len(list(opened.sample(n=3))) == 3
    assert opened.settings == SMALL
    assert opened.summary.ending == "finished"
    assert opened.summary.baselines[0].reached["dev"] > 0
    assert {"train", "dev", "test"} <= opened.evaluate().keys()


def test_training_lowers_the_loss_and_keeps_the_best(run: Run) -> None:
    found = figures(run.path)
    assert [line["step"] for line in found] == list(range(0, 61, 10))
    assert run.summary.losses["dev"] == min(line["losses"]["dev"] for line in found[1:])
    assert run.summary.losses["dev"] < found[0]["losses"]["dev"] - 0.3


def test_samples_are_marked_by_where_they_stand(run: Run) -> None:
    samples = run.sample(n=400, seed=1)
    drawn = list(samples)
    assert samples.drawn == len(drawn) == 400
    assert sum(samples.shares.values()) == pytest.approx(1)
    everything = {line for name in ("train", "dev", "test") for line in run.data.splits[name]}
    for made in drawn:
        assert (made.origin == "new") == (made.text not in everything)
    samples = run.sample(n=50, only_new=True, no_repeats=True)
    new = list(samples)
    assert all(made.origin == "new" for made in new)
    assert len({made.text for made in new}) == 50
    assert samples.drawn >= 50
    counts = hornbook.train(
        "names", model="ngram", out=run.path.parent / "counts", settings=NGramSettings(order=7)
    )
    samples = counts.sample(n=500)
    list(samples)
    assert samples.shares["train"] > 0.2


def test_scores_are_the_losses_of_single_things(run: Run) -> None:
    text = run.data.splits["dev"][0]
    score = run.score(text)
    assert len(score.nats) == len(text) + 1
    assert score.tokens[-1] == "."
    assert score.nats[score.most_surprising] == max(score.nats)
    with pytest.raises(UnknownTokenError):
        run.score("emma7")
    with pytest.raises(SettingsError):
        run.score("")


def test_another_file_is_evaluated_as_a_whole(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("\n".join(run.data.splits["dev"]) + "\n", encoding="utf-8")
    assert run.evaluate(data=other)["other"] == run.evaluate()["dev"]
    other.write_text("emma\nzoë\nadam\neve\n", encoding="utf-8")
    with pytest.raises(UnknownTokenError, match="ë"):
        run.evaluate(data=other)


@pytest.mark.parametrize("stop_at", [3, 10, 37, 60])
def test_a_stopped_run_goes_on_to_the_same_end(
    names: Path, run: Run, tmp_path: Path, stop_at: int
) -> None:
    with stopped_at(stop_at, by=lambda trainer: signal.raise_signal(signal.SIGINT)):
        stopped = small_run(names, tmp_path / "stopped")
    if stop_at == 60:
        assert stopped.summary.ending == "finished"
    else:
        assert stopped.summary.ending == "interrupted"
        assert stopped.summary.steps == stop_at
        assert len(list(stopped.sample(n=2))) == 2
        hornbook.resume(stopped.path)
    same_end(stopped.path, run.path)
    with pytest.raises(RunError, match="has already finished"):
        hornbook.resume(stopped.path)


def test_a_sequence_family_in_text_mode_goes_on_to_the_same_end(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("To be, or not to be:\nthat is the question.\n\n" * 60, encoding="utf-8")
    training = TrainingSettings(steps=30, batch_size=4, learning_rate=0.1, evaluate_every=7)

    def made(name: str) -> Run:
        settings = BigramSettings(block_size=16)
        return hornbook.train(
            text, model="bigram", settings=settings, out=tmp_path / name, training=training
        )

    runs = [made("whole")]
    with stopped_at(11):
        runs.append(made("stopped"))
    assert runs[0].data.kind == "text"
    hornbook.resume(runs[1].path)
    same_end(runs[0].path, runs[1].path)
    (drawn,) = runs[0].sample(n=1, longest=80)
    assert len(drawn.text) == 80
    assert drawn.longest_copy is not None


def test_what_is_reported_of_dev_is_all_of_it(names: Path, tmp_path: Path) -> None:
    # In the course of training a part of dev decides which weights are kept; at the end they are
    # measured on the whole of it.
    run = hornbook.train(
        names, out=tmp_path / "run", settings=SMALL, baseline=False,
        training=replace(SHORT, evaluate_on=100),
    )  # fmt: skip
    whole = run.evaluate()["dev"]
    assert whole.tokens > 300
    assert run.summary.losses["dev"] == pytest.approx(whole.nats_per_token, rel=1e-9)
    best = min(figures(run.path)[1:], key=lambda line: float(line["losses"]["dev"]))
    assert run.summary.best_step == best["step"]
    assert abs(best["losses"]["dev"] - whole.nats_per_token) > 1e-4  # a part is not the whole
    # Where there is no more than that to measure, the record's figure is it already.
    small = hornbook.train(
        names, out=tmp_path / "small", settings=SMALL, training=SHORT, baseline=False
    )
    assert small.summary.losses["dev"] == min(
        line["losses"]["dev"] for line in figures(small.path)[1:]
    )


CARRYING = RecurrentSettings(
    block_size=12, n_embd=4, n_hidden=8, dropout=0.1, embedding_dropout=0.0
)
PARALLEL = TrainingSettings(
    steps=60, batch_size=4, learning_rate=0.02, evaluate_every=12, batches="parallel",
    precision="float32", gradients="hand", threads=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "text.txt"
    path.write_text("To be, or not to be:\nthat is the question.\n\n" * 30, encoding="utf-8")
    return path


def parallel_run(text: Path, out: Path, **changes: Any) -> Run:
    return hornbook.train(
        text, model="gru", out=out, settings=CARRYING, training=replace(PARALLEL, **changes),
        baseline=False,
    )  # fmt: skip


@pytest.mark.parametrize("gradients", ["hand", "autograd"])
def test_a_state_that_is_carried_from_batch_to_batch_is_in_the_checkpoint(
    text: Path, tmp_path: Path, gradients: str
) -> None:
    whole = parallel_run(text, tmp_path / "whole", gradients=gradients)
    found = figures(whole.path)
    assert found[-1]["losses"]["dev"] < found[0]["losses"]["dev"] - 0.3
    # In the middle of an epoch, where the next batch begins from the state of the last.
    with stopped_at(31):
        stopped = parallel_run(text, tmp_path / "stopped", gradients=gradients)
    arrays, values = read_tensors(stopped.path / "checkpoint.safetensors")
    assert values["step"] == 31
    assert arrays["carried.state"].shape == (4, CARRYING.n_hidden)
    assert np.abs(arrays["carried.state"]).max() > 0.01
    forgetful = Path(shutil.copytree(stopped.path, tmp_path / "forgetful"))
    hornbook.resume(stopped.path)
    same_end(stopped.path, whole.path)
    # And it matters: with another state the run ends elsewhere.
    arrays["carried.state"] *= 0
    write_tensors(forgetful / "checkpoint.safetensors", arrays, values)
    hornbook.resume(forgetful)
    assert figures(forgetful) != found


def test_parallel_streams_that_nothing_can_carry_are_refused(
    names: Path, text: Path, tmp_path: Path
) -> None:
    wrong: list[tuple[Path, str, Any, str]] = [
        (text, "gpt", None, "carries no state from batch to batch"),
        (text, "mlp", None, "carries no state from batch to batch"),
        (names, "gru", CARRYING, "need one long text"),
        (text, "gru", replace(CARRYING, predict="last"), "carries no state from batch to batch"),
    ]
    for source, model, settings, words in wrong:
        with pytest.raises(SettingsError, match=words) as caught:
            hornbook.train(
                source, model=model, settings=settings, training=PARALLEL, out=tmp_path / "run"
            )
        assert "`batches`" in caught.value.hint
        assert not list(tmp_path.iterdir())


def test_a_net_that_keeps_a_state_is_given_parallel_streams_of_a_text(
    names: Path, text: Path, tmp_path: Path
) -> None:
    wanted: list[tuple[Path, str, dict[str, Any], str]] = [
        (text, "gru", {}, "parallel"), (text, "bigram", {}, "random"), (names, "gru", {}, "random"),
        (text, "gru", {"accumulate": 2}, "random"), (text, "gru", {"batches": "random"}, "random"),
    ]  # fmt: skip
    for number, (source, model, changes, batches) in enumerate(wanted):
        run = hornbook.train(
            source, model=model, settings=CARRYING if model == "gru" else None,
            training={"steps": 2, "batch_size": 4, **changes}, out=tmp_path / f"{number}",
            baseline=False,
        )  # fmt: skip
        assert run.record.training is not None
        assert run.record.training.batches == batches


# A process for each moment, killed there; all are forks of one that has loaded what takes long.
KILLED = """
import json, os, signal, sys
import hornbook
from hornbook.runs.directory import RunDirectory
from hornbook import storage, tensor_files
from tests.test_runs import SHORT

def mortal(write):
    # Every change of the disk is a moment to die at: before it, and after.
    def wrapped(*arguments):
        global left
        for turn in (0, 1):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            if turn == 0:
                write(*arguments)
    return wrapped

storage.os.fsync = mortal(os.fsync)  # after the bytes, before the rename
RunDirectory.append_metrics = mortal(RunDirectory.append_metrics)
data, out, how, *moments = sys.argv[1:]
for left in map(int, moments):
    child = os.fork()
    if child == 0:
        if os.path.exists(os.path.join(out, "run.json")):
            hornbook.resume(out)
        else:
            hornbook.train(data, out=out, training=SHORT, overwrite=True, **json.loads(how))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    checkpoint = storage.Path(out) / "checkpoint.safetensors"
    step = tensor_files.read_tensors(checkpoint)[1]["step"] if checkpoint.exists() else -1
    print(os.waitstatus_to_exitcode(status), step)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
@pytest.mark.parametrize(
    "how",
    [
        {"model": "mlp", "settings": SMALL.as_dict()},
        {"model": "history", "settings": {"n_factors": 4}},
    ],
    ids=["text", "ratings"],
)
def test_a_killed_run_goes_on_to_the_same_end(
    names: Path, how: dict[str, Any], tmp_path: Path
) -> None:
    out, data = tmp_path / "killed", names
    if how["model"] == "history":
        data = write_made(tmp_path / "films.csv")
    whole = hornbook.train(data, out=tmp_path / "whole", training=SHORT, **how)
    # Within the making of the directory, between metrics and weights, between weights and state.
    moments = ("5", "14", "19", "12", "17")
    told = subprocess.run(
        [sys.executable, "-c", KILLED, str(data), str(out), json.dumps(how), *moments],
        cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    ends, steps = zip(*(map(int, line.split()) for line in told.splitlines()), strict=True)
    assert ends == (-signal.SIGKILL,) * len(moments)
    assert list(steps) == sorted(steps)
    assert steps[0] == -1
    assert 0 < steps[-1] < SHORT.steps
    hornbook.resume(out)
    same_end(out, whole.path)


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
    with pytest.raises(RunError, match="already contains a run") as caught:
        small_run(names, copy)
    assert "`overwrite`" in caught.value.hint
    assert before == {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    with pytest.raises(DataError):
        hornbook.train(copy / "nothing.txt", out=copy, overwrite=True)
    with pytest.raises(SettingsError):
        small_run(names, copy, split="50/60", overwrite=True)
    assert before == {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    small_run(names, copy, overwrite=True, baseline=False)
    assert not Run(copy).summary.baselines


def test_a_directory_that_is_no_run_is_never_overwritten(names: Path, tmp_path: Path) -> None:
    precious = tmp_path / "thesis.txt"
    precious.write_text("years of work", encoding="utf-8")
    with pytest.raises(RunError, match=r"thesis\.txt"):
        small_run(names, tmp_path, overwrite=True)
    with pytest.raises(RunError, match="is a file"):
        small_run(names, precious, overwrite=True)
    (tmp_path / "project" / "data").mkdir(parents=True)
    chapter = tmp_path / "project" / "data" / "chapter.txt"
    chapter.write_text("more work", encoding="utf-8")
    with pytest.raises(RunError, match=r"data/chapter\.txt"):
        small_run(names, tmp_path / "project", overwrite=True)
    assert chapter.read_text(encoding="utf-8") == "more work"
    assert precious.read_text(encoding="utf-8") == "years of work"


def test_a_run_that_cannot_be_replaced_whole_stays(
    names: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hornbook.storage.os.fsync", full)
    with pytest.raises(RunError, match="No space left"):
        small_run(names, copy, overwrite=True)
    assert before == {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    assert [item.name for item in copy.parent.iterdir()] == [copy.name]


def test_a_run_that_came_meanwhile_is_not_replaced(names: Path, tmp_path: Path) -> None:
    out = tmp_path / "same"
    first = RunDirectory(out)
    refuse_if_taken(out, overwrite=False)  # nothing is there yet
    made = small_run(names, out)
    with pytest.raises(RunError, match="already contains a run"):
        first.begin(made.record, made.data)
    assert Run(out).summary.ending == "finished"


def test_names_of_runs_are_free_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("some.txt").write_text("ada\ndada\n" * 20, encoding="utf-8")  # few pairs to be drawn
    settings = NGramSettings(order=2)
    paths = [hornbook.train("some.txt", model="ngram", settings=settings).path for _ in range(2)]
    assert paths == [Path("runs/some-ngram-order2"), Path("runs/some-ngram-order2-2")]
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
    assert Path(name).name in str(caught.value) or "not a run directory" in str(caught.value)


@pytest.mark.parametrize("how", ["cut", "empty", "noise"])
def test_a_damaged_checkpoint_is_not_gone_on_from(copy: Path, how: str) -> None:
    damage(copy, "checkpoint.safetensors", how)
    (copy / "summary.json").unlink()
    with pytest.raises(RunError, match=r"checkpoint\.safetensors is damaged"):
        hornbook.resume(copy)


def test_foreign_weights_are_refused(copy: Path, names: Path, tmp_path: Path) -> None:
    other = small_run(names, tmp_path / "other")  # of the same shape
    shutil.copy(other.path / "model.safetensors", copy / "model.safetensors")
    with pytest.raises(RunError, match="another"):
        Run(copy).evaluate()
    (copy / "summary.json").unlink()
    shutil.copy(other.path / "checkpoint.safetensors", copy / "checkpoint.safetensors")
    with pytest.raises(RunError, match="another"):
        hornbook.resume(copy)


def test_weights_of_another_shape_are_refused(copy: Path) -> None:
    arrays, about = read_tensors(copy / "model.safetensors")
    arrays["net.layers.0.weight"] = arrays["net.layers.0.weight"][:, :2]
    write_tensors(copy / "model.safetensors", arrays, about)
    with pytest.raises(RunError, match="do not match"):
        Run(copy).evaluate()


def test_a_single_flipped_bit_is_seen(copy: Path) -> None:
    data = bytearray((copy / "model.safetensors").read_bytes())
    data[-9] ^= 1
    (copy / "model.safetensors").write_bytes(data)
    with pytest.raises(RunError, match="damaged"):
        Run(copy).evaluate()


@pytest.mark.parametrize("data", [b"\xff\xfe\n", b"5\n", b"", b'{"step": "a"}\n'])
def test_damaged_metrics_are_not_gone_on_from(copy: Path, data: bytes) -> None:
    (copy / "summary.json").unlink()
    (copy / "metrics.jsonl").write_bytes(data)
    with pytest.raises(RunError, match=r"metrics\.jsonl.* is damaged"):
        hornbook.resume(copy)


def test_weights_that_are_no_numbers_are_never_kept(names: Path, tmp_path: Path) -> None:
    training = TrainingSettings(
        steps=50, optimizer="sgd", schedule="constant", learning_rate=1e6, evaluate_every=1
    )
    for split in ("80/10/10", "100/0"):
        out = tmp_path / split.replace("/", "-")
        with pytest.raises(TrainingError, match="diverged"):
            hornbook.train(names, out=out, settings=SMALL, training=training, split=split)
        if (out / "model.safetensors").exists():
            arrays, _ = read_tensors(out / "model.safetensors")
            assert all(np.isfinite(array).all() for array in arrays.values())


def test_a_run_of_a_newer_version_is_refused_by_name(copy: Path) -> None:
    plan = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    (copy / "run.json").write_text(
        json.dumps({**plan, "format": FORMAT + 1, "versions": {"hornbook": "9.9"}}),
        encoding="utf-8",
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
    with pytest.raises(RunError, match="not a run directory"):
        Run(tmp_path)


def test_huge_and_misplaced_settings_are_refused(names: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="parameters"):
        hornbook.train(
            names, out=tmp_path / "a", training=SHORT,
            settings=MLPSettings(n_hidden=(65_536,) * 3),
        )  # fmt: skip
    with pytest.raises(SettingsError, match="fitted in one pass"):
        hornbook.train(names, model="ngram", out=tmp_path / "b", training=SHORT)
    with pytest.raises(SettingsError, match="must be MLPSettings, not"):
        hornbook.train(names, out=tmp_path / "c", settings=NGramSettings())
    with pytest.raises(HornbookError, match="one pass"):
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


def test_some_training_settings_leave_the_familys_others(names: Path, tmp_path: Path) -> None:
    made = hornbook.train(
        names, model="bigram", out=tmp_path / "some", training={"steps": 3}, baseline=False
    )
    training = made.record.training
    assert training is not None
    assert (training.steps, training.learning_rate) == (3, 0.1)
    with pytest.raises(SettingsError, match="no setting stepps"):
        hornbook.train(names, out=tmp_path / "other", training={"stepps": 3})


def test_only_train_is_enough(names: Path, tmp_path: Path) -> None:
    made = small_run(names, tmp_path / "all", split="100/0")
    assert made.summary.losses.keys() == {"train"}
    assert made.evaluate().keys() == {"train"}


def test_counts_need_no_torch(names: Path, tmp_path: Path) -> None:
    code = (
        "import sys, hornbook\n"
        f"run = hornbook.train({str(names)!r}, model='ngram', out={str(tmp_path / 'r')!r})\n"
        "list(run.sample(n=3)); run.evaluate(); run.score('emma')\n"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_sampling_settings_reach_the_sampler(run: Run) -> None:
    assert list(run.sample(SamplingSettings(n=2, seed=5))) == list(run.sample(n=2, seed=5))
    with pytest.raises(SamplingError):
        run.sample(n=1, prefix="abcdef")


def test_a_training_setting_that_is_missing_is_no_default(tmp_path: Path) -> None:
    made = hornbook.train(
        "names", model="mlp", settings=SMALL, training=SHORT, out=tmp_path / "run", baseline=False
    )
    path = made.directory.run
    record = json.loads(path.read_text())
    del record["training"]["steps"]
    path.write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"is damaged: training\.steps: is missing"):
        hornbook.resume(made.path)
    path.write_text(json.dumps({**record, "format": -1}))
    with pytest.raises(RunError, match="format: must be an integer of at least 1; it is -1"):
        Run(made.path)


def test_counts_that_were_never_made_are_made_again(names: Path, tmp_path: Path) -> None:
    run = hornbook.train(names, model="ngram", out=tmp_path / "run")
    names_of_arrays = run.model.arrays().keys()
    run.directory.model.unlink()
    run.directory.summary.unlink()
    half = hornbook.Run(run.path)
    for ask in (lambda: half.model, lambda: half.summary):
        with pytest.raises(RunError, match="stopped before its model was made") as told:
            ask()
        assert "with this directory as `out`" in told.value.hint
    again = hornbook.train(names, model="ngram", out=run.path)  # it need not be told to replace it
    assert again.model.arrays().keys() == names_of_arrays
    again.directory.model.unlink()  # this one was whole: what happened to it is not ours to guess
    with pytest.raises(RunError, match="already contains a run"):
        hornbook.train(names, model="ngram", out=run.path)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"steps": 5}, r"not an option of the data.\nPut it in training: training={'steps': 5}"),
        ({"order": 2, "model": "ngram"}, r"Put it in settings: settings={'order': 2}"),
        ({"minutes": "5"}, "`minutes` must be a number; it is '5'"),
        ({"model": dict}, "`model` must be the name of a family, not type"),
        ({"source": "anna\nbob\n" * 1_000}, r"If it is the text itself, save it to a file"),
        ({"source": "anna" * 1_000}, r"There is no file or data set '(anna){50}…'"),
    ],
)
def test_what_is_given_in_the_wrong_place_is_told(
    names: Path, tmp_path: Path, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(HornbookError, match=told) as caught:
        hornbook.train(**{"source": names, "out": tmp_path / "net", **given})
    assert len(str(caught.value)) < 1_000
