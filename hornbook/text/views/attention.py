"""Attention maps: which positions each position of a string attends to, by layer and head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

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
    from torch import Tensor

    from hornbook.nn import CausalAverage, Layer, SelfAttention
    from hornbook.text.models.network import Network

    Attending: TypeAlias = SelfAttention | CausalAverage

__all__ = [
    "Attention",
    "attends",
    "attention_of",
    "draw_attention",
    "only_averages",
    "too_long_to_show",
]

UNSEEN = "#e4e4e4"
LONGEST = 64  # most tokens of a string; with more no label could be read


@dataclass(frozen=True)
class Attention:
    """The attention weights of a model on a string."""

    tokens: Ids
    "The tokens read, shape (T,), with the boundary token first if there is one."
    weights: tuple[npt.NDArray[np.floating[Any]], ...]
    "One array per layer, shape (H, T, T): [head, query, key]; rows sum to 1."
    averages: frozenset[int] = frozenset()
    "Places in `weights` of the layers whose weights are fixed: each position averages its past."


def attends(model: LanguageModel) -> bool:
    """Whether a model has attention weights, or averages the past as a bag of words does."""
    return is_network(model) and bool(attending(model))


def only_averages(model: LanguageModel) -> bool:
    """Whether all such weights of a model are fixed averages, which nothing was learned for."""
    if not is_network(model):
        return False
    from hornbook.nn import CausalAverage

    layers = attending(model).values()
    return bool(layers) and all(isinstance(one, CausalAverage) for one in layers)


def attending(model: Network) -> dict[str, Attending]:
    """The layers with attention weights, by name."""
    from hornbook.nn import CausalAverage, SelfAttention

    kinds = (SelfAttention, CausalAverage)
    return {name: part for name, part in model.named_modules() if isinstance(part, kinds)}


def too_long_to_show(model: LanguageModel, tokenizer: Tokenizer, text: str) -> str:
    """Why a string is too long for attention to be shown; empty if it is not.

    Raises:
        UnknownTokenError: if the string contains a character that is not in the vocabulary.
    """
    count = len(prompt_of(tokenizer, text))
    if count > model.block_size:
        return f"The string has {count:,} tokens; the model's context holds {model.block_size:,}."
    if count > LONGEST:
        return f"The string has {count:,} tokens; with more than {LONGEST} no label is readable."
    return ""


def attention_of(model: LanguageModel, tokenizer: Tokenizer, text: str) -> Attention:
    """The attention weights of every layer and head on a string.

    They are the weights that multiply the values: after mask, softmax and rotary positions.

    Raises:
        SettingsError: if the model has no attention, or does not call its attention layers, or the
            string is longer than the context or than can be drawn.
        UnknownTokenError: if the string contains a character that is not in the vocabulary.
    """
    if not is_network(model) or not attends(model):
        raise SettingsError(
            "This model has no attention layers.", hint="Train one with `model=gpt`."
        )
    from hornbook.nn import CausalAverage
    from hornbook.nn.observing import observing

    if why := too_long_to_show(model, tokenizer, text):
        raise SettingsError(why, hint="Give a shorter string.")
    tokens = prompt_of(tokenizer, text)
    layers = attending(model)
    found: list[npt.NDArray[np.floating[Any]]] = []
    averages = set()

    def saw(name: str, layer: Layer, x: Tensor, y: Tensor) -> None:
        if isinstance(layers[name], CausalAverage):
            averages.add(len(found))
        found.append(layers[name].weights(x)[0].cpu().numpy())

    with model.in_use(), observing(layers, saw=saw) as look:
        model(model.tensor(tokens[None]))
    if look.unseen:
        raise SettingsError(
            "Attention cannot be shown, because the model does not call these layers: "
            f"{', '.join(look.unseen)}."
        )
    return Attention(tokens, tuple(found), frozenset(averages))


@drawing()
def draw_attention(attention: Attention, tokenizer: Tokenizer) -> Figure:
    """A row of maps for each layer, a map for each head: queries as rows, keys as columns.

    Masked positions, and those with zero weight, are grey.
    """
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

    labels, length = letters(tokenizer, attention.tokens), len(attention.tokens)
    n_layer, n_head = len(attention.weights), max(len(heads) for heads in attention.weights)
    side = max(2.0, length * 0.15 + 0.5)
    size = min(10.0, (side - 0.5) * 72 / length * 0.75)
    wide = are_wide(labels)
    figure = Figure(
        figsize=(max(4.4, n_head * side + 1.3), n_layer * side + 1.1),
        dpi=100,
        layout="constrained",
    )
    grid = figure.subplots(n_layer, n_head, squeeze=False)
    # The square root makes small weights visible beside large ones.
    norm = PowerNorm(0.5, 0, 1)
    for layer, heads in enumerate(attention.weights):
        for head, weights in enumerate(heads):
            axes = grid[layer, head]
            axes.set_facecolor(UNSEEN)
            seen = np.ma.masked_equal(weights, 0)
            image = axes.imshow(seen, cmap="Blues", norm=norm)
            axes.set_xticks(range(length), labels, rotation=90 if wide else 0)
            axes.set_yticks(range(length), labels)
            axes.tick_params(length=0, labelsize=size, pad=2)
            fixed = layer in attention.averages
            what = "averaging weights, fixed" if fixed else f"head {head + 1}"
            axes.set_title(f"layer {layer + 1}, {what}", fontsize=10)
        for axes in grid[layer, len(heads) :]:
            axes.set_axis_off()
    fixed = len(attention.averages) == n_layer
    figure.colorbar(
        image,
        ax=grid,
        shrink=0.6,
        format="{x:.0%}",
        label="weight" if fixed else "attention weight",
    )
    figure.suptitle(
        "What each position averages (grey: masked)"
        if fixed
        else "Attention by layer and head (grey: masked)",
        fontsize=11,
    )
    figure.supxlabel("position averaged" if fixed else "key position (attended to)", fontsize=10)
    figure.supylabel("position" if fixed else "query position", fontsize=10)
    return figure
