"""A command that decides which samples pass: it reads one a line, and prints those that do.

    grep -v '^[aeiou]'          samples that begin with a consonant
    grep -Fxf /usr/share/dict/words    those that are words: a spelling list
    python3 valid.py            for molecules, say:

        import sys
        from rdkit import Chem
        for line in sys.stdin:
            if Chem.MolFromSmiles(line.strip()):
                print(line, end="")

That is the oldest protocol of filters there is, so that most of them are there already, and a
thousand samples cost one start of the program. Its exit status says whether it worked: 0; or, where
nothing passes, 1 without a word, which is what grep says then.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from hornbook.errors import SamplingError, ToolError
from hornbook.process_group import Piped, pipe_through
from hornbook.rendering import clip, visible

__all__ = ["LineFilter"]

NOT_FOUND, NOT_EXECUTABLE = 127, 126  # what a shell says of a command that it cannot start


class LineFilter:
    """Tells which samples pass a command.

    Args:
        command: a line for the shell.
        seconds: how long it may take for the samples that it gets at once.
    """

    def __init__(self, command: str, seconds: float) -> None:
        self.command, self.seconds = command, seconds

    def passing(self, texts: Sequence[str]) -> list[bool]:
        """Whether each text passes, all of them read by one run of the command.

        Raises:
            SamplingError: if a text has a line break in it.
            ToolError: if the command is not there, fails, takes too long, or writes what it did
                not read.
        """
        for text in texts:
            if "\n" in text:
                raise SamplingError(
                    "`filter` reads one sample per line, and this sample has more than one line: "
                    f"{text[:60]!r}.",
                    hint="Leave `filter` out, and filter the samples as JSON.",
                    setting="filter",
                )
        given = "".join(f"{text}\n" for text in texts).encode("utf-8", "surrogatepass")
        try:
            # Lines may come back with the line ends of another system.
            piped = pipe_through(self.command, given, self.seconds, most=len(given) + len(texts))
        except subprocess.TimeoutExpired:
            raise self.error(
                f"did not end within {self.seconds:g} seconds, and was stopped",
                "It must end when its standard input ends. If it needs longer, raise "
                "`filter_seconds`.",
            ) from None
        except (OSError, ValueError) as error:  # no shell; a null byte
            raise self.error(f"could not be started: {error}", "Check the command.") from None
        return self.understood(texts, piped, most=len(given) + len(texts))

    def understood(self, texts: Sequence[str], piped: Piped, most: int) -> list[bool]:
        """Which texts came back."""
        if len(piped.out) <= most:
            self.refuse_failure(piped)
        lines = piped.out.decode("utf-8", "surrogatepass" if is_utf8(piped.out) else "replace")
        passed, at = [False] * len(texts), 0
        told = lines.removesuffix("\n").split("\n") if lines else []
        for line in told:
            while at < len(texts) and line not in (texts[at], f"{texts[at]}\r"):
                at += 1
            if at == len(texts):
                shown = visible(clip(line, 60))
                raise self.error(
                    f"printed a line that it was not given, or changed the order: {shown!r}",
                    "A filter must print the samples that pass, unchanged and in the same order, "
                    "and nothing else.",
                )
            passed[at] = True
            at += 1
        return passed

    def refuse_failure(self, piped: Piped) -> None:
        """Refuse what a command that failed has written.

        Raises:
            ToolError: if it did.
        """
        said = piped.err.decode("utf-8", "replace").strip()
        if piped.status == 0 or (piped.status == 1 and not piped.out and not said):
            return
        last = visible(said.splitlines()[-1][:200]) if said else ""
        because = f": {last}" if last else ", and printed nothing on standard error"
        if piped.status in (NOT_FOUND, NOT_EXECUTABLE):
            raise self.error(f"could not be started{because}", "Check its name and its path.")
        how = f"with status {piped.status}"
        if piped.status < 0:
            how = f"by signal {-piped.status}"
        raise self.error(f"failed {how}{because}", "Try it by itself on a file with a few lines.")

    def error(self, what: str, hint: str) -> ToolError:
        """That the command is not fit for this."""
        shown = visible(clip(self.command, 200))
        return ToolError(f"The filter command {shown!r} {what}.", hint=hint, setting="filter")


def is_utf8(out: bytes) -> bool:
    """Whether it can be read as the samples were written."""
    try:
        out.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True
