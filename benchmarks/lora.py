"""LoRA beside the training of all parameters, on 300 examples of another kind.

    python -m benchmarks.lora [--seeds 2] [--steps 400]

As `benchmarks.fine_tuning`: a transformer is trained on the bundled names, then, for each seed,
on 300 English words; dev is 900 others. What differs is what is trained: all parameters, or
adapters of some rank, beside the linear layers of attention or beside all. Each takes the rate that
suits it best of three. What is printed: the least dev loss, and how many numbers are trained.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import hornbook
from hornbook.nn.lora import is_adapter
from hornbook.tensor_files import tensor_sizes

from .fine_tuning import draw, told

SHAPE = {"n_layer": 3, "n_embd": 64, "n_head": 4, "block_size": 16, "dropout": 0.1}
ADAMW = {"optimizer": "adamw", "precision": "float32", "threads": 1, "gradients": "hand"}
WAYS: dict[str, tuple[dict[str, Any], tuple[float, ...]]] = {
    "all parameters": ({}, (0.0003, 0.001, 0.003)),
    **{
        f"LoRA, {layers}, rank {rank}": (
            {"lora_rank": rank, "lora_layers": layers},
            (0.003, 0.01, 0.03),
        )
        for layers, rank in (("attention", 4), ("attention", 8), ("all", 4), ("all", 8))
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description="LoRA beside the training of all parameters.")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--pretraining", type=int, default=2_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = hornbook.train(
            "names", model="gpt", settings=SHAPE, out=folder / "names", baseline=False,
            training={**ADAMW, "steps": given.pretraining},
        )  # fmt: skip
        print(f"names: dev {first.summary.losses['dev']:.4f}", flush=True)
        drawn = [draw(folder, seed) for seed in range(given.seeds)]
        for way, (settings, rates) in WAYS.items():
            for rate in rates:
                runs = [
                    hornbook.train(
                        data, init_from=first.path, settings=settings, split=split,
                        split_seed=seed, out=folder / f"{way}-{rate}-{seed}", baseline=False,
                        training={
                            **ADAMW, "steps": given.steps, "learning_rate": rate, "seed": seed,
                            "patience": 0,
                        },
                    )
                    for seed, (data, split) in enumerate(drawn)
                ]  # fmt: skip
                losses = [run.summary.losses["dev"] for run in runs]
                sizes = tensor_sizes(runs[0].directory.model)
                count = sum(size for key, size in sizes.items() if not settings or is_adapter(key))
                print(f"{way:24}{rate:8}  {told(losses)}  {count:,} numbers", flush=True)


if __name__ == "__main__":
    main()
