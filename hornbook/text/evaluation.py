"""Losses of a finished run: on its splits, or on another file as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hornbook.errors import RunError, SettingsError
from hornbook.rendering import quoted
from hornbook.settings import Settings
from hornbook.suggestions import did_you_mean
from hornbook.text.conditions import Conditions, Given
from hornbook.text.corpus import Corpus, load_corpus
from hornbook.text.losses import Loss, measure
from hornbook.text.models.contract import LanguageModel
from hornbook.text.savings import LossGiven, loss_given
from hornbook.text.stream import encode_lines, encode_text
from hornbook.text.weights import Weights, in_eight_bits

if TYPE_CHECKING:
    from hornbook.runs import Run
    from hornbook.text.data import TextData

__all__ = ["EvaluationSettings", "evaluate_run"]


@dataclass(frozen=True)
class EvaluationSettings(Settings):
    """Evaluation."""

    data: str | None = None
    "Evaluate on this file or data set (-: standard input) instead of the run's own splits."
    encoding: str = "auto"
    "Encoding of that file (auto: UTF-8, or as the byte order mark says)."
    column: str | None = None
    "Read only this column of that file, or this field of JSON lines, as in training."
    condition: tuple[str, ...] = ()
    """Columns of that file whose values are given, of the run's conditions (only with column); of
    one that is not named, nothing is given."""
    stride: int | None = None
    """Number of predictions counted in each row (only for models that read rows).
    Fewer have more context and take longer; 1 gives each prediction its full context."""

    weights: Weights = "float32"
    """Weights of the linear layers: as they were learned, or rounded to 8 bits, with the loss of
    the learned ones beside."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, other in (("encoding", "auto"), ("column", None), ("condition", ())):
            if self.data is None and getattr(self, name) != other:
                raise SettingsError(
                    f"`{name}` has no effect without `data`.",
                    hint="Leave it out, or give `data`.",
                    setting=name,
                )
        self.refuse_unless(self.column is not None, ("condition",), "`column`")


def evaluate_run(run: Run, settings: EvaluationSettings) -> dict[str, Loss]:
    """Losses on every split, or on another file as a whole, of the weights that are asked for.

    Those in 8 bits have the losses of the learned ones beside them, in rows of their own.

    Raises:
        DataError, EncodingError, UnknownTokenError: if the other file cannot be used.
        SettingsError: if the stride or the weights do not fit the model.
    """
    if settings.weights == "float32":
        return measured(run, run.model, settings)
    found: dict[str, Loss] = {}
    rounded, learned = (
        measured(run, in_eight_bits(run)[0], settings),
        measured(run, run.model, settings),
    )
    for name, loss in rounded.items():
        for kind, own in (("8 bits", loss), ("float32", learned[name])):
            told = f"{name}, {kind}"
            found[told] = replace(own, split=told) if isinstance(own, LossGiven) else own
    return found


def measured(run: Run, model: LanguageModel, settings: EvaluationSettings) -> dict[str, Loss]:
    """Losses of a model, that of the run or one like it.

    In `lines` mode there is a further row for those lines of dev and test that do not stand in
    train as well, where there are any that do.

    Raises:
        DataError, EncodingError, UnknownTokenError: if the other file cannot be used.
        SettingsError: if the stride does not fit the model.
    """
    data, stride = run.data, settings.stride
    if settings.data is not None:
        corpus = load_corpus(
            settings.data,
            mode=data.kind,
            # The values of a column are examples already; all else is cut as the run's own data.
            separator="blank" if data.separator == "blank" and settings.column is None else "auto",
            column=settings.column,
            encoding=settings.encoding,
            condition=settings.condition,
            any_bytes=data.tokenizer.any_bytes,
        )
        if data.kind != "lines":
            stream = encode_text(corpus.text, data.tokenizer)
            return {corpus.name: measure(model, stream, data.tokenizer, stride=stride)}
        stream = encode_lines(tuple(corpus.examples), data.tokenizer, told_in(corpus, data))
        loss = measure(model, stream, data.tokenizer, stride=stride)
        if stream.given is None or data.conditions is None:
            return {corpus.name: loss}
        told = loss_given(loss, corpus.name, model, stream, data.conditions, data.tokenizer)
        told = replace(told, strange=strange_values(corpus, data.conditions))
        bare = measure(model, stream.without_conditions(), data.tokenizer, stride=stride)
        return {corpus.name: told, f"{corpus.name}, nothing given": bare}
    if not data.sized:
        try:
            _ = data.splits
        except RunError as error:
            error.hint += " Or evaluate the run on a file: `data=FILE`."
            raise
    found: dict[str, Loss] = {}
    for split in data.sizes:
        found[split] = measure(
            model, data.stream(split), data.tokenizer, stride=stride, limit=data.measured
        )
        lines = data.splits[split] if data.kept else ()
        if lines and data.kind == "lines" and split != "train":
            fresh = set(lines) - data.novelty.sets["train"]
            new = [line for line in lines if line in fresh]
            if 0 < len(new) < len(lines):
                wanted = np.array([line in fresh for line in lines])
                stream = data.stream(split).of_examples(wanted)
                found[f"{split}, not in train"] = measure(
                    model, stream, data.tokenizer, stride=stride
                )
            if data.conditions is not None:
                found |= given_or_not(model, data, split, found[split], stride)
    return found


def told_in(corpus: Corpus, data: TextData) -> Given | None:
    """What a file gives with its examples, as the conditions of a run; None if nothing.

    Raises:
        SettingsError: if it gives other conditions.
    """
    if not corpus.condition:
        return None
    known = () if data.conditions is None else data.conditions.names
    if other := next((name for name in corpus.condition if name not in known), ""):
        has = f"it has {', '.join(known)}" if known else "it has none"
        raise SettingsError(
            f"The run has no condition {quoted(other)}; {has}.",
            hint=f"{did_you_mean(other, known)}Give `condition` as columns of the same names.",
            setting="condition",
        )
    assert data.conditions is not None
    cells = [dict(zip(corpus.condition, row, strict=True)) for row in corpus.beside]
    rows = [[row.get(name, "") for name in known] for row in cells]
    return data.given(data.conditions.numbers(rows))


def strange_values(corpus: Corpus, conditions: Conditions) -> str:
    """How many cells of a file hold values that train does not have, as a sentence; or nothing."""
    told = []
    for name, cells in zip(corpus.condition, zip(*corpus.beside, strict=True), strict=True):
        known = set(conditions.values[conditions.names.index(name)])
        count = sum(bool(cell) and cell not in known for cell in cells)
        if count:
            told.append(f"{count:,} of {len(cells):,} of {name}")
    return f"Values that are not in train count as not given: {', '.join(told)}." if told else ""


def given_or_not(
    model: LanguageModel, data: TextData, split: str, loss: Loss, stride: int | None
) -> dict[str, Loss]:
    """The loss of a split with what its conditions save, and the loss with nothing given."""
    stream, tokenizer = data.stream(split), data.tokenizer
    assert data.conditions is not None
    bare = measure(model, stream.without_conditions(), tokenizer, stride=stride)
    told = loss_given(loss, split, model, stream, data.conditions, tokenizer)
    return {split: told, f"{split}, nothing given": bare}
