"""The search for an answer: greedy, drawn, or by beams, for many sources at once.

All three go on token by token in some places of one batch, and drop the places that have ended, so
that nobody waits for the longest answer. Sources are read in the order of their lengths, so that
little of a batch is padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.pairs.decoding import Decoding
from hornbook.pairs.probabilities import log_softmax
from hornbook.pairs.rows import Ids, padded

if TYPE_CHECKING:
    from hornbook.pairs.models.contract import SequenceModel, Written

__all__ = ["found_by"]

PLACES = 256  # of a batch
Floats = npt.NDArray[np.float64]


def found_by(model: SequenceModel, sources: Sequence[Ids], how: Decoding) -> list[list[Written]]:
    """The answers of a model to some sources, as `Writer.answers` gives them.

    Args:
        model: whose answers they are.
        sources: each ends with its boundary.
        how: to search.
    """
    each = {"greedy": 1, "sample": how.n, "beam": max(how.beams, how.n)}[how.method]
    order = np.argsort([len(one) for one in sources], kind="stable")
    found: list[list[Written]] = [[] for _ in sources]
    at_once = max(1, PLACES // each)
    for begin in range(0, len(order), at_once):
        places = order[begin : begin + at_once]
        some = [sources[at] for at in places]
        if how.method == "beam":
            answers = beams(model, some, how, each)
        else:
            answers = drawn(model, some, how, places, each)
        for at, answer in zip(places, answers, strict=True):
            found[at] = answer
    return found


def longest_answer(model: SequenceModel, sources: Sequence[Ids], how: Decoding) -> int:
    """Most tokens of an answer, its boundary counted."""
    if how.longest:
        return how.longest + 1
    return 2 * max(model.shape.longest_target, *map(len, sources))


def drawn(
    model: SequenceModel, sources: Sequence[Ids], how: Decoding, numbers: Ids, each: int
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
    longest = longest_answer(model, sources, how)
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
    for _ in range(longest):
        logits, state = model.step(ids, state)
        costs = log_softmax(logits)
        if sampled:
            ids = choose(log_softmax(logits / how.temperature), [random[one] for one in owners])
        else:
            ids = costs.argmax(1)
        scores[owners] += costs[np.arange(len(ids)), ids]
        over = ids == end
        ended[owners[over]] = True
        for owner, token in zip(owners[~over], ids[~over], strict=True):
            said[owner].append(int(token))
        if over.all():
            break
        if over.any():
            on = np.flatnonzero(~over)
            state, owners, ids = model.select(state, on), owners[on], ids[on]
    answers = [
        Written(np.array(tokens, np.int64), float(score), bool(whole))
        for tokens, score, whole in zip(said, scores, ended, strict=True)
    ]
    by_source = [answers[at : at + each] for at in range(0, len(answers), each)]
    return [sorted(some, key=lambda one: -one.score) for some in by_source]


def choose(costs: Floats, random: Sequence[np.random.Generator]) -> Ids:
    """A token for each row, drawn by its probabilities ln p; shape (B,)."""
    sums = np.exp(costs).cumsum(1)
    at = np.array([one.random() for one in random]) * sums[:, -1]
    found: Ids = (sums <= at[:, None]).sum(1).clip(max=costs.shape[1] - 1)
    return found


def beams(
    model: SequenceModel, sources: Sequence[Ids], how: Decoding, width: int
) -> list[list[Written]]:
    """The likeliest answers that a search finds which follows `width` beginnings of each source.

    It ends where no beginning can become better than the n answers found: with every further token
    ln p falls, and its divisor is at most that of the longest answer.
    """
    from hornbook.pairs.models.contract import Written

    end, v = boundary_of(model), model.shape.target.size if model.shape.target else 0
    longest = longest_answer(model, sources, how)
    state = model.select(model.read(padded(sources)), np.repeat(np.arange(len(sources)), width))
    owners = np.arange(len(sources))  # the source of each group of `width` places
    # At first all beginnings of a source are the same: one of them counts.
    scores = np.full((len(sources), width), -np.inf)
    scores[:, 0] = 0.0
    said = np.zeros((len(sources), width, 0), np.int64)
    ids = np.full(len(sources) * width, end, np.int64)
    done: list[list[tuple[float, Written]]] = [[] for _ in sources]
    for length in range(1, longest + 1):
        logits, state = model.step(ids, state)
        total = scores[:, :, None] + log_softmax(logits).reshape(len(owners), width, v)
        for row, owner in enumerate(map(int, owners)):
            for beam in np.flatnonzero(np.isfinite(total[row, :, end])):
                score = float(total[row, beam, end])
                answer = Written(said[row, beam].copy(), score)
                done[owner].append((score / divisor(length, how), answer))
            done[owner] = sorted(done[owner], key=lambda one: -one[0])[: how.n]
        total[:, :, end] = -np.inf
        flat = total.reshape(len(owners), width * v)
        if width < flat.shape[1]:
            best = np.argpartition(-flat, width - 1, 1)[:, :width]
        else:  # fewer ways to go on than beams: some are followed twice, and count for nothing
            best = np.arange(width)[None].repeat(len(owners), 0) % flat.shape[1]
        scores = np.take_along_axis(flat, best, 1)
        scores[:, flat.shape[1] :] = -np.inf
        origin, token = best // v, best % v
        said = np.concatenate(
            [np.take_along_axis(said, origin[:, :, None], 1), token[:, :, None]], 2
        )
        limit = scores.max(1) / divisor(longest, how)
        open_ = np.array(
            [
                len(done[owner]) < how.n or done[owner][-1][0] < most
                for owner, most in zip(owners, limit, strict=True)
            ]
        ) & np.isfinite(scores).any(1)
        if not open_.any() or length == longest:
            for row, owner in enumerate(map(int, owners)):
                done[owner] = filled(done[owner], scores[row], said[row], how, length)
            break
        for ended in np.flatnonzero(~open_):
            at = int(owners[ended])
            done[at] = filled(done[at], scores[ended], said[ended], how, length)
        on = np.flatnonzero(open_)
        places = (on[:, None] * width + origin[on]).reshape(-1)
        state = model.select(state, places)
        owners, scores, said, ids = owners[on], scores[on], said[on], token[on].reshape(-1)
    return [[answer for _, answer in one] for one in done]


def filled(
    done: list[tuple[float, Written]], scores: Floats, said: Ids, how: Decoding, length: int
) -> list[tuple[float, Written]]:
    """The answers found, with beginnings that have not ended where there are none at all."""
    from hornbook.pairs.models.contract import Written

    if done:
        return done
    order = np.argsort(-scores, kind="stable")[: how.n]
    return [
        (float(scores[at]) / divisor(length, how), Written(said[at], float(scores[at]), False))
        for at in order
        if np.isfinite(scores[at])
    ]


def divisor(tokens: int, how: Decoding) -> float:
    """What ln p of an answer with so many tokens is divided by (Wu et al. 2016, equation 14)."""
    return float(((5 + tokens) / 6) ** how.length_penalty)


def boundary_of(model: SequenceModel) -> int:
    """The id that begins and ends a target."""
    assert model.shape.target is not None
    assert model.shape.target.boundary is not None
    return model.shape.target.boundary
