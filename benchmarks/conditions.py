"""What conditions save: names by sex, verses by form and author, with counts and with nets.

    python -m benchmarks.conditions [--data names verses] [--steps 1500] [--folder DIR]
    python -m benchmarks.conditions --drops 0 0.1 0.5

Names are the bundled ones: girls' in order of frequency, then boys'; the file does not say where
the boys' begin, but their first is Liam, a name that is also among the girls'. Verses are the lines
of the bundled Tang poems that have no notes in them, with the poem's author and its form: how many
characters stand before the first comma, 5 or 7, otherwise not given.

Each model is trained on the same split with the conditions and without any. Of the test split, in
bits per example: the model without, the model with, nothing given and all given; and how much the
last is below the first, with a 95 % interval over examples. Of names also what guidance does: the
share of 1,000 samples that counts with the condition would say are of the sex that was asked for,
how many of these counts are right about test, and the share of samples that are distinct and new.

With --drops nets of names are trained that lose their condition in such shares of the examples, in
place of all that: what test costs with nothing given and with the condition, beside the net that
never had one; and how many of 1,000 samples of each sex at guidance 2 counts say are of it.
"""

from __future__ import annotations

import argparse
import csv
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import hornbook
from hornbook.runs import Run
from hornbook.statistics import difference_interval
from hornbook.text.savings import example_nats
from hornbook.text.stream import encode_lines

BUNDLED = Path(hornbook.__file__).parent / "sources" / "bundled"
SAMPLES = 1_000
GUIDANCE = (0.0, 1.0, 1.5, 2.0, 3.0)
TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "names": ("name", ("sex",)),
    "verses": ("verse", ("form", "author")),
}
MODELS: Mapping[str, Mapping[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "names": {
        "ngram": ({"order": 6}, {}),
        "mlp": ({}, {"batch_size": 256}),
        "gru": ({"n_hidden": 128}, {}),
        "gpt": ({"n_layer": 2, "n_embd": 64, "dropout": 0.0}, {"batch_size": 48}),
    },
    "verses": {
        "ngram": ({"order": 3}, {}),
        "gru": ({"n_hidden": 128}, {"batch_size": 48}),
    },
}
SHORTER = {"verses": 5}  # a fifth of the steps: there are few, and nets learn them by heart


def names() -> Iterator[Sequence[str]]:
    """Each name with its sex."""
    lines = (BUNDLED / "names.txt").read_text(encoding="utf-8").split()
    cut = lines.index("liam", lines.index("liam") + 1)
    for n, name in enumerate(lines):
        yield name, "F" if n < cut else "M"


def verses() -> Iterator[Sequence[str]]:
    """Each verse with the form and the author of its poem."""
    for poem in (BUNDLED / "tang.txt").read_text(encoding="utf-8").strip().split("\n\n"):
        _, author, *lines = poem.split("\n")
        feet = len(lines[0].split("，")[0])
        for line in lines:
            if "(" not in line and ")" not in line:
                yield line, str(feet) if feet in (5, 7) else "", author


def write_table(data: str, folder: Path) -> Path:
    """The table of a data set."""
    column, conditions = TABLES[data]
    path = folder / f"{data}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        made = csv.writer(file, lineterminator="\n")
        made.writerow((column, *conditions))
        made.writerows(names() if data == "names" else verses())
    return path


def trained(
    data: str, table: Path, model: str, steps: int, conditions: Sequence[str], **loading: Any
) -> Run:
    """A run with these conditions."""
    settings, training = MODELS[data][model]
    how = {"steps": steps // SHORTER.get(data, 1), "threads": 1, **training}
    return hornbook.train(
        table, model=model, out=table.parent / f"{data}-{model}-{len(conditions)}",
        settings=settings, training=None if model == "ngram" else how, baseline=False,
        column=TABLES[data][0], condition=tuple(conditions), overwrite=True, **loading,
    )  # fmt: skip


def bits(run: Run, *, given: bool = True) -> npt.NDArray[np.float64]:
    """What each example of test costs."""
    stream = run.data.stream("test")
    return example_nats(run.model, stream if given else stream.without_conditions()) / math.log(2)


def compare(data: str, table: Path, steps: int) -> dict[str, Run]:
    """Print a row for each model; gives the runs with conditions."""
    print(f"{data}: bits per example of test\n")
    print("| model | trained without | with, nothing given | with, all given | saved |")
    print("|---|---|---|---|---|")
    found = {}
    for model in MODELS[data]:
        plain = bits(trained(data, table, model, steps, ()))
        run = found[model] = trained(data, table, model, steps, TABLES[data][1])
        given, bare = bits(run), bits(run, given=False)
        interval = difference_interval(plain, given)
        assert interval is not None  # there are many examples
        print(
            f"| {model} | {plain.mean():.3f} | {bare.mean():.3f} | {given.mean():.3f} | "
            f"{plain.mean() - given.mean():.3f} ({interval.low:.3f} to {interval.high:.3f}) |",
            flush=True,
        )
    return found


def sexes(judge: Run, texts: Sequence[str]) -> list[str]:
    """The sex of each name that counts with the condition give it more probability under."""
    data = judge.data
    nats = []
    for number in (1, 2):
        given = data.given(np.full((len(texts), 1), number))
        nats.append(example_nats(judge.model, encode_lines(tuple(texts), data.tokenizer, given)))
    values = data.conditions.values[0]
    return [values[number] for number in np.argmin(nats, axis=0)]


def guide(judge: Run, run: Run) -> None:
    """Print what guidance does to samples of each sex."""
    data = judge.data
    true = [data.conditions.values[0][n - 1] for n in data.splits.given["test"][:, 0]]
    right = np.mean([a == b for a, b in zip(sexes(judge, data.splits.test), true, strict=True)])
    print(
        f"\nSamples of {run.family} by guidance; the counts that judge are right of {right:.1%}\n"
    )
    print("| guidance | F judged F | M judged M | distinct | new |\n|---|---|---|---|---|")
    for guidance in GUIDANCE:
        told, texts, new = [], [], 0
        for seed, sex in enumerate(("F", "M")):
            how = {"condition": [f"sex={sex}"], "guidance": guidance, "seed": seed}
            made = list(run.sample(n=SAMPLES, **how))
            told.append(np.mean([s == sex for s in sexes(judge, [one.text for one in made])]))
            texts += [one.text for one in made]
            new += sum(one.origin == "new" for one in made)
        shares = (*told, len(set(texts)) / len(texts), new / len(texts))
        print(f"| {guidance:g} | {' | '.join(f'{share:.1%}' for share in shares)} |", flush=True)


def sweep(table: Path, steps: int, drops: Sequence[float]) -> None:
    """Print a row for each share of the examples whose sex is dropped, of the GRU."""
    judge = trained("names", table, "ngram", steps, ("sex",))
    plain = bits(trained("names", table, "gru", steps, ()))
    print(f"names, gru, {steps:,} steps: bits per example of test; without: {plain.mean():.3f}\n")
    print("| dropped | nothing given | given | saved | F judged F | M judged M |")
    print("|---|---|---|---|---|---|")
    for drop in drops:
        run = trained("names", table, "gru", steps, ("sex",), drop_condition=drop)
        given, bare = bits(run), bits(run, given=False)
        interval = difference_interval(plain, given)
        assert interval is not None  # there are many examples
        told = []
        for seed, sex in enumerate(("F", "M")):
            made = run.sample(n=SAMPLES, condition=[f"sex={sex}"], guidance=2.0, seed=seed)
            told.append(np.mean([s == sex for s in sexes(judge, [one.text for one in made])]))
        print(
            f"| {drop:g} | {bare.mean():.3f} | {given.mean():.3f} | "
            f"{plain.mean() - given.mean():.3f} ({interval.low:.3f} to {interval.high:.3f}) | "
            f"{' | '.join(f'{share:.1%}' for share in told)} |",
            flush=True,
        )


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", choices=[*TABLES], default=[*TABLES])
    parser.add_argument("--steps", type=int, default=1_500)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--drops", nargs="+", type=float)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if asked.drops:
            sweep(write_table("names", folder), asked.steps, asked.drops)
            return
        for data in asked.data:
            runs = compare(data, write_table(data, folder), asked.steps)
            if data == "names":
                guide(runs["ngram"], runs["gru"])
            print()


if __name__ == "__main__":
    main()
