"""A run directory: everything kept of one training, complete in itself.

run.json                 what was trained on what, and how; written last, so it marks a whole run
tokenizer.json           the alphabet
data/train.txt, …        the splits, word for word
metrics.jsonl            a line for each evaluation
health.jsonl             a line for each update that was watched
model.safetensors        the weights of the best dev loss, or the counts
checkpoint.safetensors   the state to go on from: weights, optimizer, cursor, random numbers
summary.json             how it ended
counts.png               of an n-gram model of order 2
report.html              what `inspect` found
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

from hornbook.errors import RunError
from hornbook.storage import finite, read_json, write_bytes, write_json
from hornbook.text.corpus import SPLITS, Corpus, Splits
from hornbook.tokenizers.contract import Tokenizer
from hornbook.version import __version__

__all__ = ["FORMAT", "RunDirectory", "reserve"]

FORMAT = 1
OWN = {
    "run.json",
    "tokenizer.json",
    "metrics.jsonl",
    "health.jsonl",
    "report.html",
    "model.safetensors",
    "checkpoint.safetensors",
    "summary.json",
    "counts.png",
    *(f"data/{split}.txt" for split in SPLITS),
}
NEEDED = {"id", "family", "settings", "training", "baseline", "data"}


class RunDirectory:
    """The files of a run, by name."""

    def __init__(self, path: Path | str) -> None:
        if not str(path):
            raise RunError(
                "The name of the run directory is empty.", hint="Give one, such as runs/mine."
            )
        self.path = Path(path)
        self.run = self.path / "run.json"
        self.tokenizer = self.path / "tokenizer.json"
        self.metrics = self.path / "metrics.jsonl"
        self.health = self.path / "health.jsonl"
        self.report = self.path / "report.html"
        self.model = self.path / "model.safetensors"
        self.checkpoint = self.path / "checkpoint.safetensors"
        self.summary = self.path / "summary.json"
        self.counts = self.path / "counts.png"

    def refuse_if_taken(self, *, overwrite: bool) -> None:
        """Make sure that a new run may be put here; nothing is touched yet.

        Raises:
            RunError: if something is there that was not told to be replaced, or that is no run.
        """
        if not os.path.lexists(self.path):
            return
        if not self.path.is_dir():
            raise RunError(f"{self.path} is a file.", hint="Give a directory with --out.")
        names = {item.relative_to(self.path).as_posix() for item in self.path.rglob("*")}
        foreign = sorted(n for n in names - OWN - {"data"} if not n.endswith(".part"))
        if foreign:
            raise RunError(
                f"{self.path} holds files that are no part of a run: {', '.join(foreign[:3])}.",
                hint="Give another --out; such a directory is never overwritten.",
            )
        if names and not overwrite:
            raise RunError(
                f"There is a run in {self.path} already.",
                hint="Go on with it (--resume), replace it (--overwrite), or give another --out.",
            )

    def create(
        self,
        corpus: Corpus,
        splits: Splits,
        tokenizer: Tokenizer,
        plan: dict[str, Any],
        *,
        overwrite: bool = False,
    ) -> None:
        """Begin a run: everything that is known before training.

        It is written beside and put in place at once, so that a run which it replaces is there
        until the new one is.

        Args:
            corpus: what was read.
            splits: how it was cut.
            tokenizer: its alphabet.
            plan: family and settings, for `run.json`.
            overwrite: replace a run that is there.

        Raises:
            RunError: if it cannot be written, or something else has come into the way meanwhile.
        """
        path = self.path.absolute()
        aside, old = (path.with_name(f".{path.name}.{what}") for what in ("new", "old"))
        try:
            if path.is_dir() and not any(path.iterdir()):
                self.write_plan(corpus, splits, tokenizer, plan)
                return
            if path == Path.cwd():
                raise RunError(
                    "The current directory cannot be replaced.", hint="Call it from another one."
                )
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir(parents=True)
            RunDirectory(aside).write_plan(corpus, splits, tokenizer, plan)
            if path.exists():
                self.refuse_if_taken(overwrite=overwrite)  # another may have come meanwhile
                shutil.rmtree(old, ignore_errors=True)
                path.replace(old)
            aside.replace(path)
            shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            raise RunError(
                f"Cannot write to {self.path}: {error.strerror or error}.",
                hint="Give a place where you may write with --out.",
            ) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def write_plan(
        self, corpus: Corpus, splits: Splits, tokenizer: Tokenizer, plan: dict[str, Any]
    ) -> None:
        """Write splits, tokenizer and plan into an empty directory, the plan last."""
        (self.path / "data").mkdir()
        sums = {}
        for split in SPLITS:
            texts = splits[split]
            data = "".join(t + "\n" for t in texts) if splits.mode == "lines" else "".join(texts)
            encoded = data.encode("utf-8", "surrogatepass")
            write_bytes(self.data(split), encoded)
            sums[split] = hashlib.sha256(encoded).hexdigest()
        write_json(self.tokenizer, tokenizer.as_dict())
        about = {
            "name": corpus.name,
            "source": corpus.source,
            "mode": corpus.mode,
            "encoding": corpus.encoding,
            "sha256": sums,
        }
        head = {"format": FORMAT, "hornbook": __version__, "id": secrets.token_hex(8)}
        write_json(self.run, {**head, **plan, "data": about})

    def data(self, split: str) -> Path:
        """The file of a split."""
        return self.path / "data" / f"{split}.txt"

    def read_plan(self) -> dict[str, Any]:
        """What `create` wrote.

        Raises:
            RunError: if this is no run, a damaged one, or one of a newer version.
        """
        # os.path, unlike Path, only says no to a name that is no possible path.
        if not os.path.isfile(self.run):  # noqa: PTH113
            what = "is no run directory" if os.path.exists(self.path) else "does not exist"  # noqa: PTH110
            raise RunError(
                f"{self.path} {what}.",
                hint="Give the directory that `hornbook train` named; begin one with: "
                "hornbook train DATA",
            )
        plan = read_json(self.run)
        form = plan.get("format")
        if isinstance(form, int) and form > FORMAT:
            raise RunError(
                f"{self.path} was written by a newer hornbook ({plan.get('hornbook')}, format "
                f"{form}); this one ({__version__}) reads format {FORMAT}.",
                hint="Upgrade: pip install --upgrade hornbook",
            )
        data: Any = plan.get("data")
        sound = form == FORMAT and plan.keys() >= NEEDED and isinstance(data, dict)
        sound = sound and data.keys() >= {"name", "source", "mode", "sha256"}
        if not sound or data["sha256"].keys() != set(SPLITS):
            raise RunError(f"{self.run} is damaged or not a run's.", hint="Train again.")
        return plan

    def read_splits(self, plan: dict[str, Any]) -> Splits:
        """The splits, as they were.

        Raises:
            RunError: if a file is missing or not what was written.
        """
        mode, found = plan["data"]["mode"], {}
        for split in SPLITS:
            path = self.data(split)
            try:
                data = path.read_bytes()
            except OSError as error:
                raise RunError(f"Cannot read {path}: {error.strerror or error}.") from error
            if hashlib.sha256(data).hexdigest() != plan["data"]["sha256"][split]:
                raise RunError(
                    f"{path} is not the data of this run any more: it was changed or cut short.",
                    hint="Copy it again from where it was whole, or train again.",
                )
            text = data.decode("utf-8", "surrogatepass")
            lines = tuple(text.split("\n")[:-1]) if mode == "lines" else (text,) if text else ()
            found[split] = lines
        return Splits(mode, found["train"], found["dev"], found["test"])

    def append_metrics(self, record: dict[str, Any]) -> None:
        """Add a line to the metrics.

        Raises:
            RunError: if it cannot be written.
        """
        # The checkpoint that counts this line comes after it.
        append_line(self.metrics, json.dumps(record, allow_nan=False), surely=True)

    def read_metrics(self) -> list[dict[str, Any]]:
        """The records of the metrics; a last line that was cut short is left out.

        Raises:
            RunError: if there are lines that are no records.
        """
        return read_records(self.metrics)

    def append_health(self, record: dict[str, Any]) -> None:
        """Add a line to what was watched.

        Raises:
            RunError: if it cannot be written.
        """
        append_line(self.health, json.dumps(finite(record), allow_nan=False), surely=False)

    def read_health(self) -> list[dict[str, Any]]:
        """What was watched of each update, in their order; empty if nothing was.

        Raises:
            RunError: if there are lines that are no records.
        """
        return read_records(self.health)

    def rewind_health(self, step: int) -> None:
        """Forget the updates from this one on: they will be done again."""
        if self.health.exists():
            records = [record for record in self.read_health() if record["step"] < step]
            lines = [json.dumps(record, allow_nan=False) + "\n" for record in records]
            write_bytes(self.health, "".join(lines).encode())

    def rewind_metrics(self, step: int) -> None:
        """Forget the records after a step: they will be made again.

        Raises:
            RunError: if the record of that step is not there.
        """
        records = [record for record in self.read_metrics() if record["step"] <= step]
        if step >= 0 and (not records or records[-1]["step"] != step):
            raise RunError(
                f"{self.metrics} is damaged: it has no record of step {step:,}.",
                hint="Copy the run directory again, or train it again.",
            )
        lines = [json.dumps(record, allow_nan=False) + "\n" for record in records]
        write_bytes(self.metrics, "".join(lines).encode())


def append_line(path: Path, line: str, *, surely: bool) -> None:
    """Add a line to a file.

    Args:
        path: of the file.
        line: without its end.
        surely: wait until it is on the disk.

    Raises:
        RunError: if it cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(line + "\n")
            file.flush()
            if surely:
                os.fsync(file.fileno())
    except OSError as error:
        raise RunError(
            f"Cannot write {path}: {error.strerror or error}.",
            hint="Make room, then go on with --resume; the last checkpoint is unharmed.",
        ) from error


def read_records(path: Path) -> list[dict[str, Any]]:
    """The JSON lines of a file, each with its step; a last one that was cut short is left out.

    Raises:
        RunError: if there are lines that are no records.
    """
    if not path.exists():
        return []
    try:
        whole = path.read_bytes().decode().split("\n")[:-1]
        records = [json.loads(line) for line in whole]
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}.", hint="Train again.") from error
    if not all(isinstance(r, dict) and isinstance(r.get("step"), int) for r in records):
        raise RunError(f"{path} is damaged.", hint="Train again.")
    return records


def reserve(parent: Path, name: str) -> Path:
    """Make the directory `parent/name`, or with -2, -3, … behind it the first that is not taken.

    It is made here and now, so that two trainings begun together get two names.

    Raises:
        RunError: if it cannot be made.
    """
    path, number = parent / name, 2
    try:
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                path.mkdir()
                return path
            except FileExistsError:
                path, number = parent / f"{name}-{number}", number + 1
    except OSError as error:
        raise RunError(
            f"Cannot make {path}: {error.strerror or error}.",
            hint="Give a place where you may write with --out.",
        ) from error
