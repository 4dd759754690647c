"""The task of columns: predict one column of a table from the others.

    run = hornbook.train("houses.csv", target="price")
    run.predict("new.csv")

    run = hornbook.tables.fit(frame, target="price")      # a data frame, or arrays

    net = hornbook.tables.TableRegressor().fit(X, y)      # an estimator of scikit-learn

The names are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hornbook.tables.arrays import fit
    from hornbook.tables.autoencoder import SwapAutoencoder
    from hornbook.tables.entity_embeddings import EntityEmbeddings
    from hornbook.tables.estimators import TableClassifier, TableRegressor

__all__ = ["EntityEmbeddings", "SwapAutoencoder", "TableClassifier", "TableRegressor", "fit"]

HOMES = {
    "EntityEmbeddings": "hornbook.tables.entity_embeddings",
    "SwapAutoencoder": "hornbook.tables.autoencoder",
    "TableClassifier": "hornbook.tables.estimators",
    "TableRegressor": "hornbook.tables.estimators",
    "fit": "hornbook.tables.arrays",
}


def __dir__() -> list[str]:
    return list(__all__)


def __getattr__(name: str) -> Any:
    if name in HOMES:
        from hornbook.extras import needing_torch

        with needing_torch():
            return getattr(importlib.import_module(HOMES[name]), name)
    raise AttributeError(f"module 'hornbook.tables' has no attribute {name!r}")
