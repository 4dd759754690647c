"""Event files against protocol buffers, and against TensorBoard's own reader where that is."""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hornbook
from hornbook.errors import SettingsError
from hornbook.monitoring.event_files import beginning, checksum, scalars
from tests.command import typed
from tests.some_names import write_names

VALUES = {"dev/loss": 2.5, "train/loss": 1.25, "größe": -3.0}


def test_the_checksum_is_crc_32c() -> None:
    """The vectors of RFC 3720, appendix B.4, and the check value of the catalogue of CRCs."""
    assert checksum(bytes(32)) == 0x8A9136AA
    assert checksum(b"\xff" * 32) == 0x62A8AB43
    assert checksum(bytes(range(32))) == 0x46DD794E
    assert checksum(b"123456789") == 0xE3069283


def event_kind() -> Any:
    """`Event` as `event.proto` and `summary.proto` have it, read by protocol buffers themselves."""
    descriptors = pytest.importorskip("google.protobuf.descriptor_pb2")
    pools = importlib.import_module("google.protobuf.descriptor_pool")
    factory = importlib.import_module("google.protobuf.message_factory")
    file = descriptors.FileDescriptorProto(name="event.proto", package="t", syntax="proto3")
    kinds = {"double": 1, "float": 2, "int64": 3, "string": 9}
    for name, fields in {
        "Value": {"tag": (1, "string"), "simple_value": (2, "float")},
        "Summary": {"value": (1, "*.t.Value")},
        "Event": {"wall_time": (1, "double"), "step": (2, "int64"), "file_version": (3, "string"),
                  "summary": (5, ".t.Summary")},
    }.items():  # fmt: skip
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            many = kind.startswith("*")
            made = message.field.add(name=field, number=number, label=3 if many else 1)
            if kind in kinds:
                made.type = kinds[kind]
            else:
                made.type, made.type_name = 11, kind.lstrip("*")
    pool = pools.DescriptorPool()
    pool.Add(file)
    return factory.GetMessageClass(pool.FindMessageTypeByName("t.Event"))


def records(data: bytes) -> Iterator[bytes]:
    """The records of a file, each held against its checksums."""
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        body = data[12 : 12 + length]
        for part, kept in ((data[:8], data[8:12]), (body, data[12 + length : 16 + length])):
            turned = (struct.unpack("<I", kept)[0] - 0xA282EAD8) & 0xFFFFFFFF
            assert (turned >> 17 | turned << 15) & 0xFFFFFFFF == checksum(part)
        yield body
        data = data[16 + length :]


def test_protocol_buffers_read_what_is_written() -> None:
    kind = event_kind()
    data = beginning(12.5) + scalars(13.0, 0, VALUES) + scalars(14.0, 300_000, {"a": 1e-30})
    first, second, third = (kind.FromString(body) for body in records(data))
    assert (first.wall_time, first.file_version) == (12.5, "brain.Event:2")
    assert (second.wall_time, second.step) == (13.0, 0)
    assert {one.tag: one.simple_value for one in second.summary.value} == VALUES
    assert third.step == 300_000
    assert third.summary.value[0].simple_value == pytest.approx(1e-30)


def read_back(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Points by name, by TensorBoard where it is installed, else by protocol buffers."""
    if importlib.util.find_spec("tensorboard") is not None:
        loader = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
        found = loader.EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
        return {
            name: [(one.step, one.value) for one in found.Scalars(name)]
            for name in found.Tags()["scalars"]
        }
    kind, points = event_kind(), dict[str, list[tuple[int, float]]]()
    for path in sorted(folder.iterdir()):
        for body in records(path.read_bytes()):
            event = kind.FromString(body)
            for one in event.summary.value:
                points.setdefault(one.tag, []).append((event.step, one.simple_value))
    return points


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("events")
    names = write_names(folder / "some.txt", slice(0, 300))
    how = {"steps": 6, "evaluate_every": 2, "threads": 1}
    hornbook.train(names, model="bigram", out=folder / "net", training=how, report="tensorboard")
    hornbook.train(names, model="ngram", out=folder / "counts")
    return folder


def test_the_curves_of_a_run_leave_as_an_event_file(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = hornbook.Run(runs / "net").directory.read_metrics()
    for _ in range(2):  # the second takes the place of the first
        made = hornbook.export(runs / "net", to="tensorboard", out=str(tmp_path / "out"))
    assert len(list(made.path.iterdir())) == 1
    points = read_back(made.path)
    steps, values = zip(*points["dev/loss"], strict=True)
    assert list(steps) == [one.step for one in metrics]
    assert values == pytest.approx([one.losses["dev"] for one in metrics], rel=1e-6)
    assert [step for step, _ in points["batch/loss"]] == [2, 4, 6]
    assert points["learning_rate"][0][1] == pytest.approx(metrics[0].learning_rate, rel=1e-6)
    with pytest.raises(SettingsError, match="made in one pass"):
        hornbook.export(runs / "counts", to="tensorboard", out=str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()
    words = ["export", str(runs / "net"), "--to", "tensorboard", "--out", str(tmp_path / "out")]
    status, out, err = typed(capsys, *words)
    assert (status, out) == (0, f"{tmp_path / 'out'}\n")
    assert f"TensorBoard shows what is in {tmp_path / 'out'}" in " ".join(err.split())


def test_a_training_is_told_to_tensorboard_while_it_runs(runs: Path) -> None:
    points = read_back(runs / "tensorboard" / "net")
    run = hornbook.Run(runs / "net")
    assert [step for step, _ in points["dev/loss"]] == [0, 2, 4, 6]
    ((step, kept),) = points["kept/dev/loss"]
    assert step == 6
    assert kept == pytest.approx(run.summary.losses["dev"], rel=1e-6)
    assert len(hornbook.list_runs(runs)) == 2  # the event files are not a run
