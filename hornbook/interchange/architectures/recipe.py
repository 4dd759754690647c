"""How each of our parameters is made of tensors of another's file: the pieces, and their shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from hornbook.errors import DataError
from hornbook.interchange.weights import Weights, listed
from hornbook.tensor_files import Deferred

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Layout",
    "Piece",
    "Recipe",
    "deferred",
    "layout_of",
    "refuse_unfit",
    "rows",
    "same",
    "transposed",
]


def same(tensor: Tensor) -> Tensor:
    """As it is."""
    return tensor


def transposed(tensor: Tensor) -> Tensor:
    """(C, R) to (R, C): GPT-2's layers keep their weights the other way round."""
    return tensor.t()


def rows(count: int) -> Callable[[Tensor], Tensor]:
    """The first rows."""
    return lambda tensor: tensor[:count]


@dataclass(frozen=True)
class Layout:
    """By what names and in which order a file has its tensors."""

    gguf: bool
    "Whether as GGUF has them, or else as Hugging Face."
    root: str
    "What stands before the names of Hugging Face's, but for the head's."


def layout_of(weights: Weights, root: str) -> Layout:
    """The layout of a file; some leave out the root."""
    gguf = weights.form == "gguf"
    rooted = not gguf and any(name.startswith(root) for name in weights.shapes)
    return Layout(gguf, root if rooted else "")


@dataclass(frozen=True)
class Piece:
    """A tensor of the file, and what is done to it."""

    name: str
    shape: tuple[int, ...]
    "That it must have in the file."
    turn: Callable[[Tensor], Tensor] = same


@dataclass(frozen=True)
class Recipe:
    """Our parameters by name, each of pieces that are joined along its first axis."""

    parts: Mapping[str, Sequence[Piece]]
    unused: Callable[[str], bool]
    "Whether a tensor that no part uses may be there: masks, and what can be computed."
    copies: Mapping[str, str]
    "Tensors that a file may have twice: the second one's name, and the first one's."


def refuse_unfit(weights: Weights, recipe: Recipe) -> None:
    """Refuse weights that lack a tensor, have one too many, or one of another shape.

    Raises:
        DataError: naming it.
    """
    used = {piece.name: piece.shape for pieces in recipe.parts.values() for piece in pieces}
    if missing := [name for name in used if name not in weights.shapes]:
        raise unfit(weights, f"{listed(missing)} missing")
    for name, shape in used.items():
        if (found := weights.shapes[name]) != shape:
            raise unfit(weights, f"{name} has shape {found}; by its settings it must have {shape}")
    more = [
        name
        for name in weights.shapes
        if name not in used and name not in recipe.copies and not recipe.unused(name)
    ]
    if more:
        raise unfit(weights, f"{listed(more)} not part of such a model here")
    turns = {piece.name: piece.turn for pieces in recipe.parts.values() for piece in pieces}
    for second, first in recipe.copies.items():
        if second not in weights.shapes:
            continue
        # Rows that stand for no token of the net are left out, and need not be the same.
        turn = turns[first]
        if not torch.equal(turn(weights.tensor(second)), turn(weights.tensor(first))):
            raise unfit(
                weights, f"its settings say that {second} is the same as {first}, and it is not"
            )


def unfit(weights: Weights, why: str) -> DataError:
    """The error that weights are not those of such a model."""
    return DataError(
        f"{weights.where} cannot be imported: {why}.",
        hint="Give the files of one model, with its own settings.",
    )


def deferred(
    weights: Weights, recipe: Recipe, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Deferred]:
    """Our parameters, each made when it is written.

    Args:
        weights: that they are made of, and `refuse_unfit` has let pass.
        recipe: how.
        shapes: of our parameters.
    """

    def making(name: str) -> Callable[[], npt.NDArray[Any]]:
        def make() -> npt.NDArray[Any]:
            pieces = [piece.turn(weights.tensor(piece.name)) for piece in recipe.parts[name]]
            made: npt.NDArray[Any] = (pieces[0] if len(pieces) == 1 else torch.cat(pieces)).numpy()
            if not np.isfinite(made).all():
                told = ", ".join(piece.name for piece in recipe.parts[name])
                raise unfit(weights, f"{told} holds numbers that are not finite")
            return made

        return make

    return {
        name: Deferred(shape, np.dtype(np.float32), making(name)) for name, shape in shapes.items()
    }
