"""hornbook beside the programs that people use today: the same work, side by side, in one run.

    python -m benchmarks.throughput --nanogpt DIR --makemore DIR --names FILE --shakespeare FILE
        [--only a,b,c,d,e,f] [--threads 1,2] [--seconds 0.25] [--rounds 15]

DIR are checkouts of the peers (see benchmarks/peers.py). Each work is done at the same shape and
batch on both sides, each side in a process of its own. Each is tried with every number of threads
(and the peers with and without what they could switch on), all ways take turns in the same rounds,
and the best way of each side
counts. What is compared is useful work: padding is not work.

    a  a training step of nanoGPT's CPU recipe: 4 layers, 4 heads, 128 channels, block 64, batch 12
    b  a training step of makemore's transformer: 4 layers, 4 heads, 64 channels, batch 32, names
    c  a training step of makemore's GRU: 64 channels, 64 units, batch 32, names
    d  a training step of the lecture's WaveNet: 8 letters, 24 and 128, 76,579 parameters, batch 32
    e  a text of 500 tokens from a GPT of 6 layers, 6 heads, 384 channels, block 256
    f  1,000 names at once from the transformer of b
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.machine import instructions
from benchmarks.peers import MakeMore, NanoGPT, lecture_wavenet
from benchmarks.timing import in_turns, use_threads
from hornbook.compute.memory import keep_freed_memory
from hornbook.errors import SettingsError
from hornbook.extras import has
from hornbook.nn.decoding import Wanted, decoding_by
from hornbook.text.batches import make_batches
from hornbook.text.models import family
from hornbook.text.sampling import SamplingSettings, sample
from hornbook.text.stream import IGNORED, Stream, encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Tokenizer, Vocabulary
from hornbook.training import TrainingSettings
from hornbook.training.many_steps import ManySteps
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer

# A way that is so much slower than the best of its side at first sight takes no further part.
HOPELESS = 3.0
AT_ONCE = 8  # compiled steps of a call: as long as a few others, so that a first sight is fair


@dataclass(frozen=True)
class Way:
    """One way to do a work."""

    side: str
    "Ways of the same side compete; the best of them counts."
    call: Callable[[], object]
    work: float
    "What one call does, in the work's unit."
    threads: int
    note: str = ""

    def __str__(self) -> str:
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        return f"{self.side}: {', '.join(part for part in (threads, self.note) if part)}"


@dataclass(frozen=True)
class Row:
    """A line of the table: two sides of a work."""

    title: str
    peer: str
    ours: str


@dataclass(frozen=True)
class Work:
    """What is compared."""

    unit: str
    ways: list[Way]
    rows: list[Row]
    remarks: list[str]
    calls: int = 0
    "Calls of each way in a round (0: as many as fill its time)."
    rounds: int = 15


@dataclass(frozen=True)
class Options:
    """The command line."""

    nanogpt: Path
    makemore: Path
    names: Path
    shakespeare: Path
    threads: tuple[int, ...]
    seconds: float


class Turn:
    """What a way does when it is its turn."""

    def __init__(self, way: Way, seconds: float, calls: int) -> None:
        self.way = way
        use_threads(way.threads)
        way.call()
        # The least of some, for a first sight must not be another program's fault.
        probes: list[float] = []
        while sum(probes) < 1 and (len(probes) < 3 or (sum(probes) < 0.1 and len(probes) < 50)):
            began = time.perf_counter()
            way.call()
            probes.append(time.perf_counter() - began)
        self.probe = min(probes)
        self.calls = calls or max(1, round(seconds / self.probe))

    def __call__(self) -> None:
        """Its calls, with its threads."""
        use_threads(self.way.threads)
        for _ in range(self.calls):
            self.way.call()


class Remote:
    """A way in another process: what `Turn` is there."""

    def __init__(self, pipe: Connection, index: int, way: Way) -> None:
        self.pipe, self.index, self.way = pipe, index, way
        self.probe, self.calls = 0.0, 1

    def prepare(self) -> None:
        """Build it there, and let it have its first look."""
        self.pipe.send(("prepare", self.index))
        self.probe, self.calls = self.pipe.recv()

    def __call__(self) -> None:
        """Its calls, there."""
        self.pipe.send(("turn", self.index))
        self.pipe.recv()


def serve(pipe: Connection, letter: str, options: Options, ours: bool) -> None:
    """A process for one side: it does its ways' turns when it is told to.

    Each side has one of its own, so that how hornbook keeps memory does not help to its peer, which
    does without, nor the other way round.
    """
    # Whatever a peer starts itself, its data loader's workers, begins as it would on its own.
    multiprocessing.set_start_method("fork", force=True)
    if ours:
        keep_freed_memory()
    work = WORKS[letter](options)
    turns: dict[int, Turn] = {}
    while (told := pipe.recv()) is not None:
        what, index = told
        if what == "prepare":
            turns[index] = Turn(work.ways[index], options.seconds, 1 if work.calls else 0)
            pipe.send((turns[index].probe, turns[index].calls))
        else:
            turns[index]()
            pipe.send(None)


def measure(letter: str, work: Work, options: Options, rounds: int) -> dict[str, tuple[Way, float]]:
    """The best way of each side, and how much of its unit it does in a second."""
    ours = {row.ours for row in work.rows}
    context = multiprocessing.get_context("spawn")
    pipes: dict[bool, Connection] = {}
    for side in (True, False):
        pipes[side], there = context.Pipe()
        context.Process(target=serve, args=(there, letter, options, side), daemon=False).start()
    turns = [Remote(pipes[way.side in ours], i, way) for i, way in enumerate(work.ways)]
    for turn in turns:
        turn.prepare()
    kept = [
        turn
        for turn in turns
        if turn.probe / turn.way.work
        < HOPELESS * min(t.probe / t.way.work for t in turns if t.way.side == turn.way.side)
    ]
    # A given number of calls is one long piece of work: in_turns then counts them, so that its
    # turns to warm up are short.
    found = in_turns(
        {str(turn.way): turn for turn in kept}, calls=work.calls or 1, rounds=rounds or work.rounds
    )
    for pipe in pipes.values():
        pipe.send(None)
    best: dict[str, tuple[Way, float]] = {}
    for turn in kept:
        way, once = turn.way, found[str(turn.way)] / turn.calls
        rate = way.work / once
        print(f"    {way!s:58} {once * 1e3:10.3f} ms a call {rate:12,.0f} {work.unit}", flush=True)
        if way.side not in best or rate > best[way.side][1]:
            best[way.side] = way, rate
    return best


def trained_by(
    name: str,
    stream: Stream,
    vocabulary: Vocabulary,
    shape: dict[str, Any],
    batch_size: int,
    **training: Any,
) -> Trainer:
    """A trainer of one of hornbook's families, whose `update` is to be timed.

    Args:
        name: of the family.
        stream: what it trains on.
        vocabulary: of the stream.
        shape: the family's settings.
        batch_size: of a step.
        training: settings of the training other than the defaults.
    """
    line = family(name)
    made = line.load()
    torch.manual_seed(0)
    chosen = {"device": "cpu", "gradients": "hand", "precision": "float32", **training}
    settings = TrainingSettings(steps=10**9, batch_size=batch_size, **chosen)
    model = made(made.Settings(**shape), vocabulary, torch.Generator().manual_seed(0))
    model.to(settings.device)
    batches = make_batches(
        stream,
        model.reads,
        block_size=model.block_size,
        batch_size=batch_size,
        seed=0,
        lead=model.lead,
    )
    model.train()
    return Trainer(model, batches, settings, Evaluation)


def trained_ways(
    side: str,
    make: Callable[..., Trainer],
    work: float,
    threads: int,
    precisions: Sequence[str] = ("float32", "bfloat16"),
) -> Iterator[Way]:
    """hornbook's ways to do the same step: what `calibrate` would choose among.

    Args:
        side: what to call them; bfloat16 is a side of its own.
        make: gives a trainer of some settings.
        work: of a step.
        threads: of each way.
        precisions: of the products.
    """
    for precision in precisions:
        for gradients in ("hand", "autograd"):
            made = make(precision=precision, gradients=gradients)
            name = side if precision == "float32" else f"{side}, {precision}"
            yield Way(name, made.update, work, threads, f"by {gradients}")
        if precision == "float32" and has("numba"):
            try:
                made = make(precision=precision, gradients="compiled", threads=threads)
                steps = ManySteps(made)
            except SettingsError:  # there are no kernels for it
                continue
            call = functools.partial(steps.advance, AT_ONCE)
            yield Way(side, call, AT_ONCE * work, threads, "compiled")


def useful(made: Trainer, count: int = 400) -> tuple[float, float]:
    """Predictions in a mean batch, and the share of positions that are padding."""
    batches: Any = made.batches
    real = positions = 0
    for n in range(count):
        targets = batches.batch(n).targets
        real += int((targets != IGNORED).sum())
        positions += targets.size
    return real / count, 1 - real / positions


@functools.cache
def names(options: Options) -> tuple[MakeMore, Tokenizer, Stream]:
    """makemore with its data, and the same names as hornbook's stream."""
    peer = MakeMore(options.makemore, options.names)
    tokenizer = CharTokenizer.fit(peer.words, boundary=True)
    return peer, tokenizer, encode_lines(peer.words, tokenizer)


@functools.cache
def text(options: Options) -> tuple[NanoGPT, Tokenizer, Stream]:
    """nanoGPT with the first nine tenths of a text, and the same as hornbook's stream."""
    whole = options.shakespeare.read_text(encoding="utf-8")
    tokenizer = CharTokenizer.fit([whole], boundary=False)
    train = whole[: len(whole) * 9 // 10]
    peer = NanoGPT(options.nanogpt, tokenizer.encode(train), tokenizer.vocab_size)
    return peer, tokenizer, encode_text(train, tokenizer)


# hornbook's family as the peers build theirs.
AS_NANOGPT: dict[str, Any] = {
    "position": "learned",
    "norm": "layer",
    "feed_forward": "gelu",
    "qk_norm": False,
    "dropout": 0.0,
    "tied": True,
    "bias": False,
}
AS_MAKEMORE = {**AS_NANOGPT, "tied": False, "bias": True}
NANOGPT_SHAPE = {"n_layer": 4, "n_head": 4, "n_embd": 128, "block_size": 64}
MAKEMORE_SHAPE = {"n_layer": 4, "n_head": 4, "n_embd": 64}
# Its recurrent nets drop nothing.
MAKEMORE_GRU = {"n_embd": 64, "n_hidden": 64, "dropout": 0.0, "embedding_dropout": 0.0}


def nanogpt_training(options: Options) -> Work:
    """a: tokens a second of nanoGPT's CPU recipe."""
    peer, tokenizer, stream = text(options)
    batch, ways = 12, []
    tokens = batch * NANOGPT_SHAPE["block_size"]
    as_theirs = {**NANOGPT_SHAPE, **AS_NANOGPT}
    for threads in options.threads:
        step = peer.training(NANOGPT_SHAPE, batch_size=batch)
        ways.append(Way("nanoGPT", step, tokens, threads))
        step = peer.training(NANOGPT_SHAPE, batch_size=batch, fused=True, bfloat16=True)
        ways.append(Way("nanoGPT, bfloat16", step, tokens, threads, "fused AdamW"))
        make = functools.partial(
            trained_by, "gpt", stream, tokenizer.vocabulary, batch_size=batch, clip=1.0
        )
        real, _ = useful(make(as_theirs), 10)
        ways += trained_ways("hornbook", functools.partial(make, as_theirs), real, threads)
        ways += trained_ways("own recipe", functools.partial(make, NANOGPT_SHAPE), real, threads)
    return Work(
        "tokens/s",
        ways,
        [
            Row("a. training nanoGPT's CPU recipe, float32", "nanoGPT", "hornbook"),
            Row("   the same, hornbook in bfloat16", "nanoGPT", "hornbook, bfloat16"),
            Row("   the same, both in bfloat16", "nanoGPT, bfloat16", "hornbook, bfloat16"),
            Row("   that size, hornbook's own recipe", "nanoGPT", "own recipe"),
            Row("   the same in bfloat16", "nanoGPT", "own recipe, bfloat16"),
        ],
        [],
    )


def makemore_training(options: Options, kind: str) -> Work:
    """b, c: names a second of makemore's transformer and GRU."""
    peer, tokenizer, stream = names(options)
    batch, ways, remarks = 32, [], []
    letters = len(stream) / len(peer.words)  # of a name, its end among them
    shape: dict[str, Any]
    if kind == "transformer":
        name, letter = "gpt", "b"
        shape = {**MAKEMORE_SHAPE, **AS_MAKEMORE, "block_size": peer.block_size}
    else:
        name, letter = kind, "c"
        shape = {**MAKEMORE_GRU, "block_size": peer.block_size}
    for threads in options.threads:
        for workers in (0, 4):
            step = peer.training(kind, batch_size=batch, workers=workers)
            note = f"{workers} workers" if workers else "no workers"
            ways.append(Way("makemore", step, batch, threads, note))
        make = functools.partial(trained_by, name, stream, tokenizer.vocabulary, shape, batch)
        real, padding = useful(make())
        ways += trained_ways("hornbook", make, real / letters, threads)
        remarks = [
            f"padding: makemore {peer.padding():.1%} of positions, hornbook {padding:.1%}; "
            f"a step of hornbook predicts {real:.1f} letters in {real / letters:.1f} names, "
            f"of makemore {batch * letters:.1f} in {batch}"
        ]
    return Work(
        "names/s",
        ways,
        [
            Row(f"{letter}. training makemore's {kind}, float32", "makemore", "hornbook"),
            Row("   the same, hornbook in bfloat16", "makemore", "hornbook, bfloat16"),
        ],
        remarks,
    )


def wavenet_training(options: Options) -> Work:
    """d: predictions a second of the lecture's WaveNet."""
    words = [line for line in options.names.read_text(encoding="utf-8").split("\n") if line]
    tokenizer = CharTokenizer.fit(words, boundary=True)
    stream = encode_lines(tuple(words), tokenizer)
    contexts, targets = stream.windows(np.arange(stream.first, len(stream.ids)), 8)
    batch, ways, sizes = 32, [], {}
    # As a convolution a step reads whole names: about as many predictions, or as many rows.
    forms = {
        "hornbook, windows": ("tree", batch),
        "hornbook, 5 names": ("convolution", 5),
        "hornbook, 32 names": ("convolution", batch),
    }
    sides = list(forms)
    rule: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 0.0}
    for threads in options.threads:
        step, sizes["the lecture"] = lecture_wavenet(
            torch.from_numpy(contexts), torch.from_numpy(targets), batch_size=batch
        )
        ways.append(Way("the lecture", step, batch, threads))
        for side, (form, size) in forms.items():
            make = functools.partial(
                trained_by, "wavenet", stream, tokenizer.vocabulary, {"form": form}, size, **rule
            )
            made = make()
            sizes[side] = sum(p.numel() for p in made.module.parameters())
            ways += trained_ways(side, make, useful(made)[0], threads, ("float32",))
    return Work(
        "predictions/s",
        ways,
        [
            Row("d. training the lecture's WaveNet, 32 windows", "the lecture", sides[0]),
            Row("   the same, rows of 5 names: 36 predictions", "the lecture", sides[1]),
            Row("   the same, rows of 32 names", "the lecture", sides[2]),
        ],
        [", ".join(f"{side}: {size:,} parameters" for side, size in sizes.items())],
    )


def nanogpt_sampling(options: Options) -> Work:
    """e: tokens a second of one text."""
    peer, tokenizer, stream = text(options)
    shape = {"n_layer": 6, "n_head": 6, "n_embd": 384, "block_size": 256}
    length, pieces, ways = 500, 10, []
    made = trained_by("gpt", stream, tokenizer.vocabulary, {**shape, **AS_NANOGPT}, 1)
    model: Any = made.module.eval()
    for threads in options.threads:
        # Each round draws one text piece by piece: a whole one would be ten times the wait.
        piece = peer.sampling(shape, length=length, pieces=pieces)
        ways.append(Way("nanoGPT", piece, length / pieces, threads))
        ways += drawn_ways(functools.partial(draw, model, tokenizer, 1, length), length, threads)
    row = Row("e. a text of 500 tokens, 6×384, block 256", "nanoGPT", "hornbook")
    return Work("tokens/s", ways, [row], [], calls=pieces, rounds=3)


def makemore_sampling(options: Options) -> Work:
    """f: names a second, many at once."""
    peer, tokenizer, stream = names(options)
    count, ways = 1000, []
    shape = {**MAKEMORE_SHAPE, **AS_MAKEMORE, "block_size": peer.block_size}
    made = trained_by("gpt", stream, tokenizer.vocabulary, shape, 32)
    # Its rows leave when they end, so names have to end where names end; makemore's go on to the
    # longest whatever the weights.
    for _ in range(300):
        made.update()
    longest, model = peer.block_size - 1, made.module.eval()
    lengths = [len(drawn.text) for drawn in draw(model, tokenizer, count, longest)]
    for threads in options.threads:
        ways.append(Way("makemore", peer.sampling("transformer", count=count), count, threads))
        ways += drawn_ways(
            functools.partial(draw, model, tokenizer, count, longest), count, threads
        )
    row = Row("f. 1,000 names at once, makemore's transformer", "makemore", "hornbook")
    mean = sum(lengths) / len(lengths)
    remark = f"hornbook's names have {mean:.2f} letters, {len(stream) / len(peer.words) - 1:.2f} of"
    return Work("names/s", ways, [row], [f"{remark} the data's"], rounds=7)


def drawn_ways(call: Callable[[], object], work: float, threads: int) -> Iterator[Way]:
    """hornbook's ways to do the same drawing: by layers, and in compiled code."""

    def drawing(wanted: Wanted) -> None:
        with decoding_by(wanted):
            call()

    yield Way("hornbook", functools.partial(drawing, "layers"), work, threads, "by layers")
    if has("numba"):
        yield Way("hornbook", functools.partial(drawing, "compiled"), work, threads, "compiled")


def draw(model: Any, tokenizer: Tokenizer, count: int, longest: int) -> Sequence[Any]:
    """Some names at once."""
    return list(sample(model, tokenizer, SamplingSettings(n=count), longest=longest))


WORKS: dict[str, Callable[[Options], Work]] = {
    "a": nanogpt_training,
    "b": functools.partial(makemore_training, kind="transformer"),
    "c": functools.partial(makemore_training, kind="gru"),
    "d": wavenet_training,
    "e": nanogpt_sampling,
    "f": makemore_sampling,
}


def lines(work: Work, best: dict[str, tuple[Way, float]]) -> Iterator[str]:
    """The table's lines of one work."""
    for row in work.rows:
        (theirs, slow), (ours, fast) = best[row.peer], best[row.ours]
        yield (
            f"| {row.title} | {slow:,.0f} {work.unit} ({theirs}) | {fast:,.0f} ({ours}) "
            f"| **{fast / slow:.2f}** |"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("nanogpt", "makemore", "names", "shakespeare"):
        parser.add_argument(f"--{name}", type=Path, default=Path(name))
    parser.add_argument("--only", default=",".join(WORKS), help="letters of works")
    cores = sorted({1, os.cpu_count() or 1})
    parser.add_argument("--threads", default=",".join(map(str, cores)))
    parser.add_argument("--seconds", type=float, default=0.25, help="of a turn")
    parser.add_argument(
        "--rounds", type=int, default=0, help="of turns (0: 15, fewer of long work)"
    )
    given = parser.parse_args()
    threads = tuple(int(count) for count in given.threads.split(","))
    options = Options(
        given.nanogpt, given.makemore, given.names, given.shakespeare, threads, given.seconds
    )
    table = ["| work | peer | hornbook | ratio |", "|---|--:|--:|--:|"]
    for letter in given.only.split(","):
        work = WORKS[letter](options)
        print(work.rows[0].title, flush=True)
        best = measure(letter, work, options, given.rounds)
        for remark in work.remarks:
            print(f"    {remark}")
        table += lines(work, best)
    print(f"\nMeasured on {instructions()}.\n\n" + "\n".join(table))


if __name__ == "__main__":
    main()
