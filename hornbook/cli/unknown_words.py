"""Words of a command line that nobody knows: what was perhaps meant by them."""

from __future__ import annotations

import itertools
import re
import sys
import typing
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from hornbook.cli.flags import first_needed, group_in, mark
from hornbook.cli.streams import write_beside
from hornbook.cli.wording import flag, shell_word
from hornbook.paths import exists
from hornbook.rendering import clip, visible
from hornbook.settings import Given
from hornbook.suggestions import did_you_mean

__all__ = [
    "ALSO_CALLED",
    "OTHER_VERBS",
    "end",
    "refuse_unknown",
    "suggest_file",
    "suggest_joining",
    "suggest_parting",
]

# What other programs call a flag of ours; of two, the one that the command has.
ALSO_CALLED = {
    "--lr": "--learning-rate", "--epochs": "--steps", "--max-iters": "--steps",
    "--max-steps": "--steps", "--iterations": "--steps", "--hidden": "--n-hidden",
    "--hidden-size": "--n-hidden", "--layers": "--n-layer", "--num-layers": "--n-layer",
    "--heads": "--n-head", "--context": "--block-size", "--context-length": "--block-size",
    "--emb": "--n-embd", "--wd": "--weight-decay", "--grad-clip": "--clip", "--out-dir": "--out",
    "--output": "--out", "--temp": "--temperature", "--num-samples": "-n", "--start": "--prefix",
    "--prompt": "--prefix", "--max-new-tokens": "--longest", "--max-tokens": "--longest",
    "--max-length": "--longest", "--length": "--longest", "--n-predict": "--longest",
    "--dtype": "--precision --weights", "--quantize": "--weights", "--quantization": "--weights",
    "--gradient-checkpointing": "--recompute", "--activation-checkpointing": "--recompute",
    "--gradient-accumulation-steps": "--accumulate", "--lora": "--lora-rank",
    "--lora-r": "--lora-rank", "--rank": "--lora-rank", "--base-model": "--init-from",
    "--pretrained": "--init-from", "--format": "--to",
}  # fmt: skip
WITHOUT_A_FLAG = {"--data", "--dataset", "--file", "--input", "--run", "--run-dir", "--text"}
"What other programs call what has no flag here."
NOT_STEPS = {
    "--epochs": "One epoch is the tokens in train divided by the tokens in a batch, in steps."
}
"What has to be said of a flag that does not count the same."

# What other programs call a command of ours.
OTHER_VERBS = {
    "resume": "train --resume RUN", "continue": "train --resume RUN", "finetune":
    "train DATA --init-from RUN", "fine-tune": "train DATA --init-from RUN", "fit": "train DATA",
    "neighbours": "similar RUN ITEM", "neighbors": "similar RUN ITEM",
    "generate": "sample RUN", "complete": "sample RUN --prefix TEXT",
    "suggest": "recommend RUN USER", "pairs": "bigrams RUN", "counts": "bigrams RUN",
    "perplexity": "evaluate RUN", "list": "runs", "ls": "runs", "check": "doctor DATA",
    "average": "mix RUN RUN", "ensemble": "mix RUN RUN", "lr-find": "rate DATA",
    "lr_find": "rate DATA", "find-lr": "rate DATA", "show": "inspect RUN", "report": "inspect RUN",
    "diagnose": "inspect RUN", "auto": "best DATA", "data": "datasets",
}  # fmt: skip

NUMBERS = re.compile(r"{0}(?:[,x ]+{0})*,?".format(r"(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"))
"Numbers with commas, spaces or an x between them."
SHOWN = 60  # characters of what was typed


def refuse_unknown(
    verb: str, kind: type[Any], unknown: Sequence[str], argv: Sequence[str] = ()
) -> NoReturn:
    """End with what to do about the first word that was not understood.

    Args:
        verb: that it was typed after.
        kind: the dataclass of its words and flags.
        unknown: what the parser did not know, in its order.
        argv: all that was typed.
    """
    word = unknown[0]
    shown, known = visible(clip(word, SHOWN)), sorted(set(flags_in(kind)))
    see = f"See hornbook {verb} --help."
    for name, given, value in (one.partition("=") for one in argv):
        if given and value == word and name.replace("_", "-") in known:
            end(verb, f"{name} takes no value: type it alone, or leave it out. {see}")
    is_file = exists(word)
    if word.startswith("-") and is_file and takes_words(kind):
        suggest_file(verb, [word])
        sys.exit(2)
    if not word.startswith("-") or word == "-":
        told = f"{shown} is one word too many."
        if "--data" in known and (is_file or is_dataset(word)):
            told += f" To use a file: --data {visible(clip(shell_word(word), SHOWN))}."
        end(verb, f"{told} {see}")
    name = word.partition("=")[0].replace("_", "-")
    told = f"there is no {visible(clip(name, SHOWN))}"
    if meant := next((one for one in ALSO_CALLED.get(name, "").split() if one in known), ""):
        end(verb, f"{told}; use {meant}. {NOT_STEPS.get(name, '')}".rstrip())
    if name in WITHOUT_A_FLAG and (first := first_needed(kind)):
        end(verb, f"{told}: {first} is typed without a flag. {see}")
    near = did_you_mean(name, known)
    if not name.startswith("--") and not near and takes_texts(kind):
        told += (
            ". Put a text that begins with a dash after two dashes: "
            f"-- {visible(clip(shell_word(word), SHOWN))}"
        )
    end(verb, f"{told}. {near}{see}")


def end(verb: str, told: str) -> NoReturn:
    """Say it, and end."""
    write_beside(f"hornbook {verb}: {told}\n")
    sys.exit(2)


def suggest_file(verb: str, argv: Sequence[str]) -> None:
    """Say how a file is named whose name begins with a dash."""
    for word in argv:
        if word.startswith("-") and word != "-" and exists(word):
            shown = visible(clip(shell_word(word), SHOWN))
            write_beside(
                f"hornbook {verb}: to use the file {shown}, type ./{shown}; what begins with a "
                "dash is a flag.\n"
            )


def suggest_joining(verb: str, kind: type[Any], argv: Sequence[str]) -> None:
    """Say how a value that begins with a dash is given to a flag."""
    known = set(flags_in(kind))
    for name, value in itertools.pairwise(argv):
        if name in known and value.startswith("-") and len(value) > 1 and value not in known:
            shown = visible(clip(shell_word(f"{name}={value}"), SHOWN))
            write_beside(
                f"hornbook {verb}: if {visible(clip(value, SHOWN))} is the value of {name}, "
                f"type {shown}\n"
            )


def suggest_parting(verb: str, kind: type[Any], argv: Sequence[str]) -> None:
    """Say how several numbers are given to a flag."""
    known = set(flags_in(kind))
    words = [part for word in argv for part in word.split("=", 1)]
    for at, name in enumerate(words):
        after = itertools.takewhile(re.compile(r"[\d.][\d.,xe+-]*").fullmatch, words[at + 1 :])
        value = " ".join(after)
        if name in known and NUMBERS.fullmatch(value) and re.search("[,x]", value):
            apart = " ".join(re.split("[,x ]+", value.strip(",")))
            write_beside(
                f"hornbook {verb}: put spaces between several numbers: {name} {apart}; a single "
                f"one has no {'commas' if ',' in value else 'x'}\n"
            )


def flags_in(kind: type[Any]) -> Iterator[str]:
    """The flags of a dataclass, and of those in it."""
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        if (group := group_in(hint)) is not None:
            yield from flags_in(group)
        elif mark(hint, Given) is None:
            yield flag(name)


def is_dataset(word: str) -> bool:
    """Whether a data set has this name."""
    from hornbook.sources.datasets import DATASETS

    return word in DATASETS


def takes_words(kind: type[Any]) -> bool:
    """Whether it has words without a flag."""
    return any(
        mark(hint, Given) is not None
        for hint in typing.get_type_hints(kind, include_extras=True).values()
    )


def takes_texts(kind: type[Any]) -> bool:
    """Whether its words may be any text."""
    for hint in typing.get_type_hints(kind, include_extras=True).values():
        if (group := group_in(hint)) is not None and takes_texts(group):
            return True
        if (given := mark(hint, Given)) is not None and given.word == "TEXT":
            return True
    return False
