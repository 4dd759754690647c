"""Parameters under two names: written once, and read as earlier versions wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hornbook
from hornbook.compute.tied import each_once, second_names
from hornbook.errors import RunError
from hornbook.tensor_files import tensor_sizes
from hornbook.text.models.gpt import GPT, GPTSettings
from hornbook.text.task import refuse_unshareable
from hornbook.tokenizers.contract import Vocabulary
from hornbook.training.settings import TrainingSettings

TIED: dict[str, Any] = {"n_layer": 1, "n_head": 2, "n_embd": 8, "block_size": 8, "tied": True}
QUICK: dict[str, Any] = {"steps": 4, "batch_size": 2, "threads": 1, "evaluate_every": 2}
HEAD, EMBEDDING = "net.layers.5.weight", "net.layers.0.weight"


def net() -> GPT:
    return GPT(
        GPTSettings(**TIED, dropout=0.0), Vocabulary(5, 0, 0), torch.Generator().manual_seed(1)
    )


def test_each_tensor_is_told_once_by_its_first_name() -> None:
    model = net()
    assert second_names(model) == {"net.layers.4.weight": EMBEDDING}
    assert list(each_once(model)) == [
        name for name in model.state_dict() if name != "net.layers.4.weight"
    ]
    assert sum(tensor.numel() for tensor in each_once(model).values()) == model.n_parameters
    assert not second_names(torch.nn.Linear(2, 2))


def test_both_names_are_read_where_they_have_the_same_numbers() -> None:
    model, other = net(), net()
    arrays = model.arrays()
    for given in (arrays, arrays | {"net.layers.4.weight": arrays[EMBEDDING].copy()}):
        with torch.no_grad():
            for parameter in other.parameters():
                parameter.zero_()
        other.load_arrays(given)
        pairs = zip(model.parameters(), other.parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
        assert second_names(other)  # still one parameter
    for bad in (arrays[EMBEDDING] + 1, arrays[EMBEDDING][:1]):
        with pytest.raises(RunError, match=r"net\.layers\.4\.weight and .* are tied, and differ"):
            model.load_arrays(arrays | {"net.layers.4.weight": bad})
    with pytest.raises(RunError, match="do not match"):
        model.load_arrays({name: a for name, a in arrays.items() if name != EMBEDDING})


def test_files_of_a_run_have_it_once_and_it_goes_on(tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("abc\nbca\ncab\n" * 20)
    run, half = (
        hornbook.train(
            text, model="gpt", settings=TIED, training={**QUICK, "steps": steps},
            out=tmp_path / str(steps), baseline=False,
        )
        for steps in (4, 2)
    )  # fmt: skip
    for name, before in (("model", ""), ("checkpoint", "weights.")):
        names = set(tensor_sizes(run.path / f"{name}.safetensors"))
        assert f"{before}{EMBEDDING}" in names
        assert f"{before}{HEAD}" not in names
    on = hornbook.resume(half.path, steps=4)
    assert on.record.training is not None
    begun = hornbook.train(
        text, init_from=run.path, training={**QUICK, "steps": 1, "learning_rate": 1e-30},
        out=tmp_path / "on", baseline=False,
    )  # fmt: skip
    ids = np.arange(4)[None]
    np.testing.assert_array_equal(begun.model.next_logits(ids), run.model.next_logits(ids))


def test_processes_may_share_a_tied_net() -> None:
    refuse_unshareable(net(), TrainingSettings())
