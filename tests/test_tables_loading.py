"""From a file to data: the options that a bundled data set brings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hornbook.errors import DataError
from hornbook.sources.source import Source
from hornbook.tables.frame import Numbers
from hornbook.tables.loading import suited
from hornbook.tables.options import TableOptions
from hornbook.tables.reading import read_table
from hornbook.tables.understood import Understood


def test_a_data_set_brings_its_options_with_its_own_target_alone() -> None:
    source = Source("bikeshare")
    bare, named = (suited(source, TableOptions(target=name)) for name in (None, "bikers"))
    assert bare == named
    assert bare.ignore == ("casual", "registered")
    other = TableOptions(target="temp")
    assert suited(source, other) == other
    assert suited(source, TableOptions(ignore=("temp",))).ignore == ("temp",)


def price_of(path: Path, prices: list[str], others: str = "") -> tuple[Understood, list[float]]:
    rows = [f"{at};{others or at};{price}" for at, price in enumerate(prices)]
    path.write_text("\n".join(["x;size;price", *rows]), encoding="utf-8")
    known = Understood(
        read_table(Source([path]), TableOptions(target="price")), TableOptions(target="price"), "it"
    )
    read = known.frame.columns["price"]
    assert isinstance(read, Numbers)
    return known, read.values.tolist()


@pytest.mark.parametrize("between", [".", " ", "\u202f", "'"])
def test_amounts_with_marks_between_thousands_are_numbers(tmp_path: Path, between: str) -> None:
    """564.000 € is no 564, nor is 1.032.000 € a fault, nor 564 000 € a class."""
    amounts = list(range(400_000, 1_200_000, 8_000))
    prices = [f"{one:,} €".replace(",", between) for one in amounts]
    known, found = price_of(tmp_path / "flats.csv", prices, "30,5 m²")
    assert (known.predicts, found) == ("number", amounts)


def test_what_points_are_read_as_is_told(tmp_path: Path) -> None:
    path = tmp_path / "flats.csv"
    known, found = price_of(path, [f"{one:,}".replace(",", ".") for one in range(900, 3000, 40)])
    assert found[:4] == [900, 940, 980, 1020]
    assert any("'1.020' is read as 1,020" in told for told in known.table.remarks)
    known, found = price_of(path, [f"{one / 1000:.3f}" for one in range(1100, 3000, 40)])
    assert found[0] == 1.1
    assert any("stand between thousands" in told for told in known.table.remarks)


@pytest.mark.parametrize(("prices", "told"), [
    (["$5", "6", "$7"], "amounts without a sign are read as $ too"),
    (["$5", "$6", "$7.5"], ""), (["5%", "6%", "7.5%"], ""),
])  # fmt: skip
def test_amounts_without_a_sign_are_told(tmp_path: Path, prices: list[str], told: str) -> None:
    known, _ = price_of(tmp_path / "signs.csv", prices)
    assert [one for one in known.table.remarks if "sign" in one] == (
        [f"price has '$5' and '6': {told}"] if told else []
    )


@pytest.mark.parametrize("prices", [["5%", "0.3", "7%"], ["$5", "€6", "$7"]])
def test_numbers_with_several_signs_are_none(tmp_path: Path, prices: list[str]) -> None:
    told = "holds numbers with several signs, such as .*: write all in one"
    with pytest.raises(DataError, match="too many to be classes") as caught:
        price_of(tmp_path / "signs.csv", prices)
    assert re.search(told, caught.value.hint or "") or "lacks the sign '%'" in caught.value.hint
    path = tmp_path / "more.csv"
    path.write_text("\n".join(["x,price", *(f"{n % 9},{one}" for n, one in enumerate(prices * 4))]))
    options = TableOptions(target="price")
    known = Understood(read_table(Source([path]), options), options, "it")
    assert known.predicts == "class"
    assert any(re.search(told, one) for one in known.remarks)
