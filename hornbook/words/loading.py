"""From a text to data: read, cut into passages, split, numbered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from hornbook.errors import DataError
from hornbook.rendering import many
from hornbook.sources.encoding import decode
from hornbook.sources.source import Source
from hornbook.tasks.splits import SPLITS, empty_split, refused_split
from hornbook.words.data import Passages, WordsData
from hornbook.words.options import WordsOptions
from hornbook.words.reading import passages_of, words_of

__all__ = ["load_words"]

FEW, CUT = 20, 200  # passages fewer than that are cut into parts of so many words


def load_words(source: Source, options: WordsOptions | None = None) -> WordsData:
    """Read the words of a text, and split them.

    Args:
        source: files, a folder, or standard input.
        options: how.

    Raises:
        DataError: if it cannot be read, fewer than two words are frequent enough, or a split that
            was asked for is empty.
        SettingsError: if the settings are not allowed.
    """
    options = options or WordsOptions()
    options.shares  # noqa: B018 - asked before anything is read
    passages, kind = read_passages(source, options)
    about = many(len(passages), kind)
    if len(passages) < FEW:
        passages = [p[at : at + CUT] for p in passages for at in range(0, len(p), CUT)]
        about += f", cut into {many(len(passages), 'part')} of {CUT} words at most"
    parts = split(passages, options)
    counts = Counter(word for passage in parts["train"] for word in passage)
    # Equally frequent ones in the order of the alphabet, so that a run can be repeated.
    ranked = sorted((-n, word) for word, n in counts.items() if n >= options.min_count)
    if len(ranked) < 2:
        raise DataError(
            f"{source.where} has too few words: {len(ranked)} of {len(counts):,} different ones "
            f"stand {options.min_count:,} times or more in train.",
            hint="Use more text, or lower `min_count`.",
            setting="min_count",
        )
    words, numbers = [word for _, word in ranked], [-n for n, _ in ranked]
    known = {word: number for number, word in enumerate(words)}
    splits = {name: numbered(part, known) for name, part in parts.items()}
    rare = 1 - sum(numbers) / counts.total()
    return WordsData(
        source.name, source.where, splits, words, numbers,
        remarks=(
            f"{about}; windows of words end at the end of each",
            f"{many(len(counts) - len(words), 'word')} that stand fewer than {options.min_count:,} "
            f"times in train are left out: {rare:.1%} of the text",
        ),
    )  # fmt: skip


def read_passages(source: Source, options: WordsOptions) -> tuple[list[list[str]], str]:
    """The words of each passage that has some, and what passages are."""
    found: list[list[str]] = []
    kinds: list[str] = []
    for part in source.parts():
        text = decode(part.data, part.where, options.encoding).text
        passages, kind = passages_of(text, options.passages)
        kinds.append(kind)
        cut = (words_of(one, lowercase=options.lowercase) for one in passages)
        found += [words for words in cut if words]
    if not found:
        raise DataError(f"{source.where} has no words.", hint="Give a file of text.")
    return found, kinds[0] if len(set(kinds)) == 1 else "passage"


def split(passages: Sequence[list[str]], options: WordsOptions) -> dict[str, list[list[str]]]:
    """The passages of each split, by chance, each split in the order of the text.

    Raises:
        DataError: if one that was asked for is empty.
    """
    order = np.random.default_rng(options.split_seed).permutation(len(passages))
    ends = np.round(np.cumsum(options.shares) / 100 * len(passages)).astype(int)
    found = {}
    for name, start, end in zip(SPLITS, (0, *ends[:-1]), ends, strict=True):
        found[name] = [passages[at] for at in sorted(order[start:end])]
    empty = empty_split([len(found[name]) for name in SPLITS], options.shares)
    if empty and options.split == "auto":
        return {"train": list(passages)}
    if empty:
        raise refused_split(f"There are {many(len(passages), 'passage')}", empty)
    return found


def numbered(passages: Sequence[list[str]], known: Mapping[str, int]) -> Passages:
    """Passages by the numbers of their words; what is not known is left out."""
    kept = [[known[word] for word in passage if word in known] for passage in passages]
    kept = [one for one in kept if one]
    flat = [number for one in kept for number in one]
    return Passages(np.array(flat, np.int32), np.array([len(one) for one in kept], np.int32))
