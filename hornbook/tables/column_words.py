"""What the names of columns say, by the words in them."""

from __future__ import annotations

import re

__all__ = ["LABELS", "MOMENTS", "names_labels", "words_of"]

LABELS = frozenset(
    {
        "id", "ids", "code", "codes", "zip", "zipcode", "postcode", "plz", "store", "shop",
        "branch", "station", "zone", "region", "district", "department", "dept", "sku", "carrier",
        "airport", "flight", "route", "vendor", "supplier", "customer", "user", "client",
        "patient", "device", "machine", "sensor", "class", "type", "category", "group", "cluster",
    }
)  # fmt: skip
"Words in the names of columns whose numbers are labels."
MOMENTS = frozenset(
    {"date", "time", "datetime", "timestamp", "day", "when", "created", "updated", "at"}
)
"Words in the names of columns of times."
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def words_of(name: str) -> frozenset[str]:
    """The words of a column's name, in lowercase."""
    return frozenset(word.lower() for word in WORD.findall(name))


def names_labels(name: str) -> bool:
    """Whether the numbers of a column are labels, by its name."""
    return bool(words_of(name) & LABELS)
