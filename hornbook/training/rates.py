"""Learning rates of their own for some parameters, found by their names.

    rates=('net.layers.0.*=0.1', '*.bias=0')

The first pattern that fits a parameter's name gives the factor on its learning rate; what none fits
keeps the factor 1. (fast.ai's layer groups, and `param_groups` of torch.optim.)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from hornbook.errors import SettingsError

__all__ = ["frozen_by", "own_rates", "rate_factors", "told_of_frozen"]

if TYPE_CHECKING:
    import torch

LARGEST = 1e6
FORM = "Write 'PATTERN=FACTOR', for example 'net.layers.0.*=0.1'; a factor of 0 freezes."


def own_rates(rates: Iterable[str]) -> list[tuple[str, float]]:
    """Patterns and factors as they are written, in their order.

    Raises:
        SettingsError: if one is not `PATTERN=FACTOR`, or its factor is not a number from 0 on.
    """
    found = []
    for rate in rates:
        pattern, equals, written = rate.rpartition("=")
        if not equals or not pattern:
            raise SettingsError(f"`rates` has an entry that cannot be read: {rate!r}.", hint=FORM)
        try:
            factor = float(written)
        except ValueError:
            factor = math.nan
        if not 0 <= factor <= LARGEST:
            raise SettingsError(
                f"A factor in `rates` must be a number from 0 to {LARGEST:,.0f}; it is {written!r} "
                f"in {rate!r}.",
                hint=FORM,
            )
        found.append((pattern, factor))
    return found


def rate_factors(names: Sequence[str], rates: Iterable[str]) -> list[float]:
    """The factor on the learning rate of each parameter.

    Args:
        names: of all parameters.
        rates: as in `TrainingSettings`.

    Raises:
        SettingsError: if a pattern decides for no parameter, or all of them would be frozen.
    """
    pairs = own_rates(rates)
    factors, idle = [], [True] * len(pairs)
    for name in names:
        place = next((i for i, (p, _) in enumerate(pairs) if fnmatchcase(name, p)), None)
        if place is None:
            factors.append(1.0)
        else:
            factors.append(pairs[place][1])
            idle[place] = False
    hint = f"The parameters are: {', '.join(names)}."
    for (pattern, _), unused in zip(pairs, idle, strict=True):
        if unused:
            fits = any(fnmatchcase(name, pattern) for name in names)
            why = (
                "earlier patterns match the same parameters" if fits else "it matches no parameter"
            )
            raise SettingsError(f"{pattern!r} in `rates` has no effect: {why}.", hint=hint)
    if not any(factors):
        raise SettingsError("`rates` freezes all parameters: nothing can be trained.", hint=hint)
    return factors


def frozen_by(rates: Sequence[str], model: torch.nn.Module) -> set[str]:
    """The names of a model's parameters that do not learn."""
    names = [name for name, _ in model.named_parameters()]
    factors = rate_factors(names, rates)
    return {name for name, factor in zip(names, factors, strict=True) if not factor}


def told_of_frozen(
    what: str, names: Iterable[str], model: torch.nn.Module, rates: Sequence[str]
) -> list[str]:
    """That what is new in some parameters of a model stays untrained, where these are frozen.

    Args:
        what: is new, for people.
        names: of the parameters that have rows of it; of buffers, which nothing freezes, too.
        model: whose they are.
        rates: as in `TrainingSettings`.

    Returns:
        One sentence and what to do, or none.
    """
    frozen = sorted(frozen_by(rates, model) & set(names))
    if not frozen:
        return []
    first = " ".join(f"{name}=1" for name in frozen)
    return [
        f"Frozen, so untrained for {what}: {', '.join(frozen)}. To let them learn, begin `rates` "
        f"with {first}."
    ]
