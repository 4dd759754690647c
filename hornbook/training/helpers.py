"""Threads that work on parts of the same at the same time, and wait for each other in them."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import Any, TypeVar

from hornbook.errors import TrainingError

__all__ = ["Helpers"]

T = TypeVar("T")
Asked = SimpleQueue[tuple[Future[Any], Callable[[int], Any], int] | None]


class Helpers:
    """The threads beside the one that asks, each with a queue of its own.

    A pool of threads promises no part a thread while others run, and parts that wait for each
    other would wait for ever. These are begun when they are first needed, in a process that was
    forked since by it, and end with this, or with the process.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.queues: list[Asked] = []
        self.process = 0  # whose they are

    def all(self, work: Callable[[int], T], give_up: Callable[[], None]) -> list[T]:
        """What each has made, by its number; 0 is the one that asks.

        Args:
            work: is given its number.
            give_up: called where one of them has failed: the others, which may be waiting for that
                one, must end soon then.

        Raises:
            TrainingError: if a thread cannot be started; none has worked then.
            BaseException: what the first raised, by their numbers; all have ended then.
        """

        def part(number: int) -> T:
            try:
                return work(number)
            except BaseException:
                give_up()
                raise

        asked: list[Future[T]] = []
        queues = self.begun()
        try:
            for number, queue in enumerate(queues, 1):
                queue.put((future := Future[T](), part, number))
                asked.append(future)
            first = part(0)
            return [first, *(one.result() for one in asked)]
        except BaseException:
            give_up()  # Ctrl-C may come before all are asked
            wait(asked)
            raise

    def begun(self) -> Sequence[Asked]:
        """The queues of threads that are there to serve them."""
        if self.process != os.getpid():
            self.queues, self.process = [], os.getpid()
        while len(self.queues) < self.threads - 1:
            queue: Asked = SimpleQueue()
            # A daemon: Python waits for none of them before it ends.
            helper = threading.Thread(target=serve, args=(queue,), daemon=True)
            try:
                helper.start()
            except (RuntimeError, MemoryError) as error:
                raise TrainingError(
                    f"The system starts no more than {len(self.queues) + 1} of "
                    f"{self.threads} threads that are to share each batch: {error}.",
                    hint="Set `threads=1`, or allow this process more threads or memory.",
                ) from error
            self.queues.append(queue)
            weakref.finalize(self, queue.put, None).atexit = False
        return self.queues


def serve(queue: Asked) -> None:
    """Do what is asked, until it is nothing."""
    while (asked := queue.get()) is not None:
        future, work, number = asked
        try:
            future.set_result(work(number))
        except BaseException as error:  # for the one that asks
            future.set_exception(error)
        del asked, future, work  # which hold the arrays that were worked on
