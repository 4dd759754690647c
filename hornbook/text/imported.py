"""The data of a run that was imported: tokens, and no text."""

from __future__ import annotations

from hornbook.errors import RunError
from hornbook.records import JSONObject
from hornbook.storage import HashedFiles
from hornbook.text.corpus import Splits
from hornbook.text.data import TEXT_LENGTH, TextData, tokenizer_bytes
from hornbook.text.layout import Mode
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["ImportedText"]


class ImportedText(TextData):
    """What an imported model read is not here.

    Args:
        name: what to call it.
        source: where the model came from, for people.
        tokenizer: of the model.
        longest: most tokens in a sample.
    """

    def __init__(
        self, name: str, source: str, tokenizer: Tokenizer, longest: int = TEXT_LENGTH
    ) -> None:
        mode: Mode = "text" if tokenizer.boundary is None else "lines"
        super().__init__(
            name, source, mode, none_here, tokenizer, kept=False, longest=longest,
            encoding="utf-8", reason="imported",
        )  # fmt: skip

    @property
    def absent(self) -> str:
        """Why nothing is held against the text."""
        return "This run was imported without its training data"

    @property
    def details(self) -> JSONObject:
        """As of any text, and that there is none."""
        return {**super().details, "imported": True}

    def keep(self, files: HashedFiles) -> None:
        """The tokenizer alone."""
        files.write("tokenizer.json", tokenizer_bytes(self.tokenizer))


def none_here() -> Splits:
    """There is no text to read.

    Raises:
        RunError: always.
    """
    raise RunError(
        "This run was imported: the text that it was trained on is not here.",
        hint="To have one here, fine-tune the run on a text of yours (`init_from`).",
    )
