"""`hornbook runs diff`: what is other in two runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

from hornbook.cli.arguments import OutputArgument, parse
from hornbook.cli.output import Table, console, escape, notes, number, print_json, table
from hornbook.errors import SettingsError
from hornbook.outputs import writable_format
from hornbook.rendering import clip
from hornbook.runs.columns import as_text, plain
from hornbook.runs.difference import Changed, Compared, Difference, difference
from hornbook.runs.run import Run
from hornbook.settings import Given

DESCRIPTION = """\
Show what is other in two runs.

Examples:
  hornbook runs diff runs/net runs/counts
  hornbook runs diff runs/net runs/counts --json

Settings that are not the same, the figures of both, and, where both were trained in steps, the \
curves side by side; --picture draws these. Where the runs were measured on other data, that is \
said: then their figures cannot be held against each other. Where they were not measured at the \
same steps, values between are interpolated, which is said too.
"""
LONGEST = 60  # characters of a setting


@dataclass(frozen=True)
class Arguments(OutputArgument):
    """Runs."""

    first: Annotated[str, Given("RUN")] = field(kw_only=True)
    "Run directory."
    second: Annotated[str, Given("RUN")] = field(kw_only=True)
    "Another."
    picture: str | None = None
    "Draw both curves into this file, .svg or .png."


def diff(argv: Sequence[str]) -> None:
    """Parse, compare, show."""
    asked = parse(Arguments, "runs diff", DESCRIPTION, argv)
    first, second = Run(asked.first), Run(asked.second)
    if asked.picture is not None:
        writable_format(Path(asked.picture), "svg", "png")
    found = difference(first, second)
    if asked.picture is not None:
        if not found.curves:
            raise SettingsError(
                "The two runs have no curves of one measure to draw: both have to be trained in "
                "steps, on data of one kind.",
                hint="Leave `picture` out.",
                setting="picture",
            )
        from hornbook.inspection.two_curves import two_curves
        from hornbook.plots.saving import save

        save(two_curves(first, second), Path(asked.picture))
    if asked.json:
        print_json({**found.as_dict(), "picture": asked.picture})
        return
    show(found)
    if asked.picture is not None:
        notes().print(f"Both curves: {escape(asked.picture)}")


def show(found: Difference) -> None:
    """Settings, figures, curves."""
    out = console()
    names = short_names(found.first.path, found.second.path)
    if found.settings:
        rows = table("", "setting", *map(escape, names), left=2)
        before = ""
        for one in found.settings:
            group = one.group if one.group != before else ""
            rows.add_row(*map(escape, (group, one.name, *map(setting, (one.first, one.second)))))
            before = one.group
        out.print(rows)
    else:
        out.print("All settings are the same.")
    out.print()
    out.print(figures_table(found, names))
    if found.comparable:
        notes().print(f"Their figures cannot be held against each other: {found.comparable}.")
    for curve in found.curves:
        out.print()
        out.print(curve_table(curve, found, names))
    if between := [curve.split for curve in found.curves if curve.interpolated]:
        notes().print(
            f"The runs were not measured on {' and '.join(between)} at the same steps: values "
            "between are interpolated."
        )


def short_names(first: Path, second: Path) -> list[str]:
    """Two runs by as little of their paths as tells them apart."""
    parts = list(zip_longest(reversed(first.parts), reversed(second.parts), fillvalue=""))
    needed = next((n for n, (one, other) in enumerate(parts, 1) if one != other), len(parts))
    return [str(Path(*path.parts[-needed:])) for path in (first, second)]


def figures_table(found: Difference, names: Sequence[str]) -> Table:
    """The figures of both, with the difference."""
    rows = table("", *map(escape, names), "difference")
    for one in found.figures:
        name = one.name if one.group == "run" else f"{one.group} {one.name}"
        digits = found.measure.digits if one.name in (found.measure.name, "baseline") else 4
        rows.add_row(name, *map(escape, cells(one, digits, subtract=not found.comparable)))
    return rows


def cells(one: Changed, digits: int, *, subtract: bool) -> list[str]:
    """Both values, and the second less the first."""
    held = [one.first, one.second]
    whole = all(isinstance(value, int) or value is None for value in held)
    if one.name == "seconds":
        digits = 1

    def written(value: object, sign: str = "") -> str:
        if not isinstance(value, int | float):
            return ""
        return f"{value:{sign},}" if whole else f"{value:{sign},.{digits}f}"

    first, second = held
    apart = ""
    known = isinstance(first, int | float) and isinstance(second, int | float)
    if known and (subtract or one.group == "run") and one.name != "baseline":
        apart = written(second - first, "+")  # type: ignore[operator]
    return [written(first), written(second), apart]


def curve_table(curve: Compared, found: Difference, names: Sequence[str]) -> Table:
    """Both curves of a split, step by step."""
    digits = found.measure.digits
    rows = table("step", *(escape(f"{curve.split}: {name}") for name in names), "difference")
    rows.columns[0].justify = "right"
    for step, one, other in zip(curve.steps, curve.first, curve.second, strict=True):
        apart = "" if found.comparable else f"{other - one:+.{digits}f}"
        rows.add_row(f"{step:,}", number(one, digits), number(other, digits), apart)
    return rows


def setting(value: object) -> str:
    """A setting for people; a dash where a run has none."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    shown = plain(value)  # type: ignore[arg-type]
    return clip(f"{shown:g}" if isinstance(shown, float) else as_text(shown), LONGEST) or '""'
