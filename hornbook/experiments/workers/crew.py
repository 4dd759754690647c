"""Several processes at a time, each led by a thread of this one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TypeAlias

from hornbook.experiments.workers.process import END
from hornbook.experiments.workers.worker import StoppedError, Worker

__all__ = ["Crew", "Leader"]

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
