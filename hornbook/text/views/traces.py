"""Traces of hidden units: the outputs of a recurrent network's units along a string.

After Karpathy, Johnson and Fei-Fei 2015, "Visualizing and Understanding Recurrent Networks": some
units are interpretable, such as one that counts the length of a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.errors import SettingsError
from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import are_wide
from hornbook.text.models.contract import Ids, LanguageModel
from hornbook.text.prompt import prompt_of
from hornbook.text.token_labels import letters
from hornbook.text.views.layers import is_network
from hornbook.tokenizers.contract import Tokenizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hornbook.text.models.network import Network

__all__ = ["Traces", "draw_traces", "remembers", "traces_of"]

LONGEST = 120  # most tokens side by side
MOST_UNITS = 40


@dataclass(frozen=True)
class Traces:
    """The outputs of one recurrent layer's units along a string."""

    tokens: Ids
    "The tokens read, shape (T,), with the boundary token first if there is one."
    values: npt.NDArray[np.float64]
    "The output of each unit after each token, shape (T, H)."
    layer: int
    "Number of the layer, from 1 at the bottom."

    @property
    def telling(self) -> Ids:
        """The units by variance over the string, largest first."""
        order: Ids = np.argsort(-self.values.var(axis=0), kind="stable")
        return order


def remembers(model: LanguageModel) -> bool:
    """Whether a model carries state from token to token: recurrent, without a fixed window."""
    if not is_network(model) or model.reads == "window":
        return False
    from hornbook.nn import Recurrent

    return any(isinstance(layer, Recurrent) for layer in model.net.chain)


def outputs(model: Network, tokens: Ids) -> list[npt.NDArray[np.float64]]:
    """The output of each recurrent layer after each token, shape (T, H), bottom to top."""
    from hornbook.nn import Recurrent, RecurrentStack

    found = []
    with model.in_use():
        x = model.tensor(tokens[None])
        for layer in model.net.chain:
            for part in layer.chain if isinstance(layer, RecurrentStack) else (layer,):
                x = part(x)
                if isinstance(part, Recurrent):
                    found.append(x[0].double().cpu().numpy())
    return found


def traces_of(
    model: LanguageModel, tokenizer: Tokenizer, text: str, *, layer: int | None = None
) -> Traces:
    """The outputs of a recurrent layer's units after each token of a string.

    Args:
        model: a recurrent network.
        tokenizer: the tokenizer that it was trained with.
        text: the string.
        layer: number of the recurrent layer, from 1 at the bottom; None: the top one.

    Raises:
        SettingsError: if the model has no such layer.
        UnknownTokenError: if the string contains a character that is not in the vocabulary.
    """
    if not is_network(model) or not remembers(model):
        raise SettingsError(
            "This model has no recurrent units that carry state from token to token.",
            hint="Train one with `model=gru`.",
        )
    tokens = prompt_of(tokenizer, text)
    found = outputs(model, tokens)
    layer = len(found) if layer is None else layer
    if not 1 <= layer <= len(found):
        raise SettingsError(
            f"There is no recurrent layer {layer}; this model has layers 1 to {len(found)}."
        )
    return Traces(tokens, found[layer - 1], layer)


@drawing()
def draw_traces(traces: Traces, tokenizer: Tokenizer, most: int = MOST_UNITS) -> Figure:
    """A heat map: a row for each of the units that vary most, a column for each token.

    Raises:
        SettingsError: if the string is too long for one row.
    """
    from matplotlib.figure import Figure

    length, n_units = traces.values.shape
    if length > LONGEST:
        raise SettingsError(
            f"The string has {length} tokens; the heat map can show at most {LONGEST}.",
            hint="Give a shorter string.",
        )
    units = traces.telling[:most]
    part = traces.values[:, units].T  # (units, T)
    reach = float(np.abs(part).max()) or 1.0
    labels = letters(tokenizer, traces.tokens)
    wide = are_wide(labels)
    figure = Figure(
        figsize=(max(5.6, length * 0.19 + 2), max(2.6, len(units) * 0.155 + 1.5)),
        dpi=100,
        layout="constrained",
    )
    axes = figure.subplots()
    image = axes.imshow(part, cmap="RdBu_r", vmin=-reach, vmax=reach, aspect="auto")
    axes.set_xticks(range(length), labels, rotation=90 if wide else 0)
    axes.set_yticks(range(len(units)), [str(unit) for unit in units])
    axes.tick_params(length=0)
    axes.tick_params(axis="x", labelsize=7 if wide else 10, top=True, labeltop=True)
    axes.tick_params(axis="y", labelsize=7)
    axes.set_xlabel("token just read")
    axes.set_ylabel("unit")
    figure.colorbar(image, ax=axes, label="output", pad=0.01)
    which = f"the {len(units)} of {n_units} units\nthat vary most over the string"
    if len(units) == n_units:
        which = f"all {n_units} units"
    axes.set_title(f"Recurrent layer {traces.layer}: {which}", fontsize=11)
    return figure
