"""Tables as they are printed."""

from __future__ import annotations

import io

import pytest

from hornbook.cli.output import Console, console, table

NAME = "runs/a-long-name-of-a-run"


@pytest.mark.parametrize("width", [20, 40, 80])
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


def test_what_is_no_terminal_gets_a_row_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    rows = table("run", "dev")
    rows.add_row("x" * 300, "0.1")
    rows.add_row("y", "")
    console().print(rows)
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) == 3
    assert not any(line.endswith(" ") for line in shown.splitlines())
