"""From a file to data: the options that a bundled data set brings."""

from __future__ import annotations

from hornbook.sources.source import Source
from hornbook.tables.loading import suited
from hornbook.tables.options import TableOptions


def test_a_data_set_brings_its_options_with_its_own_target_alone() -> None:
    source = Source("bikeshare")
    bare, named = (suited(source, TableOptions(target=name)) for name in (None, "bikers"))
    assert bare == named
    assert bare.ignore == ("casual", "registered")
    other = TableOptions(target="temp")
    assert suited(source, other) == other
    assert suited(source, TableOptions(ignore=("temp",))).ignore == ("temp",)
