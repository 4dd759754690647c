"""The search for an answer: greedy, drawn, or by beams, for many sources at once.

All three go on token by token in some places of one batch, and drop the places that have ended, so
that nobody waits for the longest answer. Sources are read in the order of their lengths, so that
little of a batch is padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from hornbook.pairs.decoding import Decoding
from hornbook.pairs.probabilities import log_softmax
from hornbook.pairs.rows import Ids, Padded, batched, padded
from hornbook.text.next_token import shape_probabilities

if TYPE_CHECKING:
    from hornbook.pairs.models.contract import Shape, Written

__all__ = ["Speaker", "found_by"]

PLACES = 256  # of a batch
Floats = npt.NDArray[np.float64]


class Speaker(Protocol):
    """What a search asks of a model: see `SequenceModel`."""

    shape: Shape

    @property
    def longest(self) -> int | None:
        """Most tokens of a target that it can read."""

    def read(self, sources: Padded) -> Any:
        """The state before anything is said."""

    def step(self, ids: Ids, state: Any) -> tuple[npt.NDArray[np.floating[Any]], Any]:
        """Logits of shape (B, V) and the new state."""

    def select(self, state: Any, places: Ids) -> Any:
        """The state of some places only."""


def found_by(
    model: Speaker, sources: Sequence[Ids], how: Decoding, first: int = 0
) -> list[list[Written]]:
    """The answers of a model to some sources, as `Writer.answers` gives them.

    Args:
        model: whose answers they are.
        sources: each ends with its boundary.
        how: to search.
        first: number of the first source among all: what is drawn for a source hangs on its own.
    """
    each = {"greedy": 1, "sample": how.n, "beam": max(how.beams, how.n)}[how.method]
    found: list[list[Written]] = [[] for _ in sources]
    for places in batched([len(one) for one in sources], max(1, PLACES // each)):
        some = [sources[at] for at in places]
        if how.method == "beam":
            answers = beams(model, some, how, each)
        else:
            answers = drawn(model, some, how, places + first, each)
        for at, answer in zip(places, answers, strict=True):
            found[at] = answer
    return found


def longest_answers(model: Speaker, sources: Sequence[Ids], how: Decoding) -> Ids:
    """Most tokens of an answer to each source, its boundary counted, shape (B,)."""
    lengths = np.array([len(one) for one in sources], np.int64)
    wanted = np.full(len(lengths), how.longest + 1)
    if not how.longest:
        wanted = 2 * np.maximum(lengths, model.shape.longest_target)
    return wanted if model.longest is None else np.minimum(wanted, model.longest)


def drawn(
    model: Speaker, sources: Sequence[Ids], how: Decoding, numbers: Ids, each: int
) -> list[list[Written]]:
    """Answers made token by token: the likeliest, or one that is drawn.

    What is drawn for a source does not hang on the others: each answer has random numbers of its
    own, by the seed and by the source's number.

    Args:
        model: whose answers they are.
        sources: read in one batch.
        how: `greedy` or `sample`.
        numbers: of the sources among all.
        each: answers to a source.
    """
    from hornbook.pairs.models.contract import Written

    end = boundary_of(model)
    longest = longest_answers(model, sources, how).repeat(each)
    state = model.read(padded(sources))
    if each > 1:
        state = model.select(state, np.repeat(np.arange(len(sources)), each))
    owners = np.arange(len(sources) * each)  # the answer that each place is of
    sampled = how.method == "sample"
    random = [
        np.random.default_rng([how.seed, int(number), at])
        for number in (numbers if sampled else ())
        for at in range(each)
    ]
    scores = np.zeros(len(owners))
    said: list[list[int]] = [[] for _ in owners]
    ended = np.zeros(len(owners), bool)
    ids = np.full(len(owners), end, np.int64)
    for length in range(1, int(longest.max()) + 1):
        logits, state = model.step(ids, state)
        costs = log_softmax(logits)
        if sampled:
            shares = shape_probabilities(logits.astype(np.float64), temperature=how.temperature)
            ids = choose(shares, [random[one] for one in owners])
        else:
            ids = costs.argmax(1)
        over = ids == end
        goes_on = ~over & (length < longest[owners])
        counts = over | goes_on  # the others have room for an end only, and are cut off
        scores[owners[counts]] += costs[np.arange(len(ids)), ids][counts]
        ended[owners[over]] = True
        on = np.flatnonzero(goes_on)
        for owner, token in zip(owners[on], ids[on], strict=True):
            said[owner].append(int(token))
        if not len(on):
            break
        if len(on) < len(owners):
            state, owners, ids = model.select(state, on), owners[on], ids[on]
    answers = [
        Written(np.array(tokens, np.int64), float(score), bool(whole))
        for tokens, score, whole in zip(said, scores, ended, strict=True)
    ]
    by_source = [answers[at : at + each] for at in range(0, len(answers), each)]
    return [sorted(some, key=lambda one: -one.score) for some in by_source]


def choose(shares: npt.NDArray[np.floating[Any]], random: Sequence[np.random.Generator]) -> Ids:
    """A token for each row, drawn by its probabilities; shape (B,)."""
    sums = shares.cumsum(1)
    at = np.array([one.random() for one in random]) * sums[:, -1]
    found: Ids = (sums <= at[:, None]).sum(1).clip(max=shares.shape[1] - 1)
    return found


def beams(model: Speaker, sources: Sequence[Ids], how: Decoding, width: int) -> list[list[Written]]:
    """The likeliest answers that a search finds which follows `width` beginnings of each source.

    It ends where no beginning can become better than the n answers found: with every further token
    ln p falls, and its divisor is at most that of the longest answer.
    """

    end, v = boundary_of(model), model.shape.target.size if model.shape.target else 0
    longest = longest_answers(model, sources, how)
    state = model.select(model.read(padded(sources)), np.repeat(np.arange(len(sources)), width))
    owners = np.arange(len(sources))  # the source of each group of `width` places
    # At first all beginnings of a source are the same: one of them counts.
    scores = np.full((len(sources), width), -np.inf)
    scores[:, 0] = 0.0
    said = np.zeros((len(sources), width, 0), np.int64)
    ids = np.full(len(sources) * width, end, np.int64)
    done: list[list[tuple[float, Written]]] = [[] for _ in sources]
    for length in range(1, int(longest.max()) + 1):
        logits, state = model.step(ids, state)
        total = scores[:, :, None] + log_softmax(logits).reshape(len(owners), width, v)
        for row, owner in enumerate(map(int, owners)):
            done[owner] = best_ended(done[owner], total[row, :, end], said[row], how, length)
        total[:, :, end] = -np.inf
        flat = total.reshape(len(owners), width * v)
        best = np.argpartition(-flat, width - 1, 1)[:, :width]
        following = np.take_along_axis(flat, best, 1)
        most = following.max(1) / np.array([divisor(one, how) for one in longest[owners]])
        settled = [
            len(done[owner]) >= how.n and done[owner][-1][0] >= value
            for owner, value in zip(owners, most, strict=True)
        ]
        on = np.flatnonzero((length < longest[owners]) & np.isfinite(most) & ~np.array(settled))
        for row in np.setdiff1d(np.arange(len(owners)), on):
            at = int(owners[row])
            done[at] = done[at] or cut_off(scores[row], said[row], how, length)
        if not len(on):
            break
        origin, ids = best[on] // v, (best[on] % v).reshape(-1)
        state = model.select(state, (on[:, None] * width + origin).reshape(-1))
        before = np.take_along_axis(said[on], origin[:, :, None], 1)
        said = np.concatenate([before, ids.reshape(len(on), width, 1)], 2)
        owners, scores = owners[on], following[on]
    return [[answer for _, answer in one] for one in done]


def best_ended(
    done: list[tuple[float, Written]], scores: Floats, said: Ids, how: Decoding, length: int
) -> list[tuple[float, Written]]:
    """The best n answers to a source, those that end now among them.

    Args:
        done: the best of those that ended before.
        scores: ln p of each beginning with an end behind it, shape (width,).
        said: the beginnings, shape (width, length - 1).
        how: to search.
        length: tokens of them, the end counted.
    """
    from hornbook.pairs.models.contract import Written

    values = scores / divisor(length, how)
    least = done[-1][0] if len(done) >= how.n else -np.inf
    some = [int(at) for at in np.argsort(-values, kind="stable")[: how.n] if values[at] > least]
    if not some:
        return done
    new = [(float(values[at]), Written(said[at].copy(), float(scores[at]))) for at in some]
    return sorted([*done, *new], key=lambda one: -one[0])[: how.n]


def cut_off(scores: Floats, said: Ids, how: Decoding, length: int) -> list[tuple[float, Written]]:
    """The best beginnings of a source of which none has come to an end."""
    from hornbook.pairs.models.contract import Written

    order = np.argsort(-scores, kind="stable")[: how.n]
    return [
        (float(scores[at]) / divisor(length, how), Written(said[at], float(scores[at]), False))
        for at in order
        if np.isfinite(scores[at])
    ]


def divisor(tokens: int, how: Decoding) -> float:
    """What ln p of an answer with so many tokens is divided by (Wu et al. 2016, equation 14)."""
    return float(((5 + tokens) / 6) ** how.length_penalty)


def boundary_of(model: Speaker) -> int:
    """The id that begins and ends a target."""
    assert model.shape.target is not None
    assert model.shape.target.boundary is not None
    return model.shape.target.boundary
