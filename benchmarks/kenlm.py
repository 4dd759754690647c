"""n-grams of words on a large text, beside KenLM in one run.

    python -m benchmarks.kenlm --lmplz PATH --query PATH --build-binary PATH [--megabytes 100]
        [--order 5] [--prune 0 0 1] [--folder FOLDER]

The text is made up: passages of `../shared/data` (Tiny Shakespeare and Nietzsche, letters alone, in
lowercase) of 6 words on average, which begin at places drawn by Zipf's law, and of their words 15 %
replaced by made-up ones, drawn so too from 300,000. So words and n-grams repeat as in a text, a few
often and most of them hardly, though it says nothing. Lines have 20 words on average. 1,000,000
words more of it are held out.

Both read the same tokens: those of the word tokenizer with every word known (`min_count=1`),
written for KenLM with `_` for the space before a word. A word that occurs in the held-out text
alone is unknown to both, and has what the uniform distribution leaves it.

Each side runs in processes of its own. Seconds are wall clock, memory is the peak of the process.
KenLM's programs are built from its source package on the package index with cmake and boost.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

DATA = Path("../shared/data")
BOOKS = ("tinyshakespeare.txt", "nietzsche.txt")
PASSAGE, LINE = 6, 20  # words on average
STRANGE, KINDS = 0.15, 300_000  # share of made-up words, and how many there are
PIECE = 10**6  # words written at a time


def made_words(rng: np.random.Generator) -> npt.NDArray[np.str_]:
    """Words of two to four syllables, all different: the first ones are shorter."""
    syllables = [c + v for c in "bdfgklmnprstvz" for v in ("a", "e", "i", "o", "u", "ai", "or")]
    words: dict[str, None] = {}
    while len(words) < KINDS:
        n = 2 + (len(words) > 5_000) + (len(words) > 100_000)
        for picked in rng.integers(0, len(syllables), (10_000, n)):
            words["q" + "".join(syllables[i] for i in picked)] = None
    return np.array(list(words)[:KINDS])


def write_text(path: Path, size: int, seed: int) -> None:
    """Write some bytes of made-up text, a piece at a time."""
    text = " ".join((DATA / book).read_text(encoding="utf-8") for book in BOOKS).lower()
    book = np.array(re.findall(r"[a-z]+", text))
    strange, rng = made_words(np.random.default_rng(0)), np.random.default_rng(seed)
    zipf = np.cumsum(1 / np.arange(1, KINDS + 1))
    places = np.random.default_rng(0).permutation(len(book))
    with path.open("w", encoding="ascii") as file:
        while file.tell() < size:
            jumps = rng.random(PIECE) < 1 / PASSAGE
            ranks = np.exp(rng.random(PIECE) * np.log(len(book))).astype(int) - 1
            starts = places[ranks]
            begun = np.maximum.accumulate(np.where(jumps, np.arange(PIECE), 0))
            words = book[(starts[begun] + np.arange(PIECE) - begun) % len(book)].astype(object)
            odd = rng.random(PIECE) < STRANGE
            drawn = np.searchsorted(zipf, rng.random(int(odd.sum())) * zipf[-1])
            words[odd] = strange[np.minimum(drawn, KINDS - 1)]
            ends = np.flatnonzero(rng.random(PIECE) < 1 / LINE)
            lines = [" ".join(line) for line in np.split(words, ends) if len(line)]
            file.write("\n".join(lines) + "\n")


# The parts that run in a process of their own.


def prepare(folder: Path) -> dict[str, Any]:
    """Write the ids of both parts, and the same tokens for KenLM.

    Cut as the word tokenizer does, which for words of letters is at the spaces, each with its word;
    its pattern, which takes minutes here, is not part of counting.
    """
    import collections
    from itertools import chain, repeat

    counts: collections.Counter[str] = collections.Counter()
    for name in ("train", "held"):
        with (folder / f"{name}.txt").open() as read, (folder / f"{name}.tokens").open("w") as file:
            for line in read:
                file.write(line.replace(" ", " _"))
                if name == "train":
                    counts.update(line.replace(" ", " _").split())
    order = sorted(counts, key=lambda word: (-counts[word], word))
    table, unknown = {word: token for token, word in enumerate(order)}, len(order)
    boundary, sizes = unknown + 1, {}
    for name in ("train", "held"):
        with (folder / f"{name}.tokens").open() as read:
            words = chain.from_iterable((*line.split(), "") for line in read)
            known = chain([boundary], map(table.get, words, repeat(-1)))
            ids = np.fromiter(known, np.int32)
        ids[ids < 0] = unknown
        with (folder / f"{name}.tokens").open() as read:
            lengths = np.array([line.count(" ") + 2 for line in read])
        ids[np.cumsum(lengths)] = boundary  # the empty word at the end of each line
        np.save(folder / f"{name}.npy", ids.astype(np.uint32))
        sizes[name] = len(ids) - 1
    (folder / "vocabulary.json").write_text(json.dumps([boundary + 1, boundary, boundary]))
    return {"tokens": sizes, "words": len(order)}


def opened(folder: Path, name: str) -> tuple[Any, Any]:
    """A split, mapped from disk, and the vocabulary."""
    from hornbook.text.stream import Stream
    from hornbook.tokenizers.contract import Vocabulary

    vocabulary = Vocabulary(*json.loads((folder / "vocabulary.json").read_text()))
    ids = np.load(folder / f"{name}.npy", mmap_mode="r")
    return Stream(ids, 1, vocabulary.boundary, vocabulary.start), vocabulary


def ours(folder: Path, order: int, prune: tuple[int, ...]) -> Any:
    """The model, not yet counted."""
    from hornbook.text.models.ngram import NGram, NGramSettings

    return NGram(NGramSettings(order=order, prune=prune), opened(folder, "train")[1])


def count(folder: Path, order: int, prune: tuple[int, ...]) -> dict[str, Any]:
    """Count, and write the file."""
    from hornbook.tensor_files import write_tensors

    model = ours(folder, order, prune)
    stream, _ = opened(folder, "train")
    began = time.perf_counter()
    model.fit(stream)
    counted, most = time.perf_counter(), peak()
    path = folder / "model.safetensors"
    write_tensors(path, model.arrays(), {})
    return {"counting": counted - began, "peak while counting": most,
            "writing": time.perf_counter() - counted, "bytes": path.stat().st_size,
            "n-grams": model.n_parameters}  # fmt: skip


def ask(folder: Path, order: int, prune: tuple[int, ...]) -> dict[str, Any]:
    """Perplexity of the held-out text, and predictions a second, as an evaluation makes them."""
    from hornbook.tensor_files import read_tensors
    from hornbook.text.losses import counted_loss

    model = ours(folder, order, prune)
    began = time.perf_counter()
    model.load_arrays(read_tensors(folder / "model.safetensors")[0])
    loaded = time.perf_counter()
    held, _ = opened(folder, "held")
    seconds, used = [], []
    for _ in range(2):
        start, before = time.perf_counter(), time.process_time()
        loss, n = counted_loss(model, held)
        seconds.append(time.perf_counter() - start)
        used.append(time.process_time() - before)
    return {"opening": loaded - began, "perplexity": float(np.exp(loss)), "asked": n,
            "a second": n / seconds[-1], "the first time": n / seconds[0],
            "a second of the processor": n / used[-1]}  # fmt: skip


PARTS = {"prepare": lambda folder, *_: prepare(folder), "count": count, "ask": ask}


def peak(who: int = resource.RUSAGE_SELF) -> int:
    """The most memory that a process had, in bytes."""
    most = resource.getrusage(who).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def part(name: str, given: argparse.Namespace) -> dict[str, Any]:
    """What a part finds, in a process of its own, with its peak."""
    command = [sys.executable, "-m", "benchmarks.kenlm", "--part", name, "--folder",
               str(given.folder), "--order", str(given.order), "--prune",
               *map(str, given.prune)]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def timed(command: Sequence[str], folder: Path, into: Path | None = None) -> dict[str, Any]:
    """Run a program: seconds, its peak, and the end of what it said."""
    said = folder / "said.txt"
    with said.open("wb") as errors, (into or folder / "printed.txt").open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = status
    if status:
        raise RuntimeError(said.read_text()[-2000:])
    return {"seconds": seconds, "peak": used.ru_maxrss * 1024}


def theirs(given: argparse.Namespace) -> dict[str, Any]:
    """KenLM on the same tokens: lmplz, both kinds of its binary files, query."""
    folder, found = given.folder, dict[str, Any]()
    arpa = folder / "model.arpa"
    found["lmplz"] = timed(
        [given.lmplz, "-o", str(given.order), "--text", str(folder / "train.tokens"), "--arpa",
         str(arpa), "-T", str(folder), "--prune", *map(str, given.prune),
         *(["-S", given.memory] if given.memory else [])],
        folder,
    )  # fmt: skip
    found["lmplz"]["bytes"] = arpa.stat().st_size
    for kind in ("probing", "trie"):
        binary = folder / f"model.{kind}"
        found[kind] = timed([given.build_binary, "-T", str(folder), kind, str(arpa), str(binary)],
                            folder)  # fmt: skip
        found[kind]["bytes"] = binary.stat().st_size
        with (folder / "held.tokens").open("rb") as held:
            printed, began = folder / "answers.txt", time.perf_counter()
            done = subprocess.run(
                [given.query, "-v", "summary", str(binary)], stdin=held, check=True,
                stdout=printed.open("wb"), stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            seconds = time.perf_counter() - began
        answers = printed.read_text()
        match = re.search(r"including OOVs:\s*(\S+)", answers)
        tokens = re.search(r"Tokens:\s*(\d+)", answers)
        assert match, answers + done.stderr
        assert tokens, answers + done.stderr
        found[kind] |= {"perplexity": float(match[1]), "asked": int(tokens[1]),
                        "a second": int(tokens[1]) / seconds}  # fmt: skip
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lmplz")
    parser.add_argument("--query")
    parser.add_argument("--build-binary")
    parser.add_argument("--memory", default="", help="for lmplz's sorting, as its -S")
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--order", type=int, default=5)
    parser.add_argument("--prune", type=int, nargs="+", default=[0])
    parser.add_argument("--folder", type=Path, default=Path("/tmp/kenlm-beside"))
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        found = PARTS[given.part](given.folder, given.order, tuple(given.prune))
        print(json.dumps({**found, "peak": peak()}))
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    size = int(given.megabytes * 1e6)
    if not (given.folder / "vocabulary.json").exists():
        write_text(given.folder / "train.txt", size, seed=1)
        write_text(given.folder / "held.txt", min(size, 5 * 10**6), seed=2)
        print("prepare", part("prepare", given), flush=True)
    for name in ("count", "ask"):
        print(name, part(name, given), flush=True)
    if given.lmplz:
        for name, found in theirs(given).items():
            print(name, found, flush=True)


if __name__ == "__main__":
    main()
