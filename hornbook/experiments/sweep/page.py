"""A sweep on a page: the best, what matters, pictures, and all trials."""

from __future__ import annotations

from collections.abc import Iterator

from hornbook.actions import Action
from hornbook.experiments.sweep import pictures
from hornbook.experiments.sweep.found import Sweep
from hornbook.experiments.sweep.rows import Trial, in_order
from hornbook.ranges import word
from hornbook.rendering import duration, figure, many
from hornbook.reports.page import Page
from hornbook.reports.section import Section
from hornbook.reports.table import Table

__all__ = ["best_table", "importance_table", "page_of", "trials_table"]

SHOWN = 100  # rows of the table of trials on a page; the file of it has all
STATES = {"pruned": "pruned", "refused": "refused", "running": "not finished"}


def best_table(found: Sweep) -> Table:
    """The settings of the best beside the recommended ones."""
    rows = [
        (name, span, shown(found.usual[name]), shown(found.best.values[name]))
        for name, span in found.over.items()
    ]
    usual = found.recommended
    reached = "not tried" if usual is None else value_of(found, usual)
    rows.append((f"{found.measure.title} on dev", "", reached, value_of(found, found.best)))
    return Table(("setting", "range", "recommended", "best"), tuple(rows), marked=len(rows) - 1)


def importance_table(found: Sweep) -> Table | None:
    """How much each setting matters; None where there were too few trials to tell."""
    if not found.importance:
        return None
    rows = tuple((name, f"{share:.0%}") for name, share in found.importance.items())
    return Table(("setting", "importance"), rows)


def trials_table(found: Sweep, most: int | None = None) -> Table:
    """The trials, the best first.

    Args:
        found: the sweep.
        most: rows.
    """
    rows = [row(found, one) for one in in_order(found.trials, found.measure)]
    shown = rows if most is None else rows[:most]
    heads = ("trial", *found.over, "dev", "steps", "parameters", "seconds", "")
    return Table(heads, tuple(shown), left=0, marked=0, beyond=len(rows) - len(shown))


def row(found: Sweep, one: Trial) -> tuple[str, ...]:
    """A trial as cells."""
    about = STATES.get(one.state, "")
    if one.state == "finished" and one.is_of(found.usual):
        about = "recommended settings"
    return (
        str(one.number),
        *(shown(one.values[name]) for name in found.over),
        value_of(found, one),
        "" if one.steps is None else f"{one.steps:,}",
        "" if one.parameters is None else f"{one.parameters:,}",
        "" if one.seconds is None else f"{one.seconds:,.1f}{', shared' if one.together else ''}",
        about,
    )


def shown(value: object) -> str:
    """A setting's value for a table: three digits are enough there."""
    return f"{value:.3g}" if isinstance(value, float) else word(value)


def value_of(found: Sweep, one: Trial) -> str:
    """What a trial reached, for a table."""
    return "" if one.dev is None else figure(one.dev, found.measure.digits)


def page_of(found: Sweep) -> Page:
    """The page of a sweep."""
    best = found.best
    counts = {
        state: sum(one.state == state for one in found.trials) for state in ("finished", *STATES)
    }
    parts = (f"{count} {STATES.get(state, state)}" for state, count in counts.items() if count)
    title = found.measure.title
    tiles = [
        (value_of(found, best), f"{title} on dev, the best of {many(counts['finished'], 'trial')}")
    ]
    if found.looks:
        last = figure(found.looks[-1].value, found.measure.digits)
        tiles.append((last, f"{title} on test, by which nothing was chosen"))
    if (usual := found.recommended) is not None:
        tiles.append((value_of(found, usual), f"{title} on dev with the recommended settings"))
    tiles.append((duration(found.seconds), "in all"))
    return Page(
        f"Settings of {found.family} on {found.name}",
        f"{many(len(found.trials), 'trial')} of {found.family} on {found.name}: "
        f"{', '.join(parts)}. The best is trial {best.number}.",
        tuple(sections_of(found)),
        tiles=tiles,
        more=found.caveat,
    )


def sections_of(found: Sweep) -> Iterator[Section]:
    """The sections, one after the other."""
    calls = (Action("inspect", (str(found.run.path),)),) if found.run is not None else ()
    yield Section(
        "The best settings",
        "Beside the recommended ones; a setting that is not named here is as recommended, or as it "
        "was fixed for all trials.",
        table=best_table(found),
        calls=calls,
    )
    yield Section(
        "The course of the search",
        "The first trial has the recommended settings, as far as they lie in the ranges; the next "
        "ones are drawn at random, and the others where good ones are likely. A triangle is too "
        "far off to be drawn in its place.",
        figure=pictures.course(found),
    )
    if any(one.curve for one in found.trials):
        yield Section(
            "Trainings",
            "Dev in the course of each training, at the same share of its steps. One that was "
            "behind ends early: it might still have come out well, but seldom.",
            figure=pictures.curves(found),
        )
    yield Section(
        "Each setting alone",
        "What the trials reached, by one setting at a time; all others vary too, so a wide column "
        "says that others matter more.",
        figure=pictures.slices(found),
    )
    if (table := importance_table(found)) is not None:
        yield Section(
            "How much each setting matters",
            "What sets the better trials apart from all: the share that each setting has in it, in "
            "these ranges (PED-ANOVA). From few trials it is rough.",
            table=table,
        )
    if sum(one.finished for one in found.trials) > 1:
        yield Section(
            "All settings at once",
            "A line for each finished trial, from setting to setting to what it reached; darker "
            "lines are better, the best is red.",
            figure=pictures.parallel(found),
        )
    listed = trials_table(found, SHOWN)
    note = f"{many(listed.beyond, 'further trial')} in trials.csv." if listed.beyond else ""
    yield Section("All trials", table=listed, note=note)
