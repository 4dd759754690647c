"""How long a training takes: said when its first steps are done, and when they become slow."""

from __future__ import annotations

from collections.abc import Callable

from hornbook.compute.load import is_busy
from hornbook.runs.events import Estimated, Listener, Warned
from hornbook.runs.session import Session
from hornbook.training.progress import Progress

__all__ = ["Pace"]

WARM = 2  # steps that are slower than all others: kernels are made, memory is asked for
SEEN = 0.5  # seconds of steps that are enough to tell from
STEPS = 3  # and steps
SLOW = 2.0  # times as long as calibrated: worth a word
SOON = 3.0  # seconds: what is over by then needs no estimate


class Pace:
    """Looks at the progress of a training, and tells of its time.

    Args:
        session: of the training.
        listen: is told an `Estimated` once, and a `Warned` once if the steps are slow.
    """

    def __init__(self, session: Session, listen: Listener) -> None:
        self.session, self.listen = session, listen
        self.last: Progress | None = None
        self.steps, self.seconds = 0, 0.0  # that were seen and not told of yet
        self.estimated = self.warned = False

    def look(self, at: Progress) -> None:
        """Take a word on the progress."""
        if at.step < WARM:
            return
        if self.last is not None:
            self.steps += at.step - self.last.step
            self.seconds += at.seconds - self.last.seconds
        self.last = at
        if self.steps < STEPS or self.seconds < SEEN:
            return
        each = self.seconds / self.steps
        self.steps, self.seconds = 0, 0.0
        if not self.estimated:
            self.estimated = True
            self.tell(at, each)
        usual = self.session.milliseconds
        if usual is not None and not self.warned and each > SLOW * usual / 1e3:
            self.warned = True
            self.listen(Warned(slow(1e3 * each, usual, self.session.training.threads)))

    def evaluated(self) -> None:
        """An evaluation has taken the time since the last word: none of it was a step's."""
        self.last = None

    def tell(self, at: Progress, each: float) -> None:
        """Tell how long it will be."""
        whole = self.session.time_of(at.steps - at.step, each)
        if whole > SOON:
            self.listen(Estimated(whole, each))


def slow(now: float, usual: float, threads: int) -> str:
    """What to say of steps that take longer than they did; both in milliseconds."""
    message = f"A step takes {now:.1f} ms; {usual:.1f} ms were measured for this kind of training."
    if is_busy(threads):
        message += " The machine is busy with other work."
        if threads > 1:
            message += " Several threads suffer most from that: `threads=1` may be faster now."
    return message


def watched(pace: Pace, tell: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Progress that is looked at before it is told."""

    def look_and_tell(at: Progress) -> None:
        pace.look(at)
        tell(at)

    return look_and_tell
