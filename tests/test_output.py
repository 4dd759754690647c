"""Tables as they are printed."""

from __future__ import annotations

import io

import pytest

from hornbook.cli.output import Console, console, filled, table
from hornbook.reports import Table

NAME = "runs/a-long-name-of-a-run"


@pytest.mark.parametrize("width", [40, 80])
def test_no_figure_and_no_name_in_a_table_is_cut(width: int) -> None:
    figures = [("1,234,567", "0.1234"), ("9", "12.3456")]
    rows = table("run", "parameters", "dev")
    for one in figures:
        rows.add_row(NAME, *one)
    out = io.StringIO()
    Console(out, width=width).print(rows)
    lines = out.getvalue().splitlines()
    assert "…" not in out.getvalue()
    for one in figures:
        assert any(all(part in line for part in one) for line in lines)
    wide = lines[0].index("parameters") - 2  # where the names end, and go on in the next line
    assert "".join(line[:wide].strip() for line in lines[1:]) == 2 * NAME
    assert (len(lines) == 3) == (width == 80)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120])
def test_a_table_wider_than_the_terminal_stands_in_several(width: int) -> None:
    heads = ("model", "change", "dev, nats per token", "verdict", "runs", "time")
    given = [
        ("gru", "dropout=0.1", "2.2542 (2.1677–2.3406)", "may be luck (p = 0.12)", "2", "15.5 s"),
        ("gru", "norm=batch", "1.9826 (1.9660–1.9994)", "yes, more than luck", "3", "0.1 s"),
    ]
    out = io.StringIO()
    Console(out, width=width).print(filled(Table(heads, tuple(given), left=2, marked=0)))
    told = out.getvalue()
    assert "…" not in told
    parts = [part.splitlines() for part in told.split("\n\n")]
    assert (len(parts) == 1) == (width >= 100)
    room = max(width, 11 + 3 + 10 + 3 + 22)  # the keys and the widest column
    assert all(len(line) <= room for part in parts for line in part)
    assert all(part[0].startswith("model") for part in parts)
    keys = ["gru", "dropout=0.1"]
    assert all(all(key in part[1] for key in keys) for part in parts)
    seen = [cell for part in parts for cell in heads[2:] if cell in part[0]]
    assert seen == list(heads[2:])  # each once, in their order
    for row in given:
        assert all(sum(cell in line for part in parts for line in part) for cell in row[2:])


def test_what_is_no_terminal_gets_a_row_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    rows = table("run", "dev")
    rows.add_row("x" * 300, "0.1")
    rows.add_row("y", "")
    console().print(rows)
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) == 3
    assert not any(line.endswith(" ") for line in shown.splitlines())
