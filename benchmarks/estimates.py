"""How near the time that a training tells at its beginning comes to the time that it takes.

    python -m benchmarks.estimates [--seconds 15] [--busy 1] [--names FILE] [--text FILE]

Every family of nets on names, and three on a text, each for about so many seconds. A training tells
its estimate when its first steps are done; that and the time until then are held against the time
it took in all. `--busy` keeps so many processors at other work meanwhile.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from pathlib import Path

import hornbook
from hornbook.errors import SettingsError
from hornbook.runs.events import Estimated, Event, Progressed
from hornbook.text.models import NETS

ON_TEXT = ("gpt", "gru", "mlp")


def other_work() -> None:
    """Keep a processor busy."""
    while True:
        sum(range(10_000))


def told_and_true(source: str, model: str, seconds: float, out: Path) -> tuple[float, float]:
    """The time that a training told, and the time that it took, in seconds.

    Raises:
        RuntimeError: if it told none.
    """
    at, told = 0.0, None

    def listen(event: Event) -> None:
        nonlocal at, told
        if isinstance(event, Progressed):
            at = event.progress.seconds
        elif isinstance(event, Estimated):
            told = at + event.seconds

    run = hornbook.train(
        source, model=model, minutes=seconds / 60, out=out, overwrite=True, baseline=False,
        training={"patience": 0}, listen=listen,
    )  # fmt: skip
    if told is None:
        raise RuntimeError(f"{model} told no time: give it more seconds")
    return told, run.summary.seconds


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description="the time told beside the time taken")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--busy", type=int, default=0)
    parser.add_argument("--names", default="names")
    parser.add_argument("--text", default="shakespeare")
    options = parser.parse_args()
    others = [multiprocessing.Process(target=other_work, daemon=True) for _ in range(options.busy)]
    for other in others:
        other.start()
    print(f"{'data':11} {'family':8} {'told':>7} {'true':>7}  {'apart':>6}   ({options.busy} busy)")
    with tempfile.TemporaryDirectory() as folder:
        for source, families in ((options.names, NETS), (options.text, ON_TEXT)):
            for model in families:
                name = Path(source).stem
                try:
                    told, true = told_and_true(source, model, options.seconds, Path(folder) / model)
                except (SettingsError, RuntimeError) as error:
                    print(f"{name:11} {model:8} {error}", flush=True)
                    continue
                apart = told / true - 1
                print(f"{name:11} {model:8} {told:7.1f} {true:7.1f}  {apart:+6.1%}", flush=True)
    for other in others:
        other.terminate()


if __name__ == "__main__":
    main()
