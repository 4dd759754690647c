"""Runs on tables with any byte or field wrong: refused in words, never otherwise."""

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
from hornbook.runs import Run, strip
from hornbook.storage import SEAL, sealed
from tests.command import typed
from tests.stopping import stopped_at
from tests.test_damage import ODD
from tests.test_runs import same_end

QUICK = {"steps": 6, "batch_size": 16, "evaluate_every": 2}
NETS = ("mixed-input", "linear")
one_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None
)


def write_table(path: Path, n: int = 80) -> Path:
    """A table of a category, a number that is missing now and then, a date, and two targets."""
    rng = np.random.default_rng(0)
    rows = [
        f"{'red' if n % 3 else 'blue'},{'' if n % 9 == 0 else round(float(x), 2)},"
        f"2020-{1 + n % 12:02}-{1 + n % 28:02},{round(float(y), 2)},{'yes' if n % 2 else 'no'}"
        for n, (x, y) in enumerate(rng.normal(size=(n, 2)))
    ]
    path.write_text("colour,size,sold,price,bought\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def trained(table: Path, out: Path, **how: Any) -> Run:
    how = {"target": "price", "model": "mixed-input", **how}
    run: Run = hornbook.train(
        table, out=out, baseline=False, training={**QUICK, **how.pop("training", {})}, **how
    )
    return run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("damage")
    table = write_table(folder / "table.csv")
    return {target: trained(table, folder / target, target=target).path
            for target in ("price", "bought")}  # fmt: skip


def use(path: Path) -> None:
    """Everything that reads a run; what is wrong is told in words."""
    for call in (
        lambda: Run(path).evaluate(),
        lambda: Run(path).model.predict(Run(path).data.train.inputs),
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
    path = copied(runs[data.draw(st.sampled_from(sorted(runs)))], tmp_path / "copy")
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


@pytest.mark.parametrize("target", ["price", "bought"])
def test_what_is_forged_is_refused(target: str, runs: dict[str, Path], tmp_path: Path) -> None:
    rows = {name: held[:5] for name, held in np.load(runs[target] / "data/train.npz").items()}
    mark = tmp_path / "mark"
    pickled = np.empty(5, object)
    pickled[:] = Evil(mark)
    changes: list[dict[str, Any]] = [
        {"codes": rows["codes"] + 99},
        {"codes": rows["codes"] - 99},
        {"codes": rows["codes"].astype(np.int64)},
        {"codes": rows["codes"][:, :1]},
        {"codes": rows["codes"][:2]},
        {"numbers": np.full_like(rows["numbers"], np.nan)},
        {"numbers": rows["numbers"].astype(np.float64)},
        {"numbers": rows["numbers"][:, 0]},
        {"target": np.full(5, np.nan)},
        {"target": np.full(5, 7, np.int64)},
        {"target": np.full(5, "a")},
        {"target": np.zeros((5, 2))},
        {"target": np.float64(1.0)},
        {"target": pickled},
        {"groups": np.zeros(3, np.int32)},
        {"groups": np.zeros(5)},
        {"more": np.zeros(5)},
        {name: held[:0] for name, held in rows.items()},
    ]
    mapper = json.loads((runs[target] / "data/mapper.json").read_text())
    bad: list[tuple[str, bytes]] = [
        *(("data/train.npz", table_of(**{**rows, **change})) for change in changes),
        ("data/train.npz", table_of(**{k: v for k, v in rows.items() if k != "codes"})),
        ("data/train.npz", pickle.dumps(Evil(mark))),
        ("data/train.npz", b""),
        ("data/train.npz", b"PK\x05\x06" + b"\0" * 18),
        ("data/mapper.json", b"[1, 2]"),
        ("data/mapper.json", b"{}"),
        ("data/mapper.json", b"[" * 100_000),
        ("data/mapper.json", b"NaN"),
        ("data/mapper.json", b"\xff\xfe"),
        ("data/mapper.json", json.dumps({**mapper, "mapper": ["a"]}).encode()),
        ("data/mapper.json", json.dumps({**mapper, "target": 3}).encode()),
        ("data/mapper.json",
         json.dumps({**mapper, "mapper": {**mapper["mapper"], "columns": ["a"]}}).encode()),
        ("data/mapper.json",
         json.dumps({**mapper, "target": {**mapper["target"], "kind": "logarithm"}}).encode()),
    ]  # fmt: skip
    for name, content in bad:
        path = copied(runs[target], tmp_path / "copy")
        rewritten(path, name, content)
        with pytest.raises(RunError):
            pytest.fail(f"{name}, {content[:60]!r}: {Run(path).evaluate()}")
    assert not mark.exists()


@one_folder
@given(data=st.data())
def test_any_field_of_the_data_may_be_wrong(
    runs: dict[str, Path], tmp_path: Path, data: st.DataObject
) -> None:
    path = copied(runs[data.draw(st.sampled_from(sorted(runs)))], tmp_path / "copy")
    record = json.loads((path / "run.json").read_text())
    record.pop(SEAL)
    details = record["data"]["details"]
    key = data.draw(st.sampled_from(sorted(details)))
    details[key] = data.draw(st.sampled_from([*ODD, 10**12, ["train", ["dev"]], [{}], "class"]))
    (path / "run.json").write_text(json.dumps(sealed(record)))
    use(path)


def test_a_run_from_before_findings_of_columns_were_kept_opens(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    path = copied(runs["price"], tmp_path / "copy")
    record = json.loads((path / "run.json").read_text())
    record.pop(SEAL)
    assert record["data"]["details"].pop("unseen") == []
    assert record["data"]["details"].pop("leaks") == []
    (path / "run.json").write_text(json.dumps(sealed(record)))
    assert Run(path).data.unseen == ()
    assert Run(path).data.leaks == ()


def test_weights_of_another_run_are_refused(runs: dict[str, Path], tmp_path: Path) -> None:
    path = copied(runs["price"], tmp_path / "copy")
    shutil.copy(runs["bought"] / "model.safetensors", path / "model.safetensors")
    with pytest.raises(RunError):
        Run(path).model  # noqa: B018


@pytest.mark.parametrize("family", NETS)
def test_a_killed_net_goes_on_to_the_same_end(family: str, tmp_path: Path) -> None:
    table = write_table(tmp_path / "table.csv")
    whole = trained(table, tmp_path / "whole", model=family)

    def kill(trainer: Any) -> None:
        raise RuntimeError("killed")

    with stopped_at(5, by=kill), pytest.raises(RuntimeError, match="killed"):
        trained(table, tmp_path / "killed", model=family)
    same_end(hornbook.resume(tmp_path / "killed").path, whole.path)


def test_a_run_without_its_data_holds_no_row_and_still_predicts(tmp_path: Path) -> None:
    run = trained(write_table(tmp_path / "table.csv"), tmp_path / "run")
    inputs = run.data.train.inputs
    before = run.model.predict(inputs)
    strip(run.path)
    bare = Run(run.path)
    assert not (run.path / "data/train.npz").exists()
    assert "names of all categories" in bare.task.still_private(bare)
    np.testing.assert_array_equal(bare.model.predict(inputs), before)
    with pytest.raises(HornbookError, match="without its data"):
        bare.evaluate()


def test_a_run_is_measured_on_a_file_with_its_data_and_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_table(tmp_path / "table.csv")
    run = str(trained(file, tmp_path / "run").path)
    for line in (f"evaluate {run} {file}", f"evaluate {run} --data {file}"):
        status, told, _ = typed(capsys, *line.split())
        assert status == 0
        assert "table.csv" in told
    _, _, told = typed(capsys, "evaluate", run, "--bogus")
    assert "there is no --bogus" in told
    strip(run)
    _, _, told = typed(capsys, "evaluate", run)
    assert told.endswith(f"on a file that has the target:\nhornbook evaluate {run} --data FILE\n")
