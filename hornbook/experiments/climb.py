"""The models among which the best is looked for, each made in its turn and kept.

    1  count, with the order and smoothing that suit dev
    2  train the nets that the task proposes for these data, each for an equal share of the time
    3  mix those that are not far behind, and read the data in the same way
    4  choose, by the loss on dev and by the samples: `choice`

Short trials that give the rest of the time to one net were tried too, and came out within a
hundredth (EXPERIMENTS.md): equal shares are simpler.

Every model is a run in a folder beside the result, and goes on where it was after a kill.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hornbook.errors import (
    DataError,
    HornbookError,
    MissingPackageError,
    SettingsError,
    TrainingError,
)
from hornbook.experiments.choice import Choice, choose, within
from hornbook.experiments.events import Climbing, RungBegan, RungEnded
from hornbook.experiments.ladder import Kind, LadderRecord, Rung, other_ladder
from hornbook.experiments.making import Budget, begun, data_sums, make_run
from hornbook.experiments.owned import own
from hornbook.runs import Run
from hornbook.runs.claim import refuse_if_taken
from hornbook.runs.contents import TRIED, clear
from hornbook.runs.lock import Lock
from hornbook.runs.prepare import Prepared
from hornbook.tasks import Candidate

__all__ = ["Climb"]

RESERVE, LEAST = 0.08, 15.0  # of the time, for what comes after the last training; seconds
LEFT_OUT = (SettingsError, DataError, TrainingError, MissingPackageError)
"What can keep one model from being made, and no other: too little time or data, divergence."
SHORTEST = 1.0  # seconds: a net is not begun for less
AT_LEAST = 5.0  # seconds for one net where there is nothing else: something is always tried
NEAR = 0.3  # of the best figure: what is further behind adds little to a mixture


class Climb:
    """From rung to rung, each kept as it is done.

    Args:
        prepared: the data and their task.
        folder: for the runs.
        minutes: for all of them.
        filter_command: decides which samples are sound; empty: the task does.
        listen: is told.
        overwrite: replace what was tried in another time.
    """

    def __init__(
        self,
        prepared: Prepared,
        folder: Path,
        minutes: float,
        filter_command: str,
        listen: Climbing,
        *,
        overwrite: bool,
    ) -> None:
        self.prepared, self.folder, self.listen = prepared, folder, listen
        self.filter_command, self.overwrite = filter_command, overwrite
        self.record = LadderRecord(minutes, prepared.task.name, data_sums(prepared.data))
        self.lock: Lock | None = None
        self.read: dict[str, Prepared] = {}  # the data as single models read it
        self.renewed = False  # whether a rung was made in this climb, and so a mixture is another

    def __enter__(self) -> Climb:
        """Own the folder, and take up what is there."""
        self.lock = own(self.folder)
        try:
            if (self.folder / TRIED).exists():
                self.record = self.taken_up(LadderRecord.read(self.folder))
            self.record.write(self.folder)
        except BaseException:
            self.lock.release()
            raise
        return self

    def taken_up(self, kept: LadderRecord) -> LadderRecord:
        """The record of an earlier climb; another time is a new climb, where that may be.

        Raises:
            RunError: if it was on other data, or in another time and nothing is to be replaced.
        """
        if kept.minutes == self.record.minutes and kept.same_data(self.record):
            return kept
        if not self.overwrite or not kept.same_data(self.record):
            raise other_ladder(kept, self.record, self.folder)
        for rung in kept.rungs:
            if rung.kind != "counted" and (path := self.folder / rung.name).exists():
                refuse_if_taken(path, overwrite=True)
                clear(path)
        counted = tuple(rung for rung in kept.rungs if rung.kind == "counted")
        return replace(self.record, rungs=counted)

    def __exit__(self, *_: object) -> None:
        """Give the folder up."""
        if self.lock is not None:
            self.lock.release()

    def climb(self) -> Choice:
        """Make all rungs, and choose.

        Raises:
            SettingsError: if no model could be made, not even the last in its few seconds.
        """
        task, data = self.prepared.task, self.prepared.data
        proposed = task.candidates(data, 60 * self.record.minutes)
        counted = [one for one in proposed if task.family(one.family).fitted]
        nets = [one for one in proposed if task.family(one.family).trained]
        for one in counted:
            self.rung(one.name, "counted", self.trained(one), loading=one.loading)
        for at, one in enumerate(nets):
            share = self.left / (len(nets) - at)
            if one is nets[-1] and not self.made:
                share = max(share, AT_LEAST)
            self.rung(one.name, "net", self.trained(one, share), share, one.loading)
        self.mixed([rung for rung in self.made if rung.kind != "mixture"])
        rungs = [self.judged(rung) for rung in self.record.rungs]
        if not self.made:
            reasons = " ".join(dict.fromkeys(rung.refused for rung in rungs))
            raise SettingsError(
                f"No model was made. {reasons}", hint="Allow more `minutes`.", setting="minutes"
            )
        return choose(rungs, task.decides, filtered=bool(self.filter_command))

    def judged(self, rung: Rung) -> Rung:
        """A rung with how sound its samples are."""
        if rung.refused:
            return rung
        run = Run(self.folder / rung.name)
        return replace(rung, sound=self.prepared.task.soundness(run, self.filter_command))

    @property
    def made(self) -> list[Rung]:
        """The rungs that have a model."""
        return [rung for rung in self.record.rungs if not rung.refused]

    @property
    def left(self) -> float:
        """Seconds that are left for training."""
        whole = 60 * self.record.minutes
        after = max(RESERVE * whole, min(LEAST, whole / 4))
        return whole - after - self.record.seconds

    def trained(self, one: Candidate, seconds: float | None = None) -> Callable[[Path], Run]:
        """What trains a candidate into a directory."""

        def make(path: Path) -> Run:
            training = one.training if seconds is not None else {}
            return make_run(
                self.read_for(one), one.family, one.settings, training, None, Budget(seconds),
                path, self.listen, baseline=seconds is not None,
            )  # fmt: skip

        return make

    def read_for(self, one: Candidate) -> Prepared:
        """The data as a candidate reads it.

        Raises:
            HornbookError: if it cannot be read so.
        """
        if not one.loading:
            return self.prepared
        task, data, key = self.prepared.task, self.prepared.data, repr(sorted(one.loading.items()))
        if key not in self.read:
            options = {**self.prepared.options, **one.loading}
            self.read[key] = Prepared(task, task.read_otherwise(data, options), options)
        return self.read[key]

    def mixed(self, rungs: Sequence[Rung]) -> None:
        """Mix what is not far behind, and predicts the same: the best one's kind, if it has more.

        Else those that read the data as it was asked for.
        """
        task = self.prepared.task
        near = within(NEAR, rungs, task.decides)
        first = within(0.0, rungs, task.decides)[:1]
        alike = [rung for rung in near if any(rung.loading == one.loading for one in first)]
        if len(alike) < 2:
            alike = [rung for rung in near if not rung.loading]
        if task.mixes and len(alike) > 1:
            paths = [self.folder / rung.name for rung in alike]
            loading = alike[0].loading
            self.rung("mixture", "mixture", lambda path: task.mix(paths, path), loading=loading)
        elif task.mixes and len(rungs) > 1:
            why = "The other models are too far behind the best one to add anything."
            self.noted(Rung("mixture", "mixture", 0.0, refused=why))

    def rung(
        self,
        name: str,
        kind: Kind,
        make: Callable[[Path], Run],
        seconds: float | None = None,
        loading: Mapping[str, Any] | None = None,
    ) -> None:
        """A model, made now or before, or refused."""
        known, path = self.kept(name), self.folder / name
        if known is None and seconds is not None and seconds < SHORTEST:
            known = Rung(name, kind, 0.0, refused="No time was left.")
        elif known is None:
            began = time.perf_counter()
            self.listen(RungBegan(name, kind, seconds, kind != "mixture" and bool(begun(path))))
            try:
                known = self.rung_of(make(path), name, kind, time.perf_counter() - began)
                known = replace(known, loading=dict(loading or {}))
            except LEFT_OUT as error:
                known = Rung(name, kind, time.perf_counter() - began, refused=error.message)
            self.renewed = True
        else:
            self.listen(RungEnded(known, known=True))
            return
        self.noted(known)

    def noted(self, rung: Rung) -> None:
        """Keep what became of a model, and tell of it."""
        self.record = self.record.with_rung(rung)
        self.record.write(self.folder)
        self.listen(RungEnded(rung, known=False))

    def kept(self, name: str) -> Rung | None:
        """A rung that was made before; None if its run is another by now, or a mixture of others.

        A run can be trained longer, or be deleted, between two climbs.
        """
        known = self.record.rung(name)
        if known is None or known.refused:
            return known
        if known.kind == "mixture" and self.renewed:
            return None
        try:
            found = self.rung_of(Run(self.folder / name), name, known.kind, known.seconds)
        except HornbookError:
            return None
        return known if found.reached == known.reached else None

    def rung_of(self, run: Run, name: str, kind: Kind, seconds: float) -> Rung:
        """What is noted of a run."""
        summary = run.summary
        reached = summary.reached(run.task.decides)
        split = "dev" if "dev" in reached else "train"
        value = reached.get(split)
        return Rung(
            name,
            kind,
            round(max(seconds, summary.seconds), 3),
            None if value is None else run.task.comparable(value, run, split),
            summary.parameters or 0,
        )

    def beside(self, seconds: float) -> None:
        """Take note of time that was spent on what is not a rung."""
        self.record = replace(self.record, beside=round(self.record.beside + seconds, 3))
