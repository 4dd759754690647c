"""Which verb, and what becomes of its errors.

Exit status: 0 well done; 1 a mistake of the user's, told in one message on stderr, a training that
has diverged, whose run is kept, or a fault of ours; 2 a command line that could not be understood;
130 stopped with Ctrl-C, 143 with SIGTERM, 129 with SIGHUP, whether or not there was something to
keep.

Each verb's module is imported only when it is called, so that help comes at once.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import keyword
import os
import re
import sys
import time
import traceback
from collections.abc import Iterator, Sequence

from hornbook import built_in
from hornbook.cli.interrupts import answering_interrupts, status_of_stop
from hornbook.cli.libraries import quiet_libraries
from hornbook.cli.streams import (
    ReaderGoneError,
    standard_streams,
    write_beside,
    write_result,
)
from hornbook.cli.torch_import import import_torch_in_one_go
from hornbook.errors import HornbookError
from hornbook.extras import needing_torch
from hornbook.suggestions import did_you_mean

__all__ = ["VERBS", "main"]

VERBS = {
    "best": "find the best model for a file in a given time",
    "train": "train a model on a file and save it as a run",
    "compare": "tell which of several models is really better, by more than luck",
    "rate": "find a learning rate before training",
    "sweep": "search the settings of a model family for the best",
    "evaluate": "evaluate a run on its splits, or on another file",
    "runs": "list the runs in a folder, with their losses",
    "reproduce": "repeat the figures of the lectures, each beside the lecture's own",
    "mix": "average several runs on the same data into one",
    "import": "make a run of a model that others trained: GPT-2, or one shaped as Llama",
    "strip": "remove the data from a run, before you share it",
    "export": "write a run in another format, or as a page to give away",
    "doctor": "check a file for problems before training on it",
    "tokenize": "show which tokens a text is cut into, and what others would give",
    "inspect": "report on a run: how good it is, what it makes, what is wrong; one page to send",
    "gradients": "compare gradients by hand with autograd, line by line",
    "exercise": "write or check an exercise in backpropagation by hand",
    "gradcheck": "check gradients: by hand, by autograd, by finite differences",
    "cache": "show what is kept to be had again faster, and remove it",
    "make": "make pairs to learn from: words backwards, sums, dates, number words",
    "datasets": "list the data sets that can be used by name",
    "models": "list the model families",
    "scalar": "run the scalar engine: the graph of a formula, two moons, a line fit",
}
"The verbs of the command line itself; every task brings questions of its own."
FIRST = ("best", "train", "compare", "rate")  # in the overview they stand before the questions
READING = (*FIRST, "sweep", "doctor")  # they read data in the same way

WAIT = 3.0  # seconds

FAULT = "This is a fault in hornbook: please report it, with the output of hornbook --version."

OVERVIEW = """\
usage: hornbook COMMAND ...

Train small models on your own data, and see what happens inside them.

{verbs}

Help on a command:  hornbook COMMAND --help
First steps:        hornbook train names

DATA is a file or several, a folder of files, - for standard input, or the name of a data set.
RUN is a run directory, as written by hornbook train.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit status.

    Args:
        argv: the words after `hornbook`; None: those of this process, which ends afterwards.
    """
    if argv is None:
        let_waiting_threads_sleep()
        import_torch_in_one_go()
    with answering_interrupts(to_the_end=argv is None), standard_streams(), quiet_libraries():
        if argv is not None:
            return status_of(list(argv))
        try:
            status = status_of(sys.argv[1:])
        except Exception:  # Python itself would show what is foreign in it as it is
            write_beside(f"{traceback.format_exc()}\n{FAULT}\n")
            status = 1
    end_beside_what_hangs(status)
    return status


def end_beside_what_hangs(status: int) -> None:
    """End this process now if a service that does not answer would keep Python from ending."""
    limits = sys.modules.get("hornbook.runs.time_limits")
    if limits is not None and limits.left_waiting():
        os._exit(status)


def let_waiting_threads_sleep() -> None:
    """Have torch's threads sleep while they wait for each other, unless the environment decides.

    By default they keep their processors busy, and beside other work each then waits for one that
    is not running: EXPERIMENTS.md has the figures. It must be said before torch is loaded.
    """
    if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"} & os.environ.keys():
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"


def status_of(arguments: list[str]) -> int:
    """Do what was typed, tell of what goes wrong, and give the exit status."""
    try:
        return perform(arguments)
    except HornbookError as error:
        return tell(error, arguments[0] if arguments else "")
    except KeyboardInterrupt as stop:
        write_beside("\nStopped.\n")
        return status_of_stop(stop)
    except ReaderGoneError:
        return 0  # no more to say, and nothing to say it to
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return fail(f"{where}{error.strerror or error}.", "")
    except (MemoryError, RuntimeError) as error:
        from hornbook.compute.memory import is_out_of_memory

        if is_out_of_memory(error):
            return out_of_memory()
        raise


def perform(arguments: list[str]) -> int:
    """Do what was typed, and give the exit status; what was written is out when it returns."""
    if len(arguments) == 2 and arguments[0] == "help" and arguments[1] in all_verbs():
        arguments = [arguments[1], "--help"]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        write_result(overview(), flush=True)
        return 0
    if arguments[0] in ("-V", "--version"):
        from hornbook.environment import Versions

        with contextlib.suppress(ImportError, OSError):  # absent, or broken: then a report needs it
            importlib.import_module("torch")  # `Versions` asks it about the machine if it is loaded
        write_result(f"{Versions.of_today()}\n", flush=True)
        return 0
    verb = arguments[0]
    if verb not in all_verbs():
        return unknown(verb)
    if arguments[1:] == ["--version"]:
        write_beside(f"hornbook {verb}: there is no --version; type hornbook --version.\n")
        return 2
    with one_voice(verb), needing_torch():
        try:
            if verb in VERBS:
                # `import` is a word of Python's, which no module can be named by.
                home = f"{verb}_" if keyword.iskeyword(verb) else verb
                importlib.import_module(f"hornbook.cli.{home}").run(arguments[1:])
            else:
                importlib.import_module("hornbook.cli.questions").run(verb, arguments[1:])
        except SystemExit:
            sys.stdout.flush()
            raise
        sys.stdout.flush()
    return 0


@contextlib.contextmanager
def one_voice(verb: str) -> Iterator[None]:
    """Of several processes that train together only the first speaks, unless it has no reason to.

    All meet nearly every error together. When the first has told of it and ends, `torchrun` ends
    the others while they wait here; one that meets an error alone is heard after that wait. Other
    verbs than `train` run in one process, whatever the environment says.
    """
    from hornbook.training.launch import Launch

    launch = Launch.from_environment() if verb == "train" else Launch()
    if launch.size == 1:
        yield
        return
    from hornbook.training.distributed import World

    said, told = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.callback(World.leave)
        if launch.rank == 0:
            yield
            return
        try:
            try:
                with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
                    yield
            except SystemExit as end:
                if end.code in (
                    None,
                    0,
                    2,
                ):  # help, or what the parser said: it knows no first process
                    time.sleep(WAIT)
                    write_result(said.getvalue(), flush=True)
                    write_beside(told.getvalue())
                raise
            except Exception:
                time.sleep(WAIT)
                raise
        except (
            KeyboardInterrupt
        ) as stop:  # by a user, of whom the first one tells, or by `torchrun`
            raise SystemExit(status_of_stop(stop)) from None


def overview() -> str:
    """The help on all verbs."""
    known = all_verbs()
    width = max(map(len, known))
    verbs = "\n".join(f"  {verb:<{width}}  {does}" for verb, does in known.items())
    return OVERVIEW.format(verbs=verbs)


def all_verbs() -> dict[str, str]:
    """Every verb and what it does, those that the tasks bring among them."""
    first = {verb: does for verb, does in VERBS.items() if verb in FIRST}
    questions = built_in.questions()
    if "hornbook.tasks" in sys.modules:  # else nobody can have registered a task
        from hornbook.tasks import tasks

        every = list(tasks().values())
        names = dict.fromkeys(name for task in every for name in task.questions)
        questions |= {
            name: built_in.in_one_line(
                task.questions[name].summary for task in every if name in task.questions
            )
            for name in names
        }
    return {**first, **questions, **VERBS}


def unknown(verb: str) -> int:
    """Tell that there is no such verb, and which was perhaps meant."""
    known = all_verbs()
    meant = did_you_mean(verb, known)
    from hornbook.cli.unknown_words import OTHER_VERBS
    from hornbook.rendering import clip

    if other := OTHER_VERBS.get(verb.lower()):
        meant = f"Did you mean hornbook {other}? "
    first = f"hornbook: unknown command {clip(verb)!r}. {meant}".rstrip()
    write_beside(f"{first}\nCommands: {', '.join(known)}. See hornbook --help.\n")
    return 2


def tell(error: HornbookError, verb: str) -> int:
    """Tell of an error in the words of the command line.

    Args:
        error: what went wrong.
        verb: that was typed: calls that read data are proposed of this one, if it reads data.
    """
    from dataclasses import replace

    from hornbook.cli.wording import command, worded

    if error.told_elsewhere:
        return 1
    actions = [*error.choices, *([] if error.action is None else [error.action])]
    if verb in READING:
        actions = [replace(one, verb=verb) if one.verb == "train" else one for one in actions]
    hint = "\n".join(filter(None, (worded(error.hint), *map(command, actions))))
    return fail(worded(error.message), hint)


def without_long_words(message: str) -> str:
    """A message in which a file, a line of data or a wrong value typed here fills no screen."""
    from hornbook.rendering import clip

    return re.sub(r"\S{301,}", lambda found: clip(found[0], 200), message)


def fail(message: str, hint: str) -> int:
    """Tell of an error that the user can mend."""
    told = f"hornbook: {message}\n" + (f"{hint}\n" if hint else "")
    write_beside(without_long_words(told))
    return 1


def out_of_memory() -> int:
    """Tell that the machine's memory is full."""
    return fail("Out of memory.", "Use a smaller model, a smaller batch, or shorter texts.")
