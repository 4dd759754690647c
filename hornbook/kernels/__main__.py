"""Compile kinds of operations for this machine, so that no training has to wait for them:
`python -m hornbook.kernels embedding product`.
"""

from __future__ import annotations

import argparse

import numpy as np

from hornbook.kernels.ahead import load
from hornbook.kernels.program import Kind


def main() -> None:
    """The kinds that are named, for float32."""
    names = {kind.name.lower().replace("_", "-"): int(kind) for kind in Kind}
    parser = argparse.ArgumentParser(prog="python -m hornbook.kernels", description=__doc__)
    parser.add_argument("kinds", nargs="+", choices=[*names, "all"], metavar="KIND",
                        help=f"all, or of {', '.join(names)}")  # fmt: skip
    named = parser.parse_args().kinds
    if "all" in named:
        named = list(names)
    load({names[name] for name in named}, np.float32)


if __name__ == "__main__":
    main()
