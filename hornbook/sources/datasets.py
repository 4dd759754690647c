"""Data sets by name: a few that come with the package, a few that are fetched and checked.

What is bundled works with no network. What is fetched is checked and kept, see
`hornbook.sources.downloads`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hornbook.errors import DataError
from hornbook.records import JSON
from hornbook.sources.downloads import Progress, Remote, fetch

__all__ = ["DATASETS", "Dataset", "locate"]

BUNDLED = Path(__file__).with_name("bundled")


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
        what = f"the data set {dataset.name}"
        remote = Remote(what, dataset.url, dataset.filename, dataset.bytes, dataset.sha256)
        return fetch(remote, progress)
    path = BUNDLED / (dataset.bundled or "")
    if not path.is_file():
        raise DataError(
            f"The bundled data set {dataset.name} is missing: there is no file {path}.",
            hint="The installation is incomplete: reinstall hornbook.",
        )
    return path
