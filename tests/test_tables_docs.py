"""The Python in docs/tables.md runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DOCS = (Path(__file__).parents[1] / "docs" / "tables.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_python_runs(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "mnth": random.choice(["Jan", "Feb"], 100),
            "hr": random.integers(0, 24, 100),
            "weekday": random.integers(0, 7, 100),
            "temp": random.normal(size=100),
            "casual": 1,
            "registered": 2,
            "bikers": random.integers(1, 500, 100),
        }
    )
    frame.to_csv("bikes.csv", index=False)
    quick = BLOCKS[number].replace("steps=300", "steps=5")
    quick = quick.replace(
        'target="bikers",', 'target="bikers", training={"steps": 5}, baseline=False,'
    )
    exec(compile(quick, "docs/tables.md", "exec"), {})


def test_there_are_blocks_to_run() -> None:
    assert len(BLOCKS) >= 2
