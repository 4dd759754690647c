"""Two ways to make one prediction out of several models', and the weights that suit data best.

    average    p = w₁ p₁ + w₂ p₂ + …        the weights at least 0 and together 1
    product    p ∝ p₁^a₁ · p₂^a₂ · …        the exponents at least 0, whatever their sum

The average, a linear pool, is an "or": what any member thinks possible stays possible, so at every
token a share of the samples, its weight, follows the weakest member, and a sample of forty tokens
has forty occasions to go wrong. Its predictions are also less certain than they could be. The
product, a logarithmic pool (Hinton 1999 calls it a product of experts), is an "and": what one
member rules out is out. Where the exponents are best, the mean of each member's -ln p under the
product is what it is on the data, so that the product is exactly as certain as it has a right to
be. Figures for both are in EXPERIMENTS.md.

Where examples end, a product has two parts, each with exponents of its own: whether the example
ends here, and if it does not, which token comes. Some members know the one and some the other: of
lines of four characters a net learns the length perfectly, and counts that have seen "abc" end
somewhere else do not, though they may know best what comes after "ab".

    p(end) ∝ Π p_k(end)^b_k      p(v) = (1 - p(end)) · c(v),  c(v) ∝ Π (p_k(v) / (1 - p_k(end)))^a_k

The loss of each is convex in its weights, and that of two parts is the sum of theirs, so that there
is one best choice and no luck in finding it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hornbook.text.models.contract import Floats, Ids

__all__ = [
    "best_exponents",
    "best_exponents_with_end",
    "best_weights",
    "log_mean",
    "log_product",
    "log_product_with_end",
    "log_softmax",
]

Doubles = npt.NDArray[np.float64]

ITERATIONS = 1_000  # of expectation maximisation
STEPS = 50  # of Newton's method
LARGEST = 10.0  # exponent: where a member is always right, no finite one would be best
NEAR = 0.01  # of such a limit
IMPOSSIBLE = -100.0  # stands for ln 0 while exponents are fitted
ROWS = 2**20  # numbers taken at once while they are


def log_softmax(logits: Floats) -> Doubles:
    """ln of the probabilities, shape (B, V); -inf throughout a row where nothing is possible."""
    top = logits.max(axis=1, keepdims=True)
    shifted: Doubles = logits.astype(np.float64) - np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        total = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    logp: Doubles = shifted - np.where(np.isfinite(total), total, 0.0)
    return logp


def log_mean(logp: Doubles, weights: Doubles) -> Doubles:
    """ln Σ w p over the first axis; -inf where nobody thinks it possible."""
    with np.errstate(divide="ignore"):
        found: Doubles = np.log(np.tensordot(weights, np.exp(logp), axes=1))
    return found


def log_product(logits: Sequence[Floats], exponents: Doubles) -> Doubles:
    """ln of the normalised product of the members' probabilities.

    Args:
        logits: of each member, shape (B, V); they need not be normalised, for what is added to a
            row is taken off again.
        exponents: one for each member; a member whose exponent is 0 has no say, not even a veto.

    Returns:
        Shape (B, V).
    """
    total = np.zeros(logits[0].shape)
    for own, exponent in zip(logits, exponents, strict=True):
        if exponent:
            total += exponent * own.astype(np.float64)
    return log_softmax(total)


def log_product_with_end(logits: Sequence[Floats], exponents: Doubles, end: int) -> Doubles:
    """ln p of a product in two parts: whether the example ends, and what comes if it does not.

    Args:
        logits: of each member, shape (B, V).
        exponents: shape (2, M): of what comes, and of the ending.
        end: the id that ends an example.

    Returns:
        Shape (B, V).
    """
    parts = [in_two(own, end) for own in logits]
    endings = log_product([ending for _, ending in parts], exponents[1])
    tokens = log_product([token for token, _ in parts], exponents[0])
    return np.insert(tokens + endings[:, :1], end, endings[:, 1], axis=1)


def in_two(logits: Floats, end: int) -> tuple[Doubles, Doubles]:
    """A prediction (B, V) as two: logits of the other tokens (B, V - 1), and of no end and end.

    Those of the ending, shape (B, 2), are ln(1 - p(end)) and ln p(end), but for what is added to
    both.
    """
    tokens = np.delete(logits, end, axis=1).astype(np.float64)
    top = tokens.max(axis=1)
    shift = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        others = shift + np.log(np.exp(tokens - shift[:, None]).sum(axis=1))
    return tokens, np.stack([others, logits[:, end].astype(np.float64)], axis=1)


def best_weights(losses: Doubles) -> Doubles:
    """The weights under which an average's mean loss is least.

    They are found by expectation maximisation (Dempster, Laird and Rubin 1977) from equal weights:
    each model's weight becomes the mean share that it had in the probability of what came.

    Args:
        losses: -ln p of each of N predictions under each of M models, shape (M, N).

    Returns:
        Shape (M,), at least 0, sum 1.
    """
    p = np.exp(-losses)
    weights = np.full(len(p), 1 / len(p))
    for _ in range(ITERATIONS):
        share = weights[:, None] * p
        total = share.sum(axis=0)
        share = share[:, total > 0] / total[total > 0]  # what none thinks possible says nothing
        renewed = share.mean(axis=1)
        if np.abs(renewed - weights).max() < 1e-7:
            break
        weights = renewed
    return weights


def best_exponents(logits: Floats, targets: Ids) -> Doubles:
    """The exponents under which a product's mean loss is least, by projected Newton.

    Args:
        logits: of M models at N predictions, shape (M, N, V).
        targets: what came, shape (N,).

    Returns:
        Shape (M,), from 0 to 10.
    """
    count = len(logits)
    best = np.full(count, 1 / count)
    if not len(targets):
        return best
    loss, slope, bend = product_loss(logits, targets, best)
    for _ in range(STEPS):
        to_go = np.abs(best - np.clip(best - slope, 0.0, LARGEST)).max()
        if to_go < 1e-7:
            break
        step = newton_step(best, slope, bend, near=min(NEAR, to_go))
        scale = 1.0
        while scale > 1e-9:
            tried = np.clip(best - scale * step, 0.0, LARGEST)
            told = product_loss(logits, targets, tried)
            if told[0] < loss - 1e-4 * float(slope @ (best - tried)):
                break
            scale /= 2
        else:
            break  # as near as numbers of this size come
        best, (loss, slope, bend) = tried, told
    return best


def newton_step(at: Doubles, slope: Doubles, bend: Doubles, near: float) -> Doubles:
    """What projected Newton subtracts (Bertsekas 1982).

    An exponent near a limit that its slope pushes it to is left out of the system and steps by
    itself. Without that the others would rely on a part of the step that the limit cuts off, and
    the search could stop where nothing is best.

    Args:
        at: the exponents, shape (M,).
        slope: first derivatives there.
        bend: second derivatives there, shape (M, M).
        near: how near a limit is near.
    """
    held = ((at <= near) & (slope > 0)) | ((at >= LARGEST - near) & (slope < 0))
    free = np.flatnonzero(~held)
    step = slope / (np.diag(bend) + 1e-12)
    if len(free):
        part = bend[np.ix_(free, free)]
        # Models that say the same leave the curvature without an inverse.
        part = part + (1e-9 * np.trace(part) + 1e-12) * np.eye(len(free))
        step[free] = np.linalg.solve(part, slope[free])
    return step


def best_exponents_with_end(logits: Floats, targets: Ids, end: int) -> Doubles:
    """The exponents under which the mean loss of a product in two parts is least.

    Args:
        logits: of M models at N predictions, shape (M, N, V).
        targets: what came, shape (N,).
        end: the id that ends an example.

    Returns:
        Shape (2, M), from 0 to 10: of what comes, and of the ending.
    """
    ended = targets == end
    endings = np.stack([in_two(own, end)[1] for own in logits])
    goes_on = np.delete(logits[:, ~ended], end, axis=2)
    wanted = targets[~ended].astype(np.int64)
    wanted -= wanted > end  # the ids of a vocabulary without the end
    return np.stack(
        [best_exponents(goes_on, wanted), best_exponents(endings, ended.astype(np.int64))]
    )


def product_loss(
    logits: Floats, targets: Ids, exponents: Doubles
) -> tuple[float, Doubles, Doubles]:
    """A product's mean loss, with its first and second derivatives by the exponents.

    With l_k = ln p_k and the product q:

        loss = mean(ln Σ_v exp(Σ_k a_k l_k(v)) - Σ_k a_k l_k(target))
        ∂loss / ∂a_k = mean(E_q l_k - l_k(target))
        ∂²loss / ∂a_k ∂a_j = mean(Cov_q(l_k, l_j))

    Returns:
        The loss; shape (M,); shape (M, M).
    """
    members, n, v = logits.shape
    loss, slope, bend = 0.0, np.zeros(members), np.zeros((members, members))
    some = max(1, ROWS // (members * v))
    for at in range(0, n, some):
        wanted = targets[at : at + some]
        rows = np.arange(len(wanted))
        part = np.stack([log_softmax(own[at : at + some]) for own in logits])  # (M, B, V)
        part = np.maximum(part, IMPOSSIBLE)
        logq = log_softmax(np.tensordot(exponents, part, axes=1))
        q = np.exp(logq)
        mean = np.einsum("mbv,bv->mb", part, q)
        loss -= float(logq[rows, wanted].sum())
        slope += (mean - part[:, rows, wanted]).sum(axis=1)
        apart = part - mean[:, :, None]
        weighted = (apart * q).reshape(members, -1)
        bend += weighted @ apart.reshape(members, -1).T
    return loss / n, slope / n, bend / n
