"""What only some uses need: PyTorch, for neural networks, and the packages of extras."""

from __future__ import annotations

import importlib
import importlib.util
import traceback
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
    "import_failure",
    "needing",
    "needing_torch",
    "require",
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


def import_failure(module: str) -> str:
    """Why an installed module cannot be imported, as it says itself; empty if it can."""
    try:
        importlib.import_module(module)
    except MemoryError:
        raise
    except Exception as error:  # whatever a library raises that suits no other
        return first_line(error)
    return ""


def first_line(error: Exception) -> str:
    """What went wrong, in a line without a full stop."""
    told = str(error).strip().partition("\n")[0] or type(error).__name__
    return told.rstrip(".")


@contextmanager
def needing_torch() -> Iterator[None]:
    """A context in which torch may be missing.

    Raises:
        MissingPackageError: if it is, and was asked for; it says what to type.
    """
    with told_if_missing(
        "torch",
        "This requires PyTorch",
        INSTALL_TORCH,
        "\nWithout PyTorch, n-grams (`model=ngram`), the doctor and the scalar engine work.",
    ):
        yield


@contextmanager
def needing(module: str, what: str) -> Iterator[None]:
    """A context in which a package of an extra may be missing.

    Args:
        module: of TABLES, TOKENS, INTERCHANGE, CITIES, FAST, PINYIN, REPORTS or SWEEP.
        what: needs it, as the subject of a sentence.

    Raises:
        MissingPackageError: if it is, or cannot be imported, and was asked for; it says what to
            type.
    """
    package = {
        **TABLES, **TOKENS, **INTERCHANGE, **CITIES, **FAST, **PINYIN, **REPORTS, **SWEEP,
    }[module]  # fmt: skip
    with told_if_missing(module, f"{what} requires {package}", f"pip install {package}"):
        yield


def require(module: str, what: str) -> None:
    """Make sure that a package of an extra is installed; it is not imported for that.

    Args:
        module, what: as of `needing`.

    Raises:
        MissingPackageError: if it is not.
    """
    if not has(module):
        with needing(module, what):
            importlib.import_module(module)


@contextmanager
def told_if_missing(module: str, message: str, install: str, more: str = "") -> Iterator[None]:
    """A context in which it is told in words that a package is missing, or does not suit others."""
    suited = install.replace("pip install", "pip install -U")
    try:
        yield
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and package_of(error.name) == module:
            raise MissingPackageError(
                f"{message}, which is not installed.", hint=f"Install it:  {install}{more}"
            ) from None
        if not comes_from(module, error):
            raise
        raise MissingPackageError(
            f"{message}, which is installed and cannot be imported: {first_line(error)}.",
            hint=f"Install versions that suit each other:  {suited}{more}",
        ) from None


def package_of(module: str | None) -> str:
    """The package that a module is of; empty for none."""
    return (module or "").partition(".")[0]


def comes_from(package: str, error: ImportError) -> bool:
    """Whether an error came up while a package was imported, or is said to be of it."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    within = {package_of(frame.f_globals.get("__name__")) for frame in frames}
    return package in within | {package_of(error.name)}
