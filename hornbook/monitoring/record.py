"""What is recorded of one update of a training that is watched: a line of `health.jsonl`.

`records.as_json` makes such a line, `read_update` reads it, and lines of format 1 as well, in
which the figures of a layer stood side by side:

    {"step": 0, ..., "layers": [{"name": "net.layers.0", "kind": "Tanh",
        "mean": 0, "std": 1, "histogram": [-1, 1, [3, 4, ...]],
        "grad_mean": 0, "grad_std": 1, "grad_histogram": [...], ...}], "parameters": [...]}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from hornbook.errors import RunError
from hornbook.records import JSON, JSONObject, read_record

__all__ = [
    "FORMAT",
    "Distribution",
    "Histogram",
    "LayerFigures",
    "ParameterFigures",
    "Running",
    "UpdateRecord",
    "label",
    "read_update",
]

FORMAT: Final = 2


@dataclass(frozen=True)
class Histogram:
    """How many of some values lie in each of equal parts between the lowest and the highest."""

    low: float
    high: float
    counts: tuple[int, ...]
    "A single one where all values are equal; none where no value is finite."


@dataclass(frozen=True)
class Distribution:
    """How the numbers of a tensor are distributed."""

    mean: float
    std: float
    histogram: Histogram


@dataclass(frozen=True)
class Running:
    """How far the running statistics of a BatchNorm are from those of a batch."""

    kept: int
    "Means that it keeps."
    channels: int
    "Means that it should keep."
    mean: float | None = None
    """Root mean square of the differences of means, in running standard deviations; None where
    `kept` is not `channels`."""
    std: float | None = None
    "Mean ratio of the batch's standard deviation to the running one."


@dataclass(frozen=True)
class LayerFigures:
    """What a layer gave and what gradient came back for it."""

    name: str
    kind: str
    "The name of its class."
    output: Distribution
    gradient: Distribution | None = None
    "Of the gradient of its output; None if none came back."
    flat: float | None = None
    "Share of a nonlinearity's outputs that pass no gradient on; None of another layer."
    idle: float | None = None
    "Share of its units that pass none on for any row of the batch."
    running: Running | None = None
    "Of a BatchNorm."

    @property
    def title(self) -> str:
        """Its place and kind, for people."""
        return f"{label(self.name)} {self.kind}"


@dataclass(frozen=True)
class ParameterFigures:
    """How large a parameter is, its gradient and its update, as root mean squares."""

    name: str
    shape: tuple[int, ...]
    frozen: bool
    size: float
    grad_size: float
    update_size: float
    "NaN if the update was not made, since the loss was no finite number."
    grad_histogram: Histogram | None = None
    "Of a matrix's gradient."

    @property
    def is_matrix(self) -> bool:
        """Whether it has rows and columns."""
        return len(self.shape) == 2


@dataclass(frozen=True)
class UpdateRecord:
    """One update: what the layers gave and felt, and how the parameters changed."""

    step: int
    "Updates before it."
    loss: float
    "The mean loss of its batch."
    rate: float
    "Its learning rate."
    norm: float
    "Of the gradient over all parameters, before it is clipped."
    layers: tuple[LayerFigures, ...]
    "In the order of computing."
    parameters: tuple[ParameterFigures, ...]
    unseen: tuple[str, ...] = ()
    "Names of layers that a fused path went around, so that nothing is known of them."
    format: Literal[2] = FORMAT

    def of_kind(self, *kinds: str) -> list[LayerFigures]:
        """The layers of some kinds."""
        return [one for one in self.layers if one.kind in kinds]


def read_update(line: JSON, where: str) -> UpdateRecord:
    """A record from a line of any format so far.

    Args:
        line: JSON values.
        where: what to call it in a message.

    Raises:
        RunError: if it is damaged, or of a newer format.
    """
    if isinstance(line, Mapping):
        number = line.get("format", 1)
        if number == 1:
            line = from_format_1(line)
        elif isinstance(number, int) and number > FORMAT:
            raise RunError(
                f"{where} was written by a newer hornbook (format {number}); this one reads "
                f"format {FORMAT}.",
                hint="Upgrade hornbook.",
            )
    return read_record(UpdateRecord, line, where)


def from_format_1(line: JSONObject) -> JSONObject:
    """A line of format 1 as one of format 2; what is wrong with it is left for the reader."""
    changes = {"layers": layer_from_format_1, "parameters": parameter_from_format_1}
    parts = {key: each(line[key], change) for key, change in changes.items() if key in line}
    return {**line, **parts, "format": FORMAT}


def layer_from_format_1(one: JSONObject) -> JSONObject:
    """A layer's figures, those of output and gradient gathered."""
    parts = {"output": "", "gradient": "grad_"}
    own = {f"{prefix}{key}" for prefix in parts.values() for key in ("mean", "std", "histogram")}
    found: dict[str, JSON] = {key: value for key, value in one.items() if key not in own}
    for part, prefix in parts.items():
        if f"{prefix}mean" in one:
            found[part] = {
                "mean": one[f"{prefix}mean"],
                "std": one.get(f"{prefix}std"),
                "histogram": histogram_from_format_1(one.get(f"{prefix}histogram")),
            }
    return found


def parameter_from_format_1(one: JSONObject) -> JSONObject:
    """A parameter's figures."""
    return {**one, "grad_histogram": histogram_from_format_1(one.get("grad_histogram"))}


def histogram_from_format_1(value: JSON) -> JSON:
    """A histogram, which was a list of three."""
    if isinstance(value, list) and len(value) == 3:
        return dict(zip(("low", "high", "counts"), value, strict=True))
    return value


def each(value: JSON, change: Callable[[JSONObject], JSONObject]) -> JSON:
    """The objects of a list, each changed; anything else is left for the reader to refuse."""
    if not isinstance(value, list):
        return value
    return [change(one) if isinstance(one, Mapping) else one for one in value]


def label(name: str) -> str:
    """A layer's or parameter's name for people: its places in the chains, without their holders."""
    parts = [part for part in name.split(".") if part not in ("net", "layers", "layer")]
    return ".".join(parts)
