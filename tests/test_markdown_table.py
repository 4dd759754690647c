"""Tables in Markdown."""

from __future__ import annotations

from hornbook.reports import Table
from hornbook.reports.markdown import markdown_table


def test_a_table_is_written_for_a_readme() -> None:
    table = Table(("model", "dev"), (("gru", "1.9"), ("a|b_c", "")), marked=0)
    assert markdown_table(table) == (
        "| model | dev |\n|---|--:|\n| **gru** | **1.9** |\n| a\\|b\\_c |  |"
    )
