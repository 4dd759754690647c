"""What the data is, for people and for machines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from hornbook.ratings.doctor.checks import gini, leaked_share
from hornbook.ratings.doctor.examined import Examined, percent
from hornbook.rendering import amount, many

__all__ = ["facts", "figures"]

SHOWN = 12  # most values that are listed
QUANTILES = (0.0, 0.25, 0.5, 0.75, 0.95, 1.0)
NAMES = ("min", "25%", "median", "75%", "95%", "max")


def facts(examined: Examined, source: str) -> dict[str, str]:
    """The facts for people, by name."""
    read, rows, kind = examined.read, examined.rows, examined.kind
    users, items = len(read.users), len(read.items)
    found = {
        "source": source,
        "read as": f"{kind}: {'; '.join(read.remarks)}",
        "size": f"{many(len(rows), kind[:-1])} of {many(items, 'item')} by {many(users, 'user')}",
        "density": f"{percent(len(rows), users * items)} of all pairs of a user and an item",
    }
    if kind == "ratings":
        found["scale"] = f"{read.scale}, mean {rows.values.mean(dtype=np.float64):.3f}"
        found["values"] = shares(examined)
    else:
        found["counts"] = quantiles(rows.values)
    found[f"{kind} per user"] = quantiles(examined.per_user)
    found[f"{kind} per item"] = quantiles(examined.per_item)
    if rows.times is not None:
        found["times"] = span(examined)
    found["splits"] = (
        "; ".join(f"{name} {len(part):,}" for name, part in examined.splits.items())
        + (f" ({examined.way})" if examined.way else "")
        if examined.splits
        else "none: the data cannot be split"
    )
    if examined.baseline:
        found["baseline on dev"] = ", ".join(
            f"{name}: RMSE {value:.4f}" for name, value in examined.baseline.items()
        )
    return found


def shares(examined: Examined) -> str:
    """How often each value occurs; of many values their quantiles."""
    values, counts = examined.values
    if len(values) > SHOWN:
        return quantiles(examined.rows.values)
    return "  ".join(
        f"{value:g}: {percent(count, counts.sum())}"
        for value, count in zip(values, counts, strict=True)
    )


def quantiles(numbers: Any) -> str:
    """The quantiles of some numbers."""
    found = np.quantile(numbers, QUANTILES, method="inverted_cdf")
    told = (f"{name} {amount(value)}" for name, value in zip(NAMES, found, strict=True))
    return f"{', '.join(told)}; mean {amount(float(np.mean(numbers)), 4)}"


def span(examined: Examined) -> str:
    """From when to when."""
    times = examined.rows.times
    assert times is not None
    ends = [int(end) / examined.unit for end in (times.min(), times.max())]
    try:
        told = [datetime.fromtimestamp(end, UTC).date().isoformat() for end in ends]
    except (ValueError, OverflowError, OSError):
        told = [f"{end:,.0f}" for end in ends]
    if ends[1] < 10**8:  # numbers that only rise with time
        told = [f"{end:,.0f}" for end in ends]
    distinct = len(np.unique(times))
    return f"{told[0]} to {told[1]}, {many(distinct, 'distinct value')}"


def figures(examined: Examined) -> dict[str, Any]:
    """The same for machines."""
    rows, read = examined.rows, examined.read
    values, counts = examined.values
    dated = rows.times is not None and "dev" in examined.splits
    return {
        "kind": examined.kind,
        "users": len(read.users),
        "items": len(read.items),
        "rows": len(rows),
        "repeated_rows": len(examined.repeated) - examined.repeated.pairs,
        "density": len(rows) / (len(read.users) * len(read.items)),
        "scale": {"low": read.scale.low, "high": read.scale.high, "step": read.scale.step},
        "values": {f"{v:g}": int(n) for v, n in list(zip(values, counts, strict=True))[:1_000]},
        "per_user": numbers(examined.per_user),
        "per_item": numbers(examined.per_item),
        "items_once": int((examined.per_item == 1).sum()),
        "gini": gini(examined.per_item),
        "splits": {name: len(part) for name, part in examined.splits.items()},
        "split_by": examined.way,
        "dev_older_than_train": leaked_share(examined) if dated else None,
        "baseline": examined.baseline,
    }


def numbers(counts: Any) -> dict[str, float]:
    """Quantiles by name."""
    found = np.quantile(counts, QUANTILES, method="inverted_cdf")
    return {name: float(value) for name, value in zip(NAMES, found, strict=True)}
