"""The shares of train, dev and test, as they are told: `80/10/10`."""

from __future__ import annotations

import re

from hornbook.errors import SettingsError

__all__ = ["shares_of"]


def shares_of(split: str) -> tuple[int, int, int]:
    """The shares of train, dev and test, in percent.

    Args:
        split: two or three whole numbers that add up to 100, with slashes between them.

    Raises:
        SettingsError: if it is something else.
    """
    rule = "two or three percentages that add up to 100, such as 80/10/10"
    if re.fullmatch(r"[0-9]{1,3}(/[0-9]{1,3}){1,2}", split):
        train, dev, test = ([int(share) for share in split.split("/")] + [0])[:3]
        if train > 0 and train + dev + test == 100:
            return train, dev, test
        if train == 0:
            rule = "shares of which the first, that of train, is above 0"
    elif re.fullmatch(r"[0-9.]+(/[0-9.]+){1,2}", split):
        rule = "whole numbers, without a decimal point"
    raise SettingsError(
        f"`split` must be {rule}; it is {split!r}.",
        hint="Examples: 80/10/10, 90/10, 100/0.",
        setting="split",
    )
