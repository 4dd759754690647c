"""What only some uses need: PyTorch, for neural networks, and the packages of extras."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from hornbook.errors import MissingPackageError

__all__ = [
    "CITIES",
    "FAST",
    "INSTALL_TORCH",
    "INTERCHANGE",
    "PINYIN",
    "REPORTS",
    "SWEEP",
    "TABLES",
    "TOKENS",
    "has",
    "has_torch",
    "needing",
    "needing_torch",
]

INSTALL_TORCH = "pip install torch -i https://download.pytorch.org/whl/cpu"
"Installs the CPU build; on Linux a plain `pip install torch` downloads several gigabytes of CUDA."
TABLES = {"pandas": "pandas", "pyarrow": "pyarrow", "sklearn": "scikit-learn"}
"What the extra `tables` has: names of modules, and of the packages that bring them."
TOKENS = {
    "regex": "regex",
    "sentencepiece": "sentencepiece",
    "tiktoken": "tiktoken",
    "tokenizers": "tokenizers",
}
"The same of the extra `tokens`."
INTERCHANGE = {"gguf": "gguf", "onnx": "onnx"}
"The same of the extra `interchange`."
CITIES = {"babel": "Babel"}
"The same of the extra `cities`."
FAST = {"numba": "numba"}
"The same of the extra `fast`."
PINYIN = {"pypinyin": "pypinyin"}
"The same of the extra `pinyin`."
REPORTS = {"trackio": "trackio", "wandb": "wandb"}
"The same of the extra `reports`."
SWEEP = {"optuna": "optuna", "psycopg": "'psycopg[binary]'"}
"The same of the extra `sweep`; the second is the driver of PostgreSQL, of the extra `postgresql`."


def has(module: str) -> bool:
    """Whether a module is installed; it is not imported to find out."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def has_torch() -> bool:
    """Whether torch is installed; it is not imported to find out."""
    return has("torch")


@contextmanager
def needing_torch() -> Iterator[None]:
    """A context in which torch may be missing.

    Raises:
        MissingPackageError: if it is, and was asked for; it says what to type.
    """
    with told_if_missing(
        "torch",
        "This requires PyTorch, which is not installed.",
        f"Install it:  {INSTALL_TORCH}\n"
        "Without PyTorch, n-grams (`model=ngram`), the doctor and the scalar engine work.",
    ):
        yield


@contextmanager
def needing(module: str, what: str) -> Iterator[None]:
    """A context in which a package of an extra may be missing.

    Args:
        module: of TABLES, TOKENS, INTERCHANGE, CITIES, FAST, PINYIN, REPORTS or SWEEP.
        what: needs it, as the subject of a sentence.

    Raises:
        MissingPackageError: if it is, and was asked for; it says what to type.
    """
    package = {
        **TABLES, **TOKENS, **INTERCHANGE, **CITIES, **FAST, **PINYIN, **REPORTS, **SWEEP,
    }[module]  # fmt: skip
    with told_if_missing(
        module,
        f"{what} requires {package}, which is not installed.",
        f"Install it:  pip install {package}",
    ):
        yield


@contextmanager
def told_if_missing(module: str, message: str, hint: str) -> Iterator[None]:
    """A context in which a missing package is told in words."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module:
            raise
        raise MissingPackageError(message, hint=hint) from None
