"""How an answer is found, token by token: greedily, by drawing, or by beam search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from hornbook.settings import Bounds, Settings

__all__ = ["Decoding"]


@dataclass(frozen=True)
class Decoding(Settings):
    """How an answer is found."""

    method: Literal["greedy", "beam", "sample"] = "greedy"
    """greedy: the most probable token at each step. beam: the best answer among several that are
    followed. sample: each token is drawn."""
    n: Annotated[int, Bounds(1, 1_000)] = 1
    "Answers to a source, the best first (not with greedy, which has one)."
    beams: Annotated[int, Bounds(1, 1_000)] = 5
    "Beginnings that beam search follows at a time."
    length_penalty: Annotated[float, Bounds(0, 10)] = 0.6
    """Beam search ranks answers by ln p / ((5 + tokens) / 6)^length_penalty (Wu et al. 2016); 0: by
    their probability, which favours short ones."""
    temperature: Annotated[float, Bounds(0, 100, above=True)] = 1.0
    "Logits are divided by it before a token is drawn."
    longest: Annotated[int, Bounds(0, 10**6)] = 0
    "Most tokens of an answer (0: twice the longest target of train, or of the source if longer)."
    seed: Annotated[int, Bounds(0, 2**32 - 1)] = 0
    "Seed of drawing."

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_unless(self.method != "greedy", ("n",), "`method=beam` or `method=sample`")
        self.refuse_unless(self.method == "beam", ("beams", "length_penalty"), "`method=beam`")
        self.refuse_unless(self.method == "sample", ("temperature", "seed"), "`method=sample`")
