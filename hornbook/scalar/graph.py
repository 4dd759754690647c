"""The graph of an expression as a text in DOT, the language of Graphviz and other programs.

`lessons.graph_drawing` draws it without them.
"""

from __future__ import annotations

from hornbook.scalar.value import Value

__all__ = ["LEAF", "OPERATION", "RESULT", "as_dot"]

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
