"""The comparison on one data set: its runs made, measured and ranked."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hornbook.errors import RunError, SettingsError
from hornbook.experiments.compare.board import (
    Board,
    BoardEntry,
    LeftOut,
    OneRun,
    ablation,
    ranked,
)
from hornbook.experiments.compare.events import (
    Comparing,
    Measuring,
    Planned,
    TrialBegan,
    TrialEnded,
)
from hornbook.experiments.compare.folder import ComparedFolder
from hornbook.experiments.compare.joined import joined_kinds
from hornbook.experiments.compare.makers import MadeTrial, Maker, one_by_one
from hornbook.experiments.compare.measurers import Measurer, measured_here
from hornbook.experiments.compare.measuring import MeasuredModel, measured_baselines, measured_run
from hornbook.experiments.compare.plan import Trial
from hornbook.experiments.compare.record import Look, Refusal
from hornbook.experiments.making import begun
from hornbook.paths import exists
from hornbook.runs import Run
from hornbook.runs.events import Noted, Warned
from hornbook.runs.prepare import Prepared
from hornbook.training.record import Record

__all__ = ["Contest", "Curve"]


@dataclass(frozen=True)
class Curve:
    """The evaluations of a run in the course of its training."""

    kind: str
    run: str
    metrics: tuple[Record, ...]
    together: bool = False
    "Whether it was trained together with others, which had their parts of its seconds."


class Contest:
    """The comparison on one data set.

    Args:
        name: of the data, and of the folder of their runs.
        prepared: the data.
        trials: that are to be made.
        joined: runs that are there already.
        folder: of the comparison, owned.
        listen: is told.
    """

    def __init__(
        self,
        name: str,
        prepared: Prepared,
        trials: Sequence[Trial],
        joined: Sequence[Run],
        folder: ComparedFolder,
        listen: Comparing,
    ) -> None:
        self.name, self.prepared, self.trials = name, prepared, list(trials)
        self.joined, self.folder, self.listen = joined, folder, listen
        self.at = folder.of_data(name)
        self.measured: dict[str, MeasuredModel] = {}

    def make(self, maker: Maker) -> None:
        """Make all runs that are not there yet.

        Raises:
            SettingsError: if none of the nets that were asked for could be made.
            HornbookError: that is of all of them.
        """
        record = self.folder.record
        self.refuse_own()
        known = {one.name for one in self.trials if record.refused(self.name, one.name)}
        known |= {one.name for one in self.trials if begun(self.at / one.name) == "done"}
        left = [one for one in self.trials if one.name not in known]
        seconds = [one.budget.seconds for one in left if one.seed is not None]
        about = sum(filter(None, seconds)) if seconds and None not in seconds else None
        self.listen(Planned(self.name, len(self.trials), len(known), about))
        given, there = (self.prepared, self.at, self.listen), self.there(known)
        # What is there is asked for too: another run in its place is refused.
        looked = one_by_one(given[0], there, *given[1:])
        begun_now: set[str] = set()  # several at a time, in any order
        ended = len(known) - len(there)  # of what was refused before nothing more is told
        for told in itertools.chain(looked, maker(given[0], left, *given[1:])):
            trial = told.trial if isinstance(told, MadeTrial) else told
            if not isinstance(told, MadeTrial):
                if trial.name not in known:
                    begun_now.add(trial.name)
                    place = len(known) + len(begun_now), len(self.trials)
                    self.listen(TrialBegan(self.name, trial, *place))
                continue
            ended += 1
            if told.refused:
                refusal = Refusal(
                    self.name, trial.name, trial.kind, told.refused, told.missing_package,
                    begun=exists(self.at / trial.name),
                )  # fmt: skip
                self.folder.write(self.folder.record.with_refusal(refusal))
            reached = None if told.refused else self.reached(trial)
            again = trial.name in known
            place = ended, len(self.trials)
            self.listen(TrialEnded(self.name, trial, *place, reached, told.refused, again))
        self.tell_without_nets()

    def refuse_own(self) -> None:
        """Refuse runs that join and are of this comparison already: each is to count once.

        Raises:
            RunError: naming the first.
        """
        made = [one.name for one in self.trials if begun(self.at / one.name) == "done"]
        own = {Run(self.at / name).record.id: name for name in made} if self.joined else {}
        for run in self.joined:
            if run.record.id in own:
                raise RunError(
                    f"{run.path} is the run {own[run.record.id]} of this comparison itself.",
                    hint="Leave it out: it is compared anyway.",
                )

    def there(self, known: set[str]) -> list[Trial]:
        """The trials whose runs are there."""
        record = self.folder.record
        return [
            one
            for one in self.trials
            if one.name in known and not record.refused(self.name, one.name)
        ]

    def reached(self, trial: Trial) -> float | None:
        """The deciding measure of a trial on dev, as its training told it."""
        run = Run(self.at / trial.name)
        return run.summary.reached(run.task.decides).get("dev")

    def made(self) -> list[Trial]:
        """The trials that have a run."""
        record = self.folder.record
        return [one for one in self.trials if not record.refused(self.name, one.name)]

    def tell_without_nets(self) -> None:
        """Tell that no net that was asked for could be made; what else there is is compared."""
        nets = [one for one in self.trials if one.seed is not None]
        if nets and not any(one.seed is not None for one in self.made()):
            self.listen(Warned(f"No net could be trained on {self.name}."))

    def nothing_made(self) -> SettingsError:
        """The error that there is nothing to measure, with the reasons."""
        left_out = self.left_out()
        reasons = "".join(f" {one.kind}: {one.why}" for one in left_out)
        again = any(one.again for one in left_out)
        return SettingsError(
            f"Nothing could be made on {self.name}.{reasons}",
            hint="Change what keeps the models from it, and choose another `out`"
            f"{'; or call again, which tries what was not begun' if again else ''}.",
        )

    def board(self, measurer: Measurer = measured_here) -> Board:
        """Measure all runs on dev and test, and rank them.

        Args:
            measurer: has the runs measured.

        Raises:
            HornbookError: if a run cannot be measured, or there is nothing to measure.
        """
        task, data = self.prepared.task, self.prepared.data
        split = "test" if "test" in data.sizes else "dev"
        if split == "dev":
            told = (
                f"{self.name} has no test split: verdicts are of dev, by which weights were kept."
            )
            self.listen(Warned(told))
        trials = self.made()
        runs = {one.name: Run(self.at / one.name) for one in trials}
        every = [*runs.values(), *self.joined]
        for number, run in enumerate(measurer(self.prepared, every, self.at), 1):
            self.listen(Measuring(self.name, run.path.name, number, len(every)))
        for run in every:
            self.measured[run.record.id] = measured_run(run, self.prepared, self.at)
        beside, missing = measured_baselines(self.prepared, self.at)
        if missing:
            self.listen(Warned(missing))
        if not every and not beside:
            raise self.nothing_made()
        self.noted_look(beside, split)
        kinds: dict[str, list[Trial]] = {}
        for trial in trials:
            kinds.setdefault(trial.kind, []).append(trial)
        entries = {
            kind: BoardEntry(
                kind, same[0].family, tuple(self.of_run(runs[one.name], one.seed) for one in same),
                same[0].seed is not None,
            )
            for kind, same in kinds.items()
        }  # fmt: skip
        others = [
            BoardEntry(kind, same[0].family, tuple(map(self.of_run, same)), same[0].made_as.trained)
            for kind, same in joined_kinds(self.joined).items()
        ]
        others += [
            BoardEntry(one.name, "", (OneRun(one, seconds=one.seconds),), seeded=False)
            for one in beside
        ]
        changed = {trial.kind: trial for trial in trials if trial.of}
        lines = [entry for kind, entry in entries.items() if kind not in changed]
        parts = []
        for base in dict.fromkeys(trial.of for trial in changed.values()):
            of_base = [(t.change, entries[t.kind]) for t in changed.values() if t.of == base]
            if base in entries:
                parts += ablation(base, entries[base], of_base, split)
        first = next(iter((*self.measured.values(), *beside)))
        return Board(
            self.name, task.decides, split, ranked([*lines, *others], task.decides, split),
            tuple(parts), self.left_out(), first.splits[split].groups,
            tuple(one.when for one in self.folder.record.looked(self.name)), tuple(data.about),
        )  # fmt: skip

    def of_run(self, run: Run, seed: int | None = None) -> OneRun:
        """A run with its figures."""
        summary, training = run.summary, run.record.training
        return OneRun(
            self.measured[run.record.id],
            run.path,
            training.seed if training is not None and seed is None else seed,
            summary.parameters,
            summary.seconds,
            summary.steps,
            summary.ending,
            run.record.together,
        )

    def noted_look(self, beside: Sequence[MeasuredModel], split: str) -> None:
        """Keep that test was looked at, and tell of a second look.

        Raises:
            RunError: if it cannot be kept.
        """
        record = self.folder.record
        names = [*self.measured, *(one.name for one in beside)]
        before = record.looked(self.name)
        seen = {name for look in before for name in look.runs}
        if split != "test" or set(names) <= seen:
            return
        when = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        self.folder.write(record.with_look(Look(when, self.name, tuple(names))))
        if before:
            self.listen(
                Warned(
                    f"Test of {self.name} is looked at again: the first time was "
                    f"{before[0].when}. Whatever was chosen by what it showed then is no longer "
                    "measured by it fairly."
                )
            )
        else:
            self.listen(Noted(f"Test of {self.name} is looked at now, for the first time."))

    def left_out(self) -> tuple[LeftOut, ...]:
        """What could not be made, each kind once, and why."""
        asked = Counter(one.kind for one in self.trials)
        refused: dict[str, list[Refusal]] = {}
        for trial in self.trials:
            if refusal := self.folder.record.refused(self.name, trial.name):
                refused.setdefault(trial.kind, []).append(refusal)
        return tuple(
            LeftOut(kind, all_[-1].why, len(all_), asked[kind], not all(r.begun for r in all_))
            for kind, all_ in refused.items()
        )

    def curves(self) -> list[Curve]:
        """What was evaluated in the course of each training."""
        found = []
        runs = [(trial.kind, Run(self.at / trial.name)) for trial in self.made()]
        runs += [(kind, run) for kind, same in joined_kinds(self.joined).items() for run in same]
        for kind, run in runs:
            if run.record.training is not None:
                metrics = tuple(run.directory.read_metrics())
                found.append(Curve(kind, run.path.name, metrics, run.record.together))
        return found
