"""The states of torch's random number generators, to be kept and put back."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["random_states", "seed_random", "set_random_states"]


def seed_random(device: torch.device, seed: int) -> None:
    """Begin the generators that training on a device draws from; those of others are let be."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


def random_states(
    device: torch.device, generator: torch.Generator | None = None
) -> dict[str, Tensor]:
    """The state of the processor's generator, and of the device's if it has one of its own.

    Args:
        device: on which there is training.
        generator: in place of torch's own of the processor.

    Returns:
        States by the kind of device, shape (bytes,).
    """
    states = {"cpu": torch.get_rng_state() if generator is None else generator.get_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state()
    elif device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def set_random_states(
    device: torch.device, states: Mapping[str, Tensor], generator: torch.Generator | None = None
) -> None:
    """Put the states of `random_states` back.

    Args:
        device, generator: as there.
        states: what it gave.

    Raises:
        KeyError: if one is missing.
    """
    if generator is None:
        torch.set_rng_state(states["cpu"])
    else:
        generator.set_state(states["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"])
    elif device.type == "mps":
        torch.mps.set_rng_state(states["mps"])
