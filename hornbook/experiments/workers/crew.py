"""Several processes at a time, each led by a thread of this one."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

from hornbook.errors import RunError
from hornbook.experiments.workers.process import END
from hornbook.experiments.workers.worker import DiedError, StoppedError, Worker
from hornbook.runs.events import Listener, Warned

__all__ = ["Crew", "Leader", "had_done", "shared_out"]

PAUSE = 0.1  # seconds between looks at what processes have told

T = TypeVar("T")

Leader: TypeAlias = Callable[[Worker], None]
"What has a process do one thing after the other, until there is nothing more to do."


class Crew:
    """Processes that work at the same time, and are ended when the context is left.

    Args:
        workers: the processes.
    """

    def __init__(self, workers: Sequence[Worker]) -> None:
        self.workers = workers
        self.leaders: list[threading.Thread] = []
        self.failure: BaseException | None = None
        self.ended = threading.Event()

    def begin(self, leader: Leader) -> None:
        """Have each process led by a thread."""

        def lead(worker: Worker) -> None:
            try:
                leader(worker)
            except StoppedError:
                pass
            except BaseException as error:
                self.failure = self.failure or error
            finally:
                self.ended.set()

        self.leaders = [
            threading.Thread(target=lead, args=(one,), daemon=True) for one in self.workers
        ]
        for one in self.leaders:
            one.start()

    def at_work(self, seconds: float) -> bool:
        """Whether there is something that is done still; waits a moment for it to end.

        Raises:
            BaseException: whatever has ended the work of a leader.
        """
        self.ended.wait(seconds)
        self.ended.clear()
        if self.failure is not None:
            raise self.failure
        return any(one.is_alive() for one in self.leaders)

    def stop(self) -> None:
        """Have all stop after their steps; they are not begun again."""
        for worker in self.workers:
            worker.stop()

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End all: what does not come to an end in time is in the middle of something."""
        try:
            self.stop()
            until = time.monotonic() + END
            for one in self.leaders:
                one.join(max(0.0, until - time.monotonic()))
            for worker in self.workers:
                worker.end(max(0.0, until - time.monotonic()))
        finally:
            for worker in self.workers:
                worker.kill()


def shared_out(
    workers: Sequence[Worker],
    items: Sequence[T],
    do: Callable[[Worker, T, Callable[[Any], None]], None],
) -> Iterator[Any]:
    """What is told while processes do one item after the other.

    Args:
        workers: the processes.
        items: that are to be done, in any order.
        do: has a process do an item; what it tells by its last argument is given here, in the
            caller's thread.

    Raises:
        BaseException: whatever `do` raised; all are ended then.
    """
    waiting = deque(items)
    told: queue.Queue[Any] = queue.Queue()

    def lead(worker: Worker) -> None:
        with contextlib.suppress(IndexError):
            while not worker.stopped:
                do(worker, waiting.popleft(), told.put)
        worker.end()

    with Crew(workers) as crew:
        crew.begin(lead)
        at_work = True
        while at_work:
            at_work = crew.at_work(PAUSE)
            while not told.empty():
                yield told.get()


def had_done(worker: Worker, asked: Any, what: str, name: str, listen: Listener) -> Any:
    """What a process gives for something that it was asked to do to a run.

    Args:
        worker: the process.
        asked: as its work takes it.
        what: it does, for people: `trained`, `measured`.
        name: of the run.
        listen: is warned where a process has died, and another goes on; is told where one compiles.

    Raises:
        RunError: if one process after the other died of it.
        StoppedError: if this process had it stopped.
        KeyboardInterrupt: if somebody else had it stopped.
        HornbookError: that ended it.
    """

    def died(why: str) -> None:
        listen(Warned(f"A process that {what} {name} has died ({why}); another goes on."))

    try:
        return worker.do(asked, died, listen=listen)
    except DiedError as error:
        raise RunError(
            f"{name} could not be {what}. {error}.",
            hint="The same call goes on. If memory is short, use fewer `jobs`.",
        ) from error
    except StoppedError:
        if worker.stopped:
            raise
        raise KeyboardInterrupt from None
