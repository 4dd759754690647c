"""The tree along a row: the same as through windows, each node computed once."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.nn import BatchNorm1d, Embedding, FlattenConsecutive, Linear, Tanh, Tree
from tests.referee import close

V, START = 7, 3

forms = pytest.mark.parametrize(("fan", "levels"), [(2, 1), (2, 3), (3, 2), (4, 1)])


def made(fan: int, levels: int) -> Tree:
    generator = torch.Generator().manual_seed(1)
    layers: list[torch.nn.Module] = [Embedding(V, 3, generator=generator)]
    width = 3
    for _ in range(levels):
        layers += [FlattenConsecutive(fan), Linear(fan * width, 5, generator=generator)]
        layers += [BatchNorm1d(5), Tanh()]
        width = 5
    tree = Tree(*layers, fan=fan, start=START).double()  # type: ignore[arg-type]
    for layer in layers:
        if isinstance(layer, BatchNorm1d):
            layer.running_mean.normal_(generator=generator)
    return tree.eval()


def through_windows(tree: Tree, ids: Tensor, span: int) -> Tensor:
    """What `vjp` tells of the window that ends at each position, (B, T, C)."""
    rows = F.pad(ids, (span - 1, 0), value=START).unfold(1, span, 1)  # (B, T, span)
    return tree.vjp(rows.reshape(-1, span))[0].view(*ids.shape, -1)


@forms
def test_a_row_at_once_and_step_by_step_is_its_windows(fan: int, levels: int) -> None:
    tree = made(fan, levels)
    ids = torch.randint(0, V, (3, 21), generator=torch.Generator().manual_seed(0))
    whole = through_windows(tree, ids, fan**levels)
    state = None
    for at in range(ids.shape[1]):
        y, begun = tree.begin(ids[:, : at + 1])
        close(y, whole[:, : at + 1])
        y, state = tree.advance(ids[:, at], state)
        close(y, whole[:, at])
        for mine, theirs in zip(state, begun, strict=True):
            close(mine, theirs)


@forms
def test_some_rows_go_on_without_the_others(fan: int, levels: int) -> None:
    tree = made(fan, levels)
    ids = torch.randint(0, V, (3, 6), generator=torch.Generator().manual_seed(0))
    places = torch.tensor([2, 0, 2])
    _, state = tree.begin(ids[:, :5])
    y, _ = tree.advance(ids[places, 5], tree.pick(state, places))
    close(y, through_windows(tree, ids, fan**levels)[places, 5])
