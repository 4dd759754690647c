"""The exercise on byte pairs: the functions of `byte_pairs`, to write oneself.

Bytes are numbered as they are here, where GPT-2 numbers those that can be printed first.
"""

from __future__ import annotations

from hornbook.lessons.functions import Blank, FunctionExercise

__all__ = ["BYTE_PAIRS"]

CAT = ["the", " cat", " sat", " on", " the", " mat", " the", " rat"]
MERGES = [(116, 104), (256, 101), (97, 116), (32, 257)]  # th, the, at, " the"

BYTE_PAIRS = FunctionExercise(
    name="byte-pairs",
    title="byte pairs from nothing, as GPT-2's tokens are found",
    advice="""\
A token is a number: 0 to 255 are the bytes, and the merges make 256, 257 and so on. A word is a
list of tokens; list("low".encode()) are the first ones. A pair is a tuple of two of them.""",
    source="Sennrich et al. 2016; hornbook.lessons.byte_pairs has a solution",
    blanks=(
        Blank(
            '''def pairs(ids):
    """How often each two tokens stand side by side: {(116, 104): 2}."""''',
            """found = {}
for pair in zip(ids, ids[1:]):
    found[pair] = found.get(pair, 0) + 1
return found""",
            calls=(([1, 2, 1, 2, 3],), ([1, 1, 1],), ([7],), ([],)),
        ),
        Blank(
            '''def merged(ids, pair, made):
    """ids, in which each such pair has become the token `made`, from the left."""''',
            """found, at = [], 0
while at < len(ids):
    if tuple(ids[at : at + 2]) == pair:
        found.append(made)
        at += 2
    else:
        found.append(ids[at])
        at += 1
return found""",
            calls=(
                ([1, 2, 3, 1, 2], (1, 2), 256),
                ([1, 1, 1], (1, 1), 256),
                ([1, 1, 1, 1], (1, 1), 256),
                ([2, 1], (1, 2), 256),
                ([], (1, 2), 256),
            ),
        ),
        Blank(
            '''def learn(words, merges):
    """The pairs that are merged, in order: first the most frequent in all words, and so on.

    Of equally frequent ones the smallest. There may be fewer than `merges`, where no pair is left.
    """''',
            """parts = [list(word.encode()) for word in words]
found = []
for made in range(256, 256 + merges):
    together = {}
    for ids in parts:
        for pair, times in pairs(ids).items():
            together[pair] = together.get(pair, 0) + times
    if not together:
        break
    best = min(together, key=lambda pair: (-together[pair], pair))
    parts = [merged(ids, best, made) for ids in parts]
    found.append(best)
return found""",
            calls=(
                (["low", "low", "lower"], 2),
                (["aaabdaaabac"], 3),
                (["ab", "ab"], 9),
                (CAT, 6),
                (["é", "é", "è"], 2),
            ),
        ),
        Blank(
            '''def encode(word, merges):
    """The tokens of a word: always the merge that was learned first, wherever it fits."""''',
            """ids = list(word.encode())
for made, pair in enumerate(merges, start=256):
    ids = merged(ids, pair, made)
return ids""",
            calls=(
                ("the", MERGES),
                (" the", MERGES),
                ("that", MERGES),
                ("xyz", MERGES),
                ("ab", []),
                ("", MERGES),
            ),
        ),
        Blank(
            '''def decode(ids, merges):
    """The text of tokens; broken UTF-8 is shown as "\\ufffd"."""''',
            """spelled = [bytes([byte]) for byte in range(256)]
for left, right in merges:
    spelled.append(spelled[left] + spelled[right])
return b"".join(spelled[number] for number in ids).decode(errors="replace")""",
            calls=(
                ([259, 99, 258], MERGES),
                ([195, 169], []),
                ([195], []),
                ([], MERGES),
            ),
        ),
    ),
)
