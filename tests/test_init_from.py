"""Trainings that begin with the weights of a run: token by token, noted, refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.compute.shapes import shapes_only
from hornbook.errors import HornbookError, RunError, SettingsError
from hornbook.runs import Run
from hornbook.runs.events import Event, Noted
from hornbook.tasks import unregister
from hornbook.text.inheriting import moved
from hornbook.text.models import NETS, family
from hornbook.tokenizers.contract import Vocabulary
from hornbook.training.trainer import Trainer
from tests.command import typed
from tests.some_names import write_names
from tests.stopping import stopped_at
from tests.toy import Toy

HOW: dict[str, Any] = {
    "steps": 4, "evaluate_every": 2, "batch_size": 16, "threads": 1, "precision": "float32",
    "gradients": "hand",
}  # fmt: skip
SMALL: dict[str, dict[str, Any]] = {
    "bigram": {},
    "mlp": {"n_embd": 4, "n_hidden": [8], "block_size": 3},
    "wavenet": {"n_embd": 4, "n_hidden": 8, "block_size": 4},
    "bow": {"n_embd": 4, "n_hidden": 8},
    "gpt": {"n_embd": 8, "n_layer": 1, "n_head": 2, "block_size": 8},
    "rnn": {"n_embd": 4, "n_hidden": 8},
    "gru": {"n_embd": 4, "n_hidden": 8},
    "lstm": {"n_embd": 4, "n_hidden": 8},
}
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *SMALL.items(),
    ("bigram", {"one_hot": True}),
    ("mlp", {**SMALL["mlp"], "output_norm": True}),
    ("mlp", {**SMALL["mlp"], "n_embd": 5, "n_hidden": [5]}),  # as wide as the vocabulary is large
    ("gpt", {**SMALL["gpt"], "tied": True, "output_gain": 0.1, "softcap": 5.0}),
    ("gpt", {"n_embd": 8, "block_size": 8, "n_layer": 0, "position": "learned", "bias": True}),
    ("wavenet", {**SMALL["wavenet"], "kind": "gated"}),
    ("wavenet", {**SMALL["wavenet"], "form": "tree"}),
    ("rnn", {**SMALL["rnn"], "predict": "last", "join": "concatenated"}),
]


def test_every_net_is_held() -> None:
    assert set(SMALL) == set(NETS)


def built(name: str, settings: dict[str, Any], vocabulary: Vocabulary) -> Any:
    kind = family(name).load()
    return kind(kind.Settings.from_dict(settings), vocabulary)


@pytest.mark.parametrize(("name", "settings"), VARIANTS)
def test_the_axes_of_tokens_are_those_that_grow_with_the_vocabulary(
    name: str, settings: dict[str, Any]
) -> None:
    with shapes_only():
        nets = [built(name, settings, Vocabulary(size, 0, 0)) for size in (5, 6)]
    shapes = [{key: tuple(t.shape) for key, t in net.state_dict().items()} for net in nets]
    growing = {
        key: frozenset(i for i, size in enumerate(shape) if size != shapes[1][key][i])
        for key, shape in shapes[0].items()
    }
    assert nets[0].token_axes() == {key: axes for key, axes in growing.items() if axes}


@pytest.mark.parametrize(("name", "settings"), VARIANTS)
def test_in_another_order_of_tokens_the_net_is_the_same(
    name: str, settings: dict[str, Any]
) -> None:
    rng = np.random.default_rng(1)
    one = built(name, settings, Vocabulary(5, 0, 0))
    one.load_arrays(
        {key: rng.uniform(0.1, 1, a.shape).astype(a.dtype) for key, a in one.arrays().items()}
    )
    if settings.get("tied"):  # one tensor under two names
        arrays = one.arrays()
        last = max(
            key for key in arrays if arrays[key].shape == arrays["net.layers.0.weight"].shape
        )
        arrays[last] = arrays["net.layers.0.weight"]
        one.load_arrays(arrays)
    place = np.array([3, 0, 4, 1, 2])  # of each old id
    other = built(name, settings, Vocabulary(5, 3, 3))
    other.load_arrays(moved(other, one.arrays(), [(int(place[i]), i) for i in range(5)]))
    inputs = rng.integers(0, 5, (6, one.block_size))
    targets = rng.integers(0, 5, (6,) if one.reads == "window" else inputs.shape)
    np.testing.assert_allclose(
        other.token_losses(place[inputs], place[targets]), one.token_losses(inputs, targets),
        rtol=1e-5, atol=1e-6,
    )  # fmt: skip


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("init") / "names.txt", slice(0, 200))


@pytest.fixture(scope="module")
def ancestor(names: Path) -> Run:
    return trained(names, names.parent / "ancestor", model="mlp", settings=SMALL["mlp"])


def trained(data: Path, out: Path, **more: Any) -> Run:
    training = {**HOW, **more.pop("training", {})}
    return hornbook.train(data, out=out, training=training, baseline=False, **more)


@pytest.mark.parametrize("name", [name for name in NETS if name != "mlp"])
def test_on_the_same_data_it_begins_where_the_ancestor_ended(
    name: str, names: Path, tmp_path: Path
) -> None:
    first = trained(names, tmp_path / "first", model=name, settings=SMALL[name])
    second = trained(names, tmp_path / "second", init_from=first.path)
    kept = [one for one in first.directory.read_metrics() if one.best][-1]
    begun = second.directory.read_metrics()[0]
    assert begun.losses == pytest.approx(kept.losses, abs=1e-6)
    assert second.record.settings == first.record.settings


def test_batch_statistics_are_carried_and_the_ancestor_is_noted(
    ancestor: Run, names: Path, tmp_path: Path
) -> None:
    run = trained(names, tmp_path / "net", init_from=ancestor.path)
    kept = [one for one in ancestor.directory.read_metrics() if one.best][-1]
    assert run.directory.read_metrics()[0].losses == pytest.approx(kept.losses, abs=1e-6)
    start = run.record.start
    assert (start.kind, start.ancestors) == ("run", (ancestor.record.id,))
    assert start.ancestor is not None
    weights = hashlib.sha256(ancestor.directory.model.read_bytes()).hexdigest()
    assert start.ancestor.weights == weights
    assert start.ancestor.run == str(ancestor.path)
    assert start.ancestor.steps == ancestor.summary.best_step
    assert start.ancestor.measured == ancestor.summary.losses["dev"]
    assert hornbook.list_runs(tmp_path)[0].ancestor == str(ancestor.path)


def test_new_tokens_start_untrained_and_are_counted(ancestor: Run, tmp_path: Path) -> None:
    data = tmp_path / "more.txt"
    data.write_text("anna\n7é7\nemil\n" * 20, encoding="utf-8")
    told: list[Event] = []
    run = trained(data, tmp_path / "net", init_from=ancestor.path, listen=told.append,
                  training={"steps": 1, "learning_rate": 1e-12, "weight_decay": 0.0})  # fmt: skip
    (said,) = [event.message for event in told if isinstance(event, Noted)]
    before, after = ancestor.data.tokenizer, run.data.tokenizer
    shared = set(before.spelled) & set(after.spelled)
    assert f"{len(shared)} of {after.vocab_size} tokens keep their learned weights" in said
    assert "2 new ones start untrained (7 é)" in said
    assert (
        f"{before.vocab_size - len(shared)} tokens of that run are not in this vocabulary" in said
    )
    # The rows themselves, by what they spell; the last layer's too.
    old, new = ancestor.model.arrays(), run.model.arrays()
    fresh = built("mlp", SMALL["mlp"], run.data.shape).arrays()
    last = max(key for key in new if key.endswith("bias"))
    for name in ("net.layers.0.weight", last):
        for spelling in shared:
            here, there = after.spelled.index(spelling), before.spelled.index(spelling)
            np.testing.assert_allclose(new[name][here], old[name][there], atol=1e-6)
    assert new["net.layers.0.weight"].shape == fresh["net.layers.0.weight"].shape


def test_frozen_parts_stay_those_of_the_ancestor(
    ancestor: Run, names: Path, tmp_path: Path
) -> None:
    run = trained(names, tmp_path / "net", init_from=ancestor.path,
                  training={"rates": ["net.layers.0.*=0"], "learning_rate": 0.01})  # fmt: skip
    name = "net.layers.0.weight"
    assert (run.model.arrays()[name] == ancestor.model.arrays()[name]).all()


def test_dropout_may_differ_though_it_moves_the_layers(
    ancestor: Run, names: Path, tmp_path: Path
) -> None:
    run = trained(names, tmp_path / "net", init_from=ancestor.path, settings={"dropout": 0.5})
    assert run.directory.read_metrics()[0].losses == pytest.approx(
        [one for one in ancestor.directory.read_metrics() if one.best][-1].losses, abs=1e-6
    )


def test_a_kill_at_any_time_leaves_what_can_be_resumed_or_is_refused(
    ancestor: Run, names: Path, tmp_path: Path
) -> None:
    whole = trained(names, tmp_path / "whole", init_from=ancestor.path)

    def kill(trainer: Trainer) -> None:
        raise RuntimeError("killed")

    with stopped_at(1, by=kill), pytest.raises(RuntimeError):
        trained(names, tmp_path / "killed", init_from=ancestor.path)
    copy = shutil.copytree(tmp_path / "killed", tmp_path / "copy")
    resumed = hornbook.resume(tmp_path / "killed")
    for name, array in whole.model.arrays().items():
        assert (resumed.model.arrays()[name] == array).all()
    (copy / "checkpoint.safetensors").unlink()
    with pytest.raises(RunError, match="does not hold the weights that it began with"):
        hornbook.resume(copy)


def test_where_training_makes_it_worse_the_start_is_kept(
    ancestor: Run, names: Path, tmp_path: Path
) -> None:
    run = trained(names, tmp_path / "net", init_from=ancestor.path,
                  training={"learning_rate": 30.0, "optimizer": "sgd", "beta1": 0.9})  # fmt: skip
    assert run.summary.best_step == 0
    assert run.summary.ending == "finished"
    assert [finding.name for finding in run.findings()] == ["no-better-than-start"]


def test_what_cannot_be_begun_with_is_refused(ancestor: Run, names: Path, tmp_path: Path) -> None:
    counts = hornbook.train(names, model="ngram", out=tmp_path / "counts")
    mixture = hornbook.mix([ancestor.path, counts.path], out=tmp_path / "mixture")

    def refused(words: str, **more: Any) -> None:
        with pytest.raises(HornbookError, match=words):
            trained(names, tmp_path / "net", **{"init_from": ancestor.path, **more})
        assert not (tmp_path / "net").exists()

    refused("ngram is made by counting, in one pass", init_from=counts.path)
    refused("mixture is mixed from other runs", init_from=mixture.path)
    refused('are characters, and .* are bytes(.|\n)*Set `tokens="characters"`', tokens="bytes")
    refused("does not exist", init_from=tmp_path / "nowhere")
    refused("`model` is gru, and .* is a run of mlp", model="gru")
    refused(r"`n_hidden` is \[9\], and \[8\] in", settings={"n_hidden": [9]})
    refused("`activation` is 'tanh', and 'relu' in", settings={"activation": "tanh"})


def test_the_tokens_to_ask_for_are_those_that_were_asked_for(names: Path, tmp_path: Path) -> None:
    run = trained(names, tmp_path / "pairs", model="mlp", tokens="gpt2", settings=SMALL["mlp"])
    with pytest.raises(SettingsError, match=r"are bpe, and .* are characters") as caught:
        trained(names, tmp_path / "net", init_from=run.path, tokens="characters")
    assert caught.value.hint == "Set `tokens=gpt2`."  # other byte pairs would not fit


def test_data_of_another_task_are_refused(ancestor: Run, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("x,y,class\n" + "0,1,0\n1,0,1\n" * 20, encoding="utf-8")
    hornbook.register(Toy())
    try:
        with pytest.raises(SettingsError, match=r"is data of task points, and .* of task text"):
            trained(points, tmp_path / "net", init_from=ancestor.path)
    finally:
        unregister("points")


def test_a_task_without_tokens_begins_with_weights_of_the_same_shape(tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("x,y,class\n" + "0,1,0\n1,0,1\n" * 20, encoding="utf-8")
    hornbook.register(Toy())
    try:
        first = trained(points, tmp_path / "first")
        second = trained(points, tmp_path / "second", init_from=first.path)
        kept = [one for one in first.directory.read_metrics() if one.best][-1]
        assert second.directory.read_metrics()[0].measures == kept.measures
    finally:
        unregister("points")


def test_the_command_line(
    ancestor: Run, names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    quick = ["--steps", "2", "--no-baseline", "--threads", "1", "--precision", "float32",
             "--gradients", "hand"]  # fmt: skip
    begin = ["train", str(names), "--init-from", str(ancestor.path)]
    status, out, err = typed(capsys, *begin, *quick, "--json")
    assert status == 0, err
    assert Path(json.loads(out)["run"]).name == "names-mlp-from-ancestor-steps2"
    status, _, err = typed(capsys, *begin, *quick, "--dropout", "0.1")
    assert status == 0
    assert "tokens keep their learned weights" in err
    status, _, err = typed(capsys, *begin, *quick, "--n-hidden", "9")
    assert status == 1
    assert "--n-hidden is [9], and [8] in" in err
    status, _, err = typed(capsys, *begin, *quick, "--model", "gru")
    assert status == 1
    assert "--model is gru" in err
