"""What calibration chose, kept once for a machine and a kind of training.

Sums come out differently, in their last digits, on other numbers of threads, in another precision
or by another way to the gradients. If a stopwatch chose among them for every training, the same
command would not give the same numbers. So the first training of a kind is measured, and every
later one takes what was chosen then: a JSON file each in the folder `calibration` of the cache.
What may be chosen makes a kind of its own: a training for which compiled steps are worth a try, as
it is longer or the kernels have been compiled since, is measured again, and so is every one that
compiled steps are open to when the kernels are others than those that were measured.
To measure again, remove that file, or the folder. What was measured while the machine was busy with
other work is not kept. A training too short to measure has the same path each time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from hornbook.caches import cache_folder
from hornbook.compute.load import cores_allowed, is_busy
from hornbook.compute.products import has_fast_bfloat16
from hornbook.errors import RunError
from hornbook.kernels.version import VERSION as KERNELS
from hornbook.records import JSONObject, read_record
from hornbook.training import calibration
from hornbook.training.calibration import Calibration
from hornbook.training.candidates import Candidates, candidates
from hornbook.training.protocols import BatchSource
from hornbook.training.settings import TrainingSettings

__all__ = ["VERSION", "calibrate_once", "kind_of_training"]

VERSION = 5  # of calibration itself: raised when choices are weighed otherwise
BUSY = "the machine was busy with other work while it was measured"
# What a choice of several threads is worth then: it stays, for the same command gives the same
# numbers, but it is said at once.
WAITING = (
    "{threads} threads were chosen for this kind of training while the machine was quiet. It is "
    "busy with other work now, and they wait for each other: `threads=1` may be faster."
)
TENTH = 0.1  # of the time that a training is to last: what is measured in it
LARGEST = 65_536  # bytes of a file that can be one
# Settings of training that change how long a step takes on one path beside another.
SHAPING = (
    "batch_size", "accumulate", "batches", "optimizer", "clip", "device",
    "threads", "precision", "gradients",
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What was chosen, as it is kept."""

    threads: int
    precision: Literal["float32", "bfloat16"]
    gradients: Literal["hand", "autograd", "compiled"]
    tried: tuple[tuple[str, float], ...]
    "Each combination in words, with its milliseconds per step."


def calibrate_once(
    objective: torch.nn.Module,
    batches: BatchSource,
    settings: TrainingSettings,
    what: JSONObject,
    *,
    seconds: float | None = None,
    tell: Callable[[str], None] = lambda text: None,
    note: Callable[[str], None] = lambda text: None,
) -> Calibration:
    """What `calibrate` chooses: measured for the first training of its kind, then remembered.

    Of two processes that measure at the same time, the one that is ready first has chosen for
    both. A file that is damaged is replaced; where none can be kept, the measurement counts for
    this training alone, and `unkept` says why.

    Args:
        objective: what is to be trained, on its device.
        batches: of the training.
        settings: as `calibrate` takes them.
        what: what is trained beside its parameters' shapes: the family, its settings, the data's
            kind.
        seconds: as of `candidates`.
        tell: as of `calibrate`.
        note: is told where threads that were chosen before will wait for others today.

    Raises:
        SettingsError: if there is no way to get gradients here, or not the one that is asked for.
        MissingPackageError: if what that needs is not installed.
    """
    open_ = candidates(objective, batches, settings, seconds)
    if not open_.worth_measuring:
        return calibration.calibrate(objective, batches, settings, open_)
    key = kind_of_training(objective, settings, what, open_)
    path = cache_folder() / "calibration" / f"{key}.json"
    kept, taken = read(path, open_), 0.0
    if kept is None:
        limit = None if seconds is None else TENTH * seconds
        found = calibration.calibrate(objective, batches, settings, open_, tell, limit)
        if found.cut:  # longer trainings of this kind have time to try the rest
            return replace(found, key=key)
        if not found.quiet:
            return replace(found, key=key, unkept=BUSY)
        taken, unkept = found.seconds, keep(path, found, open_)
        kept = read(path, open_)
        if kept is None or asdict(kept) == asdict(choice_of(found)):
            return replace(found, key=key, path=path, unkept=unkept)
    chosen = {name: getattr(kept, name) for name in ("threads", "precision", "gradients")}
    if not settings.threads and kept.threads > 1 and is_busy(kept.threads):
        note(WAITING.format(threads=kept.threads))
    return Calibration(
        replace(open_.start, **chosen), kept.tried, taken, open_.refused, key=key, path=path,
        remembered=True, not_compiled=open_.not_compiled,
    )  # fmt: skip


def kind_of_training(
    objective: torch.nn.Module,
    settings: TrainingSettings,
    what: JSONObject,
    open_: Candidates,
) -> str:
    """A digest of all that decides which path is the fastest: 32 hexadecimal digits.

    Args:
        objective, settings, what: as of `calibrate_once`.
        open_: what may be chosen.
    """
    told = {
        "version": VERSION,
        "torch": torch.__version__,
        "machine": platform.machine(),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "bfloat16": has_fast_bfloat16(torch.device("cpu")),
        "cores": cores_allowed(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if settings.device == "cuda" else None,
        "what": what,
        "offered": [dict(change) for change in open_.others],
        "kernels": KERNELS if open_.compiled else None,
        "training": {name: getattr(settings, name) for name in SHAPING},
        "parameters": [(name, [*p.shape]) for name, p in objective.named_parameters()],
    }
    spelled = json.dumps(told, sort_keys=True, default=str)
    return hashlib.sha256(spelled.encode()).hexdigest()[:32]


def choice_of(found: Calibration) -> Choice:
    """What is kept of a calibration."""
    s = found.settings
    assert s.precision != "auto"
    assert s.gradients != "auto"
    return Choice(s.threads, s.precision, s.gradients, found.tried)


def read(path: Path, open_: Candidates) -> Choice | None:
    """The choice in a file; None if there is none, or none that could have been made here."""
    try:
        if not path.is_file():  # a pipe would never end
            return None
        with path.open("rb") as file:
            kept = read_record(Choice, json.loads(file.read(LARGEST)), str(path))
    except (OSError, ValueError, RecursionError, RunError):
        return None
    return kept if open_.could_be(kept.threads, kept.precision, kept.gradients) else None


def keep(path: Path, found: Calibration, open_: Candidates) -> str:
    """Put a choice into its file, unless a whole one is there; gives why that failed, or nothing.

    Written aside and linked to its name, which only the first one can do.
    """
    data = json.dumps(asdict(choice_of(found)), indent=1).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        aside = Path(name)
        try:
            with open(number, "wb") as file:  # noqa: PTH123 - it is open already
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            place(aside, path, open_)
        finally:
            with contextlib.suppress(OSError):
                aside.unlink()
    except OSError as error:
        return f"{path.parent}: {error.strerror or error}"
    return ""


def place(aside: Path, path: Path, open_: Candidates) -> None:
    """Give a whole file its name, if no other has it."""
    try:
        os.link(aside, path)
    except FileExistsError:
        if read(path, open_) is None:  # damaged
            aside.replace(path)
    except OSError:  # a file system without links
        if not path.exists():
            aside.replace(path)
