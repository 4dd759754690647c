"""`hornbook train`: from a file to a run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import tyro

from hornbook.actions import Action
from hornbook.cli.arguments import CONFIG, DataArguments, parse, parsed_by
from hornbook.cli.choice import Chosen, FirstOfTraining, choose
from hornbook.cli.examples import examples_of_training
from hornbook.cli.grammar import Grammar
from hornbook.cli.interrupts import INTERRUPTED
from hornbook.cli.progress import telling
from hornbook.cli.training_summary import tell
from hornbook.cli.typed_flags import names_typed, values_typed
from hornbook.cli.unknown_words import ALSO_CALLED
from hornbook.errors import DivergedError, SettingsError
from hornbook.runs import Run, resume, train
from hornbook.runs.prepare import made_by_mixing, refuse_at_once
from hornbook.sources.source import Source
from hornbook.tasks import choose_task
from hornbook.training.settings import TrainingSettings

DESCRIPTION = """\
Train a model on DATA and save it to a run directory.

Examples:
{examples}

From an earlier run:
  train DATA --init-from RUN     begin with the weights of a run, on other data
  train --resume RUN             resume a run that was stopped
  train --resume RUN --steps N   train any run longer, to N steps in all

If the trained net is worse than the untrained one, the run is kept and the exit status is 1.

The settings below are those of --model {name}. For another family: hornbook train --model FAMILY \
--help. Families of {task}: {families}.
"""


@dataclass(frozen=True)
class Options(DataArguments):
    """Data and run."""

    model: str | None = None
    "Model family, see hornbook models."
    preset: str | None = None
    """Settings of a published model by name (gpt2, gpt2-medium, gpt2-large, gpt2-xl), with its
    tokens; flags beside it win."""
    out: str | None = None
    "Directory for the run; by default a new one under runs/."
    minutes: float | None = None
    """Train for this long: the number of steps is chosen to fit (instead of steps). Compiling for
    this machine, once, may come on top."""
    overwrite: bool = False
    "Replace a run that is already in that directory."
    init_from: str | None = None
    """Run whose weights to begin with (fine-tuning). Its family and settings are used; tokens that
    are in both vocabularies keep their learned weights."""
    report: Literal["", "tensorboard", "trackio", "wandb"] = ""
    """Also tell of the training while it runs: trackio, Weights & Biases (wandb), or event files
    for TensorBoard in a folder beside the run."""
    json: bool = False
    "Print only the summary, as JSON."


@dataclass(frozen=True)
class Comparison:
    """Comparison."""

    no_baseline: bool = False
    "Do not compare with a baseline on the same data (for text: n-gram counts)."


@dataclass(frozen=True)
class ResumeOptions:
    """Resuming."""

    resume: str
    "Directory of the run to resume, with its own data and settings."
    steps: int | None = None
    """Total number of steps, including those already done. More than before trains the run longer,
    with a schedule over the new total."""
    threads: int | None = None
    "CPU threads (default: as before)."
    device: Literal["auto", "cpu", "cuda", "mps"] | None = None
    "Device to train on (default: as before)."
    report: Literal["", "tensorboard", "trackio", "wandb"] = ""
    "Also tell of the training while it runs."
    json: bool = False
    "Print only the summary, as JSON."


@dataclass(frozen=True)
class MaybeResume:
    """Whether to resume."""

    resume: str | None = None


def run(argv: Sequence[str]) -> None:
    """Parse, train and tell."""
    if wants_resume(argv):
        go_on(argv)
        return
    chosen = choose("train", argv, FirstOfTraining)
    if chosen.line.made_by == "mixing":
        raise made_by_mixing(chosen.family)
    grammar = grammar_of(chosen)
    options = grammar.parse(argv)
    if chosen.source is None or chosen.source.given != options.data:
        # The file was not the first word: it is known only now, and may be another task's.
        grammar, options = again(grammar, options, argv)
    chosen = grammar.chosen

    def suited(training: TrainingSettings) -> TrainingSettings:
        return training.with_own(values_typed(options.training, argv))

    trained = chosen.line.trained
    if trained:
        own = values_typed(options.training, argv)
        steps = {name: value for name, value in own.items() if name == "steps"}
        refuse_at_once({"device": options.training.device, **steps}, options.minutes)
    with telling(options.json) as listen:
        finished = train(
            chosen.source or options.data,
            model=chosen.family,
            task=options.task,
            out=options.out,
            settings=options.settings,
            training=suited if trained else None,
            minutes=options.minutes,
            overwrite=options.overwrite,
            init_from=options.init_from,
            preset=options.preset,
            baseline="comparison" in vars(options) and not options.comparison.no_baseline,
            listen=listen,
            report=options.report or None,
            **options.loading.as_dict(),
        )
    conclude(finished, json=options.json)


def conclude(finished: Run, *, json: bool) -> None:
    """Tell how it ended; a training that was interrupted ends the command so.

    Raises:
        DivergedError: told already, if the net is worse than an untrained one: for the exit status.
    """
    tell(finished, json=json)
    if not finished.summary.ended:
        sys.exit(INTERRUPTED)
    if finished.summary.ending == "diverged":
        error = DivergedError("The trained net is worse than the untrained one.")
        error.told_elsewhere = True
        raise error


def wants_resume(argv: Sequence[str]) -> bool:
    """Whether a run is to be gone on with."""
    if "resume" not in names_typed(argv):
        return False
    parser = partial(tyro.cli, MaybeResume, return_unknown_args=True, add_help=False, config=CONFIG)
    found, _ = parsed_by(parser, argv, "train")
    resume_from: str | None = found.resume
    return resume_from is not None


def go_on(argv: Sequence[str]) -> None:
    """Resume a run."""
    description = (
        "Resume a run that was stopped, exactly as if it had not been, or train one longer.\n\n"
        "Examples:\n  hornbook train --resume runs/net\n"
        "  hornbook train --resume runs/net --steps 20000"
    )
    options = parse(ResumeOptions, "train", description, argv, foreign=nothing_beside)
    with telling(options.json) as listen:
        finished = resume(
            options.resume,
            steps=options.steps,
            threads=options.threads,
            device=options.device,
            listen=listen,
            report=options.report or None,
        )
    conclude(finished, json=options.json)


def nothing_beside(words: Sequence[str]) -> None:
    """Refuse words beside a run that is to be resumed.

    Raises:
        SettingsError: naming it.
    """
    name, _, _ = words[0].replace("_", "-").partition("=")
    told = " ".join(words)
    if (meant := ALSO_CALLED.get(name)) is not None:
        told = f"There is no {name}: it is {meant}, which"
    raise SettingsError(
        f"{told} has no effect with --resume: a run keeps its data and settings; only "
        "--steps, --threads and --device can be changed.",
        hint="Leave it out, or train a new run that begins with the weights of this one:",
        action=Action("train", ("DATA",), {"init_from": "RUN"}),
    )


def grammar_of(chosen: Chosen) -> Grammar:
    """The flags of training a family."""
    families = [name for name, line in chosen.task.families.items() if line.made_by != "mixing"]
    description = DESCRIPTION.format(
        examples=examples_of_training(chosen), name=chosen.family, task=chosen.task.name,
        families=", ".join(families),
    ).strip()  # fmt: skip
    if chosen.line.sized is not None:
        description += (
            " Steps and batch size grow with the data; those below are for 80,000 rows of train."
        )
    for kind, own in chosen.line.kinds.items():
        other = ", ".join(f"{name} {value}" for name, value in own.items())
        description += f" Defaults for {kind}: {other}."
    more = {} if chosen.line.made_by == "counting" else {"comparison": Comparison()}
    return Grammar("train", description, Options, chosen, more)


def again(grammar: Grammar, options: Options, argv: Sequence[str]) -> tuple[Grammar, Options]:
    """The grammar and what was parsed, once the file is known."""
    source, chosen = Source(options.data), grammar.chosen
    task = chosen.task
    free = chosen.ancestor is None and chosen.preset is None
    if options.task is None and options.model is None and free:
        typed = dict.fromkeys(names_typed(argv))
        task, _ = choose_task(source, None, None, {**typed, **vars(options)["loading"].changed()})
    if task is not chosen.task:
        family = task.usual_family(source, vars(options)["loading"].changed())
        grammar = grammar_of(Chosen(task, family, source))
        return grammar, grammar.parse(argv)
    grammar.chosen = replace(chosen, source=source)
    return grammar, options
