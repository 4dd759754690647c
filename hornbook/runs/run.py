"""A finished run, or one that was stopped: opened, asked, sampled from."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np

from hornbook.errors import RunError, SettingsError
from hornbook.runs.directory import RunDirectory
from hornbook.settings import Settings
from hornbook.storage import read_json, read_tensors
from hornbook.text.corpus import SPLITS, Splits, load_corpus
from hornbook.text.losses import Loss, measure
from hornbook.text.models import family
from hornbook.text.models.contract import LanguageModel
from hornbook.text.novelty import Novelty
from hornbook.text.samples import robust_longest
from hornbook.text.sampling import Samples, SamplingSettings, sample
from hornbook.text.scores import Score, score
from hornbook.text.stream import Stream, encode_lines, encode_split, encode_text
from hornbook.tokenizers.contract import Tokenizer
from hornbook.tokenizers.kinds import read_tokenizer

__all__ = ["Run"]

TEXT_LENGTH = 500  # tokens of a sample of a text, where nothing else is asked


class Run:
    """A run directory, opened.

    Args:
        path: the directory.

    Raises:
        RunError: if it is no run, damaged, or of a newer version.
    """

    def __init__(self, path: Path | str) -> None:
        self.directory = RunDirectory(path)
        self.plan = self.directory.read_plan()
        self.family: str = self.plan["family"]

    @property
    def path(self) -> Path:
        """The directory."""
        return self.directory.path

    @property
    def mode(self) -> str:
        """`lines` or `text`."""
        return str(self.plan["data"]["mode"])

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The alphabet of the run."""
        return read_tokenizer(read_json(self.directory.tokenizer))

    @cached_property
    def splits(self) -> Splits:
        """The data of the run."""
        return self.directory.read_splits(self.plan)

    @cached_property
    def settings(self) -> Settings:
        """The settings of the model."""
        try:
            settings: Settings = (
                family(self.family).load().Settings.from_dict(self.plan["settings"])
            )
        except SettingsError as error:
            raise RunError(
                f"{self.directory.run} is damaged: {error.message}", hint="Train again."
            ) from error
        return settings

    @cached_property
    def model(self) -> LanguageModel:
        """The model with the weights of its best dev loss."""
        model: LanguageModel = family(self.family).load()(self.settings, self.tokenizer.vocabulary)
        arrays, about = read_tensors(self.directory.model)
        self.refuse_foreign(self.directory.model, about)
        model.load_arrays(arrays)
        return model

    def refuse_foreign(self, path: Path, about: dict[str, Any]) -> None:
        """Make sure that a file of tensors was written by this run.

        Raises:
            RunError: if it was not.
        """
        if about.get("run") != self.plan["id"]:
            raise RunError(
                f"{path} does not fit this run: it was written by another.",
                hint="Copy the run directory again from where it was whole, or train again.",
            )

    @cached_property
    def summary(self) -> dict[str, Any]:
        """How training ended; empty if it has not."""
        path = self.directory.summary
        if not path.exists():
            return {}
        summary = read_json(path)
        # JSON has no infinity: it is kept as text.
        losses = {name: float(loss) for name, loss in summary.get("losses", {}).items()}
        return {**summary, "losses": losses}

    @cached_property
    def novelty(self) -> Novelty:
        """Tells what stands in the data."""
        return Novelty(self.splits)

    def stream(self, split: str) -> Stream:
        """The ids of a split."""
        return encode_split(self.splits, split, self.tokenizer)

    def sample(self, settings: SamplingSettings | None = None, **changes: Any) -> Samples:
        """Draw new things, one after the other while they are iterated over.

            for made in run.sample(n=20, only_new=True):
                print(made.text)

        Args:
            settings: how.
            changes: fields of the settings by name.

        Raises:
            SamplingError, SettingsError, UnknownSymbolError: if that cannot be had.
        """
        settings = replace(settings or SamplingSettings(), **changes)
        longest = settings.longest or self.longest
        return sample(self.model, self.tokenizer, settings, longest=longest, novelty=self.novelty)

    @property
    def longest(self) -> int:
        """Most tokens in a sample, where nothing else is asked.

        Of a text 500; else what `robust_longest` says of the examples in all splits.
        """
        if self.mode == "text":
            return TEXT_LENGTH
        lengths = [np.diff(self.stream(split).bounds) - 1 for split in SPLITS]
        return robust_longest(np.concatenate(lengths))

    def score(self, text: str) -> Score:
        """What a string costs, symbol by symbol.

        Raises:
            UnknownSymbolError: if it holds a symbol that is not in the alphabet.
        """
        return score(self.model, self.tokenizer, text)

    def evaluate(
        self,
        data: str | Path | None = None,
        *,
        encoding: str = "auto",
        stride: int | None = None,
    ) -> dict[str, Loss]:
        """Losses on every split, or on another file as a whole.

        In `lines` mode there is a further row for those lines of dev and test that do not stand in
        train as well, where there are any that do.

        Args:
            data: the other file.
            encoding: of that file.
            stride: how many predictions count in each row of a text that a sequence model reads;
                1 gives each the fullest context (see `hornbook.text.losses.predictions`).

        Raises:
            DataError, EncodingError, UnknownSymbolError: if the other file cannot be used.
            SettingsError: if the stride does not fit the model.
        """
        if data is not None:
            mode = cast(Any, self.mode)
            corpus = load_corpus(data, mode=mode, encoding=encoding)
            if self.mode == "lines":
                stream = encode_lines(tuple(corpus.lines), self.tokenizer)
            else:
                stream = encode_text(corpus.text, self.tokenizer)
            return {corpus.name: self.measure(stream, stride)}
        found: dict[str, Loss] = {}
        for split in SPLITS:
            if not self.splits[split]:
                continue
            found[split] = self.measure(self.stream(split), stride)
            if self.mode == "lines" and split != "train":
                lines = self.splits[split]
                new = tuple(line for line in lines if line not in self.novelty.sets["train"])
                if 0 < len(new) < len(lines):
                    stream = encode_lines(new, self.tokenizer)
                    found[f"{split}, not in train"] = self.measure(stream, stride)
        return found

    def measure(self, stream: Stream, stride: int | None = None) -> Loss:
        """The loss of the model on a stream of this run's tokenizer."""
        return measure(self.model, stream, self.tokenizer, stride=stride)
