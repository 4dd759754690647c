"""Some of the names that come with hornbook, as a file of a test's own."""

from __future__ import annotations

from pathlib import Path

import hornbook

BUNDLED = Path(hornbook.__file__).parent / "sources" / "bundled"


def write_few_letters(path: Path) -> Path:
    """Names of eight letters, whose pictures are drawn in a quarter of the time.

    Write 300 of them to a file and give its path.
    """
    lines = (BUNDLED / "names.txt").read_text(encoding="utf-8").splitlines()
    few = [line for line in lines if set(line) <= set("aeilmnor")]
    path.write_text("\n".join(few[:300]) + "\n", encoding="utf-8")
    return path


def write_names(path: Path, which: slice) -> Path:
    """Write the chosen lines to a file and give its path."""
    lines = (BUNDLED / "names.txt").read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(lines[which]) + "\n", encoding="utf-8")
    return path
