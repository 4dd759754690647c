"""A corpus larger than memory: made-up text is encoded and trains in little of it.

    python -m benchmarks.large_corpus [--gigabytes 1] [--memory 2] [--mode text lines]
        [--tokens characters bpe] [--steps 300] [--threads 1] [--folder /tmp]

Each run is a process that may have so many gigabytes of its own (RLIMIT_DATA, which the kernel
counts: what it allocates, not the pages of files that it maps; the processes that encode inherit
it). Told are seconds for a megabyte of reading (the first pass) and of encoding, milliseconds of a
step, and the most memory that was its own (sampled from /proc, of the process and of each that
encodes). It checks that the same command finds the tokens again, and in how many seconds.

    python -m benchmarks.large_corpus --doctor [--gigabytes 1] [--memory 2] [--mode text lines]

Of the doctor told are seconds of the processor for 100 MB, and the same memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

WORDS = 50_000


def write(path: Path, size: int, mode: str) -> None:
    """Words whose frequencies fall as 1 / rank, in lines of three or of a dozen."""
    rng = np.random.default_rng(0)
    letters = np.array([*"aaabcdeeeefghiiijklmnnooopqrssttuuvwxyz"])
    words = ["".join(rng.choice(letters, n)) for n in rng.integers(2, 12, WORDS)]
    each = 3 if mode == "lines" else 12
    ends = np.array([f"{word} " for word in words], dtype=object)
    done = 0
    with path.open("wb") as file:
        while done < size:
            ranks = (WORDS ** rng.random(480_000)).astype(np.int64) - 1
            rows = ends[ranks].reshape(-1, each)
            some = "\n".join(["".join(row)[:-1] for row in rows.tolist()]) + "\n"
            done += file.write(some.encode())


def own_memory(process: int) -> int:
    """Bytes that a process has of its own: neither shared nor of files."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    found = [line for line in lines if line.startswith("RssAnon:")]
    return 1024 * int(found[0].split()[1]) if found else 0


@contextmanager
def watched() -> Iterator[dict[str, int]]:
    """A context with the most memory of this process, and of any that it started."""
    most = {"parent": 0, "worker": 0}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            most["parent"] = max(most["parent"], own_memory(os.getpid()))
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
            most["worker"] = max([most["worker"], *(own_memory(int(one)) for one in children)])

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def run(args: argparse.Namespace) -> None:
    """Train once, and print what it took as JSON."""
    most = int(args.memory * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    import hornbook
    from hornbook.runs.events import Estimated, Event, Loaded, Pieced

    began = time.perf_counter()
    times: dict[str, float] = {}
    each: list[float] = []

    def listen(event: Event) -> None:
        now = time.perf_counter() - began
        if isinstance(event, Pieced):
            times.setdefault(f"{event.what} begins", now)
            times[event.what] = now - times[f"{event.what} begins"]
        elif isinstance(event, Loaded):
            times["loaded"] = now
        elif isinstance(event, Estimated):
            each.append(event.step)

    with watched() as memory, tempfile.TemporaryDirectory() as out:
        more: dict[str, Any] = {"vocab_size": 4_096} if args.tokens == "bpe" else {}
        trained = hornbook.train(
            args.file, model="gru", out=f"{out}/run", listen=listen, large="yes", mode=args.mode,
            tokens=args.tokens, settings={"n_hidden": 64, "n_embd": 24},
            training={"steps": args.steps, "evaluate_on": 2_000, "threads": args.threads},
            baseline=False, **more,
        )  # fmt: skip
        sizes, loss = dict(trained.data.sizes), trained.summary.losses["dev"]
    print(
        json.dumps({
            "reading": times.get("Reading", 0.0), "encoding": times.get("Encoding", 0.0),
            "loaded": times["loaded"], "step": each[0] if each else None, "memory": memory,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, "sizes": sizes,
            "loss": loss,
        })
    )  # fmt: skip


def examine(args: argparse.Namespace) -> None:
    """Examine once, and print what it took as JSON."""
    most = int(args.memory * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    from hornbook.sources.source import Source
    from hornbook.text.data import TextOptions
    from hornbook.text.task import TextTask

    began = time.process_time()
    with watched() as memory:
        report = TextTask().examine(Source(args.file), TextOptions(mode=args.mode))
    one = [fact for name, fact in report.facts.items() if name.startswith("distinct")]
    print(json.dumps({"seconds": time.process_time() - began, "memory": memory["parent"],
                      "told": one[0]}))  # fmt: skip


def one_run(args: argparse.Namespace, path: Path, mode: str, tokens: str) -> dict[str, Any] | None:
    """What a process of its own finds; None if it fails, which it tells."""
    command = [
        sys.executable, "-m", "benchmarks.large_corpus", "--file", str(path), "--memory",
        str(args.memory), "--threads", str(args.threads), "--mode", mode, "--tokens", tokens,
        "--steps", str(args.steps), *(["--doctor"] if args.doctor else []),
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"{mode} {tokens}: no result", flush=True)
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def step(seconds: float | None) -> str:
    """Of a step; none where training was over before it could be told."""
    return f"{seconds * 1e3:.1f} ms" if seconds else "–"


def main() -> None:
    """Make the text, train on it, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gigabytes", type=float, default=1.0, help="of text, 10⁹ bytes each")
    parser.add_argument("--memory", type=float, default=2.0, help="GiB that a process may have")
    parser.add_argument("--mode", nargs="+", default=["text", "lines"])
    parser.add_argument("--tokens", nargs="+", default=["characters", "bpe"])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1, help="of training")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--doctor", action="store_true", help="examine the text, and no more")
    parser.add_argument("--file", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.file:
        args.mode, args.tokens = args.mode[0], args.tokens[0]
        (examine if args.doctor else run)(args)
        return
    size = int(args.gigabytes * 1e9)
    print(f"{args.gigabytes:g} GB, at most {args.memory:g} GiB of its own for each process")
    if not args.doctor:
        print(f"{'':18}{'reading':>10}{'encoding':>10}{'again':>8}{'step':>9}{'own memory':>12}"
              f"{'encoder':>9}{'with maps':>11}{'dev loss':>10}  tokens of train")  # fmt: skip
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        os.environ["HORNBOOK_CACHE"] = f"{folder}/cache"
        for mode in args.mode:
            path = Path(folder) / f"{mode}.txt"
            write(path, size, mode)
            if args.doctor:
                took = one_run(args, path, mode, "characters")
                if took:
                    seconds, memory = took["seconds"] / size * 1e8, took["memory"] / 2**30
                    print(f"doctor {mode:6}{seconds:6.1f} s for 100 MB{memory:7.2f} GiB"
                          f"   distinct lines: {took['told']}", flush=True)  # fmt: skip
            for tokens in () if args.doctor else args.tokens:
                found = one_run(args, path, mode, tokens)
                again = one_run(args, path, mode, tokens) if found else None
                if not found or not again:
                    continue
                mega, gib = size / 1e6, 2**30
                print(
                    f"{mode:6}{tokens:12}{found['reading'] / mega * 1e3:7.1f} ms"
                    f"{found['encoding'] / mega * 1e3:7.1f} ms{again['loaded']:6.1f} s"
                    f"{step(found['step']):>9}"
                    f"{found['memory']['parent'] / gib:8.2f} GiB"
                    f"{found['memory']['worker'] / gib:5.2f} GiB{found['peak'] / gib:7.2f} GiB"
                    f"{found['loss']:10.3f}  {found['sizes']['train']:,}", flush=True,
                )  # fmt: skip
            path.unlink()


if __name__ == "__main__":
    main()
