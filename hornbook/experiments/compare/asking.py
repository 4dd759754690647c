"""What a comparison is asked for, the same for all data."""

from __future__ import annotations

from dataclasses import dataclass, field

from hornbook.experiments.making import Budget
from hornbook.records import JSONObject

__all__ = ["FIRST_SEED", "Ask"]

FIRST_SEED = 1337


@dataclass(frozen=True)
class Ask:
    """What was asked for, the same for all data."""

    models: tuple[str, ...] = ()
    "Families; empty: all that fit."
    budget: Budget = field(default_factory=Budget)
    parameters: int | None = None
    "That each net is to have, about."
    seeds: tuple[int, ...] = (FIRST_SEED,)
    settings: tuple[str, ...] = ()
    "As `NAME=VALUE` or `FAMILY.NAME=VALUE`."
    changes: tuple[str, ...] = ()
    "Of one setting each, written so."
    threads: int = 0
    "Of each net; 0: as its settings say."
    nets: bool = True
    "Whether nets are trained, or only what is made in one pass."

    @property
    def same_for_all(self) -> JSONObject:
        """What no trial of one comparison can have otherwise than the others."""
        if not self.nets:
            return {}
        return {
            "seconds": self.budget.seconds,
            "steps": self.budget.steps,
            "parameters": self.parameters,
            "settings": list(self.settings),
        }
