"""Reading a large corpus: in two passes, or as a run refers to it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from hornbook.errors import DataError, EncodingError, RunError, SettingsError
from hornbook.records import JSONObject, read_record
from hornbook.rendering import many
from hornbook.sources.encoding import codec_of
from hornbook.sources.lines import texts
from hornbook.sources.source import Source
from hornbook.storage import HashedFiles, parse_json
from hornbook.text.corpus import SPLITS
from hornbook.text.data import (
    REFERENCE,
    TextOptions,
)
from hornbook.text.large.data import LargeTextData, Reference
from hornbook.text.large.draws import Draw
from hornbook.text.large.encoded import Job
from hornbook.text.large.encoding import Corpus, encode
from hornbook.text.large.reading import LargeText, Reading
from hornbook.text.large.survey import Survey, survey
from hornbook.text.layout import Layout, Mode, Separator, layout_of
from hornbook.tokenizers.contract import Texts, Tokenizer
from hornbook.tokenizers.kinds import learn_tokenizer

__all__ = ["load_large", "open_large"]

LOOKED = 2**22  # characters that tell how a text is read
FILES_LOOKED = 8  # files of which they are
WHOLE = ("graphemes",)
"""Tokens that are all those of the text: of more than can be held they are not known."""
SAMPLED = ("bpe", "words")
"Tokens that are learned from train."


def load_large(source: Source, options: TextOptions) -> LargeTextData:
    """Read a corpus in two passes: what there is, then its tokens, into files.

    Raises:
        SettingsError: if something was asked for that needs all text at once.
        DataError, EncodingError, RunError, MissingPackageError: as reading and writing have them.
    """
    refuse_unfit(source, options)
    heads, encodings = heads_of(source, options.encoding)
    layout = layout_of(heads, source, options)
    text = LargeText(source, layout, options.encoding)
    shares = options.shares(layout.mode)
    if layout.mode == "text":
        options.refuse_unless(False, ("split_seed",), "`mode=lines`")
    draw = Draw(options.split_seed, shares)
    found = survey(text, draw, shares[0], telling(source, "Reading"))
    tokenizer = learned(found, layout, options)
    if layout.mode == "text" and tokenizer.rewrites and tokenizer.kind != "words":
        raise SettingsError(
            f"{tokenizer.about}: of a long text these tokens cannot be made piece by piece, since "
            "what they change hangs on where a piece begins.",
            hint="Read it as lines (`mode=lines`); or, if memory can hold the text, `large=no`.",
            setting="tokens",
        )
    job = Job(tokenizer, layout.mode, layout.separator, options.split_seed, shares)
    corpus = Corpus(found.files, found.characters, job)
    tokens = encode(corpus, text, telling(source, "Encoding"))
    sampled = options.tokens in SAMPLED and sum(map(len, found.sample)) * 2 < found.characters
    data = LargeTextData(
        source.name,
        source.where,
        corpus,
        lambda: text,
        asked=options.encoding,
        encoding=", ".join(encodings),
        reason="; ".join([by_heads(layout, heads, found.characters), *source.remarks]),
        otherwise=layout.otherwise,
        about_tokens="Its tokens were learned from "
        f"{many(sum(map(len, found.sample)), 'character')} of train, evenly spread."
        if sampled
        else "",
        tokens=tokens,
    )
    for split, wanted in zip(SPLITS, shares, strict=True):
        if wanted and split not in data.sizes:
            raise DataError(
                f"{source.where}: a {split} split of {wanted}% would be empty.",
                hint="Use more data, or change the split: for example `split=60/40`.",
                setting="split",
            )
    return data


def telling(source: Source, what: str) -> Reading | None:
    """What tells whoever listens how much of a source was read.

    Args:
        source: with its listener.
        what: is done with what was read.
    """
    reading = source.reading
    return None if reading is None else lambda done, of: reading(what, done, of)


def refuse_unfit(source: Source, options: TextOptions) -> None:
    """Refuse what cannot be done piece by piece.

    Raises:
        SettingsError: naming it.
    """
    if not source.can_be_read_again:
        raise SettingsError(
            f"{source.where} cannot be read twice, as a large text is.",
            hint="Save it to a file, and give that.",
            setting="large",
        )
    for name, wrong, why in (
        ("column", options.column is not None, "a column is read from a table in memory"),
        ("distinct", options.distinct, "duplicates would have to be held in memory; equal lines "
                                       "are always drawn into the same split"),
        ("tokens", options.tokens in WHOLE, "they are known when all text is"),
        ("tokens", options.tokens == "bytes" and not is_text(source, options.encoding),
         "a file that is not text is read as a whole"),
    ):  # fmt: skip
        if wrong:
            raise SettingsError(
                f"`{name}={getattr(options, name)}` cannot be had of a large text: {why}.",
                hint=f"Leave `{name}` out; or, if memory can hold the text, set `large=no`.",
                setting=name,
            )


def is_text(source: Source, encoding: str) -> bool:
    """Whether the beginning of a source is text."""
    try:
        for file in islice(source.files, FILES_LOOKED):
            any(map(len, islice(texts(file.pieces(), file.where, encoding), 2)))
    except EncodingError:
        return False
    return True


def heads_of(source: Source, encoding: str) -> tuple[list[str], list[str]]:
    """The beginnings of the first files, and how they are encoded."""
    found, encodings = list[str](), list[str]()
    for file in islice(source.files, FILES_LOOKED):
        data = file.head(LOOKED)
        encodings.append(codec_of(data, encoding)[0])
        text = "".join(islice(texts(file.pieces(), file.where, encoding), 1 + LOOKED // 2**20))
        whole = text[:LOOKED].rpartition("\n")
        found.append((whole[0] or whole[2]) if len(text) > LOOKED // 2 else text)
    return found, list(dict.fromkeys(encodings))


def by_heads(layout: Layout, heads: Sequence[str], characters: int) -> str:
    """Why it is read so; where only beginnings were looked at, that this is so."""
    if layout.reason.startswith("as requested") or sum(map(len, heads)) * 2 > characters:
        return layout.reason
    return f"{layout.reason}, in the first {many(sum(map(len, heads)), 'character')}"


def learned(found: Survey, layout: Layout, options: TextOptions) -> Tokenizer:
    """The tokenizer that was asked for: of all characters, or of a sample of train."""
    lines = layout.mode == "lines"
    if options.tokens in SAMPLED:
        return learn_tokenizer(Texts(found.sample, (), boundary=lines), options)
    # What asks for nothing but characters, or whether line breaks are among them.
    return learn_tokenizer(Texts((found.alphabet,), (), boundary=lines), options)


def open_large(
    files: HashedFiles,
    name: str,
    source: str,
    tokenizer: Tokenizer,
    mode: Mode,
    separator: Separator,
    details: JSONObject,
) -> LargeTextData:
    """The data that a run refers to; nothing of it is looked at before it is needed.

    Raises:
        RunError: if the reference is damaged.
    """
    path = str(files.folder / REFERENCE)
    try:
        kept = read_record(Reference, parse_json(files.read(REFERENCE)), path)
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}.") from error
    if not kept.files:
        raise RunError(f"{path} is damaged: files: there are none.")
    corpus = Corpus(kept.files, kept.characters, Job(tokenizer, mode, separator, kept.seed,
                                                     kept.shares))  # fmt: skip
    paths = [mark.path for mark in kept.files]

    def text() -> LargeText:
        given = Source(paths if len(paths) > 1 else paths[0])
        return LargeText(given, Layout(mode, separator, ""), kept.encoding)

    longest = details.get("longest", 0)
    return LargeTextData(
        name,
        source,
        corpus,
        text,
        asked=kept.encoding,
        longest=longest if isinstance(longest, int) else 0,
        encoding=str(details.get("encoding", "")),
        reason="as saved",
    )
