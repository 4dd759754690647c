"""How cost grows with the work: time and memory against block size, width and size of the corpus.

    python -m benchmarks.growth [--families gpt gru wavenet] [--quick] [--out docs/growth.png]

Each point is a fresh process, so that its peak memory is its own. Where points of one line are a
power law, cost = a · n^e, they lie on a straight line on paper with logarithmic axes; e is fitted
by least squares over all points. Since at small n a fixed cost hides the law, the slope between the
last two points is printed beside it: that is where the line is heading.

    block   training 8 rows and drawing one text of twice the block, of width 64
    width   the same at block 64
    corpus  reading, splitting and encoding a made-up file of lines and of text; the doctor
    steps   training steps on such a text: their time must not depend on its size

Memory is the peak of the process (ru_maxrss) beyond what it needed before the work began.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

BLOCKS = (64, 128, 256, 512, 1024)
WIDTHS = (32, 64, 128, 256, 512)
MEGABYTES = (1, 3, 10, 30, 100)
ROWS = 8
SECONDS = 0.6  # of training steps at a point, once warm
SEEN = 2 * 2**20  # bytes: less cannot be told from what the process had before

# What width means to a family.
WIDE: dict[str, tuple[str, ...]] = {
    "gpt": ("n_embd",),
    "gru": ("n_embd", "n_hidden"),
    "wavenet": ("n_embd", "n_hidden"),
}
# Okabe and Ito's colours, told apart by everyone; the marks and strokes say the same again.
COLOURS = {
    "gpt": "#0072B2",
    "gru": "#E69F00",
    "wavenet": "#009E73",
    "read": "#56B4E9",
    "split": "#D55E00",
    "encode": "#CC79A7",
    "doctor": "#000000",
}
MARKS = {"gpt": "o", "gru": "s", "wavenet": "^", "read": "v", "split": "D", "encode": "P"}
PANELS = {
    "block": "block size, tokens",
    "width": "width",
    "corpus": "corpus, MB",
    "steps": "corpus, MB, while training",
}


@dataclass(frozen=True)
class Point:
    """What one process is to measure."""

    axis: str
    "block, width, corpus, doctor or steps."
    what: str
    "A family; of the corpus, how it is read: lines or text."
    n: int
    "Where on the axis."
    file: str = ""
    "The made-up corpus."
    threads: int = 1


@dataclass(frozen=True)
class Found:
    """One point of a line in the picture."""

    axis: str
    name: str
    way: str
    "training or sampling; lines or text."
    n: int
    seconds: float
    "For one token, or, of the corpus, for the whole."
    bytes: int
    "Peak memory beyond what there was at first."


def peak() -> int:
    """The most memory that this process ever had, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def once(call: Callable[[], Any]) -> tuple[float, Any]:
    """How long a call takes, and what it gives."""
    began = time.perf_counter()
    given = call()
    return time.perf_counter() - began, given


def steady(call: Callable[[], object], least: int) -> float:
    """Seconds of a call, the median of as many as fit into the time."""
    times: list[float] = []
    while len(times) < least or (sum(times) < SECONDS and len(times) < 200):
        times.append(once(call)[0])
    return float(np.median(times))


# Points, each run in its own process. Their imports are inside, for the parent has to stay small:
# on Linux a process begins with the peak of the one that started it.


def prepared(point: Point, stream: Any, tokenizer: Any, shape: dict[str, Any]) -> Any:
    """A trainer of a family on a text."""
    import torch

    from hornbook.text.batches import make_batches
    from hornbook.text.models import family
    from hornbook.training import TrainingSettings
    from hornbook.training.measures import Evaluation
    from hornbook.training.trainer import Trainer

    torch.set_num_threads(point.threads)
    torch.manual_seed(0)
    made = family(point.what).load()
    model = made(made.Settings(**shape), tokenizer.vocabulary, torch.Generator().manual_seed(0))
    rows = ROWS if model.reads == "sequence" else ROWS * 64
    batches = make_batches(
        stream, model.reads, block_size=model.block_size, batch_size=rows, seed=0, lead=model.lead
    )
    model.train()
    # The same way everywhere: a calibrated one could change from point to point.
    training = TrainingSettings(steps=10**9, device="cpu", gradients="hand", precision="float32")
    return Trainer(model, batches, training, Evaluation)


def of_a_model(point: Point) -> Iterator[Found]:
    """Time of a token and memory, in sampling and in training."""
    from hornbook.text.sampling import SamplingSettings, sample
    from hornbook.text.stream import IGNORED, encode_text
    from hornbook.tokenizers.characters import CharTokenizer

    text = made_up(400_000).decode()
    tokenizer = CharTokenizer.fit([text], boundary=False)
    stream = encode_text(text, tokenizer)
    block, width = (point.n, 64) if point.axis == "block" else (64, point.n)
    shape = {"block_size": block, **dict.fromkeys(WIDE[point.what], width)}
    if point.what == "wavenet":
        shape["row_size"] = block  # its block is what the tree sees; a row may be longer
    trainer = prepared(point, stream, tokenizer, shape)
    model, first = trainer.module, peak()
    # Sampling comes first: of the two it needs less, and a peak does not go down again.
    draws = SamplingSettings(n=1, longest=2 * block)
    list(sample(model, tokenizer, SamplingSettings(n=1, longest=4), longest=0))  # to warm up
    seconds = steady(lambda: list(sample(model, tokenizer, draws, longest=0)), 1) / draws.longest
    yield Found(point.axis, point.what, "sampling", point.n, seconds, peak() - first)
    tokens = int((next(trainer.batches).targets != IGNORED).sum())
    trainer.update()
    seconds = steady(trainer.update, 2) / tokens
    yield Found(point.axis, point.what, "training", point.n, seconds, peak() - first)


def of_a_corpus(point: Point) -> Iterator[Found]:
    """Time and memory of each stage from a file to ids."""
    from hornbook.text.corpus import load_corpus, split_corpus
    from hornbook.text.stream import encode_split
    from hornbook.tokenizers.characters import CharTokenizer

    mode: Any = point.what
    first = peak()

    def found(stage: str, seconds: float) -> Found:
        return Found("corpus", stage, point.what, point.n, seconds, peak() - first)

    seconds, corpus = once(lambda: load_corpus(point.file, mode=mode))
    yield found("read", seconds)
    seconds, splits = once(lambda: split_corpus(corpus))
    yield found("split", seconds)

    def encode() -> Any:
        # As a run does it.
        texts = corpus.lines if mode == "lines" else [corpus.text]
        tokenizer = CharTokenizer.fit(texts, boundary=mode == "lines")
        return [encode_split(splits, name, tokenizer) for name in ("train", "dev")]

    seconds, _ = once(encode)
    yield found("encode", seconds)


def of_the_doctor(point: Point) -> Iterator[Found]:
    """Time and memory of an examination, reading included."""
    from hornbook.text.corpus import load_corpus
    from hornbook.text.doctor.examine import examine

    mode: Any = point.what
    first = peak()
    seconds, _ = once(lambda: examine(load_corpus(point.file, mode=mode)))
    yield Found("corpus", "doctor", point.what, point.n, seconds, peak() - first)


def of_steps(point: Point) -> Iterator[Found]:
    """Time of a token in training, and memory, on a corpus of some size."""
    from hornbook.text.corpus import load_corpus, split_corpus
    from hornbook.text.models import family
    from hornbook.text.stream import IGNORED, encode_split
    from hornbook.tokenizers.characters import CharTokenizer

    family(point.what).load()  # torch itself is not a cost of the corpus
    first = peak()
    corpus = load_corpus(point.file, mode="text")
    splits = split_corpus(corpus)
    tokenizer = CharTokenizer.fit([corpus.text], boundary=False)
    stream = encode_split(splits, "train", tokenizer)
    trainer = prepared(point, stream, tokenizer, {})
    tokens = int((next(trainer.batches).targets != IGNORED).sum())
    trainer.update()
    seconds = steady(trainer.update, 2) / tokens
    yield Found("steps", point.what, "training", point.n, seconds, peak() - first)


MEASURES: dict[str, Callable[[Point], Iterator[Found]]] = {
    "block": of_a_model,
    "width": of_a_model,
    "corpus": of_a_corpus,
    "doctor": of_the_doctor,
    "steps": of_steps,
}


def made_up(size: int, mode: str = "text", seed: int = 0) -> bytes:
    """Letters by chance, in lines of about 8 as names have, or of about 50 as prose has."""
    rng = np.random.default_rng(seed)
    ends, spaces = (32, 0) if mode == "lines" else (5, 40)
    letters = 256 - ends - spaces
    table = np.array([*b"\n" * ends, *b" " * spaces, *(97 + np.arange(letters) % 26)], np.uint8)
    return table[rng.integers(0, 256, size, dtype=np.uint8)].tobytes()


def write(path: Path, megabytes: int, mode: str) -> None:
    """A made-up corpus, a megabyte at a time: this process has to stay small."""
    with path.open("wb") as file:
        for part in range(megabytes):
            file.write(made_up(10**6, mode, part))


def points(families: list[str], folder: Path, threads: int, quick: bool) -> list[Point]:
    """Everything that is to be measured; writes the corpora."""
    wanted = []
    for axis, marks in (("block", BLOCKS), ("width", WIDTHS)):
        chosen = marks[1:3] if quick else marks
        wanted += [Point(axis, name, n, "", threads) for name in families for n in chosen]
    for megabytes in MEGABYTES[:2] if quick else MEGABYTES:
        for mode in ("lines", "text"):
            path = folder / f"{mode}-{megabytes}.txt"
            write(path, megabytes, mode)
            for axis in ("corpus", "doctor"):
                wanted.append(Point(axis, mode, megabytes, str(path), threads))
        if quick or megabytes in MEGABYTES[::2]:
            wanted += [Point("steps", name, megabytes, str(path), threads) for name in families]
    return wanted


def measure(point: Point) -> list[Found]:
    """One point, in a process of its own."""
    asked = json.dumps(asdict(point))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.growth", "--point", asked],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{point}: no result", flush=True)
        return []
    return [Found(**line) for line in map(json.loads, done.stdout.splitlines())]


def exponents(n: list[int], cost: list[float]) -> tuple[float, float] | None:
    """e of cost = a n^e: by least squares over all points, and between the last two.

    Returns:
        None where fewer than two points can be seen.
    """
    seen = np.isfinite(cost)
    if seen.sum() < 2:
        return None
    x, y = np.log(np.array(n)[seen]), np.log(np.array(cost)[seen])
    return float(np.polyfit(x, y, 1)[0]), float((y[-1] - y[-2]) / (x[-1] - x[-2]))


def lines(found: list[Found]) -> dict[tuple[str, str, str], list[Found]]:
    """The points of each line, in the order of n."""
    made: dict[tuple[str, str, str], list[Found]] = {}
    for one in sorted(found, key=lambda one: (list(PANELS).index(one.axis), one.way, one.n)):
        made.setdefault((one.axis, one.name, one.way), []).append(one)
    return made


def costs(line: list[Found], memory: bool) -> list[float]:
    """What is drawn: seconds, or megabytes, where they are enough to be told from the start's."""
    if not memory:
        return [one.seconds for one in line]
    return [one.bytes / 2**20 if one.bytes >= SEEN else math.nan for one in line]


def report(found: list[Found]) -> None:
    """Print every line with its exponents."""
    heads = "".join(
        f"{what:>29}   e   (last)" for what in ("time at least .. most n", "peak memory")
    )
    print(f"{'':28}{heads}")
    for (axis, name, way), line in lines(found).items():
        row = f"{axis:8}{name:10}{way:10}"
        for memory in (False, True):
            cost, unit = costs(line, memory), "MB" if memory else "s"
            ends = ("little" if math.isnan(end) else f"{end:.3g}" for end in (cost[0], cost[-1]))
            row += f"{' .. '.join(ends)} {unit}".rjust(28)
            slopes = exponents([one.n for one in line], cost)
            row += " {:5.2f} ({:5.2f})".format(*slopes) if slopes else " " * 14
        print(row)


def draw(found: list[Found], path: Path) -> None:
    """All lines on logarithmic paper: time on the left, memory on the right."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    made = lines(found)
    here = [axis for axis in PANELS if any(key[0] == axis for key in made)]
    figure, grid = plt.subplots(
        len(here), 2, figsize=(11, 4.6 * len(here)), squeeze=False, layout="constrained"
    )
    for axis, row in zip(here, grid, strict=True):
        for panel, memory in zip(row, (False, True), strict=True):
            for (line_axis, name, way), line in made.items():
                if line_axis == axis:
                    add_line(panel, name, way, line, memory)
            panel.set_xscale("log")
            panel.set_yscale("log")
            marks = sorted({one.n for key, line in made.items() if key[0] == axis for one in line})
            panel.set_xticks(marks, [str(n) for n in marks])
            panel.minorticks_off()
            # At least a factor of ten, so that what does not grow looks as if it does not.
            low, high = panel.get_ylim()
            room = max(1.0, math.sqrt(10 / (high / low)))
            panel.set_ylim(low / room, high * room)
            panel.set_xlabel(PANELS[axis])
            unit = "seconds" if axis == "corpus" else "seconds a token"
            panel.set_ylabel("peak memory beyond the start, MB" if memory else unit)
            panel.grid(alpha=0.3)
            panel.legend(
                loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2, fontsize=9, frameon=False
            )
    figure.suptitle("How cost grows with the work, a fresh process for each point")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    print(f"drawn: {path}")


def add_line(panel: Any, name: str, way: str, line: list[Found], memory: bool) -> None:
    """One line of a panel, its exponent in its label."""
    n, cost = [one.n for one in line], costs(line, memory)
    if not np.isfinite(cost).any():
        return
    slopes, main = exponents(n, cost), way in ("training", "text")
    panel.plot(
        n,
        cost,
        color=COLOURS[name],
        marker=MARKS.get(name, "X"),
        linestyle="-" if main else "--",
        markerfacecolor=COLOURS[name] if main else "white",
        label=f"{name}, {way}" + (f": $n^{{{slopes[0]:.2f}}}$" if slopes else ""),
    )


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--families", nargs="+", default=list(WIDE), choices=list(WIDE))
    parser.add_argument("--axes", nargs="+", default=list(MEASURES), choices=list(MEASURES))
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--quick", action="store_true", help="few and small points, as a trial")
    parser.add_argument("--out", type=Path, default=Path("docs/growth.png"))
    parser.add_argument("--point", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.point:
        point = Point(**json.loads(given.point))
        for one in MEASURES[point.axis](point):
            print(json.dumps(asdict(one)))
        return
    began, found = time.perf_counter(), list[Found]()
    with tempfile.TemporaryDirectory() as folder:
        for point in points(given.families, Path(folder), given.threads, given.quick):
            if point.axis in given.axes:
                found += measure(point)
                print(
                    f"\r{time.perf_counter() - began:5.0f} s  {point.axis} {point.what} "
                    f"{point.n:<12}", end="", flush=True
                )  # fmt: skip
    print()
    report(found)
    draw(found, given.out)
    print(f"{given.threads} thread(s), {time.perf_counter() - began:.0f} s in all")


if __name__ == "__main__":
    main()
