"""Optimizers: the update rules that between them move all parameters of a model.

(torch.optim does the same sums; its first use imports a compiler, two seconds long, and each step
costs more than these: see EXPERIMENTS.md. The tests hold these rules against it.)
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from hornbook.training.adam import Adam, TableAdam
from hornbook.training.muon import Muon
from hornbook.training.parameters import LAYOUT, FlatParameters
from hornbook.training.settings import TrainingSettings
from hornbook.training.sgd import SGD, TableSGD
from hornbook.training.update_rule import Rule

__all__ = ["Optimizer", "make_optimizer"]

# By the setting `optimizer`: the rule of the dense parameters, and that of tables.
RULES: dict[str, tuple[type[SGD | Adam], type[TableSGD | TableAdam]]] = {
    "sgd": (SGD, TableSGD),
    "adam": (Adam, TableAdam),
    "adamw": (Adam, TableAdam),
    "muon": (Muon, TableAdam),
}


class Optimizer:
    """Changes the parameters by their gradients, in place; what is frozen is not touched.

    Args:
        flat: the parameters.
        rules: for the dense ones, and for tables if there are any.

    Attributes:
        count: updates done.
    """

    def __init__(self, flat: FlatParameters, rules: list[Rule]) -> None:
        self.flat, self.rules = flat, rules
        self.count = 0

    def update(self, rate: float) -> None:
        """Change the parameters once, at this learning rate."""
        self.count += 1
        for rule in self.rules:
            rule.update(rate, self.count)

    def state(self) -> dict[str, Tensor]:
        """What the rules remember beside `count`, by name."""
        return {name: tensor for rule in self.rules for name, tensor in rule.state().items()}

    def load_state(self, tensors: Mapping[str, Tensor], count: int, layout: int) -> None:
        """Take what `state` gave.

        Args:
            tensors: by name.
            count: updates done.
            layout: of the tensors; see `FlatParameters.from_layout_1`.

        Raises:
            KeyError: if one is missing.
            ValueError: if one has another shape, or the layout is not known.
        """
        if layout not in range(1, LAYOUT + 1):
            raise ValueError(f"unknown layout {layout}")
        for name, tensor in self.state().items():
            kept = tensors[name]
            if layout == 1:
                kept = self.flat.from_layout_1(kept)
            if kept.shape != tensor.shape:
                raise ValueError(f"{name} has shape {[*kept.shape]}, not {[*tensor.shape]}")
            tensor.copy_(kept)
        self.count = count


def make_optimizer(flat: FlatParameters, settings: TrainingSettings) -> Optimizer:
    """The optimizer that the settings name.

    Raises:
        SettingsError: for tables with momentum.
    """
    dense, rows = RULES[settings.optimizer]
    rules: list[Rule] = [dense(flat, settings)]
    if flat.tables:
        rules.append(rows(flat.tables, settings))
    return Optimizer(flat, rules)
