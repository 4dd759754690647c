"""How ratings grow: rows a second and memory of every part at 5, 10, 20 million, and then at 100.

    python -m benchmarks.ratings_growth [--millions 5 10 20] [--to 100] [--items 27000]

Ratings are made up, with a long tail of users and of items; 6,900 users give a million of them.
Each point is a process of its own on one thread, so that its peak of memory is its own:

    read      a CSV file to numbered, distinct, split rows; what follows has its train rows (80 %)
    by user   those rows, grouped by user, which every family asks for
    FAMILY    fitting it, with the rows grouped; `history` for a few steps, batches as by default
    gram      what `ease` inverts: how many users any two items have in common
    matrix    all of `ease`, of a million ratings, on some of the items: seconds go with their cube
              and memory with their square, whatever the number of ratings

Seconds are the processor's and memory is the peak of the whole process. To what is not measured,
seconds go on with the power of the ratings seen between the last two points, memory on the straight
line through these two. Nothing is fitted that needs more than --gigabytes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.growth import exponents, peak

USERS = 6_900  # for a million ratings
CLICKS = ("popular", "gram", "matrix")
MATRIX = (4_500, 9_000)
PARTS = ("read", "by user", "means", "biases", "popular", "history", "gram")
STEPS = 4  # of a net


@dataclass(frozen=True)
class Point:
    """What one process is to measure."""

    part: str
    n: int
    "Millions of ratings; of the matrix, items."
    folder: str
    items: int

    @property
    def users(self) -> int:
        """How many there are."""
        return USERS * self.n

    @property
    def file(self) -> Path:
        """Where all rows are."""
        return Path(self.folder) / "ratings.csv"

    @property
    def train(self) -> Path:
        """Where the train rows are kept."""
        return Path(self.folder) / f"{self.n}.npz"


@dataclass(frozen=True)
class Found:
    """What it took."""

    part: str
    n: int
    rows: int
    "That were gone through."
    seconds: float
    bytes: int


# Points, each run in its own process: what they import, the parent does not.


def write(point: Point) -> Found:
    """A CSV file, a million rows at a time."""
    from benchmarks.ratings_speed import made_up

    began = time.process_time()
    with point.file.open("w", encoding="ascii") as file:
        file.write("user,item,rating\n")
        for part in range(point.n):
            rows = made_up(1_000_000, point.users, point.items, seed=part)
            columns = (rows.users.tolist(), rows.items.tolist(), rows.values.tolist())
            file.writelines(f"{u},{i},{v}\n" for u, i, v in zip(*columns, strict=True))
    return Found("write", point.n, point.n * 10**6, time.process_time() - began, peak())


def read(point: Point) -> Found:
    """From the file to the splits."""
    from hornbook.ratings.loading import load_ratings
    from hornbook.ratings.options import RatingsOptions
    from hornbook.sources.source import Source

    options = RatingsOptions(split="80/20", split_by="random")
    began = time.process_time()
    data = load_ratings(Source(str(point.file)), options)
    found = Found("read", point.n, point.n * 10**6, time.process_time() - began, peak())
    np.savez(point.train, allow_pickle=False, **data.splits["train"].arrays())
    return found


def opened(point: Point) -> Any:
    """The train rows as data."""
    from hornbook.ratings.data import RatingsData
    from hornbook.ratings.interactions import Interactions

    with np.load(point.train) as held:
        rows = Interactions(**held)
    items = point.items
    if point.part == "matrix":
        rows = rows.take(np.flatnonzero(rows.items < items)[:1_000_000])
    kind: Any = "clicks" if point.part in CLICKS else "ratings"
    users = int(rows.users.max()) + 1
    ids = [list(map(str, range(size))) for size in (users, items)]
    return RatingsData("", "", kind, {"train": rows}, *ids, scale=(0.5, 5.0))


def fit(point: Point) -> Found:
    """A family in one pass, the rows by user, or the products of all items."""
    from hornbook.ratings.models.ease_sides import gram
    from hornbook.ratings.models.families import CLICKS as OF_CLICKS
    from hornbook.ratings.models.families import RATINGS

    data = opened(point)
    rows = len(data.splits["train"])
    began = time.process_time()
    history = data.history
    if point.part == "gram":
        began = time.process_time()
        gram(history, history.turned(point.items), 400.0)
    elif point.part != "by user":
        name = "ease" if point.part == "matrix" else point.part
        kind = {**RATINGS, **OF_CLICKS}[name].load()
        began = time.process_time()
        kind(kind.Settings(), data.shape).fit(data)
    return Found(point.part, point.n, rows, time.process_time() - began, peak())


def train(point: Point) -> Found:
    """Some steps of a net."""
    import torch

    from hornbook.compute.memory import keep_freed_memory
    from hornbook.ratings.models.families import RATINGS
    from hornbook.training import TrainingSettings
    from hornbook.training.batches import ArrayBatches
    from hornbook.training.measures import Evaluation
    from hornbook.training.trainer import Trainer

    torch.set_num_threads(1)
    keep_freed_memory()
    data = opened(point)
    family, rows = RATINGS[point.part], data.splits["train"]
    size = family.training_for("ratings", len(rows)).batch_size
    how = TrainingSettings(steps=10**9, gradients="hand", precision="float32")
    kind = family.load()
    net: Any = kind(kind.Settings(), data.shape, torch.Generator().manual_seed(0))
    net.remember(data.history)
    batches = ArrayBatches(rows.users, rows.items, rows.values, batch_size=size, seed=0)
    trainer = Trainer(net, batches, how, Evaluation)
    net.train()
    trainer.update()
    began = time.process_time()
    for _ in range(STEPS):
        trainer.update()
    return Found(point.part, point.n, STEPS * size, time.process_time() - began, peak())


def measures(part: str) -> Callable[[Point], Found]:
    """How a part is measured."""
    return {"write": write, "read": read, "history": train}.get(part, fit)


def measured(point: Point, gigabytes: float) -> Found | None:
    """One point, in a process of its own that gets no more memory than was allowed."""
    # Address space is not memory: torch and BLAS reserve some that they never touch.
    allowed = round((gigabytes + 2) * 2**20)
    command = f'ulimit -v {allowed}; exec "$0" -m benchmarks.ratings_growth --point "$1"'
    asked = json.dumps(asdict(point))
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, asked],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{point.part}, {point.n}: no result", flush=True)
        return None
    return Found(**json.loads(done.stdout))


def line(found: Sequence[Found], to: int) -> str:
    """A row of the table: what was measured, and what that comes to."""
    a, b = found[-2:]
    slopes = exponents([one.n for one in found], [one.seconds / one.rows * one.n for one in found])
    assert slopes is not None
    # Seconds of all ratings in the file; a net's, of one pass over as many.
    whole = found[-1].seconds / found[-1].rows * found[-1].n * 1e6
    seconds = whole * (to / b.n) ** slopes[1]
    memory = b.bytes + (b.bytes - a.bytes) / (b.n - a.n) * (to - b.n)
    speeds = " · ".join(f"{one.rows / one.seconds:,.0f}" for one in found)
    peaks = " · ".join(f"{one.bytes / 2**30:.2f}" for one in found)
    return (
        f"| {found[0].part} | {speeds} | {peaks} | {slopes[1]:.2f} | {seconds:,.0f} s | "
        f"{memory / 2**30:.1f} GB |"
    )


def main() -> None:
    """Measure every point, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--millions", type=int, nargs="+", default=[5, 10, 20])
    parser.add_argument("--to", type=int, default=100)
    parser.add_argument("--items", type=int, default=27_000)
    parser.add_argument("--gigabytes", type=float, default=8.0)
    parser.add_argument("--only", nargs="+", default=[*PARTS, "matrix"])
    parser.add_argument("--point", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.point:
        point = Point(**json.loads(given.point))
        print(json.dumps(asdict(measures(point.part)(point))))
        return
    found: dict[str, list[Found]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for n in given.millions:
            for part in ("write", *PARTS):
                if part in ("write", "read", *given.only):
                    one = measured(Point(part, n, folder, given.items), given.gigabytes)
                    found.setdefault(part, []).extend([one] if one else [])
                    print(one, file=sys.stderr, flush=True)
        if "matrix" in given.only:
            least = given.millions[0]
            for items in MATRIX:
                one = measured(Point("matrix", least, folder, items), given.gigabytes)
                found.setdefault("matrix", []).extend([one] if one else [])
                print(one, file=sys.stderr, flush=True)
    report(found, given)


def report(found: dict[str, list[Found]], given: argparse.Namespace) -> None:
    """Print both tables."""
    marks = " · ".join(map(str, given.millions))
    print(
        f"| part | rows a second at {marks} million | GB | power | at {given.to} million | memory |"
    )
    print("|---|--:|--:|--:|--:|--:|")
    for part, points in found.items():
        if part in PARTS and len(points) > 1:
            print(line(points, given.to))
    for one, items in zip(found.get("matrix", []), MATRIX, strict=False):
        print(f"ease of {items:,} items: {one.seconds:.1f} s, {one.bytes / 2**30:.2f} GB")


if __name__ == "__main__":
    main()
