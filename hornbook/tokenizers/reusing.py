"""The tokenizer of a run for other data: the same tokens, with or without a boundary."""

from __future__ import annotations

from dataclasses import replace

from hornbook.errors import SettingsError
from hornbook.tokenizers.byte_pairs import END, BytePairTokenizer
from hornbook.tokenizers.contract import Texts, Tokenizer
from hornbook.tokenizers.libraries import LibraryTokenizer, refuse_untrue

__all__ = ["is_reusable", "reused"]


def is_reusable(tokenizer: Tokenizer) -> bool:
    """Whether its tokens are not made of one text, so that others can be written in them."""
    return isinstance(tokenizer, BytePairTokenizer | LibraryTokenizer)


def reused(name: str, tokenizer: Tokenizer, texts: Texts) -> Tokenizer:
    """The same tokens for other texts.

    Args:
        name: what to call its file.
        tokenizer: of a run.
        texts: that it is for.

    Raises:
        SettingsError: if its tokens are made of the text of its run.
        DataError: if a library cuts these texts in a way that cannot be undone.
    """
    if isinstance(tokenizer, BytePairTokenizer):
        specials = tokenizer.specials
        if texts.boundary and not specials:
            specials = (END,)
        return replace(
            tokenizer, specials=specials, has_boundary=texts.boundary, breaks=texts.breaks
        )
    if isinstance(tokenizer, LibraryTokenizer):
        found = replace(tokenizer, has_boundary=texts.boundary, breaks=texts.breaks)
        refuse_untrue(name, found, texts)
        return found
    raise SettingsError(
        f"{name} holds the {tokenizer.kind} of the text of a run: other texts have others.",
        hint=f"Set `tokens={tokenizer.kind}`.",
        setting="tokens",
    )
