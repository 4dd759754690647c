"""Every message and every line of help of the package, to be read in one go.

    python -m tests.messages [WORD ...]

Prints each with its file and line; with words, only those that hold one of them.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import hornbook

PACKAGE = Path(hornbook.__file__).parent


@dataclass(frozen=True)
class Message:
    """A text that a person may read."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@cache
def messages() -> list[Message]:
    """All texts of the package with a space in them, docstrings of functions and modules left out.

    What follows a field of a class stays: it is the help of a setting. Of an f-string each place
    is written as {…}; a text within such a place comes after it.
    """
    found: list[Message] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        skipped = set(left_out(tree))
        for node, text in texts(tree, skipped):
            if " " in text.strip():
                name = str(path.relative_to(PACKAGE.parent))
                found.append(Message(name, node.lineno, " ".join(text.split())))
    return found


def left_out(tree: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, which are for readers of the code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value


def texts(node: ast.AST, skipped: set[ast.AST]) -> Iterator[tuple[ast.expr, str]]:
    """The texts below a node, in the order of the file."""
    for child in ast.iter_child_nodes(node):
        if child in skipped:
            continue
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child, child.value
        elif isinstance(child, ast.JoinedStr):
            parts = [str(p.value) if isinstance(p, ast.Constant) else "{…}" for p in child.values]
            yield child, "".join(parts)
            for part in child.values:
                if isinstance(part, ast.FormattedValue):
                    yield from texts(ast.Expr(part.value), skipped)
        else:
            yield from texts(child, skipped)


def print_messages(words: list[str]) -> None:
    """Print all, or those with one of the words."""
    wanted = [word.lower() for word in words]
    for found in messages():
        if not wanted or any(word in found.text.lower() for word in wanted):
            print(found)


if __name__ == "__main__":
    print_messages(sys.argv[1:])
