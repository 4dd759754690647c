"""Records: what is written is read again, and what does not fit is named."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest

from hornbook.errors import RunError
from hornbook.records import JSON, as_json, read_record
from hornbook.settings import Bounds, Settings


@dataclass(frozen=True)
class Small(Settings):
    width: Annotated[int, Bounds(1, 9)] = 3
    sizes: tuple[int, ...] = (1, 2)


@dataclass(frozen=True)
class Inner:
    name: str
    counts: tuple[int, ...] = ()
    range: tuple[float, float, tuple[int, ...]] | None = None


@dataclass(frozen=True)
class Outer:
    step: int
    loss: float
    kind: Literal["a", "b"]
    inner: Inner
    losses: Mapping[str, float]
    small: Small | None = None
    more: Mapping[str, JSON] = field(default_factory=dict)
    many: tuple[Inner, ...] = ()
    sure: bool = True


WHOLE = Outer(
    3, math.inf, "a", Inner("x", (1, 2), (0.0, 1.5, (3, 4))), {"dev": math.nan, "train": 2.0},
    Small(5, (7,)), {"free": [1, {"of": None}]}, (Inner("y"),), False,
)  # fmt: skip


def test_what_is_written_is_read_again() -> None:
    text = json.dumps(as_json(WHOLE), allow_nan=False)
    found = read_record(Outer, json.loads(text), "file")
    assert math.isnan(found.losses["dev"])
    same = {"losses": {"train": 2.0}}
    assert as_json(found) | same == as_json(WHOLE) | same
    assert (found.inner, found.small, found.many) == (WHOLE.inner, WHOLE.small, WHOLE.many)


def test_a_whole_number_may_stand_for_any_number() -> None:
    value = as_json(WHOLE) | {"loss": 2}
    assert isinstance(read_record(Outer, value, "file").loss, float)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"step": "3"}, "step: must be an integer; it is '3'"),
        ({"step": True}, "step: must be an integer; it is True"),
        ({"step": 1.5}, "step: must be an integer"),
        ({"loss": "much"}, "loss: must be a number; it is 'much'"),
        ({"kind": "c"}, "kind: must be one of a, b; it is 'c'"),
        ({"inner": {"name": "x", "counts": [1, None]}}, "inner.counts[1]: must be an integer"),
        ({"inner": {}}, "inner.name: is missing"),
        ({"inner": []}, "inner: must be a JSON object"),
        ({"inner": {"name": "x", "range": [1, 2]}}, "inner.range: must have 3 values"),
        ({"losses": {"dev": None}}, "losses.dev: must be a number; it is None"),
        ({"small": {"width": 12}}, "small: `width` must be from 1 to 9; it is 12"),
        ({"small": {"depth": 1}}, "small: Small has no setting depth"),
        ({"many": [{"name": "a"}, {"name": 3}]}, "many[1].name: must be text; it is 3"),
        ({"sure": 1}, "sure: must be true or false; it is 1"),
        ({"extra": 1}, "extra: is not a field of this record"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(RunError, match="file is damaged") as caught:
        read_record(Outer, as_json(WHOLE) | change, "file")
    assert told in caught.value.message


@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_that_nothing_holds_is_refused(sign: int) -> None:
    @dataclass(frozen=True)
    class Sizes:
        whole: int = 0
        real: float = 0.0
        many: Sequence[int] = ()

    huge = sign * 10**400
    assert read_record(Sizes, {"whole": sign * (2**63 - 1)}, "file").whole == sign * (2**63 - 1)
    for name, value in (("whole", huge), ("real", huge), ("many", [1, huge])):
        with pytest.raises(RunError, match=rf"file is damaged: {name}.* of at most 64 bits"):
            read_record(Sizes, {name: value}, "file")


def test_a_missing_field_is_named() -> None:
    value = as_json(WHOLE)
    del value["loss"]
    with pytest.raises(RunError, match="loss: is missing"):
        read_record(Outer, value, "file")


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(RunError, match="file is damaged: must be a JSON object; it is 3"):
        read_record(Outer, 3, "file")


def test_a_record_of_what_json_cannot_hold_is_a_mistake_of_the_programmer() -> None:
    @dataclass(frozen=True)
    class Odd:
        when: complex

    with pytest.raises(TypeError, match="complex"):
        read_record(Odd, {"when": 1}, "file")
