"""What is settled before training begins: settings, batches, how the net runs fastest here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

from hornbook.errors import SettingsError
from hornbook.runs.watcher import Watcher
from hornbook.settings import Settings
from hornbook.text.batches import Batches, make_batches
from hornbook.text.corpus import SPLITS, Corpus, Splits, SplitSettings, split_corpus
from hornbook.text.models import Family, family
from hornbook.text.stream import Stream, encode_split
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.training.distributed import World
from hornbook.training.rates import rate_factors
from hornbook.training.settings import TrainingSettings

if TYPE_CHECKING:
    import torch

    from hornbook.text.models.network import Network

__all__ = [
    "at_start",
    "batches_for",
    "encoded",
    "model_settings",
    "prepare",
    "refuse_unshareable",
    "training_settings",
]

LARGEST = 500_000_000  # parameters: more is not a small model, nor a laptop's


def encoded(
    corpus: Corpus, split: SplitSettings | None
) -> tuple[Splits, CharTokenizer, dict[str, Stream]]:
    """The splits of a corpus, the tokenizer of all of it, and each split that is not empty as ids.

    Raises:
        DataError: if a split would be empty that should not be.
    """
    splits = split_corpus(corpus, split)
    lines = corpus.mode == "lines"
    tokenizer = CharTokenizer.fit(corpus.lines if lines else [corpus.text], boundary=lines)
    streams = {name: encode_split(splits, name, tokenizer) for name in SPLITS if splits[name]}
    return splits, tokenizer, streams


def model_settings(name: str, given: Settings | None) -> Settings:
    """The settings of a family as given, its defaults if left out.

    Raises:
        SettingsError: if they are those of something else.
    """
    kind: type[Settings] = family(name).load().Settings
    if given is None:
        return kind()
    if type(given) is not kind:
        raise SettingsError(
            f"{type(given).__name__} are not the settings of {name}.",
            hint=f"Give {kind.__name__}.",
        )
    return given


def training_settings(
    line: Family, given: TrainingSettings | Mapping[str, Any] | None, mode: str
) -> TrainingSettings:
    """The training settings as given, the family's own for this kind of data where left out.

    Raises:
        SettingsError: if a setting is unknown or not allowed.
    """
    if isinstance(given, TrainingSettings):
        return given
    own = {**line.training, **(line.text if mode == "text" else {})}
    return TrainingSettings.from_dict({**own, **(given or {})})


def prepare(
    model_class: Any,
    settings: Settings,
    training: TrainingSettings,
    tokenizer: CharTokenizer,
    stream: Stream,
    world: World,
    watcher: Watcher,
) -> tuple[TrainingSettings, float]:
    """Look for what would stop training at once, before any directory is touched; calibrate.

    Returns:
        The settings with device, threads, precision and path as they are to be used: going on
        after a stop has to use the same ones, for sums come out otherwise on others. And the
        seconds that it took to find them.

    Raises:
        SettingsError: if this machine has no such device, the model cannot carry a state along
            parallel streams or be trained by several processes, rates name no parameters of it,
            or it would have more parameters than a small model has (they are counted without
            being made).
    """
    import torch

    from hornbook.compute.device import choose_device
    from hornbook.compute.memory import keep_freed_memory
    from hornbook.training.calibration import calibrate

    keep_freed_memory()
    device = choose_device(training.device, world.local)
    with torch.device("meta"):
        bare = model_class(settings, tokenizer.vocabulary)
    n = bare.n_parameters
    if n > LARGEST:
        raise SettingsError(
            f"These settings make {n:,} parameters; hornbook trains up to {LARGEST:,}.",
            hint="Make the widths or the context smaller.",
        )
    rate_factors([name for name, _ in bare.named_parameters()], training.rates)

    model = at_start(model_class, settings, tokenizer, training, device)
    training = choose_batches(model, stream, training, world)
    refuse_unshareable(model, training, world)
    batches = batches_for(model, stream, training)
    kind = cast(Literal["cpu", "cuda", "mps"], device.type)
    found = calibrate(model, batches, replace(training, device=kind))
    watcher.calibrated(found)
    return found.settings, found.seconds


def at_start(
    model_class: Any,
    settings: Settings,
    tokenizer: CharTokenizer,
    training: TrainingSettings,
    device: torch.device,
) -> Network:
    """A model as training begins with it: its weights are a function of the seed alone."""
    import torch

    generator = torch.Generator().manual_seed(training.seed)
    model: Network = model_class(settings, tokenizer.vocabulary, generator)
    return model.to(device)


def batches_for(model: Network, stream: Stream, training: TrainingSettings) -> Batches:
    """The batches that a model is trained on."""
    return make_batches(
        stream,
        model.reads,
        block_size=model.block_size,
        batch_size=training.batch_size,
        seed=training.seed,
        lead=model.lead,
        parallel=training.batches == "parallel",
        mixed=model.mixed,
    )


def choose_batches(
    model: Network, stream: Stream, training: TrainingSettings, world: World
) -> TrainingSettings:
    """The settings with `batches` decided: parallel streams for what keeps a state along a text.

    Raises:
        SettingsError: if parallel streams are asked for and nothing is carried along them.
    """
    if training.batches == "auto":
        fits = model.carries and not stream.boundary
        fits = fits and world.size == 1 and training.accumulate == 1
        return replace(training, batches="parallel" if fits else "random")
    if training.batches == "parallel" and not model.carries:
        raise SettingsError(
            "batches parallel has no effect here: this model keeps nothing from batch to batch.",
            hint="Leave --batches out, or train a recurrent family (rnn, gru, lstm).",
        )
    return training


def refuse_unshareable(model: Network, training: TrainingSettings, world: World) -> None:
    """Refuse what several processes cannot train as one would.

    Raises:
        SettingsError: for BatchNorm, whose statistics would be those of a process's own part; for
            parallel streams, whose states would be in the process that reads them.
    """
    if world.size > 1 and training.batches == "parallel":
        raise SettingsError(
            "The states at the end of parallel streams would be others in each process.",
            hint="Train in one process, or with --batches random.",
        )
    kept = model.state_dict().keys() - dict(model.named_parameters()).keys()
    if world.size > 1 and kept:
        raise SettingsError(
            f"{len(kept)} running statistics (of BatchNorm) would differ in each process.",
            hint="Train in one process, or with --norm layer or none.",
        )
