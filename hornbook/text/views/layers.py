"""The layers of a model of any family; works without torch."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeGuard

from hornbook.text.models.contract import LanguageModel

if TYPE_CHECKING:
    import torch

    from hornbook.text.models.network import Network

__all__ = ["is_network", "layers_of"]


def is_network(model: LanguageModel) -> TypeGuard[Network]:
    """Whether a model is a neural network."""
    if "torch" not in sys.modules:  # then no network exists
        return False
    from hornbook.text.models.network import Network

    return isinstance(model, Network)


def layers_of(model: LanguageModel) -> list[torch.nn.Module]:
    """All layers, in the order in which they were built; empty for count-based models."""
    if "torch" not in sys.modules:
        return []
    import torch

    return list(model.modules()) if isinstance(model, torch.nn.Module) else []
