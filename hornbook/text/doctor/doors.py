"""What a file is, and how it is best read: checks of its form, before those of what it holds."""

from __future__ import annotations

from collections.abc import Iterator

from hornbook.errors import as_typed
from hornbook.rendering import clip
from hornbook.reports.finding import Finding
from hornbook.sources.formats import SEPARATORS
from hornbook.text.doctor.examined_corpus import ExaminedCorpus
from hornbook.text.layout import from_the_other, layout_by

__all__ = ["kind_of", "mode_doubtful", "one_line", "other_form", "other_reading"]

PIECES = 10  # of a line, from which on it may be a list
WORDS = 3  # in a piece of a list, on average at most

MARKUP = {
    "HTML": "Take the text out of it first, for example: pandoc -f html -t plain OLD > NEW",
    "XML": "Take the text out of it first, for example: xmlstarlet sel -t -v //TAG OLD > NEW",
    "JSON": "Take the texts out of it first, one per line, for example: jq -r '.[]' OLD > NEW",
    "JSON array": "Write its items one per line first: jq -r '.[]' OLD > NEW",
}
"What to do with a file of which no single column can be read."


def kind_of(examined: ExaminedCorpus) -> str:
    """What a file is, in a few words."""
    given, lines = examined.given, examined.gathered.lines
    if given.raw:
        kind = "bytes that are not UTF-8"
    elif given.column:
        kind = "the values of a column"
    elif given.form is not None:
        kind = str(given.form)
    elif lines.body == 1:
        kind = "plain text, one line"
    else:
        parts = lines.blocks
        kind = f"plain text, {parts:,} parts between blank lines" if parts > 1 else "plain text"
    return f"{kind}; compressed with gzip" if given.packed else kind


def other_form(examined: ExaminedCorpus) -> Iterator[Finding]:
    """A table, JSON or markup instead of plain text."""
    form = examined.given.form
    if form is None:
        return
    sample = clip(examined.gathered.lines.first_line, 60)
    if form.kind == "table":
        alone = f"To learn only one of them: `column={as_typed(form.best)}`."
        if form.header and len(form.columns) > 2:
            alone += " To predict one of them from the others, set `target`."
        alone += from_the_other(form)
        name, whole = "columns", "rows, not one column"
        title = f"The file looks like a table with {len(form.columns)} columns"
        first = "first row" if form.header else "first row, which is data and not a header"
        detail = f"They are separated by {SEPARATORS[form.separator]}; the {first}: {sample!r}."
    else:
        alone = f"To learn only one of its fields: `column={as_typed(form.best)}`."
        name, whole = form.kind.lower().replace(" ", "-"), "lines with all their markup"
        title = f"The file is {form}"
        detail = f"It begins with {sample!r}."
    yield Finding(
        name,
        "warning",
        title,
        f"{detail} A model would learn whole {whole}.",
        alone if form.best else MARKUP.get(form.kind, MARKUP["JSON"]),
    )


def one_line(examined: ExaminedCorpus) -> Iterator[Finding]:
    """A list on a single line."""
    given = examined.given
    if examined.gathered.lines.body > 1 or given.form is not None:
        return
    text = given.corpus.text.strip("\n") if given.corpus else examined.gathered.head
    least = "" if given.corpus else "at least "
    for separator in SEPARATORS:
        pieces = [piece.strip() for piece in text.split(separator)]
        words = sum(len(piece.split()) for piece in pieces)
        if len(pieces) >= PIECES and words <= WORDS * len(pieces):
            named = SEPARATORS[separator]
            yield Finding(
                "one-line",
                "warning",
                "The whole file is one line",
                f"It looks like a list of {least}{len(pieces):,} examples separated by {named}, "
                f"such as {clip(pieces[0])!r}. Read as it is, it is one long text.",
                f"Give each a line of its own: tr {separator!r} '\\n' < OLD | sed 's/^ *//' > NEW",
            )
            return


def mode_doubtful(examined: ExaminedCorpus) -> Iterator[Finding]:
    """The text does not look like the requested mode."""
    corpus = examined.given
    # The mode of a built-in data set is known, so it is not questioned; nor is a column's.
    if corpus.known:
        return
    looks = layout_by(examined.gathered.lines)
    if looks.mode == corpus.mode and looks.separator in ("line", corpus.separator):
        return
    if corpus.separator == "blank" and looks.mode == "text":
        return  # whoever asked for it knows better than the look, which needs many that are alike
    kind = {"lines": "a list with one example per line", "text": "one continuous text"}[looks.mode]
    advice = f"If this is not what you want, read it with `mode={looks.mode}`."
    if looks.separator == "blank":
        kind = "examples of several lines, separated by blank lines"
        advice = "If this is not what you want, read it with `separator=blank`."
    yield Finding(
        "doubtful-mode",
        "warning",
        f"It is read as {corpus.mode}, but looks like {kind}",
        f"{corpus.source}: {looks.reason}.",
        advice,
    )


def other_reading(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Another way to read it, where the look could have decided so."""
    corpus = examined.given
    if corpus.otherwise and corpus.form is None:
        kind = "examples" if corpus.separator == "blank" else corpus.mode
        yield Finding(
            "other-reading",
            "note",
            "It could also be read in another way",
            f"It is read as {kind}: {corpus.reason}.",
            corpus.otherwise,
        )
