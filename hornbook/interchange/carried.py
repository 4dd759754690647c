"""What an export carries of the data that its model was trained on, said plainly."""

from __future__ import annotations

from collections.abc import Mapping

from hornbook.errors import SettingsError
from hornbook.interchange.html.holdings import TOKENS, WEIGHTS, tokens_held
from hornbook.interchange.text_only import refuse_other_tasks
from hornbook.records import JSON
from hornbook.runs import Run
from hornbook.text.models.contract import LanguageModel
from hornbook.text.models.network import Network
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["LICENCE", "carried", "net_of", "vocabulary_facts"]

LICENCE = (
    "Whether the licence of the data lets you give away what was learned from it is for you to "
    "find out."
)


def carried(tokenizer: Tokenizer) -> list[str]:
    """What a file with a net's weights and its vocabulary holds of the training data."""
    vocabulary = (
        tokens_held(tokenizer)["en"]
        if tokenizer.kind in TOKENS
        else f"Its vocabulary: {tokenizer.vocab_size:,} tokens, as they were in their file."
    )
    first = f"{vocabulary[0].lower()}{vocabulary[1:]}"
    return [f"What it holds of the training data: {first}", WEIGHTS["en"], LICENCE]


def net_of(run: Run, what: str) -> Network:
    """The net of a run on text.

    Args:
        run: any.
        what: is to be made of it, as the subject of a sentence.

    Raises:
        SettingsError: if it has none.
    """
    refuse_other_tasks(run, what)
    model: LanguageModel = run.model
    if not isinstance(model, Network):
        raise SettingsError(
            f"{what} can be made of a net; {run.directory.run} is made of counts, or a mixture "
            f"({run.family}).",
            hint="Export it as a page (`to=html`), or export a net.",
            setting="to",
        )
    return model


def vocabulary_facts(tokenizer: Tokenizer) -> Mapping[str, JSON]:
    """A vocabulary for programs: each id's bytes, as a text of the characters of their numbers.

    So `"".join(tokens[i] for i in ids).encode("latin-1").decode("utf-8", "replace")` is the text.
    """
    return {
        "tokens": [piece.decode("latin-1") for piece in tokenizer.pieces],
        "boundary": tokenizer.boundary,
        "start": tokenizer.start,
        "silent": sorted(tokenizer.silent),
    }
