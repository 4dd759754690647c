"""Tokens a second of one text at GPT-2's size, random weights, beside nanoGPT and llama.cpp.

    python -m benchmarks.sampling_gpt2 [--nanogpt CHECKOUT] [--peer FOLDER] [--tokens 30]

Milliseconds a token, median: of the processor (of a machine that is shared, what this program took)
and on the clock. With `--threads 2` hornbook may read weights by as many threads, and is told how
many it chose: one, where others are at work. nanoGPT's are of whole calls of its `generate`, which
reads the text again for every token. FOLDER is where node-llama-cpp is installed: see
`benchmarks/llama_cpp.py`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.llama_cpp import milliseconds
from benchmarks.peers import NanoGPT
from hornbook.compute.threads import libraries, threads
from hornbook.extras import has
from hornbook.nn.decoding import Wanted, decoding_by
from hornbook.nn.eight_bit_linear import in_eight_bits
from hornbook.text.models.gpt import GPT, GPTSettings
from hornbook.text.models.presets import GPT2_PRESETS
from hornbook.tokenizers.contract import Vocabulary

V = 50_257
PREFIXES = (1, 512)


def steps(model: Any, prefix: int, wanted: Wanted) -> Callable[[], None]:
    """A call that draws the next token greedily, by layers or in compiled code."""
    told: Any = model.start(np.arange(prefix) * 7919 % 50_000)

    def step() -> None:
        nonlocal told
        logits, state = told
        with decoding_by(wanted), model.stepping(1):
            told = model.step(logits.argmax(1), state)

    return step


def models() -> Iterator[tuple[str, Any]]:
    """A GPT-2 with random weights, as it is and in 8 bits."""
    settings = GPTSettings(**GPT2_PRESETS["gpt2"].settings)
    model = GPT(settings, Vocabulary(V, None, 0), torch.Generator().manual_seed(0))
    model.eval()  # as a run that is opened
    yield "hornbook, float32", model
    yield "hornbook, weights in 8 bits", in_eight_bits(model)[0]


def ways(arguments: argparse.Namespace, prefix: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """What is timed."""
    for name, model in models():
        yield name, steps(model, prefix, "layers")
        if "8 bits" not in name and has("numba"):
            yield f"{name}, compiled", steps(model, prefix, "compiled")
    if arguments.nanogpt:
        shape = {"n_layer": 12, "n_head": 12, "n_embd": 768, "block_size": 1024}
        peer = NanoGPT(arguments.nanogpt, np.zeros(1, dtype=np.int64), V).model(shape).eval()
        text = torch.zeros((1, prefix), dtype=torch.long)

        def generate() -> None:
            nonlocal text
            text = peer.generate(text, 1, top_k=1)

        yield "nanoGPT, float32", generate


def readers(model: Any) -> int:
    """How many threads the model would share the products of the next step among."""
    with model.stepping(1):
        counts = [one.num_threads for one in libraries().select(user_api="blas").lib_controllers]
    return max(counts, default=1)


def tell(name: str, prefix: int, taken: list[tuple[float, float]]) -> None:
    """Print the medians of processor milliseconds and of milliseconds on the clock."""
    used, wall = (statistics.median(some) for some in zip(*taken, strict=True))
    each = f"{used:7.1f} ms of the processor, {wall:7.1f} on the clock, {1000 / wall:6.1f} tokens/s"
    print(f"prefix {prefix:3}  {name:28}{each}", flush=True)


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description="Tokens a second at GPT-2's size.")
    parser.add_argument("--nanogpt", type=Path, help="path of a checkout")
    parser.add_argument("--peer", type=Path, help="where node-llama-cpp is installed")
    parser.add_argument("--tokens", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, threads {arguments.threads}", flush=True)
    with threads(arguments.threads):
        for prefix in PREFIXES:
            for name, step in ways(arguments, prefix):
                step()
                taken = []
                for _ in range(arguments.tokens):
                    used, began = time.process_time(), time.perf_counter()
                    step()
                    now = time.perf_counter()
                    taken.append((1000 * (time.process_time() - used), 1000 * (now - began)))
                tell(name, prefix, taken)
        if arguments.threads > 1:
            model = next(models())[1]
            print(f"hornbook's products are shared among {readers(model)} threads")
    if arguments.peer:
        found = milliseconds(arguments.peer, PREFIXES, arguments.tokens, arguments.threads)
        for (kind, prefix), pairs in found.items():
            tell(f"llama.cpp, {kind}", prefix, pairs)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
