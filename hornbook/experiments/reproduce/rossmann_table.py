"""The Rossmann stores as one table: stores, states, competition, promotions and days to holidays.

What fast.ai's lesson 3 makes of the files, without weather and Google's trends, which are not among
them. `Customers` is left out: it is not known in advance.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hornbook.extras import needing
from hornbook.tables.options import TableOptions

__all__ = ["DEV_FROM", "INNER_FROM", "options", "write_table"]

INNER_FROM, DEV_FROM = "2015-05-09", "2015-06-20"
"First days of the last six weeks (dev), and of the six before, in which settings are chosen."
FAR = 60  # days: an event farther away, or outside the files, is this far
EVENTS = ("Promo", "SchoolHoliday", "AnyStateHoliday")
CATEGORIES = (
    "Store", "DayOfWeek", "Promo", "StateHoliday", "SchoolHoliday", "StoreType", "Assortment",
    "State", "PromoInterval", "CompetitionOpenSinceYear", "Promo2SinceYear", "Promo2",
    "Promo_fw", "Promo_bw", "SchoolHoliday_fw", "SchoolHoliday_bw", "AnyStateHoliday_fw",
    "AnyStateHoliday_bw", "CompetitionMonthsOpen", "Promo2Weeks",
)  # fmt: skip


def options(until_dev: bool) -> TableOptions:
    """How the table is read: the last six weeks are dev.

    Args:
        until_dev: whether the table ends before dev, and the six weeks before it take its place.
    """
    return TableOptions(
        target="Sales",
        log_target=True,
        categorical=CATEGORIES,
        dates=("Date",),
        group="Store",
        time="Date",
        dev_from=INNER_FROM if until_dev else DEV_FROM,
    )


def write_table(
    source: Path, whole: Path, until_dev: Path, sales: str = "train_100stores.csv"
) -> None:
    """Join the files of a folder, and write all rows, and those before dev alone.

    Args:
        source: with sales, store.csv and store_states.csv.
        whole: the CSV to write.
        until_dev: another, without the last six weeks.
        sales: name of the file of sales: the competition's train.csv, or a part of it.

    Raises:
        MissingPackageError: if pandas is not installed.
    """
    with needing("pandas", "Joining the tables"):
        import pandas as pd

    table = pd.read_csv(source / sales, dtype={"StateHoliday": str})
    table["Date"] = pd.to_datetime(table["Date"])
    table = days_to_events(table.sort_values(["Store", "Date"], ignore_index=True))
    table = table.merge(pd.read_csv(source / "store.csv"), on="Store", how="left")
    table = table.merge(pd.read_csv(source / "store_states.csv"), on="Store", how="left")
    table = table[table["Sales"] > 0].drop(columns=["Customers", "Open", "AnyStateHoliday"])
    table = since_opened(table).drop(columns=["CompetitionOpenSinceMonth", "Promo2SinceWeek"])
    table["PromoInterval"] = table["PromoInterval"].fillna("none").replace("", "none")
    table = table.sort_values(["Date", "Store"], ignore_index=True)
    early = table[table["Date"] < DEV_FROM]
    table.to_csv(whole, index=False, date_format="%Y-%m-%d")
    early.to_csv(until_dev, index=False, date_format="%Y-%m-%d")


def days_to_events(table: Any) -> Any:
    """Days since the last and until the next event of a store, and how many there are in a week.

    Args:
        table: of all days, closed ones too, sorted by store and date.
    """
    table["AnyStateHoliday"] = (table["StateHoliday"] != "0").astype(int)
    dates = table["Date"]
    stores = table["Store"]
    for event in EVENTS:
        when = dates.where(table[event] == 1)
        after = (dates - when.groupby(stores).ffill()).dt.days
        before = (when.groupby(stores).bfill() - dates).dt.days
        table[f"After{event}"] = after.clip(upper=FAR).fillna(FAR).astype(int)
        table[f"Before{event}"] = before.clip(upper=FAR).fillna(FAR).astype(int)
        of_store = table.groupby("Store")[event]
        week = of_store.rolling(7, min_periods=1).sum().to_numpy()
        table[f"{event}_bw"] = week.astype(int)
        ahead = table.iloc[::-1].groupby("Store")[event].rolling(7, min_periods=1).sum()
        ahead = ahead.reset_index(level=0, drop=True)
        table[f"{event}_fw"] = ahead.sort_index().to_numpy().astype(int)
    return table


def since_opened(table: Any) -> Any:
    """Months since the competitor opened, 24 at most, and weeks since the second promotion began,
    25 at most; 0 where either is not known, as in the lesson.
    """
    import pandas as pd

    years = table["CompetitionOpenSinceYear"].fillna(1900).clip(lower=1900).astype(int)
    months = table["CompetitionOpenSinceMonth"].fillna(1).astype(int)
    opened = pd.to_datetime(pd.DataFrame({"year": years, "month": months, "day": 15}))
    days = (table["Date"] - opened).dt.days.where(years >= 1990, 0).clip(lower=0)
    table["CompetitionMonthsOpen"] = (days // 30).clip(upper=24)
    table["CompetitionDistance"] = np.log(table["CompetitionDistance"].fillna(20_000))
    began = pd.to_datetime(
        table["Promo2SinceYear"].fillna(1900).astype(int).astype(str) + "-01-01"
    ) + pd.to_timedelta(7 * (table["Promo2SinceWeek"].fillna(1) - 1), unit="D")
    days = (table["Date"] - began).dt.days.where(table["Promo2SinceYear"] >= 1990, 0).clip(lower=0)
    table["Promo2Weeks"] = (days // 7).clip(upper=25)
    return table
