from __future__ import annotations

import errno
import json
import math
import os
import pickle
import re
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hornbook.errors import RunError
from hornbook.interchange.folders import whole_folder
from hornbook.storage import (
    PART,
    append_line,
    beside,
    read_json,
    remove_parts,
    write_bytes,
    write_json,
)
from hornbook.tensor_files import read_tensors, write_tensors

ROOT = Path(__file__).parents[1]

# Every example writes the same file again, so one directory serves them all.
one_directory = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60
)


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def safetensors(path: Path, header: dict[str, Any], data: bytes = b"") -> Path:
    """A safetensors file by its published layout: length, JSON header, data."""
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_bytes(path, b"a long old state")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert names_in(tmp_path) == ["state"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "state"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, failing, full)
    with pytest.raises(RunError, match=r"Cannot write .*state: No space left on device"):
        write_bytes(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["state"]


def test_what_is_renamed_was_flushed_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state"
    flushed: list[dict[str, bytes]] = []

    def fsync(_: int) -> None:
        flushed.append({file.name: file.read_bytes() for file in tmp_path.iterdir()})

    monkeypatch.setattr(os, "fsync", fsync)
    write_bytes(path, b"new")
    (written,) = flushed
    (name,) = written
    assert re.fullmatch(PART, name)
    assert written[name] == b"new"


def test_a_disk_without_room_leaves_the_old_file(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="this platform limits no file sizes")
    path = tmp_path / "state"
    path.write_bytes(b"old")
    done = run_python(
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from hornbook.errors import RunError\n"
        "from hornbook.storage import write_bytes\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    write_bytes(Path(sys.argv[1]), b'x' * 1_000_000)\n"
        "except RunError as error:\n"
        "    print(error.message)\n",
        str(path),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Cannot write {path}: ")
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["state"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_kill_in_the_middle_leaves_the_old_file_and_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"old")
    done = run_python(
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from hornbook.storage import write_bytes\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_bytes(Path(sys.argv[1]), b'new')\n",
        str(path),
    )
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    write_bytes(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert len(names_in(tmp_path)) == 2  # and what the kill left
    remove_parts(tmp_path)
    assert names_in(tmp_path) == ["state"]


@pytest.mark.parametrize("where", ["missing/state", "file/state", "directory", "n" * 256])
def test_a_place_that_cannot_be_written_is_a_run_error(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    with pytest.raises(RunError, match="Cannot write "):
        write_bytes(tmp_path / where, b"new")
    assert names_in(tmp_path) == ["directory", "file"]


characters = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | characters,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(characters, inner, max_size=3),
    max_leaves=10,
)


@one_directory
@given(value=st.dictionaries(characters, json_values, max_size=3))
def test_json_comes_back_as_it_went(tmp_path: Path, value: dict[str, Any]) -> None:
    write_json(tmp_path / "value.json", value)
    assert read_json(tmp_path / "value.json") == value


def test_json_is_for_people_too(tmp_path: Path) -> None:
    write_json(tmp_path / "value.json", {"symbol": "é"})
    assert (tmp_path / "value.json").read_bytes() == '{\n  "symbol": "é"\n}\n'.encode()


def test_numbers_that_json_lacks_are_spelled_as_text(tmp_path: Path) -> None:
    value = {"a": math.nan, "b": [math.inf, (1.5, -math.inf)], "c": {"d": np.float64("inf")}}
    write_json(tmp_path / "value.json", value)
    spelled = {"a": "NaN", "b": ["Infinity", [1.5, "-Infinity"]], "c": {"d": "Infinity"}}

    def no_such_constant(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    text = (tmp_path / "value.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=no_such_constant) == spelled


def test_a_file_name_that_is_not_utf8_can_be_kept(tmp_path: Path) -> None:
    value = {"source": os.fsdecode(b"caf\xe9.txt")}
    write_json(tmp_path / "value.json", value)
    assert read_json(tmp_path / "value.json") == value


@pytest.mark.parametrize(
    "damage", [b"", b'{"a": 1', b'{"a": 1}}', b'{"a": "\xff"}', b"[1, 2]", b"7", b"\x80\x04."]
)
def test_damaged_json_is_a_run_error(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "value.json"
    path.write_bytes(damage)
    with pytest.raises(RunError, match=r"value\.json is damaged"):
        read_json(path)


def test_a_missing_file_is_a_run_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is missing"):
        read_json(tmp_path / "value.json")
    with pytest.raises(RunError, match="is missing"):
        read_tensors(tmp_path / "model.safetensors")


def test_a_directory_instead_of_a_file_is_a_run_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="it is not a file"):
        read_json(tmp_path)
    with pytest.raises(RunError, match="it is not a file"):
        read_tensors(tmp_path)


dtypes = st.sampled_from(["f8", "f4", "f2", "i8", "i4", "u1", "u2", "u4", "?"]).map(np.dtype)
arrays = dtypes.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=4))
)


@one_directory
@given(
    tensors=st.dictionaries(characters.filter(lambda name: name != "__metadata__"), arrays),
    metadata=st.dictionaries(characters, json_values, max_size=3),
)
def test_tensors_come_back_as_they_went(
    tmp_path: Path, tensors: dict[str, npt.NDArray[Any]], metadata: dict[str, Any]
) -> None:
    path = tmp_path / "model.safetensors"
    write_tensors(path, tensors, metadata)
    found, found_metadata = read_tensors(path)
    assert found_metadata == metadata
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        assert found[name].shape == tensor.shape
        np.testing.assert_array_equal(found[name], tensor)


def test_a_single_number_keeps_its_shape(tmp_path: Path) -> None:
    write_tensors(tmp_path / "model.safetensors", {"step": np.array(7)}, {})
    assert read_tensors(tmp_path / "model.safetensors")[0]["step"].shape == ()


def test_a_view_is_kept_by_its_values(tmp_path: Path) -> None:
    wide = np.arange(24.0).reshape(4, 6)
    views = {"transposed": wide.T, "strided": wide[::2, ::-3]}
    write_tensors(tmp_path / "model.safetensors", views, {})
    found, _ = read_tensors(tmp_path / "model.safetensors")
    for name, view in views.items():
        np.testing.assert_array_equal(found[name], view)


def test_metadata_spells_what_json_lacks(tmp_path: Path) -> None:
    write_tensors(tmp_path / "model.safetensors", {}, {"best": math.inf})
    assert read_tensors(tmp_path / "model.safetensors") == ({}, {"best": "Infinity"})


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    write_tensors(path, {"weight": np.arange(6.0), "bias": np.ones(2, np.float32)}, {"step": 3})
    return path


def test_a_tensor_file_cut_short_anywhere_is_a_run_error(kept: Path) -> None:
    whole = kept.read_bytes()
    for length in range(len(whole)):
        kept.write_bytes(whole[:length])
        with pytest.raises(RunError, match="damaged or truncated"):
            read_tensors(kept)


def test_a_changed_bit_in_a_header_gives_a_run_error_or_nothing_worse_than_other_numbers(
    kept: Path,
) -> None:
    whole = kept.read_bytes()
    header = 8 + struct.unpack("<Q", whole[:8])[0]
    refused = 0
    for bit in range(8 * header):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        kept.write_bytes(damaged)
        try:
            read_tensors(kept)
        except RunError:
            refused += 1
    assert refused > 4 * header  # most bits of a header matter


@pytest.mark.parametrize("text", ["{broken", "[1]", "7"])
def test_metadata_that_is_no_json_object_is_a_run_error(tmp_path: Path, text: str) -> None:
    path = safetensors(tmp_path / "model.safetensors", {"__metadata__": {"hornbook": text}})
    with pytest.raises(RunError, match=r"model\.safetensors"):
        read_tensors(path)


@pytest.mark.parametrize("dtype", ["F32", "BF16"])
@pytest.mark.parametrize("metadata", [{}, {"__metadata__": {"format": "pt"}}])
def test_tensors_that_something_else_wrote_are_a_run_error(
    tmp_path: Path, dtype: str, metadata: dict[str, Any]
) -> None:
    size = {"F32": 4, "BF16": 2}[dtype]
    header = {"weight": {"dtype": dtype, "shape": [3], "data_offsets": [0, 3 * size]}}
    path = safetensors(tmp_path / "model.safetensors", {**metadata, **header}, bytes(3 * size))
    with pytest.raises(RunError, match="was not written by hornbook"):
        read_tensors(path)


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, ("sprung",))


def test_a_pickle_is_refused_and_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("model.safetensors", "value.json"):
        Path(name).write_bytes(pickle.dumps(Trap()))
    with pytest.raises(RunError, match="damaged"):
        read_tensors(Path("model.safetensors"))
    with pytest.raises(RunError, match="damaged"):
        read_json(Path("value.json"))
    assert names_in(tmp_path) == ["model.safetensors", "value.json"]


def test_no_link_is_followed(tmp_path: Path) -> None:
    precious, run = tmp_path / "precious", tmp_path / "run"
    precious.write_bytes(b"years of work")
    run.mkdir()
    (run / "report.html").symlink_to(precious)
    write_bytes(run / "report.html", b"new")
    assert (run / "report.html").read_bytes() == b"new"
    assert not (run / "report.html").is_symlink()
    (run / "metrics.jsonl").symlink_to(precious)
    with pytest.raises(RunError, match="it is a symbolic link"):
        append_line(run / "metrics.jsonl", {"step": 1}, surely=True)
    assert precious.read_bytes() == b"years of work"


def test_no_name_beside_a_file_can_be_guessed(tmp_path: Path) -> None:
    names: set[str] = set()
    for _ in range(3):
        with beside(tmp_path / "state"):
            names.update(item.name for item in tmp_path.iterdir())
    assert len(names) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no descriptors of directories")
def test_what_is_written_stays_in_its_directory(tmp_path: Path) -> None:
    run, moved, other = tmp_path / "run", tmp_path / "moved", tmp_path / "other"
    run.mkdir()
    other.mkdir()
    within = os.open(run, os.O_RDONLY)
    run.rename(moved)
    other.rename(run)
    write_bytes(run / "state", b"new", within)
    append_line(run / "lines", 1, surely=True, within=within)
    os.close(within)
    assert names_in(run) == []
    assert names_in(moved) == ["lines", "state"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other modes")
@pytest.mark.parametrize("mode", [0o644, 0o600, 0o664])
def test_a_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "report.html"
    write_bytes(path, b"old")
    new = tmp_path / "plain"
    new.touch()
    assert path.stat().st_mode == new.stat().st_mode  # as any new file here
    path.chmod(mode)
    write_bytes(path, b"new")
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_name_that_no_file_can_have_is_a_run_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no file can have such a name"):
        write_bytes(tmp_path / name, b"data")
    with (
        pytest.raises(RunError, match="no file can have such a name"),
        whole_folder(tmp_path / name, ()),
    ):
        raise AssertionError
    assert not list(tmp_path.iterdir())
