"""`hornbook make`: pairs to learn from, of which it is known what is right."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NoReturn

import tyro

from hornbook.cli.alive import alive
from hornbook.cli.arguments import parse
from hornbook.cli.flags import as_typed
from hornbook.cli.output import console, escape, notes, print_json
from hornbook.cli.streams import write_result
from hornbook.cli.unknown_words import end
from hornbook.errors import SettingsError
from hornbook.made.kind import Pair
from hornbook.made.kinds import KINDS
from hornbook.made.making import Drawn, draw, make, told_count
from hornbook.rendering import clip
from hornbook.settings import Given
from hornbook.suggestions import did_you_mean

DESCRIPTION = """\
{sentence}

Examples:
{examples}

{more}

No two pairs have the same source. The same seed gives the same pairs, and a smaller number of \
them the first ones of a larger. The path of the file is printed.
"""
ALL = """\
Kinds, each with a pair:
{kinds}

The flags of a kind: hornbook make KIND --help."""
EXAMPLES = {
    "reversal": "--shortest 13 --longest 20 --out longer.tsv",
    "sorting": "--letters abcde --out letters.tsv",
    "copy": "-n 1000 --out few.tsv",
    "addition": "--digits 5 --least-digits 5 --backwards --out longer.tsv",
    "dates": "--first-year 1900 --last-year 1999 --out century.tsv",
    "roman": "--to roman --out to-roman.tsv",
    "numbers": "--language chinese --to words --out chinese.tsv",
    "names": "--shared both --out labels.tsv",
    "pinyin": "--tones none --out plain.tsv",
    "cities": "--from en --to ja --out japanese.tsv",
}
"The second call in the help of each kind."
SHOWN = 3  # pairs


@dataclasses.dataclass(frozen=True)
class Output:
    """Output."""

    out: str = ""
    """File to write, .tsv, .csv or .jsonl, or - for standard output; by default the kind's name
    with .tsv, in the current folder."""
    n: int | None = None
    "Pairs to make; by default 20,000, or all where there are fewer."
    seed: int = 0
    "Another seed gives other pairs."
    overwrite: bool = False
    "Replace a file that is already there."
    json: bool = False
    "Print what was written as JSON: path, columns, pairs, and how many different ones there are."


@dataclasses.dataclass(frozen=True)
class AnyKind(Output):
    """Output."""

    kind: Annotated[str, Given("KIND")] = dataclasses.field(kw_only=True)
    "Kind of pairs."


def run(argv: Sequence[str]) -> None:
    """Parse, make and tell."""
    place = place_of_kind(argv)
    if place is None:
        refuse_kind(parse(AnyKind, "make", described_all(), argv).kind)
    kind = argv[place]
    if kind not in KINDS:
        refuse_kind(kind)
    options = parsed(kind, [*argv[:place], *argv[place + 1 :]])
    chosen = {"n": options.n, "seed": options.seed, **options.settings.as_dict()}
    if options.out == "-":
        if options.json:
            raise SettingsError(
                "`json` has no effect with `out=-`, which prints the pairs themselves.",
                hint="Leave it out, or name a file; one that ends in .jsonl holds JSON lines.",
                setting="json",
            )
        for line in draw(kind, **chosen).lines("tsv"):
            write_result(line)
        return
    with alive("Making pairs", quiet=options.json):
        made = make(kind, options.out or f"{kind}.tsv", overwrite=options.overwrite, **chosen)
    if options.json:
        print_json({
            "path": str(made.path), "columns": made.pairs.columns, "pairs": made.pairs.n,
            "there_are": made.pairs.there_are,
        })  # fmt: skip
        return
    console().print(escape(str(made.path)))  # by itself: it can be given to another command
    for line in told(made.pairs):
        notes().print(escape(line))


def place_of_kind(argv: Sequence[str]) -> int | None:
    """Which word is the kind: the first, if it is not a flag; else one that names a kind."""
    if argv and not argv[0].startswith("-"):
        return 0
    places = [place for place, word in enumerate(argv) if word in KINDS]
    # What stands after a flag may be its value.
    sure = (place for place in places if place and not argv[place - 1].startswith("--"))
    return next(sure, next(iter(places), None))


def refuse_kind(kind: str) -> NoReturn:
    """End with the kinds that there are."""
    meant = did_you_mean(kind, KINDS)
    end("make", f"there is no kind {clip(kind)!r}. {meant}Kinds: {', '.join(KINDS)}.")


def parsed(kind: str, argv: Sequence[str]) -> Any:
    """What was typed of a kind: the options of the verb, with those of the kind as `settings`."""
    settings: Any = as_typed(KINDS[kind].load().settings)
    hint: Any = Annotated[settings, tyro.conf.arg(name=kind)]  # heads its flags in help
    fields: list[Any] = [("settings", hint, dataclasses.field(default_factory=settings))]
    made = dataclasses.make_dataclass("Make", fields, bases=(Output,), frozen=True)
    made.__doc__ = Output.__doc__
    return parse(made, f"make {kind}", described(kind), argv)


def described_all() -> str:
    """The description for help where no kind was typed."""
    width = max(map(len, KINDS))
    kinds = "\n".join(
        f"  {name:<{width}}  {line.summary}\n  {'':<{width}}    {shown(line.example)}"
        for name, line in KINDS.items()
    )
    sentence = "Make pairs to learn from, of which it is known what is right."
    examples = ("reversal --out reversal.tsv", "dates -n 5 --out -")
    return laid_out(sentence, examples, ALL.format(kinds=kinds))


def described(kind: str) -> str:
    """The description of a kind for help."""
    line = KINDS[kind]
    sentence = f"Make pairs to learn from: {line.summary}."
    more = f"A pair: {shown(line.example)}"
    return laid_out(sentence, (f"{kind} --out {kind}.tsv", f"{kind} {EXAMPLES[kind]}"), more)


def laid_out(sentence: str, examples: Sequence[str], more: str) -> str:
    """A description for help."""
    lines = "\n".join(f"  hornbook make {words}" for words in examples)
    return DESCRIPTION.format(sentence=sentence, examples=lines, more=more)


def about(kind: str) -> str:
    """What the pairs of a kind are."""
    return " ".join((KINDS[kind].load().settings.__doc__ or "").split())


def shown(pair: Pair) -> str:
    """A pair, for people."""
    source, target = pair
    return f"{source} → {target}"


def told(pairs: Drawn) -> Iterator[str]:
    """What a person is told of pairs that were written."""
    yield f"{pairs.n:,} of {told_count(pairs.there_are)} pairs. {about(pairs.kind)}"
    for pair in itertools.islice(pairs, SHOWN):
        yield f"  {shown(pair)}"
