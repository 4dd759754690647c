"""Vectors of words beside gensim's, on the same text with the same settings.

    python -m benchmarks.words --peer PYTHON [--text FILE] [--epochs 5 15] [--rates 0.05]

PYTHON is one that has gensim (`pip install gensim` in a virtual environment of its own). Text and
word lists are those that gensim's wheel brings, read there: some hundred articles of Wikipedia;
WordSim-353 and SimLex-999, pairs of words with people's marks of how alike they are; Google's
quadruples (king is to queen as man to woman). Beside these: how often a neighbour in held-out text
comes out closer than a random word. Seconds are those of a processor, one thread each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from hornbook.sources.source import Source
from hornbook.tasks import task_named
from hornbook.training.measures import Evaluation
from hornbook.training.settings import TrainingSettings
from hornbook.training.trainer import Trainer
from hornbook.words.data import WordsData
from hornbook.words.evaluation import won
from hornbook.words.loading import load_words
from hornbook.words.models.contract import WordVectors

PEER = Path(__file__).with_name("word_peers.py")


class Held(WordVectors):
    """Vectors that something else has made."""

    def __init__(self, vectors: Any, contexts: Any) -> None:
        self._vectors, self._contexts = vectors, contexts

    @property
    def vectors(self) -> Any:
        """As given."""
        return self._vectors

    @property
    def contexts(self) -> Any:
        """As given."""
        return self._contexts


def ranks(values: Any) -> Any:
    """Ranks, the mean of them where values tie."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def agreement(model: WordVectors, data: WordsData, pairs: list[Any]) -> tuple[float, int]:
    """Spearman's correlation of cosines with people's marks, and of how many pairs."""
    known = [row for row in pairs if row[0] in data.numbers and row[1] in data.numbers]
    units = model.unit_vectors
    one, other = ([data.numbers[row[at]] for row in known] for at in (0, 1))
    cosines = (units[one] * units[other]).sum(1)
    marks = np.array([float(row[2]) for row in known])
    return float(np.corrcoef(ranks(cosines), ranks(marks))[0, 1]), len(known)


def analogies(model: WordVectors, data: WordsData, rows: list[Any]) -> tuple[float, int]:
    """Share of quadruples whose fourth word is nearest to b - a + c, and of how many."""
    known = [row for row in rows if len(row) == 4 and all(word in data.numbers for word in row)]
    at = np.array([[data.numbers[word] for word in row] for row in known])
    units, right = model.unit_vectors, 0
    for start in range(0, len(at), 500):
        part = at[start : start + 500]
        scores = (units[part[:, 1]] - units[part[:, 0]] + units[part[:, 2]]) @ units.T
        scores[np.arange(len(part))[:, None], part[:, :3]] = -np.inf
        right += int((scores.argmax(1) == part[:, 3]).sum())
    return right / max(1, len(at)), len(at)


def told(name: str, model: WordVectors, data: WordsData, lists: Any, seconds: float, passes: int,
         words: int) -> None:  # fmt: skip
    """A line."""
    alike, n = agreement(model, data, lists["wordsim353.tsv"])
    strict, m = agreement(model, data, lists["simlex999.txt"])
    fourth, q = analogies(model, data, lists["questions-words.txt"])
    dev = won(model, data, "dev").neighbours
    print(
        f"| {name} | {dev:.4f} | {alike:.3f} ({n}) | {strict:.3f} ({m}) | {fourth:.1%} ({q:,}) | "
        f"{seconds:.0f} s | {words * passes / seconds / 1e3:,.0f} |",
        flush=True,
    )


def trained(data: WordsData, epochs: int, rate: float, shared: int) -> tuple[Any, float]:
    """Skip-gram, and the seconds that it took."""
    task: Any = task_named("words")
    made = task.family("skip-gram").load()
    from hornbook.tasks import Start

    model = task.build("skip-gram", made.Settings(shared=shared), data.shape, Start("seed", 1))
    size = 256
    how = TrainingSettings(
        optimizer="sgd", schedule="cosine", batch_size=size, learning_rate=rate * size,
        gradients="hand", patience=0, evaluate_every=10**9, steps=1,
    )  # fmt: skip
    batches = task.batches(model, data, how)
    how = TrainingSettings.from_dict({**how.as_dict(), "steps": epochs * batches.per_epoch})
    trainer = Trainer(model, batches, how, lambda: Evaluation({"train": 0.0}))
    began = time.process_time()
    trainer.run()
    return model, time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", required=True, help="a Python that has gensim")
    parser.add_argument("--text", help="another text")
    parser.add_argument("--epochs", type=int, nargs="+", default=[5, 15])
    parser.add_argument("--rates", type=float, nargs="+", default=[0.05])
    parser.add_argument("--shared", type=int, default=64)
    given = parser.parse_args()
    task: Any = task_named("words")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        subprocess.run([given.peer, PEER, folder], check=True)
        lists = json.loads((folder / "lists.json").read_text(encoding="utf-8"))
        data = load_words(Source(given.text or folder / "articles.txt"))
        text, at, lines = data.train, 0, []
        for length in text.lengths.tolist():
            lines.append(" ".join(data.words[one] for one in text.ids[at : at + length]))
            at += length
        (folder / "passages.txt").write_text("\n".join(lines), encoding="utf-8")
        words = len(text)
        print("\n".join(data.about))
        print("\n| | neighbours, dev | WordSim-353 (pairs) | SimLex-999 | analogies | time | "
              "thousand words/s |\n|---|---|---|---|---|---|---|")  # fmt: skip
        began = time.process_time()
        counted = task.build("ppmi", task.family("ppmi").load().Settings(), data.shape)
        counted.fit(data)
        told("counts (PPMI, SVD)", counted, data, lists, time.process_time() - began, 1, words)
        for epochs in given.epochs:
            for rate in given.rates:
                model, seconds = trained(data, epochs, rate, given.shared)
                name = f"skip-gram, {epochs} epochs, rate {rate:g}"
                told(name, model, data, lists, seconds, epochs, words)
            subprocess.run([given.peer, PEER, folder, str(epochs)], check=True)
            with np.load(folder / "peer.npz") as file:
                order = {word: number for number, word in enumerate(file["words"].tolist())}
                places = [order[word] for word in data.words]
                peer = Held(file["vectors"][places], file["contexts"][places])
                seconds = float(file["seconds"])
            told(f"gensim, {epochs} epochs", peer, data, lists, seconds, epochs, words)


if __name__ == "__main__":
    main()
