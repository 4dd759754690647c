"""The layers of one kind in a model, whatever its family."""

from __future__ import annotations

from typing import TypeVar

import torch

from hornbook.text.models.contract import LanguageModel

__all__ = ["layers_of"]

Kind = TypeVar("Kind", bound=torch.nn.Module)


def layers_of(model: LanguageModel, kind: type[Kind]) -> list[Kind]:
    """All layers of a kind, in the order in which they were built; none of a model of counts."""
    if not isinstance(model, torch.nn.Module):
        return []
    return [layer for layer in model.modules() if isinstance(layer, kind)]
