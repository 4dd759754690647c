"""What a model is made of, whatever its family; asked without torch where it is not there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeGuard

from hornbook.text.models.contract import LanguageModel

if TYPE_CHECKING:
    import torch

    from hornbook.text.models.network import Network

__all__ = ["is_network", "layers_of"]


def is_network(model: LanguageModel) -> TypeGuard[Network]:
    """Whether a model is a network of layers."""
    if "torch" not in sys.modules:  # no network could have been made
        return False
    from hornbook.text.models.network import Network

    return isinstance(model, Network)


def layers_of(model: LanguageModel) -> list[torch.nn.Module]:
    """All layers, in the order in which they were built; none of a model of counts."""
    if "torch" not in sys.modules:
        return []
    import torch

    return list(model.modules()) if isinstance(model, torch.nn.Module) else []
