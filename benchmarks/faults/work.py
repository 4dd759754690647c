"""What is done to runs, and what must hold after any of it was cut short."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import hornbook
from hornbook.errors import HornbookError
from hornbook.inspection.inspect import inspect
from hornbook.runs import Run
from hornbook.runs.lock import LOCK
from hornbook.tensor_files import read_tensors

__all__ = ["WORKS", "Place", "Work", "made"]

NAMES = "ada bea cleo dora elsa fay gina hedy ida june kay lea mia nora olga pia rosa sue tess uma"
SMALL = {"n_hidden": [8], "n_embd": 3}
SHORT = {
    "steps": 40, "batch_size": 8, "evaluate_every": 10, "watch": True, "watch_every": 10,
    "threads": 1, "gradients": "hand", "precision": "float32",
}  # fmt: skip


class Place:
    """A folder with data, the runs that are worked on, and what they must end as.

    Attributes:
        data: a file of names.
        old: a finished run that no fault may touch.
        counts: another.
        expected: the weights of a net that was trained without any fault.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data, self.old, self.counts = (
            folder / name for name in ("names.txt", "old", "counts")
        )
        self.data.write_text("\n".join(NAMES.split() * 2) + "\n", encoding="utf-8")
        hornbook.train(self.data, model="ngram", out=self.counts)
        train(self.data, self.old)
        self.expected = weights(self.old)
        self.stopped = folder / "stopped"
        shutil.copytree(self.old, self.stopped)
        (self.stopped / "summary.json").unlink()
        (self.stopped / "checkpoint.safetensors").unlink()


def train(data: Path, out: Path, *, overwrite: bool = False) -> Run:
    """Train a small net; the same one each time."""
    return hornbook.train(
        data, model="mlp", out=out, settings=SMALL, training=SHORT, overwrite=overwrite,
        baseline=False,
    )  # fmt: skip


def weights(path: Path) -> dict[str, Any]:
    """The weights of a run, as they stand in its file."""
    return read_tensors(path / "model.safetensors")[0]


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two sets of weights agree to the bit."""
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


@dataclass(frozen=True)
class Work:
    """Something that is done to a run directory.

    Args:
        prepare: puts there what it begins with.
        do: the work itself.
        mend: what a user would do after it was cut short.
        always: what is wrong after it was cut short, before it is mended; empty if nothing is.
        after: what is wrong when it is mended.
    """

    prepare: Callable[[Place, Path], Any]
    do: Callable[[Place, Path], Any]
    mend: Callable[[Place, Path], Any]
    always: Callable[[Place, Path], str]
    after: Callable[[Place, Path], str]


def made(place: Place, out: Path, work: Work) -> str:
    """What is wrong with a directory in which some work was cut short; empty if nothing is."""
    try:
        return work.always(place, out) or work.mend(place, out) or work.after(place, out)
    except HornbookError as error:
        return f"refused: {error}"


def nothing(place: Place, out: Path) -> str:
    """Nothing is there to begin with, nothing is to be done, nothing can be wrong."""
    return ""


def begin_or_resume(place: Place, out: Path) -> str:
    """Go on if there is a run, else begin again, as its messages say."""
    if (out / "run.json").exists():
        if not (out / "summary.json").exists() or not Run(out).summary.ended:
            hornbook.resume(out)
    else:
        train(place.data, out)
    return ""


def is_expected(place: Place, out: Path) -> str:
    """A finished run with the weights that it must have, and nothing left behind."""
    if not Run(out).summary.ended:
        return "it has not ended"
    if not same(weights(out), place.expected):
        return "its weights are not those of an undisturbed training"
    steps = [record.step for record in Run(out).directory.read_metrics()]
    if steps != sorted(set(steps)) or steps[-1] != SHORT["steps"]:
        return f"its metrics have the steps {steps}"
    return litter(place, out)


def litter(place: Place, out: Path) -> str:
    """What lies around and belongs to nobody."""
    found = [item.name for item in out.parent.glob(f".{out.name}.*")]
    found += [item.name for item in out.rglob(".*") if item.name != LOCK]
    return f"left behind: {', '.join(found)}" if found else ""


def loads(place: Place, out: Path) -> str:
    """A run with a model, the old one or the new one."""
    model = Run(out).model
    return "" if model.n_parameters and list(Run(out).sample(n=1)) else "it has no model"


def copy_of(name: str) -> Callable[[Place, Path], Any]:
    """Begin with a copy of a run."""
    return lambda place, out: shutil.copytree(getattr(place, name), out)


def overwrite_again(place: Place, out: Path) -> str:
    """Finish the replacing: resume what has taken the place, else begin it again."""
    if Run(out).family == "mlp":
        return begin_or_resume(place, out)
    train(place.data, out, overwrite=True)
    return ""


def count(place: Place, out: Path, *, overwrite: bool = False) -> None:
    """Count n-grams."""
    hornbook.train(place.data, model="ngram", out=out, overwrite=overwrite)


def count_again(place: Place, out: Path) -> str:
    """Counting cannot be resumed: it is done again."""
    count(place, out, overwrite=(out / "run.json").exists())
    return ""


def counted(place: Place, out: Path) -> str:
    """The counts that it must have."""
    right = same(weights(out), weights(place.counts))
    return litter(place, out) if right else "its counts are others"


def mix(place: Place, out: Path, *, overwrite: bool = False) -> None:
    """Mix the two runs that are there."""
    hornbook.mix([place.old, place.counts], out=out, overwrite=overwrite)


def mix_again(place: Place, out: Path) -> str:
    """A mixture cannot be resumed: it is made again."""
    mix(place, out, overwrite=(out / "run.json").exists())
    return ""


def members_stand(place: Place, out: Path) -> str:
    """What was mixed is as it was, and the mixture loads."""
    stands = same(weights(place.old), place.expected)
    return loads(place, out) or litter(place, out) if stands else "a member was changed"


def strip_again(place: Place, out: Path) -> str:
    """Strip it once more."""
    hornbook.strip(out)
    return ""


def stripped(place: Place, out: Path) -> str:
    """Nothing of the text is left, and it samples."""
    left = [p.name for p in out.rglob("*") if p.is_file() and b"dora" in p.read_bytes()]
    return f"the text is in {', '.join(left)}" if left else loads(place, out)


def look(place: Place, out: Path) -> None:
    """Inspect, and write the page."""
    found = inspect(Run(out))
    found.write(out / "report.html")


def look_again(place: Place, out: Path) -> str:
    """Write the page once more, and go on as ever."""
    look(place, out)
    return ""


WORKS: dict[str, Work] = {
    "train": Work(
        nothing, lambda p, out: train(p.data, out), begin_or_resume, nothing, is_expected
    ),
    "resume": Work(
        copy_of("stopped"), lambda p, out: hornbook.resume(out), begin_or_resume, nothing,
        is_expected,
    ),
    "overwrite": Work(
        copy_of("counts"), lambda p, out: train(p.data, out, overwrite=True), overwrite_again,
        loads, is_expected,
    ),
    "count": Work(nothing, count, count_again, nothing, counted),
    "count over a net": Work(
        copy_of("old"), lambda p, out: count(p, out, overwrite=True), count_again, loads, counted
    ),
    "mix": Work(nothing, mix, mix_again, nothing, members_stand),
    "mix over a net": Work(
        copy_of("old"), lambda p, out: mix(p, out, overwrite=True), mix_again, loads, members_stand
    ),
    "strip": Work(copy_of("old"), lambda p, out: hornbook.strip(out), strip_again, loads, stripped),
    "inspect": Work(copy_of("old"), look, look_again, loads, nothing),
}  # fmt: skip
