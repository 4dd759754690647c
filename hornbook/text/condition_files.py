"""Conditions as a run keeps them: values beside the tokenizer, what is given with the data."""

from __future__ import annotations

import json

import numpy as np

from hornbook.storage import parse_json
from hornbook.text.conditions import Conditions, Ids

__all__ = ["as_bytes", "read_conditions", "read_given", "written"]


def as_bytes(conditions: Conditions) -> bytes:
    """Conditions as the bytes of their file."""
    kept = {
        "drop": conditions.drop,
        "conditions": [
            {"name": name, "values": values}
            for name, values in zip(conditions.names, conditions.values, strict=True)
        ],
    }
    text = json.dumps(kept, ensure_ascii=False, indent=2) + "\n"
    return text.encode("utf-8", "surrogatepass")


def read_conditions(data: bytes) -> Conditions:
    """The conditions in a file.

    Raises:
        ValueError: if it is not one of conditions.
    """
    kept = parse_json(data)
    if not isinstance(kept, dict) or not isinstance(rows := kept.get("conditions"), list):
        raise ValueError("conditions must be a list")
    drop = kept.get("drop")
    if not isinstance(drop, int | float) or not 0 <= drop <= 1:
        raise ValueError(f"drop must be a number from 0 to 1; it is {drop!r}")
    names, values = [], []
    for row in rows:
        name, own = (row.get("name"), row.get("values")) if isinstance(row, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(own, list) or not own:
            raise ValueError("a condition must have a name and values")
        texts = tuple(value for value in own if isinstance(value, str) and value)
        if len(texts) < len(own) or len(set(texts)) < len(own):
            raise ValueError(f"the values of {name!r} must be texts, each another one")
        names.append(name)
        values.append(texts)
    if not names or len(set(names)) < len(names):
        raise ValueError("conditions must have names, each another one")
    return Conditions(tuple(names), tuple(values), float(drop))


def written(given: Ids) -> bytes:
    """Numbers of values, shape (examples, K), as a line for each example."""
    return "".join(" ".join(map(str, row)) + "\n" for row in given.tolist()).encode()


def read_given(data: bytes, conditions: Conditions, examples: int) -> Ids:
    """What `written` wrote, for so many examples.

    Raises:
        ValueError: if it is not that.
    """
    rows = [list(map(int, line.split())) for line in data.decode("ascii").splitlines()]
    if len(rows) != examples or any(len(row) != len(conditions.names) for row in rows):
        raise ValueError(f"it must have {len(conditions.names)} numbers for {examples:,} examples")
    given = np.array(rows, dtype=np.int64).reshape(examples, len(conditions.names))
    if ((given < 0) | (given >= np.array(conditions.sizes))).any():
        raise ValueError("it has numbers of values that there are not")
    return given
