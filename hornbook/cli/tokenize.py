"""`hornbook tokenize`: which tokens a text is cut into."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import tyro

from hornbook.cli.alive import alive
from hornbook.cli.arguments import parse
from hornbook.cli.opening import opened_run
from hornbook.cli.output import escape, notes, print_json
from hornbook.cli.page_wording import COMMANDS
from hornbook.cli.token_tables import show_cut, show_report, show_steps
from hornbook.errors import MissingPackageError, SettingsError, as_typed
from hornbook.lessons.byte_pair_steps import steps
from hornbook.outputs import writable_format, write_output
from hornbook.paths import exists
from hornbook.settings import Bounds, Given, Settings
from hornbook.sources.source import Source
from hornbook.text.corpus import Splits
from hornbook.text.cut_text import CutText, cut_text
from hornbook.text.data import TextOptions
from hornbook.text.loading import load_text
from hornbook.text.tokenization import tokenization
from hornbook.text.tokens_page import tokens_page
from hornbook.text.vocabulary_sizes import VocabularySize, vocabulary_sizes
from hornbook.tokenizers.contract import Texts, Tokenizer
from hornbook.tokenizers.kinds import learn_tokenizer

DESCRIPTION = """\
Show which tokens DATA is cut into, and what other vocabularies would give.

Examples:
  hornbook tokenize names --tokens bpe --vocab-size 300
  hornbook tokenize --text "low low lower" --steps 3

DATA is what can be trained on, or a run, whose own tokens are shown. Prints how many tokens there \
are for each character and byte, the most frequent, longest and rarest tokens, those that train \
never has, words in their tokens, and what byte pairs of several sizes would give; then the \
beginning of the text, coloured by its tokens.

--text shows a text of yours instead, in the tokens of DATA; without DATA, in its own. --steps \
learns byte pairs merge by merge, by the readable program of hornbook.lessons.byte_pairs.
"""

COLOURED = 600  # characters of the text that are coloured
END = "⏎"  # of a line: there a boundary token is predicted


@dataclass(frozen=True)
class Shown(Settings):
    """Tokens."""

    text: str | None = None
    "Show this text in its tokens."
    steps: Annotated[int, Bounds(1, 10_000)] | None = None
    "Learn this many byte pairs, and show each merge."
    out: str | None = None
    "Save the report as a page (.html), or the coloured text as a picture (.png or .svg)."
    json: bool = False
    "Print the result as JSON."


@dataclass(frozen=True)
class OfData(Shown):
    """Tokens."""

    data: Annotated[tuple[str, ...], Given("DATA")] = ()
    "A file or several, a folder of files, - for standard input, a data set, or a run."
    loading: Annotated[TextOptions, tyro.conf.arg(name="data")] = field(default_factory=TextOptions)


@dataclass(frozen=True)
class OfRun(Shown):
    """Tokens."""

    run: Annotated[str, Given("RUN")] = ""
    "Run directory."


@dataclass(frozen=True)
class Asked:
    """What is shown: a text's splits in the tokens of a tokenizer."""

    options: Shown
    tokenizer: Tokenizer
    source: str
    splits_of: Any
    "Gives the splits, which a run may be without."

    @cached_property
    def splits(self) -> Splits:
        """Of the text.

        Raises:
            RunError: if the run is without its text.
        """
        found: Splits = self.splits_of()
        return found

    @property
    def cut(self) -> CutText:
        """The text that was typed, or the beginning of dev, in its tokens."""
        if self.options.text is not None:
            return cut_text(self.tokenizer, self.options.text)
        texts = self.splits.dev or self.splits.train
        if self.splits.mode == "text":
            return cut_text(self.tokenizer, beginning(texts[0]))
        some, left = [], COLOURED
        for text in texts:
            some.append(cut_text(self.tokenizer, text[:left]))
            left -= len(text)
            if left <= 0:
                break
        assert self.tokenizer.boundary is not None
        return lines_in_one(some, self.tokenizer.boundary)


def beginning(text: str) -> str:
    """The beginning of a text, up to the end of a word."""
    return text if len(text) <= COLOURED else text[:COLOURED].rpartition(" ")[0]


def lines_in_one(lines: Sequence[CutText], boundary: int) -> CutText:
    """Some lines as one text, each with the boundary token that is its end."""
    return CutText(
        "".join(f"{one.text}\n" for one in lines),
        tuple(token for one in lines for token in (*one.ids, boundary)),
        tuple(label for one in lines for label in (*one.labels, END)),
        tuple(piece for one in lines for piece in (*one.pieces, b"\n")),
    )


def run(argv: Sequence[str]) -> None:
    """Parse, count and show."""
    asked = parsed(argv)
    options = asked.options
    kind = "" if options.out is None else writable_format(Path(options.out), "html", "png", "svg")
    if options.steps is not None:
        options.refuse_unless(False, ("out",), "a report, without `steps`")
        found = list(steps(text_to_learn(asked), options.steps))
        if options.json:
            print_json([dataclasses.asdict(step) for step in found])
        else:
            show_steps(found)
        return
    with alive("Cutting the text into tokens", quiet=options.json):
        cut = asked.cut
        whole = tokenization(asked.tokenizer, asked.splits) if options.text is None else None
        sizes = larger(asked) if whole is not None else []
    if options.json:
        report = {} if whole is None else whole.as_dict()
        more = {"sizes": [dataclasses.asdict(one) for one in sizes]} if whole is not None else {}
        print_json({"source": asked.source, **report, **more, "text": cut.as_dict()})
    else:
        if whole is not None:
            show_report(whole, sizes, asked.source)
        show_cut(cut, listed=options.text is not None)
    if options.out is not None:
        page = tokens_page(asked.source, cut, whole, sizes)
        if kind == "html":
            write_output(Path(options.out), page.html(COMMANDS).encode())
        else:
            from hornbook.plots.saving import save

            figure = page.sections[0].figure
            assert figure is not None
            save(figure, Path(options.out))
        if not options.json:
            notes().print(f"\nSaved to {escape(options.out)}")


def parsed(argv: Sequence[str]) -> Asked:
    """What was asked for.

    Raises:
        HornbookError: whatever is wrong with the data, the run or the settings.
    """
    if argv and not argv[0].startswith("-") and exists(Path(argv[0]) / "run.json"):
        of_run = parse(OfRun, "tokenize", DESCRIPTION, argv)
        data = opened_run(of_run.run).data
        if not hasattr(data, "tokenizer"):
            raise SettingsError(
                f"{of_run.run} is a run of another kind: it has no tokens.",
                hint="Give a run on text, or a file.",
            )
        return Asked(of_run, data.tokenizer, of_run.run, lambda: data.splits)
    of_data = parse(OfData, "tokenize", DESCRIPTION, argv)
    if of_data.data:
        data = load_text(Source(of_data.data), of_data.loading)
        return Asked(of_data, data.tokenizer, data.name, lambda: data.splits)
    text = of_data.text
    if not text:
        raise SettingsError(
            "There is nothing to show the tokens of.",
            hint="Give DATA, such as names, or a text with `text`.",
            setting="text",
        )
    tokenizer = learn_tokenizer(Texts((text,), (), boundary=False), of_data.loading)
    return Asked(of_data, tokenizer, "the text", lambda: Splits("text", (text,), (), ()))


def text_to_learn(asked: Asked) -> str:
    """What byte pairs are learned from, step by step: the text that was typed, or train.

    Raises:
        SettingsError: if other tokens were asked for.
    """
    options = asked.options
    if isinstance(options, OfData) and options.loading.tokens not in ("characters", "bpe"):
        raise SettingsError(
            "`steps` learns byte pairs, and "
            f"`tokens={as_typed(options.loading.tokens)}` are others.",
            hint="Leave `tokens` out.",
            setting="steps",
        )
    return options.text if options.text is not None else "\n".join(asked.splits.train)


def larger(asked: Asked) -> list[VocabularySize]:
    """What byte pairs of several sizes would give; nothing, with a word, without the library.

    Of what is not text none can be learned.
    """
    if asked.tokenizer.errors != "replace":
        return []
    try:
        return list(vocabulary_sizes(asked.splits))
    except MissingPackageError as error:
        notes().print(f"{escape(error.message)} {escape(error.hint)}")
        return []
