"""A corpus ready for training: its splits as streams of ids, and its tokenizer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hornbook.errors import DataError, SettingsError
from hornbook.records import JSONObject
from hornbook.rendering import many
from hornbook.storage import HashedFiles
from hornbook.tasks import Data
from hornbook.text.byte_figures import count_bytes
from hornbook.text.condition_files import as_bytes, written
from hornbook.text.conditions import Conditions, Given, Ids
from hornbook.text.corpus import SPLITS, Splits, SplitSettings
from hornbook.text.large.settings import LargeSettings
from hornbook.text.layout import Mode, ReadSettings, Separator
from hornbook.text.losses import share
from hornbook.text.novelty import Novelty
from hornbook.text.samples import robust_longest
from hornbook.text.stream import Stream, encode_split
from hornbook.tokenizers.contract import Texts, Tokenizer, Vocabulary
from hornbook.tokenizers.kinds import described, learn_tokenizer
from hornbook.tokenizers.settings import TokenSettings

if TYPE_CHECKING:
    from hornbook.reports import Table

__all__ = [
    "CONDITIONS",
    "FILES",
    "GIVEN",
    "KEPT",
    "LONGEST",
    "REFERENCE",
    "TEXT_LENGTH",
    "UNDIVIDED",
    "TextData",
    "TextOptions",
    "tokenized",
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
GIVEN = "data/{}.given.txt"
"Names of the files of what is given: a line for each example, with the number of each value."
CONDITIONS = "conditions.json"
"Name of the file of the conditions and their values."
REFERENCE = "data/corpus.json"
"Name of the file that says where a large corpus is, which is not copied."
FILES = frozenset(
    {"tokenizer.json", "counts.png", REFERENCE, CONDITIONS}
    | {name.format(s) for name in (*KEPT.values(), GIVEN) for s in SPLITS}
)


@dataclass(frozen=True)
class TextOptions(ReadSettings, SplitSettings, TokenSettings, LargeSettings):
    """How a text is read, split and cut into tokens."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_unless(bool(self.condition), ("drop_condition",), "`condition`")


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
        conditions: what is given with each example; None if nothing is.
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
        conditions: Conditions | None = None,
    ) -> None:
        self.name, self.source, self._kind, self.tokenizer = name, source, kind, tokenizer
        self._read, self.kept, self._longest = read, kept, longest
        self.encoding, self.reason = encoding, reason
        self.separator, self.otherwise, self.undivided = separator, otherwise, undivided
        self.conditions = conditions
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
        """The vocabulary, and the conditions."""
        tokens = self.tokenizer.vocabulary
        return tokens if self.conditions is None else self.conditions.vocabulary(tokens)

    def given(self, numbers: Ids) -> Given | None:
        """Values by their numbers, shape (examples, K), as a stream has them."""
        if self.conditions is None:
            return None
        return Given(numbers, self.shape, self.conditions.drop)

    def stream(self, split: str) -> Stream:
        """The ids of a split."""
        if split not in self.streams:
            stream = encode_split(self.splits, split, self.tokenizer)
            if split in self.splits.given:
                stream = replace(stream, given=self.given(self.splits.given[split]))
            self.streams[split] = stream
        return self.streams[split]

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Tokens to predict in each split that holds something."""
        return {name: len(self.stream(name)) for name in SPLITS if self.splits[name]}

    @cached_property
    def novelty(self) -> Novelty | None:
        """Tells what stands in the data; None without the text."""
        return Novelty(self.splits, raw=self.raw) if self.kept else None

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
            *filter(None, (self.given_with, self.undivided, self.otherwise)),
        )

    @property
    def given_with(self) -> str:
        """What is given with each example; nothing without conditions."""
        return "" if self.conditions is None else self.conditions.about(self.splits.given)

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
    def raw(self) -> bool:
        """Whether the files are not text, so that bytes are counted in place of characters."""
        return self.tokenizer.errors == "surrogateescape"

    @property
    def extent(self) -> str:
        """Lines and characters in all, and how many different ones; bytes of what is not text."""
        texts = [text for name in SPLITS for text in self.splits[name]]
        if self.raw:
            counts = count_bytes(texts)
            characters = f"{many(int(counts.sum()), 'byte')}, {np.count_nonzero(counts)} different"
        else:
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
            conditions=self.conditions,
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
        heads = (
            "split", *([f"{self.one}s"] if lines else []), "bytes" if self.raw else "characters",
            "tokens",
        )  # fmt: skip
        rows = []
        for name, tokens in self.sizes.items():
            texts = self.splits[name]
            size = int(count_bytes(texts).sum()) if self.raw else sum(map(len, texts))
            counts = [*([len(texts)] if lines else []), size, tokens]
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
            **({} if self.conditions is None else {"conditions": True}),
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
            if split in self.splits.given:
                files.write(GIVEN.format(split), written(self.splits.given[split]))
        if self.conditions is not None:
            files.write(CONDITIONS, as_bytes(self.conditions))
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
        DataError: if train has nothing that they know.
        HornbookError: as `learn_tokenizer`.
    """
    texts = Texts(splits.train, splits.dev + splits.test, boundary=mode == "lines", raw=raw)
    tokenizer = learn_tokenizer(texts, settings)
    if splits.train and not any(tokenizer.knows(text) for text in splits.train):
        raise DataError(
            f"All of train is unknown to these tokens ({tokenizer.about}): nothing can be learned.",
            hint="Set `min_count=1`, or use more text."
            if settings.tokens == "words"
            else "Take other tokens: see `tokens`.",
            setting="tokens",
        )
    return splits.as_read(tokenizer.as_read), tokenizer
