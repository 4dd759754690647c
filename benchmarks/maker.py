"""What a file's owner gets in a given time: `hornbook best` beside makemore's GRU and transformer.

    git clone https://github.com/karpathy/makemore
    python -m benchmarks.maker --makemore DIR --minutes 5 FILE [--filter COMMAND]

All on one thread. makemore trains its default nets on the same lines, each for as much processor
time as `best` took in all, and keeps the net that is best on dev, measured every 500 steps; both
are measured on the same test lines, in nats per token, ends included. Of a thousand samples of
each: the share that passes the filter, or without one that has a length the data have; and the
share that stands nowhere in the data. Then the winner's samples at several temperatures.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

import hornbook
from benchmarks.peers import MakeMore
from hornbook.experiments.ladder import Ladder
from hornbook.text.filtering import LineFilter
from hornbook.text.quality import RARE, Quality, quality

EVERY, SAMPLES = 500, 1_000


class Peer:
    """makemore on the lines of a run.

    Args:
        checkout: its repository.
        splits: train, dev and test.
    """

    def __init__(self, checkout: Path, splits: dict[str, Sequence[str]], scratch: Path) -> None:
        scratch.write_text("\n".join(splits["train"]) + "\n", encoding="utf-8")
        self.peer = MakeMore(checkout, scratch)
        every = [line for lines in splits.values() for line in lines]
        chars, longest = sorted(set("".join(every))), max(map(len, every))
        kind = self.peer.module.CharDataset
        self.data = {name: kind(list(lines), chars, longest) for name, lines in splits.items()}
        self.peer.data = self.data["train"]
        self.peer.block_size = self.peer.data.get_output_length()

    def train(self, name: str, seconds: float) -> tuple[Any, float]:
        """A net that is best on dev after so much processor time, and that time."""
        torch.manual_seed(3407)
        model = self.peer.model(name)
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=5e-4, weight_decay=0.01, betas=(0.9, 0.99), eps=1e-8
        )
        batches = self.peer.module.InfiniteDataLoader(self.data["train"], batch_size=32)
        began, done, best, least = time.process_time(), 0, copy.deepcopy(model), float("inf")
        while time.process_time() - began < seconds:
            _, loss = model(*batches.next())
            model.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            done += 1
            if done % EVERY == 0:
                found = self.loss(model, "dev", 2_000)
                if found < least:
                    best, least = copy.deepcopy(model), found
        if self.loss(model, "dev", 2_000) < least:
            best = model
        return best, time.process_time() - began

    @torch.no_grad()
    def loss(self, model: Any, split: str, limit: int = 0) -> float:
        """Nats per token of a split, or of its first lines."""
        data, total, count = self.data[split], 0.0, 0
        model.eval()
        size = min(limit or len(data), len(data))
        for at in range(0, size, 100):
            rows = [data[i] for i in range(at, min(at + 100, size))]
            x, y = (torch.stack([row[part] for row in rows]) for part in (0, 1))
            real = int((y >= 0).sum())
            total += float(model(x, y)[1]) * real
            count += real
        model.train()
        return total / count

    def samples(self, model: Any) -> list[str]:
        """A thousand lines."""
        torch.manual_seed(0)
        model.eval()
        begin = torch.zeros(SAMPLES, 1, dtype=torch.long)
        size = self.peer.block_size - 1
        rows = self.peer.module.generate(model, begin, size, top_k=None, do_sample=True)
        ends = [(row, row.index(0) if 0 in row else len(row)) for row in rows[:, 1:].tolist()]
        return [self.data["train"].decode(row[:end]) for row, end in ends]


def sound(lines: Sequence[str], train: Sequence[str], command: str) -> float:
    """Share that passes, or has a length that the data have."""
    if command:
        return sum(LineFilter(command, 120).passing([x for x in lines if x])) / len(lines)
    lengths = Counter(map(len, train))
    usual = {length for length, count in lengths.items() if count >= RARE * len(train)}
    return sum(len(line) in usual for line in lines) / len(lines)


def told(found: Ladder, command: str) -> None:
    """The ladder, and the winner's samples at several temperatures."""
    print(f"{'rung':20} {'dev':>8} {'sound':>7} {'seconds':>8}")
    for rung in found.rungs:
        share = "" if rung.sound is None else f"{rung.sound:.1%}"
        reached = "-" if rung.reached is None else f"{rung.reached:.4f}"
        mark = " <-" if rung.name == found.winner.name else ""
        print(f"{rung.name:20} {reached:>8} {share:>7} {rung.seconds:8.0f}{mark}")
    print(found.why, end="\n\n")
    for one in quality(found.run, SAMPLES, filter_command=command):
        print(row_of(one))


def row_of(one: Quality) -> str:
    """Figures of samples at a temperature, or of dev."""
    what = "dev" if one.temperature is None else f"{one.temperature:g}"
    right = one.known_length if one.passed is None else one.passed
    new = 1 - one.in_train - (one.in_dev or 0.0)
    return (
        f"temperature {what:4} sound {right or 0:6.1%}  new {new:6.1%}  "
        f"repeats {one.repeats:6.1%}  near copies {one.near or 0:6.1%}  "
        f"length {one.length:.1f} ± {one.length_sd:.1f}"
    )


def main() -> None:
    """Train, compare and print."""
    parser = argparse.ArgumentParser(description="hornbook best beside makemore")
    parser.add_argument("file", type=Path)
    parser.add_argument("--makemore", type=Path)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--filter", default="")
    parser.add_argument("--out", type=Path, default=Path("runs/maker"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    began, clock = time.process_time(), time.perf_counter()
    found = hornbook.best(
        options.file, minutes=options.minutes, filter=options.filter, out=options.out
    )
    used, clock = time.process_time() - began, time.perf_counter() - clock
    print(f"{options.file.name}: {used:.0f} s of processor time in {clock:.0f} s")
    told(found, options.filter)
    splits = {name: found.run.data.splits[name] for name in ("train", "dev", "test")}
    test = found.run.evaluate()["test"].nats_per_token
    made = [one.text for one in found.run.sample(n=SAMPLES)]
    known = {line for lines in splits.values() for line in lines}
    print(f"\n{'':24} {'test':>8} {'sound':>7} {'new':>7}")
    rows = [("hornbook best", test, made)]
    if options.makemore is not None:
        peer = Peer(options.makemore, splits, options.out.with_suffix(".txt"))
        for name in ("gru", "transformer"):
            model, _ = peer.train(name, used)
            rows.append((f"makemore's {name}", peer.loss(model, "test"), peer.samples(model)))
    for name, loss, lines in rows:
        share = sound(lines, splits["train"], options.filter)
        new = sum(line not in known for line in lines) / len(lines)
        print(f"{name:24} {loss:8.4f} {share:7.1%} {new:7.1%}")
    for name, _, lines in rows:
        print(f"\n{name}: " + " · ".join(lines[:20]))


if __name__ == "__main__":
    main()
