"""Checks of what is predicted, and of columns that give it away."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from hornbook.errors import as_typed
from hornbook.rendering import amount, clip, many
from hornbook.reports.finding import Finding
from hornbook.tables.doctor.examined import Examined, percent
from hornbook.tables.frame import Categories
from hornbook.tables.likely_targets import likely_targets
from hornbook.tables.recognise import is_text

__all__ = ["combination", "few_values", "gives_away", "imbalance", "no_target", "proposed_targets",
           "rare_classes", "skewed", "zeros"]  # fmt: skip

SURE = 0.98  # score of a column alone, from which on it is the target itself
GOOD, APART = 0.8, 0.3  # score that is suspicious, if that of the next column is so much less
EXACT = 1e-9  # share of the spread that is left where a formula gives the target
TRIED = 2_000  # rows on which formulas are tried
RARE = 10  # rows of a class
UNEVEN = 10  # times the rows of the rarest class that the commonest has
SKEWED = 2.0
LOOKED = 1_000  # rows that tell whether a column holds texts


def proposed_targets(examined: Examined) -> list[str]:
    """Columns that a person may want to predict: numbers and categories that are not texts."""
    table = examined.table
    rows = range(min(table.n, LOOKED))
    return likely_targets(
        [
            name for name in table.names
            if examined.columns[name].kind in ("number", "category")
            and not is_text(name, [table.cell(name, row) for row in rows])
        ]
    )  # fmt: skip


def no_target(examined: Examined) -> Iterator[Finding]:
    """It is not said what is predicted."""
    if examined.options.target is None:
        likely = proposed_targets(examined)
        shown = ", ".join(map(repr, likely))
        yield Finding(
            "no-target", "note", "It is not said which column to predict",
            f"Likely ones: {shown}." if likely else "No column is a number or a category.",
            f"Set `target={as_typed(likely[0])}`, or another column; more is checked then."
            if likely else "Give a table with a column to predict.",
        )  # fmt: skip


def gives_away(examined: Examined) -> Iterator[Finding]:
    """A column that alone predicts the target too well."""
    if examined.known is None or examined.frame.n < 50:
        return
    ranked = sorted(examined.alone.items(), key=lambda pair: -pair[1].score)
    for place, (name, found) in enumerate(ranked[:5]):
        after = ranked[place + 1][1].score if place + 1 < len(ranked) else 0.0
        sure = found.score >= SURE
        if not sure and (place or found.score < GOOD or found.score - after < APART):
            break
        what = "R² " + f"{found.score:.3f}"
        if examined.labels:
            what = f"{percent(found.accuracy, 1, 1)} of the classes right"
        yield Finding(
            "leak", "problem" if sure else "warning",
            f"{name!r} alone " + ("gives the target away" if sure else "predicts very well"),
            f"{what} on rows held out, with nothing else"
            + ("." if sure or place + 1 >= len(ranked)
               else f"; the next column has {after:.2f} where this one has {found.score:.2f}.")
            + f" Is it known before {examined.known.target!r} is?",
            f"If it is not, leave it out: `{examined.more('ignore', name)}`.",
        )  # fmt: skip


def combination(examined: Examined) -> Iterator[Finding]:
    """Columns whose sum, or whose product, is the target."""
    if examined.known is None or examined.labels:
        return
    rows = examined.sample[:TRIED]
    target = examined.target[rows].astype(np.float64)
    columns = {
        name: values[rows] for name, values in examined.values.items()
        if examined.alone[name].score < SURE and np.isfinite(values[rows]).all()
    }  # fmt: skip
    with np.errstate(over="ignore"):  # beyond what can be squared: left out
        names = [name for name, values in columns.items() if 0 < values.std() < 1e100]
        spread = target.std()
    if len(names) < 2 or len(rows) < 3 * len(names) + 20 or not 0 < spread < 1e100:
        return
    found = sum_of(np.stack([columns[name] for name in names], 1), target)
    if found is not None:
        parts = [(name, weight) for name, weight in zip(names, found, strict=True) if weight]
        formula = " + ".join(
            f"{clip(name)}" if abs(weight - 1) < 1e-6 else f"{weight:.4g}·{clip(name)}"
            for name, weight in parts
        )
        yield told_formula(examined, formula.replace("+ -", "- "), [name for name, _ in parts])
        return
    for one, other in itertools.combinations(names, 2):
        with np.errstate(over="ignore", invalid="ignore"):
            product = columns[one] * columns[other]
            size = float((product * product).sum())
            slope = float((product * target).sum()) / size if 0 < size < np.inf else 0.0
            left = float(np.square(target - slope * product).sum())
        if left <= EXACT * float(np.square(target - target.mean()).sum()):
            yield told_formula(examined, f"{clip(one)} · {clip(other)}", [one, other])
            return


def sum_of(
    columns: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    target: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> list[float] | None:
    """The weights of columns whose sum is a target, 0 of those without part; None if none is."""
    means, spread = columns.mean(0), columns.std(0)
    scaled = (columns - means) / spread
    wanted = (target - target.mean()) / target.std()
    weights, *_ = np.linalg.lstsq(scaled, wanted, rcond=1e-10)
    if float(np.square(wanted - scaled @ weights).mean()) > EXACT:
        return None
    # Columns that say the same share a weight: one after the other is left out if it can be.
    kept = list(np.flatnonzero(np.abs(weights) > 1e-6))
    for one in sorted(kept, key=lambda place: abs(weights[place])):
        fewer = [place for place in kept if place != one]
        if not fewer:
            break
        again, *_ = np.linalg.lstsq(scaled[:, fewer], wanted, rcond=1e-10)
        if float(np.square(wanted - scaled[:, fewer] @ again).mean()) <= EXACT:
            kept = fewer
    final, *_ = np.linalg.lstsq(scaled[:, kept], wanted, rcond=1e-10)
    found = np.zeros(columns.shape[1])
    found[kept] = final * target.std() / spread[kept]
    return found.tolist()


def told_formula(examined: Examined, formula: str, names: list[str]) -> Finding:
    """The finding that some columns give the target."""
    assert examined.known is not None
    return Finding(
        "leak", "problem", "Some columns together are the target",
        f"{formula} = {clip(examined.known.target)}, in every row that was tried: there is nothing "
        "to learn but to calculate.",
        f"Leave them out: `{examined.more('ignore', *names)}`.",
    )  # fmt: skip


def rare_classes(examined: Examined) -> Iterator[Finding]:
    """Classes with few rows."""
    if not examined.labels:
        return
    counts = np.bincount(examined.target[examined.parts == 0], minlength=len(examined.labels))
    rare = np.flatnonzero(counts < RARE)
    if len(rare):
        shown = ", ".join(f"{clip(examined.labels[int(one)])!r} ({counts[one]:,})"
                          for one in rare[:5])  # fmt: skip
        yield Finding(
            "rare-classes", "warning", "Some classes have very few rows",
            f"{many(len(rare), 'class').replace('classs', 'classes')} of "
            f"{len(examined.labels):,} with fewer than {RARE} rows in train: {shown}.",
            "Get more rows of them, or join them with others; their predictions mean little.",
        )  # fmt: skip


def imbalance(examined: Examined) -> Iterator[Finding]:
    """One class far more frequent than another."""
    if not examined.labels:
        return
    counts = np.bincount(examined.target, minlength=len(examined.labels))
    n, most, least = len(examined.target), int(counts.argmax()), int(counts.argmin())
    if counts[most] > UNEVEN * counts[least] and examined.options.class_weights == "none":
        common, rare = (clip(examined.labels[one]) for one in (most, least))
        auc = " and the AUC" if len(examined.labels) == 2 else ""  # it is of two classes
        yield Finding(
            "imbalance", "note", "The classes are far from equally frequent",
            f"{common!r} has {percent(int(counts[most]), n, 1)} of the rows, {rare!r} "
            f"{percent(int(counts[least]), n, 1)}: naming the first is right so "
            f"often. Look at the loss{auc} rather than at the accuracy.",
            "If the rare class matters more, set `class_weights=balanced`; probabilities are too "
            "high for it then.",
        )  # fmt: skip


def skewed(examined: Examined) -> Iterator[Finding]:
    """A positive target of which few values are very large."""
    if examined.known is None or examined.known.predicts != "number":
        return
    target = examined.target
    spread = float(target.std())
    if not len(target) or target.min() <= 0 or not spread > 0:
        return
    skew = float((((target - target.mean()) / spread) ** 3).mean())
    logs = np.log(target)
    after = float((((logs - logs.mean()) / max(float(logs.std()), 1e-12)) ** 3).mean())
    if skew > SKEWED and abs(after) < skew / 2:
        yield Finding(
            "skewed-target", "note", "A few values of the target are very large",
            f"Median {amount(np.median(target), 4)}, mean {amount(target.mean(), 4)}, highest "
            f"{amount(target.max(), 4)}; skewness {skew:.1f}, of its logarithm {after:.1f}. "
            "Squared errors are mostly those of the largest.",
            "If a prediction should be off by few percent rather than by few units, set "
            "`log_target`.",
        )  # fmt: skip


def zeros(examined: Examined) -> Iterator[Finding]:
    """A target that is 0 whenever another column has a certain value."""
    if examined.known is None or examined.labels:
        return
    none = examined.target == 0
    if not 0.05 < none.mean() < 0.95:
        return
    for name, column in examined.inputs.items():
        if not isinstance(column, Categories) or not 1 < len(column.labels) <= 5:
            continue
        for code, label in enumerate(column.labels):
            here = column.codes == code
            if here.any() and none[here].all() and none[here].sum() > 0.9 * none.sum():
                others = [one for one in column.labels if one != label]
                only = f" `only={as_typed(f'{name}={others[0]}')}`" if len(others) == 1 else ""
                only = only or " leave them out of the file"
                yield Finding(
                    "zeros", "warning", "The target is 0 wherever another column says so",
                    f"All {many(int(here.sum()), 'row')} with {name}={label} have "
                    f"{examined.known.target}=0. They are easy, and make every figure look better.",
                    "Learn and measure without them:" + f"{only}.",
                )  # fmt: skip
                return


def few_values(examined: Examined) -> Iterator[Finding]:
    """A target of few whole numbers, read as a number."""
    if examined.known is None or examined.labels:
        return
    seen = examined.seen[examined.known.target]
    if seen.has_few_values:
        shown = ", ".join(map(amount, seen.values[:10]))
        yield Finding(
            "few-values", "note", "The target has few values",
            f"It is predicted as a number: {shown}.",
            "If they are names of classes and no amounts, set `predicts=class`.",
        )  # fmt: skip
