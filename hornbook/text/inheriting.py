"""Weights of one net as the beginning of another on other tokens.

A token that both know keeps what was learned of it: its row of the embedding, its row of the output
layer, its statistics. One that is new keeps what the family gave it at the start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hornbook.compute.shapes import shapes_only
from hornbook.compute.tied import each_once, without_second_names
from hornbook.errors import RunError, SettingsError, as_typed
from hornbook.nn import ConditionedEmbedding
from hornbook.nn.lora import is_adapter
from hornbook.rendering import many
from hornbook.text.conditions import Conditions
from hornbook.text.models.network import Network
from hornbook.tokenizers.contract import Tokenizer
from hornbook.tokenizers.kinds import KINDS
from hornbook.tokenizers.published import GPT2
from hornbook.tokenizers.reusing import is_reusable
from hornbook.tokenizers.single_bytes import ByteTokenizer
from hornbook.training.rates import told_of_frozen

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["inherit", "tokens_of"]

TOKENIZER = "tokenizer.json"  # in a run
SHOWN = 10  # new tokens that are named


def tokens_of(ancestor: Run) -> Mapping[str, Any]:
    """The tokens of a run as options of loading, where any text can be written in them.

    Characters and words are those of the data, and may be others than the run's: for them nothing
    is said.
    """
    own = ancestor.record.options.get("tokens")
    if own in (GPT2, ByteTokenizer.kind):
        return {"tokens": own}
    if not is_reusable(ancestor.data.tokenizer):
        return {}
    return {"tokens": str(ancestor.path / TOKENIZER)}


def inherit(
    model: Network,
    tokenizer: Tokenizer,
    ancestor: Run,
    rates: Sequence[str] = (),
    conditions: Conditions | None = None,
) -> str:
    """Give a net the weights of a run of the same family and settings.

    Args:
        model: just initialised.
        tokenizer: of its tokens.
        ancestor: the run.
        rates: by which parts of the net may be frozen.
        conditions: that the net takes.

    Returns:
        How many tokens keep their rows, and which have new ones.

    Raises:
        SettingsError: if their tokens are of different kinds, or adapters are as wide as the net.
        RunError: if the weights cannot be read, or are not of that family.
    """
    refuse_full_rank(model.settings.as_dict())
    before: Tokenizer = ancestor.data.tokenizer
    asked = str(ancestor.record.options.get("tokens", before.kind))
    if before.kind != tokenizer.kind:
        raise SettingsError(
            f"The tokens of {ancestor.path} are {named(before)}, and those of this data are "
            f"{named(tokenizer)}: training cannot begin with its weights.",
            hint=f"Set `tokens={as_typed(asked)}`."
            if asked in (*KINDS, GPT2)
            else "Set `tokens` to the file of tokens that it was trained with.",
            setting="init_from",
        )
    with shapes_only():
        shape = ancestor.data.shape
        built = ancestor.task.build(ancestor.family, ancestor.settings, shape)
        names, of_values = list(each_once(built)), values_of(built)
    if any(map(is_adapter, names)):
        arrays = ancestor.model.arrays()  # merged
        names = list(arrays)
    else:
        held = ancestor.directory.read_weights(ancestor.record)
        arrays = without_second_names(built, held)
    pairs = shared_tokens(tokenizer, before)
    if set(names) != set(arrays):
        raise RunError(
            f"{ancestor.directory.model} does not have the weights of a {ancestor.family}.",
            hint="The file belongs to another run or is damaged.",
        )
    of_tokens = {name: arrays[name] for name in names if name != of_values}
    found = moved(model, of_tokens, pairs)
    said = told(tokenizer, before, [now for now, _ in pairs])
    theirs = ancestor.data.conditions
    if conditions is not None and (place := values_of(model)):
        mine = dict(rows_of(conditions))
        rows = [] if theirs is None else [
            (mine[value], row) for value, row in rows_of(theirs) if value in mine
        ]  # fmt: skip
        found[place] = np.zeros_like(found[place])
        for now, then in rows:
            found[place][now] = arrays[of_values][then]
        said += f" {told_of_values(conditions, theirs, len(rows))}"
    elif theirs is not None:
        said += f" What it learned of {', '.join(theirs.names)} is left out: nothing is given here."
    model.load_arrays(found)
    if len(pairs) == tokenizer.vocab_size:
        return said
    return " ".join([said, *told_of_frozen("new tokens", model.token_axes(), model, rates)])


def values_of(model: Network) -> str:
    """The name of the rows of the values of conditions among a net's arrays; empty without them."""
    layers = model.named_modules()
    return next(
        (f"{name}.values" for name, layer in layers if isinstance(layer, ConditionedEmbedding)), ""
    )


def rows_of(conditions: Conditions) -> list[tuple[tuple[str, str], int]]:
    """Each value with its column, and the row of its embedding."""
    pairs = zip(conditions.names, conditions.values, strict=True)
    return [
        (value, row)
        for row, value in enumerate((name, value) for name, own in pairs for value in own)
    ]


def told_of_values(conditions: Conditions, before: Conditions | None, kept: int) -> str:
    """How many values keep their rows, and which conditions are new or left out."""
    count = sum(map(len, conditions.values))
    told = f"{kept:,} of {many(count, 'value')} of {', '.join(conditions.names)} keep theirs"
    if kept < count:
        told += ", the others begin as not given"
    gone = [name for name in (before.names if before else ()) if name not in conditions.names]
    return f"{told}; {', '.join(gone)} is not given here." if gone else f"{told}."


def refuse_full_rank(settings: Mapping[str, Any]) -> None:
    """Refuse adapters that have more numbers than what they stand beside.

    Raises:
        SettingsError: if they would.
    """
    rank, width = settings.get("lora_rank", 0), settings.get("n_embd", 0)
    if rank > width:
        raise SettingsError(
            f"`lora_rank` must be at most `n_embd`, {width:,}, where training begins; it is "
            f"{rank:,}: adapters of a higher rank have more numbers than the weights beside them.",
            hint=f"Set `lora_rank` to a number from 1 to {width:,}; 4 to 16 are usual.",
            setting="lora_rank",
        )


def named(tokenizer: Tokenizer) -> str:
    """What its tokens are: the kind that was asked for, or what stands in their file."""
    return tokenizer.kind if tokenizer.kind in KINDS else tokenizer.about.partition(";")[0]


def shared_tokens(tokenizer: Tokenizer, before: Tokenizer) -> list[tuple[int, int]]:
    """The ids of the tokens that two tokenizers share, in the one and in the other."""
    now, then = tokenizer.spelled, before.spelled
    # The same vocabulary but for what the boundary is called: the special token that ends a text
    # has a name where it stands for nothing, and none where it stands between examples.
    apart = [{a, b} for a, b in zip(now, then, strict=False) if a != b]
    if len(now) == len(then) and all("" in pair for pair in apart):
        return [(i, i) for i in range(len(now))]
    known = {spelling: place for place, spelling in enumerate(then)}
    return [(i, known[s]) for i, s in enumerate(now) if s in known]


def moved(
    model: Network, arrays: Mapping[str, npt.NDArray[Any]], pairs: Sequence[tuple[int, int]]
) -> dict[str, npt.NDArray[Any]]:
    """A net's arrays with those of another, token by token where they are of tokens.

    Args:
        model: whose arrays are kept for tokens that the other does not know, and whose adapters.
        arrays: of the other, in their order; names differ where layers without weights do.
        pairs: ids of the tokens that both know, here and there.
    """
    now, then = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    axes, places = model.token_axes(), model.position_axes()
    found: dict[str, npt.NDArray[Any]] = {}
    whole = model.arrays()
    apart = values_of(model)
    base = {n: array for n, array in whole.items() if not is_adapter(n) and n != apart}
    for (name, own), theirs in zip(base.items(), arrays.values(), strict=True):
        mine = own.copy()
        of_tokens = axes.get(name, frozenset())
        here = [now if i in of_tokens else np.arange(size) for i, size in enumerate(mine.shape)]
        of_places = places.get(name, frozenset())
        there = [
            then if i in of_tokens
            else np.arange(min(size, mine.shape[i]) if i in of_places else size)
            for i, size in enumerate(theirs.shape)
        ]  # fmt: skip
        if [len(ids) for ids in here] != [len(ids) for ids in there]:
            raise RunError(
                f"The weights do not fit: {name} has shape {(*mine.shape,)} here and "
                f"{(*theirs.shape,)} there.",
                hint="The file belongs to another run or is damaged.",
            )
        mine[np.ix_(*here)] = theirs[np.ix_(*there)]
        found[name] = mine
    return whole | found


def told(tokenizer: Tokenizer, before: Tokenizer, kept: Sequence[int]) -> str:
    """How many tokens keep their rows, which are new, how many are not used any longer."""
    new = sorted(set(range(tokenizer.vocab_size)) - set(kept))
    words = f"{len(kept):,} of {tokenizer.vocab_size:,} tokens keep their learned weights"
    if new:
        labels = " ".join(tokenizer.label(token) for token in new[:SHOWN])
        more = " …" if len(new) > SHOWN else ""
        words += f", {len(new):,} new ones start untrained ({labels}{more})"
    if gone := before.vocab_size - len(kept):
        words += f"; {gone:,} tokens of that run are not in this vocabulary"
    return words + "."
