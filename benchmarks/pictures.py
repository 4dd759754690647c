"""The pictures of the docs, redrawn.

    python -m benchmarks.pictures [demo counts inside]

demo: what the two commands of `make demo` print, docs/demo.svg. counts: what counting pairs draws,
docs/counts.png. inside: those of docs/inside.md, in docs/inside/.
"""

from __future__ import annotations

import argparse
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


LIVE = re.compile("[━\u2800-\u28ff]")
"A bar, or what turns while something is waited for."


def typed(command: str, folder: str) -> str:
    """What a command prints, with its colours."""
    words = [sys.executable, "-m", *command.split()]
    # A cache of its own: as on a machine on which nothing was measured yet.
    cache = str(Path(folder) / "cache")
    environment = {
        **os.environ, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "HORNBOOK_CACHE": cache
    }  # fmt: skip
    found = subprocess.run(
        words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, encoding="utf-8",
    )  # fmt: skip
    if found.returncode:
        raise SystemExit(found.stdout)
    return found.stdout


def still(printed: str) -> str:
    """Without the live line, which is drawn over and over, and the moves of the cursor."""
    plain = printed.replace("\x1b[?25l", "").replace("\x1b[?25h", "").replace("\x1b[1A", "")
    rows = [row.replace("\r", "").split("\x1b[2K")[-1] for row in plain.split("\n")]
    return "\n".join(row for row in rows if not LIVE.search(row))


def demo(folder: str) -> None:
    """What `make demo` prints."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    for command in (
        "hornbook train names --out runs/demo",
        "hornbook sample runs/demo -n 20 --only-new",
    ):
        console.print(Text(f"$ {command}", style="bold green"))
        console.print(Text.from_ansi(still(typed(command, folder))))
    # Without rich's web font: the picture is to be complete in itself.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="make demo"), flags=re.S)
    (DOCS / "demo.svg").write_text(svg, encoding="utf-8")


def counts(folder: str) -> None:
    """The lecture's matrix of pairs."""
    typed("hornbook train names --model ngram --order 2 --out runs/pairs", folder)
    shutil.copy(Path(folder) / "runs" / "pairs" / "counts.png", DOCS / "counts.png")


def inside(folder: str) -> None:
    """Rung zero, a training that was watched, and what became of the net."""
    home = DOCS / "inside"
    home.mkdir(exist_ok=True)
    typed("hornbook scalar moons --out moons.png", folder)
    typed("hornbook gradients --picture push-and-pull.png", folder)
    typed("hornbook rate names --model gru --out rate.png", folder)
    for name in ("moons.png", "push-and-pull.png", "rate.png"):
        shutil.copy(Path(folder) / name, home)
    typed("hornbook train names --model wavenet --watch --out runs/tree", folder)
    typed("hornbook train names --model gru --steps 1500 --out runs/gru", folder)
    typed("hornbook inspect runs/tree --pictures tree --prefix an", folder)
    typed("hornbook inspect runs/gru --pictures gru --text elizabeth --prefix an", folder)
    for run, names in (
        ("tree", ("activations", "updates-against-weights", "embeddings")),
        ("gru", ("coloured", "tree")),
    ):
        for name in names:
            shutil.copy(Path(folder) / run / f"{name}.svg", home)


def main() -> None:
    """Type, record, write."""
    made = {"demo": demo, "counts": counts, "inside": inside}
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("which", nargs="*", choices=made, default=list(made))
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in parser.parse_args().which or made:
            made[name](folder)


if __name__ == "__main__":
    main()
