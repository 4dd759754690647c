"""Records of updates: written and read, of every format so far, and what is read off them."""

from __future__ import annotations

import json
import math
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hornbook.errors import RunError
from hornbook.monitoring.history import History, Ignorance, ratios
from hornbook.monitoring.record import (
    Distribution,
    Histogram,
    LayerFigures,
    ParameterFigures,
    Running,
    UpdateRecord,
    label,
    read_update,
)
from hornbook.records import as_json

SHAPE = Histogram(-1.0, 2.0, (3, 0, 4))
SPREAD = Distribution(0.5, 1.25, SHAPE)
WHOLE = UpdateRecord(
    step=7,
    loss=2.5,
    rate=0.1,
    norm=math.inf,
    layers=(
        LayerFigures("net.layers.0", "Tanh", SPREAD, SPREAD, flat=0.25, idle=0.0),
        LayerFigures("net.layers.1", "BatchNorm1d", SPREAD, running=Running(4, 4, 0.1, 0.9)),
        LayerFigures("net.layers.2", "BatchNorm1d", SPREAD, running=Running(8, 4)),
    ),
    parameters=(
        ParameterFigures("a", (2, 2), False, 0.5, 0.1, 0.001, SHAPE),
        ParameterFigures("b", (2,), True, 0.5, 0.0, 0.0),
    ),
    unseen=("net.layers.3",),
)
OLD = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "health-format-1.jsonl").read_text().splitlines()
]


def test_what_is_written_is_read_again() -> None:
    line = json.loads(json.dumps(as_json(WHOLE), allow_nan=False))
    assert line["format"] == 2
    assert read_update(line, "line 1") == WHOLE


@pytest.mark.parametrize("line", OLD, ids=["first", "last"])
def test_lines_of_format_1_are_read(line: dict[str, Any]) -> None:
    found = read_update(line, "line 1")
    assert (found.step, found.loss, found.rate, found.norm) == tuple(
        line[key] for key in ("step", "loss", "rate", "norm")
    )
    assert found.unseen == ()
    assert len(found.layers) == len(line["layers"]) == 6
    for layer, old in zip(found.layers, line["layers"], strict=True):
        assert (layer.name, layer.kind) == (old["name"], old["kind"])
        assert layer.gradient is not None
        for prefix, spread in (("", layer.output), ("grad_", layer.gradient)):
            histogram = spread.histogram
            assert (spread.mean, spread.std) == (old[f"{prefix}mean"], old[f"{prefix}std"])
            assert [histogram.low, histogram.high, [*histogram.counts]] == old[f"{prefix}histogram"]
        assert (layer.flat, layer.idle) == (old.get("flat"), old.get("idle"))
        assert (layer.running and as_json(layer.running)) == old.get("running")
    assert [layer.kind for layer in found.layers if layer.running] == ["BatchNorm1d"]
    for own, old in zip(found.parameters, line["parameters"], strict=True):
        assert (own.name, [*own.shape], own.frozen) == (old["name"], old["shape"], old["frozen"])
        sizes = [own.size, own.grad_size, own.update_size]
        assert sizes == [old["size"], old["grad_size"], old["update_size"]]
        assert (own.grad_histogram is None) == ("grad_histogram" not in old)
    assert read_update(as_json(found), "again") == found


def test_of_format_1_what_was_left_out_or_no_number_is_read_too() -> None:
    line = deepcopy(OLD[0])
    line["loss"], line["parameters"][0]["update_size"] = "NaN", "NaN"
    layer = line["layers"][3]
    layer["running"] = {"kept": 6, "channels": 3}
    for key in ("grad_mean", "grad_std", "grad_histogram"):
        del layer[key]
    found = read_update(line, "line 1")
    assert math.isnan(found.loss)
    assert math.isnan(found.parameters[0].update_size)
    assert found.layers[3].gradient is None
    assert found.layers[3].running == Running(6, 3)


def changed(line: Any, *path: str | int, to: Any) -> Any:
    line = inner = deepcopy(line)
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return line


NEW = as_json(WHOLE)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            changed(NEW, "layers", 0, "output", "histogram", "counts", to=[1, 2.5]),
            "counts[1]: must",
        ),
        (changed(NEW, "layers", 1, "kind", to=3), "layers[1].kind: must be text"),
        (changed(NEW, "layers", to=None), "layers: must be a list"),
        (changed(NEW, "more", to=1), "more: is not a field"),
        (changed(NEW, "parameters", 0, "size", to="big"), "parameters[0].size: must be a number"),
        (changed(OLD[0], "layers", 2, "std", to=None), "layers[2].output.std: must be a number"),
        (changed(OLD[0], "layers", 2, "histogram", to=[1, 2]), "layers[2].output.histogram: must"),
        (changed(OLD[0], "layers", 0, to="x"), "layers[0]: must be a JSON object"),
        (changed(OLD[0], "parameters", to=3), "parameters: must be a list"),
        ({"step": 0, "loss": 1}, "layers: is missing"),
        ([], "must be a JSON object"),
        (changed(NEW, "format", to="two"), "format: must be one of 2"),
    ],
)
def test_what_is_damaged_is_named(line: Any, told: str) -> None:
    with pytest.raises(RunError, match=r"line 9 is damaged") as caught:
        read_update(line, "line 9")
    assert told in caught.value.message


def test_a_newer_format_is_refused_as_such() -> None:
    with pytest.raises(
        RunError, match=r"newer hornbook \(format 3\); this one reads formats up to 2"
    ):
        read_update(changed(NEW, "format", to=3), "line 1")


def test_layers_of_some_kinds() -> None:
    assert [one.name for one in WHOLE.of_kind("Tanh", "ReLU")] == ["net.layers.0"]
    assert WHOLE.of_kind() == []


def test_names_for_people() -> None:
    assert label("net.layers.3.layer.layers.1.qkv.weight") == "3.1.qkv.weight"
    assert WHOLE.layers[0].title == "0 Tanh"


def own(name: str, size: float, update: float, *, rows: int = 2, frozen: bool = False) -> Any:
    return ParameterFigures(name, (rows, 2)[: 2 if rows else 1], frozen, size, 1.0, update)


def test_shares_that_cannot_be_told_are_left_out() -> None:
    parameters = (
        own("born zero", 0.0, 1.0), own("learns", 1.0, 0.001), own("still", 1.0, 0.0),
        own("broken", 1.0, math.nan), own("frozen", 1.0, 0.0, frozen=True),
        ParameterFigures("vector", (2,), False, 1.0, 1.0, 0.1),
    )  # fmt: skip
    shares = dict(ratios(replace(WHOLE, parameters=parameters)))
    assert shares.keys() == {"learns", "still", "broken"}
    assert shares["learns"] == pytest.approx(-3)
    assert shares["still"] == -math.inf
    assert math.isnan(shares["broken"])


def test_the_pace_is_that_of_the_updates_at_a_high_rate() -> None:
    def record(step: int, rate: float, update: float) -> UpdateRecord:
        return replace(WHOLE, step=step, rate=rate, parameters=(own("w", 1.0, update),))

    records = [record(0, 0.1, 0.5), record(1, 1.0, 0.01), record(2, 0.6, 0.01), record(3, 0.5, 1.0)]
    history = History(records, Ignorance(math.log(27), "guessing evenly costs ln 27 = 3.30"))
    assert [one.step for one in history.at_full_rate()] == [1, 2, 3]
    assert history.pace() == {"w": pytest.approx(-2)}
    assert (history.first.step, history.last.step) == (0, 3)
