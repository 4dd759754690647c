"""A file with one user's own ratings: an item and a rating per line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hornbook.errors import DataError
from hornbook.ratings.cells import Numbers, has_commas
from hornbook.ratings.spellings import named
from hornbook.rendering import clip
from hornbook.sources.opening import refuse_missing
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData

__all__ = ["read_own_ratings"]

SHOWN = 5  # wrong lines that a message names


def read_own_ratings(path: str, data: RatingsData) -> dict[int, float]:
    """The ratings of a file, by the number of the item; of an item that comes twice the last.

    Args:
        path: a table or JSON with a column of items (titles, parts of titles, or ids), and one of
            ratings. Without a header the first column is the item, the second the rating; of
            clicks the item alone will do.
        data: that the items are of.

    Raises:
        DataError: if it cannot be read, an item is not in the data, or a rating is not a number or
            off the scale.
    """
    refuse_missing(path, "rated")
    rows = Rows(Source(path))
    item, rating, header = places_of(rows, needs_rating=data.kind == "ratings")
    low, high = data.scale
    comma = rating is not None and has_commas(rows.cells(rating))
    numbers, found, errors = Numbers(comma=comma), {}, list[DataError]()
    for chunk in rows.chunks([item] if rating is None else [item, rating], header=header):
        if chunk.ragged:
            line, cells = chunk.ragged[0]
            raise DataError(
                f"{path}, line {line:,}: it has {cells} cells, and {rows.width} were expected.",
                hint="Put a title with commas in quotation marks.",
                setting="rated",
            )
        values = np.ones(len(chunk.lines)) if rating is None else numbers.read(chunk.columns[1])
        for line, words, value in zip(chunk.lines, chunk.columns[0], values.tolist(), strict=True):
            if not words and np.isnan(value):
                continue
            try:
                number = data.item_number(words)
            except DataError as error:
                error.message = f"{path}, line {line:,}: {error.message}"
                errors.append(error)
                continue
            if data.kind == "ratings" and not low <= value <= high:
                given = chunk.columns[1][chunk.lines.index(line)] if rating is not None else value
                raise DataError(
                    f"{path}, line {line:,}: the rating of {clip(words)!r} is "
                    f"{clip(str(given))!r}; the scale of this run is from {low:g} to {high:g}.",
                    hint="Correct the rating, or leave the line out.",
                    setting="rated",
                )
            found[number] = float(value)
    if errors:
        raise DataError(
            "\n".join(error.message for error in errors[:SHOWN])
            + (f"\nAnd {len(errors) - SHOWN:,} more lines." if len(errors) > SHOWN else ""),
            hint=errors[0].hint,
            setting="rated",
        )
    if not found:
        raise DataError(
            f"{path} has no ratings.", hint="Write an item and a rating on each line.",
            setting="rated",
        )  # fmt: skip
    return found


def places_of(rows: Rows, *, needs_rating: bool) -> tuple[int, int | None, bool]:
    """The places of items and ratings, and whether there is a header.

    Raises:
        DataError: if one is missing.
    """
    items = [*named("title", rows.names), *named("item", rows.names)]
    ratings = named("rating", rows.names)
    header = rows.kind != "table" or bool(items or ratings)
    if not header:
        items, ratings = [0], [1] if rows.width > 1 else []
    if not items or (needs_rating and not ratings):
        missing = "items" if not items else "ratings"
        raise DataError(
            f"{rows.where} has no column of {missing}; its columns are "
            f"{', '.join(map(repr, rows.names))}.",
            hint="Name its columns 'title' and 'rating', or write an item and a rating per line.",
            setting="rated",
        )
    return items[0], ratings[0] if ratings else None, header
