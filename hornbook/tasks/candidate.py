"""A model that is worth trying on some data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Candidate"]


@dataclass(frozen=True)
class Candidate:
    """A model that is worth trying on some data, sized by them."""

    name: str
    "For people, and for the name of its directory: lower case and short, such as `gru-128`."
    family: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    "Where they differ from the family's defaults."
    training: Mapping[str, Any] = field(default_factory=dict)
    "Where it differs from what suits the family and the data."
    loading: Mapping[str, Any] = field(default_factory=dict)
    "How the data is read for it, where that differs: as other tokens, for example."
