"""A file of users and items to predict: its columns, and which items its cells mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hornbook.errors import DataError
from hornbook.ratings.columns import Columns, Role, find_columns
from hornbook.rendering import clip

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData
    from hornbook.sources.rows import Rows

__all__ = ["Items", "pair_columns"]

KNOWN = 0.5  # share of a column's cells that must be known for it to be taken without a name
LOOSELY = 200  # different cells that are looked for in all titles: each takes a tenth of a second
SHOWN = 5  # cells that a remark names


class Items:
    """Which items cells mean: ids, or titles as they are typed for `likes`.

    Args:
        data: that the items are of.
    """

    def __init__(self, data: RatingsData) -> None:
        self.data = data
        self.ids = {item: number for number, item in enumerate(data.items)}
        self.matched: dict[str, int] = {}
        "Cells that are not ids, with the items that they mean."
        self.unclear: dict[str, str] = {}
        "Cells that fit no title or several, with what to say of each."

    def number(self, cell: str) -> int:
        """The number of an item; -1 for one that the run does not know."""
        if (known := self.ids.get(cell)) is not None:
            return known
        if not self.data.titles or cell in self.unclear or not any(map(str.isalpha, cell)):
            return self.matched.get(cell, -1)
        if cell not in self.matched:
            try:
                loosely = len(self.unclear) < LOOSELY
                self.matched[cell] = self.data.matcher.match(cell, loosely=loosely)
            except DataError as error:
                self.unclear[cell] = f"{error.message} {error.hint}".strip()
        return self.matched.get(cell, -1)

    def title(self, cell: str) -> str:
        """The title of the item that a cell means by its title; empty where it is an id or none."""
        return self.data.title(self.matched[cell]) if cell in self.matched else ""

    def remarks(self) -> list[str]:
        """What was matched, and what was not."""
        told = []
        other = {cell: self.title(cell) for cell in self.matched if self.title(cell) != cell}
        if other:
            shown = [f"{clip(cell, 60)!r} is {title}" for cell, title in [*other.items()][:SHOWN]]
            told.append(f"Titles: {'; '.join(shown)}{more(len(other))}.")
        if self.unclear:
            told += [*self.unclear.values()][:SHOWN]
            if len(self.unclear) > SHOWN:
                told.append(f"So it is with {len(self.unclear) - SHOWN:,} more.")
        if len(self.unclear) > LOOSELY:
            told.append(
                f"After {LOOSELY:,} that fit none or several, parts of titles and slips were no "
                "longer looked for."
            )
        return told


def more(n: int) -> str:
    """How many are not shown, if any."""
    return f"; and {n - SHOWN:,} more" if n > SHOWN else ""


def pair_columns(
    rows: Rows, told: Mapping[Role, str | None], data: RatingsData, items: Items
) -> Columns:
    """The columns of a file of pairs: by their names, as told, or by the users and items in them.

    Raises:
        DataError: if they are not to be found.
    """
    try:
        return find_columns(rows, told, needs_rating=False)
    except DataError:
        found = None if any(told.values()) else by_known(rows, data, items)
        if found is None:
            raise
        return found


def by_known(rows: Rows, data: RatingsData, items: Items) -> Columns | None:
    """The columns that hold most of the users and of the items that are known; None if few do."""
    if rows.width < 2 or rows.width > 20:
        return None

    def is_item(cell: str) -> bool:
        return cell in items.ids or (bool(data.titles) and data.matcher.is_title(cell))

    first, below = rows.sample[0], rows.sample[1:] or rows.sample
    below = [row for row in below if len(row) >= rows.width]
    users = [
        share([cell in data.user_numbers for cell in col]) for col in zip(*below, strict=False)
    ]
    held = [share(list(map(is_item, col))) for col in zip(*below, strict=False)]
    pairs = [(-min(users[u], held[i]), u, i)
             for u in range(len(users)) for i in range(len(held)) if u != i]  # fmt: skip
    worst, user, item = min(pairs, default=(0.0, 0, 0))
    if -worst < KNOWN:
        return None
    header = rows.kind != "table" or not (first[user] in data.user_numbers or is_item(first[item]))
    names = rows.names if header else tuple(f"column {n}" for n in range(1, rows.width + 1))
    remark = f"Taken by what they hold: users from {names[user]}, items from {names[item]}."
    return Columns(user, item, header=header, names=names, remark=remark)


def share(known: list[bool]) -> float:
    """The share of what is known."""
    return sum(known) / max(1, len(known))
