from __future__ import annotations

import dataclasses
import hashlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hornbook.caches import cache_folder
from hornbook.errors import DataError, DownloadError, HornbookError
from hornbook.sources import datasets, downloads
from hornbook.sources.datasets import DATASETS, Dataset, locate
from hornbook.text.corpus import load_corpus

SHARED = Path(__file__).parents[2] / "shared" / "data"
LECTURES = {
    "makemore-names": "names.txt",
    "tiny-shakespeare": "tinyshakespeare.txt",
    "nietzsche": "nietzsche.txt",
}

CONTENT = b"".join(b"name number %06d\n" % n for n in range(20_000))
HALF = len(CONTENT) // 2


class Server(ThreadingHTTPServer):
    """Serves CONTENT at any path, in the manner that a test sets."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.manner = "ranges"
        self.content = CONTENT
        self.asked: list[str | None] = []
        "The Range header of each request."
        self.let_go = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/names.txt"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, wanted = self.server, self.headers["Range"]
        server.asked.append(wanted)
        assert self.headers["Accept-Encoding"] == "identity"
        manner, content = server.manner, server.content
        if manner == "missing":
            self.send_error(404)
            return
        begin = 0
        if wanted and manner not in ("no ranges", "other range"):
            begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if begin >= len(content):
                self.send_error(416)
                return
        if wanted and manner != "no ranges":
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        if manner.startswith("chunked"):
            self.send_header("Transfer-Encoding", "chunked")
        elif manner != "no length":
            self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        if manner in ("cut", "no length"):
            self.wfile.write(content[begin:HALF])
        elif manner == "chunked":
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(content) - begin, content[begin:]))
        elif manner in ("byte by byte", "chunked byte by byte"):
            if manner.startswith("chunked"):
                self.wfile.write(b"%x\r\n" % (len(content) - begin))
            while not server.let_go.is_set():
                try:
                    self.wfile.write(content[begin : begin + 1])
                except OSError:
                    return  # given up
                begin += 1
                server.let_go.wait(0.001)
        elif manner == "silent":
            self.wfile.write(content[begin:HALF])
            self.wfile.flush()
            server.let_go.wait(600)
        else:
            self.wfile.write(content[begin:])

    def log_message(self, *_: object) -> None:
        pass  # no line on stderr for each request


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.let_go.set()
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "cache"
    monkeypatch.setenv("HORNBOOK_CACHE", str(folder))
    return folder


def dataset(url: str, content: bytes = CONTENT) -> Dataset:
    return Dataset(
        name="numbers",
        title="numbered names",
        mode="lines",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        licence="public domain",
        bundled=None,
        url=url,
        filename="numbers.txt",
    )


def refusal(wanted: Dataset) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        locate(wanted)
    return caught.value


@pytest.mark.parametrize("name", [name for name, made in DATASETS.items() if made.bundled])
def test_what_is_bundled_is_what_it_says(name: str, cache: Path) -> None:
    data = locate(DATASETS[name]).read_bytes()
    assert len(data) == DATASETS[name].bytes
    assert hashlib.sha256(data).hexdigest() == DATASETS[name].sha256
    if DATASETS[name].mode != "table":
        assert load_corpus(name).mode == DATASETS[name].mode
    assert not cache.exists()


def test_every_bundled_file_is_in_the_table() -> None:
    files = {path.name for path in datasets.BUNDLED.iterdir()}
    assert files == {made.bundled for made in DATASETS.values() if made.bundled}


@pytest.mark.parametrize("name", LECTURES)
def test_the_lectures_files_are_what_the_table_expects(name: str, cache: Path) -> None:
    path = SHARED / LECTURES[name]
    if not path.exists():
        pytest.skip(f"the lectures' file is not at {path}")
    cache.mkdir()
    (cache / DATASETS[name].filename).write_bytes(path.read_bytes())
    assert path.stat().st_size == DATASETS[name].bytes
    assert locate(DATASETS[name]) == cache / DATASETS[name].filename
    assert load_corpus(name).source == f"data set {name}"


def test_keys_and_file_names_are_distinct() -> None:
    assert all(name == made.name for name, made in DATASETS.items())
    assert len({made.filename for made in DATASETS.values()}) == len(DATASETS)
    assert all(made.url.startswith("https://") for made in DATASETS.values() if made.url)


def test_a_data_set_is_either_bundled_or_fetched() -> None:
    with pytest.raises(ValueError, match="either bundled or have a url"):
        dataclasses.replace(DATASETS["names"], url="https://example.org/names.txt")
    with pytest.raises(ValueError, match="either bundled or have a url"):
        dataclasses.replace(DATASETS["names"], bundled=None)


def test_a_bundled_file_that_is_gone_is_named() -> None:
    with pytest.raises(DataError, match="reinstall hornbook") as caught:
        locate(dataclasses.replace(DATASETS["names"], bundled="gone.txt"))
    assert str(datasets.BUNDLED / "gone.txt") in caught.value.message


def test_a_file_is_fetched_once(server: Server, cache: Path) -> None:
    steps: list[tuple[int, int]] = []
    path = locate(dataset(server.url), lambda done, total: steps.append((done, total)))
    assert path == cache / "numbers.txt"
    assert path.read_bytes() == CONTENT
    assert steps == sorted(steps)
    assert len(steps) > 1
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert locate(dataset(server.url)) == path
    assert server.asked == [None]
    assert list(cache.iterdir()) == [path]


def test_nothing_is_printed(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    locate(dataset(server.url))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("manner", ["cut", "no length"])
def test_a_download_goes_on_where_it_broke_off(server: Server, cache: Path, manner: str) -> None:
    server.manner = manner
    error = refusal(dataset(server.url))
    part = cache / "numbers.txt.part"
    kept = len(part.read_bytes())
    assert HALF - downloads.CHUNK < kept <= HALF
    assert "the connection was lost during the download" in error.message
    assert f"{kept:,} of {len(CONTENT):,} bytes were saved to {part}" in error.hint
    assert "the download will resume from there" in error.hint

    server.manner = "ranges"
    steps: list[int] = []
    path = locate(dataset(server.url), lambda done, total: steps.append(done))
    assert path.read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={kept}-"]
    assert min(steps) > kept
    assert list(cache.iterdir()) == [path]


@pytest.mark.parametrize("manner", ["no ranges", "other range"])
def test_a_server_that_cannot_go_on_starts_over(server: Server, cache: Path, manner: str) -> None:
    cache.mkdir()
    (cache / "numbers.txt.part").write_bytes(CONTENT[:HALF])
    server.manner = manner
    assert locate(dataset(server.url)).read_bytes() == CONTENT
    assert server.asked[0] == f"bytes={HALF}-"
    assert list(cache.iterdir()) == [cache / "numbers.txt"]


def test_a_part_that_is_whole_needs_no_request(server: Server, cache: Path) -> None:
    cache.mkdir()
    (cache / "numbers.txt.part").write_bytes(CONTENT)
    assert locate(dataset(server.url)).read_bytes() == CONTENT
    assert server.asked == []


def test_a_part_that_is_too_long_is_thrown_away(server: Server, cache: Path) -> None:
    cache.mkdir()
    (cache / "numbers.txt.part").write_bytes(CONTENT + b"more")
    assert locate(dataset(server.url)).read_bytes() == CONTENT
    assert server.asked == [None]


def test_a_part_beyond_the_servers_file_is_thrown_away(server: Server, cache: Path) -> None:
    cache.mkdir()
    (cache / "numbers.txt.part").write_bytes(CONTENT[:-10])
    server.content = CONTENT[:HALF]
    error = refusal(dataset(server.url))
    assert server.asked == [f"bytes={len(CONTENT) - 10}-", None]
    assert f"it has {HALF:,} bytes, not {len(CONTENT):,}" in error.message
    assert list(cache.iterdir()) == []


def test_a_wrong_part_spoils_one_try_only(server: Server, cache: Path) -> None:
    cache.mkdir()
    (cache / "numbers.txt.part").write_bytes(b"?" * HALF)
    assert dataset(server.url).sha256 in refusal(dataset(server.url)).message
    assert list(cache.iterdir()) == []
    assert locate(dataset(server.url)).read_bytes() == CONTENT


def test_wrong_content_is_refused_and_not_kept(server: Server, cache: Path) -> None:
    server.content = CONTENT.replace(b"number", b"NUMBER")
    error = refusal(dataset(server.url))
    assert error.message.startswith(f"The file from {server.url} is not the data set numbers")
    assert hashlib.sha256(CONTENT).hexdigest() in error.message
    assert hashlib.sha256(server.content).hexdigest() in error.message
    assert str(cache / "numbers.txt") in error.hint
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("manner", ["ranges", "no ranges"])
def test_a_page_in_the_files_place_costs_nothing_kept(
    server: Server, cache: Path, manner: str
) -> None:
    cache.mkdir()
    part = cache / "numbers.txt.part"
    part.write_bytes(CONTENT[:100])
    server.manner, server.content = manner, b"<html>Please log in.</html>" * 10
    assert "bytes, not" in refusal(dataset(server.url)).message
    assert part.read_bytes() == CONTENT[:100]


def test_a_server_that_sends_without_end_is_stopped(server: Server, cache: Path) -> None:
    server.manner, server.content = "no length", CONTENT[:HALF]
    error = refusal(dataset(server.url, CONTENT[: HALF // 2]))
    assert "is not the data set" in error.message
    assert list(cache.iterdir()) == []


def test_a_missing_file_says_what_to_fetch_and_where_to_put_it(server: Server, cache: Path) -> None:
    server.manner = "missing"
    wanted = dataset(server.url)
    error = refusal(wanted)
    assert error.message == (
        f"Cannot download the data set numbers from {server.url}: "
        "the server answered 404 Not Found."
    )
    assert f"download {server.url} yourself and save it as {cache / 'numbers.txt'}" in error.hint
    assert wanted.sha256 in error.hint

    (cache / "numbers.txt").write_bytes(CONTENT)
    assert locate(wanted).read_bytes() == CONTENT
    assert server.asked == [None]


def test_no_network_is_said(cache: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = refusal(dataset(f"http://127.0.0.1:{port}/names.txt"))
    assert "cannot connect" in error.message
    assert str(cache / "numbers.txt") in error.hint


def test_a_silent_server_is_left(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "TIMEOUT", (60.0, 3.0))  # the answer begins well before
    server.manner = "silent"
    error = refusal(dataset(server.url))
    assert "the server did not respond in time" in error.message
    assert len((cache / "numbers.txt.part").read_bytes()) > HALF - downloads.CHUNK
    assert "the download will resume from there" in error.hint


def test_another_file_in_its_place_is_refused_and_left_alone(server: Server, cache: Path) -> None:
    cache.mkdir()
    path = cache / "numbers.txt"
    path.write_bytes(b"my own names\n")
    wanted = dataset(server.url)
    error = refusal(wanted)
    assert str(path) in error.message
    assert hashlib.sha256(b"my own names\n").hexdigest() in error.message
    assert wanted.sha256 in error.message
    assert path.read_bytes() == b"my own names\n"
    assert server.asked == []


def test_a_cache_that_cannot_be_made_is_named(server: Server, cache: Path) -> None:
    cache.write_text("a file, not a directory")
    error = refusal(dataset(server.url))
    assert str(cache) in error.message
    assert "HORNBOOK_CACHE" in error.hint


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HORNBOOK_CACHE", "here")
    assert cache_folder() == tmp_path / "here"
    monkeypatch.delenv("HORNBOOK_CACHE")
    assert cache_folder().is_absolute()
    assert "hornbook" in str(cache_folder())


def test_what_goes_wrong_is_a_mistake_that_can_be_mended() -> None:
    assert issubclass(DownloadError, HornbookError)


def test_the_table_costs_no_import() -> None:
    code = (
        "import sys, hornbook.sources.datasets as d; d.locate(d.DATASETS['names']); "
        "print(sorted({'pooch', 'requests', 'platformdirs', 'torch'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


@pytest.mark.parametrize("manner", ["byte by byte", "chunked byte by byte"])
def test_a_server_that_dribbles_is_left_and_what_came_is_kept(
    manner: str, server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 10.0  # each time that anyone looks
        return now[0]

    monkeypatch.setattr(downloads, "clock", clock)
    server.manner = manner
    error = refusal(dataset(server.url))
    assert f"{downloads.SLOW}." in error.message
    kept = (cache / "numbers.txt.part").read_bytes()
    assert 0 < len(kept) < downloads.FEWEST
    assert CONTENT.startswith(kept)
    monkeypatch.undo()
    monkeypatch.setenv("HORNBOOK_CACHE", str(cache))
    server.manner = "ranges"
    assert locate(dataset(server.url)).read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={len(kept)}-"]


def test_a_slow_download_that_comes_on_is_not_left(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += downloads.WHILE
        return now[0]

    monkeypatch.setattr(downloads, "clock", clock)
    monkeypatch.setattr(downloads, "FEWEST", 1)
    assert locate(dataset(server.url)).read_bytes() == CONTENT


def test_what_comes_in_chunks_is_read_whole(server: Server) -> None:
    server.manner = "chunked"
    assert locate(dataset(server.url)).read_bytes() == CONTENT
