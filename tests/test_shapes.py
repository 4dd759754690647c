"""Models that have shapes and no numbers."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from hornbook.compute.shapes import shapes_only
from hornbook.text.models import NETS, family
from hornbook.tokenizers.contract import Vocabulary

LETTERS = Vocabulary(27, boundary=0, start=0)


@pytest.mark.parametrize("name", NETS)
def test_a_net_has_the_parameters_that_it_would_have(name: str) -> None:
    model = family(name).load()
    made = model(model.Settings(), LETTERS, torch.Generator().manual_seed(0))
    before = torch.get_rng_state()
    with shapes_only():
        bare = model(model.Settings(), LETTERS)
    assert torch.equal(before, torch.get_rng_state())
    assert bare.n_parameters == made.n_parameters
    assert [(n, p.shape) for n, p in bare.named_parameters()] == [
        (n, p.shape) for n, p in made.named_parameters()
    ]
    assert all(p.is_meta for p in bare.parameters())


def test_no_compiler_is_loaded_to_count_parameters() -> None:
    code = (
        "import sys\n"
        "from tests.test_shapes import LETTERS, NETS, family, shapes_only\n"
        "for name in NETS:\n"
        "    model = family(name).load()\n"
        "    with shapes_only():\n"
        "        model(model.Settings(), LETTERS)\n"
        "print('torch._dynamo' in sys.modules)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
