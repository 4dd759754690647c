"""A program started, and PyTorch imported in it, without a search for garbage.

Python looks for garbage whenever enough new objects have been made, and every so often through all
there are. Starting makes some hundred thousand, which all stay. Importing torch among them took a
sixth of the time from a command to its first step, the rest a twentieth (EXPERIMENTS.md).
"""

from __future__ import annotations

import gc
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from importlib.abc import Loader

__all__ = ["import_torch_in_one_go", "look_for_garbage_later"]

AT_START = 100_000  # new objects


def look_for_garbage_later() -> None:
    """The next search comes after as many new objects as a start makes; those after it as usual.

    A program, and not a call, may ask for this.
    """
    usual = gc.get_threshold()

    def as_usual(phase: str, told: Mapping[str, int]) -> None:
        if phase == "stop":  # of the first search
            gc.callbacks.remove(as_usual)
            gc.set_threshold(*usual)

    if not is_later():
        gc.callbacks.append(as_usual)
        gc.set_threshold(AT_START, *usual[1:])


def is_later() -> bool:
    """Whether the next search is to come later than usual."""
    return gc.get_threshold()[0] == AT_START


def import_torch_in_one_go() -> None:
    """When torch is imported, now or much later, do not look for garbage meanwhile.

    What there is then is never looked through again: a program, and not a call, may ask for this.
    """
    if "torch" not in sys.modules:
        look_for_garbage_later()
        sys.meta_path.insert(0, TorchFinder())


class TorchFinder:
    """Finds torch as any other finder does, once."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As `importlib.abc.MetaPathFinder` says; nothing of any other module."""
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = in_one_go(spec.loader)
        return spec


def in_one_go(loader: Loader) -> Loader:
    """A loader that loads as another does, with no search for garbage meanwhile."""
    # `importlib.abc.Loader` in all but name: importing that takes a fortieth of a second.
    return cast("Loader", InOneGo(loader))


class InOneGo:
    """Loads a module as another loader does.

    Args:
        loader: the other one.
    """

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As `importlib.abc.Loader` says."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As `importlib.abc.Loader` says; all that is there afterwards stays."""
        if module.__spec__ is not None:  # whoever asks the module finds its own loader
            module.__spec__.loader = self.loader
        module.__loader__ = self.loader
        collecting, later = gc.isenabled(), is_later()
        gc.disable()
        try:
            self.loader.exec_module(module)
        finally:
            gc.freeze()
            gc.collect(0)  # of nothing: the count of new objects begins again
            if later:
                look_for_garbage_later()
            if collecting:
                gc.enable()
