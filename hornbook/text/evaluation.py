"""Losses of a finished run: on its splits, or on another file as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hornbook.errors import RunError, SettingsError
from hornbook.settings import Settings
from hornbook.text.corpus import load_corpus
from hornbook.text.losses import Loss, measure
from hornbook.text.models.contract import LanguageModel
from hornbook.text.stream import encode_lines, encode_text
from hornbook.text.weights import Weights, in_eight_bits

if TYPE_CHECKING:
    from hornbook.runs import Run

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
    stride: int | None = None
    """Number of predictions counted in each row (only for models that read rows).
    Fewer have more context and take longer; 1 gives each prediction its full context."""

    weights: Weights = "float32"
    """Weights of the linear layers: as they were learned, or rounded to 8 bits, with the loss of
    the learned ones beside."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, other in (("encoding", "auto"), ("column", None)):
            if self.data is None and getattr(self, name) != other:
                raise SettingsError(
                    f"`{name}` has no effect without `data`.",
                    hint="Leave it out, or give `data`.",
                    setting=name,
                )


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
        found |= {f"{name}, 8 bits": loss, f"{name}, float32": learned[name]}
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
            any_bytes=data.tokenizer.any_bytes,
        )
        if data.kind == "lines":
            stream = encode_lines(tuple(corpus.examples), data.tokenizer)
        else:
            stream = encode_text(corpus.text, data.tokenizer)
        return {corpus.name: measure(model, stream, data.tokenizer, stride=stride)}
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
            new = tuple(line for line in lines if line not in data.novelty.sets["train"])
            if 0 < len(new) < len(lines):
                stream = encode_lines(new, data.tokenizer)
                found[f"{split}, not in train"] = measure(
                    model, stream, data.tokenizer, stride=stride
                )
    return found
