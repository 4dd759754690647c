"""gensim's Word2Vec, run by a Python that has it, for `benchmarks.words`.

    PEER_PYTHON benchmarks/word_peers.py FOLDER [EPOCHS]

Nothing of hornbook is imported here. Without a number of epochs the word lists of gensim's wheel
are written to FOLDER, and the articles of Wikipedia that it brings. With one, the passages there
are trained on, and vectors and seconds are written.
"""

from __future__ import annotations

import bz2
import json
import sys
import time
from pathlib import Path

import numpy as np

ARTICLES = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
SHORT = 2_000  # characters: shorter articles are stubs and redirections


def write_lists(folder: Path) -> None:
    """The articles, and pairs and quadruples of words."""
    import gensim
    from gensim.corpora.wikicorpus import extract_pages, filter_wiki

    home = Path(gensim.__file__).parent / "test" / "test_data"
    with bz2.open(home / ARTICLES) as file:
        texts = [filter_wiki(text) for _, text, _ in extract_pages(file)]
    whole = "\n\n".join(text for text in texts if len(text) >= SHORT).replace("''", "")
    (folder / "articles.txt").write_text(whole, encoding="utf-8")
    lists: dict[str, object] = {}
    for name in ("wordsim353.tsv", "simlex999.txt"):
        rows = (home / name).read_text(encoding="utf-8").splitlines()
        cells = [row.lower().split("\t")[:3] for row in rows if not row.startswith("#")]
        lists[name] = [row for row in cells if row[2].replace(".", "", 1).isdecimal()]
    rows = (home / "questions-words.txt").read_text(encoding="utf-8").lower().splitlines()
    lists["questions-words.txt"] = [row.split() for row in rows if not row.startswith(":")]
    (folder / "lists.json").write_text(json.dumps(lists), encoding="utf-8")


def train(folder: Path, epochs: int) -> None:
    """Train on the passages."""
    from gensim.models import Word2Vec

    lines = (folder / "passages.txt").read_text(encoding="utf-8").splitlines()
    passages = [line.split(" ") for line in lines]
    began = time.process_time()
    model = Word2Vec(
        passages, sg=1, negative=5, ns_exponent=0.75, window=5, vector_size=100, sample=1e-3,
        min_count=5, epochs=epochs, workers=1, seed=1,
    )  # fmt: skip
    seconds = time.process_time() - began
    np.savez(folder / "peer.npz", vectors=model.wv.vectors, contexts=model.syn1neg, seconds=seconds,
             words=np.array(model.wv.index_to_key))  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) == 2:
        write_lists(Path(sys.argv[1]))
    else:
        train(Path(sys.argv[1]), int(sys.argv[2]))
