"""The formats that a run can leave in, and the table that knows them by name.

A new one is a class with what `Exporter` asks for, and one line here.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hornbook.actions import Action
from hornbook.errors import SettingsError
from hornbook.extras import needing
from hornbook.records import JSON
from hornbook.runs import Run
from hornbook.settings import Settings
from hornbook.suggestions import did_you_mean

__all__ = ["FORMATS", "Exported", "Exporter", "Format", "export"]


@dataclass(frozen=True)
class Exported:
    """What was written, and what has to be said of it."""

    path: Path
    "The file, or the folder."
    figures: Mapping[str, JSON]
    "Sizes, losses and the like by name, for machines."
    remarks: Sequence[str | Action]
    "The same for people, sentence by sentence; among them what it holds of the training data."

    def as_dict(self) -> dict[str, JSON]:
        """All of it, for machines."""
        said = [one for one in self.remarks if isinstance(one, str)]
        return {"path": str(self.path), **self.figures, "remarks": said}


class Exporter(Protocol):
    """Writes runs in a format."""

    options: type[Settings]
    "What can be chosen of it."

    def write(self, run: Run, out: str | None, settings: Any) -> Exported:
        """Write a run.

        Args:
            run: any.
            out: where to; None: under the run's name, in the current folder.
            settings: an instance of `options`.

        Raises:
            SettingsError: if the format cannot hold the run, saying what stands in the way.
            RunError: if it cannot be written.
        """
        ...


@dataclass(frozen=True)
class Format:
    """A line of the table."""

    home: str
    "The exporter, as `module:name`; it is imported on first use."
    summary: str
    "One-line description."
    needs: str = ""
    "Module of a package that it needs beside the usual ones; empty: none."

    def load(self) -> Exporter:
        """The exporter.

        Raises:
            MissingPackageError: if its package is not installed, or cannot be imported.
        """
        if self.needs:
            with needing(self.needs, "This format"):
                importlib.import_module(self.needs)
        module, _, name = self.home.partition(":")
        exporter: Exporter = getattr(importlib.import_module(module), name)()
        return exporter


FORMATS: Mapping[str, Format] = {
    "html": Format(
        "hornbook.interchange.html.export:Page",
        "a page that samples and scores in any browser, without a network",
    ),
    "huggingface": Format(
        "hornbook.interchange.hugging_face.export:HuggingFace",
        "a folder that transformers loads: nets shaped as GPT-2 or Llama",
        needs="tokenizers",
    ),
    "gguf": Format(
        "hornbook.interchange.gguf.export:GGUF",
        "a file for llama.cpp: nets shaped as GPT-2 or Llama",
        needs="gguf",
    ),
    "onnx": Format(
        "hornbook.interchange.onnx.export:ONNX",
        "one step of any net on text, for onnxruntime and others",
        needs="onnx",
    ),
    "tensorboard": Format(
        "hornbook.interchange.tensorboard:TensorBoard",
        "an event file with the curves of any training, for TensorBoard",
    ),
}


def export(run: Run | Path | str, *, to: str, out: str | None = None, **settings: Any) -> Exported:
    """Write a run in another program's format.

        hornbook.export("runs/names-gpt", to="html", title="Names that nobody has")

    Args:
        run: a run, or its directory.
        to: a name of FORMATS.
        out: the file or folder; by default one with the run's name, in the current folder.
        settings: what can be chosen of the format, by name.

    Raises:
        SettingsError: if there is no such format, or it cannot hold the run.
        RunError: if the run is damaged, or nothing can be written there.
    """
    if to not in FORMATS:
        raise SettingsError(
            f"`to` must be one of {', '.join(FORMATS)}; it is {to!r}.",
            hint=did_you_mean(to, FORMATS).strip(),
            setting="to",
        )
    exporter = FORMATS[to].load()
    opened = run if isinstance(run, Run) else Run(run)
    return exporter.write(opened, out, exporter.options.from_dict(settings))
