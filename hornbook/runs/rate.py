"""A learning rate for a model on data: what the verb `rate` does. Nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from hornbook.errors import SettingsError
from hornbook.runs.prepare import (
    at_start,
    batches_for,
    encoded,
    model_settings,
    prepare,
    training_settings,
)
from hornbook.runs.watcher import Watcher
from hornbook.settings import Settings
from hornbook.text.corpus import SplitSettings, load_corpus
from hornbook.text.models import family
from hornbook.training.distributed import World
from hornbook.training.finder import FinderSettings, Found
from hornbook.training.finder import find_rate as try_rates
from hornbook.training.settings import TrainingSettings

__all__ = ["find_rate"]


def find_rate(
    source: str | Path,
    *,
    model: str = "mlp",
    settings: Settings | None = None,
    training: TrainingSettings | Mapping[str, Any] | None = None,
    split: SplitSettings | None = None,
    mode: Literal["auto", "lines", "text"] = "auto",
    encoding: str = "auto",
    finder: FinderSettings | None = None,
    watcher: Watcher | None = None,
) -> Found:
    """Find a learning rate for a model on data: the start of training, tried at rising rates.

    Args:
        source: a file, `-` for standard input, or the name of a data set.
        model: the family.
        settings: of the family; its defaults if left out.
        training: as `train` takes it; learning rate, schedule and number of steps are left aside.
        split: how to cut the data; only train is read.
        mode: how to read it.
        encoding: of the file.
        finder: which rates to try.
        watcher: is told while a data set is fetched, and after every rate.

    Raises:
        HornbookError: whatever is wrong with the data or the settings.
    """
    line = family(model)
    if line.made_by != "training":
        raise SettingsError(
            f"{model} is not trained by gradients: it has no learning rate.",
            hint="Choose a net with --model: see hornbook models.",
        )
    model_class = line.load()
    settings = model_settings(model, settings)
    watcher = watcher or Watcher()
    corpus = load_corpus(source, mode=mode, encoding=encoding, progress=watcher.downloaded)
    _, tokenizer, streams = encoded(corpus, split)
    how, _ = prepare(
        model_class,
        settings,
        training_settings(line, training, corpus.mode),
        tokenizer,
        streams["train"],
        World(),
        watcher,
    )
    import torch

    from hornbook.compute.device import choose_device
    from hornbook.compute.threads import threads
    from hornbook.training.measures import Evaluation
    from hornbook.training.trainer import Trainer

    with threads(how.threads):
        torch.manual_seed(how.seed)
        net = at_start(model_class, settings, tokenizer, how, choose_device(how.device))
        trainer = Trainer(net, batches_for(net, streams["train"], how), how, Evaluation)
        return try_rates(trainer, finder, on_progress=watcher.tried)
