"""Importing torch in one go: no search for garbage meanwhile, and nothing else is changed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from hornbook.cli.torch_import import (
    AT_START,
    InOneGo,
    TorchFinder,
    import_torch_in_one_go,
    in_one_go,
    look_for_garbage_later,
)


@pytest.fixture(autouse=True)
def searched_as_usual() -> Iterator[None]:
    usual, called = gc.get_threshold(), [*gc.callbacks]
    yield
    gc.callbacks[:] = called
    gc.set_threshold(*usual)
    gc.unfreeze()


class Noting(Loader):
    """Notes whether garbage is looked for while it loads."""

    collecting: bool | None = None

    def exec_module(self, module: ModuleType) -> None:
        self.collecting = gc.isenabled()


def test_no_garbage_is_looked_for_meanwhile() -> None:
    loader = Noting()
    module = ModuleType("some")
    module.__spec__ = ModuleSpec("some", in_one_go(loader))
    assert gc.isenabled()
    InOneGo(loader).exec_module(module)
    assert gc.get_freeze_count() > 0
    assert loader.collecting is False
    assert gc.isenabled()
    assert module.__loader__ is loader
    assert module.__spec__.loader is loader


def test_it_is_looked_for_again_after_an_import_that_fails() -> None:
    class Broken(Loader):
        def exec_module(self, module: ModuleType) -> None:
            raise ImportError("broken")

    with pytest.raises(ImportError, match="broken"):
        InOneGo(Broken()).exec_module(ModuleType("some"))
    assert gc.isenabled()


def test_the_first_search_comes_late_and_the_others_as_usual() -> None:
    usual, called = gc.get_threshold(), [*gc.callbacks]
    look_for_garbage_later()
    assert gc.get_threshold() == (AT_START, *usual[1:])
    made: list[list[int]] = []
    while gc.get_threshold() != usual:  # new objects that stay bring the search about
        made.append([])
        assert len(made) <= AT_START
    assert len(made) > AT_START // 2
    assert gc.callbacks == called


@pytest.mark.parametrize("later", [True, False])
def test_an_import_in_one_go_changes_nothing_about_the_searches(later: bool) -> None:
    if later:
        look_for_garbage_later()
    before, called = gc.get_threshold(), len(gc.callbacks)
    InOneGo(Noting()).exec_module(ModuleType("some"))
    assert gc.get_threshold() == before
    assert len(gc.callbacks) == called


def test_other_modules_are_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = TorchFinder()
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    monkeypatch.delitem(sys.modules, "torch", raising=False)  # else it is not looked for
    assert finder.find_spec("json", None) is None
    assert finder in sys.meta_path
    spec = finder.find_spec("torch", None)
    assert spec is not None
    assert type(spec.loader).__name__ == "InOneGo"
    assert finder not in sys.meta_path, "it finds torch once"


def test_nothing_is_done_where_torch_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    import_torch_in_one_go()
    assert not any(isinstance(one, TorchFinder) for one in sys.meta_path)
    monkeypatch.delitem(sys.modules, "torch")
    import_torch_in_one_go()
    assert isinstance(sys.meta_path[0], TorchFinder)
