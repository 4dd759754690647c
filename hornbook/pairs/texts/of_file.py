"""Pairs of another file, read as those of the run were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hornbook.errors import DataError
from hornbook.pairs.data import PairData, Side
from hornbook.pairs.of_file import pairs_of_file
from hornbook.rendering import many

if TYPE_CHECKING:
    from hornbook.pairs.texts.evaluating import WriterEvaluation
    from hornbook.runs import Run

__all__ = ["side_of_file"]


def side_of_file(run: Run, settings: WriterEvaluation) -> tuple[str, Side, tuple[str, ...]]:
    """Where a file is, its pairs, and what is to be known of them.

    Raises:
        DataError: if the file cannot be read, or a source is none that the run can read.
    """
    assert settings.data is not None
    data: PairData = run.data
    found = pairs_of_file(
        run, settings.data,
        {"source_column": settings.source_column, "target_column": settings.target_column},
        lambda given, said: refuse_longer(data.read(given), run.model.longest),
        bad_rows=settings.bad_rows, longest_text=settings.longest_text, encoding=settings.encoding,
    )  # fmt: skip
    remarks = list(found.remarks)
    unwritten = sum(data.written(said) is None for said in found.targets)
    if unwritten:
        remarks.append(
            f"{many(unwritten, 'target')} with a character that the run cannot write: never right, "
            "and not in the loss of tokens."
        )
    return found.where, Side(found.sources, found.targets), tuple(remarks)


def refuse_longer(ids: Any, longest: int | None) -> None:
    """Refuse a source that is longer than a model reads.

    Raises:
        DataError: if it is.
    """
    if longest is not None and len(ids) > longest:
        raise DataError(
            f"the source has {many(len(ids), 'token')} with its end; this model reads at most "
            f"{longest:,}.",
            hint="Give shorter ones.",
        )
