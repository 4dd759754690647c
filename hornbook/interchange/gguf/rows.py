"""Rows of the output layer for tokens that llama.cpp must have and a net has not.

The output layer of GGUF has no bias, so nothing can be made impossible. But a row w can be found
whose logit w·h is far below all others for the vectors h that the net really makes. Where none is
found, that of the token that is expected least is taken again: of two equal logits the first
counts, so that no greedy choice is another, but more is drawn of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.nn.head_cross_entropy import headed
from hornbook.nn.sequential import chain_vjp
from hornbook.runs import Run
from hornbook.text.models.network import Network
from hornbook.text.models.pooling import log_softmax
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["UnlikelyRow", "unlikely_row"]

BELOW = 1.0  # nats below the greatest logit, everywhere that was looked
ROWS, TOKENS = 256, 4096  # that are read to find a row
STEPS = 40  # of Newton's method
SMALL = 1e-6  # weight of the row's own size
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class UnlikelyRow:
    """A row of the output layer, and how much is drawn of a token that has it."""

    row: npt.NDArray[np.float32]
    "Shape (C,)."
    like: int
    "The token that is expected least."
    share: float
    "Mean probability of one token with this row, before it takes from the others."
    found: bool
    "Whether it was found, or is the row of `like`."


def unlikely_row(run: Run, model: Network) -> UnlikelyRow:
    """A row that the net expects as little as possible.

    Args:
        run: that has the data.
        model: its net, without conditions, which ends in a product without a bias.
    """
    weight = weight_of(model)
    real, chance = (vectors(model, rows) for rows in (real_rows(run), chance_rows(model)))
    logits = real @ weight.T
    logp = log_softmax(logits)
    mean = np.exp(logp).mean(axis=0)
    if model.vocabulary.boundary is not None:
        mean[model.vocabulary.boundary] = np.inf
    like = int(mean.argmin())
    # Every other vector finds the row, and those between say how good it is.
    seen = np.concatenate([real[::2], chance])
    row = least_expected(seen, normaliser(seen @ weight.T))
    theirs = real[1::2] @ row
    if len(theirs) and (theirs < logits[1::2].max(axis=1) - BELOW).all():
        share = float(np.exp(theirs - (logits - logp)[1::2, 0]).mean())
        if share < mean[like]:
            return UnlikelyRow(row.astype(np.float32), like, share, True)
    return UnlikelyRow(weight[like].astype(np.float32), like, float(mean[like]), False)


def normaliser(logits: Doubles) -> Doubles:
    """ln Σ exp of each row."""
    return np.asarray((logits - log_softmax(logits))[:, 0])


def least_expected(hidden: Doubles, normal: Doubles) -> Doubles:
    """The w that makes the mean of exp(w·h - ln Σ exp) least, with a little weight on its own size.

    That is convex: Newton's method finds it.
    """
    count, size = hidden.shape
    small = SMALL * float((hidden * hidden).mean())

    def cost(w: Doubles) -> float:
        with np.errstate(over="ignore"):  # of a step that is too long, and is halved
            return float(np.exp(hidden @ w - normal).mean() + small / 2 * w @ w)

    w = np.zeros(size)
    now = cost(w)
    for _ in range(STEPS):
        odds = np.exp(hidden @ w - normal) / count
        slope = hidden.T @ odds + small * w
        bent = (hidden * odds[:, None]).T @ hidden + small * np.eye(size)
        step, share = np.linalg.solve(bent, slope), 1.0
        while share > 1e-3 and not (new := cost(w - share * step)) < now:
            share /= 2
        if share <= 1e-3:
            break
        w, now = w - share * step, new
    return w


def vectors(model: Network, rows: list[npt.NDArray[np.int64]]) -> Doubles:
    """What the output layer is given at each position of some rows, (N, C)."""
    cut: Any = headed(model.net)
    with model.in_use():
        found = [chain_vjp(cut.body, model.tensor(row[None]))[0][0] for row in rows]
    return np.concatenate([one.cpu().double().numpy() for one in found])


def weight_of(model: Network) -> Doubles:
    """The output layer's weight, (V, C)."""
    cut: Any = headed(model.net)
    weight: Doubles = cut.head.weight.detach().cpu().double().numpy()
    return weight


def real_rows(run: Run) -> list[npt.NDArray[np.int64]]:
    """Rows of ids as the net meets them: of the data, or else drawn."""
    data, size = run.data, run.model.block_size
    texts = [*data.splits.dev[:ROWS], *data.splits.train[:ROWS]] if data.kept else drawn(run)
    found: list[npt.NDArray[np.int64]] = []
    left = TOKENS
    for text in texts:
        ids = read(data.tokenizer, text[: 8 * left])[:left]
        found += [ids[at : at + size] for at in range(0, len(ids), size)]
        left -= len(ids)
        if left <= 0:
            break
    return found


def chance_rows(model: Network) -> list[npt.NDArray[np.int64]]:
    """Rows of ids by chance, for what nobody foresees."""
    shape = (2, min(model.block_size, 64))
    return list(np.random.default_rng(0).integers(0, model.vocabulary.size, shape))


def drawn(run: Run) -> list[str]:
    """Samples of a run that has no data."""
    return [sample.text for sample in run.sample(n=8, longest=min(200, run.data.longest))]


def read(tokenizer: Tokenizer, text: str) -> npt.NDArray[np.int64]:
    """The ids of a text, with the boundary before it if there is one."""
    before = [] if tokenizer.boundary is None else [tokenizer.boundary]
    return np.concatenate([np.array(before, np.int64), tokenizer.encode(text)])
