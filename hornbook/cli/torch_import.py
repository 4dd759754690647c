"""PyTorch imported without a search for garbage: it makes objects that all stay.

Python looks for garbage whenever enough new objects have been made, and every so often through all
there are. Importing torch makes some hundred thousand, which it went through again and again: a
sixth of the time from a command to its first step (EXPERIMENTS.md).
"""

from __future__ import annotations

import gc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["import_torch_in_one_go"]


def import_torch_in_one_go() -> None:
    """When torch is imported, now or much later, do not look for garbage meanwhile.

    What there is then is never looked through again: a program, and not a call, may ask for this.
    """
    if "torch" not in sys.modules:
        sys.meta_path.insert(0, TorchFinder())


class TorchFinder(MetaPathFinder):
    """Finds torch as any other finder does, once."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As `MetaPathFinder` says; nothing of any other module."""
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = InOneGo(spec.loader)
        return spec


class InOneGo(Loader):
    """Loads a module as another loader does.

    Args:
        loader: the other one.
    """

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As `Loader` says."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As `Loader` says; all that is there afterwards stays."""
        if module.__spec__ is not None:  # whoever asks the module finds its own loader
            module.__spec__.loader = self.loader
        module.__loader__ = self.loader
        collecting = gc.isenabled()
        gc.disable()
        try:
            self.loader.exec_module(module)
        finally:
            gc.freeze()
            if collecting:
                gc.enable()
