"""Runs on ratings and clicks with any byte or field wrong: refused in words, never otherwise."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hornbook
from hornbook.errors import HornbookError, RunError
from hornbook.runs import Run
from hornbook.storage import SEAL, sealed
from hornbook.tensor_files import read_tensors, write_tensors
from tests.ratings_made import write_made
from tests.test_damage import ODD
from tests.test_ratings_contract import QUICK

TRIED = ["als", "knn", "dot-bias", "ease"]
"A family with factors, with neighbours and histories, a net, and a large inverse."
DATA = ["data/train.npz", "data/dev.npz", "data/users.json", "data/items.json"]

one_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("damage")
    table = write_made(folder / "films.csv", users=12, items=9)
    return {
        family: hornbook.train(
            table, task="clicks" if family == "ease" else "ratings", model=family,
            out=folder / family, baseline=False, training=QUICK if "dot" in family else None,
        ).path
        for family in TRIED
    }  # fmt: skip


def use(path: Path) -> None:
    """Everything that reads a run; what is wrong is told in words."""
    for call in (
        lambda: Run(path).recommend("user-1", n=2),
        lambda: Run(path).recommend(likes=["i1"], n=2),
        lambda: Run(path).evaluate(),
        lambda: Run(path).explain("user-1", "i1"),
        lambda: list(hornbook.resume(path).data.about),
    ):
        with contextlib.suppress(HornbookError):
            call()


def copied(path: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(path, to))


@one_folder
@given(data=st.data())
def test_any_bytes_may_be_wrong(runs: dict[str, Path], tmp_path: Path, data: st.DataObject) -> None:
    path = copied(runs[data.draw(st.sampled_from(TRIED))], tmp_path / "copy")
    files = sorted(one for one in path.rglob("*") if one.is_file() and one.suffix != ".html")
    file = data.draw(st.sampled_from(files))
    held = bytearray(file.read_bytes())
    at = data.draw(st.integers(0, max(0, len(held) - 1)))
    held[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    file.write_bytes(held[: data.draw(st.integers(0, len(held)))])
    use(path)


def rewritten(path: Path, name: str, content: bytes) -> None:
    """A file of the data replaced, and its sum with it, as someone would who means harm."""
    (path / name).write_bytes(content)
    record = json.loads((path / "run.json").read_text())
    record.pop(SEAL)
    record["data"]["files"][name] = hashlib.sha256(content).hexdigest()
    (path / "run.json").write_text(json.dumps(sealed(record)))


def table_of(**columns: Any) -> bytes:
    held = io.BytesIO()
    np.savez(held, **columns)
    return held.getvalue()


class Evil:
    """What leaves a mark if it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = str(mark)

    def __reduce__(self) -> Any:
        return (open, (self.mark, "w"))


@pytest.mark.parametrize("family", ["als", "ease"])
def test_what_is_forged_is_refused(family: str, runs: dict[str, Path], tmp_path: Path) -> None:
    rows = dict(np.load(runs[family] / "data/train.npz"))
    few = {name: column[:5] for name, column in rows.items()}
    mark = tmp_path / "mark"
    pickled = np.empty(2, object)
    pickled[:] = Evil(mark)
    bad: list[tuple[str, bytes]] = [
        ("data/train.npz", table_of(**{**few, "users": np.full(5, 99, np.int32)})),
        ("data/train.npz", table_of(**{**few, "items": np.full(5, -1, np.int32)})),
        ("data/train.npz", table_of(**{**few, "users": np.full(5, 2**32, np.int64)})),
        ("data/train.npz", table_of(**{**few, "users": np.full(5, np.nan)})),
        ("data/train.npz", table_of(**{**few, "users": np.full(5, "a")})),
        ("data/train.npz", table_of(**{**few, "values": np.full(5, np.nan, np.float32)})),
        ("data/train.npz", table_of(**{**few, "values": np.full(5, np.inf, np.float32)})),
        ("data/train.npz", table_of(**{**few, "values": np.zeros((5, 2), np.float32)})),
        ("data/train.npz", table_of(**{**few, "times": np.zeros(3, np.int64)})),
        ("data/train.npz", table_of(**{k: v for k, v in few.items() if k != "values"})),
        ("data/train.npz", table_of(**{k: v[:0] for k, v in few.items()})),
        ("data/train.npz", table_of(**{**few, "users": pickled})),
        ("data/train.npz", pickle.dumps(Evil(mark))),
        ("data/train.npz", b""),
        ("data/train.npz", b"PK\x05\x06" + b"\0" * 18),
        ("data/users.json", b"[1, 2]"),
        ("data/users.json", b'["a"]'),
        ("data/users.json", b'{"a": 1}'),
        ("data/users.json", b"[" * 100_000),
        ("data/users.json", b"NaN"),
        ("data/items.json", b"[]"),
        ("data/items.json", b'{"ids": ["a"], "titles": []}'),
        ("data/items.json", b'{"ids": ["a", "b"], "titles": ["x"]}'),
        ("data/items.json", b'{"ids": null, "titles": []}'),
        ("data/items.json", b"\xff\xfe"),
    ]
    for name, content in bad:
        path = copied(runs[family], tmp_path / "copy")
        rewritten(path, name, content)
        with pytest.raises(RunError):
            pytest.fail(f"{name}, {content[:40]!r}: {Run(path).recommend('user-1', n=1)}")
        use(path)
    assert not mark.exists()


@one_folder
@given(data=st.data())
def test_any_field_of_the_data_may_be_wrong(
    runs: dict[str, Path], tmp_path: Path, data: st.DataObject
) -> None:
    path = copied(runs[data.draw(st.sampled_from(TRIED))], tmp_path / "copy")
    if data.draw(st.booleans()):
        shutil.rmtree(path / "data", ignore_errors=True)
        copied(runs["als"] / "data", path / "data")
        (path / "data/users.json").unlink()
    record = json.loads((path / "run.json").read_text())
    record.pop(SEAL)
    details = record["data"]["details"]
    key = data.draw(st.sampled_from(sorted(details)))
    value = data.draw(st.sampled_from([*ODD, 10**12, [0.5, float("nan")], [5, 1], [1e308, -1e308]]))
    details[key] = value
    (path / "run.json").write_text(json.dumps(sealed(record)))
    use(path)


@pytest.mark.parametrize("family", TRIED)
def test_weights_of_another_run_are_refused(
    family: str, runs: dict[str, Path], tmp_path: Path
) -> None:
    for other in TRIED:
        if other == family:
            continue
        path = copied(runs[family], tmp_path / "copy")
        shutil.copy(runs[other] / "model.safetensors", path / "model.safetensors")
        with pytest.raises(RunError):
            Run(path).recommend("user-1", n=1)


@pytest.mark.parametrize("family", TRIED)
def test_any_array_of_a_model_may_be_wrong(
    family: str, runs: dict[str, Path], tmp_path: Path
) -> None:
    arrays, about = read_tensors(runs[family] / "model.safetensors")
    for name, array in arrays.items():
        for wrong in (
            np.concatenate([array.ravel(), array.ravel()[:1]]) if array.ndim else array.reshape(1),
            np.full_like(array, np.nan if array.dtype.kind == "f" else -1),
            array.ravel()[:0],
        ):
            if wrong.shape == array.shape and (wrong == array).all():
                continue
            path = copied(runs[family], tmp_path / "copy")
            write_tensors(path / "model.safetensors", {**arrays, name: wrong}, about)
            with pytest.raises(RunError):
                Run(path).recommend("user-1", n=1)
