"""The package as it is seen from outside: its command line, its files, another checkout of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

__all__ = ["Failed", "ask", "figures", "flags", "metrics", "same_bits", "tensors"]

METRICS = ("step", "epoch", "learning_rate", "batch", "train", "dev", "best")

# Read by the Python that runs a checkout; each request is answered, whatever becomes of it.
PROGRAM = """
import contextlib, io, json, sys, traceback
import hornbook
from hornbook.cli import main


def typed(arguments):
    return main(arguments)


def begun(data, out, model, settings, training, stop):
    from hornbook.models import family
    from hornbook.runs import Watcher

    class Stopper(Watcher):
        def began(self, run, about):
            if stop == 0:
                raise KeyboardInterrupt

        def progressed(self, trainer):
            if trainer.step == stop:
                trainer.stop = True

    with contextlib.suppress(KeyboardInterrupt):
        hornbook.train(
            data, model=model, out=out, training=training, baseline=False, watcher=Stopper(),
            settings=family(model).load().Settings.from_dict(settings),
        )
    return 0


answers = []
for what, given in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = {"typed": typed, "begun": begun}[what](**given)
        except SystemExit as stop:
            status = stop.code
        except Exception:
            status = -1
            traceback.print_exc()
    answers.append([status, out.getvalue(), err.getvalue()])
json.dump({"package": hornbook.__file__, "answers": answers}, sys.stdout)
"""


class Failed(str):
    """What a request told that went wrong."""


def ask(checkout: Path, folder: Path, requests: Sequence[tuple[str, dict[str, Any]]]) -> list[Any]:
    """What a checkout's code does, all in one process.

    Args:
        checkout: holds the package.
        folder: where it is called from.
        requests: `("typed", {"arguments": […]})` is a command; `("begun", {…})` a training that is
            stopped after the step `stop`, or, if that is 0, before the first; it needs the names
            that the package had at commit 3c9682e.

    Returns:
        Of each what it printed: the value if that was JSON, else the text, and `Failed` if it went
        wrong.

    Raises:
        RuntimeError: if it was not this checkout's code that ran.
    """
    own = {"PYTHONPATH": str(checkout.resolve()), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=json.dumps(requests), cwd=folder, text=True,
        encoding="utf-8", capture_output=True, env={**os.environ, **own},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"The code of {checkout} cannot be called:\n{done.stderr}")
    told = json.loads(done.stdout)
    if checkout.resolve() not in Path(told["package"]).resolve().parents:
        raise RuntimeError(f"{told['package']} was called, which is not in {checkout}.")
    return [understood(*answer) for answer in told["answers"]]


def understood(status: object, out: str, err: str) -> Any:
    """What was printed, as JSON where it is some."""
    if status:
        return Failed(f"status {status}: {err.strip()[-2000:]}")
    try:
        return json.loads(out)
    except ValueError:
        return out


def flags(values: Mapping[str, Any]) -> list[str]:
    """Settings as they are typed."""
    words = []
    for name, value in values.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            items = value if isinstance(value, list) else [value]
            words += [f"--{flag}", *map(str, items)]
    return words


def figures(verb: str, told: Any) -> Any:
    """What counts of a verb's answer in JSON, whatever its format; all of it if it failed."""
    if isinstance(told, Failed):
        return told
    if verb == "evaluate":
        return {split: loss.get("nats_per_token", loss.get("nats")) for split, loss in told.items()}
    if verb == "sample":
        return [one["text"] for one in told["samples"]]
    if verb == "score":
        return [[token["nats"] for token in text["tokens"]] for text in told]
    if verb == "inspect":
        return {
            "watched": told["watched"],
            "verdicts": [one["severity"] for one in told.get("findings", told.get("verdicts"))],
        }
    kept = ("ending", "steps", "best_step", "parameters", "losses")
    found = {name: told[name] for name in kept if told.get(name) is not None}
    if "baseline" in told:
        found["baseline"] = told["baseline"]["losses"]
    for baseline in told.get("baselines", ()):
        found["baseline"] = baseline["reached"]
    if told.get("members"):
        found["members"] = [[one["weight"], one["dev"]] for one in told["members"]]
    return found


def metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of a run's metrics; the losses may stand flat in a line, or by themselves."""
    if not (path / "metrics.jsonl").exists():
        return []
    lines = map(json.loads, (path / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    whole = [{**line, **line.get("losses", {})} for line in lines]
    return [{name: line[name] for name in METRICS if name in line} for line in whole]


def tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a safetensors file by name; none if there is no such file."""
    found: dict[str, npt.NDArray[Any]] = load_file(path) if path.exists() else {}
    return found


def same_bits(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    """Whether two arrays are the same, bit for bit."""
    alike = one.dtype == other.dtype and one.shape == other.shape
    return alike and np.asarray(one).tobytes() == np.asarray(other).tobytes()
