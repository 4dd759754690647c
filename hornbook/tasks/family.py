"""Families of models, and where a model's numbers began."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from hornbook.errors import SettingsError
from hornbook.extras import needing_torch
from hornbook.suggestions import did_you_mean

if TYPE_CHECKING:
    from hornbook.settings import Settings
    from hornbook.tasks.data import Data
    from hornbook.training.settings import TrainingSettings

__all__ = ["Ancestor", "Family", "Imported", "Preset", "Start", "find_family", "no_family"]

USUAL = 80_000  # rows of train, where they are not known


@dataclass(frozen=True)
class Ancestor:
    """The run whose weights a training began with."""

    run: str
    "Its path, as it was given."
    id: str
    weights: str
    "SHA-256 of the file of its weights."
    steps: int
    "Updates after which these weights were kept."
    measured: float | None = None
    "Their value of the deciding measure, on the ancestor's own dev split, or on train."
    imported: bool = False
    "Whether its weights were imported, or began with some that were."
    shortened: Mapping[str, int] = field(default_factory=dict)
    "Sizes that are smaller than the ancestor's, by the name of the setting."


@dataclass(frozen=True)
class Imported:
    """Where imported weights came from."""

    source: str
    "The file or folder, or the name, as it was given."
    form: str
    "Its format: `safetensors` or `gguf`."
    files: Mapping[str, str]
    "SHA-256 of each file of weights that was read, by its name."
    tokens: str | None = None
    "The file of tokens that was named, if one was."
    block_size: int | None = None
    "The context that was asked for, if one was."


@dataclass(frozen=True)
class Start:
    """Where a model's numbers began."""

    kind: Literal["seed", "fit", "runs", "import", "run"]
    """Initialised from a seed, fitted to the data in one pass, made from other runs, imported, or
    begun with the weights of one run."""
    seed: int | None = None
    ancestors: tuple[str, ...] = ()
    "Ids of those runs, or the name of what was imported."
    ancestor: Ancestor | None = None
    "More of the one run that it began with."
    imported: Imported | None = None
    "More of what was imported."


@dataclass(frozen=True)
class Preset:
    """Settings of a family under one name: those of a model that was published."""

    summary: str
    "One-line description."
    settings: Mapping[str, Any]
    "Of the family, where they differ from its defaults."
    options: Mapping[str, Any] = field(default_factory=dict)
    "Of loading the data, where they differ from the task's defaults."
    training: Mapping[str, Any] = field(default_factory=dict)
    "Recommended training settings, where they differ from the family's."


@dataclass(frozen=True)
class Family:
    """A family of models: a line of a task's table."""

    home: str | type[Any]
    "The class, with an attribute `Settings`; or its `module:name`, imported on first use."
    summary: str
    "One-line description."
    made_by: Literal["training", "counting", "fitting", "mixing"] = "training"
    "By gradient descent, by counting, by another fit in one pass, or by mixing other runs."
    training: Mapping[str, Any] = field(default_factory=dict)
    "Recommended training settings, where they differ from the general defaults."
    sized: Callable[[int], Mapping[str, Any]] | None = None
    "Those that hang on the size of the data, from the number of rows of train."
    shaped: Callable[[Any], Mapping[str, Any]] | None = None
    "In the place of `sized`, from the `Data.shape`, where that is known."
    kinds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    "Further recommended training settings for each `Data.kind`."
    fine_tuning: Mapping[str, Any] = field(default_factory=dict)
    "Recommended training settings where training begins with weights that were imported."
    adapting: Mapping[str, Any] = field(default_factory=dict)
    "Further ones where those stay as they are, and only what stands beside them is trained."
    presets: Mapping[str, Preset] = field(default_factory=dict)
    "Settings of models that were published, by name."

    @property
    def trained(self) -> bool:
        """Whether it is trained by gradients."""
        return self.made_by == "training"

    @property
    def fitted(self) -> bool:
        """Whether it is made in one pass over the data, with no gradients."""
        return self.made_by in ("counting", "fitting")

    def load(self) -> Any:
        """The family's class.

        Raises:
            MissingPackageError: if it is of networks, and torch is not installed.
        """
        if isinstance(self.home, type):
            return self.home
        module, _, name = self.home.partition(":")
        with needing_torch():
            return getattr(importlib.import_module(module), name)

    def suiting(self, data: Data) -> TrainingSettings:
        """The training settings that suit it with some data."""
        return self.training_for(data.kind, data.sizes["train"], data.shape)

    def trained_with(self, training: Mapping[str, Any]) -> Family:
        """The family with other recommended training settings, whatever the data."""
        own = {**self.training, **training}
        return replace(self, training=own, sized=None, shaped=None, kinds={})

    def begun(self, settings: Settings, *, imported: bool) -> Family:
        """The family as training that begins with the weights of a run is recommended.

        Args:
            settings: of the net that is trained.
            imported: whether those weights were.
        """
        if not imported:
            return self
        beside = settings.beside_learned & settings.changed().keys()
        return self.trained_with({**self.fine_tuning, **(self.adapting if beside else {})})

    def training_for(self, kind: str, rows: int = 0, shape: Any = None) -> TrainingSettings:
        """The training settings that suit it with some data.

        Args:
            kind: their `Data.kind`.
            rows: what there is to predict in train; 0 where that is not known: 80,000 then.
            shape: their `Data.shape`; None where that is not known.
        """
        from hornbook.training.settings import TrainingSettings

        sized: Mapping[str, Any] = {}
        if shape is not None and self.shaped is not None:
            sized = self.shaped(shape)
        elif self.sized is not None:
            sized = self.sized(rows or USUAL)
        return TrainingSettings.from_dict({**self.training, **sized, **self.kinds.get(kind, {})})


ALSO_CALLED = {"transformer": "gpt", "markov": "ngram", "trigram": "ngram", "perceptron": "mlp"}
"Other names of families, for suggestions."


def find_family(families: Mapping[str, Family], name: str) -> Family:
    """A family by its name.

    Raises:
        SettingsError: if there is none of that name.
    """
    known = [name for name, line in families.items() if line.made_by != "mixing"]
    if not isinstance(name, str) or name not in families:
        raise no_family(name, known, f"Families: {', '.join(known)}.")
    return families[name]


def no_family(name: object, known: Sequence[str], told: str) -> SettingsError:
    """The error that there is no such family.

    Args:
        name: what was given.
        known: names of families, of which one may be meant.
        told: which ones there are, for people.
    """
    if not isinstance(name, str):
        message = f"`model` must be the name of a family, not {type(name).__name__}."
        return SettingsError(message, hint=told, setting="model")
    meant = did_you_mean(name, known, also=ALSO_CALLED)
    return SettingsError(f"Unknown model family {name!r}.", hint=f"{meant}{told}", setting="model")
