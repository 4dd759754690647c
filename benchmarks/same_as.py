"""Whether today's code does the same as that of an older checkout, bit for bit, on this machine.

    git worktree add ../old 3c9682e
    python -m benchmarks.same_as ../old

Small nets of every family, with pinned settings:

    trained    both train; compared are weights, checkpoints, metrics, losses and samples
    resumed    the old code is stopped on the way, today's goes on from there; compared with the
               old code's run that was never stopped
    read       today's code reads the old code's run; compared with what the old code reads in it

Of today's code only the command line and the files are used. What differs is told below the table.
An array of a checkpoint that only one side has is told there too, but does not count as different:
its name may have been changed on purpose.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.outside import Failed, ask, figures, flags, metrics, same_bits, tensors

NEW = Path(__file__).parents[1]
PINNED = {"device": "cpu", "threads": 1, "precision": "float32", "steps": 40, "evaluate_every": 9}
STOP = 23  # between two evaluations
LOOKS = (
    ["evaluate", "--json"],
    ["sample", "-n", "20", "--longest", "60", "--seed", "3", "--json"],
)
COLUMNS = ("model", "checkpoint", "metrics", "evaluate", "sample")
Requests = list[tuple[str, dict[str, Any]]]
Answers = dict[str, Any]
Row = tuple[str, str, dict[str, bool], list[str]]


@dataclass(frozen=True)
class Case:
    """A net and how it is trained."""

    data: str
    model: str
    settings: dict[str, Any]
    training: dict[str, Any]

    @property
    def how(self) -> dict[str, Any]:
        """The training settings whole."""
        return {**PINNED, **self.training}

    @property
    def command(self) -> list[str]:
        """What is typed to train it, but for where to."""
        words = ["train", f"{self.data}.txt", "--model", self.model, *flags(self.settings)]
        return words if self.model == "ngram" else [*words, "--no-baseline", *flags(self.how)]


def lines(model: str, settings: dict[str, Any], **training: Any) -> Case:
    """A net on lines; rates and sizes fit them all."""
    return Case("lines", model, settings, {"batch_size": 24, "learning_rate": 0.02, **training})


def text(model: str, settings: dict[str, Any], **training: Any) -> Case:
    """A net on a text."""
    return Case("text", model, settings, {"batch_size": 6, "learning_rate": 0.02, **training})


RNN = {"n_embd": 6, "n_hidden": 12, "block_size": 16, "dropout": 0.2, "embedding_dropout": 0.1}
STILL = {**RNN, "dropout": 0.0, "embedding_dropout": 0.0}
GPT = {"n_layer": 2, "n_head": 2, "n_embd": 16, "block_size": 16, "dropout": 0.1}
MLP = {"block_size": 5, "n_embd": 6, "n_hidden": [24, 16]}
TREE = {"n_embd": 6, "n_hidden": 12, "block_size": 8}
OLDER = {"position": "learned", "norm": "layer", "feed_forward": "gelu", "bias": True, "tied": True}
PAIRS = {
    "bigram": lines("bigram", {"l2": 0.01}, optimizer="sgd", momentum=0.9, learning_rate=3.0),
    "mlp, batch norm, dropout": lines("mlp", {**MLP, "dropout": 0.2}, weight_decay=0.1),
    "mlp, frozen": lines("mlp", MLP, rates=["net.layers.0.*=0", "*.bias=0.5"], clip=1.0),
    "mlp, text": text("mlp", {**MLP, "norm": "layer"}, batch_size=32, optimizer="sgd"),
    "wavenet": lines("wavenet", TREE, optimizer="sgd", momentum=0.9, learning_rate=0.2),
    "wavenet, tree": lines("wavenet", {**TREE, "form": "tree"}),
    "wavenet, gated": lines("wavenet", {**TREE, "kind": "gated", "n_skip": 10, "dropout": 0.1}),
    "bow": lines("bow", {"n_embd": 8, "n_hidden": 12, "dropout": 0.1}, accumulate=2),
    "gpt, muon": lines("gpt", GPT, optimizer="muon", clip=1.0),
    "gpt, learned": lines("gpt", {**GPT, **OLDER, "qk_norm": False}, optimizer="adamw"),
    "gpt, text": text("gpt", {**GPT, "feed_forward": "swiglu", "softcap": 9.0}, optimizer="muon"),
    "rnn": lines("rnn", {**RNN, "n_layer": 2}, optimizer="muon", clip=1.0),
    "rnn, relu": lines("rnn", {**RNN, "nonlinearity": "relu", "identity": 0.7}),
    "rnn, added": lines("rnn", {**STILL, "join": "added"}),
    "rnn, concatenated": lines("rnn", {**STILL, "join": "concatenated"}, schedule="cosine"),
    "gru": lines("gru", RNN, watch=True, watch_every=10),
    "gru, parallel": text("gru", RNN, batches="parallel"),
    "lstm": lines("lstm", {**STILL, "predict": "last", "block_size": 6}, batch_size=48),
    "lstm, parallel": text("lstm", {**RNN, "n_layer": 2}, batches="parallel"),
}
CASES = {
    f"{name}, {way}": Case(
        case.data, case.model, case.settings, {**case.training, "gradients": way}
    )
    for name, case in PAIRS.items()
    for way in ("hand", "autograd")
} | {
    "ngram": Case("lines", "ngram", {"order": 6}, {}),
    "ngram, text": Case("text", "ngram", {"order": 4, "smoothing": "add", "added": 0.1}, {}),
}
MIXED = ("ngram", "gru, hand")
NETS = [name for name, case in CASES.items() if case.model != "ngram"]
RUNS = [*CASES, "mixture"]


def typed(*words: str) -> tuple[str, dict[str, Any]]:
    """The request for a command."""
    return "typed", {"arguments": [*words]}


def looked(names: Sequence[str], folder: str) -> Requests:
    """The requests that look into runs of a folder."""
    return [typed(verb, f"{folder}/{name}", *words) for name in names for verb, *words in LOOKS]


def by_run(names: Sequence[str], answers: Sequence[Any]) -> Answers:
    """What such requests told: of each run, of each verb, what counts of it."""
    asked = [(name, look[0]) for name in names for look in LOOKS]
    found: Answers = {name: {} for name in names}
    for (name, verb), told in zip(asked, answers, strict=True):
        found[name][verb] = figures(verb, told)
    return found


def trained(checkout: Path, place: Path, folder: str) -> Answers:
    """Train every case with a checkout's code, mix two of them, and look into the runs."""
    requests = [
        typed(*case.command, "--out", f"{folder}/{name}", "--json") for name, case in CASES.items()
    ]
    members = [f"{folder}/{name}" for name in MIXED]
    requests.append(typed("mix", *members, "--out", f"{folder}/mixture", "--json"))
    answers = ask(checkout, place, requests + looked(RUNS, folder))
    found = by_run(RUNS, answers[len(requests) :])
    for name, told in zip(RUNS, answers, strict=False):
        if isinstance(told, Failed):  # why, rather than that there is no such run
            found[name] = dict.fromkeys(found[name], told)
    return found


def stop_all(old: Path, place: Path) -> None:
    """Begin every net with the old code, and stop on the way.

    Raises:
        SystemExit: if one did not begin or did not stop, for then nothing would be shown.
    """
    requests: Requests = [
        (
            "begun",
            {
                "data": f"{CASES[name].data}.txt", "out": f"stopped/{name}", "stop": STOP,
                "model": CASES[name].model, "settings": CASES[name].settings,
                "training": CASES[name].how,
            },
        )
        for name in NETS
    ]  # fmt: skip
    for name, told in zip(NETS, ask(old, place, requests), strict=True):
        done = metrics(place / "stopped" / name)
        if isinstance(told, Failed) or not done or not 0 < done[-1]["step"] < STOP:
            raise SystemExit(f"{old} did not stop {name} on the way: {told}")


def some(names: Sequence[str]) -> str:
    """The first of many names."""
    return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")


def same_arrays(one: Path, other: Path, notes: list[str]) -> bool:
    """Whether two files hold the same arrays, and any; notes say which differ."""
    first, second = tensors(one), tensors(other)
    both = sorted(first.keys() & second.keys())
    wrong = [name for name in both if not same_bits(first[name], second[name])]
    alone = sorted(first.keys() ^ second.keys())
    if wrong:
        notes.append(f"{len(wrong)} of {len(both)} arrays of {one.name} differ: {some(wrong)}")
    for side, names in (("old", first), ("new", second)):
        if only := [name for name in alone if name in names]:
            notes.append(f"in the {side} {one.name} only: {some(only)}")
    return bool(both) and not wrong and (not alone or one.name == "checkpoint.safetensors")


def same_files(one: Path, other: Path, notes: list[str]) -> dict[str, bool]:
    """Which files of two runs hold the same; notes say what differs."""
    found = {}
    for kind in ("model", "checkpoint"):
        file = f"{kind}.safetensors"
        if kind == "model" or (one / file).exists():
            found[kind] = same_arrays(one / file, other / file, notes)
    if (one / "metrics.jsonl").exists():
        before, now = metrics(one), metrics(other)
        found["metrics"] = before == now
        pairs = [(a, b) for a, b in zip(before, now, strict=False) if a != b]
        notes += [f"the metrics were {a}, are {b}" for a, b in pairs[:1]]
    return found


def same_answers(before: Answers, now: Answers, notes: list[str]) -> dict[str, bool]:
    """To which verbs two runs gave the same answers; notes say what differs."""
    found = {}
    for verb, told in before.items():
        found[verb] = told == now[verb] and not isinstance(told, Failed)
        if not found[verb]:
            notes.append(f"{verb} told {str(told)[:200]}, tells {str(now[verb])[:200]}")
    return found


def compared(old: Path, place: Path) -> Iterator[Row]:
    """Do everything, and give of each case and check what is the same."""
    with ThreadPoolExecutor() as pool:
        both = [
            pool.submit(trained, *given) for given in ((old, place, "old"), (NEW, place, "new"))
        ]
    before, now = (one.result() for one in both)
    stop_all(old, place)
    requests = [typed("train", "--resume", f"stopped/{name}", "--json") for name in NETS]
    answers = ask(NEW, place, requests + looked(RUNS, "old"))
    read = by_run(RUNS, answers[len(requests) :])
    resumed = dict(zip(NETS, answers, strict=False))
    for name in RUNS:
        paths = [place / folder / name for folder in ("old", "new", "stopped")]
        notes: list[str] = []
        found = same_files(paths[0], paths[1], notes)
        yield name, "trained", found | same_answers(before[name], now[name], notes), notes
        if name in NETS:
            notes = [str(resumed[name])] if isinstance(resumed[name], Failed) else []
            yield name, "resumed", same_files(paths[0], paths[2], notes), notes
        notes = []
        yield name, "read", same_answers(before[name], read[name], notes), notes


def corpora(old: Path, place: Path) -> None:
    """Some of the old checkout's own data."""
    bundled = old / "hornbook" / "data" / "bundled"
    names, plays = (
        (bundled / f"{name}.txt").read_text(encoding="utf-8") for name in ("names", "shakespeare")
    )
    (place / "lines.txt").write_text("\n".join(names.splitlines()[::60]) + "\n", encoding="utf-8")
    (place / "text.txt").write_text(plays[:8_000], encoding="utf-8")


def main() -> int:
    """Print a line for each case and check; 1 if anything differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path, help="a checkout of commit 3c9682e, or one near it")
    old: Path = parser.parse_args().old.resolve()
    if not (old / "hornbook").is_dir():
        parser.error(f"{old} is not a checkout of this package")
    began, told, differ = time.perf_counter(), [""], 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        corpora(old, place)
        print(f"| case | check | {' | '.join(COLUMNS)} |")
        print(f"|---|---|{'---|' * len(COLUMNS)}")
        for name, check, found, notes in compared(old, place):
            words = {column: "same" if same else "DIFFERS" for column, same in found.items()}
            cells = " | ".join(words.get(column, "") for column in COLUMNS)
            print(f"| {name} | {check} | {cells} |", flush=True)
            told += [f"{name}, {check}: {note}" for note in notes]
            differ += not all(found.values())
    print("\n".join(told))
    result = f"{differ} lines differ" if differ else "all the same, bit for bit"
    print(f"{result} ({time.perf_counter() - began:.0f} s)")
    return int(differ > 0)


if __name__ == "__main__":
    raise SystemExit(main())
