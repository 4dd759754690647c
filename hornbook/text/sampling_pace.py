"""How fast a model of text samples, and how much of some samples is new."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hornbook.tasks import AnswerPace

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["sampling_pace"]

LINES, TOKENS = 500, 400
"Samples of lines; tokens of one long text."


def sampling_pace(run: Run) -> AnswerPace:
    """Draw samples at temperature 1 with seed 0, side by side as far as the model can.

    Which samples are drawn hangs on nothing but the model; how long it takes, on the machine.

    Raises:
        HornbookError: if none can be drawn.
    """
    lines = run.data.kind == "lines"
    longest = run.data.longest if lines else TOKENS
    n = LINES if lines else 1
    list(run.sample(n=1, longest=min(longest, 2), temperature=1.0))  # the first asks for memory
    began = time.perf_counter()
    drawn = list(run.sample(n=n, longest=longest, temperature=1.0))
    seconds = time.perf_counter() - began
    _, lengths = run.data.tokenizer.encode_many([one.text for one in drawn])
    tokens = int(lengths.sum()) + sum(one.ended for one in drawn)
    known = [one.origin for one in drawn if one.origin is not None]
    if not lines or not known:
        return AnswerPace(tokens / seconds, "tokens")
    new = sum(origin == "new" for origin in known) / len(known)
    return AnswerPace(tokens / seconds, "tokens", new, len(known))
