"""`export` to huggingface: a folder that transformers loads, without code of ours."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from hornbook.interchange.carried import carried
from hornbook.interchange.fixed import FixedSettings, told_of_fixed
from hornbook.interchange.folders import MARK, refuse_foreign_folder, whole_folder
from hornbook.interchange.formats import Exported
from hornbook.interchange.hugging_face.card import card_of
from hornbook.interchange.hugging_face.tokenizer_json import boundary_name, tokenizer_json
from hornbook.interchange.leaving import Leaving, leaving
from hornbook.records import JSON
from hornbook.runs import Run
from hornbook.storage import write_bytes, write_json
from hornbook.tensor_files import write_tensors
from hornbook.tokenizers.contract import Tokenizer
from hornbook.tokenizers.kinds import described
from hornbook.version import __version__

__all__ = ["FILES", "FolderSettings", "HuggingFace"]

FILES = (
    "README.md",
    "config.json",
    "generation_config.json",
    MARK,
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
)
READ = 20_000  # characters of the data that are encoded in both tokenizers


@dataclass(frozen=True)
class FolderSettings(FixedSettings):
    """The folder."""

    title: str = ""
    "Title of the model card; by default one that names the data."
    about: str = ""
    "A sentence or two by its maker, in the model card."
    licence: str = ""
    "Licence of the weights, in the model card: a name, or a sentence."


class HuggingFace:
    """Writes nets shaped as GPT-2 or Llama as transformers keeps them."""

    options = FolderSettings

    def write(self, run: Run, out: str | None, settings: FolderSettings) -> Exported:
        """Write the folder of a run.

        Raises:
            SettingsError: if it is of another shape, or its tokens cannot be written.
            MissingPackageError: if the package tokenizers is not installed.
            RunError: if the folder cannot be written, or one stands there that is not ours.
        """
        name = run.path.absolute().name
        path = Path(out if out is not None else f"{name}-huggingface")
        refuse_foreign_folder(path, FILES)
        model = leaving(run, "A folder for transformers", settings.condition)
        tokenizer: Tokenizer = run.data.tokenizer
        tokens = tokenizer_json(tokenizer, some_texts(run))
        config = {**model.config, **special_ids(tokenizer), "dtype": "float32"}
        with whole_folder(path, FILES) as folder:
            write_tensors(folder / "model.safetensors", model.tensors, {}, also={"format": "pt"})
            write_json(folder / "config.json", config)
            write_json(folder / "generation_config.json", special_ids(tokenizer))
            write_bytes(folder / "tokenizer.json", tokens.encode())
            write_json(folder / "tokenizer_config.json", tokenizer_config(run, tokenizer))
            write_json(folder / MARK, own_words(run))
            write_bytes(folder / "README.md", card_of(run, model, settings).encode())
            size = sum(one.stat().st_size for one in folder.iterdir())
        figures: dict[str, JSON] = {
            "format": "huggingface",
            "architecture": model.kind,
            "bytes": size,
            "parameters": model.net.n_parameters,
            "holds": carried(tokenizer),
        }
        fixed = told_of_fixed(run, settings.condition)
        return Exported(path, figures, [*told(run, model, size), *fixed, *carried(tokenizer)])


def told(run: Run, model: Leaving, size: int) -> list[str]:
    """What was written, as sentences."""
    found = [
        f"{size / 1e6:.2f} MB, as {model.config['architectures'][0]}; transformers loads it with "
        "AutoModelForCausalLM and AutoTokenizer."
    ]
    if model.kind == "llama":
        found.append(
            f"Up to {run.model.block_size:,} tokens it gives what the run gives. Beyond, the run "
            "sees the last of them only, and Llama all."
        )
    return found


def some_texts(run: Run) -> list[str]:
    """Texts of the run's data, and one of signs, to hold two tokenizers against each other."""
    data = run.data
    found: list[str] = []
    if data.kept:
        texts = data.splits.dev or data.splits.train
        found = [text[:READ] for text in islice(texts, 100)]
    tokenizer: Tokenizer = data.tokenizer
    if tokenizer.kind != "characters":
        found.append("Hello World, it's 3 o'clock.  née 行\n\n 12345 \t x")
    return found


def special_ids(tokenizer: Tokenizer) -> dict[str, Any]:
    """Ids that begin and end a text, as transformers calls them; none where there is no end."""
    return {f"{kind}_token_id": tokenizer.boundary for kind in ("bos", "eos", "pad")}


def tokenizer_config(run: Run, tokenizer: Tokenizer) -> dict[str, Any]:
    """What transformers asks of a tokenizer beside its file."""
    found: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": run.model.block_size,
        "clean_up_tokenization_spaces": False,
    }
    if tokenizer.boundary is not None:
        name = boundary_name(tokenizer)
        found |= {f"{kind}_token": name for kind in ("bos", "eos", "pad")}
    return found


def own_words(run: Run) -> dict[str, Any]:
    """What an import needs to make the same run again: its tokens."""
    return {
        "hornbook": __version__,
        "tokens": described(run.data.tokenizer),
    }
