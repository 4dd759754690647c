"""A corpus ready for training: its splits as streams of ids, and its tokenizer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hornbook.errors import RunError, SettingsError
from hornbook.records import JSONObject
from hornbook.rendering import many
from hornbook.sources.source import Source
from hornbook.storage import HashedFiles, parse_json
from hornbook.tasks import Data
from hornbook.text.corpus import SPLITS, Splits, SplitSettings, read_corpus, split_corpus
from hornbook.text.large.settings import LARGE, LargeSettings, size_on_disk
from hornbook.text.layout import Mode, ReadSettings, Separator
from hornbook.text.losses import share
from hornbook.text.novelty import Novelty
from hornbook.text.samples import robust_longest
from hornbook.text.stream import Stream, encode_split
from hornbook.tokenizers.contract import Texts, Tokenizer, Vocabulary
from hornbook.tokenizers.kinds import KINDS, described, learn_tokenizer, read_tokenizer
from hornbook.tokenizers.settings import TokenSettings

if TYPE_CHECKING:
    from hornbook.reports import Table

__all__ = [
    "FILES",
    "REFERENCE",
    "TEXT_LENGTH",
    "TextData",
    "TextOptions",
    "load_text",
    "open_text",
    "takes_any_bytes",
    "tokenizer_bytes",
]

TEXT_LENGTH = 500  # tokens of a sample of a text, where nothing else is asked
LONGEST = 10**7  # tokens of any sample
UNDIVIDED = (
    "Too little data to split: all of it is used for train. Without a dev split, nothing measures "
    "how the model does on data it has not seen."
)
KEPT: Mapping[Separator, str] = {"line": "data/{}.txt", "blank": "data/{}.jsonl"}
"""Names of the files of the splits: of examples without line breaks, or of a text, word for word;
of examples that may hold line breaks, JSON lines, each with the field `text`."""
REFERENCE = "data/corpus.json"
"Name of the file that says where a large corpus is, which is not copied."
FILES = frozenset(
    {"tokenizer.json", "counts.png", REFERENCE}
    | {name.format(s) for name in KEPT.values() for s in SPLITS}
)


@dataclass(frozen=True)
class TextOptions(ReadSettings, SplitSettings, TokenSettings, LargeSettings):
    """How a text is read, split and cut into tokens."""


class TextData(Data):
    """Splits, tokenizer, streams.

    Args:
        name: what to call it.
        source: where it came from, for people.
        kind: `lines` or `text`.
        read: gives the corpus, cut; asked once, when the text itself is first needed.
        tokenizer: of all of it.
        kept: whether the text can still be read: a run may be without it.
        longest: most tokens in a sample, where it was kept; else found in the text.
        encoding: of the file.
        reason: why it is read as lines or as a text.
        separator: what parts examples: those parted by blank lines may have line breaks in them.
        otherwise: how it could also be read; empty if nothing speaks for it.
        undivided: why nothing is held out, where that was not asked for; empty if it is.
    """

    def __init__(
        self,
        name: str,
        source: str,
        kind: Mode,
        read: Callable[[], Splits],
        tokenizer: Tokenizer,
        *,
        kept: bool = True,
        longest: int = 0,
        encoding: str = "",
        reason: str = "",
        separator: Separator = "line",
        otherwise: str = "",
        undivided: str = "",
    ) -> None:
        self.name, self.source, self._kind, self.tokenizer = name, source, kind, tokenizer
        self._read, self.kept, self._longest = read, kept, longest
        self.encoding, self.reason = encoding, reason
        self.separator, self.otherwise, self.undivided = separator, otherwise, undivided
        self.streams: dict[str, Stream] = {}

    def __repr__(self) -> str:
        about = "; ".join(self.about) if self.kept else "its text is not kept"
        return f"<TextData {self.name} from {self.source}: {about}>"

    @property
    def kind(self) -> Mode:
        """`lines` or `text`."""
        return self._kind

    @cached_property
    def splits(self) -> Splits:
        """The corpus, cut.

        Raises:
            RunError: if the run is without it, or it is not what was written.
        """
        return self._read()

    @property
    def absent(self) -> str:
        """Why nothing is held against the text, where it is not kept, as the first half of a
        sentence.
        """
        return "This run has no training data"

    @property
    def measured(self) -> int:
        """Predictions of a split that are evaluated at most; 0: all."""
        return 0

    @property
    def large(self) -> bool:
        """Whether the text is there, but too large to be held."""
        return False

    @property
    def sized(self) -> bool:
        """Whether it is known how much text its tokens are."""
        return self.kept

    @property
    def shape(self) -> Vocabulary:
        """The vocabulary."""
        return self.tokenizer.vocabulary

    def stream(self, split: str) -> Stream:
        """The ids of a split."""
        if split not in self.streams:
            self.streams[split] = encode_split(self.splits, split, self.tokenizer)
        return self.streams[split]

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Tokens to predict in each split that holds something."""
        return {name: len(self.stream(name)) for name in SPLITS if self.splits[name]}

    @cached_property
    def novelty(self) -> Novelty | None:
        """Tells what stands in the data; None without the text."""
        return Novelty(self.splits) if self.kept else None

    @cached_property
    def longest(self) -> int:
        """Most tokens in a sample, where nothing else is asked: a robust length, not a maximum."""
        if self._longest:
            return self._longest
        if self.kind == "text":
            return TEXT_LENGTH
        lengths = [np.diff(self.stream(name).bounds) - 1 for name in self.sizes]
        return robust_longest(np.concatenate(lengths))

    @property
    def about(self) -> Sequence[str]:
        """What was read and how."""
        sizes = " / ".join(f"{n:,}" for n in self.sizes.values())
        kind = "examples" if self.separator == "blank" else self.kind
        return (
            f"read as {kind} ({self.reason}), {self.encoding}",
            f"{self.cut}vocabulary {self.shape.size}; tokens in {' / '.join(self.sizes)}: {sizes}",
            *filter(None, (self.undivided, self.otherwise)),
        )

    @property
    def cut(self) -> str:
        """What its tokens are, before the size of the vocabulary; nothing where they are usual."""
        usual = self.tokenizer.unit == "character"
        return "" if usual else f"tokens: {self.tokenizer.about}; "

    def tokens_in(self, split: str) -> tuple[float, float]:
        """How many tokens of a split there are for each character and for each byte."""
        stream = self.stream(split)
        ids = stream.ids[stream.first :]
        more = self.tokenizer.uncounted
        sizes = self.tokenizer.count_characters(ids) - more, self.tokenizer.count_bytes(ids) - more
        return share(len(ids), sizes[0]), share(len(ids), sizes[1])

    @property
    def extent(self) -> str:
        """Lines and characters in all, and how many different ones."""
        texts = [text for name in SPLITS for text in self.splits[name]]
        characters = many(sum(map(len, texts)), "character")
        characters += f", {len(set().union(*texts)):,} different"
        if self.kind == "text":
            return f"one text of {characters}"
        return f"{many(len(texts), self.one)} of {characters}"

    def in_tokens(self, settings: TokenSettings) -> TextData:
        """The same splits in other tokens.

        Raises:
            SettingsError: if these tokens have changed the text that is there, as lowercase does.
            MissingPackageError, UnknownTokenError: as `learn_tokenizer`.
        """
        if self.tokenizer.rewrites:
            raise SettingsError(
                "Its tokens may have changed the text: it cannot be read as other tokens.",
                hint="Load the data again.",
                setting="tokens",
            )
        read, tokenizer = tokenized(self.splits, self.kind, settings)
        return TextData(
            self.name,
            self.source,
            self.kind,
            lambda: read,
            tokenizer,
            encoding=self.encoding,
            reason=self.reason,
            separator=self.separator,
            otherwise=self.otherwise,
            undivided=self.undivided,
        )

    @property
    def one(self) -> str:
        """What to call an example."""
        return "example" if self.separator == "blank" else "line"

    @property
    def an_example(self) -> str:
        """The same with its article."""
        return "an example" if self.separator == "blank" else "a line"

    @property
    def table(self) -> Table:
        """Lines, characters and tokens of each split."""
        from hornbook.reports import Table

        lines = self.kind == "lines"
        heads = ("split", *([f"{self.one}s"] if lines else []), "characters", "tokens")
        rows = []
        for name, tokens in self.sizes.items():
            texts = self.splits[name]
            counts = [*([len(texts)] if lines else []), sum(map(len, texts)), tokens]
            rows.append((name, *(f"{count:,}" for count in counts)))
        return Table(heads, tuple(rows))

    @property
    def details(self) -> JSONObject:
        """The mode, what parts examples, the encoding that the file had, how long a sample is."""
        return {
            "mode": self.kind,
            "separator": self.separator,
            "encoding": self.encoding,
            "longest": self.longest,
        }

    def keep(self, files: HashedFiles) -> None:
        """The splits word for word, as the tokenizer reads them, and the tokenizer."""
        for split in SPLITS:
            texts = self.splits[split]
            if self.separator == "blank":
                data = "".join(json.dumps({"text": t}, ensure_ascii=False) + "\n" for t in texts)
            else:
                data = "".join(t + "\n" for t in texts) if self.kind == "lines" else "".join(texts)
            files.write(KEPT[self.separator].format(split), data.encode("utf-8", "surrogatepass"))
        files.write("tokenizer.json", tokenizer_bytes(self.tokenizer))


def tokenizer_bytes(tokenizer: Tokenizer) -> bytes:
    """A tokenizer as the bytes of its file."""
    kept = json.dumps(described(tokenizer), ensure_ascii=False, indent=2) + "\n"
    return kept.encode("utf-8", "surrogatepass")


def tokenized(
    splits: Splits, mode: Mode, settings: TokenSettings, *, raw: bool = False
) -> tuple[Splits, Tokenizer]:
    """Splits as a tokenizer reads them, and the tokenizer, learned from them.

    Raises:
        HornbookError: as `learn_tokenizer`.
    """
    texts = Texts(splits.train, splits.dev + splits.test, boundary=mode == "lines", raw=raw)
    tokenizer = learn_tokenizer(texts, settings)
    return splits.as_read(tokenizer.as_read), tokenizer


def load_text(source: Source, options: TextOptions) -> TextData:
    """Read a corpus, cut it, and make its tokenizer.

    The splits are as the tokenizer reads them. It is made of the splits and not of the whole, for
    where a text is cut a token may be that is nowhere else: half of a grapheme.

    Raises:
        DataError: if it cannot be read, or a split would be empty that should not be.
        EncodingError: if it is not text.
        SettingsError, MissingPackageError, UnknownTokenError: as `learn_tokenizer`.
    """
    if is_large(source, options):
        from hornbook.text.large.loading import load_large  # which needs this file

        return load_large(source, options)
    corpus = read_corpus(source, options, any_bytes=takes_any_bytes(options))
    splits, tokenizer = tokenized(
        split_corpus(corpus, options), corpus.mode, options, raw=corpus.raw
    )
    return TextData(
        corpus.name,
        corpus.source,
        corpus.mode,
        lambda: splits,
        tokenizer,
        encoding=corpus.encoding,
        reason=corpus.reason,
        separator=corpus.separator,
        otherwise=corpus.otherwise,
        undivided=UNDIVIDED if options.split == "auto" and not splits.dev else "",
    )


def takes_any_bytes(options: TokenSettings) -> bool:
    """Whether files that are no text can be written in the tokens that are asked for."""
    kind = KINDS.get(options.tokens)
    return kind is not None and kind.any_bytes


def is_large(source: Source, options: TextOptions) -> bool:
    """Whether a text is read in pieces: as was asked for, or by its size."""
    if options.large == "auto":
        return options.column is None and size_on_disk(source) >= LARGE
    return options.large == "yes"


def open_text(files: HashedFiles, name: str, source: str, details: JSONObject) -> TextData:
    """The data that a run keeps; the text itself is read when it is first needed.

    Raises:
        RunError: if they are not what was written.
    """
    mode, longest = details.get("mode"), details.get("longest", 0)
    separator = details.get("separator")
    if separator not in ("line", "blank"):
        raise RunError(
            "The run's record is damaged: data.details.separator must be line or blank; it is "
            f"{separator!r}."
        )
    if mode not in ("lines", "text"):
        raise RunError(
            f"The run's record is damaged: data.details.mode must be lines or text; it is {mode!r}."
        )
    if type(longest) is not int or not 0 <= longest <= LONGEST:
        raise RunError(
            "The run's record is damaged: data.details.longest must be an integer from 0 to "
            f"{LONGEST:,}; it is {longest!r}."
        )
    try:
        tokenizer = read_tokenizer(parse_json(files.read("tokenizer.json")))
    except (ValueError, AttributeError) as error:
        raise RunError(f"{files.folder / 'tokenizer.json'} is damaged: {error}.") from error
    if details.get("large") is True and files.has(REFERENCE):
        from hornbook.text.large.loading import open_large

        return open_large(files, name, source, tokenizer, mode, separator, details)
    return TextData(
        name,
        source,
        mode,
        lambda: read_splits(files, mode, separator),
        tokenizer,
        kept=all(files.has(KEPT[separator].format(split)) for split in SPLITS),
        longest=longest,
        encoding=str(details.get("encoding", "")),
        reason="as saved",
        separator=separator,
    )


def read_splits(files: HashedFiles, mode: Mode, separator: Separator) -> Splits:
    """The splits of a run.

    Raises:
        RunError: if the run is without them, or they are not what was written.
    """
    found: dict[str, tuple[str, ...]] = {}
    for split in SPLITS:
        name = KEPT[separator].format(split)
        if not files.has(name):
            raise RunError(
                f"This needs the text that the run was trained on, and {files.folder} no longer "
                f"has it: there is no {name}.",
                hint="Copy the folder data/ from the original run.",
            )
        try:
            text = files.read(name).decode("utf-8", "surrogatepass")
            lines = text.split("\n")[:-1]
            if separator == "blank":
                found[split] = tuple(map(text_of, lines))
            else:
                found[split] = tuple(lines) if mode == "lines" else (text,) if text else ()
        except ValueError as error:
            raise RunError(f"{name} is damaged: {error}.") from error
    return Splits(mode, found["train"], found["dev"], found["test"], separator)


def text_of(line: str) -> str:
    """The text in a line of JSON lines.

    Raises:
        ValueError: if there is none.
    """
    value = parse_json(line)
    if not isinstance(value, dict) or not isinstance(text := value.get("text"), str):
        raise ValueError(f"each line must be an object with a text; one is {line[:60]!r}")
    return text
