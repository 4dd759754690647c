"""Which experiments are asked for: those of a lecture, one by its name, or by a part of a title."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hornbook.errors import SettingsError
from hornbook.experiments.reproduce.figures import Reproduction
from hornbook.suggestions import did_you_mean, without_commas

__all__ = ["LECTURES", "address", "plan"]

LECTURES = (
    "micrograd", "bigrams", "mlp", "batchnorm", "backprop", "wavenet", "gpt", "nietzsche",
    "movielens", "rossmann",
)  # fmt: skip
"The lectures and lessons, in their order."


def short(one: Reproduction) -> str:
    """An experiment's name within its lecture: `dot` of movielens-dot."""
    return one.name.removeprefix(f"{one.lecture}-")


def address(one: Reproduction) -> str:
    """What names an experiment alone: `wavenet/tree`."""
    return f"{one.lecture}/{short(one)}"


def plan(asked: str | Sequence[str] | None) -> list[Reproduction]:
    """The experiments that are asked for, in the lectures' order.

    Args:
        asked: a lecture (`wavenet`), a lecture and a name (`wavenet/tree`), a name alone (`tree`),
            or a part of a name or of a title (`embeddingdot`); or several of these. A lecture's
            name comes before an experiment's, a whole name before a part. None for all.

    Raises:
        SettingsError: if there is none, naming the nearest.
    """
    from hornbook.experiments.reproduce.table import REPRODUCTIONS  # which loads torch

    if asked is None:
        return list(REPRODUCTIONS)
    wanted = [asked] if isinstance(asked, str) else list(asked)
    named = {one.name for each in wanted for one in matching(str(each), REPRODUCTIONS)}
    return [one for one in REPRODUCTIONS if one.name in named]


def matching(asked: str, known: Sequence[Reproduction]) -> list[Reproduction]:
    """The experiments of those known that one wish means.

    Raises:
        SettingsError: if it means none.
    """
    if asked in LECTURES:
        return [one for one in known if one.lecture == asked]
    lecture, slash, what = asked.partition("/")
    if slash and lecture not in LECTURES:
        raise unknown(f"There is no lecture {lecture!r}.", lecture, LECTURES)
    among = [one for one in known if not slash or one.lecture == lecture]
    what = " ".join((what if slash else asked).casefold().split())
    whole = [
        one for one in among
        if what in (one.name, one.title.casefold()) or (slash and what == short(one))
    ]  # fmt: skip
    if whole or not what:
        found = whole
    else:
        found = [one for one in among if what in one.name or what in one.title.casefold()]
    if found:
        return found
    if slash:
        names = list(map(short, among))
        message = f"The lecture {lecture} has no experiment {what!r}."
        raise unknown(message, what, names, f"Experiments: {', '.join(names)}.")
    names = [*LECTURES, *(one.name for one in among), *map(address, among)]
    names += [one.title for one in among]
    raise unknown(f"There is no lecture or experiment {asked!r}.", asked, names)


def unknown(message: str, typed: str, names: Iterable[str], known: str = "") -> SettingsError:
    """The error that something is not there, with the nearest that is.

    Args:
        message: what is not there.
        typed: what is not known.
        names: that are known in its place.
        known: a sentence that lists what there is; empty for the lectures.
    """
    names = list(names)
    meant = without_commas(typed, names) or did_you_mean(typed, names)
    listed = known or f"Lectures: {', '.join(LECTURES)}."
    return SettingsError(message, hint=f"{meant}{listed}", setting="lecture")
