"""Which packages cut a run's text into tokens, and whether they still cut it alike.

A next version of one may know other characters, or mend a fault. So a run keeps the versions, and
how a text of many scripts was cut; where other versions are installed it is cut once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from hornbook.errors import RunError
from hornbook.extras import has
from hornbook.records import JSON, read_record
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["made_by", "refuse_other_cuts"]

PROBE = (
    "The quick brown fox's 12345 jumps,  over\r\n\tlazy dogs! IT'LL née e\u0301 \u00a0 ﬁ Ａ ½ ² "
    "नमस्ते क्\u200dष ภาษาไทย 行列 かな 한국어 \u1112\u1161 שָׁלוֹם مرحبا "
    "می\u200cخواهم 👩\u200d🚀 👨\u200d👩\u200d👧 🇩🇪🇫🇷 "
    "👍🏽 don’t x_y foo/bar <s> </s> ▁ İi ß ǅ \u200b\u2028 end"
)


@dataclass(frozen=True)
class MadeBy:
    """How a probe was cut, and by what."""

    packages: dict[str, str]
    "Versions."
    probe: str
    ids: tuple[int, ...]
    bytes: tuple[int, ...]
    "How many of the probe each token is."


def installed(tokenizer: Tokenizer) -> dict[str, str]:
    """The versions of the packages that a tokenizer needs, of those that are here."""
    found = {}
    for name in filter(has, tokenizer.libraries):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # it is there, and nobody installed it
            found[name] = "unknown"
    return found


def made_by(tokenizer: Tokenizer) -> dict[str, JSON] | None:
    """What a run keeps of this; None where no package could cut otherwise."""
    if not (packages := installed(tokenizer)):
        return None
    ids, sizes = tokenizer.cuts(PROBE)
    return {"packages": packages, "probe": PROBE, "ids": ids, "bytes": sizes}


def refuse_other_cuts(tokenizer: Tokenizer, kept: JSON) -> None:
    """Refuse packages that cut text into other tokens than those that a run was trained on.

    Raises:
        RunError: naming them and their versions, then and now.
    """
    record = read_record(MadeBy, kept, "The tokenizer")
    now = installed(tokenizer)
    if not now or now == record.packages:
        return
    ids, sizes = tokenizer.cuts(record.probe)
    if (tuple(ids), tuple(sizes)) == (record.ids, record.bytes):
        return
    then = ", ".join(f"{name}=={number}" for name, number in record.packages.items())
    here = ", ".join(f"{name} {number}" for name, number in now.items())
    raise RunError(
        f"The tokens of this run were made by {then}; {here} cuts text into other tokens, which "
        "the model does not know.",
        hint=f"Install what it was trained with:  pip install {then.replace(',', '')}",
    )
