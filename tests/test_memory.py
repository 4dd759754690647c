"""How much memory there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from hornbook.compute import memory
from hornbook.compute.memory import available_memory


def put(folder: Path, name: str, text: str | None) -> None:
    if text is not None:
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("meminfo", "limit", "used", "expected"),
    [
        ("MemTotal: 9 kB\nMemAvailable:  5 kB\n", None, None, 5120),
        ("MemAvailable: 5 kB\n", "max", "100", 5120),
        ("MemAvailable: 5 kB\n", "4000", "1000", 3000),
        ("MemAvailable: 5 kB\n", "4000", "5000", 0),
        ("MemTotal: 9 kB\n", None, None, None),
        (None, None, None, None),
    ],
)
def test_it_is_the_least_of_what_the_system_and_the_container_tell(
    meminfo: str | None, limit: str | None, used: str | None, expected: int | None,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    put(tmp_path, "meminfo", meminfo)
    put(tmp_path, "memory.max", limit)
    put(tmp_path, "memory.current", used)
    assert available_memory() == expected
