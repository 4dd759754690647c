"""All kinds of faults, counted."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.faults.kinds import KINDS, Scale, Tally
from benchmarks.faults.work import Place

SHOWN = 5  # faults of a kind that are told in full


def main() -> None:
    """Try, count and tell."""
    parser = argparse.ArgumentParser(description="What a run survives.")
    parser.add_argument("--rounds", type=int, default=20, help="tries of a kind on each work")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default=",".join(KINDS), help="kinds, with commas between them")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # a child is forked: threads would not be in it
    failed, scale = False, Scale(arguments.rounds)
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        for name in arguments.only.split(","):
            tally, began = Tally(), time.perf_counter()
            chance = random.Random(arguments.seed)
            for what, wrong, hit in KINDS[name](place, scale, chance):
                tally.note(what, wrong, hit=hit)
            seconds = time.perf_counter() - began
            print(
                f"{name:12} tried {tally.tried:6,}  met the work {tally.hit:6,}  "
                f"lost {len(tally.wrong):4,}   {seconds:6.0f} s",
                flush=True,
            )
            for line in tally.wrong[:SHOWN]:
                print(f"    {line[-2000:]}")
            failed |= bool(tally.wrong)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
