"""Attention maps: from which positions each position of a string gathers, by layer and head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from hornbook.errors import SettingsError
from hornbook.plots.lettering import are_wide, lettered
from hornbook.text.letters import letters
from hornbook.text.models.contract import Ids, LanguageModel
from hornbook.text.prompt import prompt_of
from hornbook.text.views.layers import is_network
from hornbook.tokenizers.contract import Tokenizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

    from hornbook.nn import CausalAverage, Layer, SelfAttention
    from hornbook.text.models.network import Network

    Attending: TypeAlias = SelfAttention | CausalAverage

__all__ = ["Attention", "attends", "attention_of", "draw_attention"]

UNSEEN = "#e4e4e4"
LONGEST = 64  # symbols of a string: of more no letter could be read


@dataclass(frozen=True)
class Attention:
    """What the heads of a model attend to when it reads a string."""

    tokens: Ids
    "What was read, shape (T,): the boundary first, where there is one."
    weights: tuple[npt.NDArray[np.floating[Any]], ...]
    "Of each layer, shape (H, T, T), [head, asking position, asked position]; rows sum to 1."


def attends(model: LanguageModel) -> bool:
    """Whether there are weights to see: attention, or its forerunner, the average of the past."""
    return is_network(model) and bool(attending(model))


def attending(model: Network) -> dict[str, Attending]:
    """The layers that have such weights, by name."""
    from hornbook.nn import CausalAverage, SelfAttention

    kinds = (SelfAttention, CausalAverage)
    return {name: part for name, part in model.named_modules() if isinstance(part, kinds)}


def attention_of(model: LanguageModel, tokenizer: Tokenizer, text: str) -> Attention:
    """The weights of every layer and head as the model reads a string.

    They are those that it multiplies values with: after mask, normalisation and rotary positions.

    Raises:
        SettingsError: if the model has none, or reads without a call of its attention layers, or
            the string is longer than its rows, or than can be drawn.
        UnknownSymbolError: if the string holds a symbol that is not in the alphabet.
    """
    if not is_network(model) or not attends(model):
        raise SettingsError("This model has no attention.", hint="Train one with `model=gpt`.")
    from hornbook.nn.observing import observing

    tokens = prompt_of(tokenizer, text)
    room = min(LONGEST, model.block_size)
    if len(tokens) > room:
        why = "its letters could not be read" if room == LONGEST else "the model's rows end there"
        raise SettingsError(
            f"The string makes {len(tokens)} symbols to read; attention is shown for at most "
            f"{room}: {why}.",
            hint="Give a shorter string.",
        )
    layers = attending(model)
    found: list[npt.NDArray[np.floating[Any]]] = []

    def saw(name: str, layer: Layer, x: Tensor, y: Tensor) -> None:
        found.append(layers[name].weights(x)[0].cpu().numpy())

    with model.in_use(), observing(layers, saw=saw) as look:
        model(model.tensor(tokens[None]))
    if look.unseen:
        raise SettingsError(
            "Attention cannot be shown: the model reads without calling these layers: "
            f"{', '.join(look.unseen)}."
        )
    return Attention(tokens, tuple(found))


def draw_attention(attention: Attention, tokenizer: Tokenizer) -> Figure:
    """A row of maps for each layer, a map for each head: rows ask, columns are asked.

    What a position cannot see, or gives nothing to, is grey.
    """
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

    labels, length = letters(tokenizer, attention.tokens), len(attention.tokens)
    n_layer, n_head = len(attention.weights), max(len(heads) for heads in attention.weights)
    side = max(2.0, length * 0.15 + 0.5)
    size = min(10.0, (side - 0.5) * 72 / length * 0.75)
    wide = are_wide(labels)
    with lettered():
        figure = Figure(
            figsize=(max(4.4, n_head * side + 1.3), n_layer * side + 1.1),
            dpi=100,
            layout="constrained",
        )
        grid = figure.subplots(n_layer, n_head, squeeze=False)
        # The root shows what goes to many positions a little, beside what goes to one.
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
                axes.set_title(f"layer {layer + 1}, head {head + 1}", fontsize=10)
            for axes in grid[layer, len(heads) :]:
                axes.set_axis_off()
        figure.colorbar(image, ax=grid, shrink=0.6, format="{x:.0%}", label="share of attention")
        figure.suptitle("Attention by layer and head; grey: out of sight", fontsize=11)
        figure.supxlabel("position that is attended to", fontsize=10)
        figure.supylabel("position that attends", fontsize=10)
    return figure
