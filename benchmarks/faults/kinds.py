"""The kinds of faults, each tried on every work."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import hornbook
from benchmarks.faults.child import kill_at_write, limit_files, started
from benchmarks.faults.work import WORKS, Place, Work, made, same, weights
from hornbook.errors import HornbookError
from hornbook.runs import Run

__all__ = ["KINDS", "Scale", "Tally"]


@dataclass(frozen=True)
class Scale:
    """How much is tried.

    Args:
        rounds: tries of a kind on each work.
        stride: of what is tried one after the other, each so-manieth is.
        only: names of works; empty: all.
    """

    rounds: int
    stride: int = 1
    only: tuple[str, ...] = ()

    def works(self, *names: str) -> list[tuple[str, Work]]:
        """The works that are wanted, of those named or of all."""
        wanted = [name for name in names or WORKS if not self.only or name in self.only]
        return [(name, WORKS[name]) for name in wanted]


@dataclass
class Tally:
    """What was tried of a kind, and what went wrong."""

    tried: int = 0
    hit: int = 0
    "How many of them met the work before it had ended."
    wrong: list[str] = field(default_factory=list)

    def note(self, what: str, wrong: str, *, hit: bool) -> None:
        """One more."""
        self.tried += 1
        self.hit += hit
        if wrong:
            self.wrong.append(f"{what}: {wrong}")


def fresh(place: Place, work: Work) -> Path:
    """A directory in which a work can begin."""
    out = place.folder / "out"
    for path in (out, *place.folder.glob(".out.*")):
        shutil.rmtree(path, ignore_errors=True)
    work.prepare(place, out)
    return out


def writes(place: Place, scale: Scale, chance: random.Random) -> Iterator[tuple[str, str, bool]]:
    """A kill at every write of every work."""
    for name, work in scale.works():
        number = chance.randrange(scale.stride)
        while True:
            out = fresh(place, work)
            child = started(lambda: work.do(place, out), kill_at_write(number, place.folder))  # noqa: B023
            ended = child.wait()
            if ended.how == "done":
                break
            wrong = made(place, out, work) if ended.how == "killed" else f"{ended.how} {ended.told}"
            yield f"{name}, write {number}", wrong, ended.how == "killed"
            number += scale.stride


def kills(place: Place, scale: Scale, chance: random.Random) -> Iterator[tuple[str, str, bool]]:
    """A kill at a random moment."""
    yield from signalled(place, scale, chance, signal.SIGKILL)


def interrupts(
    place: Place, scale: Scale, chance: random.Random
) -> Iterator[tuple[str, str, bool]]:
    """Ctrl-C at a random moment."""
    yield from signalled(place, scale, chance, signal.SIGINT)


def ends(place: Place, scale: Scale, chance: random.Random) -> Iterator[tuple[str, str, bool]]:
    """A request to end at a random moment."""
    yield from signalled(place, scale, chance, signal.SIGTERM)


def signalled(
    place: Place, scale: Scale, chance: random.Random, number: int
) -> Iterator[tuple[str, str, bool]]:
    """A signal at a random moment of each work."""
    for name, work in scale.works():
        out = fresh(place, work)
        began = time.perf_counter()
        started(lambda: work.do(place, out)).wait()  # noqa: B023
        takes = time.perf_counter() - began
        for _ in range(scale.rounds):
            out = fresh(place, work)
            child = started(lambda: work.do(place, out))  # noqa: B023
            time.sleep(chance.uniform(0, takes))
            child.send(number)
            ended = child.wait()
            wrong = f"{ended.how} {ended.told}" if ended.how in ("broken", "hanging") else ""
            yield name, wrong or made(place, out, work), ended.how != "done"


def full(place: Place, scale: Scale, chance: random.Random) -> Iterator[tuple[str, str, bool]]:
    """A disk without room for some file."""
    for name, work in scale.works():
        for _ in range(scale.rounds):
            out = fresh(place, work)
            size = int(2 ** chance.uniform(3, 16))
            ended = started(lambda: work.do(place, out), limit_files(size)).wait()  # noqa: B023
            wrong = "" if ended.how in ("done", "refused") else f"{ended.how} {ended.told}"
            yield f"{name}, {size} bytes", wrong or made(place, out, work), ended.how == "refused"


def vanished(place: Place, scale: Scale, chance: random.Random) -> Iterator[tuple[str, str, bool]]:
    """A directory that is moved away, or replaced by another run, in the middle of the work."""
    for name, work in scale.works("train", "resume", "overwrite", "count", "mix"):
        for _ in range(scale.rounds):
            out, away = fresh(place, work), place.folder / "away"
            other = place.folder / "other"
            shutil.rmtree(away, ignore_errors=True)
            shutil.rmtree(other, ignore_errors=True)
            child = started(lambda: work.do(place, out))  # noqa: B023
            time.sleep(chance.uniform(0, 0.15))
            moved = out.exists()
            if moved:
                out.rename(away)
                if replace := chance.random() < 0.5:
                    shutil.copytree(place.counts, other)
                    try:
                        other.rename(out)
                    except OSError:  # the work itself has put something there
                        replace = False
            ended = child.wait()
            wrong = f"{ended.how} {ended.told}" if ended.how in ("broken", "hanging") else ""
            if moved and replace and out.exists() and not wrong and Run(out).family == "ngram":
                stands = same(weights(out), weights(place.counts))
                wrong = "" if stands else "it wrote into another run"
            yield name, wrong, ended.how == "refused"


def races(place: Place, scale: Scale, chance: random.Random) -> Iterator[tuple[str, str, bool]]:
    """Two or eight at once in one directory."""
    contested = ("train", "resume", "overwrite", "count", "count over a net", "mix", "strip")
    for name, work in scale.works(*contested):
        for at in range(scale.rounds):
            out, many = fresh(place, work), (2, 8)[at % 4 == 0]
            children = [started(lambda: work.do(place, out)) for _ in range(many)]  # noqa: B023
            hows = [child.wait() for child in children]
            bad = [f"{o.how} {o.told}" for o in hows if o.how not in ("done", "refused")]
            wrong = bad[0] if bad else ""
            if not any(o.how == "done" for o in hows):
                wrong = wrong or f"none was done: {hows[0].told}"
            lost = work.always(place, out) or work.after(place, out) if not wrong else ""
            yield f"{many} × {name}", wrong or lost, any(o.how == "refused" for o in hows)


def damage(place: Place, scale: Scale, chance: random.Random) -> Iterator[tuple[str, str, bool]]:
    """Wrong bytes in every file of a run, one file at a time."""
    names = (p.relative_to(place.old).as_posix() for p in place.old.rglob("*") if p.is_file())
    for name in sorted(names)[:: scale.stride]:
        for _ in range(scale.rounds):
            out = place.folder / "out"
            shutil.rmtree(out, ignore_errors=True)
            shutil.copytree(place.old, out)
            held = bytearray((out / name).read_bytes())
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(held) + 1)
                held[at : at + chance.randint(0, 4)] = chance.randbytes(chance.randint(0, 4))
            if chance.random() < 0.2:
                del held[chance.randrange(len(held) + 1) :]
            (out / name).write_bytes(held)
            wrong, refused = used(place, out)
            yield name, wrong, refused


def used(place: Place, out: Path) -> tuple[str, bool]:
    """What is wrong when a run is used, and whether it was refused."""
    refused, wrong = False, ""
    for call in (
        lambda: same(
            {k: v.numpy() for k, v in Run(out).model.state_dict().items()}, place.expected
        ),
        lambda: list(Run(out).sample(n=1)),
        lambda: Run(out).evaluate(),
        lambda: Run(out).directory.read_health(),
        lambda: hornbook.resume(out),
    ):
        try:
            if call() is False:
                wrong = "it loaded other weights"
        except HornbookError:
            refused = True
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
    return wrong, refused


def links(place: Place, scale: Scale, chance: random.Random) -> Iterator[tuple[str, str, bool]]:
    """A link to a file of the user's under every name that is written."""
    precious = place.folder / "precious"
    names = [*(p.name for p in place.old.iterdir() if p.is_file()), "report.html", ".lock"]
    names += [f".{name}.part" for name in names]
    for name, work in scale.works("resume", "inspect", "strip", "overwrite"):
        for link in names[:: scale.stride]:
            out = fresh(place, work)
            precious.write_text("years of work")
            (out / link).unlink(missing_ok=True)
            (out / link).symlink_to(precious)
            ended = started(lambda: work.do(place, out)).wait()  # noqa: B023
            touched = "" if precious.read_text() == "years of work" else "the link was followed"
            bad = f"{ended.how} {ended.told}" if ended.how not in ("done", "refused") else ""
            yield f"{name}, {link}", touched or bad, ended.how == "refused"


Kind = Callable[[Place, Scale, random.Random], Iterator[tuple[str, str, bool]]]
KINDS: dict[str, Kind] = {
    kind.__name__: kind
    for kind in (writes, kills, interrupts, ends, full, vanished, races, damage, links)
}
