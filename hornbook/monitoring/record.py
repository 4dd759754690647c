"""The record of one update of a watched training: a line of `health.jsonl`.

`records.as_json` writes such a line and `read_update` reads it. It also reads lines of format 1, in
which the statistics of a layer were not nested:

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
    """Counts of values in bins of equal width between the lowest and the highest value."""

    low: float
    high: float
    counts: tuple[int, ...]
    "A single bin if all values are equal; none if no value is finite."


@dataclass(frozen=True)
class Distribution:
    """Mean, standard deviation and histogram of the values of a tensor."""

    mean: float
    std: float
    histogram: Histogram


@dataclass(frozen=True)
class Running:
    """The difference between the running statistics of a BatchNorm and those of a batch."""

    kept: int
    "Number of running means."
    channels: int
    "Number of channels, which it should be."
    mean: float | None = None
    """Root mean square of the differences of means, in running standard deviations; None where
    `kept` is not `channels`."""
    std: float | None = None
    "Mean ratio of the batch's standard deviation to the running one."


@dataclass(frozen=True)
class LayerFigures:
    """Statistics of a layer's output and of the gradient with respect to it."""

    name: str
    kind: str
    "The name of its class."
    output: Distribution
    gradient: Distribution | None = None
    "Of the gradient with respect to the output; None if there is none."
    flat: float | None = None
    "Share of a nonlinearity's outputs that are saturated; None for other layers."
    idle: float | None = None
    "Share of its units that are saturated for every row of the batch (dead units)."
    running: Running | None = None
    "For BatchNorm only."

    @property
    def title(self) -> str:
        """Its position and kind, for display."""
        return f"{label(self.name)} {self.kind}"


@dataclass(frozen=True)
class ParameterFigures:
    """Root mean squares of a parameter, its gradient and its update."""

    name: str
    shape: tuple[int, ...]
    frozen: bool
    size: float
    grad_size: float
    update_size: float
    "NaN if there was no update: the loss was not finite, or the net was only looked at."
    grad_histogram: Histogram | None = None
    "Histogram of the gradient; matrices only."

    @property
    def is_matrix(self) -> bool:
        """Whether it has two dimensions."""
        return len(self.shape) == 2


@dataclass(frozen=True)
class UpdateRecord:
    """One update: layer outputs, gradients, and how the parameters changed."""

    step: int
    "Updates before it."
    loss: float
    "The mean loss of its batch."
    rate: float
    "Its learning rate."
    norm: float
    "Norm of the gradient over all parameters, before clipping."
    layers: tuple[LayerFigures, ...]
    "In the order of computation."
    parameters: tuple[ParameterFigures, ...]
    unseen: tuple[str, ...] = ()
    "Names of layers that could not be observed, because a fused path bypasses them."
    format: Literal[2] = FORMAT

    def of_kind(self, *kinds: str) -> list[LayerFigures]:
        """The layers of the given kinds."""
        return [one for one in self.layers if one.kind in kinds]


def read_update(line: JSON, where: str) -> UpdateRecord:
    """Read a record from a line of any format up to the current one.

    Args:
        line: JSON values.
        where: name of the line for error messages.

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
                f"formats up to {FORMAT}.",
                hint="Upgrade hornbook.",
            )
    return read_record(UpdateRecord, line, where)


def from_format_1(line: JSONObject) -> JSONObject:
    """Convert a line from format 1 to format 2; errors in it are left for the reader."""
    changes = {"layers": layer_from_format_1, "parameters": parameter_from_format_1}
    parts = {key: each(line[key], change) for key, change in changes.items() if key in line}
    return {**line, **parts, "format": FORMAT}


def layer_from_format_1(one: JSONObject) -> JSONObject:
    """A layer's statistics, nested by output and gradient."""
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
    """A parameter's statistics."""
    return {**one, "grad_histogram": histogram_from_format_1(one.get("grad_histogram"))}


def histogram_from_format_1(value: JSON) -> JSON:
    """A histogram, which was a list of three."""
    if isinstance(value, list) and len(value) == 3:
        return dict(zip(("low", "high", "counts"), value, strict=True))
    return value


def each(value: JSON, change: Callable[[JSONObject], JSONObject]) -> JSON:
    """Change each object of a list; anything else is left for the reader to reject."""
    if not isinstance(value, list):
        return value
    return [change(one) if isinstance(one, Mapping) else one for one in value]


def label(name: str) -> str:
    """The display name of a layer or parameter: its positions, without the containers' names."""
    parts = [part for part in name.split(".") if part not in ("net", "layers", "layer")]
    return ".".join(parts)
