"""A run directory: everything kept of one training, complete in itself.

run.json                 what was trained on what, and how; written last, so it marks a whole run
tokenizer.json           the alphabet
data/train.txt, …        the splits, word for word
metrics.jsonl            a line for each evaluation
model.safetensors        the weights of the best dev loss, or the counts
checkpoint.safetensors   the state to go on from: weights, optimizer, cursor, random numbers
summary.json             how it ended
counts.png               of an n-gram model of order 2
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from hornbook.data.corpus import SPLITS, Corpus, Splits
from hornbook.data.tokenizer import CharTokenizer
from hornbook.errors import RunError
from hornbook.storage import read_json, write_bytes, write_json
from hornbook.version import __version__

__all__ = ["FORMAT", "RunDirectory", "free_name"]

FORMAT = 1
OWN = {
    "run.json",
    "tokenizer.json",
    "data",
    "metrics.jsonl",
    "model.safetensors",
    "checkpoint.safetensors",
    "summary.json",
    "counts.png",
}


class RunDirectory:
    """The files of a run, by name."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.run = self.path / "run.json"
        self.tokenizer = self.path / "tokenizer.json"
        self.metrics = self.path / "metrics.jsonl"
        self.model = self.path / "model.safetensors"
        self.checkpoint = self.path / "checkpoint.safetensors"
        self.summary = self.path / "summary.json"
        self.counts = self.path / "counts.png"

    def refuse_if_taken(self, *, overwrite: bool) -> None:
        """Make sure that a new run may be put here; nothing is touched yet.

        Raises:
            RunError: if something is there that was not told to be replaced, or that is no run.
        """
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise RunError(f"{self.path} is a file.", hint="Give a directory with --out.")
        names = {item.name for item in self.path.iterdir()}
        foreign = sorted(name for name in names - OWN if not name.endswith(".part"))
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
        self, corpus: Corpus, splits: Splits, tokenizer: CharTokenizer, plan: dict[str, Any]
    ) -> None:
        """Begin a run: everything that is known before training.

        Args:
            corpus: what was read.
            splits: how it was cut.
            tokenizer: its alphabet.
            plan: family and settings, for `run.json`.

        Raises:
            RunError: if it cannot be written.
        """
        try:
            # Without run.json what is left of an old run is no run any more.
            self.run.unlink(missing_ok=True)
            for name in OWN - {"run.json", "data"}:
                (self.path / name).unlink(missing_ok=True)
            if (self.path / "data").exists():
                shutil.rmtree(self.path / "data")
            (self.path / "data").mkdir(parents=True)
        except OSError as error:
            raise RunError(
                f"Cannot write to {self.path}: {error.strerror or error}.",
                hint="Give a place where you may write with --out.",
            ) from error
        sums = {}
        for split in SPLITS:
            data = (
                "".join(line + "\n" for line in splits[split])
                if splits.mode == "lines"
                else "".join(splits[split])
            ).encode("utf-8", "surrogatepass")
            write_bytes(self.data(split), data)
            sums[split] = hashlib.sha256(data).hexdigest()
        write_json(self.tokenizer, tokenizer.as_dict())
        about = {
            "name": corpus.name,
            "source": corpus.source,
            "mode": corpus.mode,
            "encoding": corpus.encoding,
            "sha256": sums,
        }
        write_json(self.run, {"format": FORMAT, "hornbook": __version__, **plan, "data": about})

    def data(self, split: str) -> Path:
        """The file of a split."""
        return self.path / "data" / f"{split}.txt"

    def read_plan(self) -> dict[str, Any]:
        """What `create` wrote.

        Raises:
            RunError: if this is no run, a damaged one, or one of a newer version.
        """
        if not self.path.is_dir() or not self.run.exists():
            what = "is no run directory" if self.path.exists() else "does not exist"
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
        if form != FORMAT or not {"family", "settings", "data"} <= plan.keys():
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
        try:
            with self.metrics.open("a", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps(record, allow_nan=False) + "\n")
        except OSError as error:
            raise RunError(
                f"Cannot write {self.metrics}: {error.strerror or error}.",
                hint="Make room, then go on with --resume; the last checkpoint is unharmed.",
            ) from error

    def read_metrics(self, up_to: int | None = None) -> list[dict[str, Any]]:
        """The records of the metrics, up to a step; a last line that was cut short is left out."""
        records: list[dict[str, Any]] = []
        if self.metrics.exists():
            for line in self.metrics.read_text(encoding="utf-8").splitlines():
                try:
                    record = json.loads(line)
                except ValueError:
                    break
                if up_to is None or record["step"] <= up_to:
                    records.append(record)
        return records

    def rewind_metrics(self, step: int) -> None:
        """Forget the records after a step: they will be made again."""
        lines = [json.dumps(record, allow_nan=False) + "\n" for record in self.read_metrics(step)]
        write_bytes(self.metrics, "".join(lines).encode())


def free_name(parent: Path, name: str) -> Path:
    """`parent/name`, or with -2, -3, … behind it the first that is not taken."""
    path, number = parent / name, 2
    while path.exists():
        path, number = parent / f"{name}-{number}", number + 1
    return path
