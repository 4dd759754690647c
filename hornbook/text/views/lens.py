"""The logit lens: what each layer of a transformer would predict, if it were the last one.

All layers add to one stream of vectors, which the output layer reads at the end. Read earlier, it
shows what is known by then (nostalgebraist 2020, "interpreting GPT: the logit lens").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.errors import SettingsError
from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import are_wide, in_ink
from hornbook.text.models.contract import Ids, LanguageModel
from hornbook.text.prompt import prompt_of
from hornbook.text.token_labels import letters
from hornbook.text.views.layers import is_network
from hornbook.tokenizers.contract import Tokenizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hornbook.nn import Layer
    from hornbook.text.models.network import Network

__all__ = ["Lens", "draw_lens", "has_lens", "lens_of", "told_of_lens"]

MANY = 2**24  # logits that are made at a time


@dataclass(frozen=True)
class Lens:
    """What would be predicted after each part of a model, at each position of a string."""

    tokens: Ids
    "The tokens read, shape (T,), with the boundary token first if there is one."
    layers: tuple[str, ...]
    "Names of the parts: the embedding, then each layer."
    likeliest: Ids
    "The most likely next token, shape (layers, T)."
    probability: npt.NDArray[np.float64]
    "Its probability, shape (layers, T)."


def has_lens(model: LanguageModel) -> bool:
    """Whether all layers of a model add to one stream, which its output layer reads."""
    return is_network(model) and bool(streams(model))


def streams(model: Network) -> list[int]:
    """Places in the chain of the layers that add to the stream; empty if they are not all there."""
    from hornbook.nn import Residual
    from hornbook.nn.head_cross_entropy import headed

    if headed(model.net) is None:
        return []
    chain = model.net.chain
    found = [at for at, layer in enumerate(chain) if isinstance(layer, Residual)]
    # One after the other, or what stands between them would be left out.
    return found if found and found == list(range(found[0], found[-1] + 1)) else []


def lens_of(model: LanguageModel, tokenizer: Tokenizer, text: str) -> Lens:
    """What each layer would predict after each token of a string.

    Raises:
        SettingsError: if the model's layers do not add to one stream.
        UnknownTokenError: if the string cannot be written in the vocabulary.
    """
    import torch

    if not is_network(model) or not (places := streams(model)):
        raise SettingsError(
            "The layers of this model do not add to one stream.", hint="Train one with `model=gpt`."
        )
    each = len(places) // max(1, getattr(model.settings, "n_layer", len(places)))
    tokens = prompt_of(tokenizer, text)
    chain, last = model.net.chain, places[-1]
    found: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]] = []

    def read(x: torch.Tensor, ends: tuple[Layer, ...]) -> None:
        """The most likely tokens where the stream ends here, some positions at a time."""
        at_once = max(1, MANY // model.vocabulary.size)
        best = []
        for part in torch.split(x[0], at_once):
            y = part[None]  # (1, t, C)
            for layer in ends:
                y = layer(y)
            best.append(torch.softmax(y[0].double(), -1).max(-1))
        found.append(
            (
                torch.cat([one.indices for one in best]).cpu().numpy(),
                torch.cat([one.values for one in best]).cpu().numpy(),
            )
        )

    with model.in_use():
        x = model.tensor(tokens[None])
        for layer in chain[: places[0]]:
            x = layer(x)
        ends = chain[last + 1 :]
        read(x, ends)
        for at in places:
            x = chain[at](x)
            if (at - places[0] + 1) % each == 0:
                read(x, ends)
    names = ("embedding", *(f"layer {number}" for number in range(1, len(found))))
    return Lens(tokens, names, np.stack([i for i, _ in found]), np.stack([p for _, p in found]))


def told_of_lens(lens: Lens, tokenizer: Tokenizer, text: str) -> str:
    """What each layer would predict after the whole string, a line each."""
    labels = letters(tokenizer, lens.likeliest[:, -1])
    wide = max(map(len, lens.layers))
    lines = [
        f"  {layer:{wide}}  {share:6.1%}  {label}"
        for layer, label, share in zip(lens.layers, labels, lens.probability[:, -1], strict=True)
    ]
    return "\n".join([f"After {text!r}, what each layer would predict next:", *lines])


@drawing()
def draw_lens(lens: Lens, tokenizer: Tokenizer) -> Figure:
    """A row for each layer, the last on top; a column for each token that was read."""
    from matplotlib.figure import Figure

    read = letters(tokenizer, lens.tokens)
    rows, columns = lens.likeliest.shape
    figure = Figure(
        figsize=(max(4.4, 0.72 * columns + 1.6), 0.27 * rows + 1.4), dpi=100, layout="constrained"
    )
    axes = figure.subplots()
    image = axes.imshow(
        lens.probability, cmap="Blues", vmin=0, vmax=1, aspect="auto", origin="lower"
    )
    for row in range(rows):
        for column, label in enumerate(letters(tokenizer, lens.likeliest[row])):
            dark = lens.probability[row, column] > 0.55
            axes.text(column, row, in_ink(label), ha="center", va="center", fontsize=7,
                      color="white" if dark else "black", clip_on=True)  # fmt: skip
    axes.set_xticks(range(columns), read, rotation=90 if are_wide(read) else 0)
    axes.set_yticks(range(rows), lens.layers)
    axes.tick_params(length=0, labelsize=8)
    axes.set_xlabel("token just read")
    axes.set_title("What each layer would predict next, if it were the last", fontsize=11)
    figure.colorbar(image, ax=axes, format="{x:.0%}", label="probability", pad=0.01)
    return figure
