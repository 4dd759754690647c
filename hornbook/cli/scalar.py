"""`hornbook scalar`: the scalar engine, as graph, classifier and line fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import tyro

from hornbook.cli.arguments import CONFIG, laid_out, parsed_by
from hornbook.cli.flags import as_typed
from hornbook.cli.output import console, escape, notes, number, print_json, table
from hornbook.cli.unknown_words import end
from hornbook.errors import ExpressionError
from hornbook.extras import INSTALL_TORCH
from hornbook.lessons.line_fit import LineSettings
from hornbook.outputs import writable_format, write_output
from hornbook.rendering import clip, visible
from hornbook.scalar import as_dot, parse_expression, two_moons
from hornbook.scalar.classifier import Classifier
from hornbook.settings import Bounds, Given, Settings
from hornbook.suggestions import did_you_mean

DESCRIPTION = """\
Run the scalar autograd engine on a formula, a classifier of two moons, or a line fit.

Examples:
  hornbook scalar graph "tanh(a*b + c)" a=2 b=-3 c=10
  hornbook scalar moons --steps 20 --out moons.png

Each has its own help: hornbook scalar graph --help.
"""
Formula = Annotated[str, Given("FORMULA")]
Numbers = Annotated[tuple[str, ...], Given("NAME=NUMBER")]


@dataclass(frozen=True)
class Graph:
    """Compute a formula and its gradients, with every intermediate value, and draw the graph."""

    expression: Formula
    "Quoted formula with + - * / ** exp log tanh relu sigmoid; in parentheses if it starts with -."
    numbers: Numbers = ()
    "Value of each name in the formula."
    out: str | None = None
    "Draw the graph into this file: .svg, .png, or .dot (a text for Graphviz)."
    json: bool = False
    "Print the result as JSON."

    def run(self) -> None:
        """Compute, show, and draw."""
        kind = writable_format(Path(self.out), "svg", "png", "dot") if self.out is not None else ""
        root = parse_expression(self.expression, named_numbers(self.numbers))
        try:
            root.backward()
        except (ArithmeticError, ValueError) as error:
            raise ExpressionError(f"{self.expression!r} has no gradient here: {error}.") from error
        values = root.graph()
        if self.out is not None:
            if kind == "dot":
                write_output(Path(self.out), as_dot(root).encode())
            else:
                from hornbook.lessons.graph_drawing import draw_graph

                draw_graph(root, Path(self.out))
        if self.json:
            numbers = {value: i for i, value in enumerate(values)}
            nodes = [
                {
                    "label": value.label,
                    "operation": value.operation.symbol if value.operation else None,
                    "inputs": [numbers[x] for x in value.inputs],
                    "data": value.data,
                    "grad": value.grad,
                }
                for value in values
            ]
            print_json({"nodes": nodes, "out": self.out})
            return
        rows = table("value", "operation", "data", "grad", left=2)
        for value in values:
            made_by = value.operation.symbol if value.operation else ""
            data, grad = f"{value.data:.6g}", f"{value.grad:.6g}"
            rows.add_row(escape(value.label), made_by, data, grad)
        out = console()
        out.print(rows)
        if self.out is not None:
            out.print(f"\nSaved to {escape(self.out)}")


@dataclass(frozen=True)
class MoonsSettings(Settings):
    """The points, the net and its training."""

    points: Annotated[int, Bounds(2, 10_000)] = 100
    "Number of points."
    noise: Annotated[float, Bounds(0, 10)] = 0.1
    "Standard deviation of the noise added to each coordinate."
    hidden: Annotated[tuple[int, ...], Bounds(1, 256)] = (16, 16)
    "Sizes of the hidden layers."
    steps: Annotated[int, Bounds(1, 100_000)] = 100
    "Number of updates, each on all points."
    rate: Annotated[float, Bounds(0, 1000, above=True)] = 1.0
    "Learning rate of the first step; it decays linearly to a tenth of that."
    l2: Annotated[float, Bounds(0, 1000)] = 1e-4
    "Strength of L2 regularisation."
    seed: Annotated[int, Bounds(0, 2**32 - 1)] = 0
    "Random seed for the points and the initial weights."


@dataclass(frozen=True)
class Moons:
    """Classify two moons with a small net, and draw its decision boundary."""

    settings: MoonsSettings = field(default_factory=MoonsSettings)
    out: str = "moons.png"
    "File for the picture (.png or .svg)."
    json: bool = False
    "Print only the result, as JSON."

    def run(self) -> None:
        """Train, tell, and draw."""
        from hornbook.lessons.decision_boundary import draw_boundary

        writable_format(Path(self.out), "png", "svg")
        s, out = self.settings, console()
        points, targets = two_moons(s.points, noise=s.noise, seed=s.seed)
        net = Classifier(points, targets, hidden=s.hidden, l2=s.l2, seed=s.seed)
        losses: list[float] = []
        for step, loss in enumerate(net.descent(s.steps, s.rate)):
            losses.append(loss)
            if not self.json and step % max(1, s.steps // 10) == 0:
                out.print(f"step {step:5}  loss {number(loss)}")
        loss, accuracy = net.loss(), net.accuracy()
        parameters = len(net.model.parameters())
        title = f"two moons: accuracy {accuracy:.0%} on {s.points} points, {parameters} parameters"
        draw_boundary(points, targets, net.scores, Path(self.out), title=title)
        if self.json:
            print_json({"losses": [*losses, loss], "accuracy": accuracy, "out": self.out})
            return
        out.print(f"step {s.steps:5}  loss {number(loss)}  accuracy {accuracy:.1%}")
        out.print(f"\nSaved to {escape(self.out)}")


@dataclass(frozen=True)
class Line:
    """Fit y = ax + b by SGD in three implementations, compare their paths, and animate the fit."""

    settings: LineSettings = field(default_factory=LineSettings)
    out: str = "line.gif"
    "File for the animation: .gif, or .html for a page with a slider."
    json: bool = False
    "Print only the result, as JSON."

    def run(self) -> None:
        """Fit, compare, and animate."""
        from hornbook.lessons.line_drawing import draw_line
        from hornbook.lessons.line_fit import WAYS, fit_line
        from hornbook.lessons.line_page import write_page

        kind = writable_format(Path(self.out), "gif", "html")
        fit = fit_line(self.settings)
        (draw_line if kind == "gif" else write_page)(fit, Path(self.out))
        ends = {name: path[-1].tolist() for name, path in fit.paths.items()}
        if self.json:
            print_json({"ends": ends, "largest_difference": fit.difference, "out": self.out})
            return
        rows = table("implementation", "a", "b")
        for name, (a, b) in ends.items():
            rows.add_row(name, f"{a:.12f}", f"{b:.12f}")
        out = console()
        out.print(rows)
        losses = fit.losses()
        for name in WAYS.keys() - ends.keys():
            notes().print(f"{name} was left out, since it needs PyTorch:  {INSTALL_TORCH}")
        out.print(
            f"\nloss {number(losses[0])} → {number(losses[-1])} after {self.settings.steps} steps; "
            f"the paths differ by at most {fit.difference:.1e}"
        )
        out.print(f"Saved to {escape(self.out)}")


SHOWN: dict[str, type[Any]] = {"graph": Graph, "moons": Moons, "line": Line}


def run(argv: Sequence[str]) -> None:
    """Parse, and do what was asked."""
    first = next(iter(argv), "")
    if not first.startswith("-") and first not in SHOWN:
        told = f"there is no {visible(clip(first))}. {did_you_mean(first, SHOWN)}" if first else ""
        end("scalar", f"{told}{'Type' if told else 'type'} one of these next: {', '.join(SHOWN)}.")
    parser = partial(
        tyro.extras.subcommand_cli_from_dict,
        {name: as_typed(kind) for name, kind in SHOWN.items()},
        prog="hornbook scalar",
        description=laid_out(DESCRIPTION),
        config=CONFIG,
    )
    asked: Graph | Moons | Line = parsed_by(parser, argv, f"scalar {first}")
    asked.run()


def named_numbers(words: Sequence[str]) -> dict[str, float]:
    """`a=2 b=3` taken apart.

    Raises:
        ExpressionError: if a word is anything else, or a name comes twice.
    """
    numbers: dict[str, float] = {}
    for word in words:
        name, _, digits = word.partition("=")
        try:
            value = float(digits)
        except ValueError:
            value = math.nan
        if not name.isidentifier() or not math.isfinite(value):
            raise ExpressionError(
                f"{word!r} is not NAME=NUMBER.", hint="Write it as a=2, without spaces."
            )
        if name in numbers:
            raise ExpressionError(f"{name} is given twice.", hint="Give it one value.")
        numbers[name] = value
    return numbers
