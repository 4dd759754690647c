"""Points of two kinds, told apart by a small net on a tape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hornbook.errors import TrainingError
from hornbook.scalar.losses import l2_penalty, max_margin
from hornbook.scalar.moons import Point
from hornbook.scalar.network import MLP
from hornbook.scalar.tape import Tape
from hornbook.scalar.value import Value

__all__ = ["Classifier"]

RUNAWAY = 1e6  # times the first loss


class Classifier:
    """A net of relu layers whose score is above zero for one kind and below for the other.

    Trained on all points at once with the max-margin loss and an L2 penalty, as micrograd's demo.

    Args:
        points: to be told apart.
        targets: 1 or -1 for each.
        hidden: sizes of the hidden layers.
        l2: strength of the penalty.
        seed: of the weights.

    Raises:
        ValueError: if a target is neither 1 nor -1, or there are not as many as points.
    """

    def __init__(
        self,
        points: Sequence[Point],
        targets: Sequence[float],
        *,
        hidden: Sequence[int] = (16, 16),
        l2: float = 1e-4,
        seed: int = 0,
    ) -> None:
        if wrong := [target for target in targets if target not in (1, -1)]:
            raise ValueError(f"a target must be 1 or -1, not {wrong[0]}")
        self.rows = [(x, y, t) for (x, y), t in zip(points, targets, strict=True)]
        self.model = MLP(2, (*hidden, 1), seed=seed)
        parameters = self.model.parameters()
        point, target = [Value(0.0, "x"), Value(0.0, "y")], Value(1.0, "target")
        (score,) = self.model.answers(point)
        loss = max_margin([score], [target]) + l2_penalty(parameters, l2)
        self.tape = Tape(loss, inputs=[*point, target], parameters=parameters)
        self.score_tape = Tape(score, inputs=point, parameters=parameters)

    def step(self, rate: float) -> float:
        """One step of gradient descent; the loss before it."""
        return self.tape.step(self.rows, rate)

    def descent(self, steps: int, rate: float) -> Iterator[float]:
        """Gradient descent, a step whenever a loss is asked for; the loss before each step.

        Args:
            steps: how many.
            rate: of the first step; it falls in a straight line towards a tenth of that.

        Raises:
            TrainingError: if the loss diverges.
        """
        first = 1.0
        for step in range(steps):
            loss = self.step(rate * (1 - 0.9 * step / steps))
            if step == 0:
                first = max(first, loss)
            if not loss < RUNAWAY * first:  # NaN is not below it either
                raise TrainingError(
                    f"The loss diverges: {loss:.3g} at step {step}.", hint="Lower `rate`."
                )
            yield loss

    def loss(self) -> float:
        """Where the loss stands now."""
        return sum(self.tape.forward(self.rows)) / len(self.rows)

    def scores(self, points: Sequence[Point]) -> list[float]:
        """Above zero where a point is thought to be of the kind with target 1."""
        return self.score_tape.forward(points)

    def accuracy(self) -> float:
        """The share of the points that are told apart rightly."""
        scores = self.scores([(x, y) for x, y, _ in self.rows])
        right = sum(score * t > 0 for score, (_, _, t) in zip(scores, self.rows, strict=True))
        return right / len(self.rows)
