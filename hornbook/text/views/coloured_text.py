"""A string coloured by a unit, as in Karpathy's figures of what single units have learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hornbook.errors import SettingsError
from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import are_wide, ink_on
from hornbook.text.token_labels import letters
from hornbook.text.views.traces import Traces
from hornbook.tokenizers.contract import Tokenizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_coloured"]

ACROSS = 64  # tokens in a line
LONGEST = 1024
SHOWN = 5  # units
CELL = (0.145, 0.25)  # inches: size of the cell of a token


@drawing()
def draw_coloured(
    traces: Traces, tokenizer: Tokenizer, units: Sequence[int] | None = None
) -> Figure:
    """Draw the string once for each unit, each token coloured by the unit's output after it.

    Args:
        traces: unit outputs along a string.
        tokenizer: the tokenizer of the model.
        units: indices of units; None: the few that vary most over the string.

    Raises:
        SettingsError: if a unit does not exist, or the string is too long.
    """
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    length, n_units = traces.values.shape
    chosen = [int(unit) for unit in (traces.telling[:SHOWN] if units is None else units)]
    missing = [unit for unit in chosen if not 0 <= unit < n_units]
    if missing or not chosen:
        raise SettingsError(
            f"There is no unit {missing[0]}." if missing else "No units were given.",
            hint=f"Layer {traces.layer} has units 0 to {n_units - 1}.",
        )
    if length > LONGEST:
        raise SettingsError(
            f"The string has {length} tokens; at most {LONGEST} can be coloured.",
            hint="Give a shorter string.",
        )
    labels = letters(tokenizer, traces.tokens)
    wide = are_wide(labels)
    cell = CELL[0] * (2 if wide else 1)
    across = min(length, ACROSS // (2 if wide else 1))
    lines = -(-length // across)
    reach = float(np.abs(traces.values[:, chosen]).max()) or 1.0
    norm, colours = Normalize(-reach, reach), colormaps["RdBu_r"]
    # A line for the unit's name before each; the figure is white where there is no token.
    picture = np.ones((len(chosen) * (lines + 1), across, 4))
    figure = Figure(
        figsize=(max(5.6, across * cell + 1.3), len(picture) * CELL[1] + 0.6),
        dpi=100,
        layout="constrained",
    )
    axes = figure.subplots()
    for number, unit in enumerate(chosen):
        top = number * (lines + 1)
        axes.text(-0.5, top + 0.25, f"unit {unit}", fontsize=9, va="center")
        for at, (label, value) in enumerate(zip(labels, traces.values[:, unit], strict=True)):
            line, column = top + 1 + at // across, at % across
            picture[line, column] = colour = colours(norm(value))
            axes.text(
                column, line, label, fontsize=6 if len(label) > 2 else 10,
                color=ink_on(colour), ha="center", va="center_baseline",
            )  # fmt: skip
        for line in range(lines):  # framed, for next to no output is next to white
            held = min(across, length - line * across)
            place = (-0.5, top + 0.5 + line)
            axes.add_patch(Rectangle(place, held, 1, fill=False, edgecolor="#999999", lw=0.6))
    axes.imshow(picture, aspect="auto")
    axes.set_axis_off()
    figure.colorbar(ScalarMappable(norm, colours), ax=axes, label="output", pad=0.01)
    axes.set_title(
        f"Recurrent layer {traces.layer}: output of each unit after each token",
        fontsize=11,
    )
    return figure
