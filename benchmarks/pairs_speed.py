"""Training and answering beside torch.nn.Transformer: same shape, same weights, same batches.

    python -m benchmarks.pairs_speed [--n-embd 64,128] [--batch-size 64] [--dropout 0,0.1]
        [--rounds 15]

The pairs are words of 3 to 12 letters and the same from the back. Ours and torch's (with
norm_first, which is what ours is at the paper's settings) have the same weights, take turns with
the same batches, and give the same losses and answers, which is checked. torch's is trained by its
own fused AdamW, ours by `Trainer`. torch's answers come from a plain loop: the source is read once,
and all that has been said is read again for each token. Times are processor seconds of one thread.

torch's is timed once more with batches as they come, each padded to its longest pair: ours are of
about equal lengths, which is part of the loop but not of the net.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from benchmarks.pairs_peer import PAPER, TorchTransformer
from benchmarks.timing import in_turns, use_threads
from hornbook.compute.memory import keep_freed_memory
from hornbook.pairs.batches import PairBatches, pair_batch
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.models.contract import Shape
from hornbook.pairs.models.seq2seq import Seq2Seq, Seq2SeqSettings
from hornbook.pairs.rows import Ids, PairBatch, padded
from hornbook.tokenizers.contract import Vocabulary
from hornbook.training import TrainingSettings
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer

# Steps before anything is timed: answers end about where they should, and every shape of a product
# has come, which the library makes ready once.
TRAINED = 600
ASKED = 256  # sources


def words(count: int) -> tuple[list[Ids], list[Ids]]:
    """Words and the same from the back, the boundary behind each."""
    random = np.random.default_rng(1)
    sources = [random.integers(1, 27, random.integers(3, 13)) for _ in range(count)]
    return [np.append(w, 0) for w in sources], [np.append(w[::-1], 0) for w in sources]


def as_they_come(sources: list[Ids], targets: list[Ids], size: int) -> Iterator[PairBatch]:
    """Batches in random order, without regard to lengths."""
    random = np.random.default_rng(3)
    while True:
        some = random.choice(len(sources), size, replace=False)
        yield pair_batch([sources[at] for at in some], [targets[at] for at in some], 0)


def trainer_of(model: Seq2Seq, batches: PairBatches, rate: float) -> Trainer:
    """What trains ours."""
    training = TrainingSettings(
        learning_rate=rate, schedule="constant", gradients="hand", precision="float32"
    )
    return Trainer(model, batches, training, lambda: Evaluation({}))


def measure(n_embd: int, dropout: float, batch_size: int, rounds: int) -> None:
    """Print a line for training and one for answering."""
    letters = Vocabulary(27, 0, 0)
    sources, targets = words(20_000)
    shape = Shape(letters, letters, 0, True, 13, 13, len(sources))
    settings = Seq2SeqSettings(n_embd=n_embd, dropout=dropout, **PAPER)
    ours = Seq2Seq(settings, shape, torch.Generator().manual_seed(1))
    trainer = trainer_of(ours, PairBatches(sources, targets, 0, batch_size, 1), 1e-3)
    ours.train()
    for _ in range(TRAINED):
        trainer.update()
    theirs = TorchTransformer(ours)
    rest = PairBatches(sources, targets, 0, batch_size, 1)
    rest.cursor = trainer.batches.cursor
    optimizer = torch.optim.AdamW(theirs.parameters(), 1e-3, (0.9, 0.99), fused=True)

    shuffled = as_they_come(sources, targets, batch_size)

    def torchs_update(batches: Iterator[PairBatch] | PairBatches) -> None:
        loss = theirs.loss(next(batches))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    ours.eval(), theirs.eval()
    batch = next(PairBatches(sources, targets, 0, batch_size, 2))
    with torch.no_grad():
        both = float(ours.loss_vjp(batch)[0]), float(theirs.loss(batch))
    assert abs(both[0] - both[1]) < 1e-4, both
    said = theirs.greedy(padded(sources[:ASKED]), 0, 26).numpy()
    own = [one[0].ids for one in ours.answers(sources[:ASKED], Decoding(longest=25))]
    same = [np.array_equal(row[: len(ids)], ids) for row, ids in zip(said, own, strict=True)]
    assert np.mean(same) > 0.98, np.mean(same)  # but for logits that are equal to rounding

    answered = in_turns(
        {
            "ours": lambda: ours.answers(sources[:ASKED], Decoding(longest=25)),
            "torch": lambda: theirs.greedy(padded(sources[:ASKED]), 0, 26),
        },
        calls=1, rounds=rounds, clock=time.process_time,
    )  # fmt: skip
    ours.train(), theirs.train()
    trained = in_turns(
        {
            "ours": trainer.update,
            "torch": lambda: torchs_update(rest),
            "torch, batches as they come": lambda: torchs_update(shuffled),
        },
        calls=10, rounds=rounds, clock=time.process_time,
    )  # fmt: skip
    tokens = sum(map(len, own))
    print(
        f"n_embd {n_embd}, dropout {dropout}, batch {batch_size}: a training step "
        f"{1e3 * trained['ours']:.1f} ms, {ASKED} answers {tokens / answered['ours']:,.0f} tokens/s"
    )
    for name, seconds in trained.items():
        print(f"  training, {name}: {seconds / trained['ours']:.2f} times ours")
    print(f"  answers, torch: {answered['torch'] / answered['ours']:.2f} times ours", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-embd", default="64,128")
    parser.add_argument("--dropout", default="0,0.1")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args(arguments)
    use_threads(1)
    keep_freed_memory()
    for n_embd in map(int, given.n_embd.split(",")):
        for dropout in map(float, given.dropout.split(",")):
            measure(n_embd, dropout, given.batch_size, given.rounds)


if __name__ == "__main__":
    main()
