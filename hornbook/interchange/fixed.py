"""A net with conditions as one without: some values are given once and for all.

What is given adds the same vector to the embedding of every token. So it can be added once, to the
table of tokens, or to the table of positions where the output layer has the tokens' as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

from hornbook.errors import SettingsError
from hornbook.nn import ConditionedEmbedding, LearnedPositions
from hornbook.rendering import listed
from hornbook.settings import Settings
from hornbook.text.models.gpt import GPT

if TYPE_CHECKING:
    from torch import Tensor

    from hornbook.runs import Run

__all__ = ["FixedSettings", "fixed_net", "told_of_fixed"]


@dataclass(frozen=True)
class FixedSettings(Settings):
    """The file."""

    condition: tuple[str, ...] = ()
    """Values that are given once and for all, such as country=Japan (only for runs trained with
    condition): the format has no place for a choice."""


def fixed_net(run: Run, asked: Sequence[str], what: str) -> GPT:
    """A run's net with some values given for good; the net itself where it has no conditions.

    Args:
        run: of the family gpt.
        asked: the values, each as `column=value`.
        what: is to be made of it, as the subject of a sentence.

    Raises:
        SettingsError: if the run has no such conditions or values, or needs one for each and some
            are not given.
    """
    model: GPT = run.model
    conditions = run.data.conditions
    if conditions is None:
        if asked:
            raise SettingsError(
                "This run has no conditions: it was trained on texts with nothing given.",
                hint="Leave `condition` out.",
                setting="condition",
            )
        return model
    numbers = conditions.read(asked)
    missing = [name for name, number in zip(conditions.names, numbers, strict=True) if not number]
    if missing and not conditions.drop:
        raise SettingsError(
            f"{what} has no place for conditions, so their values are fixed when it is written; "
            f"not given: {listed(missing)}. The net was never trained without "
            "(`drop_condition` was 0).",
            hint=f"Give `condition` a value of each, as {conditions.example}. A page (`to=html`) "
            "and ONNX (`to=onnx`) leave the choice to the reader.",
            setting="condition",
        )
    return folded(model, int(model.vocabulary.added(numbers[None])[0]))


def folded(model: GPT, added: int) -> GPT:
    """A net without conditions that computes what one with them does where some are given.

    Args:
        model: with conditions.
        added: to the ids; see `Vocabulary`.
    """
    positions = [at for at, one in enumerate(model.net.chain) if isinstance(one, LearnedPositions)]
    settings = model.settings
    if settings.tied and not positions:  # then the tables are two from here on
        settings = replace(settings, tied=False)
    plain = GPT(settings, replace(model.vocabulary, given=())).eval()
    theirs = model.state_dict()
    plain.load_state_dict({name: theirs[name] for name in plain.state_dict()})
    takes: Any = plain.net.chain[positions[0] if settings.tied else 0]
    with torch.no_grad():
        takes.weight += shift(model, added // model.vocabulary.size)
    return plain


def shift(model: GPT, combined: int) -> Tensor:
    """What a combination of values adds to the embedding of each token, shape (C,)."""
    first = model.net.chain[0]
    assert isinstance(first, ConditionedEmbedding)
    rows = first.rows(torch.tensor(combined, device=first.values.device))
    return F.embedding(rows, F.pad(first.values.detach(), (0, 0, 1, 0))).sum(0).cpu()


def told_of_fixed(run: Run, asked: Sequence[str]) -> list[str]:
    """What of the conditions of a run is in the file, as sentences."""
    conditions = run.data.conditions
    if conditions is None:
        return []
    given = conditions.in_words(conditions.read(asked).tolist())
    names = listed(conditions.names)
    return [f"Of its conditions ({names}) {given or 'nothing'} is given, once and for all."]
