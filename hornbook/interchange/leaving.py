"""Nets of the family gpt as others keep them: the way back of `importing`, by the same recipes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from hornbook.actions import Action
from hornbook.errors import SettingsError
from hornbook.interchange.architectures.gpt2 import GPT2_NEEDS, gpt2_config
from hornbook.interchange.architectures.gpt_names import gpt_names
from hornbook.interchange.architectures.llama import LLAMA_NEEDS, llama_config
from hornbook.interchange.architectures.recipe import Layout, Piece, Recipe
from hornbook.interchange.fixed import fixed_net
from hornbook.interchange.importing import ARCHITECTURES
from hornbook.interchange.json_files import Config
from hornbook.interchange.text_only import refuse_other_tasks
from hornbook.runs import Run
from hornbook.tensor_files import Deferred
from hornbook.text.models.gpt import GPT, GPTSettings

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Leaving", "leaving"]

ALWAYS: Mapping[str, tuple[Any, ...]] = {
    "attention_projection": (True,),
    "residual": (True,),
    "qk_norm": (False,),
    "softcap": (0.0,),
}
"What every architecture asks for."
NEEDS = {
    "gpt2": {**GPT2_NEEDS, **ALWAYS},
    "llama": {**LLAMA_NEEDS, **ALWAYS},
}
CONFIGS: Mapping[str, Callable[[GPTSettings, int], dict[str, Any]]] = {
    "gpt2": gpt2_config,
    "llama": llama_config,
}
CALLED = {"gpt2": "GPT-2", "llama": "Llama"}


@dataclass(frozen=True)
class Leaving:
    """A net as others keep it."""

    kind: str
    "Its architecture, as `model_type`."
    config: dict[str, Any]
    "Its settings, by the names of Hugging Face."
    tensors: Mapping[str, Deferred]
    "Each made when it is written."
    net: GPT
    "The run's, with the values given that are fixed."


def leaving(
    run: Run,
    what: str,
    condition: Sequence[str],
    *,
    gguf: bool = False,
    fewer: Mapping[str, tuple[Any, ...]] | None = None,
) -> Leaving:
    """A run's net as GPT-2 or Llama.

    Args:
        run: of the family gpt.
        what: the format, as the subject of a sentence.
        condition: values that are given once and for all.
        gguf: whether the tensors are named and laid out as GGUF has them.
        fewer: what of a setting the format has, where that is less than the architecture has.

    Raises:
        SettingsError: if it is neither of them, and every setting in the way is named; or if these
            are not values that can be fixed.
    """
    refuse_other_tasks(run, what)
    if run.family != "gpt":
        raise SettingsError(
            f"{what} holds nets of the family gpt; {run.directory.run} is of the family "
            f"{run.family}.",
            hint="Every net on text can be exported to ONNX (`to=onnx`), and any model of "
            "text as a page (`to=html`).",
            setting="to",
        )
    kind = architecture_for(run.model.settings, what, fewer or {})
    model = fixed_net(run, condition, what)
    settings = model.settings
    architecture, vocab_size = ARCHITECTURES[kind], model.vocabulary.size
    config = CONFIGS[kind](settings, vocab_size)
    layout = Layout(gguf, "" if gguf else architecture.root)
    recipe = architecture.recipe(
        layout, Config(what, config), settings, gpt_names(model), vocab_size
    )
    return Leaving(kind, config, theirs(model.state_dict(), recipe), model)


def architecture_for(settings: GPTSettings, what: str, fewer: Mapping[str, tuple[Any, ...]]) -> str:
    """The architecture that has all of some settings.

    Raises:
        SettingsError: if none has; it names what stands in the way of the nearest one.
    """
    if settings.n_layer == 0:
        raise SettingsError(
            f"{what} holds nets of at least one block; `n_layer` is 0.", setting="to"
        )
    found = {kind: obstacles(settings, {**needs, **fewer_of(needs, fewer)})
             for kind, needs in NEEDS.items()}  # fmt: skip
    kind = min(found, key=lambda one: len(found[one]))
    if not found[kind]:
        return kind
    told = [
        f"{said(name, getattr(settings, name))}, and {CALLED[kind]} has "
        f"{' or '.join(said(name, one) for one in allowed)}"
        for name, allowed in found[kind].items()
    ]
    raise SettingsError(
        f"{what} holds nets shaped as GPT-2 or Llama, and this run is neither: "
        f"{'; '.join(told)}.",
        action=Action(
            "train", ("DATA",),
            {"model": "gpt", **{name: allowed[0] for name, allowed in found[kind].items()}},
        ),
        setting="to",
    )  # fmt: skip


def fewer_of(
    needs: Mapping[str, tuple[Any, ...]], fewer: Mapping[str, tuple[Any, ...]]
) -> dict[str, tuple[Any, ...]]:
    """What is left of some needs in a format that has less."""
    left = {name: tuple(one for one in needs.get(name, ()) if one in few)
            for name, few in fewer.items()}  # fmt: skip
    return {name: values for name, values in left.items() if values}


def obstacles(
    settings: GPTSettings, needs: Mapping[str, tuple[Any, ...]]
) -> dict[str, tuple[Any, ...]]:
    """The settings that stand in the way, with what they must be."""
    found = {
        name: allowed for name, allowed in needs.items() if getattr(settings, name) not in allowed
    }
    if "tied" in needs and settings.n_kv_head not in (0, settings.n_head):
        found["n_kv_head"] = (0,)
    return found


def said(name: str, value: Any) -> str:
    """A setting with a value, for people."""
    words = {True: "on", False: "off"}
    return f"{name} {words[value] if isinstance(value, bool) else value}"


def theirs(state: Mapping[str, Tensor], recipe: Recipe) -> dict[str, Deferred]:
    """The file's tensors, each made of ours when it is written.

    What we have not is what changes nothing: a bias of zeros, a gain of ones.
    """
    found: dict[str, Deferred] = {}
    for ours, pieces in recipe.parts.items():
        for piece, part in parted(state.get(ours), pieces):
            if piece.name not in found:
                make = making(piece, part, 0.0 if ours.endswith(".bias") else 1.0)
                found[piece.name] = Deferred(piece.shape, np.dtype(np.float32), make)
    return found


def parted(whole: Tensor | None, pieces: Any) -> Iterator[tuple[Piece, Tensor | None]]:
    """One of our parameters cut along its first axis, as the pieces that it is made of."""
    begin = 0
    for piece in pieces:
        count = len(piece.turn(torch.empty(piece.shape, device="meta")))
        yield piece, None if whole is None else whole[begin : begin + count]
        begin += count


def making(piece: Piece, part: Tensor | None, absent: float) -> Callable[[], npt.NDArray[Any]]:
    """What makes a tensor of a file of a part of ours."""

    def make() -> npt.NDArray[Any]:
        if part is None:
            return np.full(piece.shape, absent, dtype=np.float32)
        return undone(piece, part.detach().cpu().float())

    return make


def undone(piece: Piece, part: Tensor) -> npt.NDArray[Any]:
    """What `turn` makes a part of.

    It moves numbers and changes none, so its inverse is its transpose: the gradient.
    """
    with torch.inference_mode(False), torch.enable_grad():
        given = torch.zeros(piece.shape, requires_grad=True)
        (found,) = torch.autograd.grad(piece.turn(given), given, part.clone())
    made: npt.NDArray[Any] = found.contiguous().numpy()
    return made
