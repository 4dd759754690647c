"""On a GPU the same figures come out as on the processor, and the same bits every time.

A machine without one cannot try it, so these tests skip there; `benchmarks/gpu.py` times it too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from hornbook.text.models import NETS
from tests.some_names import write_names

TRAIN = """
import sys, warnings, hornbook, hornbook.text.models
warnings.simplefilter("error")
data, out, family, device = sys.argv[1:]
fields = hornbook.text.models.family(family).load().Settings.__dataclass_fields__
settings = {field: 0.0 for field in fields if "dropout" in field}
how = dict(steps=25, batch_size=32, device=device, gradients="hand", precision="float32",
           watch=True, patience=0)
run = hornbook.train(data, model=family, out=out, settings=settings, training=how, baseline=False)
print(run.summary.losses["dev"])
"""


def trained(family: str, device: str, names: Path, out: Path) -> float:
    """The dev loss of a short training in a process of its own, which sees the GPU."""
    environment = {key: value for key, value in os.environ.items() if key != "CUDA_VISIBLE_DEVICES"}
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, str(names), str(out), family, device],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.skipif(shutil.which("nvidia-smi") is None, reason="this machine has no GPU")
@pytest.mark.parametrize("family", NETS)
def test_a_gpu_gives_the_figures_of_the_processor_every_time(family: str, tmp_path: Path) -> None:
    names = write_names(tmp_path / "names.txt", slice(0, 300))
    processor = trained(family, "cpu", names, tmp_path / "cpu")
    one, other = (trained(family, "cuda", names, tmp_path / name) for name in ("one", "other"))
    assert one == other
    assert one == pytest.approx(processor, abs=1e-4)
    weights, same = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "other"))
    assert all((weights[name] == same[name]).all() for name in weights)
