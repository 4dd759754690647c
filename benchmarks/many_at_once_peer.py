"""The peer of benchmarks/many_at_once.py: trainings one by one, as a checkout of this package does.

It is run within that checkout, whose modules stand elsewhere than today's. It reads a line of JSON,
what to train, and prints a line after each turn that it is asked for.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch


def module(*names: str) -> Any:
    """The first of some modules that there is."""
    for name in names:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    raise SystemExit(f"none of {', '.join(names)} is here")


def trainers(
    lines: Sequence[str], settings: Mapping[str, Any], trainings: Sequence[Mapping[str, Any]]
) -> list[Any]:
    """A trainer of the lecture's net for each training."""
    tokenizers = module("hornbook.data.tokenizer", "hornbook.tokenizers.characters")
    streams = module("hornbook.data.stream", "hornbook.text.stream")
    batches = module("hornbook.data.batches", "hornbook.text.batches")
    nets = module("hornbook.models.mlp", "hornbook.text.models.mlp")
    how = module("hornbook.training")
    trainer = module("hornbook.training.trainer")
    tokenizer = tokenizers.CharTokenizer.fit(tuple(lines), boundary=True)
    stream = streams.encode_lines(tuple(lines), tokenizer)
    made = []
    for one in trainings:
        start = torch.Generator().manual_seed(one["seed"])
        family = nets.MLPSettings(**{**settings, "n_hidden": tuple(settings["n_hidden"])})
        model = nets.MLP(family, tokenizer.vocabulary, start)
        source = batches.make_batches(
            stream, "window", block_size=family.block_size, batch_size=one["batch_size"],
            seed=one["seed"],
        )  # fmt: skip
        model.train()
        made.append(trainer.Trainer(model, source, how.TrainingSettings(**one), dict))
    return made


def main() -> None:
    """Answer."""
    told = json.loads(sys.stdin.readline())
    torch.set_num_threads(1)
    made = trainers(told["lines"], told["settings"], told["trainings"])
    for line in sys.stdin:
        steps = int(line)
        wall, processor = time.perf_counter(), time.process_time()
        losses = [sum(one.update() for _ in range(steps)) / steps for one in made]
        spent = [time.perf_counter() - wall, time.process_time() - processor]
        print(json.dumps([*spent, losses]), flush=True)


if __name__ == "__main__":
    main()
