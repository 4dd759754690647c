"""The task of columns: predict one column of a table from the others.

    run = hornbook.train("houses.csv", target="price")
    run.predict("new.csv")

    run = hornbook.tables.fit(frame, target="price")      # a data frame, or arrays

    net = hornbook.tables.TableRegressor().fit(X, y)      # an estimator of scikit-learn

The names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hornbook.first_use import on_first_use

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

if not TYPE_CHECKING:  # a checker would take it that every name is there
    __getattr__, __dir__ = on_first_use(__name__, HOMES)
