"""Jobs for a program of another Python: arrays go out and come back as files of NumPy's.

A script that answers such jobs gets a JSON file: a list of objects, each with what its job was
`told`, and with the paths of its files `train` and `asked`, which are there, and `out`, which it
writes. So neither side needs what the other has installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Job", "done_by"]

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Job:
    """What a peer is to do."""

    told: Mapping[str, Any]
    "Model and settings, as the script knows them."
    train: Arrays
    "What to learn from."
    asked: Arrays
    "What is asked then."


def done_by(
    python: Path, script: Path, jobs: Sequence[Job], *, threads: int = 1
) -> list[dict[str, npt.NDArray[Any]]]:
    """What one process of a script answers to some jobs, in their order.

    Args:
        python: an interpreter that has what the script imports.
        script: the program.
        jobs: what it is to do.
        threads: that it may use.

    Raises:
        CalledProcessError: if it ends with an error, which it has printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = []
        for at, job in enumerate(jobs):
            parts = ("train", "asked", "out")
            names = {part: str(Path(folder) / f"{at}-{part}.npz") for part in parts}
            np.savez(names["train"], allow_pickle=False, **job.train)
            np.savez(names["asked"], allow_pickle=False, **job.asked)
            told.append({**job.told, **names})
        file = Path(folder) / "jobs.json"
        file.write_text(json.dumps(told), encoding="utf-8")
        alone = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": str(threads),
            "OMP_NUM_THREADS": str(threads),
        }
        subprocess.run([python, script, file], check=True, env=alone)
        found = []
        for one in told:
            with np.load(one["out"]) as held:
                found.append(dict(held))
        return found
