"""Made-up ratings and clicks for tests, and dense references."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hornbook.ratings.data import RatingsData
from hornbook.ratings.interactions import Interactions

Dense = npt.NDArray[np.float64]


def made(
    users: int = 30,
    items: int = 20,
    share: float = 0.3,
    kind: Literal["ratings", "clicks"] = "ratings",
    seed: int = 0,
) -> RatingsData:
    """Ratings with biases and taste, rows in random order, a tenth each for dev and test.

    The last user and the last item have nothing in train.
    """
    random = np.random.default_rng(seed)
    true = 3.2 + random.normal(size=(users, 1)) * 0.4 + random.normal(size=(1, items)) * 0.5
    true += random.normal(size=(users, 2)) @ random.normal(size=(2, items)) * 0.5
    seen = np.argwhere(random.random((users, items)) < share)
    random.shuffle(seen)
    of, to = seen.T.astype(np.int32)
    noisy = true[of, to] + random.normal(size=len(of)) * 0.3
    values = np.asarray(np.clip(np.round(noisy * 2) / 2, 0.5, 5), np.float64)
    if kind == "clicks":
        values = np.asarray(1.0 + random.poisson(1, len(of)))
    rows = Interactions(of, to, values.astype(np.float32))
    part = random.random(len(of))
    part[(of == users - 1) | (to == items - 1)] = 1
    return RatingsData(
        "made",
        "made",
        kind,
        {
            "train": rows.take(part < 0.8),
            "dev": rows.take((part >= 0.8) & (part < 0.9)),
            "test": rows.take(part >= 0.9),
        },
        [f"u{n}" for n in range(users)],
        [f"i{n}" for n in range(items)],
        scale=(0.5, 5.0) if kind == "ratings" else (0.0, 1.0),
    )


def matrix(rows: Interactions, data: RatingsData) -> tuple[Dense, Dense]:
    """Values and whether there is one, both of shape (users, items)."""
    values = np.zeros((len(data.users), len(data.items)))
    mask = np.zeros_like(values)
    values[rows.users, rows.items] = rows.values
    mask[rows.users, rows.items] = 1
    return values, mask


def all_users(data: RatingsData) -> npt.NDArray[np.int32]:
    return np.arange(len(data.users), dtype=np.int32)


def holds_together(model: Any, data: RatingsData, other: Any) -> None:
    """Pairs, rows, tastes and what is kept say the same; `other` is not fitted."""
    scores = model.scores(all_users(data))
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    for user in range(len(data.users)):
        taste = model.known(user)
        np.testing.assert_allclose(taste.scores(), scores[user], atol=2e-5)
        assert taste.items.tolist() == data.history[user][0].tolist()
        for item in (0, len(data.items) - 1):
            if terms := taste.terms(item):
                total = sum(term.value for term in terms)
                assert abs(total - taste.scores()[item]) < 1e-5
    of, to = np.divmod(np.arange(scores.size, dtype=np.int32), len(data.items))
    pairs = model.predict(of, to).reshape(scores.shape)
    low, high = data.scale if model.rates else (-np.inf, np.inf)
    np.testing.assert_allclose(pairs, scores.clip(low, high), atol=2e-5)
    other.remember(data.history)
    other.load_arrays({name: array.copy() for name, array in model.arrays().items()})
    np.testing.assert_array_equal(other.scores(all_users(data)), scores)
    items, values = data.history[3]
    np.testing.assert_array_equal(
        other.guest(items, values).scores(), model.guest(items, values).scores()
    )
    assert model.n_parameters > 0


def write_made(path: Path, **how: Any) -> Path:
    """Made-up ratings with titles and times, as a table of their own; gives its path."""
    data = made(**how)
    lines = ["user,item,title,rating,time"]
    rows = sorted(
        (int(user), int(item), float(value))
        for part in data.splits.values()
        for user, item, value in zip(part.users, part.items, part.values, strict=True)
    )
    lines += [
        f"user-{user},i{item},Film of {item} ({1950 + item}),{value:g},{1_000_000_000 + at % 97}"
        for at, (user, item, value) in enumerate(rows)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
