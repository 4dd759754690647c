"""Rows of the output layer for tokens that llama.cpp must have and a net has not.

The output layer of GGUF has no bias, so nothing can be made impossible. But a row w can be found
whose logit w·h is far below all others for the vectors h that the net really makes: by least
squares, w·h = -FAR. Where no such row is, that of the token that is expected least is taken again:
of two equal logits the first counts, so that no greedy choice is another, but more is drawn of it.
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

FAR = 40.0  # nats
BELOW = 5.0  # nats below the greatest logit, everywhere that was looked
ROWS, TOKENS = 64, 4096  # that are read to find a row
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
    "Whether it was found by least squares, or is the row of `like`."


def unlikely_row(run: Run) -> UnlikelyRow:
    """A row that the net expects as little as possible.

    Args:
        run: of a net that ends in a product without a bias.
    """
    model: Network = run.model
    hidden, weight = vectors(model, read_rows(run)), weight_of(model)
    logits = hidden @ weight.T
    logp = log_softmax(logits)
    mean = np.exp(logp).mean(axis=0)
    if model.vocabulary.boundary is not None:
        mean[model.vocabulary.boundary] = np.inf
    like = int(mean.argmin())
    # Every other vector finds the row, and those between say how good it is.
    row = least_squares(hidden[::2])
    theirs = hidden[1::2] @ row
    if len(theirs) and (theirs < logits[1::2].max(axis=1) - BELOW).all():
        share = float(np.exp(theirs - (logits - logp)[1::2, 0]).mean())
        if share < mean[like]:
            return UnlikelyRow(row.astype(np.float32), like, share, True)
    return UnlikelyRow(weight[like].astype(np.float32), like, float(mean[like]), False)


def least_squares(hidden: Doubles) -> Doubles:
    """The w for which w·h is nearest to -FAR, with a little weight on its own size."""
    size = hidden.shape[1]
    gram = hidden.T @ hidden / len(hidden)
    ridge = 1e-4 * np.trace(gram) / size * np.eye(size)
    return np.asarray(np.linalg.solve(gram + ridge, -FAR * hidden.mean(axis=0)))


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


def read_rows(run: Run) -> list[npt.NDArray[np.int64]]:
    """Rows of ids as the net may meet them: of the data, or else drawn; and some by chance."""
    model, data = run.model, run.data
    size, vocabulary = model.block_size, model.vocabulary
    texts = (data.splits.dev or data.splits.train) if data.kept else drawn(run)
    found: list[npt.NDArray[np.int64]] = []
    left = TOKENS
    for text in texts[:ROWS]:
        ids = read(data.tokenizer, text[: 8 * left])
        found += [ids[at : at + size] for at in range(0, min(len(ids), left), size)]
        left -= len(ids)
        if left <= 0:
            break
    chance = np.random.default_rng(0)
    return [*found, *chance.integers(0, vocabulary.size, (8, min(size, 64)))]


def drawn(run: Run) -> list[str]:
    """Samples of a run that has no data."""
    return [sample.text for sample in run.sample(n=8, longest=min(200, run.data.longest))]


def read(tokenizer: Tokenizer, text: str) -> npt.NDArray[np.int64]:
    """The ids of a text, with the boundary before it if there is one."""
    before = [] if tokenizer.boundary is None else [tokenizer.boundary]
    return np.concatenate([np.array(before, np.int64), tokenizer.encode(text)])
