"""Files that are fetched over the network, checked, and kept.

What is fetched is checked against its SHA-256, where that is known, before anyone reads it, and
kept in a cache directory: `HORNBOOK_CACHE`, or the platform's own place for caches. A download that
breaks off keeps its first part (NAME.part), and the next try goes on from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic as clock
from typing import TYPE_CHECKING

from hornbook.caches import cache_folder
from hornbook.errors import DownloadError

if TYPE_CHECKING:
    import requests

__all__ = ["Progress", "Remote", "fetch"]

Progress = Callable[[int, int], None]

CHUNK = 8_192  # bytes; what has come of one when a connection breaks is lost
TIMEOUT = (10.0, 30.0)  # seconds to wait for a connection, and for the next bytes
WHILE, FEWEST = 60.0, 6_000  # seconds, and bytes that must come in each such while
SLOW = f"the download is too slow: fewer than {FEWEST:,} bytes in {WHILE:.0f} seconds"


@dataclass(frozen=True)
class Remote:
    """A file that is fetched."""

    what: str
    "What to call it in messages: `the data set names`."
    url: str
    filename: str
    "In the cache."
    bytes: int | None = None
    "How long it is; None: as long as the server says."
    sha256: str | None = None
    "As 64 hexadecimal digits; None: it is not known, and whoever reads the file has to check it."


def fetch(remote: Remote, progress: Progress | None = None) -> Path:
    """The file from the cache, or over the network.

    Args:
        remote: what to fetch.
        progress: called with bytes done and bytes in all while it is fetched.

    Raises:
        DownloadError: if it cannot be fetched, what arrived is something else, or something else
            stands in its place in the cache.
    """
    import pooch
    import requests

    folder = cache_folder()
    path, url = folder / remote.filename, remote.url
    part = folder / f"{remote.filename}.part"

    def resume(url: str, output_file: str, _: object) -> None:
        download(remote, part, progress)
        part.replace(output_file)

    by_hand = f"download {url} yourself and save it as {path}"
    by_hand += f": it is used if its sha256 is {remote.sha256}." if remote.sha256 else "."
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # at INFO it prints what `progress` already tells
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            check_file(remote, path)
        else:
            known = f"sha256:{remote.sha256}" if remote.sha256 else None
            pooch.retrieve(url, known, remote.filename, folder, downloader=resume)
    except requests.RequestException as error:
        kept = part.stat().st_size if part.exists() else 0
        again = "Try again when you are online"
        if kept:
            whole = f"of {remote.bytes:,} " if remote.bytes else ""
            again = (
                f"Try again: {kept:,} {whole}bytes were saved to {part}, "
                "and the download will resume from there"
            )
        raise DownloadError(
            f"Cannot download {remote.what} from {url}: {reason(error)}.",
            hint=f"{again}; or {by_hand}",
        ) from error
    except ValueError as error:  # from pooch's check of the hash, or `download`'s of the length
        raise DownloadError(
            f"The file from {url} is not {remote.what}: {str(error).partition('. ')[0]}.",
            hint="Try again, in case the download was corrupted or a login page or proxy answered "
            f"instead of the server; if that does not help, {by_hand}",
        ) from error
    except OSError as error:
        raise DownloadError(
            f"Cannot save {remote.what} to {path}: {error.strerror or error}.",
            hint="Check the directory's permissions and the free disk space, or set HORNBOOK_CACHE "
            "to another directory that you can write to.",
        ) from error
    finally:
        logger.setLevel(level)
    return path


def check_file(remote: Remote, path: Path) -> None:
    """Hold a file in the cache against its hash; one put there by hand may be anything.

    Raises:
        DownloadError: if it is another file.
    """
    if remote.sha256 is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != remote.sha256:
        raise DownloadError(
            f"{path} is not {remote.what}: its sha256 is {found}; it must be {remote.sha256}.",
            hint=f"Delete {path} to download it again from {remote.url}, or put the right file "
            "there.",
        )


def download(remote: Remote, part: Path, progress: Progress | None) -> None:
    """Bring `part` to its whole length, going on from what is there.

    Raises:
        requests.RequestException: if the connection fails or breaks; `part` keeps what came.
        ValueError: if the server offers a file of another length; `part` stays as it was.
    """
    import requests

    have, size = part.stat().st_size if part.exists() else 0, remote.bytes
    if size is not None and have > size:
        have = 0
    if have == size:  # only the check is missing: the last try was stopped before it
        return
    # Without `identity` a server may compress, and then a range counts other bytes than ours.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with requests.get(remote.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        place = response.headers.get("Content-Range", "")
        goes_on = response.status_code == 206 and place.startswith(f"bytes {have}-")
        if have and not goes_on and response.status_code in (206, 416):
            part.unlink()  # the server has no such range: what is kept cannot belong to its file
            download(remote, part, progress)
            return
        response.raise_for_status()
        done = have if goes_on else 0
        length = response.headers.get("Content-Length")
        if size is None:  # then the server says it
            if length is None:
                raise ValueError("the server does not say how long it is")
            size = done + int(length)
        if length is not None and done + int(length) != size:
            raise ValueError(f"it has {done + int(length):,} bytes, not {size:,}")
        with part.open("ab" if goes_on else "wb") as file:
            for chunk in at_pace(as_they_come(response)):
                file.write(chunk)
                done += len(chunk)
                if done > size:
                    break  # however much more it may send, it is another file
                if progress is not None:
                    progress(done, size)
        # With a length, or in chunks, a broken connection raises by itself. Without either, all
        # that shows is that the bytes stop coming.
        chunked = response.headers.get("Transfer-Encoding", "").lower() == "chunked"
        if done < size and length is None and not chunked:
            raise requests.exceptions.ChunkedEncodingError("the response ended early")


def as_they_come(response: requests.Response) -> Iterator[bytes]:
    """The bytes of a response, as many at a time as are there.

    `iter_content` waits until a chunk is full, which from a slow server takes hours.

    Raises:
        requests.RequestException: if the connection breaks.
    """
    import requests
    import urllib3

    raw = response.raw
    if not hasattr(raw, "read1"):  # before urllib3 2
        yield from response.iter_content(16)
        return
    try:
        while chunk := raw.read1(CHUNK, decode_content=True):
            yield chunk
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.exceptions.ReadTimeout(error) from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error


def at_pace(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same chunks, as long as enough of them come.

    Raises:
        requests.RequestException: if they do not.
    """
    import requests

    came, since = 0, clock()
    for chunk in chunks:
        yield chunk
        came += len(chunk)
        if clock() - since >= WHILE:
            if came < FEWEST:
                raise requests.exceptions.ReadTimeout(SLOW)
            came, since = 0, clock()


def reason(error: Exception) -> str:
    """What went wrong in a request, in plain words: the library's own are made for programmers."""
    import requests

    if isinstance(error, requests.HTTPError):
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if str(error) == SLOW:
        return SLOW
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "the server did not respond in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was lost during the download"
    if isinstance(error, requests.exceptions.SSLError):
        return f"the server's certificate was not accepted ({error})"
    if isinstance(error, requests.ConnectionError):
        return "cannot connect (no network, or no such server)"
    return str(error)
