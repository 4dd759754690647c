"""Tables of the layers and parameters of a watched training."""

from __future__ import annotations

import math

from hornbook.monitoring.history import History
from hornbook.monitoring.record import UpdateRecord
from hornbook.reports.table import Table

__all__ = ["layer_table", "parameter_table"]


def layer_table(record: UpdateRecord) -> Table:
    """A row for each layer that was recorded at an update."""
    heads = ("layer", "mean", "std", "saturated", "dead units", "gradient std")
    rows = tuple(
        (
            one.title,
            f"{one.output.mean:.3f}",
            f"{one.output.std:.3f}",
            "" if one.flat is None else f"{one.flat:.1%}",
            "" if one.idle is None else f"{one.idle:.1%}",
            "" if one.gradient is None else f"{one.gradient.std:.2e}",
        )
        for one in record.layers
    )
    return Table(heads, rows)


def parameter_table(history: History) -> Table:
    """A row for each parameter at the last recorded update.

    The update ratio is the median over the updates at half of the highest learning rate or more.
    """
    heads = ("parameter", "shape", "RMS", "gradient / weights", "log₁₀ (update / weights)")
    paces = history.pace()
    rows = []
    for one in history.last.parameters:
        pace = paces.get(one.name, math.nan)
        rows.append(
            (
                one.name,
                " × ".join(map(str, one.shape)),
                f"{one.size:.3g}",
                f"{one.grad_size / one.size:.2e}" if one.size else "",
                f"{pace:.2f}" if math.isfinite(pace) else "",
            )
        )
    return Table(heads, tuple(rows))
