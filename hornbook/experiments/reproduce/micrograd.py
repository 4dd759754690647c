"""The lecture on micrograd: gradients that are not set back to zero."""

from __future__ import annotations

from hornbook.experiments.reproduce.bench import Bench
from hornbook.experiments.reproduce.figures import LectureFigure, Reproduction, Tolerance, about
from hornbook.scalar.network import MLP
from hornbook.scalar.value import Value

__all__ = ["MICROGRAD"]

XS = ((2.0, 3.0, -1.0), (3.0, -1.0, 0.5), (0.5, 1.0, 1.0), (1.0, 1.0, -1.0))
YS = (1.0, -1.0, -1.0, 1.0)
STEPS, RATE, NETS = 20, 0.05, 100
WRONG = 1.0  # loss of one point on the wrong side is 4, of a net that has learned below 0.5


def squares(net: MLP) -> Value:
    """The lecture's loss: the squared errors of four points, added."""
    total = Value(0.0)
    for x, y in zip(XS, YS, strict=True):
        answer = net(x)
        assert isinstance(answer, Value)
        total = total + (answer - y) ** 2
    return total


def trained(seed: int, *, zeroed: bool) -> float:
    """The loss after the lecture's 20 steps, with gradients set back or added up."""
    net = net_of(seed)
    for _ in range(STEPS):
        loss = squares(net)
        if zeroed:
            net.zero_grad()
        loss.backward()
        for p in net.parameters():
            p.data -= RATE * p.grad
    return float(squares(net).data)


def net_of(seed: int) -> MLP:
    """The lecture's MLP(3, [4, 4, 1])."""
    return MLP(3, [4, 4, 1], activation="tanh", last="tanh", seed=seed)


def forgotten(bench: Bench) -> dict[str, float]:
    """A hundred nets, each with and without; and what is added up, at one net that stands still."""
    net = net_of(bench.seed)
    squares(net).backward()
    once = [p.grad for p in net.parameters()]
    squares(net).backward()
    twice = [p.grad for p in net.parameters()]
    wrong = {
        how: sum(trained(bench.seed + n, zeroed=how) > WRONG for n in range(NETS))
        for how in (True, False)
    }
    return {
        "second gradient / first, forgotten": sum(twice) / sum(once),
        "nets of 100 that end wrong, zeroed": float(wrong[True]),
        "nets of 100 that end wrong, forgotten": float(wrong[False]),
    }


MICROGRAD = (
    Reproduction(
        "micrograd-zero-grad", "micrograd", "zero_grad forgotten",
        "the scalar engine's MLP(3, [4, 4, 1]) on the lecture's four points, 20 steps at 0.05",
        forgotten,
        (
            LectureFigure("second gradient / first, forgotten", "2, uses add up",
                          about(2.0, 1e-9, "arithmetic, in float64"), source="arithmetic"),
            LectureFigure("nets of 100 that end wrong, zeroed", "none: it falls steadily",
                          Tolerance(0, 0, "none"), digits=0),
            LectureFigure("nets of 100 that end wrong, forgotten", "worked by luck alone",
                          Tolerance(1, 100, "eleven of 200 did when this was written"), digits=0),
        ),
        kept=False,
    ),
)  # fmt: skip
