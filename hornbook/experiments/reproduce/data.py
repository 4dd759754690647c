"""The files that the lectures train on: found in a folder, or fetched where that is allowed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hornbook.errors import DataError
from hornbook.experiments.reproduce.figures import NotRunError
from hornbook.sources.datasets import DATASETS, locate

__all__ = ["MOVIELENS", "ROSSMANN", "find_dataset", "find_file"]


@dataclass(frozen=True)
class Brought:
    """Data that may not be passed on: the user brings them."""

    what: str
    folders: tuple[str, ...]
    "Names that its folder may have in the folder of all data."
    get: str
    "Where they are had, and what to do with them."


MOVIELENS = Brought(
    "MovieLens small",
    ("movielens-small", "ml-latest-small"),
    "Unpack https://files.grouplens.org/datasets/movielens/ml-latest-small.zip in a folder, and "
    "give that folder as `data`. (The lesson's edition is of 2016, with 671 users.)",
)
ROSSMANN = Brought(
    "Rossmann",
    ("rossmann",),
    "Get train.csv and store.csv from kaggle.com/c/rossmann-store-sales and store_states.csv from "
    "the lesson's files, put them into a folder rossmann, and give the folder above it as `data`.",
)
ALSO_CALLED = {"makemore-names": "names.txt", "tiny-shakespeare": "tinyshakespeare.txt"}


def find_dataset(
    name: str, folder: Path | None, progress: Callable[[int, int], None] | None = None
) -> Path:
    """The file of a data set: from the folder, if it is there, or from the cache or the network.

    Raises:
        DataError: if the folder's file is another text: the figures would be of something else.
        DownloadError: if it has to be fetched and cannot be.
    """
    dataset = DATASETS[name]
    for called in (dataset.filename, ALSO_CALLED.get(name, dataset.filename)):
        path = folder / called if folder is not None else None
        if path is not None and path.is_file():
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            if found != dataset.sha256:
                raise DataError(
                    f"{path} is not the data set {name}: its sha256 is {found}, not "
                    f"{dataset.sha256}.",
                    hint="Remove it from `data`, and the right one is fetched.",
                )
            return path
    return locate(dataset, progress)


def find_file(brought: Brought, folder: Path | None, *names: str) -> Path:
    """The first of some files that is there.

    Raises:
        NotRunError: if none is.
    """
    for held in brought.folders if folder is not None else ():
        for name in names:
            assert folder is not None
            if (path := folder / held / name).is_file():
                return path
    where = "no folder of `data` was given" if folder is None else f"{folder} has none"
    raise NotRunError(
        f"{brought.what} may not be passed on, and {where} with {' or '.join(names)}.",
        hint=brought.get,
    )
