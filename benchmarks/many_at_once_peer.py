"""The peer of benchmarks/many_at_once.py: trainings one by one, as a checkout of this package does.

It is run within that checkout, whose modules stand elsewhere than today's. It reads a line of JSON,
what to train, and then a line for each turn: how many steps, or a folder for whole runs.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
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


def whole_runs(
    folder: Path, settings: Mapping[str, Any], trainings: Sequence[Mapping[str, Any]]
) -> list[float]:
    """Runs in directories of their own, of the names in a folder; gives their losses on dev."""
    nets = module("hornbook.models.mlp", "hornbook.text.models.mlp")
    family = nets.MLPSettings(**{**settings, "n_hidden": tuple(settings["n_hidden"])})
    train, found = module("hornbook").train, []
    for i, one in enumerate(trainings):
        run = train(folder / "names.txt", model="mlp", out=folder / f"{i}", settings=family,
                    training=one, mode="lines", baseline=False)  # fmt: skip
        summary = run.summary  # a mapping, in earlier versions
        losses = summary["losses"] if isinstance(summary, Mapping) else summary.losses
        found.append(losses["dev"])
    return found


def main() -> None:
    """Answer."""
    told = json.loads(sys.stdin.readline())
    torch.set_num_threads(1)
    made = trainers(told["lines"], told["settings"], told["trainings"])
    for line in sys.stdin:
        asked = json.loads(line)
        wall, processor = time.perf_counter(), time.process_time()
        if isinstance(asked, int):
            losses = [sum(one.update() for _ in range(asked)) / asked for one in made]
        else:
            losses = whole_runs(Path(asked[0]), told["settings"], asked[1])
        spent = [time.perf_counter() - wall, time.process_time() - processor]
        print(json.dumps([*spent, losses]), flush=True)


if __name__ == "__main__":
    main()
