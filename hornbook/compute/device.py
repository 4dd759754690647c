"""Where to train."""

from __future__ import annotations

import torch

from hornbook.errors import SettingsError
from hornbook.settings import CALLED
from hornbook.suggestions import did_you_mean

__all__ = ["choose_device", "refuse_missing"]


def choose_device(name: str, local: int = 0) -> torch.device:
    """The device of a name; `auto` takes a GPU if there is one.

    Args:
        name: auto, cpu, cuda or mps.
        local: which of several GPUs.

    Raises:
        SettingsError: if there is no device of that name, or this machine has none.
    """
    available = devices()
    refuse_missing(name)
    if name == "auto":
        name = next(device for device, there in available.items() if there)
    if name != "cuda":
        return torch.device(name)
    if local >= torch.cuda.device_count():
        raise SettingsError(
            f"There is no GPU for process {local} on this machine: it has "
            f"{torch.cuda.device_count()}.",
            hint="Start at most one process per GPU, or set `device=cpu`.",
        )
    torch.cuda.set_device(local)  # where messages to the other processes go through
    return torch.device(name, local)


def devices() -> dict[str, bool]:
    """All kinds of devices, the fastest first, and whether this machine has them."""
    return {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }


def refuse_missing(name: str) -> None:
    """Refuse a device that this machine does not have.

    Raises:
        SettingsError: if it does not, or there is no device of that name.
    """
    available = devices()
    if name == "auto":
        return
    if name not in available:
        raise SettingsError(
            f"`device` must be one of auto, {', '.join(sorted(available))}; it is {name!r}.",
            hint=did_you_mean(name, ["auto", *available], also=CALLED).strip(),
            setting="device",
        )
    if not available[name]:
        there = ", ".join(device for device, is_there in available.items() if is_there)
        raise SettingsError(f"This machine has no {name} device.", hint=f"Available: {there}.")
