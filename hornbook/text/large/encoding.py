"""A large text becomes files of tokens: found in the cache, or encoded by several processes.

The folder of the cache is named by all that the tokens hang on: what the files hold, how they are
read and split, and the tokenizer. Whoever trains on the same again finds them there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from hornbook.caches import cache_folder
from hornbook.compute.load import cores_allowed
from hornbook.errors import UnknownTokenError
from hornbook.runs.lock import Lock
from hornbook.text.large.counted import Tokens
from hornbook.text.large.encoded import EncodedPart, Job, Part
from hornbook.text.large.reading import PIECE, FileMark, LargeText, Reading, changed
from hornbook.text.large.store import TokenFiles
from hornbook.text.large.worker import Worker
from hornbook.text.stream import CONTEXT

__all__ = ["Corpus", "encode"]

FORMAT = 1
MOST = 16  # processes

Encode = Callable[[Sequence[Part]], list[EncodedPart]]


@dataclass(frozen=True)
class Corpus:
    """What the tokens are of."""

    files: tuple[FileMark, ...]
    characters: int
    job: Job

    @property
    def folder(self) -> Path:
        """Where the tokens are, or will be."""
        job = self.job
        told = {
            "format": FORMAT,
            "files": [mark.sha256 for mark in self.files],
            "characters": self.characters,
            "tokenizer": job.tokenizer.as_dict(),
            "mode": job.mode,
            "separator": job.separator,
            "seed": job.seed if job.mode == "lines" else 0,
            "shares": job.shares,
        }
        written = json.dumps(told, sort_keys=True).encode()
        return cache_folder() / "corpora" / hashlib.sha256(written).hexdigest()[:32]

    @property
    def tokens(self) -> TokenFiles:
        """The files of tokens."""
        job = self.job
        return TokenFiles(self.folder, job.tokenizer.vocabulary.dtype, lines=job.mode == "lines")

    def parts(self, begin: int, piece: str, before: str) -> list[Part]:
        """The parts of a piece, by the split that each is of.

        Args:
            begin: characters before it.
            piece: of the text.
            before: the last CONTEXT characters of what stands before it.
        """
        if self.job.mode == "lines":
            return [Part(-1, piece)]
        train, dev, _ = self.job.shares
        ends = [self.characters * share // 100 for share in (0, train, train + dev, 100)]
        found = []
        for split, (first, end) in enumerate(pairwise(ends)):
            at, to = max(first, begin) - begin, min(end, begin + len(piece)) - begin
            if at < to:
                context = (before + piece[:at])[-CONTEXT:] if begin + at == first else ""
                found.append(Part(split, piece[at:to], context))
        return found

    def refuse_changed(self, text: LargeText) -> None:
        """Refuse files that hold something else than they did.

        Raises:
            DataError: naming the first.
        """
        for mark, now in zip(self.files, text.marks, strict=False):
            if mark.sha256 != now.sha256:
                raise changed(mark, "since it was read")


def encode(corpus: Corpus, text: LargeText, told: Reading | None = None) -> Tokens:
    """The tokens of a text, as they are found, or written now.

    Stopped at any moment, it goes on with the next piece when it is called again.

    Args:
        corpus: what they are of.
        text: in pieces.
        told: of the bytes that were read.

    Raises:
        DataError: if a file holds something else than it did.
        RunError: if the tokens cannot be written, or another process is about to.
        ToolError: if a process that encodes ends before its time.
    """
    files = corpus.tokens
    if (found := files.whole()) is not None:
        return found
    try:
        files.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.unwritable(error) from error
    lock = Lock.take(files.folder)
    try:
        if (found := files.whole()) is not None:
            return found
        files.begin()
        count = 0
        for digest, parts in encoded(corpus, text, files, told):
            if parts is not None:
                files.add(digest, parts, corpus.job.tokenizer.boundary)
            count += 1
        corpus.refuse_changed(text)
        return files.finish(count)
    except UnknownTokenError:
        # Its characters were taken from the text itself: if one is unknown, that is another now.
        for _ in text.pieces():
            pass
        corpus.refuse_changed(text)
        raise
    finally:
        if files.files:
            keep_done(files)
        files.close()
        lock.release()


def keep_done(files: TokenFiles) -> None:
    """Note the pieces that are written, where something stopped the next."""
    with contextlib.suppress(OSError):  # of a full disk, which was told already
        files.keep_what_fits()


def encoded(
    corpus: Corpus, text: LargeText, files: TokenFiles, told: Reading | None
) -> Iterator[tuple[str, list[EncodedPart] | None]]:
    """Of each piece its digest and what it adds; None of one that is in the files already."""
    with encoders(corpus, text) as submit:
        waiting: deque[tuple[str, Future[list[EncodedPart]] | None]] = deque()
        at, before, room = 0, "", processes(text) + 1
        stale = False
        for number, piece in enumerate(text.pieces(told)):
            digest = hashlib.blake2b(
                piece.encode("utf-8", "surrogatepass"), digest_size=16
            ).hexdigest()
            future = None
            # What is in the files is asked for before the first that is not was added to them.
            stale = stale or not files.holds(number, digest)
            if stale:
                future = submit(corpus.parts(at, piece, before))
            at, before = at + len(piece), (before + piece[-CONTEXT:])[-CONTEXT:]
            waiting.append((digest, future))
            if len(waiting) > room:
                yield result(waiting.popleft())
        while waiting:
            yield result(waiting.popleft())


def result(
    one: tuple[str, Future[list[EncodedPart]] | None],
) -> tuple[str, list[EncodedPart] | None]:
    """What a piece adds, waited for."""
    digest, future = one
    return digest, None if future is None else future.result()


def processes(text: LargeText) -> int:
    """How many encode: one for each processor, where there are as many pieces."""
    return max(1, min(cores_allowed(), MOST, text.size // PIECE))


@contextmanager
def encoders(
    corpus: Corpus, text: LargeText
) -> Iterator[Callable[[list[Part]], Future[list[EncodedPart]]]]:
    """A context with what encodes the parts of a piece, some at once; one piece alone here."""
    count = processes(text)
    if count == 1:
        yield lambda parts: done(corpus.job.encoded, parts)
        return
    workers: list[Worker] = []
    idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
    pool = ThreadPoolExecutor(count)
    try:
        for _ in range(count):
            workers.append(Worker(corpus.job))
            idle.put(workers[-1])

        def encode_by_one(parts: list[Part]) -> list[EncodedPart]:
            worker = idle.get()
            try:
                return worker.encoded(parts)
            finally:
                idle.put(worker)

        yield lambda parts: pool.submit(encode_by_one, parts)
    finally:
        for worker in workers:
            worker.close()
        pool.shutdown(cancel_futures=True)


def done(call: Encode, parts: list[Part]) -> Future[list[EncodedPart]]:
    """A call that was made at once."""
    future: Future[list[EncodedPart]] = Future()
    future.set_result(call(parts))
    return future
