"""What a GPU gives: the same figures as the CPU, and how much faster.

    python -m benchmarks.gpu [--nanogpt DIR] [--steps 60] [--compile] [--profile]

First every net family takes some training steps on the CPU and on the GPU from the same weights, in
float32, and the losses are printed side by side. Then training steps of transformers of three sizes
are timed in each way that hornbook knows; with a checkout of nanoGPT (see benchmarks/peers.py) its
own recipe for GPUs, in bfloat16 with the fused AdamW, stands beside them at the same shapes. Ids
are made up: the speed does not hang on them.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.peers import NanoGPT
from benchmarks.throughput import AS_NANOGPT, trained_by
from hornbook.compute.deterministic import deterministic
from hornbook.text.models import NETS, family
from hornbook.text.stream import Stream, encode_lines
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Vocabulary
from hornbook.training.trainer import Trainer

Ids = npt.NDArray[np.int64]

BUNDLED = Path(__file__).parent.parent / "hornbook" / "sources" / "bundled"
WAYS = (("hand", "float32"), ("hand", "bfloat16"), ("autograd", "bfloat16"))


@dataclass(frozen=True)
class Size:
    """A transformer to time."""

    name: str
    n_layer: int
    n_head: int
    n_embd: int
    block_size: int
    vocab_size: int
    batch_size: int

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.n_layer} layers, {self.n_embd} channels, block {self.block_size}, "
            f"{self.vocab_size:,} tokens, batch {self.batch_size}"
        )

    @property
    def shape(self) -> dict[str, int]:
        """What both sides call it."""
        names = ("n_layer", "n_head", "n_embd", "block_size")
        return {name: getattr(self, name) for name in names}

    @property
    def tokens(self) -> int:
        """In a batch."""
        return self.batch_size * self.block_size


SIZES = (
    Size("small", 4, 4, 128, 64, 65, 12),
    Size("middling", 6, 6, 384, 256, 65, 64),
    Size("GPT-2's", 12, 12, 768, 1_024, 50_257, 8),
)


def made_up(vocab_size: int) -> Ids:
    """A text of made-up ids."""
    return np.random.default_rng(0).integers(vocab_size, size=400_000)


def names() -> tuple[Stream, Vocabulary]:
    """The bundled names and their characters."""
    found = tuple((BUNDLED / "names.txt").read_text(encoding="utf-8").split())
    tokenizer = CharTokenizer.fit(found, boundary=True)
    return encode_lines(found, tokenizer), tokenizer.vocabulary


def compare(steps: int) -> None:
    """Print each family's loss after some steps on either device."""
    stream, vocabulary = names()
    print(f"loss after {steps} steps      CPU        GPU     apart   autograd on the GPU")
    for name in NETS:
        losses = []
        for device, gradients in (("cpu", "hand"), ("cuda", "hand"), ("cuda", "autograd")):
            made = trained_by(
                name, stream, vocabulary, undropped(name), 32,
                device=device, gradients=gradients,
            )  # fmt: skip
            losses.append(mean_loss(made, steps))
        cpu, hand, autograd = losses
        print(
            f"{name:20} {cpu:10.6f} {hand:10.6f} {abs(cpu - hand):9.1e} {autograd:10.6f}",
            flush=True,
        )


def undropped(name: str) -> dict[str, float]:
    """Settings without dropout, whose random numbers are others on each device."""
    fields = family(name).load().Settings.__dataclass_fields__
    return {field: 0.0 for field in fields if "dropout" in field}


def mean_loss(made: Trainer, steps: int) -> float:
    """The mean loss of the steps that a trainer takes."""
    with deterministic(torch.device(made.settings.device)):
        for _ in range(steps):
            made.update()
    return made.loss_sum / made.loss_count


def seconds(step: Callable[[], object], least: float = 1.5) -> float:
    """Seconds of one call, the GPU's work included; the median of five lots."""
    for _ in range(3):
        step()
    torch.cuda.synchronize()
    began = time.perf_counter()
    step()
    torch.cuda.synchronize()
    calls = max(1, round(least / 5 / (time.perf_counter() - began)))
    found = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(calls):
            step()
        torch.cuda.synchronize()
        found.append((time.perf_counter() - began) / calls)
    return sorted(found)[2]


def ways(size: Size, compiled: bool) -> Iterator[tuple[str, Callable[[], object], bool]]:
    """hornbook's ways to do a step of nanoGPT's shape, and whether each keeps the order of sums."""
    stream = Stream(made_up(size.vocab_size), 0, None, 0)
    vocabulary = Vocabulary(size.vocab_size, None, 0)
    shape = {**size.shape, **AS_NANOGPT}
    make = partial(
        trained_by, "gpt", stream, vocabulary, shape, size.batch_size,
        device="cuda", clip=1.0, optimizer="adamw",
    )  # fmt: skip
    for gradients, precision in WAYS:
        made = make(gradients=gradients, precision=precision)
        yield f"hornbook, {gradients}, {precision}", made.update, True
    made = make(gradients="hand", precision="bfloat16")
    yield "the same, sums in any order", made.update, False
    if compiled:
        made = make(gradients="autograd", precision="bfloat16", compile=True)
        yield "hornbook, compiled, bfloat16", made.update, True


def nanogpt(checkout: Path, size: Size, compiled: bool) -> Callable[[], object]:
    """A step of nanoGPT's recipe for a GPU."""
    peer = NanoGPT(checkout, made_up(size.vocab_size), size.vocab_size)
    model: Any = peer.model(size.shape).to("cuda")
    with contextlib.redirect_stdout(None):
        optimizer = model.configure_optimizers(0.1, 1e-3, (0.9, 0.99), "cuda")
    called = torch.compile(model) if compiled else model
    block = size.shape["block_size"]

    def batch() -> tuple[torch.Tensor, torch.Tensor]:
        places = torch.randint(len(peer.ids) - block, (size.batch_size,)).tolist()
        rows = torch.stack(
            [torch.from_numpy(peer.ids[at : at + block + 1].astype(np.int64)) for at in places]
        )
        rows = rows.pin_memory().to("cuda", non_blocking=True)
        return rows[:, :-1].contiguous(), rows[:, 1:].contiguous()

    def step() -> None:
        inputs, targets = batch()
        with torch.autocast("cuda", torch.bfloat16):
            _, loss = called(inputs, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def profile(size: Size) -> None:
    """Print what a step of `ways`' second spends its time on."""
    _, step, _ = list(ways(size, compiled=False))[1]
    with deterministic(torch.device("cuda")):
        for _ in range(5):
            step()
        torch.cuda.synchronize()
        kinds = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
        with torch.profiler.profile(activities=kinds) as seen:
            for _ in range(5):
                step()
            torch.cuda.synchronize()
    found = seen.key_averages()
    print(found.table(sort_by="self_cuda_time_total", row_limit=30, max_name_column_width=60))


def main() -> None:
    """Compare and time."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nanogpt", type=Path, help="a checkout to time beside")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--compile", action="store_true", help="time what torch.compile gives too")
    parser.add_argument("--sizes", nargs="*", default=[size.name for size in SIZES])
    parser.add_argument("--profile", action="store_true", help="what a step spends its time on")
    given = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("This machine has no GPU that PyTorch can use.")
    print(torch.cuda.get_device_name(), torch.__version__)
    if given.steps:
        compare(given.steps)
    for size in (size for size in SIZES if size.name in given.sizes):
        print(f"\n{size}", flush=True)
        calls = list(ways(size, given.compile))
        if given.nanogpt:
            calls.append(("nanoGPT, bfloat16", nanogpt(given.nanogpt, size, False), False))
            if given.compile:
                step = nanogpt(given.nanogpt, size, True)
                calls.append(("nanoGPT, compiled, bfloat16", step, False))
        while calls:
            name, step, ordered = calls.pop(0)
            torch.cuda.reset_peak_memory_stats()
            with deterministic(torch.device("cuda")) if ordered else contextlib.nullcontext():
                once = seconds(step)
            memory = torch.cuda.max_memory_allocated() / 2**30
            print(f"    {name:32} {once * 1e3:9.2f} ms  {size.tokens / once:12,.0f} tokens/s  "
                  f"{memory:5.1f} GiB", flush=True)  # fmt: skip
            del step
        if given.profile:
            profile(size)


if __name__ == "__main__":
    main()
