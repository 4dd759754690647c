from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError, dataclass
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import SettingsError
from hornbook.settings import Bounds, Settings
from hornbook.tables.options import TableOptions
from hornbook.text.corpus import SplitSettings
from hornbook.text.models.ngram import NGramSettings


@dataclass(frozen=True)
class Knobs(Settings):
    count: Annotated[int, Bounds(1, 10)] = 3
    rate: Annotated[float, Bounds(0, 1, above=True)] = 0.5
    steps: Annotated[float, Bounds(0, math.inf)] = 0
    loud: bool = False
    name: str = "plain"
    kind: Literal["round", "square"] = "round"
    sizes: Annotated[tuple[int, ...], Bounds(1, 9)] = (2, 3)
    limit: Annotated[int, Bounds(0, 5)] | None = None
    free: float = 0.0


KNOBS = st.builds(
    Knobs,
    count=st.integers(1, 10),
    rate=st.floats(0, 1, exclude_min=True),
    steps=st.floats(0, allow_infinity=False) | st.integers(0, 10**12),
    loud=st.booleans(),
    name=st.text(),
    kind=st.sampled_from(["round", "square"]),
    sizes=st.lists(st.integers(1, 9)).map(tuple),
    limit=st.none() | st.integers(0, 5),
    free=st.floats(allow_nan=False, allow_infinity=False),
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", 1),
        ("count", 10),
        ("rate", 1),
        ("rate", 5e-324),
        ("steps", 0),
        ("steps", 1e300),
        ("sizes", (1, 9)),
        ("sizes", ()),
        ("limit", None),
        ("limit", 5),
        ("free", -7),
    ],
)
def test_a_value_at_the_edge_of_its_range_is_kept(name: str, value: Any) -> None:
    assert getattr(Knobs(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("count", 0, "from 1 to 10; it is 0"),
        ("count", 11, "from 1 to 10; it is 11"),
        ("rate", 0, "above 0 and at most 1; it is 0"),
        ("rate", 1.5, "above 0 and at most 1; it is 1.5"),
        ("rate", math.nan, "above 0 and at most 1; it is nan"),
        ("steps", -1, "at least 0; it is -1"),
        ("steps", math.nan, "at least 0; it is nan"),
        ("sizes", (2, 10), "from 1 to 9; it is 10"),
        ("limit", 6, "from 0 to 5; it is 6"),
    ],
)
def test_a_number_out_of_range_is_refused_by_name(name: str, value: Any, says: str) -> None:
    with pytest.raises(SettingsError, match=f"^`{name}` must be {says}"):
        Knobs(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("count", True, "an integer; it is True"),
        ("count", 2.0, "an integer; it is 2.0"),
        ("count", "3", "an integer; it is '3'"),
        ("count", None, "an integer; it is None"),
        ("rate", True, "a number; it is True"),
        ("rate", "0.5", "a number; it is '0.5'"),
        ("loud", 1, "true or false; it is 1"),
        ("loud", "yes", "true or false; it is 'yes'"),
        ("name", 7, "text; it is 7"),
        ("name", None, "text; it is None"),
        ("kind", "oval", "one of round, square; it is 'oval'"),
        ("kind", None, "one of round, square; it is None"),
        ("sizes", 2, "a list; it is 2"),
        ("sizes", (2, 3.0), "an integer; it is 3.0"),
        ("sizes", (2, True), "an integer; it is True"),
        ("limit", True, "an integer; it is True"),
        ("limit", "2", "an integer; it is '2'"),
        ("limit", "2" * 10_000, r"an integer; it is '2{20,30}\.\.\.2{20,30}'"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_name(name: str, value: Any, says: str) -> None:
    with pytest.raises(SettingsError, match=f"^`{name}` must be {says}"):
        Knobs(**{name: value})


def test_a_row_of_numpy_is_a_list() -> None:
    assert Knobs(sizes=np.array([4, 5])).sizes == (4, 5)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Lists(Settings):
    texts: tuple[str, ...] = ()
    kinds: tuple[Literal["round", "square"], ...] = ()
    more: Annotated[tuple[str, ...], "of a kind"] | None = None


def test_one_text_is_a_list_of_one() -> None:
    one: Any = "never"
    made = Lists(texts=one, more=one)
    assert (made.texts, made.more) == (("never",), ("never",))
    assert Lists.from_dict({"kinds": "round"}).kinds == ("round",)
    with pytest.raises(SettingsError, match="one of round, square; it is 'oval'"):
        Lists.from_dict({"kinds": "oval"})
    with pytest.raises(SettingsError, match="`texts` must be a list; it is 3"):
        Lists.from_dict({"texts": 3})
    assert TableOptions.from_dict({"missing": "never"}).missing == ("never",)


@given(KNOBS)
def test_settings_survive_json(knobs: Knobs) -> None:
    assert Knobs.from_dict(json.loads(json.dumps(knobs.as_dict()))) == knobs


def test_settings_are_told_as_plain_json_values() -> None:
    assert Knobs(sizes=(4,), limit=2).as_dict() == {
        "count": 3,
        "rate": 0.5,
        "steps": 0,
        "loud": False,
        "name": "plain",
        "kind": "round",
        "sizes": [4],
        "limit": 2,
        "free": 0.0,
    }


def test_a_setting_left_out_of_a_dict_takes_its_default() -> None:
    assert Knobs.from_dict({"count": 4}) == Knobs(count=4)


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="Knobs has no setting colour, zeal") as caught:
        Knobs.from_dict({"zeal": 1, "count": 3, "colour": "red"})
    assert "count, free, kind, limit, loud, name, rate, sizes, steps" in caught.value.hint


def test_a_dict_is_held_to_the_same_types() -> None:
    with pytest.raises(SettingsError, match="`count` must be an integer"):
        Knobs.from_dict({"count": "many"})
    with pytest.raises(SettingsError, match="`sizes` must be from 1 to 9"):
        Knobs.from_dict({"sizes": [1, 99]})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Knobs().count = 4  # type: ignore[misc]


def test_a_setting_without_effect_is_refused_unless_it_keeps_its_default() -> None:
    Knobs(rate=0.25, count=4).refuse_unless(True, ("rate", "count"), "kind square")
    Knobs(name="other").refuse_unless(False, ("rate", "count"), "kind square")
    with pytest.raises(SettingsError, match=r"^`rate` has no effect here: it requires kind square"):
        Knobs(rate=0.25).refuse_unless(False, ("rate", "count"), "kind square")


def test_real_settings_refuse_what_would_have_no_effect() -> None:
    assert NGramSettings(smoothing="add", added=0.1).added == 0.1
    with pytest.raises(SettingsError, match="`added` has no effect here"):
        NGramSettings(smoothing="mle", added=0.1)
    with pytest.raises(SettingsError, match="`order` must be from 1 to 64; it is 0"):
        NGramSettings(order=0)
    with pytest.raises(SettingsError, match="`added` must be above 0"):
        NGramSettings(smoothing="add", added=0)
    with pytest.raises(SettingsError, match="`distinct` must be true or false"):
        SplitSettings.from_dict({"distinct": 1})


def test_an_error_reads_as_python_where_it_is_printed_by_a_program() -> None:
    error = SettingsError(
        "It is 'a `b=c` of yours'.", hint="Set `bad_rows=skip`, `clip=1`, `only` or `x='a b'`."
    )
    assert str(error) == (
        'It is \'a `b=c` of yours\'.\nSet `bad_rows="skip"`, `clip=1`, `only` or `x="a b"`.'
    )
    assert "`bad_rows=skip`" in error.hint  # which the command line turns into a flag
