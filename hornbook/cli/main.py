"""Which verb, and what becomes of its errors.

Exit status: 0 well done; 1 a mistake of the user's, told in one message on stderr, or a training
that has diverged, whose run is kept; 2 a command line that could not be understood; 130 stopped
with Ctrl-C where there was nothing to keep.

Each verb's module is imported only when it is called, so that help comes at once.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
import time
from collections.abc import Iterator, Sequence

from hornbook.errors import HornbookError
from hornbook.extras import needing_torch
from hornbook.suggestions import did_you_mean
from hornbook.tasks import tasks

__all__ = ["VERBS", "main"]

VERBS = {
    "train": "train a model on a file and save it as a run",
    "rate": "find a learning rate before training",
    "evaluate": "evaluate a run on its splits, or on another file",
    "mix": "average several runs on the same data into one",
    "doctor": "check a file for problems before training on it",
    "inspect": "diagnose the training of a run: findings, tables, a page of figures",
    "gradients": "compare gradients by hand with autograd, line by line",
    "exercise": "write or check an exercise in backpropagation by hand",
    "gradcheck": "check gradients: by hand, by autograd, by finite differences",
    "datasets": "list the data sets that can be used by name",
    "models": "list the model families",
    "scalar": "run the scalar engine: the graph of a formula, two moons, a line fit",
}
"The verbs of the command line itself; every task brings questions of its own."
FIRST = ("train", "rate")  # in the overview they stand before the questions

WAIT = 3.0  # seconds

OVERVIEW = """\
usage: hornbook COMMAND ...

Train small models on your own data, and see what happens inside them.

{verbs}

Help on a command:  hornbook COMMAND --help
First steps:        hornbook train names

DATA is the path of a file, - for standard input, or the name of a data set.
RUN is a run directory, as written by hornbook train.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit status."""
    for name in ("stdout", "stderr"):
        # One that was closed before Python started is None: nobody reads what is written to it.
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, "w", encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names and poems of any script go out whole, whatever the terminal's own encoding.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        known = all_verbs()
        width = max(map(len, known))
        verbs = "\n".join(f"  {verb:<{width}}  {does}" for verb, does in known.items())
        print(OVERVIEW.format(verbs=verbs), end="")
        return 0
    if arguments[0] in ("-V", "--version"):
        from hornbook.environment import Versions

        with contextlib.suppress(ImportError, OSError):  # absent, or broken: then a report needs it
            importlib.import_module("torch")  # `Versions` asks it about the machine if it is loaded
        print(Versions.of_today())
        return 0
    verb = arguments[0]
    if verb not in all_verbs():
        return unknown(verb)
    try:
        with one_voice(), needing_torch():
            if verb in VERBS:
                importlib.import_module(f"hornbook.cli.{verb}").run(arguments[1:])
            else:
                importlib.import_module("hornbook.cli.questions").run(verb, arguments[1:])
        sys.stdout.flush()
    except HornbookError as error:
        return tell(error)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of a pipe has gone (`| head`): no more to say, and nothing to say it to.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return fail(f"{where}{error.strerror or error}.", "")
    except MemoryError:
        return out_of_memory()
    except RuntimeError as error:
        # torch tells of a full memory with a RuntimeError and its own words.
        told = ("out of memory", "not enough memory", "can't allocate memory")
        if any(words in str(error) for words in told):
            return out_of_memory()
        raise
    return 0


@contextlib.contextmanager
def one_voice() -> Iterator[None]:
    """Of several processes that train together only the first speaks, unless it has no reason to.

    All meet nearly every error together. When the first has told of it and ends, `torchrun` ends
    the others while they wait here; one that meets an error alone is heard after that wait.
    """
    if os.environ.get("WORLD_SIZE", "1") == "1":
        yield
        return
    from hornbook.training.distributed import World

    held = io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.callback(World.leave)
        if os.environ.get("RANK", "0") == "0":
            yield
            return
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(held):
                yield
        except BaseException as error:
            time.sleep(WAIT)
            if isinstance(error, SystemExit):  # what the parser said; all else tells itself
                sys.stderr.write(held.getvalue())
            raise


def all_verbs() -> dict[str, str]:
    """Every verb and what it does, those that the tasks bring among them."""
    first = {verb: does for verb, does in VERBS.items() if verb in FIRST}
    questions = {
        name: verb.summary for task in tasks().values() for name, verb in task.questions.items()
    }
    return {**first, **questions, **VERBS}


def unknown(verb: str) -> int:
    """Tell that there is no such verb, and which was perhaps meant."""
    known = all_verbs()
    meant = did_you_mean(verb, known)
    print(f"hornbook: unknown command {verb!r}. {meant}".rstrip(), file=sys.stderr)
    print(f"Commands: {', '.join(known)}. See hornbook --help.", file=sys.stderr)
    return 2


def tell(error: HornbookError) -> int:
    """Tell of an error in the words of the command line."""
    from hornbook.cli.wording import command, worded

    if error.told_elsewhere:
        return 1
    hint = worded(error.hint)
    if error.action is not None:
        hint = f"{hint}\n{command(error.action)}" if hint else command(error.action)
    return fail(worded(error.message), hint)


def fail(message: str, hint: str) -> int:
    """Tell of an error that the user can mend."""
    print(f"hornbook: {message}", file=sys.stderr)
    if hint:
        print(hint, file=sys.stderr)
    return 1


def out_of_memory() -> int:
    """Tell that the machine's memory is full."""
    return fail("Out of memory.", "Use a smaller model or a smaller batch.")
