"""The families of models of pairs: a line each, in the order of the ladder."""

from __future__ import annotations

from collections.abc import Mapping

from hornbook.tasks import Family

__all__ = ["FAMILIES", "LABELLERS", "WRITERS"]

MODELS = "hornbook.pairs.models"

WRITERS: Mapping[str, Family] = {
    "copy": Family(f"{MODELS}.copy:Copy", "says what it was given", "fitting"),
}
"Those that say a text."
LABELLERS: Mapping[str, Family] = {
    "naive-bayes": Family(
        f"{MODELS}.naive_bayes:NaiveBayes",
        "labels: counts of n-grams, as if independent",
        "fitting",
    ),
    "log-linear": Family(
        f"{MODELS}.log_linear:LogLinear",
        "labels: logistic regression on counts of n-grams",
        "fitting",
    ),
}
"Those that say a label."
FAMILIES: Mapping[str, Family] = {**WRITERS, **LABELLERS}
