"""A corpus ready for training: its splits as streams of ids, and its tokenizer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from hornbook.errors import RunError
from hornbook.records import JSONObject
from hornbook.sources.source import Source
from hornbook.storage import HashedFiles, parse_json
from hornbook.tasks import Data
from hornbook.text.corpus import SPLITS, Mode, Splits, SplitSettings, load_corpus, split_corpus
from hornbook.text.novelty import Novelty
from hornbook.text.samples import robust_longest
from hornbook.text.stream import Stream, encode_split
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Tokenizer, Vocabulary
from hornbook.tokenizers.kinds import read_tokenizer

__all__ = ["FILES", "TextData", "TextOptions", "load_text", "open_text"]

TEXT_LENGTH = 500  # tokens of a sample of a text, where nothing else is asked
LONGEST = 10**7  # tokens of any sample
FILES = frozenset({"tokenizer.json", "counts.png", *(f"data/{split}.txt" for split in SPLITS)})


@dataclass(frozen=True)
class TextOptions(SplitSettings):
    """How a text is read and split."""

    mode: Literal["auto", "lines", "text"] = "auto"
    "lines: one example per line. text: one long text. auto: decided from the file."
    encoding: str = "auto"
    "Encoding of the file (auto: UTF-8, or as the byte order mark says)."


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
    ) -> None:
        self.name, self.source, self._kind, self.tokenizer = name, source, kind, tokenizer
        self._read, self.kept, self._longest = read, kept, longest
        self.encoding, self.reason = encoding, reason
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
        return (
            f"read as {self.kind} ({self.reason}), {self.encoding}",
            f"vocabulary {self.shape.size}; tokens in {' / '.join(self.sizes)}: {sizes}",
        )

    @property
    def details(self) -> JSONObject:
        """The mode, the encoding that the file had, and how long a sample may be."""
        return {"mode": self.kind, "encoding": self.encoding, "longest": self.longest}

    def keep(self, files: HashedFiles) -> None:
        """The splits word for word, and the tokenizer."""
        for split in SPLITS:
            texts = self.splits[split]
            lines = self.kind == "lines"
            data = "".join(t + "\n" for t in texts) if lines else "".join(texts)
            files.write(f"data/{split}.txt", data.encode("utf-8", "surrogatepass"))
        kept = json.dumps(self.tokenizer.as_dict(), ensure_ascii=False, indent=2) + "\n"
        files.write("tokenizer.json", kept.encode("utf-8", "surrogatepass"))


def load_text(source: Source, options: TextOptions) -> TextData:
    """Read a corpus, cut it, and make its tokenizer.

    Raises:
        DataError: if it cannot be read, or a split would be empty that should not be.
        EncodingError: if it is not text.
    """
    corpus = load_corpus(source, mode=options.mode, encoding=options.encoding)
    splits = split_corpus(corpus, options)
    lines = corpus.mode == "lines"
    tokenizer = CharTokenizer.fit(corpus.lines if lines else [corpus.text], boundary=lines)
    return TextData(
        corpus.name,
        corpus.source,
        corpus.mode,
        lambda: splits,
        tokenizer,
        encoding=corpus.encoding,
        reason=corpus.reason,
    )


def open_text(files: HashedFiles, name: str, source: str, details: JSONObject) -> TextData:
    """The data that a run keeps; the text itself is read when it is first needed.

    Raises:
        RunError: if they are not what was written.
    """
    mode, longest = details.get("mode"), details.get("longest", 0)
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
    return TextData(
        name,
        source,
        mode,
        lambda: read_splits(files, mode),
        tokenizer,
        kept=all(files.has(f"data/{split}.txt") for split in SPLITS),
        longest=longest,
        encoding=str(details.get("encoding", "")),
        reason="as saved",
    )


def read_splits(files: HashedFiles, mode: Mode) -> Splits:
    """The splits of a run.

    Raises:
        RunError: if the run is without them, or they are not what was written.
    """
    found = {}
    for split in SPLITS:
        if not files.has(f"data/{split}.txt"):
            raise RunError(
                f"This needs the text that the run was trained on, and {files.folder} is without "
                f"it: there is no data/{split}.txt.",
                hint="Copy data/ from where the run was made.",
            )
        try:
            text = files.read(f"data/{split}.txt").decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise RunError(f"data/{split}.txt is damaged: {error}.") from error
        lines = tuple(text.split("\n")[:-1]) if mode == "lines" else (text,) if text else ()
        found[split] = lines
    return Splits(mode, found["train"], found["dev"], found["test"])
