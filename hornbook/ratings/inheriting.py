"""Weights of one net as the beginning of another on other users and items.

Who and what both know, by their ids, keep what was learned of them, whatever their numbers are:
the rows of vectors and biases. A user or an item that is new keeps what the family gave it at the
start. So it is with features of items, by their names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hornbook.compute.shapes import shapes_only
from hornbook.errors import RunError
from hornbook.rendering import many
from hornbook.tasks import Task
from hornbook.training.rates import told_of_frozen

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData
    from hornbook.ratings.models.contract import Shape
    from hornbook.runs import Run
    from hornbook.settings import Settings

__all__ = ["axes_of", "inherit"]

Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"Numbers here and there of what both know, shapes (K,)."
THINGS = ("users", "items")
FEATURES = "features"


def inherit(
    task: Task[Any], model: Any, data: RatingsData, ancestor: Run, rates: Sequence[str] = ()
) -> str:
    """Give a net the weights of a run of the same family and settings.

    Args:
        task: of both.
        model: just initialised, for `data`.
        data: to be trained on.
        ancestor: the run. Without its data its users are not known, and all begin untrained.
        rates: by which parts of the net may be frozen.

    Returns:
        How many users and items keep their rows, and how many are new.

    Raises:
        RunError: if the weights cannot be read, or are not of that family.
    """
    before: RatingsData = ancestor.data
    arrays = ancestor.directory.read_weights(ancestor.record)
    pairs = {
        "users": common(data.users, before.users),
        "items": common(data.items, before.items),
        FEATURES: common(names_of(data.shape), names_of(before.shape)),
    }
    axes = axes_of(task, ancestor.family, ancestor.settings, data.shape)
    own = model.arrays()
    if before.shape.features and not data.shape.features:
        there = axes_of(task, ancestor.family, ancestor.settings, before.shape)
        for name in of_features(there):
            arrays.pop(name, None)  # nothing here is described by them
    elif data.shape.features and not before.shape.features:
        arrays |= {name: own[name] for name in of_features(axes)}  # all are new
    model.load_arrays(moved(own, arrays, axes, pairs))
    said = [told(data, before, {name: len(pairs[name][0]) for name in THINGS})]
    sizes = {"users": len(data.users), "items": len(data.items)}
    for thing in THINGS:
        if sizes[thing] > len(pairs[thing][0]):
            grown = [name for name, of in axes.items() if thing in of.values()]
            said += told_of_frozen(f"new {thing}", grown, model, rates)
    return " ".join(said)


def common(here: Sequence[str], there: Sequence[str]) -> Pairs:
    """The numbers of the ids that two lists have in common."""
    known = {name: number for number, name in enumerate(there)}
    pairs = [(number, known[name]) for number, name in enumerate(here) if name in known]
    now, then = np.array(pairs, np.int64).reshape(-1, 2).T
    return now, then


def names_of(shape: Shape) -> Sequence[str]:
    """Of the features of items."""
    return shape.features.names if shape.features else ()


def axes_of(
    task: Task[Any], family: str, settings: Settings, shape: Shape
) -> dict[str, dict[int, str]]:
    """Which axes of a net's arrays are of users, items or features: those that grow with them."""

    def sizes(shape: Shape) -> dict[str, tuple[int, ...]]:
        with shapes_only():
            net = task.build(family, settings, shape)
        return {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}

    own, found = sizes(shape), dict[str, dict[int, str]]()
    more = {thing: replace(shape, **{thing: getattr(shape, thing) + 1}) for thing in THINGS}
    if shape.features:
        names = (*shape.features.names, "one more")
        more[FEATURES] = replace(shape, features=replace(shape.features, names=names))
    for thing, larger in more.items():
        grown = sizes(larger)
        for name, size in own.items():
            for axis, length in enumerate(size):
                if grown[name][axis] != length:
                    found.setdefault(name, {})[axis] = thing
    return found


def of_features(axes: Mapping[str, Mapping[int, str]]) -> list[str]:
    """The arrays that grow with the features of items."""
    return [name for name, of in axes.items() if FEATURES in of.values()]


def moved(
    own: Mapping[str, npt.NDArray[Any]],
    arrays: Mapping[str, npt.NDArray[Any]],
    axes: Mapping[str, Mapping[int, str]],
    pairs: Mapping[str, Pairs],
) -> dict[str, npt.NDArray[Any]]:
    """A net's arrays with those of another, row by row where they are of users or items.

    Args:
        own: what is kept of whom the other does not know.
        arrays: of the other.
        axes: as `axes_of` gives them.
        pairs: of users and of items, which both know.

    Raises:
        RunError: if the names or shapes do not fit.
    """
    if own.keys() != arrays.keys():
        raise RunError(
            f"Its weights are {', '.join(sorted(arrays))}; expected were {', '.join(sorted(own))}.",
            hint="The file belongs to another run or is damaged.",
        )
    found: dict[str, npt.NDArray[Any]] = {}
    for name, held in own.items():
        mine, theirs, of = held.copy(), arrays[name], axes.get(name, {})
        sides = [
            [pairs[of[axis]][side] if axis in of else np.arange(size)
             for axis, size in enumerate(array.shape)]
            for side, array in enumerate((mine, theirs))
        ]  # fmt: skip
        fits = [len(ids) for ids in sides[0]] == [len(ids) for ids in sides[1]] and all(
            not len(ids) or int(ids.max()) < size
            for ids, size in zip(sides[1], theirs.shape, strict=True)
        )
        if not fits:
            raise RunError(
                f"The weights do not fit: {name} has shape {mine.shape} here and {theirs.shape} "
                "there.",
                hint="The file belongs to another run or is damaged.",
            )
        if mine.ndim:
            mine[np.ix_(*sides[0])] = theirs[np.ix_(*sides[1])]
        else:
            mine = theirs.copy()
        found[name] = mine
    return found


def told(data: RatingsData, before: RatingsData, kept: Mapping[str, int]) -> str:
    """How many keep their rows, are new, or do not occur any longer."""
    sizes = {"users": len(data.users), "items": len(data.items)}
    shape = {"users": before.shape.users, "items": before.shape.items}
    words = " and ".join(f"{kept[thing]:,} of {sizes[thing]:,} {thing}" for thing in THINGS)
    words += " keep their learned weights"
    new = [many(sizes[t] - kept[t], f"new {t[:-1]}") for t in THINGS if sizes[t] > kept[t]]
    if new:
        words += f", {' and '.join(new)} start untrained"
    if not before.kept:
        return f"{words}; that run is without its data, so its users are not known."
    gone = [many(shape[t] - kept[t], t[:-1]) for t in THINGS if shape[t] > kept[t]]
    if gone:
        words += f"; {' and '.join(gone)} of that run do not occur in this data"
    if data.scale != before.scale:
        low, high = before.scale
        words += f"; ratings there are from {low:g} to {high:g}, here from {data.scale[0]:g} to "
        words += f"{data.scale[1]:g}"
    return f"{words}."
