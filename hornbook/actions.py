"""What the library proposes to do: a call, which each interface writes in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Action"]


TAKE_A_LIST = {"mix"}
"Functions whose positional arguments are one list."


@dataclass(frozen=True)
class Action:
    """A call of the library that an error, or a finished run, proposes."""

    verb: str
    "Name of a function in `hornbook` or of a question: `train`, `resume`, `sample`."
    given: tuple[str, ...] = ()
    "Positional arguments, such as the data or the run; a name in capitals is a placeholder."
    settings: Mapping[str, object] = field(default_factory=dict)
    "Keyword arguments: settings by name."

    def __str__(self) -> str:
        words = [word if word.isupper() else repr(word) for word in self.given]
        if self.verb in TAKE_A_LIST:
            words = [f"[{', '.join(words)}]"]
        words += [f"{name}={value!r}" for name, value in self.settings.items()]
        return f"hornbook.{self.verb}({', '.join(words)})"
