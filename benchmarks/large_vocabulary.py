"""Memory and time of a step with a large vocabulary: all logits at once, and some at a time.

    python -m benchmarks.large_vocabulary [--vocab 50257] [--rows 4] [--tokens 1024]
        [--n-embd 768] [--n-layer 1]

A GPT with a tied head is trained for some steps by hand, each way in a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
import torch

from hornbook.compute.memory import keep_freed_memory
from hornbook.text.batch import Batch
from hornbook.text.models import network
from hornbook.text.models.gpt import GPT
from hornbook.tokenizers.contract import Vocabulary


def train(args: argparse.Namespace) -> None:
    """A few steps, and what they took."""
    if args.way == "all":
        network.MANY = 10**12
    keep_freed_memory()
    torch.set_num_threads(args.threads)
    settings = GPT.Settings.from_dict({
        "block_size": args.tokens, "n_embd": args.n_embd, "n_layer": args.n_layer,
        "n_head": max(1, args.n_embd // 64), "tied": True, "dropout": 0.0,
    })  # fmt: skip
    made = GPT(settings, Vocabulary(args.vocab, None, 0), torch.Generator().manual_seed(0))
    ids = np.random.default_rng(0).integers(0, args.vocab, (args.rows, args.tokens + 1))
    batch = Batch(ids[:, :-1], ids[:, 1:])
    for p in made.parameters():
        p.grad = torch.zeros_like(p)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    seconds = []
    for _ in range(args.steps):
        began = time.process_time()
        with torch.inference_mode():
            loss, backward = made.loss_vjp(batch)
            backward()
        seconds.append(time.process_time() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{args.way:14} {min(seconds):6.2f} s a step, peak {peak:5.2f} GB, {before:4.2f} before "
          f"the first; loss {float(loss):.6f}")  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    for name, value in {"vocab": 50_257, "rows": 4, "tokens": 1_024, "n-embd": 768, "n-layer": 1,
                        "steps": 3, "threads": 1}.items():  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--way", choices=("all", "some at a time"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        train(args)
        return
    print(f"{args.rows} rows of {args.tokens:,} tokens among {args.vocab:,}, {args.n_embd} wide, "
          f"{args.n_layer} blocks; {args.threads} threads", flush=True)  # fmt: skip
    for way in ("all", "some at a time"):
        command = [sys.executable, "-m", "benchmarks.large_vocabulary", *sys.argv[1:], "--way", way]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
