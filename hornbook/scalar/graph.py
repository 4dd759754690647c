"""The graph of an expression drawn: every value with its number and its gradient.

Graphviz does the drawing. Its input, a text in the language DOT, is made here and needs nothing;
SVG and PNG need its program `dot`.
"""

from __future__ import annotations

import shutil
import subprocess

from hornbook.errors import ToolError
from hornbook.scalar.value import Value

__all__ = ["as_dot", "render"]

# Okabe and Ito's colours, pale, which all eyes can tell apart: leaves, results, operations.
LEAF, RESULT, OPERATION = "#fff4d6", "#e3f2fa", "#d9f0e8"


def as_dot(root: Value) -> str:
    """The graph in DOT, from left to right, as the lecture draws it.

    A box for each value, with its label, its data and its gradient; an ellipse for each operation
    between a result and its inputs.
    """
    lines = [
        "digraph expression {",
        "  rankdir=LR",
        '  node [fontname="DejaVu Sans", fontsize=11, style=filled]',
    ]
    values = root.graph()
    names = {value: f"v{i}" for i, value in enumerate(values)}
    for value in values:
        name, fill = names[value], LEAF if value.operation is None else RESULT
        parts = [quoted(value.label)] if value.label else []
        parts += [f"data {value.data:.4g}", f"grad {value.grad:.4g}"]
        text = " | ".join(parts)
        lines.append(f'  {name} [shape=record, fillcolor="{fill}", label="{{ {text} }}"]')
        if value.operation is None:
            continue
        symbol = quoted(value.operation.symbol)
        lines.append(f'  {name}_made [fillcolor="{OPERATION}", label="{symbol}"]')
        lines.append(f"  {name}_made -> {name}")
        lines += [f"  {names[x]} -> {name}_made" for x in value.inputs]
    return "\n".join([*lines, "}"]) + "\n"


def quoted(text: str) -> str:
    """A text as DOT wants it within the quotes of a record's label."""
    plain = text.replace("\n", " ")
    return "".join(f"\\{c}" if c in '\\"{}|<>' else c for c in plain)


def render(dot: str, kind: str) -> bytes:
    """The picture that Graphviz makes of a graph in DOT.

    Args:
        dot: the graph, see `as_dot`.
        kind: svg, png, or another format that Graphviz knows.

    Raises:
        ToolError: if Graphviz is not installed, or cannot draw this.
    """
    program = shutil.which("dot")
    if program is None:
        raise ToolError(
            f"Drawing a graph as {kind.upper()} needs Graphviz, whose program dot was not found.",
            hint="Install Graphviz (https://graphviz.org), or give `out` a name that ends in .dot.",
        )
    try:
        done = subprocess.run(
            [program, f"-T{kind}"], input=dot.encode(), capture_output=True, check=True
        )
    except subprocess.CalledProcessError as error:
        told = error.stderr.decode(errors="replace").strip() or f"exit status {error.returncode}"
        raise ToolError(f"Graphviz cannot draw this graph: {told}") from error
    except OSError as error:
        raise ToolError(f"Cannot run {program}: {error.strerror or error}.") from error
    return done.stdout
