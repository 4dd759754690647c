"""Ratings that a program has at hand: arrays, lists, or the columns of a data frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError, SettingsError
from hornbook.ratings.cells import LARGEST
from hornbook.ratings.data import Kind, RatingsData
from hornbook.ratings.interactions import Integers, Interactions
from hornbook.ratings.loading import distinct_rows, held_out, only_held_out
from hornbook.ratings.options import RatingsOptions
from hornbook.ratings.spellings import named
from hornbook.rendering import clip, many
from hornbook.runs import Run, train
from hornbook.runs.events import Listener, nobody
from hornbook.runs.prepare import Prepared, Training, refuse_unknown
from hornbook.settings import Settings
from hornbook.tasks import task_named

if TYPE_CHECKING:
    Column = Sequence[Any] | npt.NDArray[Any]

__all__ = ["fit", "ratings_data"]

NAME = "arrays"
EXACT = 2.0**53  # from there on floats are not next to each other, and two ids may be one
LONGEST = 2.0**62  # of times, which are kept in 64 bits


def fit(
    users: Any,
    items: Column | None = None,
    ratings: Column | None = None,
    *,
    times: Column | None = None,
    titles: Mapping[Any, str] | None = None,
    model: str | None = None,
    out: str | Path | None = None,
    settings: Settings | Mapping[str, Any] | None = None,
    training: Training = None,
    minutes: float | None = None,
    overwrite: bool = False,
    baseline: bool = True,
    listen: Listener = nobody,
    **options: Any,
) -> Run:
    """Train a model on ratings in memory, and save it in a run directory.

        run = hornbook.ratings.fit(users, items, ratings)
        run.recommend("42", n=5)

    Args:
        users: who rated, shape (N,): numbers or strings. Or a data frame, whose columns are found
            by their names.
        items: what was rated, shape (N,).
        ratings: the ratings, shape (N,); without them each row is a click.
        times: when, shape (N,): numbers that rise with time.
        titles: what to call the items, by item.
        model: the family; by default that of the task.
        out: the run directory, as of `hornbook.train`; so are the settings after it.
        settings: of the family.
        training: training settings.
        minutes: train for so long.
        overwrite: replace an existing run in `out`.
        baseline: evaluate what needs no training on the same data too.
        listen: called with events as they happen.
        options: how to split: `split="80/20"`, `split_by="random"`, `split_seed=1`.

    Returns:
        The run, with the questions `recommend`, `similar`, `explain` and `predict`.

    Raises:
        HornbookError: whatever is wrong with the arrays, the settings or the directory.
    """
    refuse_unknown(options, RatingsOptions)
    how = RatingsOptions.from_dict(options)
    data = ratings_data(users, items, ratings, times=times, titles=titles, options=how)
    return train(
        Prepared(task_named(data.kind), data, options),
        model=model,
        out=out,
        settings=settings,
        training=training,
        minutes=minutes,
        overwrite=overwrite,
        baseline=baseline,
        listen=listen,
    )


def ratings_data(
    users: Any,
    items: Column | None = None,
    ratings: Column | None = None,
    *,
    times: Column | None = None,
    titles: Mapping[Any, str] | None = None,
    options: RatingsOptions | None = None,
) -> RatingsData:
    """Arrays as data, numbered and split; the arguments are those of `fit`.

    Raises:
        DataError: if columns are missing or not of one length, or a rating is not finite.
        SettingsError: if the settings do not fit the data.
    """
    if hasattr(users, "columns"):
        if items is not None:
            raise SettingsError("Give a data frame alone, or users, items and ratings as arrays.")
        users, items, ratings, times = columns_of(users)
    if items is None:
        raise DataError("Items are missing.", hint="Give users, items and ratings.")
    kind: Kind = "clicks" if ratings is None else "ratings"
    options = options or RatingsOptions()
    (of, user_ids), (to, item_ids) = numbered(users, "users"), numbered(items, "items")
    values = np.ones(len(of)) if ratings is None else as_numbers(ratings, "ratings")
    when = None if times is None else as_numbers(times, "times", LONGEST).astype(np.int64)
    for name, column in (("items", to), ("ratings", values), ("times", when)):
        if column is not None and len(column) != len(of):
            raise DataError(
                f"There are {len(of):,} users and {len(column):,} {name}: one of each is needed "
                "for every row."
            )
    for ids, what in ((user_ids, "user"), (item_ids, "item")):
        if len(ids) < 2:
            raise DataError(f"There is {many(len(ids), what)}; at least two are needed.")
    if kind == "ratings" and values.min() == values.max():
        raise DataError(
            f"All ratings are {values[0]:g}: there is nothing to predict.",
            hint="Leave the ratings out to read the rows as clicks.",
        )
    rows, doubled = distinct_rows(
        Interactions(of, to, values.astype(np.float32), when), len(item_ids), kind
    )
    splits, remarks = held_out(rows, len(user_ids), options, "The data")
    called = {str(item): str(title or "") for item, title in (titles or {}).items()}
    scale = (float(values.min()), float(values.max())) if kind == "ratings" else (0.0, 1.0)
    return RatingsData(
        NAME,
        "arrays in memory",
        kind,
        splits,
        user_ids,
        item_ids,
        titles=[called.get(item, "") for item in item_ids] if called else (),
        scale=scale,
        remarks=(
            *filter(None, (doubled,)),
            *remarks,
            *only_held_out(splits, len(user_ids), len(item_ids), kind),
        ),
    )


def columns_of(frame: Any) -> tuple[Any, Any, Any, Any]:
    """Users, items, ratings and times of a data frame, by the names of its columns.

    Raises:
        DataError: if there is no column of users or of items, or several.
    """
    names = [str(name) for name in frame.columns]
    found: dict[str, Any] = {}
    for role in ("user", "item", "rating", "time"):
        places = named(role, names)
        if len(places) > 1 or (role in ("user", "item") and not places):
            told = "several columns" if places else "no column"
            raise DataError(
                f"The data frame has {told} of {role}s; its columns are "
                f"{', '.join(map(repr, names))}.",
                hint="Give users, items and ratings as arrays.",
            )
        found[role] = frame[frame.columns[places[0]]].to_numpy() if places else None
    return found["user"], found["item"], found["rating"], found["time"]


def numbered(column: Column, what: str) -> tuple[Integers, list[str]]:
    """The number of each id, shape (N,), and the ids by number.

    Raises:
        DataError: if there are none, or one is missing.
    """
    array = np.asarray(column)
    if array.ndim != 1:
        raise DataError(f"{what.capitalize()} must be one list; their shape is {array.shape}.")
    if not len(array):
        raise DataError(f"There are no {what}: there are no rows.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DataError(f"Some {what} are missing (NaN).", hint="Leave those rows out.")
    if array.dtype.kind == "f" and (large := array[np.abs(array) >= EXACT]).size:
        raise DataError(
            f"Some {what} are too large for floats, which cannot tell them apart: {large[0]:g}.",
            hint="Give ids as whole numbers or as texts.",
        )
    if array.dtype.kind == "f" and (array == np.floor(array)).all():
        array = array.astype(np.int64)  # 42.0, as data frames have it beside what is missing
    if array.dtype.kind not in "iub":
        if any(one is None or one != one for one in array.tolist()):
            raise DataError(f"Some {what} are missing.", hint="Leave those rows out.")
        array = np.array([str(one).strip() for one in array.tolist()], object)
        if not all(array):
            raise DataError(f"Some {what} are empty texts.", hint="Leave those rows out.")
    ids, numbers = np.unique(array, return_inverse=True)
    return numbers.astype(np.int32), [str(one) for one in ids.tolist()]


def as_numbers(column: Column, what: str, largest: float = LARGEST) -> npt.NDArray[np.float64]:
    """A column of finite numbers, shape (N,).

    Args:
        column: of numbers, or of dates, which become seconds since 1970.
        what: they are, for errors.
        largest: magnitude that can be kept.

    Raises:
        DataError: naming the first that is none.
    """
    array = np.asarray(column)
    if array.dtype.kind == "M":
        missing = np.isnat(array)
        array = np.where(missing, np.nan, array.astype("datetime64[s]").astype(np.int64))
    if array.dtype.kind == "c":
        raise DataError(f"{what.capitalize()} must be real numbers; they are complex.")
    try:
        numbers = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what.capitalize()} must be numbers: {clip(str(error))}.") from error
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        raise DataError(
            f"{what.capitalize()} must be finite; number {wrong[0] + 1:,} is {numbers[wrong[0]]}.",
            hint="Leave those rows out.",
        )
    if (large := numbers[np.abs(numbers) > largest]).size:
        raise DataError(
            f"{what.capitalize()} must be of at most {largest:.3g}; one is {large[0]:g}.",
            hint="Leave those rows out, or give them in other units.",
        )
    return numbers
