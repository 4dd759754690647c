"""A table, loaded: split, and mapped to what models read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError
from hornbook.records import JSONObject, as_json, read_record
from hornbook.rendering import amount, many
from hornbook.reports.finding import Finding
from hornbook.storage import HashedFiles, parse_json
from hornbook.tables.mapper import Mapped, Mapper
from hornbook.tables.models.contract import Shape
from hornbook.tables.never_seen import NeverSeen
from hornbook.tables.target import Target, TargetKind
from hornbook.tasks import Data
from hornbook.tasks.data import without_data
from hornbook.tasks.kept import (
    a_list,
    arrays_bytes,
    arrays_in,
    json_bytes,
    kept_remarks,
    kept_splits,
)
from hornbook.tasks.splits import SPLITS

if TYPE_CHECKING:
    from hornbook.reports import Table

__all__ = ["FILES", "PRIVATE", "TableData", "TableRows"]

PRIVATE = frozenset(f"data/{name}.npz" for name in SPLITS)
FILES = PRIVATE | {"data/mapper.json"}


@dataclass(frozen=True)
class TableRows:
    """Rows of a split, as models read them, with what is to be predicted."""

    inputs: Mapped
    target: npt.NDArray[Any]
    "In the units of the table, float64; or classes by number, int64; shape (n,)."
    groups: npt.NDArray[np.int32] | None = None
    "Of which group each row is, for intervals; None where there are none."
    weights: npt.NDArray[np.float32] | None = None
    "Of the rows in the loss; None where all count alike. No run has them: estimators do."

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: npt.NDArray[Any] | slice) -> TableRows:
        """Some rows."""
        groups = None if self.groups is None else self.groups[rows]
        weights = None if self.weights is None else self.weights[rows]
        return TableRows(self.inputs.take(rows), self.target[rows], groups, weights)


class TableData(Data):
    """Splits of a table, and how its columns were read.

    Args:
        name: what to call it.
        source: where it came from, for people.
        splits: by name, `train` first; those without rows are left out.
        mapper: from columns to features, fitted on train.
        target: what is predicted.
        group: the column of groups; empty if there is none.
        remarks: how it was read and split, in lines for people.
        rows: of train, where they are not kept.
        unseen: columns whose values in most rows of dev or test train never has.
        leaks: findings of columns that give the target away.
    """

    def __init__(
        self,
        name: str,
        source: str,
        splits: Mapping[str, TableRows],
        mapper: Mapper,
        target: Target,
        *,
        group: str = "",
        remarks: Sequence[str] = (),
        rows: int = 0,
        unseen: Sequence[NeverSeen] = (),
        leaks: Sequence[Finding] = (),
    ) -> None:
        self.name, self.source = name, source
        self.splits = {split: part for split, part in splits.items() if len(part)}
        self.mapper, self.target, self.group = mapper, target, group
        self.remarks, self.counted = tuple(remarks), rows
        self.unseen, self.leaks = tuple(unseen), tuple(leaks)

    def __repr__(self) -> str:
        return f"<TableData {self.name} from {self.source}: {'; '.join(self.about)}>"

    @property
    def kind(self) -> TargetKind:
        """What is predicted: `number`, `logarithm` or `class`."""
        return self.target.kind

    @property
    def kept(self) -> bool:
        """Whether the rows can still be read: a run may be without them."""
        return bool(self.splits)

    @cached_property
    def shape(self) -> Shape:
        """How many codes, numbers and outputs there are."""
        return Shape(
            tuple(one.codes for one in self.mapper.categories),
            len(self.mapper.numbers),
            len(self.mapper.flags),
            self.target.outputs,
            len(self.splits["train"]) if self.kept else self.counted,
            *self.target.ends,
            tuple(one.order for one in self.mapper.categories),
        )

    @property
    def sizes(self) -> Mapping[str, int]:
        """Rows of each split."""
        return {name: len(rows) for name, rows in self.splits.items()}

    @property
    def train(self) -> TableRows:
        """The rows of train.

        Raises:
            DataError: if they are not kept.
        """
        if not self.kept:
            raise without_data("the rows that it has learned from are gone")
        return self.splits["train"]

    @property
    def about(self) -> Sequence[str]:
        """What was read and how."""
        sizes = " / ".join(f"{size:,}" for size in self.sizes.values())
        target = f"predicted: {self.target.name!r}"
        if self.kind == "class":
            target += f", one of {len(self.target.labels):,} classes"
        elif self.kind == "logarithm":
            target += ", by its logarithm"
        return (
            f"{self.extent}; {' / '.join(self.sizes)}: {sizes}",
            target,
            *self.remarks,
        )

    @property
    def reading(self) -> Sequence[str]:
        """What columns were read as, which were left out and why, rows dropped, and the splits."""
        return self.remarks

    @property
    def extent(self) -> str:
        """How much it is in all."""
        categories, numbers = len(self.mapper.categories), len(self.mapper.numbers)
        named = "category" if categories == 1 else "categories"
        rows = many(sum(self.sizes.values()), "row")
        told = f"{rows} of {categories:,} {named} and {many(numbers, 'number')}"
        columns = len(self.mapper.needed)  # a date is several of them, a missing value a category
        return f"{told} from {many(columns, 'column')}" if columns < categories + numbers else told

    @property
    def table(self) -> Table:
        """Rows of each split, and its target."""
        from hornbook.reports import Table

        rows = []
        for name, part in self.splits.items():
            if self.kind == "class":
                commonest = np.bincount(part.target, minlength=len(self.target.labels))
                told = f"{self.target.labels[int(commonest.argmax())]} {commonest.max():,}"
            else:
                told = f"{amount(part.target.mean())}"
            rows.append((name, f"{len(part):,}", told))
        of_target = "commonest class" if self.kind == "class" else f"mean of {self.target.name}"
        return Table(("split", "rows", of_target), tuple(rows))

    @property
    def details(self) -> JSONObject:
        """Kind, splits, the column of groups, and what was seen; the mapper has its own file."""
        return {
            "kind": self.kind,
            "splits": list(self.splits),
            "group": self.group,
            "rows": self.shape.rows,
            "remarks": list(self.remarks),
            "unseen": [one.as_dict() for one in self.unseen],
            "leaks": as_json(self.leaks),
        }

    def keep(self, files: HashedFiles) -> None:
        """A file for each split, and one of the mapper and the target."""
        for name, rows in self.splits.items():
            arrays = {
                "codes": rows.inputs.codes, "numbers": rows.inputs.numbers, "target": rows.target
            }  # fmt: skip
            if rows.groups is not None:
                arrays["groups"] = rows.groups
            if rows.inputs.places is not None:
                arrays["places"] = rows.inputs.places
            files.write(f"data/{name}.npz", arrays_bytes(arrays))
        both = {"mapper": self.mapper.as_dict(), "target": self.target.as_dict()}
        files.write("data/mapper.json", json_bytes(both))


def open_table(files: HashedFiles, name: str, source: str, details: JSONObject) -> TableData:
    """The data that `TableData.keep` wrote.

    Raises:
        RunError: if they are not what was written.
    """
    try:
        held = parse_json(files.read("data/mapper.json"))
        mapper, target = Mapper.from_dict(held["mapper"]), Target.from_dict(held["target"])
        if details["kind"] != target.kind:
            raise ValueError(f"data.details.kind is {details['kind']!r}, not {target.kind!r}")
        names, remarks = kept_splits(details), kept_remarks(details)
        group, rows = details["group"], details["rows"]
        if not isinstance(group, str) or type(rows) is not int or rows < 1:
            raise ValueError("data.details.group or rows is damaged")
        # older runs are without: they told it at training only, or not at all
        older = {"unseen": [], "leaks": [], **details}
        unseen = map(NeverSeen.from_dict, a_list(older, "unseen"))
        leaks = [read_record(Finding, one, "a leak") for one in a_list(older, "leaks")]
        splits = {}
        if files.has("data/train.npz"):
            for split in names:
                splits[split] = opened(files.read(f"data/{split}.npz"), mapper, target)
        return TableData(
            name, source, splits, mapper, target, group=group, remarks=remarks,
            rows=rows, unseen=tuple(unseen), leaks=leaks,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, OSError, EOFError) as error:
        raise RunError(f"The data of the run are damaged: {error}.") from error


def opened(data: bytes, mapper: Mapper, target: Target) -> TableRows:
    """Rows from a file of theirs.

    Raises:
        ValueError: if they are not rows of such features.
    """
    held = arrays_in(data, "rows are not a table of columns")
    if held.keys() - {"groups", "places"} != {"codes", "numbers", "target"}:
        raise ValueError("rows are without codes, numbers or target")
    codes, numbers, wanted = held["codes"], held["numbers"], held["target"]
    n, most = len(wanted), [one.codes for one in mapper.categories]
    if codes.dtype != np.int32 or codes.shape != (n, len(most)) or n < 1:
        raise ValueError(f"codes have shape {codes.shape} and type {codes.dtype}")
    if codes.size and ((codes < 0) | (codes >= np.array(most, np.int32))).any():
        raise ValueError("a code is out of range")
    if numbers.dtype != np.float32 or numbers.shape != (n, len(mapper.number_names)):
        raise ValueError(f"numbers have shape {numbers.shape} and type {numbers.dtype}")
    kind = np.int64 if target.kind == "class" else np.float64
    if wanted.dtype != kind or wanted.shape != (n,) or not np.isfinite(wanted).all():
        raise ValueError("the target is not what it was")
    if target.kind == "class" and not 0 <= wanted.min() <= wanted.max() < len(target.labels):
        raise ValueError("a class is out of range")
    if target.kind == "logarithm" and wanted.min() <= 0:
        raise ValueError("a target is not above 0")
    groups = held.get("groups")
    if groups is not None and (groups.dtype != np.int32 or groups.shape != (n,)):
        raise ValueError("groups do not fit the rows")
    if not np.isfinite(numbers).all():
        raise ValueError("a number is not finite")
    places, ordered = held.get("places"), sum(bool(one.order) for one in mapper.categories)
    if places is not None and (
        places.dtype != np.float32 or places.shape != (n, ordered) or not np.isfinite(places).all()
    ):
        raise ValueError("places of categories do not fit the rows")
    return TableRows(Mapped(codes, numbers, places), wanted, groups)
