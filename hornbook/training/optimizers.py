"""Update rules on one flat vector.

All parameters of a model are views into one vector, all gradients into another, so that an update
costs a handful of operations however many parameters there are. (torch.optim does the same sums;
its first use imports a compiler, two seconds long, and each step costs more than these: see
EXPERIMENTS.md. The tests hold these rules against it.)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from hornbook.training.rates import rate_factors
from hornbook.training.settings import TrainingSettings

__all__ = ["SGD", "AdamW", "FlatParameters", "Group", "Muon", "Optimizer", "make_optimizer"]


@dataclass(frozen=True)
class Group:
    """A stretch of the flat vector whose parameters are treated alike."""

    part: slice
    "Where it lies."
    factor: float
    "On the learning rate; 0: frozen."
    decayed: bool
    "Whether weight decay pulls on it."


class FlatParameters:
    """The parameters of a module as one vector, those under weight decay first.

    Args:
        module: its parameters become views into the vector.
        rates: rates of their own for some of them, as in `TrainingSettings`.

    Attributes:
        values: shape (P,); each parameter is a view into it.
        grads: shape (P,); each parameter's `grad` is a view into it.
        decayed: how many of the first values weight decay pulls on.
        groups: the stretches of one factor on the rate, within what is decayed and what is not;
            without `rates` these two.
        frozen: the gradients of the groups whose factor is 0.
        matrices: for each shape of the matrices under weight decay that are not frozen, where each
            one begins, and the factor on its rate.

    Raises:
        SettingsError: if a pattern in `rates` decides for no parameter, or all would be frozen.
    """

    def __init__(self, module: torch.nn.Module, rates: Iterable[str] = ()) -> None:
        named = list(module.named_parameters())
        factors = rate_factors([name for name, _ in named], rates)
        factor_of = {id(p): factor for (_, p), factor in zip(named, factors, strict=True)}
        decayed = list(decayed_parameters(module))
        chosen = {id(p) for p in decayed}
        rest = [p for _, p in named if id(p) not in chosen]
        for some in (decayed, rest):
            some.sort(key=lambda p: factor_of[id(p)], reverse=True)  # those of a factor together
        ordered = decayed + rest
        self.decayed = sum(p.numel() for p in decayed)
        self.values = torch.cat([p.detach().reshape(-1) for p in ordered])
        self.grads = torch.zeros_like(self.values)
        self.groups: list[Group] = []
        self.matrices: dict[tuple[int, int], list[tuple[int, float]]] = {}
        at = 0
        for (pulled, factor), alike in groupby(
            ordered, lambda p: (id(p) in chosen, factor_of[id(p)])
        ):
            begin = at
            for p in alike:
                if p.dim() == 2 and pulled and factor:
                    self.matrices.setdefault((p.shape[0], p.shape[1]), []).append((at, factor))
                end = at + p.numel()
                p.data = self.values[at:end].view_as(p)
                p.grad = self.grads[at:end].view_as(p)
                at = end
            if at > begin:
                self.groups.append(Group(slice(begin, at), factor, pulled))
        self.frozen = [self.grads[group.part] for group in self.groups if not group.factor]


def decayed_parameters(module: torch.nn.Module) -> Iterator[torch.nn.Parameter]:
    """The parameters that their layers name in `decayed`, each once."""
    seen: set[int] = set()
    for part in module.modules():
        for name in sorted(getattr(part, "decayed", ())):
            parameter = getattr(part, name)
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield parameter


class Optimizer(ABC):
    """A rule that turns gradients into changes of the parameters, in place.

    Each group of parameters moves at its own factor times the rate, weight decay with it; what is
    frozen is not touched.

    Attributes:
        count: updates done.
    """

    count = 0

    def __init__(self, flat: FlatParameters, settings: TrainingSettings) -> None:
        self.flat, self.settings = flat, settings

    @abstractmethod
    def update(self, rate: float) -> None:
        """Change the parameters once, at this learning rate."""

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """What the rule remembers besides `count`, to be saved and filled in place."""


class SGD(Optimizer):
    """Stochastic gradient descent: w -= rate · b, where b = momentum · b + g + decay · w."""

    def __init__(self, flat: FlatParameters, settings: TrainingSettings) -> None:
        super().__init__(flat, settings)
        self.velocity = torch.zeros_like(flat.values) if settings.momentum else None
        direction = flat.grads if self.velocity is None else self.velocity
        parts = [(group.part, group.factor) for group in flat.groups if group.factor]
        if len({group.factor for group in flat.groups}) == 1:  # the usual: one operation for all
            parts = [(slice(None), parts[0][1])]
        self.moves = [(flat.values[part], direction[part], factor) for part, factor in parts]

    def update(self, rate: float) -> None:
        """One step downhill."""
        self.count += 1
        flat, n = self.flat, self.flat.decayed
        if self.settings.weight_decay and n:
            flat.grads[:n].add_(flat.values[:n], alpha=self.settings.weight_decay)
        if self.velocity is not None:
            self.velocity.mul_(self.settings.momentum).add_(flat.grads)
        for values, direction, factor in self.moves:
            values.add_(direction, alpha=-rate * factor)

    def state(self) -> dict[str, Tensor]:
        """The velocity, with momentum."""
        return {} if self.velocity is None else {"velocity": self.velocity}


class AdamW(Optimizer):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019).

    With means of the gradient, m, and of its square, v, both of which start at zero and are divided
    by 1 - βᵗ to undo that pull: w -= rate · (m / (sqrt(v) + ε) + decay · w).
    """

    EPS = 1e-8

    def __init__(self, flat: FlatParameters, settings: TrainingSettings) -> None:
        super().__init__(flat, settings)
        self.mean = torch.zeros_like(flat.values)
        self.square = torch.zeros_like(flat.values)
        self.parts = [
            (
                [[x[group.part]] for x in (flat.values, flat.grads, self.mean, self.square)],
                group.factor,
                settings.weight_decay if group.decayed else 0.0,
            )
            for group in flat.groups
            if group.factor
        ]

    def update(self, rate: float) -> None:
        """One step, each parameter scaled by its own gradients' size."""
        s = self.settings
        self.count += 1
        count = torch.tensor(float(self.count), device=self.mean.device)
        for (values, grads, mean, square), factor, decay in self.parts:
            # torch.optim.AdamW's kernel for `fused`, which passes over the memory but once.
            torch._fused_adamw_(
                values, grads, mean, square, [], [count], lr=rate * factor, beta1=s.beta1,
                beta2=s.beta2, weight_decay=decay, eps=self.EPS, amsgrad=False, maximize=False,
            )  # fmt: skip

    def state(self) -> dict[str, Tensor]:
        """Both means; the number of steps is `count`."""
        return {"mean": self.mean, "square": self.square}


class Muon(AdamW):
    """Momentum made orthogonal, for matrices (Jordan et al. 2024); AdamW for everything else.

    The singular values of a matrix's momentum are all brought near one, so that an update moves
    every direction alike. It is scaled to the size of an AdamW update, as torch's Muon does with
    `match_rms_adamw`, so both share one learning rate and one weight decay (Liu et al. 2025).
    """

    MOMENTUM = 0.95

    def __init__(self, flat: FlatParameters, settings: TrainingSettings) -> None:
        super().__init__(flat, settings)
        self.momentum = torch.zeros_like(flat.values[: flat.decayed])

    def update(self, rate: float) -> None:
        """One step; the matrices' part of the AdamW step is made nothing by its own gradients."""
        flat = self.flat
        directions = []
        for (rows, columns), places in flat.matrices.items():
            size = rows * columns
            parts = [slice(at, at + size) for at, _ in places]
            for part in parts:
                self.momentum[part].lerp_(flat.grads[part], 1 - self.MOMENTUM)
            # Nesterov's: the gradient once more, beside the momentum that it is in already.
            ahead = torch.stack(
                [flat.grads[p].lerp(self.momentum[p], self.MOMENTUM) for p in parts]
            )
            made = orthogonal(ahead.view(len(parts), rows, columns))
            directions += list(zip(parts, made.reshape(len(parts), -1), strict=True))
            for part in parts:
                flat.grads[part].zero_()
        super().update(rate)
        for (rows, columns), places in flat.matrices.items():
            scale = 0.2 * max(rows, columns) ** 0.5
            for at, factor in places:
                part, direction = directions.pop(0)
                assert part.start == at
                flat.values[part].add_(direction, alpha=-rate * factor * scale)

    def state(self) -> dict[str, Tensor]:
        """AdamW's, and the matrices' momentum."""
        return {**super().state(), "momentum": self.momentum}


def orthogonal(x: Tensor) -> Tensor:
    """The nearest semi-orthogonal matrices, nearly: a quintic Newton-Schulz iteration, five times.

    In bfloat16, as torch's: the iteration forgives it, and it takes a fifth of the time.

    Args:
        x: shape (n, rows, columns).

    Returns:
        The same shape, in the precision of x; singular values between about 0.7 and 1.2.
    """
    tall = x.shape[1] > x.shape[2]
    y = (x.transpose(1, 2) if tall else x).bfloat16()
    y = y / y.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(5):
        gram = y @ y.transpose(1, 2)
        # y <- a y + b (y yᵀ) y + c (y yᵀ)² y, which moves singular values towards one.
        step = torch.baddbmm(gram, gram, gram, beta=-4.7750, alpha=2.0315)
        y = torch.baddbmm(y, step, y, beta=3.4445)
    return (y.transpose(1, 2) if tall else y).to(x.dtype)


def make_optimizer(flat: FlatParameters, settings: TrainingSettings) -> Optimizer:
    """The optimizer that the settings name."""
    rules: dict[str, type[SGD | AdamW]] = {"sgd": SGD, "adamw": AdamW, "muon": Muon}
    return rules[settings.optimizer](flat, settings)
