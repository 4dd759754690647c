"""The user that is asked about: one of the run's, or a guest with a few ratings of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hornbook.errors import DataError, SettingsError
from hornbook.rendering import clip
from hornbook.settings import Settings
from hornbook.suggestions import did_you_mean

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData
    from hornbook.ratings.models.contract import Recommender, Taste

__all__ = ["GuestSettings", "Who", "who"]

SHOWN = 60  # characters of what was given
NAMED = 10  # own ratings that a remark names


@dataclass(frozen=True, kw_only=True)
class GuestSettings(Settings):
    """A user whom the run does not know."""

    likes: tuple[str, ...] = ()
    "Titles or ids of items that a new user likes, instead of USER; a part of a title will do."
    rated: str | None = None
    "File with a new user's own ratings, instead of USER: an item and a rating per line."

    @property
    def given(self) -> bool:
        """Whether there is a guest."""
        return bool(self.likes) or self.rated is not None


@dataclass(frozen=True)
class Who:
    """A user, and what a person must know about how they were found."""

    taste: Taste
    name: str
    "For people."
    remarks: tuple[str, ...] = field(default=())


def who(
    model: Recommender, data: RatingsData, user: str | None, guest: GuestSettings, verb: str
) -> Who:
    """Whom a question is about.

    Args:
        model: finished.
        data: that it was trained on.
        user: id of one of the run's users; None: a guest.
        guest: their ratings.
        verb: what is asked, for messages.

    Raises:
        SettingsError: if there is neither a user nor a guest, or both.
        DataError: if a title fits no item, or several.
    """
    if (user is None) != guest.given:
        told = (
            "one of both is needed" if user is None else "both were given, and one of them is meant"
        )
        raise SettingsError(
            f"{verb} is about a user of the run, or about a new one with ratings of their own: "
            f"{told}.",
            hint="Give the id of a user, or `likes` with a few titles, or `rated` with a file.",
            setting="likes",
        )
    if user is None:
        return of_guest(model, data, guest)
    number = data.user_number(user)
    if number is not None:
        return Who(model.known(number), f"user {user}")
    if not data.kept:
        raise DataError(
            "This run is without its data, and so does not know its users by their ids.",
            hint="Give `likes` with a few titles, or `rated` with a file.",
        )
    none = np.zeros(0, np.int32)
    near = did_you_mean(user, data.users)
    expected = "what the model expects of a user of whom nothing is known"
    if not model.rates and verb == "recommend":
        expected = "what most users have"
    return Who(
        model.guest(none, none.astype(np.float32)),
        f"user {user}",
        (f"User {clip(user, SHOWN)!r} is not in the data: shown is {expected}. {near}".rstrip(),),
    )


def of_guest(model: Recommender, data: RatingsData, guest: GuestSettings) -> Who:
    """A new user with ratings of their own."""
    rated: dict[int, float] = {}
    remarks: list[str] = []
    if guest.rated is not None:
        from hornbook.ratings.questions.own_ratings import read_own_ratings

        rated |= read_own_ratings(guest.rated, data)
        remarks.append(f"Rated: {shown(data, rated)}.")
    liked = all_liked(data, guest.likes)
    rated |= dict.fromkeys(liked, data.scale[1])
    taste = model.guest(np.array(list(rated), np.int32), np.array(list(rated.values()), np.float32))
    # A part of a title may have found another item than was meant.
    said = ", ".join(data.title(item) for item in liked)
    if said:
        remarks.append(f"Liked: {said}.")
    return Who(taste, "a new user", tuple(remarks))


def shown(data: RatingsData, rated: Mapping[int, float]) -> str:
    """The first of some ratings, with the titles that were found."""
    first = [f"{data.title(item)} {value:g}" for item, value in [*rated.items()][:NAMED]]
    if data.kind == "clicks":
        first = [data.title(item) for item in [*rated][:NAMED]]
    more = f"; and {len(rated) - NAMED:,} more" if len(rated) > NAMED else ""
    return "; ".join(first) + more


def all_liked(data: RatingsData, likes: Sequence[str]) -> list[int]:
    """The items that some titles mean.

    Raises:
        DataError: of all that fit none or several, in one.
    """
    found, errors = [], []
    for words in likes:
        try:
            found.append(data.item_number(words))
        except DataError as error:
            errors.append(error)
    if errors:
        hint = errors[0].hint or ""
        if any(" " not in words for words in likes) and len(likes) > 1:
            hint = f"{hint} Put a title of several words in quotation marks.".strip()
        raise DataError("\n".join(error.message for error in errors), hint=hint, setting="likes")
    return found
