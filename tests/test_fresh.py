"""Which gradients are written by the first operation that reaches them, and which are cleared."""

from __future__ import annotations

from hornbook.kernels.fresh import to_clear, with_fresh
from hornbook.kernels.program import NONE, Column, Kind, Operation


def operation(kind: Kind, fan_in: int, out: int, weight: int, bias: int = NONE) -> Operation:
    whole = [NONE] * len(Column)
    whole[Column.KIND], whole[Column.IN], whole[Column.OUT] = kind, fan_in, out
    whole[Column.WEIGHT], whole[Column.BIAS], whole[Column.OWN] = weight, bias, 0
    return Operation(tuple(whole))


def test_products_write_what_they_are_the_first_to_reach() -> None:
    net = [
        operation(Kind.EMBEDDING, 0, 4, 0),
        operation(Kind.PRODUCT, 4, 5, 12, 32),
        operation(Kind.DOTS, 5, 5, 40),
        operation(Kind.DOTS, 5, 5, 40),
    ]
    made = with_fresh(net)
    assert [one.whole[Column.OWN] for one in made] == [0, 1, 0, 1], "the last is the first, back"
    # The table, three numbers between two weights, and two behind the last of them.
    assert to_clear(made, 67).tolist() == [[0, 12], [37, 40], [65, 67]]


def test_a_table_that_is_a_head_too_is_written_by_the_head() -> None:
    made = with_fresh([operation(Kind.EMBEDDING, 0, 4, 0), operation(Kind.DOTS, 4, 3, 0)])
    assert made[1].whole[Column.OWN] == 1
    assert to_clear(made, 12).tolist() == []
