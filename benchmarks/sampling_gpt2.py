"""Tokens a second of one text at GPT-2's size, random weights, beside nanoGPT's `generate`.

    python -m benchmarks.sampling_gpt2 --nanogpt CHECKOUT [--tokens 30]

Processor milliseconds a token on one thread, median: of a machine that is shared, what this program
took. nanoGPT's are of whole calls of its `generate`, which reads the text anew for every token.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.peers import NanoGPT
from hornbook.compute.threads import threads
from hornbook.nn.eight_bit_linear import in_eight_bits
from hornbook.text.models.gpt import GPT, GPTSettings
from hornbook.text.models.presets import GPT2_PRESETS
from hornbook.tokenizers.contract import Vocabulary

V = 50_257


def steps(model: Any, prefix: int) -> Callable[[], None]:
    """A call that draws the next token greedily."""
    told: Any = model.start(np.arange(prefix) * 7919 % 50_000)

    def step() -> None:
        nonlocal told
        logits, state = told
        told = model.step(logits.argmax(1), state)

    return step


def ways(arguments: argparse.Namespace, prefix: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """What is timed."""
    settings = GPTSettings(**GPT2_PRESETS["gpt2"].settings)
    model = GPT(settings, Vocabulary(V, None, 0), torch.Generator().manual_seed(0))
    yield "hornbook, float32", steps(model, prefix)
    yield "hornbook, weights in 8 bits", steps(in_eight_bits(model)[0], prefix)
    if arguments.nanogpt:
        shape = {"n_layer": 12, "n_head": 12, "n_embd": 768, "block_size": 1024}
        peer = NanoGPT(arguments.nanogpt, np.zeros(1, dtype=np.int64), V).model(shape).eval()
        text = torch.zeros((1, prefix), dtype=torch.long)

        def generate() -> None:
            nonlocal text
            text = peer.generate(text, 1, top_k=1)

        yield "nanoGPT, float32", generate


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description="Tokens a second at GPT-2's size.")
    parser.add_argument("--nanogpt", type=Path)
    parser.add_argument("--tokens", type=int, default=30)
    arguments = parser.parse_args()
    with threads(1):
        for prefix in (1, 512):
            for name, step in ways(arguments, prefix):
                step()
                taken = []
                for _ in range(arguments.tokens):
                    began = time.thread_time()
                    step()
                    taken.append(time.thread_time() - began)
                each = statistics.median(taken)
                print(f"prefix {prefix}, {name}: {1000 * each:.1f} ms, {1 / each:.1f} tokens/s")


if __name__ == "__main__":
    main()
