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
LABELLERS: Mapping[str, Family] = {}
"Those that say a label."
FAMILIES: Mapping[str, Family] = {**WRITERS, **LABELLERS}
