"""From several runs on the same data to one that is better than each."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hornbook.errors import SettingsError
from hornbook.runs.directory import RunDirectory, reserve
from hornbook.runs.run import Run
from hornbook.storage import write_json, write_tensors
from hornbook.text.corpus import Corpus
from hornbook.text.losses import mean_loss
from hornbook.text.models.mixture import Mixture, MixtureSettings

__all__ = ["mix"]


def mix(
    paths: Sequence[str | Path], *, out: str | Path | None = None, overwrite: bool = False
) -> Run:
    """Mix runs that were made on the same data, split alike, into a run of its own.

    The weights are those that suit the dev split best: its loss has chosen as many numbers as
    there are runs, so it is a little too good; the test split's has not.

    Args:
        paths: two run directories or more. They are not needed any longer afterwards.
        out: directory of the new run; by default a free name under `runs/`.
        overwrite: replace a run that is there.

    Raises:
        SettingsError: if they cannot be mixed: fewer than two, other data, no dev split.
        RunError: if one is no run, or the new one cannot be written.
    """
    if len(paths) < 2:
        raise SettingsError(
            "A mixture needs two runs or more.", hint="hornbook mix RUN RUN --out NEW"
        )
    if len({Path(path).resolve() for path in paths}) < len(paths):
        raise SettingsError(
            "The same run is named twice: it would be mixed with itself.",
            hint="Name each run once.",
        )
    runs = [Run(path) for path in paths]
    first = runs[0]
    for run in runs[1:]:
        if run.plan["data"]["sha256"] != first.plan["data"]["sha256"]:
            raise SettingsError(
                f"{run.path} was not made on the same data, split alike, as {first.path}.",
                hint="Train both on the same file with the same --split and --split-seed.",
            )
    for run in runs:
        if run.family == "mixture":
            raise SettingsError(
                f"{run.path} is a mixture itself.", hint="Name the runs that it was made of."
            )
        if not run.summary:
            raise SettingsError(
                f"{run.path} has not ended.", hint=f"hornbook train --resume {run.path}"
            )
    if not first.splits["dev"]:
        raise SettingsError(
            "There is no dev split to find the weights on.", hint="Train with --split 80/10/10."
        )
    if out is not None:
        RunDirectory(out).refuse_if_taken(overwrite=overwrite)
    began = time.perf_counter()
    settings = MixtureSettings(
        families=tuple(run.family for run in runs),
        settings=tuple(json.dumps(run.settings.as_dict()) for run in runs),
    )
    model = Mixture(settings, first.tokenizer.vocabulary)
    model.members = [run.model for run in runs]
    streams = {name: first.stream(name) for name in ("train", "dev")}
    model.fit(streams["dev"])
    losses = {name: mean_loss(model, stream) for name, stream in streams.items()}
    data = first.plan["data"]
    corpus = Corpus(
        data["name"], data["source"], data["mode"], "as its runs", "", data["encoding"], ""
    )
    plan: dict[str, Any] = {
        "family": "mixture",
        "settings": settings.as_dict(),
        "training": None,
        "split": first.plan["split"],
        "baseline": False,
    }
    name = f"{data['name']}-mixture"
    path = reserve(Path("runs"), name) if out is None else Path(out)
    directory = RunDirectory(path)
    directory.create(corpus, first.splits, first.tokenizer, plan, overwrite=overwrite)
    made = Run(path)
    write_tensors(directory.model, model.arrays(), {"run": made.plan["id"]})
    members = [
        {
            "run": str(run.path),
            "family": run.family,
            "weight": float(weight),
            "dev": mean_loss(run.model, streams["dev"]),
        }
        for run, weight in zip(runs, model.weights, strict=True)
    ]
    summary = {
        "ending": "finished",
        "parameters": model.n_parameters,
        "seconds": round(time.perf_counter() - began, 3),
        "losses": losses,
        "members": members,
    }
    write_json(directory.summary, summary)
    return Run(path)
