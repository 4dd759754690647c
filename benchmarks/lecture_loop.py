"""The lectures' own loops for their nets of names, in plain PyTorch: what their figures hang on.

    python -m benchmarks.lecture_loop names.txt [--nets mlp tree] [--seeds 1 2 3 4]
        [--steps 200000] [--shuffles 1 4] [--biases none] [--draws shuffled]

Draws, start, rate, BatchNorm and its evaluation are those of the lectures' notebooks; the nets of
all seeds stand side by side in the first dimension of each tensor, each with a generator of its own
for its numbers and its batches. It prints the losses on train and dev, mean and standard deviation
over the seeds: with 20,000 steps they are what the quick form of `hornbook reproduce` must come to.

Part 2's notebook ran the cell that shuffles the names four times, so that its dev (22,902
predictions) is another than that of all later parts (22,655): `--shuffles`. What `hornbook
reproduce` does otherwise is put into this loop by `--biases none`, which begin at 0, and
`--draws shuffled`, batches that go through all examples before one comes again. Nothing here is
hornbook's.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

BATCH, CHUNK = 32, 8_192


@dataclass(frozen=True)
class Recipe:
    """A net of the lectures."""

    letters: int = 3
    embedding: int = 10
    hidden: int = 200
    joined: int = 0
    "Neighbours that a layer joins; 0: all at once."
    gain: float = 1.0
    "Of the hidden layers, times 1 / sqrt(inputs); 0: standard deviation 1."
    last: float = 0.1
    "Of the last layer, times 1 / sqrt(inputs) where `scaled`."
    scaled: bool = True
    bias: float | None = None
    "Standard deviation of the hidden layer's bias; None: it has none."
    last_bias: float = 0.0
    norm: float | None = 0.1
    "Momentum of BatchNorm; None: without."
    noisy: bool = False
    "Whether BatchNorm begins beside 1 and 0, and is calibrated on train at the end."
    by_position: bool = False
    "The bug: each position has its own mean and variance."
    decay_at: float = 0.75
    shuffles: int = 1
    "Of the names before they are split."


NETS = {
    "mlp": Recipe(gain=0, last=1, scaled=False, bias=1, last_bias=1, norm=None, decay_at=0.5,
                  shuffles=4),
    "batchnorm": Recipe(gain=5 / 3, last=0.01, scaled=False, norm=0.001, decay_at=0.5),
    "backprop": Recipe(gain=5 / 3, last=0.1, scaled=False, bias=0.1, last_bias=0.1, noisy=True,
                       decay_at=0.5),
    "flat-3": Recipe(),
    "flat-8": Recipe(letters=8),
    "tree-bug": Recipe(letters=8, hidden=68, joined=2, by_position=True),
    "tree": Recipe(letters=8, hidden=68, joined=2),
    "tree-large": Recipe(letters=8, embedding=24, hidden=128, joined=2),
}  # fmt: skip


class Norm:
    """BatchNorm of S nets over dimension 1, or 1 and 2: x (S, B, C) or (S, B, T, C)."""

    def __init__(self, gain: Tensor, shift: Tensor, recipe: Recipe) -> None:
        self.gain, self.shift, self.recipe = gain, shift, recipe
        self.mean = self.variance = torch.zeros(())
        self.first = True

    def moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Of a batch."""
        over = (1,) if x.dim() == 3 or self.recipe.by_position else (1, 2)
        return x.mean(over, keepdim=True), x.var(over, keepdim=True)

    def __call__(self, x: Tensor, training: bool) -> Tensor:
        """With the moments of the batch, or with the running ones."""
        if training:
            mean, variance = self.moments(x)
            with torch.no_grad():
                if self.first:
                    self.mean, self.variance = torch.zeros_like(mean), torch.ones_like(variance)
                    self.first = False
                share = self.recipe.norm or 0.0
                self.mean = (1 - share) * self.mean + share * mean
                self.variance = (1 - share) * self.variance + share * variance
        else:
            mean, variance = self.mean, self.variance
        shape = (len(x), *(1,) * (x.dim() - 2), -1)
        scaled = (x - mean) * (variance + 1e-5).rsqrt()
        return scaled * self.gain.view(shape) + self.shift.view(shape)


@dataclass
class Nets:
    """S nets of one recipe."""

    recipe: Recipe
    generators: Sequence[torch.Generator]
    biased: bool = True
    parameters: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        r = self.recipe
        self.table = self.drawn((27, r.embedding), 1.0)
        self.layers: list[tuple[Tensor, Tensor | None, Norm | None]] = []
        joined, size = r.joined or r.letters, r.embedding
        left = r.letters
        while left > 1:
            inputs = joined * size
            weight = self.drawn((inputs, r.hidden), r.gain / inputs**0.5 if r.gain else 1.0)
            bias = None if r.bias is None else self.drawn((r.hidden,), r.bias * self.biased)
            self.layers.append((weight, bias, None))
            left, size = left // joined, r.hidden
        scale = r.last / r.hidden**0.5 if r.scaled else r.last
        self.last = self.drawn((r.hidden, 27), scale), self.drawn((27,), r.last_bias * self.biased)
        if r.norm is not None:
            noise = 0.1 if r.noisy else 0.0
            for at, (weight, bias, _) in enumerate(self.layers):
                gain = self.drawn((r.hidden,), noise, 1.0)
                norm = Norm(gain, self.drawn((r.hidden,), noise), r)
                self.layers[at] = weight, bias, norm

    def drawn(self, shape: tuple[int, ...], std: float, mean: float = 0.0) -> Tensor:
        """A parameter of all nets."""
        one = torch.stack([mean + std * torch.randn(shape, generator=g) for g in self.generators])
        self.parameters.append(one.requires_grad_())
        return one

    def logits(self, ids: Tensor, training: bool, upto: int | None = None) -> Tensor:
        """Of windows (S, B, letters): (S, B, 27); with `upto`, what that layer's norm is given."""
        nets = torch.arange(len(ids))[:, None, None]
        x = self.table[nets, ids]  # (S, B, T, E)
        for at, (weight, bias, norm) in enumerate(self.layers):
            s, b, t, c = x.shape
            joined = weight.shape[1] // c
            x = (x.reshape(s, b * t // joined, c * joined) @ weight).view(s, b, t // joined, -1)
            if bias is not None:
                x = x + bias[:, None, None]
            if at == upto:
                return x
            if x.shape[2] == 1 and norm is not None:
                x = norm(x[:, :, 0], training)[:, :, None]
            elif norm is not None:
                x = norm(x, training)
            x = torch.tanh(x)
        return x[:, :, 0] @ self.last[0] + self.last[1][:, None]

    def calibrate(self, xs: Tensor) -> None:
        """Set the moments of the one BatchNorm to those of all examples."""
        norm = self.layers[0][2]
        assert norm is not None
        given = self.logits(xs.expand(len(self.generators), -1, -1), False, upto=0)[:, :, 0]
        norm.mean, norm.variance = norm.moments(given)

    def losses(self, split: tuple[Tensor, Tensor]) -> list[float]:
        """Of a whole split, one for each net."""
        total = torch.zeros(len(self.generators))
        for x, y in zip(*(torch.split(one, CHUNK) for one in split), strict=True):
            logits = self.logits(x.expand(len(total), -1, -1), False)
            ys = y.expand(len(total), -1)
            total += F.cross_entropy(logits.transpose(1, 2), ys, reduction="none").sum(1)
        return (total / len(split[1])).tolist()


def examples(words: list[str], stoi: dict[str, int], letters: int) -> tuple[Tensor, Tensor]:
    """Windows of letters, and what follows."""
    xs, ys = [], []
    for word in words:
        context = [0] * letters
        for letter in [*word, "."]:
            xs.append(context)
            ys.append(stoi[letter])
            context = [*context[1:], stoi[letter]]
    return torch.tensor(xs), torch.tensor(ys)


def splits_of(words: list[str], shuffles: int, letters: int) -> list[tuple[Tensor, Tensor]]:
    """Train and dev, of names that are shuffled with seed 42 so many times, each time from where
    the last has left them."""
    stoi = {letter: i for i, letter in enumerate([".", *sorted(set("".join(words)))])}
    order = list(words)
    for _ in range(shuffles):
        random.Random(42).shuffle(order)
    cut, end = int(0.8 * len(words)), int(0.9 * len(words))
    return [examples(part, stoi, letters) for part in (order[:cut], order[cut:end])]


def trained(
    recipe: Recipe, train: tuple[Tensor, Tensor], seeds: Sequence[int], steps: int, biased: bool,
    shuffled: bool,
) -> Nets:  # fmt: skip
    """The nets after the lecture's training, one for each seed."""
    nets = Nets(recipe, [torch.Generator().manual_seed(seed) for seed in seeds], biased)
    n = len(train[1])
    orders = [torch.empty(0, dtype=torch.long) for _ in seeds]
    for step in range(steps):
        rows = []
        for at, g in enumerate(nets.generators):
            if not shuffled:
                rows.append(torch.randint(0, n, (BATCH,), generator=g))
                continue
            if len(orders[at]) < BATCH:
                orders[at] = torch.randperm(n, generator=g)
            rows.append(orders[at][:BATCH])
            orders[at] = orders[at][BATCH:]
        drawn = torch.stack(rows)  # (S, B)
        logits = nets.logits(train[0][drawn], True)
        # The sum of the nets' losses: none has a part in another's gradients.
        loss = F.cross_entropy(logits.flatten(0, 1), train[1][drawn].flatten(), reduction="sum")
        grads = torch.autograd.grad(loss / BATCH, nets.parameters)
        rate = 0.1 if step < recipe.decay_at * steps else 0.01
        with torch.no_grad():
            torch._foreach_add_(nets.parameters, grads, alpha=-rate)
    return nets


def told(values: Sequence[float]) -> str:
    """Mean, standard deviation, and each."""
    spread = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.4f}{spread} ({', '.join(f'{v:.4f}' for v in values)})"


def main() -> None:
    """Train each net with every seed, and print what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", type=Path)
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--shuffles", type=int, nargs="+", help="instead of the lecture's")
    parser.add_argument("--biases", choices=("lecture", "none"), default="lecture")
    parser.add_argument("--draws", choices=("independent", "shuffled"), default="independent")
    options = parser.parse_args()
    torch.set_num_threads(1)
    words = options.names.read_text().splitlines()
    biased, shuffled = options.biases == "lecture", options.draws == "shuffled"
    for name in options.nets:
        recipe = NETS[name]
        for shuffles in options.shuffles or [recipe.shuffles]:
            began = time.process_time()
            train, dev = splits_of(words, shuffles, recipe.letters)
            nets = trained(recipe, train, options.seeds, options.steps, biased, shuffled)
            with torch.no_grad():
                if recipe.noisy:
                    nets.calibrate(train[0])
                losses = nets.losses(train), nets.losses(dev)
            print(
                f"{name}, {sum(p[0].numel() for p in nets.parameters):,} parameters, "
                f"{options.steps:,} steps, shuffled {shuffles} ({len(train[1]):,} and "
                f"{len(dev[1]):,} predictions), biases {options.biases}, {options.draws} draws: "
                f"train {told(losses[0])}, dev {told(losses[1])}; "
                f"{time.process_time() - began:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
