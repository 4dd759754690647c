"""Nets of about so many parameters: the widths of a family, scaled together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from hornbook.errors import SettingsError
from hornbook.runs.prepare import Prepared, family_settings
from hornbook.settings import Settings

__all__ = ["WIDTHS", "sized"]

WIDTHS = ("n_hidden", "n_embd", "n_factors", "n_skip", "n_attention", "vector_size",
          "embedding_size", "number_size")  # fmt: skip
"Settings of families that are widths of layers; what is 0 is chosen by the family, and stays so."
LEAST, MOST, STEP = 1 / 64, 64.0, 2 ** (1 / 12)
"Times the usual widths."
NEAR = 0.25  # of the number that was asked for: what is further off is not a net of that size


def sized(
    prepared: Prepared, family: str, settings: Mapping[str, Any], wanted: int
) -> Mapping[str, Any]:
    """Widths with which a net has about so many parameters.

    All widths that were not given are multiplied by the same factor, and rounded to what the
    family can be made with. Parameters are counted without making the net.

    Args:
        prepared: the data, which say how large tables of tokens, users or categories are.
        family: of nets.
        settings: that were given, and stay.
        wanted: parameters.

    Raises:
        SettingsError: if the family has no width to choose, or none comes near.
    """
    if not 1 <= wanted <= 10**9:
        raise SettingsError(
            f"`parameters` must be from 1 to 1,000,000,000; it is {wanted:,}.",
            setting="parameters",
        )
    line = prepared.task.family(family)
    usual = family_settings(line, family, settings)
    counts: dict[int, Mapping[str, Any]] = {}
    for widths in scaled(usual, settings):
        try:
            tried = type(usual).from_dict({**usual.as_dict(), **widths})
            bare = prepared.task.refuse_too_large(family, tried, prepared.data.shape)
        except (SettingsError, ValueError):
            continue
        counts.setdefault(bare.n_parameters, widths)
        if bare.n_parameters > 4 * wanted:
            break
    if not counts:
        raise SettingsError(
            f"{family} has no width that can be chosen to make it larger or smaller.",
            hint="Leave the family out, or leave `parameters` out.",
            setting="parameters",
        )
    nearest = min(counts, key=lambda count: abs(count - wanted))
    if abs(nearest - wanted) > NEAR * wanted:
        raise SettingsError(
            f"No {family} on this data has about {wanted:,} parameters; the nearest has "
            f"{nearest:,}.",
            hint=f"Choose {nearest:,} as `parameters`, or leave {family} out.",
            setting="parameters",
        )
    return counts[nearest]


def scaled(usual: Settings, given: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Widths from the smallest on, each set once."""
    names = [one.name for one in dataclasses.fields(usual) if one.name in WIDTHS]
    free = {name: getattr(usual, name) for name in names if name not in given}
    heads = getattr(usual, "n_head", 1)
    free = {
        name: value
        for name, value in free.items()
        if value and allows(usual, name, times(value, 2, heads))
    }
    if not free:
        return
    factor, last = LEAST, None
    while factor <= MOST * STEP:
        widths = {name: times(value, factor, heads) for name, value in free.items()}
        if widths != last:
            yield widths
        factor, last = factor * STEP, widths


def allows(usual: Settings, name: str, value: Any) -> bool:
    """Whether a setting can have another value: some have no effect with those that are given."""
    try:
        type(usual).from_dict({**usual.as_dict(), name: value})
    except SettingsError:
        return False
    return True


def times(value: Any, factor: float, unit: int) -> Any:
    """A width, or several, times a factor; what heads share is a multiple of their number."""
    if isinstance(value, tuple):
        return tuple(times(one, factor, 1) for one in value)
    return max(1, round(value * factor / unit)) * unit
