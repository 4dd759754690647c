"""Reading a text: as options say, or as a run keeps it."""

from __future__ import annotations

from hornbook.errors import RunError
from hornbook.records import JSONObject
from hornbook.sources.source import Source
from hornbook.storage import HashedFiles, parse_json
from hornbook.text.condition_files import read_conditions, read_given
from hornbook.text.conditions import Conditions, Ids
from hornbook.text.corpus import SPLITS, Splits, read_corpus, split_corpus
from hornbook.text.data import (
    CONDITIONS,
    GIVEN,
    KEPT,
    LONGEST,
    REFERENCE,
    UNDIVIDED,
    TextData,
    TextOptions,
    tokenized,
)
from hornbook.text.large.settings import LARGE, size_on_disk
from hornbook.text.layout import Mode, Separator
from hornbook.tokenizers.kinds import KINDS, read_tokenizer
from hornbook.tokenizers.settings import TokenSettings

__all__ = ["is_large", "load_text", "open_text", "takes_any_bytes"]


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
        from hornbook.text.large.loading import load_large

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
        conditions=splits.conditions,
    )


def takes_any_bytes(options: TokenSettings) -> bool:
    """Whether files that are not text can be written in the tokens that are asked for."""
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
    if details.get("imported") is True:
        from hornbook.text.imported import ImportedText

        return ImportedText(name, source, tokenizer, longest)
    if details.get("large") is True and files.has(REFERENCE):
        from hornbook.text.large.loading import open_large

        return open_large(files, name, source, tokenizer, mode, separator, details)
    conditions = kept_conditions(files) if details.get("conditions") is True else None
    names = KEPT[separator], *([GIVEN] if conditions else [])
    return TextData(
        name,
        source,
        mode,
        lambda: read_splits(files, mode, separator, conditions),
        tokenizer,
        kept=all(files.has(name.format(split)) for name in names for split in SPLITS),
        longest=longest,
        encoding=str(details.get("encoding", "")),
        reason="as saved",
        separator=separator,
        conditions=conditions,
    )


def kept_conditions(files: HashedFiles) -> Conditions:
    """The conditions of a run.

    Raises:
        RunError: if they are not what was written.
    """
    try:
        return read_conditions(files.read(CONDITIONS))
    except ValueError as error:
        raise RunError(f"{files.folder / CONDITIONS} is damaged: {error}.") from error


def read_splits(
    files: HashedFiles, mode: Mode, separator: Separator, conditions: Conditions | None = None
) -> Splits:
    """The splits of a run.

    Raises:
        RunError: if the run is without them, or they are not what was written.
    """
    found: dict[str, tuple[str, ...]] = {}
    given: dict[str, Ids] = {}
    for split in SPLITS:
        name, beside = KEPT[separator].format(split), GIVEN.format(split)
        for needed in (name, *([beside] if conditions else [])):
            if not files.has(needed):
                raise RunError(
                    f"This needs the text that the run was trained on, and {files.folder} no "
                    f"longer has it: there is no {needed}.",
                    hint="Copy the folder data/ from the original run.",
                )
        try:
            text = files.read(name).decode("utf-8", "surrogatepass")
            lines = text.split("\n")[:-1]
            if separator == "blank":
                found[split] = tuple(map(text_of, lines))
            else:
                found[split] = tuple(lines) if mode == "lines" else (text,) if text else ()
            if conditions is not None:
                name = beside
                given[split] = read_given(files.read(name), conditions, len(found[split]))
        except ValueError as error:
            raise RunError(f"{name} is damaged: {error}.") from error
    train, dev, test = (found[split] for split in SPLITS)
    return Splits(mode, train, dev, test, separator, conditions, given)


def text_of(line: str) -> str:
    """The text in a line of JSON lines.

    Raises:
        ValueError: if there is none.
    """
    value = parse_json(line)
    if not isinstance(value, dict) or not isinstance(text := value.get("text"), str):
        raise ValueError(f"each line must be an object with a text; one is {line[:60]!r}")
    return text
