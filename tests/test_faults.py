"""The short form of `benchmarks.faults`: each kind of fault, a few times."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

pytest.importorskip("resource", reason="Windows has no fork")
pytest.importorskip("torch")

import torch

from benchmarks.faults.kinds import KINDS, Scale
from benchmarks.faults.work import Place


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Place(tmp_path_factory.mktemp("faults"))
    torch.set_num_threads(threads)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost(place: Place, kind: str) -> None:
    scale = Scale(rounds=2, stride=15, only=("train", "overwrite", "strip"))
    tried = list(KINDS[kind](place, scale, random.Random(0)))
    assert tried
    wrong = [f"{what}: {wrong}" for what, wrong, _ in tried if wrong]
    assert not wrong, wrong[0]
