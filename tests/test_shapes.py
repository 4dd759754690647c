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


def test_no_module_keeps_tensors_of_the_device_it_was_imported_under() -> None:
    code = (
        "import pkgutil, sys, torch\n"
        "with torch.device('meta'):\n"
        "    import hornbook.nn, hornbook.text.models, hornbook.training\n"
        "    for package in (hornbook.nn, hornbook.text.models, hornbook.training):\n"
        "        for found in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):\n"
        "            __import__(found.name)\n"
        "held = [f'{name}.{key}' for name, module in sorted(sys.modules.items())\n"
        "        if name.startswith('hornbook') for key, value in vars(module).items()\n"
        "        if isinstance(value, torch.Tensor) and value.device.type == 'meta']\n"
        "assert 'hornbook.nn.recurrent' in sys.modules\n"
        "assert not held, held\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
