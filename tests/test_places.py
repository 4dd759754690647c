"""Samples side by side: what is kept of them, and how much room that takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from hornbook.text.batch_sampling import BLOCK, Places, Tokens, size_of
from hornbook.text.models.contract import Arrays, Floats, Ids, LanguageModel
from hornbook.text.models.memory import Memory
from hornbook.text.models.reading import Reading
from hornbook.tokenizers.contract import Vocabulary


@pytest.mark.parametrize("since", [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 3])
def test_tokens_are_kept_as_one_array_would_keep_them(since: int) -> None:
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 200, (2 * BLOCK + 5, 7))
    tokens = Tokens(7, np.uint8)
    for row in whole:
        tokens.append(row)
    np.testing.assert_array_equal(tokens.newest, whole[-1])
    np.testing.assert_array_equal(tokens.of(np.array([4, 1]), since), whole[since:, [4, 1]].T)
    tokens.keep(np.array([6, 4, 0]))
    np.testing.assert_array_equal(tokens.of(np.array([1]), since), whole[since:, [4]].T)
    assert tokens.of(np.array([1])).dtype == np.uint8
    assert tokens.of(np.array([0]), len(whole)).shape == (1, 0)


def test_tokens_take_room_for_what_was_drawn_only() -> None:
    tokens = Tokens(1_000, np.uint8)
    assert not tokens.blocks
    for _ in range(BLOCK + 1):
        tokens.append(np.zeros(1_000, dtype=np.int64))
    assert sum(block.nbytes for block in tokens.blocks) == 2 * BLOCK * 1_000


@dataclass
class Held:
    keys: Any
    others: tuple[Any, ...]


def test_the_size_of_whatever_a_model_remembers() -> None:
    array, tensor = np.zeros((3, 4)), torch.zeros(5, dtype=torch.float32)
    assert size_of(array) == 96
    assert size_of(None) == size_of(7) == 0
    assert size_of([array, {"a": tensor}, Held(tensor, (array, None))]) == 96 + 20 + 20 + 96


class Noted(Memory[Any]):
    """The memory of such a model."""

    def start(self, model: Any, ids: Ids) -> tuple[Floats, Any]:
        return self.step(model, ids[:, -1], np.zeros((len(ids), 2)))

    def step(self, model: Any, ids: Ids, state: Any) -> tuple[Floats, Any]:
        model.steps.append(len(ids))
        return model.logits.repeat(len(ids), axis=0), state

    def select(self, model: Any, state: Any, places: Ids) -> Any:
        return state[places]


class Fixed(LanguageModel):
    """A model that says the same whatever it reads, and notes how many places it steps."""

    def __init__(self, logits: list[float], boundary: int | None) -> None:
        self.vocabulary = Vocabulary(len(logits), boundary, boundary or 0)
        self.logits, self.steps = np.array([logits]), list[int]()
        self.reading, self.memory = Reading.rows(9, context=9), Noted()

    @property
    def n_parameters(self) -> int:
        return 0

    def next_logits(self, inputs: Ids) -> Any:
        raise NotImplementedError

    def token_losses(self, inputs: Ids, targets: Ids) -> Any:
        raise NotImplementedError

    def arrays(self) -> Arrays:
        return {}

    def load_arrays(self, arrays: Arrays) -> None:
        raise NotImplementedError


def places(model: Fixed, draws: list[list[int]], room: int = 9) -> Places:
    """As many places as the first draws, with draws that are given."""
    left = iter(draws)
    state = np.zeros((1, 2))
    return Places(model, model.logits, state, len(draws[0]), room, lambda _: np.array(next(left)))


@pytest.mark.parametrize("boundary", [0, 2])
def test_those_that_end_leave_and_the_rest_go_on(boundary: int) -> None:
    model = Fixed([0.0] * 5, boundary)
    # Places 0 to 3; 1 ends at its second token, then 0 and 3.
    mine = places(model, [[3, 3, 1, 4], [4, boundary, 1, 3], [boundary, 3, boundary], [4], [4]], 5)
    for _ in range(4):
        mine.step()
    assert mine.alive.tolist() == [2]
    assert mine.so_far(2, 0).tolist() == [1, 1, 3, 4]
    assert mine.so_far(2, 3).tolist() == [4]
    mine.step()
    assert {number: (ids.tolist(), ended) for number, (ids, ended) in mine.over.items()} == {
        0: ([3, 4], True), 1: ([3], True), 2: ([1, 1, 3, 4, 4], False), 3: ([4, 3], True),
    }  # fmt: skip
    # Three of four places in use are packed; it is not read what none will follow.
    assert model.steps == [4, 3, 1, 1]
    assert mine.state is None


def test_without_a_boundary_nothing_ends_itself() -> None:
    mine = places(Fixed([0.0] * 3, None), [[0, 1], [2, 0]], 2)
    mine.step()
    mine.step()
    assert [(ids.tolist(), ended) for ids, ended in mine.over.values()] == [
        ([0, 2], False), ([1, 0], False),
    ]  # fmt: skip


def test_what_nothing_can_follow_is_over() -> None:
    mine = places(model := Fixed([0.0, 0.0, 0.0], 0), [[1, 2]])
    mine.step()
    model.logits = np.full((1, 3), -np.inf)
    mine.step()
    assert [(ids.tolist(), ended) for ids, ended in mine.over.values()] == [
        ([1], False),
        ([2], False),
    ]
