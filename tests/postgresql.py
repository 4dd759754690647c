"""A real PostgreSQL server for tests: begun on loopback, by a user that is not root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HOMES = ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr/pgsql")
INSTALL = ("apt-get", "install", "-y", "-q", "--no-install-recommends", "postgresql")
USERS = ("postgres", "nobody")


def programs() -> Path:
    """Where the server's programs are; installed where possible, else the test is skipped."""
    if found := find_programs():
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        pytest.skip("there is no PostgreSQL server, and only root can install it")
    made = subprocess.run(INSTALL, capture_output=True, text=True, timeout=600, check=False)
    if found := find_programs():
        return found
    pytest.skip(f"PostgreSQL cannot be installed: {made.stderr.strip().splitlines()[-1:]}")


def find_programs() -> Path | None:
    """Where the server's programs are, the newest first; None if there are none."""
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    found = [path.parent for home in HOMES for path in Path(home).glob("*/bin/initdb")]
    return max(found, default=None, key=lambda path: path.parent.name.zfill(9))


def other_user() -> pwd.struct_passwd | None:
    """Who the server runs as where this process is root's; None: as this process."""
    if os.geteuid() != 0:
        return None
    for name in USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("there is no user but root to run PostgreSQL")


class Server:
    """A server with a database of its own.

    Attributes:
        address: of the database, `postgresql://...`.
    """

    def __init__(self, folder: Path) -> None:
        self.bin, self.folder, self.user = programs(), folder, other_user()
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.user is not None:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.run("initdb", "-D", str(folder / "data"), "-U", "hornbook", "-A", "trust", "-N")
        self.address = f"postgresql://hornbook@127.0.0.1:{self.port}/postgres"

    def as_user(self) -> dict[str, object]:
        """Who the programs run as, and where."""
        how: dict[str, object] = {"cwd": self.folder}
        if self.user is not None:
            how |= {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        return how

    def run(self, program: str, *words: str) -> None:
        """Run one of the server's programs to its end."""
        done = subprocess.run(
            [str(self.bin / program), *words], capture_output=True, text=True, check=False,
            timeout=120, **self.as_user(),  # type: ignore[call-overload]
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.run(
            "pg_ctl", "start", "-w", "-D", str(self.folder / "data"), "-l",
            str(self.folder / "log"), "-o",
            f"-p {self.port} -h 127.0.0.1 -k {self.folder} -c fsync=off",
        )  # fmt: skip

    def stop(self) -> None:
        """Stop it at once, its connections with it."""
        self.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self.folder / "data"))


@contextmanager
def server() -> Iterator[Server]:
    """A server that is running."""
    made = Path(tempfile.mkdtemp(prefix="hornbook-pg-"))  # its socket's path must be short
    try:
        running = Server(made)
        running.start()
        try:
            yield running
        finally:
            running.run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(made / "data"))
    finally:
        shutil.rmtree(made, ignore_errors=True)
