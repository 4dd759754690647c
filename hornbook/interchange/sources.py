"""What is to be imported: a folder, a file, or the name of a published model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hornbook.errors import DataError
from hornbook.interchange.gguf.config import config_of_gguf
from hornbook.interchange.gguf.header import begins_as_gguf
from hornbook.interchange.gguf.weights import GGUFWeights
from hornbook.interchange.hugging_face.weights import SafetensorsWeights, files_of_index
from hornbook.interchange.json_files import Config, read_object
from hornbook.interchange.tokens import named_tokens, tokens_of_folder, tokens_of_gguf
from hornbook.interchange.weights import Weights
from hornbook.paths import exists, is_file, is_folder
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["Model", "find_model", "open_folder"]

ONE, INDEX = "model.safetensors", "model.safetensors.index.json"
CONFIG = "config.json"
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
GOOD = (
    "Give a folder with config.json and model.safetensors, as Hugging Face keeps models, or a "
    ".gguf file. GPT-2 and its sizes can also be named: gpt2, gpt2-medium, gpt2-large, gpt2-xl."
)


@dataclass(frozen=True)
class Model:
    """A model as others keep it."""

    name: str
    "What to call it."
    weights: Weights
    config: Config
    folder: Path

    def tokenizer(self, asked: str | None) -> Tokenizer:
        """Its tokens, or those that are asked for.

        Raises:
            HornbookError: if there are none, or they cannot be read.
        """
        if asked is not None:
            return named_tokens(asked)
        if isinstance(self.weights, GGUFWeights):
            return tokens_of_gguf(self.weights.where, self.weights.values)
        values: Mapping[str, object] = self.config.values
        return tokens_of_folder(self.folder, values, self.config.size("vocab_size", 50_257))


def find_model(source: str) -> Model:
    """The model that a path names; its files are open, and not read yet.

    Raises:
        DataError: if there is none, or it is of another format.
        MissingPackageError: if a package that its format needs is not installed.
    """
    path = Path(source)
    try:
        if is_folder(path):
            return open_folder(path)
        if exists(path) and not is_file(path):  # a pipe or a device may never end
            raise DataError(f"{source} is neither a file nor a folder.", hint=GOOD)
        with path.open("rb") as file:
            begin = file.read(16)
    except ValueError as error:
        raise DataError(f"{source!r} cannot be the name of a file: {error}.", hint=GOOD) from error
    except OSError as error:
        raise DataError(f"Cannot read {source}: {error.strerror or error}.", hint=GOOD) from error
    if begins_as_gguf(begin):
        return open_gguf(path)
    if path.suffix in PICKLED or begin.startswith((b"\x80", b"PK\x03\x04")):
        raise pickled(path)
    if path.suffix == ".safetensors":
        return open_files([path], path.parent, name=path.stem)
    if path.name == INDEX:
        return open_folder(path.parent)
    raise DataError(f"{path} is neither a safetensors file nor a GGUF file.", hint=GOOD)


def open_folder(folder: Path) -> Model:
    """The model in a folder.

    Raises:
        DataError: as `find_model`.
    """
    name = folder.resolve().name
    if (folder / ONE).is_file():
        return open_files([folder / ONE], folder, name)
    if (folder / INDEX).is_file():
        return open_files(files_of_index(folder / INDEX), folder, name)
    inside = sorted(path for path in folder.iterdir() if path.is_file())
    if len(quantised := [path for path in inside if path.suffix == ".gguf"]) == 1:
        return open_gguf(quantised[0])
    if len(single := [path for path in inside if path.suffix == ".safetensors"]) == 1:
        return open_files(single, folder, name)
    if unsafe := [path for path in inside if path.suffix in PICKLED]:
        raise pickled(unsafe[0])
    raise DataError(f"{folder} has no {ONE}, and no {INDEX}.", hint=GOOD)


def open_files(files: list[Path], folder: Path, name: str) -> Model:
    """A model in safetensors, with its settings beside it."""
    path = folder / CONFIG
    if not path.is_file():
        raise DataError(
            f"{folder} has no {CONFIG}, which says what shape the model has.",
            hint=f"Copy the {CONFIG} of the model to {path}.",
        )
    config = Config(str(path), read_object(path))
    return Model(name, SafetensorsWeights(files), config, folder)


def open_gguf(path: Path) -> Model:
    """A model in a GGUF file."""
    weights = GGUFWeights(path)
    try:
        return Model(path.stem, weights, config_of_gguf(weights), path.parent)
    except BaseException:
        weights.close()
        raise


def pickled(path: Path) -> DataError:
    """The error that a file is pickled."""
    return DataError(
        f"{path} is a pickled file, which can run any program when it is read: it is never read "
        "here.",
        hint="Take model.safetensors of the same model, which most models have beside it. Or, if "
        "you trust whoever made it, load it with transformers and save it again, with "
        "save_pretrained.",
    )
