"""What processes of the tests do, apart from training."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from hornbook.actions import Action
from hornbook.errors import SettingsError
from hornbook.experiments.workers.process import Talk
from hornbook.runs.events import Compiling, Noted
from hornbook.runs.prepare import Prepared

READ: list[int] = []


def do(prepared: Prepared, asked: Any, talk: Talk) -> Any:
    """Something, as it is asked for."""
    how, *rest = asked
    if how == "tell":
        print("This is not part of the talk.")
        READ.append(id(prepared))
        return {
            "pid": os.getpid(), "session": os.getsid(0), "read": len(set(READ)),
            "tokens": prepared.data.sizes["train"], "threads": os.environ["OMP_NUM_THREADS"],
        }  # fmt: skip
    if how == "ask":
        return [talk.ask(one) for one in rest]
    if how == "compile":
        for event in (Noted("not this"), Compiling(rest[0])):
            talk.listen(event)
        return "done"
    if how == "fail":
        raise SettingsError(
            "`steps` is 0.", hint="Give more.", setting="steps",
            action=Action("resume", ("runs/x",), {"steps": 1}),
        )  # fmt: skip
    if how == "die":  # so many times, which are counted in a file
        count = Path(rest[0])
        times = int(count.read_text() or 0) if count.exists() else 0
        if times < rest[1]:
            count.write_text(str(times + 1))
            os.kill(os.getpid(), signal.SIGKILL)
        return times
    if how == "fault":
        raise ZeroDivisionError("a fault of the program")
    talk.ask("begun")
    time.sleep(60)
    return None
