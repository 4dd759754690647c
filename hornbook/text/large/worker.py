"""A process that encodes pieces: `python -m hornbook.text.large.worker`, spoken to by a pipe.

Both sides write a length and so many bytes. First comes the job as JSON; then pieces, each answered
by what it adds to each split, or by the error that it makes.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

import hornbook
from hornbook.errors import HornbookError, ToolError, UnknownTokenError
from hornbook.text.large.encoded import EncodedPart, Job, Part
from hornbook.tokenizers.kinds import read_tokenizer

__all__ = ["Worker", "main"]

LENGTH = struct.Struct("<Q")
PART = struct.Struct("<qQQ")
DONE, FAILED = b"\0", b"\1"


def send(stream: IO[bytes], data: bytes) -> None:
    """Write a message."""
    stream.write(LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read a message; None at the end."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    data = stream.read(length)
    return data if len(data) == length else None


class Worker:
    """A process that encodes, as its parent sees it."""

    def __init__(self, job: Job) -> None:
        home = str(Path(hornbook.__file__).parents[1])
        paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
        self.dtype: type[np.unsignedinteger[Any]] = job.tokenizer.vocabulary.dtype
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hornbook.text.large.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            # Ctrl-C is the parent's to answer: it ends its workers.
            start_new_session=True,
        )
        asked = {
            "tokenizer": job.tokenizer.as_dict(),
            "mode": job.mode,
            "separator": job.separator,
            "seed": job.seed,
            "shares": job.shares,
        }
        self.send(json.dumps(asked).encode())

    def send(self, data: bytes) -> None:
        """Write a message to it.

        Raises:
            ToolError: if it has ended.
        """
        assert self.process.stdin is not None
        try:
            send(self.process.stdin, data)
        except OSError as error:
            raise self.ended() from error

    def encoded(self, parts: Sequence[Part]) -> list[EncodedPart]:
        """As `Job.encoded`, by the process.

        Raises:
            UnknownTokenError: as there.
            ToolError: if it has ended.
        """
        assert self.process.stdout is not None
        self.send(b"".join(map(packed, parts)))
        answer = receive(self.process.stdout)
        if answer is None:
            raise self.ended()
        if answer[:1] == FAILED:
            told = json.loads(answer[1:])
            raise UnknownTokenError(told["message"], hint=told["hint"])
        left, found = memoryview(answer)[1:], []
        while left:
            part, left = EncodedPart.unpacked(left, self.dtype)
            found.append(part)
        return found

    def ended(self) -> ToolError:
        """The error that it has ended while it was needed."""
        self.close()
        return ToolError(
            f"A process that encodes text ended with status {self.process.returncode}.",
            hint="It may have been short of memory. What is encoded is saved: the same command "
            "encodes the rest.",
        )

    def close(self) -> None:
        """End it."""
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was not written has no reader any longer
                    stream.close()
        self.process.wait()


def packed(part: Part) -> bytes:
    """A part as bytes."""
    text, before = (one.encode("utf-8", "surrogatepass") for one in (part.text, part.before))
    return b"".join([PART.pack(part.split, len(text), len(before)), text, before])


def parts_in(data: bytes) -> list[Part]:
    """The parts in a message."""
    found, at = list[Part](), 0
    while at < len(data):
        split, *lengths = PART.unpack_from(data, at)
        at += PART.size
        texts = []
        for length in lengths:
            texts.append(data[at : at + length].decode("utf-8", "surrogatepass"))
            at += length
        found.append(Part(split, *texts))
    return found


def main(given: IO[bytes], answers: IO[bytes]) -> None:
    """Encode until there is no more."""
    asked = receive(given)
    if asked is None:
        return
    value = json.loads(asked)
    value["tokenizer"] = read_tokenizer(value["tokenizer"])
    value["shares"] = tuple(value["shares"])
    job = Job(**value)
    while (data := receive(given)) is not None:
        try:
            found = job.encoded(parts_in(data))
        except HornbookError as error:
            told = {"message": error.message, "hint": error.hint}
            send(answers, FAILED + json.dumps(told).encode())
        else:
            send(answers, DONE + b"".join(part.packed() for part in found))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
