"""Some of the names that come with hornbook, as a file of a test's own."""

from __future__ import annotations

from pathlib import Path

import hornbook

BUNDLED = Path(hornbook.__file__).parent / "sources" / "bundled"


def write_names(path: Path, which: slice) -> Path:
    """Write the chosen lines to a file and give its path."""
    lines = (BUNDLED / "names.txt").read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(lines[which]) + "\n", encoding="utf-8")
    return path
