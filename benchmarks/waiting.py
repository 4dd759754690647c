"""Threads that spin while they wait for each other, beside threads that sleep.

    python -m benchmarks.waiting [--busy 1] [--steps 60]

A training step of three nets on names, on all threads, in processes of their own: with what torch's
threads do by default, and with `OMP_WAIT_POLICY=PASSIVE`, which the command line sets. In turns,
three times; the median of all steps counts. `--busy` keeps so many processors at other work.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import time

from benchmarks.estimates import other_work

NETS = ("mlp", "gru", "gpt")
ROUNDS = 3


def timed(model: str, steps: int) -> list[float]:
    """Milliseconds of steps of a net with its defaults."""
    from hornbook.runs.prepare import family_settings, prepare, settle_training
    from hornbook.runs.session import Session

    data = prepare("names", None, {})
    line = data.task.family(model)
    training = settle_training(
        line, data.data, {"gradients": "hand", "precision": "float32", "device": "cpu"}
    )
    session = Session(data.task, data.data, model, family_settings(line, model, None), training)
    trainer = session.trainer()
    trainer.module.train()
    times = []
    for _ in range(steps + 3):
        began = time.perf_counter()
        trainer.update()
        times.append(1e3 * (time.perf_counter() - began))
    return times[3:]


def in_process(model: str, steps: int, policy: str | None) -> list[float]:
    """The same in a process of its own."""
    told = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    if policy:
        told["OMP_WAIT_POLICY"] = policy
    words = [sys.executable, "-m", "benchmarks.waiting", "--steps", str(steps), "--net", model]
    found = subprocess.run(words, env=told, check=True, capture_output=True, text=True)
    return [float(word) for word in found.stdout.split()]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="threads that wait")
    parser.add_argument("--busy", type=int, default=0)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--net", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.net:
        print(*timed(options.net, options.steps))
        return
    others = [multiprocessing.Process(target=other_work, daemon=True) for _ in range(options.busy)]
    for other in others:
        other.start()
    print(f"{'net':6} {'spinning':>10} {'sleeping':>10}   ms a step, {options.busy} busy")
    for model in NETS:
        times: dict[str | None, list[float]] = {None: [], "PASSIVE": []}
        for _ in range(ROUNDS):
            for policy, held in times.items():
                held += in_process(model, options.steps, policy)
        middle = [statistics.median(held) for held in times.values()]
        print(f"{model:6} {middle[0]:10.2f} {middle[1]:10.2f}", flush=True)
    for other in others:
        other.terminate()


if __name__ == "__main__":
    main()
