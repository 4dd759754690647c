"""Megabytes a second of encoding by byte pairs: ours beside tiktoken and tokenizers.

    python -m benchmarks.encoding_speed [--text FILE] [--lines FILE] [--vocab-size 4096]
        [--megabytes 100] [--processes 2] [--rounds 3]

A file is repeated until it is so large, as a text is that is encoded in pieces. All have the same
tokens and give the same ids, which is checked. First each has one piece on one thread; ours is what
a worker does with it: ids, counts and, of lines, the draw of a split for each. Then all pieces,
some at once: tiktoken by threads, ours by the processes of a large corpus, with starting them (0.3
seconds each), hashing and files. Each by turns, the best time counts: by the clock, and by what the
processors were used for it, which does not hang on what else the machine does.

tiktoken has lines in the way that is fastest and encodes each by itself: as one text, in which the
line feed is a special token. A call for each line is given beside it.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from hornbook.text.layout import Mode

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
        print(f"  {name:26}{size / seconds:8.1f} MB/s{size / used:8.1f} MB for each second of a "
              f"processor, {beside:.2f} of tiktoken", flush=True)  # fmt: skip


def large(path: Path, mode: Mode, least: float, out: Path) -> list[str]:
    """Write a file several times into another; its pieces, as a large corpus has them.

    Args:
        path: the file; of lines, empty ones are left out.
        mode: text or lines.
        least: megabytes of the other.
        out: the other.
    """
    from hornbook.sources.source import Source
    from hornbook.text.large.reading import LargeText, lines_of
    from hornbook.text.layout import Layout

    text = path.read_text(encoding="utf-8")
    text = lines_of(text) if mode == "lines" else text
    out.write_text(text * max(1, round(least * MB / len(text.encode()))), encoding="utf-8")
    return list(LargeText(Source(out), Layout(mode, "line", ""), "auto").pieces())


def measure(path: Path, mode: Mode, args: argparse.Namespace, folder: str) -> None:
    """Learn, check, time, print: one file; what is written goes into a folder."""
    import tiktoken

    from hornbook.sources.source import Source
    from hornbook.text.large import encoding
    from hornbook.text.large.encoded import Job, Part
    from hornbook.text.large.encoding import Corpus, encode
    from hornbook.text.large.reading import LargeText
    from hornbook.text.layout import Layout
    from hornbook.tokenizers.byte_pair_encoders import tokenizers_encoder
    from hornbook.tokenizers.byte_pairs import BytePairTokenizer
    from hornbook.tokenizers.contract import Texts
    from hornbook.tokenizers.settings import TokenSettings
    from hornbook.tokenizers.splitting import PATTERNS

    by_lines = mode == "lines"
    path_of_all = Path(folder) / f"large {mode}.txt"
    pieces = large(path, mode, args.megabytes, path_of_all)
    text = pieces[0]
    lines = text.split("\n")[:-1]
    own = BytePairTokenizer.learned(
        Texts(tuple(lines) if by_lines else (text,), (), boundary=by_lines),
        TokenSettings(tokens="bpe", vocab_size=args.vocab_size),
    )
    size = len(own.tokens)
    ranks = {token: rank for rank, token in enumerate(own.tokens)}
    special = {"\n"} if by_lines else set[str]()
    theirs = tiktoken.Encoding(
        "theirs", pat_str=PATTERNS["gpt4"], mergeable_ranks=ranks,
        special_tokens=dict.fromkeys(special, size),
    )  # fmt: skip
    hugging = tokenizers_encoder(own.tokens, PATTERNS["gpt4"])

    def by_theirs(piece: str) -> Any:
        return theirs.encode_to_numpy(piece, allowed_special=special, disallowed_special=())

    def by_hugging(piece: str) -> list[int]:
        if not by_lines:
            return list(hugging.encode(piece).ids)
        found = hugging.encode_batch(piece.split("\n")[:-1])
        return [token for one in found for token in [*one.ids, size]]

    job = Job(own, mode, "line", 0, (80, 10, 10))
    assert np.array_equal(own.encode_ended(text) if by_lines else own.encode(text), by_theirs(text))
    assert np.array_equal(by_hugging(text), by_theirs(text))
    if by_lines:
        each = [token for line in lines for token in [*theirs.encode_ordinary(line), size]]
        assert np.array_equal(each, by_theirs(text))
    calls: dict[str, Callable[[], object]] = {
        "tiktoken": lambda: by_theirs(text),
        "tokenizers": lambda: by_hugging(text),
        "hornbook": lambda: job.encoded([Part(-1 if by_lines else 0, text)]),
    }
    if by_lines:
        calls["tiktoken, a call for each"] = lambda: list(map(theirs.encode_ordinary, lines))
    megabytes = len(text.encode()) / MB
    tell(f"one thread, {megabytes:.1f} MB of {path.name} as {mode}, {own.vocab_size:,} tokens",
         best(calls, args.rounds), megabytes)  # fmt: skip
    megabytes = path_of_all.stat().st_size / MB
    encoding.MOST = args.processes
    corpus = Corpus((), sum(map(len, pieces)), job)
    cache = iter(range(100))

    def ours() -> None:
        os.environ["HORNBOOK_CACHE"] = f"{folder}/{mode} {next(cache)}"
        encode(corpus, LargeText(Source(path_of_all), Layout(mode, "line", ""), "auto"))

    with ThreadPoolExecutor(args.processes) as pool:
        calls = {"tiktoken": lambda: list(pool.map(by_theirs, pieces)), "hornbook": ours}
        tell(f"{args.processes} at once, {megabytes:.0f} MB in {len(pieces)} pieces",
             best(calls, args.rounds), megabytes)  # fmt: skip


def main() -> None:
    """A text, then lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = Path("../shared/data")
    parser.add_argument("--text", type=Path, default=data / "tinyshakespeare.txt")
    parser.add_argument("--lines", type=Path, default=data / "names.txt")
    parser.add_argument("--vocab-size", type=int, default=4_096)
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    with tempfile.TemporaryDirectory() as folder:
        measure(args.text, "text", args, folder)
        measure(args.lines, "lines", args, folder)


if __name__ == "__main__":
    main()
