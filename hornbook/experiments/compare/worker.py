"""A process that makes one trial of a comparison: `python -m hornbook.experiments.compare.worker`.

It is told what to do in JSON on standard input, and tells what became of it in the last line of
standard output.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hornbook.errors import HornbookError
from hornbook.experiments.compare.makers import make_trial
from hornbook.experiments.compare.plan import Trial
from hornbook.records import read_record
from hornbook.runs import Run
from hornbook.runs.prepare import Prepared, prepare

__all__ = ["main"]

LOOK = 0.5  # seconds between looks at whether the parent is still there


def main() -> None:
    """Make the trial."""
    asked = json.loads(sys.stdin.buffer.read())
    end_with(int(asked["parent"]))
    print(json.dumps(done(asked)), flush=True)


def done(asked: Mapping[str, Any]) -> dict[str, str]:
    """What became of a trial."""
    try:
        trial = read_record(Trial, asked["trial"], "the trial")
        made = make_trial(read(asked), trial, Path(asked["folder"]), lambda event: None)
    except HornbookError as error:
        return {"outcome": "error", "message": error.message, "hint": error.hint}
    except KeyboardInterrupt:
        return {"outcome": "stopped"}
    return {"outcome": "made", "message": made.refused}


def read(asked: Mapping[str, Any]) -> Prepared:
    """The data, read once more, or as a run keeps them.

    Raises:
        HornbookError: if they cannot be read.
    """
    words = list(asked["words"])
    if len(words) == 1 and (Path(words[0]) / "run.json").exists():
        run = Run(words[0])
        return Prepared(run.task, run.data, asked["options"])
    return prepare(words, asked["task"], asked["options"])


def end_with(parent: int) -> None:
    """End this process when another has ended, even if that was killed."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)  # as a kill: what was saved goes on

    threading.Thread(target=look, daemon=True).start()


if __name__ == "__main__":
    main()
