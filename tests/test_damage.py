"""Run directories with any byte or field wrong: refused in words, never with a traceback."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hornbook
from hornbook.errors import HornbookError, RunError
from hornbook.runs import Run
from hornbook.storage import SEAL, sealed
from hornbook.tensor_files import read_tensors, write_tensors

LINES = "ada\nbea\ncleo\ndora\nelsa\nfay\ngina\nhedy\nida\njune\n" * 3
FILES = (
    "run.json", "summary.json", "metrics.jsonl", "health.jsonl", "tokenizer.json",
    "data/train.txt", "model.safetensors", "checkpoint.safetensors",
)  # fmt: skip

one_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damage")
    data = folder / "names.txt"
    data.write_text(LINES, encoding="utf-8")
    training = {"steps": 4, "batch_size": 4, "evaluate_every": 2, "watch": True}
    small = {"n_hidden": [4], "n_embd": 2}
    run = hornbook.train(
        data, model="mlp", settings=small, training=training, out=folder / "run", baseline=False
    )
    return run.path


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    path = tmp_path / "copy"
    shutil.copytree(whole, path)
    return path


def use(path: Path) -> None:
    """Everything that reads a run."""
    for call in (
        lambda: repr(Run(path)),
        lambda: list(Run(path).sample(n=2)),
        lambda: Run(path).evaluate(),
        lambda: Run(path).directory.read_health(),
        lambda: hornbook.resume(path),
    ):
        with contextlib.suppress(HornbookError):
            call()


@one_folder
@given(data=st.data())
def test_any_bytes_may_be_wrong(whole: Path, tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "copy"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(whole, path)
    if data.draw(st.booleans()):
        (path / "summary.json").unlink()
    file = path / data.draw(st.sampled_from(FILES))
    if not file.exists():
        return
    held = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(held) - 1))
        held[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    file.write_bytes(held[: data.draw(st.integers(0, len(held)))])
    use(path)


ODD: list[Any] = [
    None, True, -1, 0, 2**70, 1e308, "", "NaN", "Infinity", "x" * 10_000, [], [[]], {}, {"a": 1},
]  # fmt: skip


@one_folder
@given(data=st.data())
def test_any_field_may_be_wrong(whole: Path, tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "copy"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(whole, path)
    name = data.draw(st.sampled_from(["run.json", "summary.json", "tokenizer.json"]))
    value = json.loads((path / name).read_text())
    value.pop(SEAL, None)  # as someone would who means harm
    place: Any = value
    key = data.draw(st.sampled_from(sorted(place)))
    while isinstance(place[key], dict) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place)))
    if data.draw(st.booleans()):
        place[key] = data.draw(st.sampled_from(ODD))
    else:
        del place[key]
    if name == "tokenizer.json":  # its sum is in the record
        (path / "run.json").write_text((path / "run.json").read_text())
    if name == "run.json" and data.draw(st.booleans()):
        (path / "summary.json").unlink()
    (path / name).write_text(json.dumps(value))
    use(path)


@pytest.mark.parametrize("name", ["run.json", "summary.json", "metrics.jsonl", "health.jsonl"])
@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "NaN", '{"step": Infinity}'])
def test_json_that_is_none_of_ours(copy: Path, name: str, text: str) -> None:
    (copy / name).write_text(text + "\n")
    if name != "summary.json":
        (copy / "summary.json").unlink()
    with pytest.raises(RunError, match=r"damaged|missing|must be"):
        _ = Run(copy).summary if name == "summary.json" else hornbook.resume(copy)


def edited(path: Path, change: Callable[[dict[str, Any]], None], *, seal: bool) -> None:
    value = json.loads(path.read_text())
    value.pop(SEAL)
    change(value)
    path.write_text(json.dumps(sealed(value) if seal else {**value, SEAL: "0" * 64}))


def test_a_record_is_what_was_written(copy: Path) -> None:
    edited(copy / "run.json", lambda value: value["data"].update(name="other"), seal=True)
    assert Run(copy).record.data.name == "other"
    edited(copy / "run.json", lambda value: value["data"].update(name="another"), seal=False)
    with pytest.raises(RunError, match=r"run\.json is damaged: its checksum does not match"):
        Run(copy)
    edited(copy / "summary.json", lambda value: value.update(seconds=0.5), seal=False)
    edited(copy / "run.json", lambda value: None, seal=True)
    with pytest.raises(RunError, match=r"summary\.json is damaged: its checksum"):
        _ = Run(copy).summary


def test_settings_that_ask_for_far_more_than_there_is(copy: Path) -> None:
    edited(copy / "run.json", lambda v: v["settings"].update(n_hidden=[20_000] * 2), seal=True)
    with pytest.raises(RunError, match=r"ask for 400,\d+,\d+ parameters, and model.safetensors"):
        Run(copy).score("ada")
    (copy / "summary.json").unlink()
    with pytest.raises(RunError, match="ask for 400"):
        hornbook.resume(copy)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_named(copy: Path, number: float) -> None:
    for name in ("model.safetensors", "checkpoint.safetensors"):
        arrays, about = read_tensors(copy / name)
        some = next(key for key in sorted(arrays) if arrays[key].dtype.kind == "f")
        arrays[some].flat[-1] = number
        write_tensors(copy / name, arrays, about)
        (copy / "summary.json").unlink(missing_ok=True)
        with pytest.raises(RunError, match=f"{some} holds numbers that are not finite"):
            Run(copy).score("ada") if name[0] == "m" else hornbook.resume(copy)


def test_a_digest_covers_types_and_shapes(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": np.zeros((2, 3), dtype=np.float32)}, {})
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        about = file.metadata()
    held = load_file(path)["a"]
    for other in (held.reshape(3, 2), held.view(np.int32)):
        save_file({"a": other}, path, metadata=about)
        with pytest.raises(RunError, match="checksum does not match"):
            read_tensors(path)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "data/../../x"])
def test_no_file_outside_of_the_run_is_read(copy: Path, name: str) -> None:
    with pytest.raises(RunError, match="outside the directory"):
        Run(copy).directory.files(Run(copy).record).read(name)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("name", [name for name in FILES if name != "run.json"])
@pytest.mark.parametrize("kind", ["pipe", "device", "link", "folder"])
def test_what_is_no_file_is_never_opened(copy: Path, tmp_path: Path, name: str, kind: str) -> None:
    path, outside = copy / name, tmp_path / "outside"
    path.rename(outside)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "device" else outside)
    if name.startswith("checkpoint"):
        (copy / "summary.json").unlink()
    readers: list[Callable[[], Any]] = [
        lambda: Run(copy).score("ada"),
        lambda: Run(copy).evaluate(),
        lambda: Run(copy).summary,
        lambda: Run(copy).directory.read_health(),
        lambda: Run(copy).directory.read_metrics(),
        lambda: hornbook.resume(copy),
    ]
    refused = 0
    for read in readers:
        try:
            read()
        except RunError as error:
            refused += f"{path} is" in str(error) or "no longer has it" in str(error)
    assert refused


def test_a_folder_that_is_a_link_is_not_followed(copy: Path, tmp_path: Path) -> None:
    (copy / "data").rename(tmp_path / "outside")
    (copy / "data").symlink_to(tmp_path / "outside")
    with pytest.raises(RunError, match="data is a symbolic link"):
        Run(copy).evaluate()


def test_finite_weights_that_overflow_are_named(copy: Path) -> None:
    arrays, values = read_tensors(copy / "model.safetensors")
    write_tensors(
        copy / "model.safetensors",
        {name: np.full_like(array, 3e38) for name, array in arrays.items()},
        values,
    )
    for call in (
        lambda: list(Run(copy).sample(n=1)),
        lambda: Run(copy).score("ada"),
        lambda: Run(copy).evaluate(),
    ):
        with pytest.raises(RunError, match="its weights are too large"):
            call()


@pytest.mark.parametrize(
    "name",
    ["step", "cursor", "since_best", "loss_count", "recorded", "seconds", "layout", "compiling"],
)
def test_counters_that_cannot_be_are_named(copy: Path, name: str) -> None:
    (copy / "summary.json").unlink()
    arrays, values = read_tensors(copy / "checkpoint.safetensors")
    write_tensors(copy / "checkpoint.safetensors", arrays, {**values, name: -2})
    with pytest.raises(RunError, match=f"checkpoint is damaged: {name}: must be at least"):
        hornbook.resume(copy)
