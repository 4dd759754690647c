"""Data sets by name: a few that come with the package, a few that are fetched and checked.

What is bundled works with no network. What is fetched is checked against its SHA-256 before anyone
reads it, and kept in a cache directory: `HORNBOOK_CACHE`, or the platform's own place for caches. A
download that breaks off keeps its first part (NAME.part), and the next try goes on from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic as clock
from typing import TYPE_CHECKING, Literal

from hornbook.caches import cache_folder
from hornbook.errors import DataError, DownloadError
from hornbook.records import JSON

if TYPE_CHECKING:
    import requests

__all__ = ["DATASETS", "Dataset", "locate"]

Progress = Callable[[int, int], None]

BUNDLED = Path(__file__).with_name("bundled")
CHUNK = 8_192  # bytes; what has come of one when a connection breaks is lost
TIMEOUT = (10.0, 30.0)  # seconds to wait for a connection, and for the next bytes
WHILE, FEWEST = 60.0, 6_000  # seconds, and bytes that must come in each such while
SLOW = f"the download is too slow: fewer than {FEWEST:,} bytes in {WHILE:.0f} seconds"


@dataclass(frozen=True)
class Dataset:
    """One data set, and where it is: exactly one of `bundled` and `url` is given."""

    name: str
    title: str
    mode: Literal["lines", "text", "table"]
    bytes: int
    sha256: str
    "SHA-256 of the whole file, as 64 hexadecimal digits."
    licence: str
    bundled: str | None
    "File name in hornbook/sources/bundled."
    url: str | None
    filename: str
    "File name in the cache."
    options: Mapping[str, JSON] = field(default_factory=dict)
    "Options of loading that suit it, where none are given."

    def __post_init__(self) -> None:
        if (self.bundled is None) == (self.url is None):
            raise ValueError(f"data set {self.name} must be either bundled or have a url")


DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            name="names",
            title="32,257 names given to children in the USA in 2018, most frequent first",
            mode="lines",
            bytes=229_804,
            sha256="bd02dfd33179e23ec2dd093cbd4de619834f75d660ef1ae04d3127e7a0110053",
            licence="public domain (US Social Security Administration)",
            bundled="names.txt",
            url=None,
            filename="names.txt",
        ),
        Dataset(
            name="shakespeare",
            title="nine plays of Shakespeare, 40,000 lines",
            mode="text",
            bytes=1_121_290,
            sha256="976b6619ad135c7bc9745f051ceea0e9044adca6007e517b32f57311e955927f",
            licence="public domain",
            bundled="shakespeare.txt",
            url=None,
            filename="shakespeare.txt",
        ),
        Dataset(
            name="tang",
            title="300 poems of the Tang dynasty, in Chinese",
            mode="text",
            bytes=79_696,
            sha256="40a90c645715bf424dbc6287688853d1757e71abe94413bc0ae527394ac705ac",
            licence="public domain",
            bundled="tang.txt",
            url=None,
            filename="tang.txt",
        ),
        Dataset(
            name="bikeshare",
            title="8,645 hours of bikes rented in Washington in 2011, with weather and calendar",
            mode="table",
            bytes=567_588,
            sha256="ac6950ae6f11efcc69c29d6bb13e8881c001e27d36434660d59444a1414f712c",
            licence="CC BY 4.0 (UCI Bike Sharing, Fanaee-T and Gama 2013; as in ISLP)",
            bundled="bikeshare.csv",
            url=None,
            filename="bikeshare.csv",
            # Those who rented are of two kinds, and their sum is the target. The last six weeks are
            # forecast, those before them choose.
            options={
                "target": "bikers",
                "ignore": ["casual", "registered"],
                "time": "day",
                "dev_from": "282",
                "test_from": "324",
            },
        ),
        Dataset(
            name="makemore-names",
            title="32,033 names (29,494 distinct), as used in the lectures",
            mode="lines",
            bytes=228_145,
            sha256="0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d",
            licence="public-domain data from a repository under the MIT licence",
            bundled=None,
            url="https://raw.githubusercontent.com/karpathy/makemore/master/names.txt",
            filename="makemore-names.txt",
        ),
        Dataset(
            name="tiny-shakespeare",
            title="1,115,394 characters of Shakespeare, as used in the lectures",
            mode="text",
            bytes=1_115_394,
            sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            licence="public-domain text",
            bundled=None,
            url="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
            filename="tiny-shakespeare.txt",
        ),
        Dataset(
            name="nietzsche",
            title="600,893 characters of Nietzsche in English, as used by fast.ai",
            mode="text",
            bytes=600_901,
            sha256="23cf69874ab69d3d256099ab530ea4be24d47d9675b673bcc67cbcd6298ec647",
            licence="public-domain text",
            bundled=None,
            url="https://s3.amazonaws.com/text-datasets/nietzsche.txt",
            filename="nietzsche.txt",
        ),
    )
}


def locate(dataset: Dataset, progress: Progress | None = None) -> Path:
    """The file of a data set, fetched first if it is neither bundled nor in the cache.

    Args:
        dataset: which one.
        progress: called with bytes done and bytes in all while the file is fetched.

    Raises:
        DataError: if a bundled file is missing from the installed package.
        DownloadError: if the file cannot be fetched, what arrived is something else, or something
            else stands in its place in the cache.
    """
    if dataset.url is not None:
        return fetch(dataset, dataset.url, progress)
    path = BUNDLED / (dataset.bundled or "")
    if not path.is_file():
        raise DataError(
            f"The bundled data set {dataset.name} is missing: there is no file {path}.",
            hint="The installation is incomplete: reinstall hornbook.",
        )
    return path


def fetch(dataset: Dataset, url: str, progress: Progress | None) -> Path:
    """The file of a data set from the cache, or over the network.

    Raises:
        DownloadError: see `locate`.
    """
    import pooch
    import requests

    folder = cache_folder()
    path = folder / dataset.filename
    part = folder / f"{dataset.filename}.part"

    def resume(url: str, output_file: str, _: object) -> None:
        download(dataset, url, part, progress)
        part.replace(output_file)

    by_hand = (
        f"download {url} yourself and save it as {path}: "
        f"it is used if its sha256 is {dataset.sha256}."
    )
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # at INFO it prints what `progress` already tells
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            check_file(dataset, url, path)
        else:
            known = f"sha256:{dataset.sha256}"
            pooch.retrieve(url, known, dataset.filename, folder, downloader=resume)
    except requests.RequestException as error:
        kept = part.stat().st_size if part.exists() else 0
        again = "Try again when you are online"
        if kept:
            again = (
                f"Try again: {kept:,} of {dataset.bytes:,} bytes were saved to {part}, "
                "and the download will resume from there"
            )
        raise DownloadError(
            f"Cannot download the data set {dataset.name} from {url}: {reason(error)}.",
            hint=f"{again}; or {by_hand}",
        ) from error
    except ValueError as error:  # from pooch's check of the hash, or `download`'s of the length
        raise DownloadError(
            f"The file from {url} is not the data set {dataset.name}: "
            f"{str(error).partition('. ')[0]}.",
            hint="Try again, in case the download was corrupted or a login page or proxy answered "
            f"instead of the server; if that does not help, {by_hand}",
        ) from error
    except OSError as error:
        raise DownloadError(
            f"Cannot save the data set {dataset.name} to {path}: {error.strerror or error}.",
            hint="Check the directory's permissions and the free disk space, or set HORNBOOK_CACHE "
            "to another directory that you can write to.",
        ) from error
    finally:
        logger.setLevel(level)
    return path


def check_file(dataset: Dataset, url: str, path: Path) -> None:
    """Hold a file in the cache against its hash; one put there by hand may be anything.

    Raises:
        DownloadError: if it is another file.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != dataset.sha256:
        raise DownloadError(
            f"{path} is not the data set {dataset.name}: its sha256 is {found}; it must be "
            f"{dataset.sha256}.",
            hint=f"Delete {path} to download it again from {url}, or put the right file there.",
        )


def download(dataset: Dataset, url: str, part: Path, progress: Progress | None) -> None:
    """Bring `part` to its whole length, going on from what is there.

    Raises:
        requests.RequestException: if the connection fails or breaks; `part` keeps what came.
        ValueError: if the server offers a file of another length; `part` stays as it was.
    """
    import requests

    have = part.stat().st_size if part.exists() else 0
    if have > dataset.bytes:
        have = 0
    if have == dataset.bytes:  # only the check is missing: the last try was stopped before it
        return
    # Without `identity` a server may compress, and then a range counts other bytes than ours.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        place = response.headers.get("Content-Range", "")
        goes_on = response.status_code == 206 and place.startswith(f"bytes {have}-")
        if have and not goes_on and response.status_code in (206, 416):
            part.unlink()  # the server has no such range: what is kept cannot belong to its file
            download(dataset, url, part, progress)
            return
        response.raise_for_status()
        done = have if goes_on else 0
        length = response.headers.get("Content-Length")
        if length is not None and done + int(length) != dataset.bytes:
            raise ValueError(f"it has {done + int(length):,} bytes, not {dataset.bytes:,}")
        with part.open("ab" if goes_on else "wb") as file:
            for chunk in at_pace(as_they_come(response)):
                file.write(chunk)
                done += len(chunk)
                if done > dataset.bytes:
                    break  # however much more it may send, it is another file
                if progress is not None:
                    progress(done, dataset.bytes)
        # With a length, or in chunks, a broken connection raises by itself. Without either, all
        # that shows is that the bytes stop coming.
        chunked = response.headers.get("Transfer-Encoding", "").lower() == "chunked"
        if done < dataset.bytes and length is None and not chunked:
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
