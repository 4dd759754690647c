"""fast.ai's lesson on ratings as its notebook has it, in plain PyTorch: what its figures hang on.

    python -m benchmarks.lesson_loop ml-latest-small [--nets dot dot-bias embedding-net]
        [--seeds 1 2 3] [--splits 42 1 2] [--with start offset edited]

EmbeddingDot, EmbeddingDotBias and EmbeddingNet of lesson 5, six epochs of batches of 64, the last
three at a tenth of the rate, decay added to the gradient, on the lesson's own rows (NumPy's old
generator, seed 42, a fifth held out) or on others. For each split it prints the mean squared error
of the held-out rows after the last epoch, mean and standard deviation over the seeds, and each
epoch of the first seed; then mean and standard deviation over the splits.

`--with` puts something else into it, each alone: `start`, vectors from a normal distribution of
standard deviation 0.01 and biases of 0; `offset`, sums that begin at the mean of all ratings;
`edited`, EmbeddingNet by the cell that stands in the notebook, Adam at 0.001 in all epochs: it was
run after the training that is shown, and the version of the day before has 0.01 there. Nothing
here is hornbook's.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

FACTORS, BATCH, EPOCHS = 50, 64, 6
LOW, HIGH = 0.5, 5.0
SAID = {"dot": 1.130, "dot-bias": 0.801, "embedding-net": 0.781}


def rows_of(path: Path) -> tuple[Tensor, Tensor]:
    """Pairs of a user's and a film's number, (N, 2), and ratings, (N,)."""
    table = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=(0, 1, 2))
    columns = [np.unique(table[:, at], return_inverse=True)[1] for at in (0, 1)]
    return torch.from_numpy(np.stack(columns, 1)), torch.from_numpy(table[:, 2]).float()


class Dot(nn.Module):
    """EmbeddingDot, with biases and a sigmoid EmbeddingDotBias."""

    def __init__(self, sizes: tuple[int, int], biased: bool, ways: set[str], mean: float) -> None:
        super().__init__()
        self.vectors = nn.ModuleList([nn.Embedding(n, FACTORS) for n in sizes])
        self.biases = nn.ModuleList([nn.Embedding(n, 1) for n in sizes] if biased else [])
        low, high = (-0.01, 0.01) if biased else (0.0, 0.05)
        begin(self, low, high, ways)
        self.offset = raw(mean, LOW, HIGH) if "offset" in ways else 0.0

    def forward(self, pairs: Tensor) -> Tensor:
        """Ratings of pairs (B, 2)."""
        p, q = (table(pairs[:, at]) for at, table in enumerate(self.vectors))
        sums: Tensor = (p * q).sum(1)
        if not self.biases:
            return sums
        sums = sums + sum(table(pairs[:, at])[:, 0] for at, table in enumerate(self.biases))
        return torch.sigmoid(sums + self.offset) * (HIGH - LOW) + LOW


class Net(nn.Module):
    """EmbeddingNet."""

    def __init__(self, sizes: tuple[int, int], ways: set[str], mean: float) -> None:
        super().__init__()
        self.vectors = nn.ModuleList([nn.Embedding(n, FACTORS) for n in sizes])
        self.hidden, self.last = nn.Linear(2 * FACTORS, 10), nn.Linear(10, 1)
        begin(self, -0.01, 0.01, ways)
        self.offset = raw(mean, LOW - 0.5, HIGH + 0.5) if "offset" in ways else 0.0

    def forward(self, pairs: Tensor) -> Tensor:
        """Ratings of pairs (B, 2)."""
        x = torch.cat([table(pairs[:, at]) for at, table in enumerate(self.vectors)], 1)
        x = F.relu(self.hidden(F.dropout(x, 0.05, self.training)))
        x = self.last(F.dropout(x, 0.5, self.training))[:, 0]
        return torch.sigmoid(x + self.offset) * (HIGH - LOW + 1) + LOW - 0.5


def raw(value: float, low: float, high: float) -> float:
    """What the sigmoid from low to high makes a value from."""
    share = (value - low) / (high - low)
    return math.log(share / (1 - share))


def begin(net: nn.Module, low: float, high: float, ways: set[str]) -> None:
    """Draw the numbers of all tables."""
    for table in (part for part in net.modules() if isinstance(part, nn.Embedding)):
        if "start" not in ways:
            nn.init.uniform_(table.weight, low, high)
        elif table.embedding_dim == 1:
            nn.init.zeros_(table.weight)
        else:
            nn.init.normal_(table.weight, std=0.01)


def made(name: str, sizes: tuple[int, int], ways: set[str], mean: float) -> tuple[
    nn.Module, torch.optim.Optimizer
]:  # fmt: skip
    """A net of the lesson and its optimizer."""
    if name == "embedding-net":
        net: nn.Module = Net(sizes, ways, mean)
        rate = 1e-3 if "edited" in ways else 1e-2
        return net, torch.optim.Adam(net.parameters(), rate, weight_decay=1e-5)
    net = Dot(sizes, name == "dot-bias", ways, mean)
    decay = 2e-4 if name == "dot-bias" else 1e-5
    return net, torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=decay)


def trained(
    name: str, pairs: Tensor, values: Tensor, split: int, seed: int, ways: set[str]
) -> list[float]:
    """The held-out error after each epoch."""
    order = np.random.RandomState(split).permutation(len(values))
    held = torch.zeros(len(values), dtype=torch.bool)
    held[order[: int(0.2 * len(values))]] = True
    x, y, x_held, y_held = pairs[~held], values[~held], pairs[held], values[held]
    torch.manual_seed(seed)
    sizes = int(pairs[:, 0].max()) + 1, int(pairs[:, 1].max()) + 1
    net, optimizer = made(name, sizes, ways, float(y.mean()))
    errors = []
    for epoch in range(EPOCHS):
        if epoch == EPOCHS // 2 and "edited" not in ways:
            optimizer.param_groups[0]["lr"] /= 10
        net.train()
        for at in torch.split(torch.randperm(len(y)), BATCH):
            optimizer.zero_grad()
            loss = F.mse_loss(net(x[at]), y[at])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        net.eval()
        with torch.no_grad():
            errors.append(float(F.mse_loss(net(x_held), y_held)))
    return errors


def main() -> None:
    """Train, and print what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="with ratings.csv")
    parser.add_argument("--nets", nargs="+", choices=SAID, default=list(SAID))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--splits", type=int, nargs="+", default=[42])
    parser.add_argument("--with", nargs="*", choices=("start", "offset", "edited"), default=[],
                        dest="ways")  # fmt: skip
    options = parser.parse_args()
    torch.set_num_threads(1)
    pairs, values = rows_of(options.folder / "ratings.csv")
    for name in options.nets:
        for ways in [set(), *({way} for way in options.ways)]:
            means = []
            for split in options.splits:
                began = time.process_time()
                found = [trained(name, pairs, values, split, seed, ways) for seed in options.seeds]
                last = [one[-1] for one in found]
                means.append(statistics.fmean(last))
                spread = f" ± {statistics.stdev(last):.4f}" if len(last) > 1 else ""
                print(
                    f"{name} ({SAID[name]}){''.join(f', {way}' for way in ways)}, split {split}: "
                    f"{means[-1]:.4f}{spread}; epochs of the first: "
                    f"{' '.join(f'{e:.4f}' for e in found[0])}, "
                    f"{(time.process_time() - began) / len(found):.0f} s each",
                    flush=True,
                )
            if len(means) > 1:
                told = f"{statistics.fmean(means):.4f} ± {statistics.stdev(means):.4f}"
                print(f"{name}{''.join(f', {way}' for way in ways)}: over splits {told}")


if __name__ == "__main__":
    main()
