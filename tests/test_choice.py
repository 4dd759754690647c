"""Which model `best` keeps."""

from __future__ import annotations

import pytest

from hornbook.experiments.choice import choose, within
from hornbook.experiments.ladder import Rung
from hornbook.training.measures import LOSS, Measure


def rungs(*figures: tuple[float, float | None]) -> list[Rung]:
    """Rungs by their loss and how sound their samples are."""
    return [Rung(str(at), "net", 1.0, loss, 1, sound) for at, (loss, sound) in enumerate(figures)]


@pytest.mark.parametrize(
    ("filtered", "figures", "won"),
    [
        (False, [(2.0, 0.9), (1.9, 0.9)], 1),
        (False, [(2.0, None), (1.9, 0.9)], 1),
        # Idioms: some of the loss is given for samples of the right length.
        (False, [(5.36, 1.0), (4.98, 0.91)], 0),
        # Sentences: a length is not worth a third of the loss.
        (False, [(1.36, 0.942), (1.042, 0.843), (1.066, 0.8)], 1),
        (False, [(3.98, 1.0), (2.56, 0.0)], 1),
        (False, [(1e-9, 0.99), (0.0, 0.99)], 1),
        # With a filter the samples decide.
        (True, [(1.36, 0.8), (1.04, 0.5)], 0),
        (True, [(1.36, 0.8), (1.04, 0.79)], 1),
        (True, [(1.36, 0.0), (1.04, 0.0)], 1),
    ],
)
def test_the_choice(filtered: bool, figures: list[tuple[float, float | None]], won: int) -> None:
    made = rungs(*figures)
    found = choose(made, LOSS, filtered=filtered)
    assert found.winner is made[won]
    assert found.rungs == tuple(made)
    best = min(made, key=lambda rung: rung.reached or 0.0)
    assert ("has a better loss, but" in found.why) == (best is not found.winner)


def test_a_measure_may_be_the_higher_the_better() -> None:
    accuracy = Measure("accuracy", "", best="highest")
    made = rungs((0.7, None), (0.9, None), (0.5, None))
    assert choose(made, accuracy, filtered=False).winner is made[1]
    assert within(0.25, made, accuracy) == made[:2]


def test_what_was_refused_is_not_chosen() -> None:
    made = [Rung("no", "net", 1.0, refused="No time."), *rungs((2.0, 0.5))]
    assert choose(made, LOSS, filtered=True).winner is made[1]
    assert within(0.5, made, LOSS) == made[1:]
