"""What the kinds of made pairs have: how many, how fast, how targets are spread, what is wrong.

python -m benchmarks.made

Of names it says how well their last letters alone tell the sex, learned from one half of the names
in a random order and asked of the other. The extras `cities` and `pinyin` are needed.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from hornbook.made.kind import Pair
from hornbook.made.kinds import KINDS
from hornbook.made.making import draw, told_count

SOME = 20_000
LANGUAGES = ("ru", "ja", "zh", "ar", "ko", "el", "hi", "de")
ENDINGS = (0, 1, 2, 3)  # letters


def every(kind: str, **settings: Any) -> list[Pair]:
    """All pairs of a kind, in a random order."""
    return list(draw(kind, n=draw(kind, **settings).there_are, **settings))


def guessed(learned: Sequence[Pair], asked: Sequence[Pair], letters: int) -> float:
    """Share of names whose sex is the one that most names with the same last letters have.

    Args:
        learned: names that were looked at.
        asked: names that are guessed; of an ending that was never seen, by a shorter one.
        letters: most letters of an ending.
    """
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, sex in learned:
        for length in range(letters + 1):
            found[name[len(name) - length :]][sex] += 1
    right = 0
    for name, sex in asked:
        ending = next(
            end for n in range(letters, -1, -1) if (end := name[len(name) - n :]) in found
        )
        right += found[ending].most_common(1)[0][0] == sex
    return right / len(asked)


def main() -> None:
    """Count, time and print."""
    for kind in KINDS:
        drawn = draw(kind)
        begun = time.process_time()
        made = list(drawn)
        each = (time.process_time() - begun) / len(made)
        wide = [sum(map(len, side)) / len(made) for side in zip(*made, strict=True)]
        print(f"{kind}: {told_count(drawn.there_are)} pairs, {each * 1e6:.0f} µs each, "
              f"{wide[0]:.1f} and {wide[1]:.1f} characters")  # fmt: skip
    for shared in ("ranked", "both", "left-out"):
        names = every("names", shared=shared)
        half = len(names) // 2
        told = ", ".join(
            f"{n} letters {guessed(names[:half], names[half:], n):.3f}" for n in ENDINGS
        )
        print(f"names, {shared}: {dict(Counter(sex for _, sex in names))}; last {told}")
    verses = every("pinyin")
    for sign in "長還":
        said = Counter(reading.split()[verse.index(sign)] for verse, reading in verses
                       if sign in verse)  # fmt: skip
        print(f"pinyin: {sign} is read {dict(said)}")
    for language in LANGUAGES:
        cities = every("cities", to=language)
        print(f"cities, en to {language}: {len(cities)} pairs, "
              f"{len(set(''.join(target for _, target in cities)))} characters")  # fmt: skip


if __name__ == "__main__":
    main()
