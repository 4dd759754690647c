"""How samples are drawn, and which of them are kept: the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from hornbook.settings import Bounds, Settings

__all__ = ["SamplingSettings"]


@dataclass(frozen=True)
class SamplingSettings(Settings):
    """Sampling."""

    n: Annotated[int, Bounds(1, 10**8)] = 10
    "Number of samples."
    temperature: Annotated[float | None, Bounds(0, 100)] = None
    """Below 1 favours likely tokens, above 1 evens them out (0: always the most likely token).
    By default the one that `best` found to suit the run, or else 1."""
    top_k: Annotated[int, Bounds(0, 10**7)] = 0
    "Sample only from the k most likely tokens (0: from all)."
    top_p: Annotated[float, Bounds(0, 1, above=True)] = 1.0
    "Sample only from the smallest set of most likely tokens whose probabilities sum to this."
    prefix: str = ""
    "Text that every sample starts with."
    seed: Annotated[int, Bounds(0, 2**63 - 1)] = 0
    "Random seed; the same seed gives the same samples."
    longest: Annotated[int, Bounds(0, 10**7)] = 0
    """Maximum length of a sample in tokens.
    0: 500 for one long text; otherwise twice the longest example, or four times the 99th
    percentile of lengths if that is less."""
    only_new: bool = False
    "Keep only samples that do not occur in the data."
    no_repeats: bool = False
    "Keep each distinct sample only once."
    crop_prefix: bool = False
    "Allow a prefix longer than the model's context; the model then sees only the end of it."
    unknown: bool = False
    "Also draw the unknown word, shown as \ufffd (only for runs with tokens=words)."
    filter: str = ""
    """Keep only samples that pass this command, which reads one per line and prints those that
    pass, as grep does."""
    filter_seconds: Annotated[float, Bounds(0, 86_400, above=True)] = 60.0
    "Seconds that the filter may take each time it is run (only with filter)."
    best_of: Annotated[int, Bounds(1, 10_000)] = 1
    """Draw this many for each sample that is kept: the one with the lowest loss per token under the
    model."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_unless(bool(self.filter), ("filter_seconds",), "`filter`")

    @property
    def used_temperature(self) -> float:
        """The temperature, decided."""
        return 1.0 if self.temperature is None else self.temperature

    @property
    def choosy(self) -> bool:
        """Whether not every sample that is drawn is kept."""
        return self.only_new or self.no_repeats or bool(self.filter) or self.best_of > 1

    def certainty(self, vocab_size: int) -> str:
        """The setting that leaves nothing to chance, as `name=value`; empty where there is none."""
        if self.temperature == 0:
            return "temperature=0"
        if self.top_k == 1:
            return "top_k=1"
        # The most likely of V tokens has probability of at least 1 / V, and so all of such a mass;
        # a little less, for probabilities are rounded.
        return f"top_p={self.top_p:g}" if self.top_p * vocab_size < 0.999 else ""
