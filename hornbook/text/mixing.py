"""Mixtures: several runs on the same data as one."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from hornbook.actions import Action
from hornbook.compute.pinned import pinned
from hornbook.environment import Versions
from hornbook.errors import SettingsError
from hornbook.runs import Member, Run, RunDirectory, RunRecord, Summary, reserve
from hornbook.runs.claim import refuse_if_taken
from hornbook.runs.naming import name_of
from hornbook.runs.record import KeptData
from hornbook.tasks import Start
from hornbook.text.losses import counted_loss, mean_loss
from hornbook.text.models.mixture import Mixture, MixtureSettings, Pooling
from hornbook.training.measures import Extent

__all__ = ["mix"]

MEASURED = 30_000  # predictions of train that are measured, as in the course of training


@pinned()
def mix(
    paths: Sequence[str | Path],
    *,
    how: Pooling = "product",
    out: str | Path | None = None,
    overwrite: bool = False,
    device: str = "cpu",
) -> Run:
    """Mix runs on the same data and split into a new run.

    The weights or exponents are those that suit the dev split best: its loss has chosen as many
    numbers as there are runs, so it is a little too good; the test split's has not.

    Args:
        paths: two run directories or more. They are not needed any longer afterwards.
        how: `product` multiplies the runs' probabilities, each to a power of its own; `average`
            takes their weighted mean, whose loss is mostly higher and whose samples are worse.
        out: directory of the new run; by default a free name under `runs/`.
        overwrite: replace a run that is there.
        device: where the nets among them run.

    Raises:
        SettingsError: if there is no such device, or they cannot be mixed: fewer than two, other
            data, no dev split.
        RunError: if one is not a run, or the new one cannot be written.
    """
    began = time.perf_counter()
    if isinstance(paths, str | Path):
        raise SettingsError(
            "A mixture needs at least two runs; one path was given.",
            hint="Give a list of run directories.",
        )
    runs = mixable(paths)
    for run in runs:
        run.device = device if run.made_as.trained else "cpu"
    first = runs[0]
    if out is not None:
        refuse_if_taken(RunDirectory(out).path, overwrite=overwrite)
    settings = MixtureSettings(
        families=tuple(run.family for run in runs),
        settings=tuple(json.dumps(run.settings.as_dict()) for run in runs),
        how=how,
    )
    data = first.data
    alone = [dev_loss(run) for run in runs]
    model = Mixture(settings, data.shape)
    model.members = [run.model for run in runs]
    model.fit(data.stream("dev"))
    found = {
        name: counted_loss(model, data.stream(name), limit=limit)
        for name, limit in (("train", MEASURED), ("dev", 0))
    }
    losses = {name: loss for name, (loss, _) in found.items()}
    refuse_infinite(losses)
    record = RunRecord(
        id=RunRecord.new_id(),
        task=first.task.name,
        family="mixture",
        settings=settings.as_dict(),
        options=first.record.options,
        training=None,
        data=KeptData(data.name, data.source, {}),
        start=Start("runs", ancestors=tuple(run.record.id for run in runs)),
        versions=Versions.of_today(),
    )
    weights, endings = model.weights, [None] * len(runs)
    if weights.ndim == 2:
        weights, endings = weights[0], weights[1].tolist()
    members = tuple(
        Member(str(run.path), run.family, float(weight), loss, ending)
        for run, weight, loss, ending in zip(runs, weights, alone, endings, strict=True)
    )
    name = name_of(data.name, "-".join(["mixture", *settings.families]))
    path = reserve(Path("runs"), name) if out is None else Path(out)
    directory = RunDirectory(path)
    directory.begin(record, data, overwrite=overwrite)
    try:
        directory.write_tensors(directory.model, model.arrays(), record)
        summary = Summary(
            "finished",
            parameters=model.n_parameters,
            seconds=round(time.perf_counter() - began, 3),
            losses=losses,
            members=members,
            baselines=next((run.summary.baselines for run in runs if run.summary.baselines), ()),
            measured_on={name: Extent(n, data.sizes[name]) for name, (_, n) in found.items()},
        )
        directory.write_summary(summary)
        directory.settle()
    finally:
        directory.release()
    return Run(path)


def dev_loss(run: Run) -> float:
    """The loss of a run on dev.

    Raises:
        SettingsError: if it is not a finite number, so that the run adds nothing to a mixture.
    """
    loss = mean_loss(run.model, run.data.stream("dev"))
    if math.isfinite(loss):
        return loss
    what = "is infinite: some tokens have probability 0"
    again = "It has diverged: train it again, with a lower `learning_rate`."
    if run.record.training is None:
        again = "It counts without smoothing: train it again with `smoothing=kneser-ney`."
    raise SettingsError(f"{run.path} cannot be mixed: its loss on dev {what}.", hint=again)


def refuse_infinite(losses: Mapping[str, float]) -> None:
    """Refuse a mixture whose losses are not finite numbers, before it is written.

    Raises:
        SettingsError: if one is not.
    """
    for split, loss in losses.items():
        if not math.isfinite(loss):
            raise SettingsError(
                f"The mixture's loss on {split} is {loss}: some tokens there have probability 0 "
                "under each of these runs.",
                hint="Mix at least one run that has not diverged.",
            )


def mixable(paths: Sequence[str | Path]) -> list[Run]:
    """The runs, opened, if they can be mixed.

    Raises:
        SettingsError: if they cannot.
        RunError: if one is not a run.
    """
    if len(paths) < 2:
        raise SettingsError(
            "A mixture needs at least two runs.", action=Action("mix", ("RUN", "RUN"))
        )
    if len({Path(path).resolve() for path in paths}) < len(paths):
        raise SettingsError(
            "The same run is given twice.",
            hint="Give each run once.",
        )
    runs = [Run(path) for path in paths]
    first = runs[0]
    for run in runs:
        if run.task.name != "text":
            raise SettingsError(f"{run.path} is not a run on text; only those can be mixed.")
        if split_sums(run) != split_sums(first):
            raise SettingsError(
                f"{run.path} and {first.path} were not trained on the same data and split.",
                hint="Train both on the same file with the same `split`, `split_seed` and "
                "`condition`.",
            )
        if run.data.tokenizer != first.data.tokenizer:
            raise SettingsError(
                f"{run.path} and {first.path} do not predict the same tokens: their probabilities "
                "cannot be mixed.",
                hint="Train both with the same `tokens`.",
                setting="tokens",
            )
        if run.family == "mixture":
            raise SettingsError(
                f"{run.path} is itself a mixture.", hint="Give the runs that it was made from."
            )
        _ = run.summary  # raises if it has not ended
    if "dev" not in first.data.sizes:
        raise SettingsError(
            "The runs have no dev split to fit the weights of the mixture on.",
            hint="Train with a dev split: `split=80/10/10`.",
            setting="split",
        )
    return runs


def split_sums(run: Run) -> dict[str, str]:
    """The hashes of a run's splits."""
    files = run.record.data.files
    return {name: total for name, total in files.items() if name.startswith("data/")}
