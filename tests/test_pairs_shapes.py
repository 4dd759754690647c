"""The table of layers of nets of pairs: as torch counts them, and where no data fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from hornbook.tasks import Start, choose_task
from tests.command import typed

V, S = 27, 13
SETTINGS: list[tuple[str, dict[str, Any], int]] = [
    # Three times a product of queries, keys, values (or apart), scores and values times weights,
    # a projection; 8 into 16 and back, twice; logits.
    ("seq2seq", {"n_layer": 1, "n_embd": 8, "n_head": 2, "widen": 2.0},
     3 * S * 8 * (3 * 8 + 8) + 3 * 2 * S * S * 8 + 2 * 2 * S * 8 * 16 + S * 8 * V),
    # Two GRUs read; the start; of each position a query of 3, a match with 13 keys of 3, what is
    # told of 13 of 8, a GRU that reads 5 + 8; the keys; the readout; logits.
    ("attention-rnn", {"n_embd": 5, "n_hidden": 4, "n_attention": 3},
     2 * S * 3 * 4 * (5 + 4) + 4 * 4 + S * (4 * 3 + S * 3 + S * 8 + 3 * 4 * (5 + 8 + 4))
     + S * 8 * 3 + S * (3 * 4 + 5) * 5 + S * 5 * V),
    ("classify", {"n_embd": 4}, 2 * S * 3 * 4 * (4 + 4) + 8 * 2),
    ("classify", {"n_embd": 8, "body": "transformer", "pool": "attention"},
     S * 8 * 32 + 2 * S * S * 8 + 2 * S * 8 * 32 + 2 * S * 8 + 8 * 2),
]  # fmt: skip


@pytest.mark.parametrize(("family", "settings", "expected"), SETTINGS)
def test_multiplications_by_hand_and_by_torch(
    family: str, settings: dict[str, Any], expected: int
) -> None:
    task, _ = choose_task(None, None, family)
    kind = task.family(family).load().Settings
    model = task.build(family, kind(**settings), task.typical_of(family), Start("seed", 0))
    found = model.shapes()
    assert found.multiplications == expected
    assert found.parameters == model.n_parameters
    assert found.layers[-1].gives[-1] == (2 if family == "classify" else V)
    ids = torch.zeros(1, S, dtype=torch.int64)
    with FlopCounterMode(display=False) as counter:  # a multiplication and an addition each
        if family == "classify":
            model.head(model.pool(model.encoder(ids)))
        else:
            model.head(model.hidden_vjp(ids, None, ids)[0])
    # torch does not count products of a matrix and one vector: matches, a pool's scores and mean.
    uncounted = {"attention-rnn": S * S * 3, "classify": 2 * S * 8 * ("pool" in settings)}
    assert counter.get_total_flops() == 2 * (expected - uncounted.get(family, 0))
    assert not [name for name, part in model.named_modules() if "vjp" in vars(part)]


def test_lengths_are_those_of_the_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "words.tsv"
    rows = "".join(f"{'ab' * n}c\t{'x' * n}\n" for n in range(1, 9)) * 3
    path.write_text(f"source\ttarget\n{rows}")
    asked = ("models", "seq2seq", "--shapes", "--data", str(path))
    _, _, told = typed(capsys, *asked)
    assert "a source of 18 and a target of 9 tokens" in told
    status, _, told = typed(capsys, "models", "classify", "--shapes", "--data", str(path))
    assert status == 1
    assert "classify predicts labels, and target has texts" in told
