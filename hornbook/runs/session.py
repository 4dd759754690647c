"""What trains: device, model and batches, built once for a new run, a resumed one, or a trial."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

from hornbook.errors import SettingsError
from hornbook.records import JSONObject
from hornbook.rendering import many, short_time
from hornbook.runs.events import Calibrated, Compiling, Listener, Noted, Warned, nobody
from hornbook.settings import Settings
from hornbook.tasks import Data, Start, Task
from hornbook.training.distributed import World
from hornbook.training.measures import Evaluation, Extent
from hornbook.training.settings import TrainingSettings

if TYPE_CHECKING:
    from hornbook.runs.run import Run
    from hornbook.training.trainer import Trainer

__all__ = ["Session"]

EVALUATIONS = 20  # in the course of a training, where nothing else is asked
MARGIN = 0.97  # of the time: what is kept beside it takes a little
EVALUATED = 0.15  # of a given time, at most, for evaluations in the course of training
LOOK = 0.01  # of a given time, for timing steps
LEAST, PROBE = 500, 2_000  # predictions that tell something, and that are timed
MEASURED = ("train", "dev")  # splits that are measured in the course of training


class Session:
    """A model on its device, its data and its batches.

    Building it touches no file, so whatever would stop training at once is found before a
    directory is. Torch's global random numbers begin at the seed, and are not drawn from.

    Args:
        task: of the data.
        data: loaded.
        family: of the model.
        settings: of the family.
        training: as they were given, or, of a run that goes on, as they were settled.
        world: the processes that train together.

    Attributes:
        model: on its device, as training begins with it.
        batches: of the train split.
        training: with all decided that hangs on data and model; `calibrate` decides the rest.
        calibration: digest of the kind of training for which it is kept; empty if nothing was open.
        calibration_seconds: what that took.
        compiling: the part of it in which steps were compiled for this machine.
        milliseconds: a step's, as they were measured for this kind of training; None if not.
        evaluation_seconds: what the last evaluation took.
        counted: how many predictions of each split it was of, where the task counts them.

    Raises:
        SettingsError: if this machine has no such device, rates name no parameters of the model, it
            would have more parameters than a small model has (they are counted without being made),
            or the settings do not fit the data.
    """

    def __init__(
        self,
        task: Task[Any],
        data: Data,
        family: str,
        settings: Settings,
        training: TrainingSettings,
        world: World | None = None,
    ) -> None:

        from hornbook.compute.device import choose_device
        from hornbook.compute.memory import keep_freed_memory
        from hornbook.compute.random_states import seed_random

        keep_freed_memory()
        self.task, self.data, self.family, self.settings = task, data, family, settings
        self.world = world or World()
        self.device = choose_device(training.device, self.world.local)
        self.start = Start("seed", training.seed)
        refuse_unfit(task, data, family, settings, training)
        # Dropout's numbers, others in each process; the start has a generator of its own.
        seed_random(self.device, training.seed + self.world.rank)
        with untouched_by(family):
            self.model = task.build(family, settings, data.shape, self.start).to(self.device)
            task.acquaint(self.model, data)
        self.training = task.settle(self.model, data, training, self.world.size)
        self.batches = task.batches(self.model, data, self.training)
        self.calibration, self.calibration_seconds = "", 0.0
        self.compiling = 0.0
        self.milliseconds: float | None = None
        self.evaluation_seconds = 0.0
        self.counted: dict[str, int] = {}

    def inherit(self, ancestor: Run) -> str:
        """Begin with the weights of a run; gives in words what was taken.

        Raises:
            HornbookError: if they do not fit, or cannot be read.
        """
        from hornbook.runs.ancestor import named_ancestor, shortened

        said = self.task.inherit(self.model, self.data, ancestor, self.training.rates)
        fewer = shortened(ancestor, self.settings)
        named = replace(named_ancestor(ancestor), shortened=fewer)
        self.start = Start("run", self.training.seed, (named.id,), named)
        began = f"Training begins with the weights of {named.run}"
        if ancestor.record.start.kind != "import":  # those have no steps
            began += f", from its step {named.steps:,}"
        told = [f"{began}: {said}" if said else f"{began}."]
        for name, size in fewer.items():
            before = getattr(ancestor.settings, name)
            told.append(f"`{name}` is {size:,} here and {before:,} there: the first are taken.")
        return " ".join(told)

    def calibrate(self, listen: Listener = nobody, seconds: float | None = None) -> None:
        """Choose what the settings leave open: recomputation, threads, precision, the way to the
        gradients, and on how much to evaluate.

        Going on after a stop has to use the same ones, for sums come out otherwise on others: what
        is chosen becomes part of `training`.

        Args:
            listen: is told of it.
            seconds: that training is to last, where that decides and not `steps`.
        """
        from hornbook.compute.load import cores_allowed
        from hornbook.training.compilable import sharing, some_program
        from hornbook.training.kept_choices import calibrate_once
        from hornbook.training.recomputation import choose_recompute

        self.training, told = choose_recompute(
            self.model, self.batches, self.training, self.world.size
        )
        if told is not None:
            listen(Noted(told))
        lowered = self.lower_evaluation()
        kind = cast(Literal["cpu", "cuda", "mps"], self.device.type)
        what: JSONObject = {
            "family": self.family,
            "settings": self.settings.as_dict(),
            "data": self.data.kind,
            "processes": self.world.size,
        }
        wanted = replace(self.training, device=kind)
        found = calibrate_once(
            self.model, self.batches, wanted, what, seconds=seconds,
            tell=lambda text: listen(Compiling(text)), note=lambda text: listen(Noted(text)),
        )  # fmt: skip
        if found.settings.gradients == "compiled":
            program = some_program(self.model, found.settings, self.batches)
            found = replace(found, sharing=sharing(program, found.settings.threads))
        self.training, self.calibration = found.settings, found.key
        self.calibration_seconds, self.milliseconds = found.seconds, found.milliseconds
        self.compiling = found.compiling
        listen(Calibrated(found, lowered))
        there = cores_allowed()
        if self.training.threads > there:
            listen(
                Warned(
                    f"`threads` is {self.training.threads:,}, and there are only "
                    f"{many(there, 'processor')} here: threads without one wait for each other."
                )
            )

    def lower_evaluation(self) -> int:
        """Evaluate on fewer predictions where the default would cost too much.

        Returns:
            On how many then; 0 if nothing was to be changed.
        """
        from hornbook.training.evaluation_share import affordable

        sizes, per_epoch = self.data.sizes, self.batches.per_epoch
        evaluated = affordable(
            self.training,
            [sizes[name] for name in self.measured],
            sizes["train"] / per_epoch,
            self.model.n_parameters,
        )
        if evaluated == self.training.evaluate_on:
            return 0
        self.training = replace(self.training, evaluate_on=evaluated)
        return evaluated

    @property
    def measured(self) -> list[str]:
        """The splits that are measured in the course of training."""
        return [name for name in MEASURED if name in self.data.sizes]

    def evaluate(self) -> Evaluation:
        """What is measured in the course of training."""
        began = time.perf_counter()
        found = {
            name: self.task.evaluate(self.model, self.data, name, self.training.evaluate_on)
            for name in self.measured
        }
        self.evaluation_seconds = time.perf_counter() - began
        self.counted = {name: held.predictions for name, held in found.items() if held.predictions}
        return Evaluation(
            {name: held.loss for name, held in found.items() if held.loss is not None},
            {name: held.measures for name, held in found.items() if held.measures},
        )

    def time_of(self, steps: int, each: float) -> float:
        """Seconds that so many steps take, with the evaluations among them and the last one.

        Args:
            steps: still to do.
            each: seconds a step.
        """
        often = steps // self.training.evaluation_interval
        return steps * each + often * self.evaluation_seconds + self.last_evaluation

    @property
    def during(self) -> dict[str, Extent]:
        """How much of each split is measured in the course of training."""
        limit, sizes = self.training.evaluate_on, self.data.sizes
        return {
            name: Extent(
                self.counted.get(name, min(limit or sizes[name], sizes[name])), sizes[name]
            )
            for name in self.measured
        }

    def at_the_end(self, training: TrainingSettings | None = None) -> dict[str, Extent]:
        """How much of each split the last figures are of.

        Args:
            training: other settings than the session's.
        """
        from hornbook.training.evaluation_share import at_the_end

        how = training or self.training
        sizes = {name: self.data.sizes[name] for name in self.measured}
        per_step = sizes["train"] / self.batches.per_epoch
        found = at_the_end(how, sizes, per_step, self.model.n_parameters)
        return {name: Extent(count, sizes[name]) for name, count in found.items()}

    def measured_again(self, training: TrainingSettings | None = None) -> dict[str, Extent]:
        """The splits that are measured once more at the end, and about how much of each.

        Args:
            training: other settings than the session's.
        """
        limit = (training or self.training).evaluate_on
        found = self.at_the_end(training)
        return {name: extent for name, extent in found.items() if 0 < limit < extent.measured}

    def last_predictions(self, training: TrainingSettings | None = None) -> int:
        """How many are measured at the end: of splits of which fewer were measured before."""
        return sum(one.measured for one in self.measured_again(training).values())

    @property
    def last_evaluation(self) -> float:
        """Seconds for the evaluation at the end."""
        return self.evaluation_seconds * self.last_predictions() / self.predictions

    def compile_steps(self, listen: Listener) -> None:
        """Compile steps that no calibration has compiled, where that is still to be done."""
        from hornbook.training.compilable import compile_steps, wait_for

        how = self.training
        if how.gradients != "compiled" or self.compiling:
            return
        if wait := wait_for(self.model, how, self.batches):
            listen(Compiling(wait))
            self.compiling = compile_steps(self.model, how, self.batches)
            self.calibration_seconds += self.compiling

    def fit_into(self, seconds: float, listen: Listener = nobody) -> None:
        """Set the number of steps so that training takes so long, calibration included.

        Compiling, which a machine does once, takes half of the time at most: what is beyond that
        comes on top, or on a busy machine nothing would be left to train in.

        A few steps and a small evaluation are timed, on copies; what is chosen becomes part of
        `training`, so that a resumed run ends where an uninterrupted one would. Where evaluations
        would take more than a part of the time, they are of fewer predictions.

        Args:
            seconds: for all of it.
            listen: is told if steps are compiled.

        Raises:
            SettingsError: if there is no time for a single step.
        """
        from hornbook.training.calibration import time_steps

        self.compile_steps(listen)  # it is not what a step takes
        began = time.perf_counter()
        with self.working():
            each = time_steps(self.model, self.batches, self.training, LOOK * seconds)
            prediction = self.time_of_prediction()
        beyond = max(0.0, self.compiling - seconds / 2)
        spent = self.calibration_seconds - beyond + time.perf_counter() - began
        whole = MARGIN * seconds - spent
        # The last evaluation after as many steps as there is room for: fewer do not make it longer.
        longest = replace(
            self.training,
            steps=max(1, int(whole / each)),
            evaluate_on=min(LEAST, self.training.evaluate_on),
        )
        whole -= prediction * self.last_predictions(longest)
        if self.training.evaluate_every:
            evaluation = prediction * self.predictions
            left, each = whole - evaluation, each + evaluation / self.training.evaluate_every
        else:
            most = int(EVALUATED * whole / (EVALUATIONS + 1) / prediction / len(self.measured))
            limit = self.training.evaluate_on or max(self.data.sizes.values())
            on = min(limit, max(LEAST, most)) if most < limit else self.training.evaluate_on
            self.training = replace(self.training, evaluate_on=on)
            left = whole - (EVALUATIONS + 1) * prediction * self.predictions
        steps = int(left / each)
        if steps < 1:
            beside, needed = seconds - left, math.ceil((seconds - left + each) / MARGIN)
            raise SettingsError(
                f"{short_time(seconds)} is too short to train this model: one step takes "
                f"{short_time(each)}, and everything else (preparing, evaluating, saving) "
                f"{short_time(beside)}. As busy as this machine is now, it needs "
                f"{short_time(needed)}.",
                hint="Allow more time, or train a smaller model.",
                setting="minutes",
            )
        self.training = replace(self.training, steps=steps)

    @property
    def predictions(self) -> int:
        """How many an evaluation in the course of training measures."""
        limit, sizes = self.training.evaluate_on, self.data.sizes
        return sum(min(limit or sizes[name], sizes[name]) for name in self.measured)

    def time_of_prediction(self) -> float:
        """Seconds that it takes to measure one prediction, among many."""
        split, times = self.measured[-1], []
        for _ in range(2):  # the first asks for memory, which of a few predictions is the most
            began = time.perf_counter()
            self.task.evaluate(self.model, self.data, split, PROBE)
            times.append(time.perf_counter() - began)
        return min(times) / min(PROBE, self.data.sizes[split])

    def trainer(self, **callbacks: Any) -> Trainer:
        """The trainer of this model on these batches."""
        from hornbook.training.trainer import Trainer

        return Trainer(
            self.model,
            self.batches,
            self.training,
            self.evaluate,
            decides=self.task.keeps_by,
            world=self.world,
            # Where nothing is learned, the start is what there is to keep.
            keep_start=self.start.kind == "run" or not self.training.steps,
            **callbacks,
        )

    @contextmanager
    def working(self) -> Iterator[None]:
        """A context in which to train: the threads of the settings, the same bits every time."""
        from hornbook.compute.deterministic import deterministic
        from hornbook.compute.threads import threads

        with threads(self.training.threads), deterministic(self.device):
            yield


def refuse_unfit(
    task: Task[Any], data: Data, family: str, settings: Settings, training: TrainingSettings
) -> None:
    """Refuse a model that is too large, and rates that fit none of its parameters.

    Raises:
        SettingsError: if it is, or they do not.
    """
    from hornbook.training.rates import rate_factors

    bare = task.refuse_too_large(family, settings, data.shape)
    rate_factors([name for name, _ in bare.named_parameters()], training.rates)


@contextmanager
def untouched_by(family: str) -> Iterator[None]:
    """A context in which torch's global random numbers must not be drawn from.

    Raises:
        TypeError: if they were: a family draws its start from the generator that it is given, so
            that the start is a function of the seed alone.
    """
    import torch

    before = torch.get_rng_state()
    yield
    if not torch.equal(before, torch.get_rng_state()):
        raise TypeError(
            f"the family {family} uses torch's global generator for its initial weights; it must "
            "use the generator that it is given"
        )


def throttled(tell: Callable[[Any], None], interval: float = 0.1) -> Callable[[Any], None]:
    """The same, called at most once in so many seconds: a step may take a millisecond."""
    told = 0.0

    def now_and_then(value: Any) -> None:
        nonlocal told
        now = time.perf_counter()
        if now - told >= interval:
            told = now
            tell(value)

    return now_and_then
