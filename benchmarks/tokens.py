"""Which tokens a text is best cut into: equal parameters, equal processor time, bits per byte.

    python -m benchmarks.tokens [--data ../shared/data/tinyshakespeare.txt] [--seconds 40]
        [--parameters 250000] [--only characters bpe-1024 ...]

A GPT of two blocks with a tied head is trained on each kind of tokens, its width chosen so that it
has as many parameters as the others, its steps so that training takes as much processor time on
one thread. Beside it stands counting on the same tokens: Kneser-Ney, its order chosen on dev.

A model of words knows no spelling of the rare ones, and predicts one unknown word for all. So that
its figure is of the same text, the cost of spelling is added: that of the bytes of each unknown
word of dev under n-grams of the words that are as rare in train.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hornbook
from hornbook.runs import Run
from hornbook.runs.events import Event, Progressed
from hornbook.runs.prepare import Prepared, prepare
from hornbook.sources.source import Source
from hornbook.text.corpus import SPLITS
from hornbook.text.counting import best_counts
from hornbook.text.data import TextData
from hornbook.text.losses import counted_loss
from hornbook.text.models.gpt import GPT
from hornbook.tokenizers.words import WordTokenizer, cut_into_words

BLOCKS, HEADS, BATCH = 2, 4, 16
BPE = {f"bpe-{size}": {"tokens": "bpe", "vocab_size": size} for size in (512, 1024, 4096)}
KINDS: dict[str, dict[str, Any]] = {
    "characters": {}, "bytes": {"tokens": "bytes"}, **BPE, "words": {"tokens": "words"}
}  # fmt: skip
TRIED = 200  # steps of the trial by which the time of one is found


@dataclass(frozen=True)
class Row:
    """A kind of tokens and what was reached."""

    kind: str
    vocabulary: int
    width: int
    parameters: int
    steps: int
    seconds: float
    net: float
    "Bits per byte of dev."
    counted: float
    order: int
    bytes_per_token: float


def width_for(data: TextData, parameters: int) -> int:
    """The width of a GPT that has as many parameters as asked for, as near as heads allow."""

    def distance(width: int) -> int:
        import torch

        settings = settings_of(width)
        made = GPT(GPT.Settings.from_dict(settings), data.shape, torch.Generator())
        return abs(sum(p.numel() for p in made.parameters()) - parameters)

    return min(range(2 * HEADS, 260, 2 * HEADS), key=distance)


def settings_of(width: int) -> dict[str, Any]:
    return {"n_layer": BLOCKS, "n_head": HEADS, "n_embd": width, "tied": True, "dropout": 0.0}


def trained(prepared: Prepared, out: Path, width: int, steps: int) -> tuple[Run, float]:
    """A net, and the processor time of its steps without the evaluations."""
    seen: list[tuple[int, float]] = []

    def listen(event: Event) -> None:
        if isinstance(event, Progressed):
            seen.append((event.progress.step, time.process_time()))

    run = hornbook.train(
        prepared,
        model="gpt",
        out=out,
        overwrite=True,
        baseline=False,
        settings=settings_of(width),
        training={
            "steps": steps,
            "threads": 1,
            "batch_size": BATCH,
            "evaluate_on": 1_000,
            "evaluate_every": 10**9,
        },
        listen=listen,
    )
    (first, began), (last, ended) = seen[0], seen[-1]
    return run, (ended - began) / max(1, last - first) * steps


def measured(path: str, kind: str, seconds: float, parameters: int, folder: Path) -> Row:
    """A net and counts on one kind of tokens."""
    prepared = prepare(Source(path), "text", {"mode": "text", **KINDS[kind]})
    data = prepared.data
    assert isinstance(data, TextData)
    width = width_for(data, parameters)
    _, taken = trained(prepared, folder / "t", width, TRIED)
    steps = max(1, round(seconds / taken * TRIED))
    net, spent = trained(prepared, folder / kind, width, steps)
    counts = best_counts(data, smoothings=False).settings
    ngram = hornbook.train(
        prepared, model="ngram", settings=counts, out=folder / "n", overwrite=True
    )
    extra = spelling(data, folder) if isinstance(data.tokenizer, WordTokenizer) else 0.0
    losses = [counted_loss(run.model, data.stream("dev"))[0] for run in (net, ngram)]
    tokens = len(data.stream("dev"))
    size = len("".join(data.splits.dev).encode())
    found = [(loss * tokens + extra) / size / math.log(2) for loss in losses]
    return Row(kind, data.shape.size, width, net.summary.parameters or 0, steps, spent, found[0],
               found[1], counts.order, size / tokens)  # fmt: skip


def spelling(data: TextData, folder: Path) -> float:
    """Nats of spelling the unknown words of dev, byte by byte."""
    table = data.tokenizer.table  # type: ignore[attr-defined]
    rare = {
        split: [word for text in data.splits[split] for word in cut_into_words(text)
                if word not in table]
        for split in SPLITS
    }  # fmt: skip
    source = folder / "rare.txt"
    source.write_text("".join(f"{word}\n" for word in rare["train"]), encoding="utf-8")
    run = hornbook.train(
        source, model="ngram", settings={"order": 5}, out=folder / "s", overwrite=True,
        mode="lines", split="100/0", tokens="bytes",
    )  # fmt: skip
    return float(sum(run.score(word).total for word in rare["dev"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="../shared/data/tinyshakespeare.txt")
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--parameters", type=int, default=250_000)
    parser.add_argument("--only", nargs="*", choices=KINDS, default=list(KINDS))
    asked = parser.parse_args()
    print("| tokens | vocabulary | bytes per token | width | parameters | steps | seconds "
          "| GPT, bits per byte | Kneser–Ney, bits per byte |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind in asked.only:
            row = measured(asked.data, kind, asked.seconds, asked.parameters, Path(folder))
            print(f"| {row.kind} | {row.vocabulary:,} | {row.bytes_per_token:.2f} | {row.width} "
                  f"| {row.parameters:,} | {row.steps:,} | {row.seconds:.0f} | {row.net:.3f} "
                  f"| {row.counted:.3f} (order {row.order}) |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
