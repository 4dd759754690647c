"""On a GPU the same figures come out as on the processor, and the same bits every time.

A machine without one cannot try it, so these tests skip there; `benchmarks/gpu.py` times it too.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from hornbook.tasks import task_named, tasks
from tests.some_films import write_films
from tests.some_names import write_names

TRAIN = """
import json, sys, warnings, hornbook
from hornbook.tasks import task_named
warnings.simplefilter("error")
data, out, task, family, device, optimizer, precision, options = sys.argv[1:]
fields = task_named(task).families[family].load().Settings.__dataclass_fields__
settings = {field: 0.0 for field in fields if "dropout" in field}
how = dict(steps=25, batch_size=32, device=device, gradients="hand", precision=precision,
           optimizer=optimizer, watch=True, patience=0)
run = hornbook.train(data, model=family, task=task, out=out, settings=settings, training=how,
                     baseline=False, **json.loads(options))
print(json.dumps({"loss": run.summary.losses, **run.summary.measures}))
"""
NETS = [
    (name, family)
    for name in tasks()
    for family, line in task_named(name).families.items()
    if line.trained
]
on_a_gpu = pytest.mark.skipif(shutil.which("nvidia-smi") is None, reason="this machine has no GPU")


OPTIONS: dict[str, dict[str, object]] = {
    "tables": {"target": "count"},
    "classify": {"label_column": "last"},
}
"What reading the data needs for a task, or for one family of it."


def data_of(task: str, folder: Path) -> Path:
    """A small file of a task."""
    if task in ("ratings", "clicks"):
        write_films(folder)
        return folder / "ratings.csv"
    names = write_names(folder / "names.txt", slice(0, 300))
    if task == "text":
        return names
    words = names.read_text(encoding="utf-8").split()
    rows = {
        "pairs": ["source,last", *(f"{word},{word[:-3:-1]}" for word in dict.fromkeys(words))],
        "tables": ["first,size,count", *(f"{w[0]},{len(w)},{w.count('a')}" for w in words)],
        "words": [" ".join(words[i : i + 20]) for i in range(0, len(words), 2)],
    }[task]
    path = folder / ("words.txt" if task == "words" else f"{task}.csv")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def trained(
    data: Path,
    task: str,
    family: str,
    device: str,
    out: Path,
    *,
    optimizer: str = "adamw",
    precision: str = "float32",
) -> dict[str, dict[str, float]]:
    """What a short training reaches in a process of its own, which sees the GPU."""
    options = json.dumps(OPTIONS.get(family, OPTIONS.get(task, {})))
    given = (str(data), str(out), task, family, device, optimizer, precision, options)
    told = seeing("-c", TRAIN, *given)
    reached: dict[str, dict[str, float]] = json.loads(told)
    return reached


def seeing(*arguments: str) -> str:
    """What Python prints in a process of its own, from which the GPU is not hidden."""
    environment = {key: value for key, value in os.environ.items() if key != "CUDA_VISIBLE_DEVICES"}
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@on_a_gpu
@pytest.mark.parametrize(("task", "family"), NETS)
def test_a_gpu_gives_the_figures_of_the_processor(task: str, family: str, tmp_path: Path) -> None:
    # AdamW divides a gradient by its own size, and so makes much of the rounding of small ones.
    data = data_of(task, tmp_path)
    processor, gpu = (
        trained(data, task, family, device, tmp_path / device, optimizer="sgd")
        for device in ("cpu", "cuda")
    )
    assert gpu.keys() == processor.keys()
    for name, reached in gpu.items():
        assert reached == pytest.approx(processor[name], abs=1e-5), name


@on_a_gpu
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(("task", "family"), NETS)
def test_a_gpu_gives_the_same_bits_every_time(
    task: str, family: str, precision: str, tmp_path: Path
) -> None:
    data = data_of(task, tmp_path)
    one, other = (
        trained(data, task, family, "cuda", tmp_path / name, precision=precision)
        for name in ("one", "other")
    )
    assert one == other
    weights, same = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "other"))
    assert all((weights[name] == same[name]).all() for name in weights)


@on_a_gpu
@pytest.mark.parametrize(("task", "family"), [("text", "gpt"), ("pairs", "seq2seq")])
def test_bfloat16_on_a_gpu_is_near_the_processor(task: str, family: str, tmp_path: Path) -> None:
    data = data_of(task, tmp_path)
    processor = trained(data, task, family, "cpu", tmp_path / "cpu")
    gpu = trained(data, task, family, "cuda", tmp_path / "gpu", precision="bfloat16")
    assert gpu["loss"] == pytest.approx(processor["loss"], abs=2e-2)


@on_a_gpu
def test_fused_attention_gives_what_attention_gives() -> None:
    tests = Path(__file__).with_name("test_fused_attention.py")
    plugins = ("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:benchmark")
    told = seeing("-m", "pytest", "--noconftest", "-q", *plugins, str(tests))
    assert "skipped" not in told
