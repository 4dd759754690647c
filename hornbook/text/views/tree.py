"""The tree of the most likely continuations of a prefix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import numpy.typing as npt

from hornbook.errors import SamplingError, SettingsError
from hornbook.rendering import quoted
from hornbook.settings import Bounds, Settings
from hornbook.text.models.contract import LanguageModel
from hornbook.text.prompt import prompt_of
from hornbook.text.token_labels import sign
from hornbook.text.views.next_token import probabilities
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["Branch", "ContinuationTree", "TreeSettings", "grow"]

MOST_BRANCHES = 1_000


@dataclass(frozen=True)
class TreeSettings(Settings):
    """The size of a tree."""

    width: Annotated[int, Bounds(1, 1000)] = 4
    "Maximum number of branches at each fork; the most likely next tokens are shown."
    depth: Annotated[int, Bounds(1, 100)] = 4
    "Maximum number of tokens after the prefix."
    least: Annotated[float, Bounds(0, 1)] = 0.01
    "Minimum probability of a continuation; less likely ones are hidden after the first fork."


@dataclass
class Branch:
    """A possible next token, and what may follow it."""

    token: int
    label: str
    p: float
    "Probability of this token, given those before it."
    total: float
    "Probability of all tokens from the prefix up to this one."
    ends: bool
    "Whether it is the boundary token, which ends the example."
    branches: list[Branch] = field(default_factory=list)
    "Most likely first; empty where the example or the tree ends."


@dataclass(frozen=True)
class ContinuationTree:
    """A prefix and its most likely continuations."""

    prefix: tuple[str, ...]
    "Labels of the prefix's tokens."
    root: Branch
    "Represents the prefix; its probability is 1."

    def as_text(self) -> str:
        """The tree as text: per line a token, its probability, and that of the continuation.

        Whitespace and the boundary token are shown as visible signs, so every branch is one line.
        """
        lines = ["".join(self.prefix) or "(start)"]

        def add(branch: Branch, before: str, *, last: bool) -> None:
            end = "  end" if branch.ends else ""
            mark = "└─" if last else "├─"
            lines.append(f"{before}{mark} {branch.label} {branch.p:.1%} ({branch.total:.2%}){end}")
            for child in branch.branches:
                add(child, before + ("   " if last else "│  "), last=child is branch.branches[-1])

        for branch in self.root.branches:
            add(branch, "", last=branch is self.root.branches[-1])
        return "\n".join(lines)


def grow(
    model: LanguageModel,
    tokenizer: Tokenizer,
    prefix: str = "",
    settings: TreeSettings | None = None,
) -> ContinuationTree:
    """The tree of the most likely continuations of a prefix.

    Args:
        model: a model of any family; if its context is shorter than the prefix, it sees the end.
        tokenizer: the tokenizer that it was trained with.
        prefix: the text to continue.
        settings: the size of the tree.

    Raises:
        SamplingError: if the model (counts without smoothing) has no continuation of the prefix.
        SettingsError: if the tree would have too many branches.
        UnknownTokenError: if the prefix contains a character that is not in the vocabulary.
    """
    settings = settings or TreeSettings()
    prompt = prompt_of(tokenizer, prefix)
    root = Branch(int(prompt[-1]), sign(tokenizer, int(prompt[-1])), 1.0, 1.0, ends=False)
    logits, state = model.start(prompt)
    growing, places, count = [root], np.zeros(1, dtype=np.int64), 0
    for level in range(settings.depth):
        if level:
            # One step for all branches of a level, each from the state at its fork.
            state = model.select(state, places)
            logits, state = model.step(np.array([branch.token for branch in growing]), state)
        for branch, p in zip(growing, probabilities(logits), strict=True):
            least = settings.least if branch is not root else 0.0
            branch.branches.extend(forks(branch, p, tokenizer, settings.width, least))
        if not root.branches:
            raise SamplingError(
                f"{quoted(prefix)} was never continued in the training data, and this model "
                "(counts without smoothing) cannot predict what follows it.",
                hint="Use another prefix, or train with `smoothing=kneser-ney`.",
            )
        count += sum(len(branch.branches) for branch in growing)
        if count > MOST_BRANCHES:
            raise SettingsError(
                f"The tree has more than {MOST_BRANCHES:,} branches.",
                hint="Use a smaller width or depth, or a minimum probability above "
                f"{settings.least:g}.",
            )
        open_ = [
            (place, child)
            for place, branch in enumerate(growing)
            for child in branch.branches
            if not child.ends
        ]
        if not open_:
            break
        growing, places = [child for _, child in open_], np.array([place for place, _ in open_])
    return ContinuationTree(
        tuple(sign(tokenizer, int(token)) for token in tokenizer.encode(prefix)), root
    )


def forks(
    branch: Branch, p: npt.NDArray[np.float64], tokenizer: Tokenizer, width: int, least: float
) -> Iterator[Branch]:
    """The branches of a fork, most likely first: at most `width`, none below `least`."""
    for token in map(int, np.argsort(-p, kind="stable")[:width]):
        total = branch.total * float(p[token])
        if p[token] > 0 and total >= least:
            ends = token == tokenizer.boundary
            yield Branch(token, sign(tokenizer, token), float(p[token]), total, ends)
