"""`hornbook gradcheck`: gradients by hand, by autograd and by finite differences."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from hornbook.cli.arguments import parse
from hornbook.cli.output import console, print_json, shape_cell, table
from hornbook.lessons.gradcheck import (
    DIFFERENCES,
    HAND,
    FamilyCheck,
    ParameterCheck,
    check_family,
    small,
)
from hornbook.settings import Bounds, Given, Settings
from hornbook.text.models import NETS

DESCRIPTION = (
    "The gradients of {what} in float64 on a batch of names, three ways: by hand, by autograd, and "
    "by finite differences along random directions of each parameter. Differences are relative; "
    "by hand and autograd may differ by {hand:g}, finite differences from them by {differences:g}. "
    "Exit status 1 if one is larger."
)


@dataclass(frozen=True)
class Arguments(Settings):
    """Check."""

    family: Annotated[str | None, Given("FAMILY")] = None
    "One family of networks, to see every parameter; by default all families."
    seed: Annotated[int, Bounds(0, 2**63 - 1)] = 0
    "Of the parameters, the batch and the directions."
    directions: Annotated[int, Bounds(1, 1_000)] = 2
    "Along how many each parameter is checked by finite differences."
    json: bool = False
    "Print everything as JSON, and nothing else."


def run(argv: Sequence[str]) -> None:
    """Parse, check and show."""
    named = bool(argv) and not argv[0].startswith("-")
    families = (argv[0],) if named else NETS
    limits = {"hand": HAND, "differences": DIFFERENCES}
    if named:
        settings = small(argv[0])
        one: Any = dataclasses.make_dataclass(
            "Gradcheck",
            [("settings", type(settings), dataclasses.field(default=settings))],
            bases=(Arguments,),
            frozen=True,
        )
        what = f"a small {argv[0]} (its settings below)"
        verb, kind = f"gradcheck {argv[0]}", one
    else:
        what = f"every family of nets, or of one ({', '.join(NETS)}),"
        verb, kind = "gradcheck", Arguments
    arguments: Any = parse(kind, verb, DESCRIPTION.format(what=what, **limits), argv)
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
    rows = table("parameter", "shape", *DIFFERENCE_COLUMNS, "kinks met")
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
    rows = table("family", "parameters", "the worst", *DIFFERENCE_COLUMNS)
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


DIFFERENCE_COLUMNS = ("hand, autograd", "hand, differences", "autograd, differences")


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
                f"{worst.name} differs by hand and by autograd, and no slope of the loss could be "
                "measured that would tell which of them is wrong."
            )
        by_hand = not worst.hand_differences <= worst.autograd_differences
        return f"{worst.name} is wrong {'by hand' if by_hand else 'by autograd'}."
    if measured:
        return f"{worst.name} is wrong both by hand and by autograd, or its loss is not smooth."
    return f"{worst.name} could not be checked: the loss has kinks along every direction tried."
