"""The settings of training. No tensors here, so that a command line can be read without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from hornbook.errors import SettingsError
from hornbook.ranges import Around
from hornbook.settings import Bounds, Settings
from hornbook.training.rates import own_rates

__all__ = ["EVALUATED", "TrainingSettings"]

EVALUATED = 30_000  # predictions of each split that are evaluated during training, if affordable

# What is set back where this optimizer is chosen in place of the recommended one. The weight decay
# that suits AdamW is not that of Adam: added to gradients that are far smaller than the weights, it
# drowns them.
ANOTHERS: Mapping[str, Mapping[str, Any]] = {
    "adam": {"weight_decay": 0.0, "momentum": 0.0},
    "adamw": {"momentum": 0.0},
    "muon": {"momentum": 0.0},
    "sgd": {"beta1": 0.9, "beta2": 0.99},
}


@dataclass(frozen=True)
class TrainingSettings(Settings):
    """How a model is trained by gradient descent."""

    steps: Annotated[int, Bounds(0, 10**9)] = 5_000
    "Number of training steps: updates of the weights (0: the untrained net, to look at)."
    batch_size: Annotated[int, Bounds(1, 2**24)] = 256
    "Predictions per batch for models that read windows, sequences per batch for all others."
    learning_rate: Annotated[float, Bounds(0, 1e6, above=True), Around(4)] = 0.003
    "Peak learning rate; the schedule scales it at each step."
    schedule: Literal["one-cycle", "cosine", "warm-restarts", "step", "constant"] = "one-cycle"
    """How the learning rate changes during training: one-cycle rises, then falls; cosine falls;
    warm-restarts repeats cosine cycles; step falls once, by a factor; constant stays the same."""
    warmup: Annotated[int, Bounds(0, 10**9)] = 0
    "Steps of linear warm-up (not with schedule=one-cycle, which has its own)."
    peak_at: Annotated[float, Bounds(0, 1, above=True)] = 0.2
    "Fraction of the steps after which the learning rate peaks (only with schedule=one-cycle)."
    decay_at: Annotated[float, Bounds(0, 1)] = 0.5
    "Fraction of the steps after which the learning rate falls (only with schedule=step)."
    decay_by: Annotated[float, Bounds(0, 1)] = 0.1
    "Factor by which the learning rate is multiplied there (only with schedule=step)."
    cycle: Annotated[int, Bounds(0, 10**9)] = 0
    """Steps in the first cycle (only with schedule=warm-restarts; 0: chosen so that three cycles
    fill all steps)."""
    cycle_mult: Annotated[int, Bounds(1, 1000)] = 2
    "Factor by which each cycle is longer than the one before (only with schedule=warm-restarts)."
    rates: tuple[str, ...] = ()
    """Learning rates per parameter, as 'PATTERN=FACTOR' ('*' and '?' are wildcards): the first
    pattern that matches a parameter's name multiplies its learning rate; 0 freezes it. A pattern
    that matches nothing is an error, which lists all names."""
    optimizer: Literal["adam", "adamw", "muon", "sgd"] = "adamw"
    """Optimizer. adamw: Adam, and apart from it the weights shrink by the weight decay. adam: the
    weight decay is added to the gradients (L2) and scaled with them. muon: the updates of weight
    matrices are made orthogonal; adamw for the rest. sgd: plain gradient descent,
    the weight decay added to the gradients."""
    momentum: Annotated[float, Bounds(0, 0.9999)] = 0.0
    "Momentum (only with optimizer=sgd; muon always uses 0.95)."
    beta1: Annotated[float, Bounds(0, 0.9999)] = 0.9
    """Adam's decay rate for the running mean of gradients (not with optimizer=sgd). Tables
    that are updated by the rows of a batch go without."""
    beta2: Annotated[float, Bounds(0, 0.999999)] = 0.99
    "Adam's decay rate for the running mean of squared gradients (not with optimizer=sgd)."
    weight_decay: Annotated[float, Bounds(0, 1000)] = 0.01
    """Weight decay of the linear layers' weights; biases, gains and embeddings are not decayed.
    With optimizer=adam it is 0 unless it is given: what is recommended for adamw would be far too
    much in the gradients, where 0.00001 is usual."""
    clip: Annotated[float, Bounds(0, 1e9)] = 0.0
    "Maximum gradient norm; larger gradients are scaled down to it (0: no clipping)."
    accumulate: Annotated[int, Bounds(1, 65_536)] = 1
    "Gradient accumulation: process each batch in this many parts, to need less memory."
    recompute: Literal["auto", "yes", "no"] = "auto"
    """Activation recomputation: keep only what enters each block of the net, and compute the block
    once more on the backward pass, which needs less memory and more time (auto: if training would
    not fit into memory otherwise)."""
    batches: Literal["auto", "random", "parallel"] = "auto"
    """How batches are taken from a text: random, as blocks at random positions; parallel, as
    streams along which a recurrent net carries its state from batch to batch; auto, parallel for
    nets that can carry a state, random for all others."""
    gradients: Literal["auto", "hand", "autograd", "compiled"] = "auto"
    """How gradients are computed: hand, by each layer's own backward pass; autograd, by torch;
    compiled, whole steps of a small net by compiled code (extra `fast`); auto, whichever is faster
    on this machine, counting the seconds that compiled code takes to load or to compile."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    "Precision of matrix products in training (auto: bfloat16 if it is faster on this machine)."
    compile: bool = False
    "Compile the model with torch.compile (only with gradients by autograd)."
    watch: bool = False
    "Record activations, gradients and updates during training, for inspect."
    watch_every: Annotated[int, Bounds(0, 10**9)] = 0
    "Steps between such records (only with watch; 0: a hundredth of all steps, at least 50)."
    evaluate_on: Annotated[int, Bounds(0, 10**12)] = EVALUATED
    """Predictions per split to evaluate during training (0: all); the default is lowered where
    evaluating would take more than half of the arithmetic of training. At the end, dev and then
    train are evaluated in full where that takes at most a tenth of it, or about a second."""
    evaluate_every: Annotated[int, Bounds(0, 10**9)] = 0
    "Steps between evaluations on train and dev (0: a twentieth of all steps)."
    patience: Annotated[int, Bounds(0, 10**9)] = 10
    """Stop early after this many evaluations without a better result on dev (0: never; with
    schedule=warm-restarts, only at the end of a cycle)."""
    checkpoint_every: Annotated[int, Bounds(0, 10**9)] = 0
    "Steps between checkpoints (0: at every evaluation)."
    seed: Annotated[int, Bounds(0, 2**63 - 1)] = 1337
    "Random seed of the initial weights, the batches and dropout."
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    "Device to train on (auto: a GPU if there is one)."
    threads: Annotated[int, Bounds(0, 1024)] = 0
    "CPU threads (0: as many as are fastest on this machine)."

    def with_own(self, own: Mapping[str, Any]) -> TrainingSettings:
        """These settings, as they are recommended, with some of one's own in their places.

        What is recommended for one optimizer does not stay where another is chosen.

        Raises:
            SettingsError: if one is unknown or not allowed.
        """
        name = own.get("optimizer", self.optimizer)
        apart = ANOTHERS.get(str(name), {}) if name != self.optimizer else {}
        return type(self).from_dict({**self.as_dict(), **apart, **own})

    def usual_beside(self, chosen: TrainingSettings) -> dict[str, Any]:
        """These settings, as they are recommended beside the optimizer that was chosen.

        A setting of `chosen` that differs was chosen, too.
        """
        beside = self.with_own({"optimizer": chosen.optimizer}).as_dict()
        return {**beside, "optimizer": self.optimizer}

    def __post_init__(self) -> None:
        super().__post_init__()
        one_cycle = self.schedule == "one-cycle"
        if self.warmup and self.warmup >= self.steps:
            raise SettingsError(
                f"`warmup` is {self.warmup:,} of {self.steps:,} steps: the learning rate would "
                "never reach its peak.",
                hint="Set `warmup` to fewer steps, or increase `steps`.",
            )
        self.refuse_unless(not one_cycle, ("warmup",), "a `schedule` other than one-cycle")
        self.refuse_unless(one_cycle, ("peak_at",), "`schedule=one-cycle`")
        self.refuse_unless(self.schedule == "step", ("decay_at", "decay_by"), "`schedule=step`")
        restarts = self.schedule == "warm-restarts"
        self.refuse_unless(restarts, ("cycle", "cycle_mult"), "`schedule=warm-restarts`")
        own_rates(self.rates)
        self.refuse_unless(self.optimizer == "sgd", ("momentum",), "`optimizer=sgd`")
        self.refuse_unless(
            self.optimizer != "sgd", ("beta1", "beta2"), "an `optimizer` other than sgd"
        )
        if self.compile and (name := self.gradients) in ("hand", "compiled"):
            raise SettingsError(
                f"`compile` works only with gradients from autograd, not with `gradients={name}`.",
                hint="Remove `compile`, or set `gradients=autograd`.",
            )
        if self.compile and self.watch:
            raise SettingsError(
                "`watch` cannot record the activations and gradients inside a compiled model.",
                hint="Remove `compile` or `watch`.",
            )
        self.refuse_unless(self.watch, ("watch_every",), "`watch`")
        if self.gradients == "compiled" and self.watch:
            raise SettingsError(
                "`watch` cannot record the activations and gradients inside compiled steps.",
                hint="Remove `watch`, or set `gradients=hand`.",
            )
        if self.accumulate > self.batch_size:
            raise SettingsError(
                f"`accumulate` is {self.accumulate:,}, but `batch_size` is {self.batch_size:,}: a "
                "batch cannot be processed in more parts than it has rows.",
                hint="Lower `accumulate`, or raise `batch_size`.",
                setting="accumulate",
            )
        if self.accumulate > 1 and self.batches == "parallel":
            raise SettingsError(
                "`accumulate` cannot be used with `batches=parallel`: the state is carried from "
                "batch to batch for all streams at once.",
                hint="Reduce `batch_size` instead.",
            )

    @property
    def evaluation_interval(self) -> int:
        """Steps between evaluations."""
        return self.evaluate_every or max(1, -(-self.steps // 20))

    @property
    def checkpoint_interval(self) -> int:
        """Steps between checkpoints."""
        return self.checkpoint_every or self.evaluation_interval
