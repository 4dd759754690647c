"""The lesson's nets that carry their state, in plain PyTorch: what few epochs come to.

    python -m benchmarks.nietzsche_loop nietzsche.txt [--nets rnn gru] [--seeds 1 2 3] [--full]
    python -m benchmarks.nietzsche_loop nietzsche.txt --nets lstm [--seeds 1 2 3]

Letters of Nietzsche without capitals, the first 82 % in 64 streams that are read 8 letters at a
time, torch's own RNN or GRU of 256 units on embeddings of 42, Adam at 0.001 and then at 0.0001. It
prints the loss on the rest, mean and standard deviation over the seeds: without --full after the
epochs of the quick form of `hornbook reproduce`, which must come to the same. Nothing here is
hornbook's.

Of the lesson's LSTM, whose 63 epochs take hours, the first 260 steps are made at its rate of 0.01:
with its weight decay (1e-5, added to the gradients), without, with gradients clipped, and with a
rate that grows over the first hundred. Told is the loss of the last twenty.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STREAMS, ROW = 64, 8
EPOCHS = {"rnn": ((1, 1), (4, 4)), "gru": ((2, 1), (6, 3))}
"Epochs at the first and at the second rate, in the quick and in the full form."
STARTS = {
    "as the lesson": (1e-5, 0.0, 0), "no weight decay": (0.0, 0.0, 0),
    "clipped at 1": (1e-5, 1.0, 0), "no decay, warm-up of 100 steps": (0.0, 0.0, 100),
}  # fmt: skip
"Weight decay, longest gradient and steps of warm-up."
STEPS, LAST = 260, 20


class Net(nn.Module):
    """Letters in, logits of the next out, and a state that is carried."""

    def __init__(self, kind: str, letters: int) -> None:
        super().__init__()
        self.table = nn.Embedding(letters, 42)
        width = 512 if kind == "lstm" else 256
        self.cell: nn.RNNBase = (
            nn.LSTM(42, width, 2, dropout=0.5) if kind == "lstm"
            else (nn.RNN if kind == "rnn" else nn.GRU)(42, width)
        )  # fmt: skip
        self.head = nn.Linear(width, letters)

    def forward(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Logits (T, B, letters) and the state after x (T, B); an LSTM has two."""
        h, state = self.cell(self.table(x), state)
        return self.head(h), state


def streams(ids: Tensor) -> Tensor:
    """The text in columns, (T, STREAMS)."""
    length = len(ids) // STREAMS
    return ids[: length * STREAMS].view(STREAMS, length).T.contiguous()


def loss_on(net: Net, columns: Tensor) -> float:
    """The mean loss of all letters but the first of each stream."""
    net.eval()
    with torch.no_grad():
        logits, _ = net(columns[:-1], None)
        return float(F.cross_entropy(logits.flatten(0, 1), columns[1:].flatten()))


def trained(kind: str, train: Tensor, letters: int, seed: int, epochs: tuple[int, int]) -> Net:
    """A net after its epochs at both rates."""
    torch.manual_seed(seed)
    net = Net(kind, letters)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    for epoch in range(sum(epochs)):
        if epoch == epochs[0]:
            optimizer.param_groups[0]["lr"] = 1e-4
        state: Tensor | None = None
        for at in range(0, len(train) - ROW, ROW):
            logits, last = net(train[at : at + ROW], state)
            state = last.detach()
            targets = train[at + 1 : at + ROW + 1]
            optimizer.zero_grad()
            loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return net


def started(train: Tensor, letters: int, seed: int, how: tuple[float, float, int]) -> float:
    """The loss of the LSTM's last steps of its first, by weight decay, clipping and warm-up."""
    torch.manual_seed(seed)
    (decay, most, warmup), net, found = how, Net("lstm", letters), []
    optimizer = torch.optim.Adam(net.parameters(), 1e-2, weight_decay=decay)
    state = None
    for step in range(STEPS):
        at = step * ROW
        optimizer.param_groups[0]["lr"] = 1e-2 * min(1.0, (step + 1) / max(1, warmup))
        logits, last = net(train[at : at + ROW], state)
        state = tuple(one.detach() for one in last)
        loss = F.cross_entropy(logits.flatten(0, 1), train[at + 1 : at + ROW + 1].flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if most:
            nn.utils.clip_grad_norm_(net.parameters(), most)
        optimizer.step()
        found.append(loss.item())
    return statistics.fmean(found[-LAST:])


def main() -> None:
    """Train each net with every seed, and print what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("text", type=Path)
    parser.add_argument("--nets", nargs="+", choices=[*EPOCHS, "lstm"], default=list(EPOCHS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--full", action="store_true", help="all of the lesson's epochs")
    options = parser.parse_args()
    torch.set_num_threads(1)
    text = options.text.read_text(encoding="utf-8").lower()
    places = {letter: n for n, letter in enumerate(sorted(set(text)))}
    ids = torch.tensor([places[letter] for letter in text])
    cut = len(ids) * 82 // 100
    train, dev = streams(ids[:cut]), streams(ids[cut:])
    if "lstm" in options.nets:
        for name, how in STARTS.items():
            ends = [started(train, len(places), seed, how) for seed in options.seeds]
            print(f"lstm, {name}: {', '.join(f'{one:.3f}' for one in ends)}", flush=True)
    for kind in (one for one in options.nets if one in EPOCHS):
        epochs = EPOCHS[kind][options.full]
        began = time.process_time()
        found = [
            loss_on(trained(kind, train, len(places), seed, epochs), dev) for seed in options.seeds
        ]
        spread = f" ± {statistics.stdev(found):.4f}" if len(found) > 1 else ""
        print(
            f"{kind}, {epochs[0]} and {epochs[1]} epochs: "
            f"dev {statistics.fmean(found):.4f}{spread} "
            f"({', '.join(f'{one:.4f}' for one in found)}), "
            f"{(time.process_time() - began) / len(found):.0f} s each",
            flush=True,
        )


if __name__ == "__main__":
    main()
