"""Versions and the machine, as a bug report and a run's record need them."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib import metadata

from hornbook.version import __version__

__all__ = ["Versions"]


@dataclass(frozen=True)
class Versions:
    """What a run was made with; None where it was not recorded, or not there."""

    hornbook: str
    torch: str | None = None
    numpy: str | None = None
    python: str | None = None
    system: str | None = None
    "Operating system and machine type, such as `Linux x86_64`."
    processor: str | None = None
    "Most advanced instruction set that torch uses, such as `AVX2`; None if torch was not loaded."
    gpu: str | None = None

    @classmethod
    def of_today(cls) -> Versions:
        """What is installed here, and on what; torch is not loaded only to be asked."""
        instructions = gpu = None
        if "torch" in sys.modules:
            import torch

            instructions = torch.backends.cpu.get_cpu_capability()
            gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
        return cls(
            hornbook=__version__,
            torch=installed("torch"),
            numpy=installed("numpy"),
            python=platform.python_version(),
            system=f"{platform.system()} {platform.machine()}",
            processor=instructions,
            gpu=gpu,
        )

    def __str__(self) -> str:
        """A line each, for people."""
        instructions = f", {self.processor}" if self.processor else ""
        lines = [
            f"hornbook {self.hornbook}",
            f"Python {self.python}",
            f"torch {self.torch or 'not installed'}",
            f"NumPy {self.numpy}",
            f"{self.system}{instructions}",
        ]
        return "\n".join(lines + ([f"GPU {self.gpu}"] if self.gpu else []))


def installed(package: str) -> str | None:
    """The version of a package that is installed; None if it is not."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
