"""The ways to get the gradients of a loss, in a table by name.

By hand, the layers' own backward passes are called; by autograd, torch records the forward pass and
differentiates it, compiled or not; of some small nets whole steps are compiled code. The numbers
agree to rounding; which is faster depends on the net and on the machine. A further way is a class
here and a line in `WAYS`, and a value that the setting `gradients` may take.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from hornbook.errors import SettingsError, TrainingError
from hornbook.extras import require
from hornbook.training.compilable import NO_VARIANCE, refusal, refusing, wait_for, why_no_program
from hornbook.training.many_steps import ManySteps, Turns
from hornbook.training.protocols import BatchSource, WithBackward, WithLoss
from hornbook.training.settings import TrainingSettings

if TYPE_CHECKING:
    from hornbook.training.trainer import Trainer

__all__ = ["WAYS", "Autograd", "ByHand", "Compiled", "Way", "choose_way", "refusals", "refuse"]


class Way(ABC):
    """One way to get the loss of a batch and its gradients.

    Args:
        objective: what is trained; `refusal` must have nothing against it.
        settings: of the training; they name the precision.

    Attributes:
        compiling: whether it compiles what the next step needs.
    """

    name: ClassVar[str]
    "Value of the setting `gradients` that chooses it."
    title: ClassVar[str]
    "Short description to print."
    by_hand: ClassVar[bool]
    "Whether layers write gradients, so that these need no zeros to be added to."
    needs: ClassVar[str] = ""
    "A package of an extra that only this way uses."

    def __init__(self, objective: torch.nn.Module, settings: TrainingSettings) -> None:
        self.device = next(objective.parameters()).device.type
        self.compiling = False
        self.low = settings.precision == "bfloat16"

    @classmethod
    @abstractmethod
    def refusal(
        cls, objective: torch.nn.Module, settings: TrainingSettings, batches: BatchSource
    ) -> str | None:
        """Why this way cannot be used for this objective with these settings; None if it can."""

    @classmethod
    def require(cls) -> None:
        """Make sure that what only this way needs is installed.

        Raises:
            MissingPackageError: if it is not.
        """
        if cls.needs:
            name = cls.name
            require(cls.needs, f"`gradients={name}`")

    def waits_for(self, trainer: Trainer) -> str:
        """What must be done before the first step and takes long; empty if nothing."""
        return ""

    @contextmanager
    def driving(self, trainer: Trainer) -> Iterator[Callable[[], object]]:
        """A context with what takes a trainer further: by one update, or by some."""
        yield trainer.update

    @contextmanager
    def compilation(self) -> Iterator[None]:
        """A context in which it compiles."""
        self.compiling = True
        try:
            yield
        finally:
            self.compiling = False

    @abstractmethod
    def loss_and_gradients(self, batch: Any) -> float:
        """The mean loss of a batch; its gradients are added to those of the parameters."""

    def products(self) -> torch.autocast:
        """A context in which matrix products have the precision of the settings."""
        return torch.autocast(self.device, torch.bfloat16, enabled=self.low)


class ByHand(Way):
    """The layers' own backward passes; nothing is recorded."""

    name, title, by_hand = "hand", "by hand", True

    def __init__(self, objective: torch.nn.Module, settings: TrainingSettings) -> None:
        super().__init__(objective, settings)
        assert isinstance(objective, WithBackward)
        self.loss_vjp = objective.loss_vjp

    @classmethod
    def refusal(
        cls, objective: torch.nn.Module, settings: TrainingSettings, batches: BatchSource
    ) -> str | None:
        """It needs `loss_vjp`, and has nothing to compile."""
        if settings.compile:
            return "compile works only with gradients from autograd"
        if not isinstance(objective, WithBackward):
            return f"{type(objective).__name__} has no method loss_vjp"
        return None

    def loss_and_gradients(self, batch: Any) -> float:
        """There and back."""
        with torch.inference_mode(), self.products():
            loss, backward = self.loss_vjp(batch)
            backward()
        return loss.item()


class Autograd(Way):
    """torch's autograd, of the loss as it is or compiled by torch.compile."""

    name, title, by_hand = "autograd", "by autograd", False

    def __init__(self, objective: torch.nn.Module, settings: TrainingSettings) -> None:
        super().__init__(objective, settings)
        assert isinstance(objective, WithLoss)
        self.loss = compiled(objective.loss) if settings.compile else objective.loss
        self.begun = not settings.compile  # or whether the first step, which compiles, is made

    @classmethod
    def refusal(
        cls, objective: torch.nn.Module, settings: TrainingSettings, batches: BatchSource
    ) -> str | None:
        """It needs `loss`."""
        if not isinstance(objective, WithLoss):
            return f"{type(objective).__name__} has no method loss"
        return None

    def loss_and_gradients(self, batch: Any) -> float:
        """Record, and differentiate."""
        with nullcontext() if self.begun else self.compilation():
            with self.products():
                loss = self.loss(batch)
            loss.backward()  # type: ignore[no-untyped-call]
        self.begun = True
        if self.low:
            # The weights in bfloat16 that autocast keeps, until the outermost autocast ends: if a
            # caller is inside one of their own, they would still be those of the first step.
            torch.clear_autocast_cache()
        return loss.item()


class Compiled(ByHand):
    """Steps of a small net as compiled code, many at a time; what is not a step goes by hand."""

    name, title, needs = "compiled", "by compiled steps", "numba"

    def __init__(self, objective: torch.nn.Module, settings: TrainingSettings) -> None:
        super().__init__(objective, settings)
        self.require()

    @classmethod
    def refusal(
        cls, objective: torch.nn.Module, settings: TrainingSettings, batches: BatchSource
    ) -> str | None:
        """There must be kernels for all of the net, and nothing may look into its steps."""
        return refusal(settings) or why_no_program(objective, settings, batches)

    def waits_for(self, trainer: Trainer) -> str:
        """The compiler, once on a machine."""
        return wait_for(trainer.module, trainer.settings, trainer.batches)

    @contextmanager
    def driving(self, trainer: Trainer) -> Iterator[Callable[[], object]]:
        """By some hundred steps, with evaluations by kernels."""
        began = time.perf_counter()
        steps = ManySteps(trainer)
        with self.compilation():
            compiling = steps.load()
        trainer.compiling_seconds += compiling
        trainer.seconds += time.perf_counter() - began - compiling
        with steps.measuring():
            yield Turns(steps)


WAYS: dict[str, type[Way]] = {way.name: way for way in (ByHand, Autograd, Compiled)}


def refusals(
    objective: torch.nn.Module, settings: TrainingSettings, batches: BatchSource
) -> dict[str, str | None]:
    """For each way by name why it cannot be used here, None if it can.

    Raises:
        SettingsError: if none can be.
    """
    found = {name: way.refusal(objective, settings, batches) for name, way in WAYS.items()}
    if all(found.values()):
        reasons = "; ".join(f"{name}: {reason}" for name, reason in found.items())
        raise SettingsError(f"No way to compute gradients can be used here. {reasons}.")
    return found


def refuse(
    objective: torch.nn.Module, settings: TrainingSettings, batches: BatchSource, name: str
) -> None:
    """Refuse a way that cannot be used here.

    Raises:
        SettingsError: if it cannot.
        MissingPackageError: if what it needs is not installed.
    """
    if reason := WAYS[name].refusal(objective, settings, batches):
        found = refusals(objective, settings, batches)
        usable = [name for name, reason in found.items() if reason is None]
        others = [f"`{one}`" for one in refusing(settings)] if name == Compiled.name else []
        instead = f", or leave out {' and '.join(others)}" if others else ""
        raise SettingsError(
            f"`gradients` cannot be {name} here: {reason}.",
            hint=f"Set `gradients={usable[0]}`{instead}."
            if reason != NO_VARIANCE
            else "Give it at least 2 rows: a larger `batch_size`, or no BatchNorm.",
            setting="gradients",
        )
    WAYS[name].require()


def choose_way(objective: torch.nn.Module, settings: TrainingSettings, batches: BatchSource) -> Way:
    """The way that the settings name; for `auto` the first that can be used here.

    Raises:
        SettingsError: if it cannot be used.
        MissingPackageError: if what it needs is not installed.
    """
    name: str = settings.gradients
    if name == "auto":
        usable = (n for n, w in WAYS.items() if w.refusal(objective, settings, batches) is None)
        if (found := next(usable, None)) is None:
            refusals(objective, settings, batches)  # which says why
        name = found or name
    refuse(objective, settings, batches, name)
    return WAYS[name](objective, settings)


def compiled(loss: Callable[[Any], Tensor]) -> Callable[[Any], Tensor]:
    """A loss compiled by torch.compile.

    Raises:
        TrainingError: when it is first called, if it cannot be compiled here: there is no C++
            compiler, for example.
    """
    made = torch.compile(loss)

    def guarded(batch: Any) -> Tensor:
        try:
            return made(batch)
        except Exception as error:
            if not is_compilers(error):
                raise
            reason = str(error).strip().splitlines()[0]
            raise TrainingError(
                f"torch.compile cannot compile this model on this machine: {reason}",
                hint="Remove `compile`, or install a C++ compiler.",
            ) from error

    return guarded


def is_compilers(error: Exception) -> bool:
    """Whether an error comes from torch's compiler.

    torch has no public name for its compiler's errors: they are known by where they are defined.
    """
    homes = ("torch._dynamo", "torch._inductor")
    return any(kind.__module__.startswith(homes) for kind in type(error).__mro__)
