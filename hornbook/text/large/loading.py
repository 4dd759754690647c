"""Reading a large corpus: in two passes, or as a run refers to it."""

from __future__ import annotations

from hornbook.errors import RunError, SettingsError
from hornbook.records import JSONObject, read_record
from hornbook.rendering import many
from hornbook.sources.source import Source
from hornbook.storage import HashedFiles, parse_json
from hornbook.text.corpus import SPLITS
from hornbook.text.data import REFERENCE, TextOptions
from hornbook.text.large.cached import make_room, note
from hornbook.text.large.data import LargeTextData, Reference
from hornbook.text.large.draws import Draw
from hornbook.text.large.encoded import Job
from hornbook.text.large.encoding import Corpus, encode
from hornbook.text.large.looking import SAMPLED, by_heads, heads_of, refuse_empty, refuse_unfit
from hornbook.text.large.reading import LargeText, Reading
from hornbook.text.large.survey import Survey, survey
from hornbook.text.layout import Layout, Mode, Separator, layout_of
from hornbook.tokenizers.contract import Texts, Tokenizer
from hornbook.tokenizers.kinds import learn_tokenizer

__all__ = ["load_large", "open_large"]


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
    note(corpus.folder, [mark.path for mark in found.files])
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
        about_cache=make_room(corpus.folder),
        about_tokens="Its tokens were learned from "
        f"{many(sum(map(len, found.sample)), 'character')} of train, evenly spread."
        if sampled
        else "",
        tokens=tokens,
    )
    refuse_empty(source.where, [data.sizes.get(split, 0) for split in SPLITS], shares)
    return data


def telling(source: Source, what: str) -> Reading | None:
    """What tells whoever listens how much of a source was read.

    Args:
        source: with its listener.
        what: is done with what was read.
    """
    reading = source.reading
    return None if reading is None else lambda done, of: reading(what, done, of)


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
        run=files.folder,
    )
