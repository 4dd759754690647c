"""What differs between kinds of data: the contract of a task, and the table of tasks.

A task says how its data are recognised, loaded, split and kept, which families of models fit them,
how batches are made, what is measured, and what can be asked of a finished run. Sessions, runs,
inspection, comparison and the command line know this contract and no task by name.

    a first look at the file  → recognise     is it mine, how surely, and why
    the file                  → load          data: splits, and what a model must know (its shape)
    shape, settings, a start  → build         a model
    model, data               → batches       what it is trained on
    model, a split            → evaluate      its loss and other figures
    a finished run            → questions     what only this kind of run can answer

A new task is a package that imports nothing of other tasks, and one line in `built_in.TASKS`; a
program that brings its own calls `register`. A task's class is light: it is asked for its name, its
families and its questions before anything is loaded, so the heavy imports stand inside its methods.
"""

from __future__ import annotations

from hornbook.tasks.candidate import Candidate
from hornbook.tasks.data import Baseline, Claim, Data, Figures
from hornbook.tasks.family import Ancestor, Family, Imported, Preset, Start, find_family
from hornbook.tasks.grouped import AnswerPace, Grouped, GroupedBaseline
from hornbook.tasks.presets import NamedPreset, named_preset, presets
from hornbook.tasks.questions import Answer, Beside, Listed, Question, Row, Verb
from hornbook.tasks.table import (
    choose_task,
    of_kind,
    register,
    task_named,
    task_of_family,
    tasks,
    unregister,
)
from hornbook.tasks.task import NoOptions, Task

__all__ = [
    "Ancestor",
    "Answer",
    "AnswerPace",
    "Baseline",
    "Beside",
    "Candidate",
    "Claim",
    "Data",
    "Family",
    "Figures",
    "Grouped",
    "GroupedBaseline",
    "Imported",
    "Listed",
    "NamedPreset",
    "NoOptions",
    "Preset",
    "Question",
    "Row",
    "Start",
    "Task",
    "Verb",
    "choose_task",
    "find_family",
    "named_preset",
    "of_kind",
    "presets",
    "register",
    "task_named",
    "task_of_family",
    "tasks",
    "unregister",
]
