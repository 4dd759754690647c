"""Megabytes a second of encoding by byte pairs: ours beside tiktoken and tokenizers.

    python -m benchmarks.encoding_speed [--data FILE] [--vocab-size 4096] [--megabytes 20]
        [--processes 2]

All have the same tokens and give the same ids, which is checked. First each has the text of a file
as one, on one thread; ours is what a worker does with a piece: ids and counts. Then the text in
pieces, some at once: tiktoken and tokenizers by threads of their own, ours by the processes of a
large corpus, hashing and files included. Each by turns, the best time counts: by the clock, and by
what the processors were used for it, which does not hang on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

MB = 1e6


def cpu_seconds() -> float:
    """Processor time of this process, and of those that it started and that ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def best(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, tuple[float, float]]:
    """Seconds of the clock and of processors of each call, the least of some rounds by turns."""
    found = dict.fromkeys(calls, (float("inf"), float("inf")))
    for _ in range(rounds):
        for name, call in calls.items():
            began, used = time.perf_counter(), cpu_seconds()
            call()
            new = time.perf_counter() - began, cpu_seconds() - used
            found[name] = min(found[name][0], new[0]), min(found[name][1], new[1])
    return found


def tell(heading: str, times: dict[str, tuple[float, float]], size: float) -> None:
    """A line for each, beside tiktoken."""
    print(heading)
    for name, (seconds, used) in times.items():
        beside = times["tiktoken"][1] / used
        print(f"  {name:12}{size / seconds:8.1f} MB/s{size / used:8.1f} MB for each second of a "
              f"processor, {beside:.2f} of tiktoken", flush=True)  # fmt: skip


def main() -> None:
    """Learn, check, time, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data/tinyshakespeare.txt"))
    parser.add_argument("--vocab-size", type=int, default=4_096)
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    os.environ["RAYON_NUM_THREADS"] = str(args.processes)
    from hornbook.sources.source import Source
    from hornbook.text.large import encoding
    from hornbook.text.large.encoded import Job, Part
    from hornbook.text.large.encoding import Corpus, encode
    from hornbook.text.large.reading import LargeText
    from hornbook.text.layout import Layout
    from hornbook.tokenizers.byte_pair_encoders import by_tiktoken, tokenizers_encoder
    from hornbook.tokenizers.byte_pairs import BytePairTokenizer
    from hornbook.tokenizers.contract import Texts
    from hornbook.tokenizers.settings import TokenSettings
    from hornbook.tokenizers.splitting import PATTERNS

    text = args.data.read_text(encoding="utf-8")
    own = BytePairTokenizer.learned(
        Texts((text,), (), boundary=False),
        TokenSettings(tokens="bpe", vocab_size=args.vocab_size),
    )
    theirs = by_tiktoken(own.tokens, PATTERNS["gpt4"])
    encoder, hugging = theirs.encodings["\n"], tokenizers_encoder(own.tokens, PATTERNS["gpt4"])
    assert np.array_equal(own.encode(text), theirs(text))
    assert np.array_equal(own.encode(text), hugging.encode(text).ids)
    job = Job(own, "text", "line", 0, (100, 0, 0))
    size = len(text.encode()) / MB
    calls: dict[str, Callable[[], object]] = {
        "tiktoken": lambda: encoder.encode_to_numpy(text, disallowed_special=()),
        "tokenizers": lambda: hugging.encode(text),
        "hornbook": lambda: job.encoded([Part(0, text)]),
    }
    tell(f"one thread, {size:.1f} MB of {args.data.name}, {own.vocab_size:,} tokens",
         best(calls, 5), size)  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.txt"
        path.write_text(text * max(1, round(args.megabytes / size)), encoding="utf-8")
        size = path.stat().st_size / MB
        pieces = list(LargeText(Source(path), Layout("text", "line", ""), "auto").pieces())
        size_in_characters = sum(map(len, pieces))
        encoding.MOST = args.processes
        corpus = Corpus((), size_in_characters, job)
        cache = iter(range(100))

        def ours() -> None:
            os.environ["HORNBOOK_CACHE"] = f"{folder}/{next(cache)}"
            encode(corpus, LargeText(Source(path), Layout("text", "line", ""), "auto"))

        calls = {
            "tiktoken": lambda: encoder.encode_batch(
                pieces, num_threads=args.processes, disallowed_special=()
            ),
            "tokenizers": lambda: hugging.encode_batch(pieces),
            "hornbook": ours,
        }
        tell(f"{args.processes} at once, {size:.0f} MB in {len(pieces)} pieces; hornbook with "
             "starting its processes, hashing and files", best(calls, 2), size)  # fmt: skip


if __name__ == "__main__":
    main()
