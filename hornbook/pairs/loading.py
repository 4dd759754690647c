"""From a file to data: read, split, cut into tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from hornbook.errors import DataError, HornbookError
from hornbook.pairs.columns import OF_TEXTS
from hornbook.pairs.data import PairData, Side
from hornbook.pairs.lone_labels import Labelling, refuse_lone
from hornbook.pairs.options import PairOptions
from hornbook.pairs.reading import read_pairs
from hornbook.pairs.splits import reader, split_pairs
from hornbook.rendering import listed, many
from hornbook.sources.source import Source
from hornbook.tasks.splits import SPLITS
from hornbook.tokenizers.contract import Texts, Tokenizer
from hornbook.tokenizers.kinds import learn_tokenizer
from hornbook.tokenizers.settings import TokenSettings

__all__ = ["load_pairs"]

SHOWN = 10  # labels that are listed
ALIKE = 0.8  # share of the targets' characters that sources have too, where tokens are shared


def load_pairs(source: Source, options: PairOptions | None = None) -> PairData:
    """Read pairs, split them, and make their tokens.

    Args:
        source: files, a folder, or standard input.
        options: how.

    Raises:
        DataError: as `read_pairs`; if a split that was asked for is empty, if there is but one
            label, or if no label has a second text.
        SettingsError: if the settings do not fit, or have no effect on labels.
    """
    options = options or PairOptions()
    options.shares  # noqa: B018 - asked before anything is read
    read = read_pairs(source, options)
    parts, told = split_pairs(read.sources, options, source.where)
    splits = {}
    for place, name in enumerate(SPLITS):
        at = np.flatnonzero(parts == place)
        splits[name] = Side(
            tuple(read.sources[one] for one in at), tuple(read.targets[one] for one in at)
        )
    remarks = [*read.remarks, *([told] if told else [])]
    labels: tuple[str, ...] = ()
    if read.labels:
        options.refuse_unless(
            False, OF_TEXTS, f"texts as targets, and {read.names[1]} has "
            "labels; set `target_column` to it"
        )  # fmt: skip
        spread = Labelling.of(read.sources, read.targets, reader(options.lowercase))
        doubt = refuse_lone(spread, source.where, read.names[1])
        remarks += [doubt] if doubt else []
        labels = labels_of(splits, source.where)
        splits, remark = without_unseen(splits, labels)
        remarks += [remark] if remark else []
        tokens, said = tokens_of([side.sources for side in splits.values()], options), None
    else:
        tokens, said, remark = both_tokens(splits, options)
        remarks.append(remark)
    return PairData(
        source.name, source.where, splits, tokens, said, labels,
        columns=read.names, remarks=remarks,
    )  # fmt: skip


def labels_of(splits: dict[str, Side], where: str) -> tuple[str, ...]:
    """The labels of train, the most frequent first.

    Raises:
        DataError: if there is but one.
    """
    counts = Counter(splits["train"].targets)
    if len(counts) < 2:
        raise DataError(
            f"{where}: all pairs of train have the label {next(iter(counts))!r}.",
            hint="Give data with at least two labels.",
        )
    return tuple(label for label, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def without_unseen(splits: dict[str, Side], labels: Sequence[str]) -> tuple[dict[str, Side], str]:
    """The splits without pairs whose label train never has, and what to say of them.

    Raises:
        DataError: if nothing would be left of a split.
    """
    known = set(labels)
    kept, left_out = {}, Counter[str]()
    for name, side in splits.items():
        if len(side) and known.isdisjoint(side.targets):
            raise DataError(
                f"No label of {name} is one of train, which has {many(len(labels), 'label')} in "
                f"{many(len(splits['train']), 'pair')}.",
                hint="Labels are few, and stand beside many texts. Where these are texts to be "
                "written, set `target_column` to their column.",
                setting="label_column",
            )
    for name, side in splits.items():
        at = [place for place, label in enumerate(side.targets) if label in known]
        left_out.update(label for label in side.targets if label not in known)
        kept[name] = Side(
            tuple(side.sources[one] for one in at), tuple(side.targets[one] for one in at)
        )
    if not left_out:
        return kept, ""
    return kept, (
        f"{many(left_out.total(), 'pair')} of dev or test left out, whose label train never has: "
        f"{listed(list(left_out)[:SHOWN])}"
        f"{' …' if len(left_out) > SHOWN else ''}"
    )


def tokens_of(sides: Sequence[Sequence[str]], how: TokenSettings) -> Tokenizer:
    """The tokens of some texts, of train first."""
    train, *others = sides
    held_out = [text for side in others for text in side]
    return learn_tokenizer(Texts(tuple(train), tuple(held_out), boundary=True), how)


def both_tokens(splits: dict[str, Side], options: PairOptions) -> tuple[Tokenizer, Tokenizer, str]:
    """The tokens of the sources and of the targets, and what to say of them."""
    sources = [side.sources for side in splits.values()]
    targets = [side.targets for side in splits.values()]
    same = options.target_tokens in (None, options.tokens)
    one = options.vocabularies == "one"
    if same and options.vocabularies == "auto":
        given = set().union(*map(set, splits["train"].sources))
        said = Counter(ch for text in splits["train"].targets for ch in text)
        one = sum(n for ch, n in said.items() if ch in given) >= ALIKE * said.total()
    if one:
        both = [[*given, *said] for given, said in zip(sources, targets, strict=True)]
        tokens = tokens_of(both, options)
        return tokens, tokens, "both sides share their tokens"
    other = TokenSettings(**{one.name: getattr(options, one.name) for one in fields(TokenSettings)})
    if not same:
        assert options.target_tokens is not None
        other = TokenSettings(tokens=options.target_tokens)
    given_in = tokens_of(sources, options)
    try:
        said_in = tokens_of(targets, other)
    except HornbookError as error:
        if not same:  # a message of `tokens` is of the other setting here
            error.message = error.message.replace("`tokens", "`target_tokens")
            error.hint = (error.hint or "").replace("`tokens", "`target_tokens")
            if error.setting == "tokens":
                error.setting = "target_tokens"
        raise
    return given_in, said_in, "each side has tokens of its own"
