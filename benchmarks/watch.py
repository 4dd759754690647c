"""What it costs to watch a training: each family's steps with the probe and without, in turns.

    python -m benchmarks.watch [--families mlp gru …] [--rounds 7]

A turn is as many updates as there are from one record to the next at the default rate, one of them
watched or none. Also printed: the same with a probe that is never due, which must cost nothing.
"""

from __future__ import annotations

import argparse

import torch

from benchmarks.timing import in_turns, use_threads
from hornbook.compute.memory import keep_freed_memory
from hornbook.monitoring.probe import LEAST, Probe
from hornbook.monitoring.record import UpdateRecord
from hornbook.text.batches import make_batches
from hornbook.text.corpus import load_corpus
from hornbook.text.models import NETS, family
from hornbook.text.stream import encode_lines
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.training import TrainingSettings
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer


class Never(Probe):
    """A probe that is there and never due."""

    def due(self, step: int) -> bool:
        """Never."""
        return False


def trainer(name: str, kind: type[Probe] | None) -> Trainer:
    """A trainer of a family's defaults on the bundled names, past its first records."""
    lines = load_corpus("names").lines
    tokenizer = CharTokenizer.fit(lines, boundary=True)
    stream = encode_lines(tuple(lines), tokenizer)
    line = family(name)
    made = line.load()
    model = made(made.Settings(), tokenizer.vocabulary, torch.Generator().manual_seed(0))
    settings = TrainingSettings(
        **{**line.training, "gradients": "hand", "precision": "float32", "steps": 10**6}
    )
    batches = make_batches(
        stream, model.reads, block_size=model.block_size, batch_size=settings.batch_size, seed=0,
        lead=model.lead, mixed=model.mixed,
    )  # fmt: skip
    records: list[UpdateRecord] = []
    probe = kind(model, LEAST, records.append) if kind else None
    model.train()
    found = Trainer(model, batches, settings, Evaluation, probe=probe)
    for _ in range(LEAST):
        found.update()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--families", nargs="+", default=NETS, choices=NETS)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    use_threads(given.threads)
    keep_freed_memory()
    print(f"| family | {LEAST} updates | watched once | cost | a probe never due |")
    print("|---|--:|--:|--:|--:|")
    for name in given.families:
        ways: dict[str, type[Probe] | None] = {"plain": None, "watched": Probe, "never": Never}

        def turn(made: Trainer) -> None:
            for _ in range(LEAST):
                made.update()

        made = {way: trainer(name, kind) for way, kind in ways.items()}
        found = in_turns(
            {way: (lambda one=one: turn(one)) for way, one in made.items()},  # type: ignore[misc]
            calls=1, rounds=given.rounds,
        )  # fmt: skip
        plain = found["plain"]
        print(
            f"| {name} | {plain * 1e3:.1f} ms | {found['watched'] * 1e3:.1f} ms "
            f"| {found['watched'] / plain - 1:+.1%} | {found['never'] / plain - 1:+.1%} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
