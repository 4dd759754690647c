"""`hornbook gradcheck`: gradients by hand, by autograd and by finite differences."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from hornbook.cli.alive import alive
from hornbook.cli.arguments import parse
from hornbook.cli.output import console, print_json, shape_cell, table
from hornbook.lessons.gradcheck import (
    DIFFERENCES,
    HAND,
    FamilyCheck,
    ParameterCheck,
    check_family,
    nets,
    small,
)
from hornbook.settings import Bounds, Given, Settings

DESCRIPTION = """\
Compare the gradients of {what} by hand, by autograd and by finite differences.

Examples:
  hornbook gradcheck bigram
  hornbook gradcheck gpt --directions 1

Gradients are computed in float64 on a small batch (of names, or of made-up ratings), finite \
differences along random directions of each parameter. The relative difference may be up to \
{hand:g} between hand and autograd, and up to {differences:g} between either and finite \
differences; the exit status is 1 if one is larger.

Families: {families}.
"""


@dataclass(frozen=True)
class Arguments(Settings):
    """Check."""

    family: Annotated[str | None, Given("FAMILY")] = None
    "Check one family and show every parameter; by default all families."
    seed: Annotated[int, Bounds(0, 2**63 - 1)] = 0
    "Random seed for the parameters, the batch and the directions."
    directions: Annotated[int, Bounds(1, 1_000)] = 2
    "Number of directions for the finite differences of each parameter."
    json: bool = False
    "Print only the result, as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, check and show."""
    named = bool(argv) and not argv[0].startswith("-")
    families = (argv[0],) if named else tuple(nets())
    given = {"hand": HAND, "differences": DIFFERENCES, "families": ", ".join(nets())}
    if named:
        settings = small(argv[0])
        one: Any = dataclasses.make_dataclass(
            "Gradcheck",
            [("settings", type(settings), dataclasses.field(default=settings))],
            bases=(Arguments,),
            frozen=True,
        )
        what = f"a small {argv[0]}"
        verb, kind = f"gradcheck {argv[0]}", one
    else:
        what = "every family, or of one,"
        verb, kind = "gradcheck", Arguments
    arguments: Any = parse(kind, verb, DESCRIPTION.format(what=what, **given), argv)
    with alive("Checking the gradients", quiet=arguments.json):
        checks = [
            check_family(
                name,
                arguments.settings if named else None,
                seed=arguments.seed,
                directions=arguments.directions,
            )
            for name in families
        ]
    if arguments.json:
        print_json([{**dataclasses.asdict(check), "right": check.right} for check in checks])
    elif named:
        show(checks[0])
    else:
        overview(checks)
    if not all(check.right for check in checks):
        sys.exit(1)


def show(check: FamilyCheck) -> None:
    """A row for each parameter, the worst first."""
    out = console()
    rows = table("parameter", "shape", *DIFFERENCE_COLUMNS, "kinks")
    rows.columns[0].min_width = max(len(parameter.name) for parameter in check.parameters)
    for parameter in check.parameters:
        rows.add_row(
            parameter.name, shape_cell(parameter.shape), *differences(parameter),
            str(parameter.kinks), style="" if parameter.excess <= 1 else "bold red",
        )  # fmt: skip
    out.print(rows)
    out.print(f"\n{verdict(check)}")


def overview(checks: Sequence[FamilyCheck]) -> None:
    """A row for each family, with its worst parameter."""
    out = console()
    rows = table("family", "parameters", "worst parameter", *DIFFERENCE_COLUMNS)
    rows.columns[2].min_width = max(len(check.parameters[0].name) for check in checks)
    for check in checks:
        worst = check.parameters[0]
        rows.add_row(
            check.family, str(len(check.parameters)), worst.name, *differences(worst),
            style="" if check.right else "bold red",
        )  # fmt: skip
    out.print(rows)
    out.print()
    wrong = [check for check in checks if not check.right]
    for check in wrong:
        out.print(f"{check.family}: {verdict(check)}")
    if not wrong:
        out.print("All gradients are right, up to rounding.")


DIFFERENCE_COLUMNS = ("hand vs autograd", "hand vs differences", "autograd vs differences")


def differences(parameter: ParameterCheck) -> list[str]:
    """The three cells of a parameter."""
    found = (parameter.hand, parameter.hand_differences, parameter.autograd_differences)
    return [f"{value:.1e}" for value in found]


def verdict(check: FamilyCheck) -> str:
    """What the figures say."""
    worst = check.parameters[0]
    if check.right:
        return "All gradients are right, up to rounding."
    measured = not (math.isnan(worst.hand_differences) and math.isnan(worst.autograd_differences))
    # NaN is not above a limit; but it is not within one either.
    if not worst.hand <= HAND:
        if not measured:
            return (
                f"{worst.name} differs between hand and autograd, and finite differences could "
                "not show which one is wrong."
            )
        by_hand = not worst.hand_differences <= worst.autograd_differences
        return f"{worst.name} is wrong {'by hand' if by_hand else 'by autograd'}."
    if measured:
        return (
            f"{worst.name} is wrong both by hand and by autograd, or the loss is not smooth there."
        )
    return f"{worst.name} could not be checked: the loss has kinks along every direction tried."
