"""The tree of what may come: the likeliest next symbols from a prefix, and those after them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import numpy.typing as npt

from hornbook.errors import SamplingError, SettingsError
from hornbook.settings import Bounds, Settings
from hornbook.text.models.contract import LanguageModel
from hornbook.text.prompt import prompt_of
from hornbook.text.views.following import probabilities
from hornbook.text.views.letters import sign
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["Branch", "Tree", "TreeSettings", "grow"]

MOST_BRANCHES = 1_000


@dataclass(frozen=True)
class TreeSettings(Settings):
    """How far a tree grows."""

    width: Annotated[int, Bounds(1, 1000)] = 4
    "Branches at each fork, at most: the likeliest next symbols."
    depth: Annotated[int, Bounds(1, 100)] = 4
    "Symbols after the prefix, at most."
    least: Annotated[float, Bounds(0, 1)] = 0.01
    "Smallest probability, from the prefix on, of a branch that is shown beyond the first fork."


@dataclass
class Branch:
    """A symbol that may come, and what may come after it."""

    token: int
    label: str
    p: float
    "Of this symbol after those before it."
    total: float
    "Of all symbols from the prefix to this one."
    ends: bool
    "Whether it is the boundary: the thing is over."
    branches: list[Branch] = field(default_factory=list)
    "The likeliest first; none where the thing is over or the tree ends."


@dataclass(frozen=True)
class Tree:
    """A prefix and what may follow it."""

    prefix: tuple[str, ...]
    "Labels of the prefix's symbols."
    root: Branch
    "Stands for the prefix: its probability is 1."

    def as_text(self) -> str:
        """The tree for a terminal: on each line a symbol, its probability and that from the prefix.

        A line feed, a space and the boundary have their signs, so that every branch is one line.
        """
        lines = ["".join(self.prefix) or "(the start)"]

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
) -> Tree:
    """The tree of the likeliest continuations of a prefix.

    Args:
        model: any; one whose context is shorter than the prefix sees the prefix's end.
        tokenizer: the one it was trained with.
        prefix: what was read already.
        settings: how far it grows.

    Raises:
        SamplingError: if the model (counts without smoothing) knows of nothing after the prefix.
        SettingsError: if the tree would have too many branches.
        UnknownSymbolError: if the prefix holds a symbol that is not in the alphabet.
    """
    settings = settings or TreeSettings()
    prompt = prompt_of(tokenizer, prefix)
    root = Branch(int(prompt[-1]), sign(tokenizer, int(prompt[-1])), 1.0, 1.0, ends=False)
    logits, state = model.start(prompt)
    growing, places, count = [root], np.zeros(1, dtype=np.int64), 0
    for level in range(settings.depth):
        if level:
            # One step for all branches of a level, each from what is remembered at its fork.
            state = model.select(state, places)
            logits, state = model.step(np.array([branch.token for branch in growing]), state)
        for branch, p in zip(growing, probabilities(logits), strict=True):
            least = settings.least if branch is not root else 0.0
            branch.branches.extend(forks(branch, p, tokenizer, settings.width, least))
        if not root.branches:
            raise SamplingError(
                f"Nothing ever followed {prefix!r} in training, and this model (counts without "
                "smoothing) knows nothing else.",
                hint="Give another prefix, or train with --smoothing kneser-ney.",
            )
        count += sum(len(branch.branches) for branch in growing)
        if count > MOST_BRANCHES:
            raise SettingsError(
                f"The tree has more than {MOST_BRANCHES:,} branches.",
                hint=f"Give a smaller width or depth, or a least probability above "
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
    return Tree(tuple(sign(tokenizer, int(token)) for token in tokenizer.encode(prefix)), root)


def forks(
    branch: Branch, p: npt.NDArray[np.float64], tokenizer: Tokenizer, width: int, least: float
) -> Iterator[Branch]:
    """The branches of a fork, the likeliest first: `width` at most, none below `least`."""
    for token in map(int, np.argsort(-p, kind="stable")[:width]):
        total = branch.total * float(p[token])
        if p[token] > 0 and total >= least:
            ends = token == tokenizer.boundary
            yield Branch(token, sign(tokenizer, token), float(p[token]), total, ends)
