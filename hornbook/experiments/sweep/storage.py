"""Where Optuna keeps the trials: a journal in the sweep's folder, or a database for many machines.

A database can go away for a while: what is asked of it waits then, says so, and loses nothing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from hornbook.errors import RunError, SettingsError, ToolError
from hornbook.experiments.sweep.folder import JOURNAL
from hornbook.experiments.sweep.journal import open_journal
from hornbook.experiments.workers.worker import StoppedError
from hornbook.extras import needing

with needing("optuna", "A sweep"):
    import optuna
    from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
    from optuna.storages import BaseStorage, RDBStorage

__all__ = ["Patience", "named_place", "open_storage", "quietly"]

T = TypeVar("T")

FORMS = ("postgresql", "postgresql+psycopg")
PAUSE = 2.0  # seconds between two tries to reach a database
TABLES = 6  # times that a database is tried in which others make tables at the same time
AGAIN = 60.0  # seconds until it is said once more that it is away
SILENT = 20.0  # seconds without an answer until that is said
CONNECTED: Mapping[str, int] = {
    "connect_timeout": 10,
    # A network that swallows what is sent breaks a connection after half a minute, not an hour.
    "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}  # fmt: skip
"How a connection is held, as libpq calls it."


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """A context in which Optuna logs errors only, and warns of nothing."""
    logger = optuna.logging.get_logger("optuna")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        logger.setLevel(level)


def open_storage(address: str | None, folder: Path) -> BaseStorage:
    """The storage of a sweep.

    Args:
        address: of a database, `postgresql://USER:PASSWORD@HOST/NAME`; None: the journal.
        folder: of the sweep, which this process owns.

    Raises:
        SettingsError: if it is the address of something else.
        MissingPackageError: if the database's driver is not installed.
        ToolError: if the database cannot be reached.
        RunError: if the journal cannot be read or written.
    """
    if address is None:
        return open_journal(folder / JOURNAL)
    form, _, rest = address.partition("://")
    if form not in FORMS or not rest:
        raise SettingsError(
            "`storage` must be the address of a PostgreSQL database; it is "
            f"{named_place(address)}.",
            hint="Write it as postgresql://USER:PASSWORD@HOST/NAME, or leave it out: then a file "
            "in the sweep's folder is used.",
            setting="storage",
        )
    with needing("psycopg", "A sweep on a PostgreSQL database"):
        import psycopg  # noqa: F401 - what is missing is told here
    from sqlalchemy.exc import OperationalError, SQLAlchemyError
    from sqlalchemy.pool import NullPool

    for at in range(1, TABLES + 1):
        try:
            return RDBStorage(
                f"postgresql+psycopg://{rest}",
                # A connection for each question: none is kept that the server may have closed.
                engine_kwargs={"poolclass": NullPool, "connect_args": dict(CONNECTED)},
            )
        except (SQLAlchemyError, StorageInternalError) as error:
            if at < TABLES and not isinstance(error, OperationalError):
                time.sleep(at * random.random())  # others may be making the same tables
                continue
            why = str(error.__cause__ or error).splitlines()[0]
            raise ToolError(
                f"Cannot use the database {named_place(address)}: {why}.",
                hint="Is the server running, and are name and password right?",
            ) from error
    raise AssertionError("unreachable")


def named_place(address: str) -> str:
    """An address without user and password."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(address)
        if parts.hostname:
            port = f":{parts.port}" if parts.port else ""
            return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
    return address.rpartition("@")[2]


class Patience:
    """Asks a storage again while it is away.

    Args:
        where: what it is called.
        tell: is told that it is away, and that it is back.
        stopping: is set when nobody wants to wait any more.
        remote: whether it may be silent: that is told, too.
    """

    def __init__(
        self, where: str, tell: Callable[[str], None], stopping: threading.Event, *, remote: bool
    ) -> None:
        self.where, self.tell, self.stopping, self.remote = where, tell, stopping, remote

    def __call__(self, ask: Callable[[], T]) -> T:
        """What is asked for.

        Raises:
            StoppedError: if the sweep is to stop while the storage is away.
            RunError: if the journal cannot be written.
        """
        from sqlalchemy.exc import SQLAlchemyError

        told = -AGAIN
        while True:
            try:
                with self.silence_told():
                    found = ask()
            except (StorageInternalError, SQLAlchemyError) as error:
                now = time.monotonic()
                if now - told >= AGAIN:
                    why = str(error.__cause__ or error).splitlines()[0]
                    self.tell(f"The database {self.where} is away, and is waited for: {why}")
                    told = now
                if self.stopping.wait(PAUSE):
                    raise StoppedError from error
            except OSError as error:
                raise RunError(
                    f"Cannot write {self.where}: {os.strerror(error.errno or 0)}.",
                    hint="Free some disk space, and do the same again: it goes on from there.",
                ) from error
            except UpdateFinishedTrialError:  # an answer, too
                self.say_back(told)
                raise
            else:
                self.say_back(told)
                return found

    def say_back(self, told: float) -> None:
        """Say that the storage answers, if it was said that it is away."""
        if told > 0:
            self.tell(f"The database {self.where} is back.")

    @contextlib.contextmanager
    def silence_told(self) -> Iterator[None]:
        """A context in which it is told that no answer comes: of a server that hangs, no error."""
        if not self.remote:
            yield
            return
        words = f"The database {self.where} has not answered for {SILENT:g} s, and is waited for."
        timer = threading.Timer(SILENT, self.tell, (words,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
