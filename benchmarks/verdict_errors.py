"""How often the verdicts of a comparison err, by simulation.

    python -m benchmarks.verdict_errors [--repeats 2000] [--seeds 2 3 5]

Models are made up: each has a true figure, moved by the seed of its training, and by each group of
examples, most of which is the same for all models. `chance` is the share of repetitions in which
two kinds that are equally good are told apart, which should be 5 % or less; `of three` the share in
which that happens to any of three neighbours on a board of four equal kinds, corrected by Holm.
`held` is the share of intervals that hold a true difference, which should be 95 % or more; `found`
how often a difference of three standard errors is told. Beside them stands what looks at examples
alone, as if there were one seed: `naive`.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass, replace

import numpy as np

from hornbook.experiments.compare.significance import KindRuns, corrected, difference
from hornbook.tasks import Grouped

GROUPS, SEEDS = (10, 100, 1_000), (2, 3, 5)
SPREADS = {"seeds hardly matter": 0.2, "as much as examples": 1.0, "seeds matter most": 3.0}
"Spread over seeds of a model's mean, as a multiple of the standard error over examples."


@dataclass(frozen=True)
class World:
    """MadeTrial-up models, and examples."""

    groups: int
    seeds: int
    spread: float
    "Over seeds, of the figure of a run."

    def runs(self, random: np.random.Generator, shared: np.ndarray, true: float) -> KindRuns:
        """The runs of a kind.

        Args:
            random: source of all luck.
            shared: how hard each group is for any model, shape (G,).
            true: the figure of the kind.
        """
        own = random.normal(0, 0.7, self.groups)  # what is hard for this kind of model
        found = []
        for _ in range(self.seeds):
            moved = random.normal(0, self.spread)
            of_run = random.normal(0, 0.7, self.groups)  # and for this run of it
            sums = true + moved + shared + own + of_run
            found.append(Grouped(sums, np.ones(self.groups), "made up"))
        return KindRuns(tuple(found))

    def error(self) -> float:
        """The true standard error of a difference of two kinds."""
        of_examples = 2 * (0.49 + 0.49 / self.seeds) / self.groups
        return float(np.sqrt(of_examples + 2 * self.spread**2 / self.seeds))


def main() -> None:
    """Print a line for each world."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    asked = parser.parse_args()
    repeats = asked.repeats
    print(f"{'':22}groups  seeds  chance   naive  of three    held   found")
    for (name, times), groups, seeds in itertools.product(SPREADS.items(), GROUPS, asked.seeds):
        spread = times * float(np.sqrt((0.49 + 0.49 / seeds) / groups)) * np.sqrt(seeds)
        told = errors(World(groups, seeds, spread), repeats)
        print(f"{name:22}{groups:6,}{seeds:7}" + "".join(f"{100 * one:7.1f}%" for one in told))


def errors(world: World, repeats: int) -> tuple[float, float, float, float, float]:
    """Shares of repetitions: told apart by chance, the same by examples alone, any of three told
    apart by chance, the true difference held, and a difference found.
    """
    random = np.random.default_rng(0)
    counts = np.zeros(5)
    for _ in range(repeats):
        shared = 5 + random.normal(0, 3, world.groups)
        kinds = [world.runs(random, shared, 0.0) for _ in range(4)]
        far = 3 * world.error()
        better = world.runs(random, shared, far)
        one = difference(kinds[0], kinds[1])
        counts[0] += one.sure
        counts[1] += difference(*(replace(kind, seeded=False) for kind in kinds[:2])).sure
        # In any order: that of a board is of other examples than its verdicts, as dev is from test.
        pairs = [difference(a, b) for a, b in itertools.pairwise(kinds)]
        counts[2] += any(pair.sure for pair in corrected(pairs))
        apart = difference(better, kinds[0])
        counts[3] += apart.low <= far <= apart.high
        counts[4] += apart.sure
    return tuple(float(one) for one in counts / repeats)  # type: ignore[return-value]


if __name__ == "__main__":
    main()
