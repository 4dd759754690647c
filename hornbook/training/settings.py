"""The settings of training. No tensors here, so that a command line can be read without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from hornbook.errors import SettingsError
from hornbook.settings import Bounds, Settings
from hornbook.training.rates import own_rates

__all__ = ["TrainingSettings"]


@dataclass(frozen=True)
class TrainingSettings(Settings):
    """How a model is trained by gradients."""

    steps: Annotated[int, Bounds(1, 10**9)] = 5_000
    "Updates in all."
    batch_size: Annotated[int, Bounds(1, 2**24)] = 256
    "Predictions (window families), or rows (sequence families), in a batch."
    learning_rate: Annotated[float, Bounds(0, 1e6, above=True)] = 0.003
    "Largest learning rate; the schedule gives its share at each step."
    schedule: Literal["one-cycle", "cosine", "warm-restarts", "step", "constant"] = "one-cycle"
    """How the rate changes: up and down once, down as a cosine, the same again and again, down by a
    factor, or not."""
    warmup: Annotated[int, Bounds(0, 10**9)] = 0
    "Steps of linear rise at the beginning (all but one-cycle, which has its own)."
    peak_at: Annotated[float, Bounds(0, 1, above=True)] = 0.2
    "Share of the steps at which the rate is highest (one-cycle)."
    decay_at: Annotated[float, Bounds(0, 1)] = 0.5
    "Share of the steps after which the rate falls (step)."
    decay_by: Annotated[float, Bounds(0, 1)] = 0.1
    "Factor by which it falls (step)."
    cycle: Annotated[int, Bounds(0, 10**9)] = 0
    "Steps of the first cycle (warm-restarts; 0: as many as let three cycles fill the steps)."
    cycle_mult: Annotated[int, Bounds(1, 1000)] = 2
    "How many times as long as the one before each further cycle is (warm-restarts)."
    rates: tuple[str, ...] = ()
    """Rates of their own: 'PATTERN=FACTOR' for parameters whose names fit the pattern (* and ?);
    the first that fits multiplies the learning rate, 0 freezes. A wrong one lists the names."""
    optimizer: Literal["adamw", "muon", "sgd"] = "adamw"
    "Rule of the update; muon makes matrices' updates orthogonal and leaves the rest to adamw."
    momentum: Annotated[float, Bounds(0, 0.9999)] = 0.0
    "Share of the last update that is kept (sgd; muon has 0.95 of its own)."
    beta1: Annotated[float, Bounds(0, 0.9999)] = 0.9
    "Decay of the mean of gradients (adamw)."
    beta2: Annotated[float, Bounds(0, 0.999999)] = 0.99
    "Decay of the mean of squared gradients (adamw)."
    weight_decay: Annotated[float, Bounds(0, 1000)] = 0.01
    "Pull of the linear layers' weights towards zero; biases, gains and embeddings are left alone."
    clip: Annotated[float, Bounds(0, 1e9)] = 0.0
    "Largest norm of the gradient; longer ones are shortened to it (0: off)."
    accumulate: Annotated[int, Bounds(1, 65_536)] = 1
    "Parts in which a batch is worked through, one after the other, to need less memory."
    batches: Literal["auto", "random", "parallel"] = "auto"
    """A text as blocks from random places, or as parallel streams along which a recurrent net's
    state is kept; auto: parallel for those that keep one."""
    gradients: Literal["auto", "hand", "autograd"] = "auto"
    "Gradients by the layers' own derivatives or by torch's autograd; auto: the faster one here."
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    "Precision of matrix products in training; auto: bfloat16 where it is faster here."
    compile: bool = False
    "Compile the model with torch.compile; its gradients are then autograd's."
    watch: bool = False
    "Record activations, gradients and updates on the way, for `inspect`."
    watch_every: Annotated[int, Bounds(0, 10**9)] = 0
    "Updates from one such record to the next (0: a hundredth of all, but at least 50)."
    evaluate_on: Annotated[int, Bounds(0, 10**12)] = 30_000
    "Predictions of each split to measure in training (0: all); of dev all are, at the end."
    evaluate_every: Annotated[int, Bounds(0, 10**9)] = 0
    "Steps between losses on train and dev (0: a twentieth of all steps)."
    patience: Annotated[int, Bounds(0, 10**9)] = 10
    """Stop after this many evaluations without a better dev loss (0: never; with warm-restarts, not
    before the cycle ends)."""
    checkpoint_every: Annotated[int, Bounds(0, 10**9)] = 0
    "Steps between checkpoints (0: at each evaluation)."
    seed: Annotated[int, Bounds(0, 2**63 - 1)] = 1337
    "Seed of the start, of the batches and of dropout."
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    "Where to train; auto takes a GPU if there is one."
    threads: Annotated[int, Bounds(0, 1024)] = 0
    "Processor threads (0: one or all, whichever is faster here)."

    def __post_init__(self) -> None:
        super().__post_init__()
        one_cycle = self.schedule == "one-cycle"
        if self.warmup >= self.steps:
            raise SettingsError(
                f"`warmup` is {self.warmup:,} of {self.steps:,} steps: the peak would never come.",
                hint="Give fewer steps of `warmup`, or more `steps`.",
            )
        self.refuse_unless(not one_cycle, ("warmup",), "another `schedule` than one-cycle")
        self.refuse_unless(one_cycle, ("peak_at",), "`schedule=one-cycle`")
        self.refuse_unless(self.schedule == "step", ("decay_at", "decay_by"), "`schedule=step`")
        restarts = self.schedule == "warm-restarts"
        self.refuse_unless(restarts, ("cycle", "cycle_mult"), "`schedule=warm-restarts`")
        own_rates(self.rates)
        self.refuse_unless(self.optimizer == "sgd", ("momentum",), "`optimizer=sgd`")
        self.refuse_unless(
            self.optimizer != "sgd", ("beta1", "beta2"), "`optimizer=adamw` or `optimizer=muon`"
        )
        if self.compile and self.gradients == "hand":
            raise SettingsError(
                "compile needs autograd: gradients by hand are not compiled.",
                hint="Leave `gradients` out, or `compile`.",
            )
        if self.compile and self.watch:
            raise SettingsError(
                "What goes on inside a compiled model cannot be watched.",
                hint="Leave `compile` out, or `watch`.",
            )
        self.refuse_unless(self.watch, ("watch_every",), "`watch`")
        if self.accumulate > 1 and self.batches == "parallel":
            raise SettingsError(
                "`accumulate` has no place beside parallel streams: their state goes from batch to "
                "batch whole.",
                hint="Give a smaller batch size instead.",
            )

    @property
    def evaluation_interval(self) -> int:
        """Steps between evaluations."""
        return self.evaluate_every or max(1, self.steps // 20)

    @property
    def checkpoint_interval(self) -> int:
        """Steps between checkpoints."""
        return self.checkpoint_every or self.evaluation_interval
