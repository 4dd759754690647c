"""Which samples are kept, and how long they may be."""

from __future__ import annotations

import numpy as np
import pytest

from hornbook.text.corpus import Splits, load_corpus, split_corpus
from hornbook.text.novelty import Novelty
from hornbook.text.samples import Sample, Selection, fingerprint, robust_longest

DATA = Novelty(Splits("lines", ("anna", "jo"), ("joan",), ()))


def kept(selection: Selection, *texts: str) -> list[str]:
    return [text for text in texts if selection.keep(text, True) is not None]


DRAWN = ("jo", "ann", "joan", "ann", "jo", "jan")


def test_what_is_wanted_is_kept_and_all_is_counted() -> None:
    every = Selection(DATA, only_new=False, no_repeats=False)
    assert kept(every, *DRAWN) == list(DRAWN)
    assert every.drawn == 6
    assert every.origins == {"train": 2, "new": 3, "dev": 1}
    assert kept(Selection(DATA, only_new=True, no_repeats=False), *DRAWN) == ["ann", "ann", "jan"]
    once = Selection(DATA, only_new=False, no_repeats=True)
    assert kept(once, *DRAWN) == ["jo", "ann", "joan", "jan"]
    both = Selection(DATA, only_new=True, no_repeats=True)
    assert kept(both, *DRAWN) == ["ann", "jan"]
    assert both.origins == every.origins


def test_what_is_told_of_a_sample() -> None:
    made = Selection(DATA, only_new=False, no_repeats=False).keep("joan", False)
    assert made == Sample("joan", ended=False, origin="dev")
    assert made.as_dict() == {"text": "joan", "origin": "dev", "ended": False}
    text = Novelty(Splits("text", ("to be or not",), (), ()))
    made = Selection(text, only_new=False, no_repeats=False).keep("to be to be", False)
    assert made is not None
    assert made.as_dict() == {
        "text": "to be to be", "origin": "new", "ended": False, "longest_copy": 6,
    }  # fmt: skip
    bare = Selection(None, only_new=False, no_repeats=True)
    assert bare.keep("x", True) == Sample("x", ended=True)
    assert bare.keep("x", True) is None


def test_what_is_kept_of_a_text_is_64_bits_and_always_the_same() -> None:
    assert fingerprint("anna") == 0xD04474CC4B844A8C
    assert len({fingerprint(str(i)) for i in range(10_000)}) == 10_000
    assert max(fingerprint(str(i)) for i in range(1_000)).bit_length() == 64
    assert fingerprint("a\ud800") != fingerprint("a")  # half of a pair is text here, too


def test_a_long_line_says_nothing_of_the_longest_sample() -> None:
    ordinary = np.arange(1, 201) % 13 + 3
    assert robust_longest(ordinary) == 2 * 15
    assert robust_longest(np.append(ordinary, 50_000)) == 4 * 15
    assert robust_longest(np.array([4])) == 8
    assert robust_longest(np.array([4, 50_000])) == 16
    assert robust_longest(np.array([0, 0, 9])) == 4


@pytest.mark.parametrize(("name", "longest"), [("names", 30)])
def test_bundled_examples_are_cut_no_sooner_than_they_were(name: str, longest: int) -> None:
    splits = split_corpus(load_corpus(name))
    lengths = np.array([len(line) for name in ("train", "dev", "test") for line in splits[name]])
    assert robust_longest(lengths) == 2 * lengths.max() == longest
