"""Fine-tuning at GPT-2's shape: hornbook's step, of all parameters or by LoRA, beside nanoGPT's.

    git clone https://github.com/karpathy/nanoGPT
    python -m benchmarks.fine_tuning_gpt2 --nanogpt nanoGPT [--threads 2] [--rounds 5]

124,439,808 parameters, 50,257 tokens, batches of 1 x 1,024 and of 4 x 256 tokens; the weights are
random, which changes no time. Each side trains in a process of its own, and they take turns, a step
at a time; what is printed is the median step, and the most memory that a process ever had
(ru_maxrss), which counts the library, too. nanoGPT's step is that of its `train.py`; its AdamW is
torch's fused one, which its script keeps for GPUs and which is faster on a CPU as well.

Other programs on the machine change wall times; processor seconds (of all threads, with those that
wait for each other) stand beside them, and the load when each table began.

`--avx2` stands in for an older processor: the libraries of both sides are told to leave wider
registers alone, by switches in the environment that they read when they are loaded.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.machine import instructions
from benchmarks.timing import use_threads
from hornbook.compute.memory import keep_freed_memory
from hornbook.text.batch import Batch
from hornbook.text.models.gpt import GPT, GPTSettings
from hornbook.text.models.presets import GPT2_PRESETS
from hornbook.tokenizers.contract import Vocabulary
from hornbook.training.measures import Evaluation
from hornbook.training.settings import TrainingSettings
from hornbook.training.trainer import Trainer

from .peers import NanoGPT

VOCABULARY = 50_257
SHAPES = ((1, 1024), (4, 256))
SIDES = ("nanogpt", "full", "lora")
LORA: dict[str, Any] = {"lora_rank": 8}
AVX2 = {
    "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "ATEN_CPU_CAPABILITY": "avx2",
}  # fmt: skip


class Drawn:
    """Batches of random tokens."""

    cursor, per_epoch = 0, 1

    def __init__(self, rows: int, length: int) -> None:
        self.rows, self.length = rows, length
        self.random = np.random.default_rng(0)

    def __next__(self) -> Batch:
        self.cursor += 1
        ids = self.random.integers(0, VOCABULARY, (self.rows, self.length + 1))
        return Batch(ids[:, :-1].copy(), ids[:, 1:].copy())


def ours(rows: int, length: int, *, bfloat16: bool, **more: Any) -> Callable[[], object]:
    """A training step of hornbook's, with gradients by hand."""
    keep_freed_memory()
    settings = GPTSettings.from_dict(
        {**GPT2_PRESETS["gpt2"].settings, "block_size": length, "dropout": 0.0, **more}
    )
    model = GPT(settings, Vocabulary(VOCABULARY, 0, 0), torch.Generator().manual_seed(1))
    how = TrainingSettings.from_dict(
        {
            "steps": 10**6,
            "batch_size": rows,
            "clip": 1.0,
            "gradients": "hand",
            "precision": "bfloat16" if bfloat16 else "float32",
            "rates": ("*.lora_*=1", "*=0") if more else (),
        }
    )
    trainer = Trainer(model, Drawn(rows, length), how, Evaluation)
    model.train()
    return trainer.update


def theirs(checkout: Path, rows: int, length: int, *, bfloat16: bool) -> Callable[[], object]:
    """nanoGPT's step."""
    ids = np.random.default_rng(0).integers(0, VOCABULARY, 100_000)
    peer = NanoGPT(checkout, ids, VOCABULARY, bias=True)
    shape = {"n_layer": 12, "n_head": 12, "n_embd": 768, "block_size": length}
    return peer.training(shape, batch_size=rows, fused=True, bfloat16=bfloat16)


def work(
    pipe: Connection,
    side: str,
    checkout: Path,
    rows: int,
    length: int,
    bfloat16: bool,
    threads: int,
) -> None:
    """A process: makes one side's step, and does one whenever it is told to."""
    use_threads(threads)
    if side == "nanogpt":
        step = theirs(checkout, rows, length, bfloat16=bfloat16)
    else:
        step = ours(rows, length, bfloat16=bfloat16, **(LORA if side == "lora" else {}))
    pipe.send(instructions())
    while pipe.recv():
        began, spent = time.perf_counter(), time.process_time()
        step()
        now, used = time.perf_counter(), time.process_time()
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        pipe.send((now - began, used - spent, most))


def measure(
    sides: tuple[str, ...], checkout: Path, rows: int, length: int, bfloat16: bool, threads: int,
    rounds: int,
) -> tuple[str, dict[str, tuple[float, float, float]]]:  # fmt: skip
    """What torch says of the processor; median seconds and processor seconds a step of each side,
    and its most memory in bytes.
    """
    context = multiprocessing.get_context("spawn")
    pipes, processes = {}, []
    for side in sides:
        pipes[side], end = context.Pipe()
        told = (end, side, checkout, rows, length, bfloat16, threads)
        processes.append(context.Process(target=work, args=told, daemon=True))
        processes[-1].start()
        capability = pipes[side].recv()
    found: dict[str, list[tuple[float, float, float]]] = {side: [] for side in sides}
    for turn in range(rounds + 1):
        for side, pipe in pipes.items():
            pipe.send(True)
            got = pipe.recv()
            if turn:  # the first is a warm-up
                found[side].append(got)
    for pipe in pipes.values():
        pipe.send(False)
    for process in processes:
        process.join()
    return capability, {
        side: (
            statistics.median(wall for wall, _, _ in got),
            statistics.median(used for _, used, _ in got),
            max(most for _, _, most in got),
        )
        for side, got in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Fine-tuning at GPT-2's shape beside nanoGPT's.")
    parser.add_argument("--nanogpt", type=Path, required=True, help="path of a checkout")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=SIDES)
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--rows", nargs="+", type=int, default=[rows for rows, _ in SHAPES])
    parser.add_argument("--avx2", action="store_true", help="as on an older processor")
    given = parser.parse_args()
    if given.avx2:
        os.environ.update(AVX2)  # for the processes that are started
    for precision in given.precisions:
        for rows, length in [shape for shape in SHAPES if shape[0] in given.rows]:
            load = os.getloadavg()[0]
            capability, found = measure(
                tuple(given.sides), given.nanogpt, rows, length, precision == "bfloat16",
                given.threads, given.rounds,
            )  # fmt: skip
            print(
                f"\n{precision}, {rows} x {length:,} tokens, {given.threads} threads, "
                f"{capability}, load {load:.1f}\n"
                f"{'':10}{'tokens/s':>10}{'s/step':>9}{'CPU s':>8}{'GB':>7}{'times nanoGPT':>15}"
                f"{'by CPU s':>10}",
                flush=True,
            )
            first = found.get("nanogpt")
            for side, (wall, used, most) in found.items():
                beside = f"{first[0] / wall:15.2f}{first[1] / used:10.2f}" if first else ""
                speed = rows * length / wall
                print(
                    f"{side:10}{speed:10.0f}{wall:9.2f}{used:8.2f}{most / 1e9:7.2f}{beside}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
