"""What `benchmarks.roofline` found, as tables in Markdown."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.counted import Counted
from benchmarks.machine import Peaks, product_rates, read_rate
from benchmarks.roofline_tasks import BARE
from benchmarks.roofline_works import Work

__all__ = ["Limit", "Report", "Result", "limit_of", "told"]

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "speed.md"
BEGIN, END = "<!-- from here: made by python -m benchmarks.roofline --write on", "<!-- to here -->"
BEFORE = ("by hand", "by autograd", BARE)
"Ways of hornbook's that compile nothing."
MOST = 0.9  # of the operations: the rates of products that make up so much are measured


@dataclass(frozen=True)
class Limit:
    """What a step cannot be shorter than."""

    products: float
    "Seconds of its products, each at the best library's rate for its shape."
    moving: float
    "Seconds of reading its bytes."

    @property
    def seconds(self) -> float:
        """The longer of both, for a processor does them at the same time."""
        return max(self.products, self.moving)

    @property
    def by(self) -> str:
        """Which that is."""
        return "products" if self.products >= self.moving else "bytes"


@dataclass(frozen=True)
class Result:
    """A work, counted and measured; all seconds are for what one step of hornbook's does."""

    work: Work
    counted: Counted
    peers: Mapping[str, float]
    ours: Mapping[str, float]
    limit: Limit = Limit(math.nan, math.nan)

    def with_limit(self, threads: int) -> Result:
        """The same, with its limit on this machine."""
        return replace(self, limit=limit_of(self.counted, threads))

    @property
    def peer(self) -> float | None:
        """Seconds of the best peer, if there is one."""
        return min(self.peers.values(), default=None)

    @property
    def before(self) -> float:
        """Seconds without compiled kernels."""
        return min(took for name, took in self.ours.items() if name in BEFORE)

    @property
    def after(self) -> float:
        """Seconds of the best way that there is."""
        return min(self.ours.values())

    @property
    def best(self) -> str:
        """The name of that way."""
        return min(self.ours, key=lambda name: self.ours[name])


def limit_of(counted: Counted, threads: int) -> Limit:
    """What a step cannot be shorter than, by the machine's peaks.

    Products of a single row are left out of those of products: they are nothing but reading.
    """
    each = {
        shape: count * 2 * math.prod(shape)
        for shape, count in counted.products.items()
        if shape[1] > 1
    }
    whole, known, seconds = sum(each.values()), 0, 0.0
    for shape in sorted(each, key=lambda one: each[one], reverse=True):
        if known >= MOST * whole:
            break
        known += each[shape]
        # Small products are faster on one thread, however many there are.
        ways = [product_rates(shape, count) for count in {1, threads}]
        seconds += each[shape] / max(rate for way in ways for rate in way.values())
    products = seconds * whole / known / counted.steps if known else 0.0
    return Limit(products, counted.moved / read_rate(int(counted.held), threads))


def told(result: Result) -> str:
    """All that was measured of a work, on a few lines."""
    c, limit = result.counted, result.limit
    lines = [
        f"{result.work.title}, {result.work.step}: {c.operations / 1e6:,.2f} MFLOP, "
        f"{c.moved / 1e6:,.3f} MB, {c.held / 1e6:,.2f} MB in use; products "
        f"{in_time(limit.products)}, bytes {in_time(limit.moving)}"
    ]
    for name, took in {**result.peers, **result.ours}.items():
        lines.append(
            f"    {name:20} {in_time(took):>9} {c.operations / took / 1e9:8.1f} GFLOP/s "
            f"{limit.seconds / took:6.1%} of the limit"
        )
    return "\n".join(lines)


def in_time(seconds: float) -> str:
    """Three digits, in µs, ms or s."""
    unit, scale = next(
        ((unit, scale) for unit, scale in (("s", 1.0), ("ms", 1e3)) if seconds * scale >= 1),
        ("µs", 1e6),
    )
    return f"{digits(seconds * scale)} {unit}"


def digits(x: float) -> str:
    """Three of them, without an exponent."""
    return f"{float(f'{x:.3g}'):,.{max(0, 2 - math.floor(math.log10(x or 1)))}f}"


@dataclass(frozen=True)
class Report:
    """All that was found on a machine."""

    machine: str
    "Its instruction set."
    roofs: Sequence[Peaks]
    peaks: Peaks
    "Of the number of threads that the works were done with."
    results: Sequence[Result]
    busy: bool = False
    "Whether others were at work while the peaks were measured."

    def markdown(self) -> str:
        """Tables of the machine and of the works, and what stands between them and their goals."""
        clock = "a processor" if self.peaks.threads == 1 else "the clock"
        busy = " Others were at work: figures of several threads say little." if self.busy else ""
        return "\n".join(
            [
                f"Measured on {self.machine}; works with {some_threads(self.peaks.threads)}, in "
                f"seconds of {clock}.{busy}", "",
                *self.of_machine(), "", *self.of_works(), "", *map(self.verdict, self.results),
            ]
        )  # fmt: skip

    def of_machine(self) -> Iterator[str]:
        """The peaks."""
        yield (
            "| the machine | " + " | ".join(some_threads(one.threads) for one in self.roofs) + " |"
        )
        yield "|---|" + "--:|" * len(self.roofs)
        libraries = dict.fromkeys(name for one in self.roofs for name in one.products)
        rows = {
            f"product 1024³, float32, {name}: GFLOP/s": [
                one.products.get(name) for one in self.roofs
            ]
            for name in libraries
        }
        rows["the same, bfloat16, torch.mm: GFLOP/s"] = [one.bfloat16 for one in self.roofs]
        for size in self.peaks.read:
            rows[f"reading an array of {size}: GB/s"] = [one.read[size] for one in self.roofs]
        rows[f"copying one of {size}, both ways: GB/s"] = [one.copied for one in self.roofs]
        for name, values in rows.items():
            yield f"| {name} | " + " | ".join(f"{x / 1e9:.0f}" if x else "–" for x in values) + " |"

    def of_works(self) -> Iterator[str]:
        """What is done, what it takes, and what it could."""
        yield (
            "| | work | MFLOP | MB | FLOP/byte | limit, by | peer | without kernels | with | share "
            "of the limit | times the peer | at most |"
        )
        yield "|--:|---|" + "--:|" * 10
        for number, one in enumerate(self.results, 1):
            c, limit = one.counted, one.limit.seconds
            compiled = in_time(one.after) if one.after < one.before else "–"
            peer = one.peer
            times = f"{peer / one.before:.2f} → **{peer / one.after:.2f}**" if peer else "–"
            yield (
                f"| {number} | {one.work.title}, {one.work.step} | {digits(c.operations / 1e6)} | "
                f"{digits(c.moved / 1e6)} | {digits(c.intensity)} | {in_time(limit)}, "
                f"{one.limit.by} | {in_time(peer) if peer else '–'} | {in_time(one.before)} | "
                f"{compiled} | {limit / one.before:.0%} → **{limit / one.after:.0%}** | {times} | "
                f"{digits(peer / limit) if peer else '–'} |"
            )

    def verdict(self, one: Result) -> str:
        """Whether a goal is reached, and if not, whether it can be."""
        goal = one.work.goal
        wanted = goal.avx512 if self.machine.startswith("AVX512 with bf") else goal.avx2
        if goal.unit == "ms":
            seconds, words = wanted / 1e3, f"{wanted:.3g} ms"
        elif one.peer is None:
            return f"- {one.work.title}: {wanted:g} times a peer that is not there."
        else:
            seconds = one.peer / wanted
            words = f"{wanted:g} times {next(iter(one.peers))}, {in_time(seconds)}"
        limit = one.limit
        if one.after <= seconds:
            what = f"reached: {in_time(one.after)} ({one.best})"
        elif limit.seconds <= seconds:
            needed = limit.seconds / seconds
            what = (
                f"not reached: {in_time(one.after)} ({one.best}), {limit.seconds / one.after:.0%}"
            )
            what += f" of the limit of {in_time(limit.seconds)}; {needed:.0%} would be needed"
        else:
            why = (
                f"its products alone take {in_time(limit.products)}, each by the best library"
                if limit.by == "products"
                else f"its bytes alone take {in_time(limit.moving)} to be read"
            )
            what = f"out of reach of {some_threads(self.peaks.threads)}: {why}; "
            what += f"{in_time(one.after)} today ({one.best})"
        return f"- {one.work.title}, wanted {words}: {what}."

    def write(self) -> None:
        """Put the tables and the picture into the docs, where this instruction set has its own."""
        from benchmarks.roofline_picture import draw
        from hornbook.plots.saving import save

        name = self.machine.split()[0]
        picture = f"roofline-{name.lower()}.svg"
        save(draw(self), DOCS / picture)
        section = f"## {name}\n\n{self.markdown()}\n\n![Works under the roofs of {name}]({picture})"
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), name, section), "utf-8")


def replaced(page: str, name: str, section: str) -> str:
    """A page with another section of an instruction set; it comes last if there was none."""
    begin = f"{BEGIN} {name} -->"
    pattern = re.compile(f"{re.escape(begin)}\n.*?{re.escape(END)}\n", re.DOTALL)
    whole = f"{begin}\n{section}\n{END}\n"
    made, count = pattern.subn(lambda found: whole, page)
    return made if count else f"{page}\n{whole}"


def some_threads(count: int) -> str:
    """In words."""
    return "one thread" if count == 1 else f"{count} threads"
