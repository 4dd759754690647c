"""The pictures of the README, made anew: docs/demo.svg and docs/counts.png.

    python -m benchmarks.pictures

The first is what the two commands of `make demo` print; the second what counting pairs draws.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

DOCS = Path(__file__).parents[1] / "docs"
WIDTH = 100


def typed(command: str, folder: str) -> str:
    """What a command prints, with its colours."""
    words = [sys.executable, "-m", *command.split()]
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH)}
    found = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8"
    )
    if found.returncode:
        raise SystemExit(found.stderr)
    return found.stdout


def still(printed: str) -> str:
    """Without the live line, which is drawn over and over, and the moves of the cursor."""
    plain = printed.replace("\x1b[?25l", "").replace("\x1b[?25h", "").replace("\x1b[1A", "")
    rows = [row.replace("\r", "").split("\x1b[2K")[-1] for row in plain.split("\n")]
    return "\n".join(row for row in rows if "━" not in row)


def main() -> None:
    """Type, record, write."""
    DOCS.mkdir(exist_ok=True)
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    with tempfile.TemporaryDirectory() as folder:
        for command in (
            "hornbook train names --out runs/demo",
            "hornbook sample runs/demo -n 20 --only-new",
        ):
            console.print(Text(f"$ {command}", style="bold green"))
            console.print(Text.from_ansi(still(typed(command, folder))))
        typed("hornbook train names --model ngram --order 2 --out runs/pairs", folder)
        shutil.copy(Path(folder) / "runs" / "pairs" / "counts.png", DOCS / "counts.png")
    # Without rich's web font: the picture is to be complete in itself.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="make demo"), flags=re.S)
    (DOCS / "demo.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
