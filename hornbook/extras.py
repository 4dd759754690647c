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
    "EXTRAS",
    "FAST",
    "INSTALL_TORCH",
    "INTERCHANGE",
    "PINYIN",
    "POSTGRESQL",
    "REPORTS",
    "SWEEP",
    "TABLES",
    "TOKENS",
    "has",
    "has_torch",
    "how_to_install",
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
SWEEP = {"optuna": "optuna"}
"The same of the extra `sweep`."
POSTGRESQL = {"psycopg": "'psycopg[binary]'"}
"What the extra `postgresql` has beside that: the driver."
EXTRAS = {
    "cities": CITIES, "fast": FAST, "interchange": INTERCHANGE, "pinyin": PINYIN,
    "postgresql": POSTGRESQL, "reports": REPORTS, "sweep": SWEEP, "tables": TABLES,
    "tokens": TOKENS,
}  # fmt: skip
"All of them by name."
OURS = "hornbook"


def has(module: str) -> bool:
    """Whether a module is installed; it is not imported to find out."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def has_torch() -> bool:
    """Whether torch is installed; it is not imported to find out."""
    return has("torch")


def how_to_install(module: str) -> str:
    """What to type to have a module of an extra: the extra, whose versions suit hornbook.

    Only the package where hornbook is not installed as one that has this extra: pip would look for
    another of its name.
    """
    extra = extra_of(module)
    named = f"'{OURS}[{extra}]'" if is_offered(extra) else EXTRAS[extra][module]
    return f"pip install {named}"


def extra_of(module: str) -> str:
    """The extra that a module is of."""
    return next(name for name, modules in EXTRAS.items() if module in modules)


def is_offered(extra: str) -> bool:
    """Whether hornbook is installed as a package that has this extra."""
    from importlib.metadata import PackageNotFoundError, distribution  # asked for rarely

    try:
        return extra in (distribution(OURS).metadata.get_all("Provides-Extra") or ())
    except PackageNotFoundError:
        return False


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
        module: of one of EXTRAS.
        what: needs it, as the subject of a sentence.

    Raises:
        MissingPackageError: if it is, or cannot be imported, and was asked for; it says what to
            type.
    """
    extra = extra_of(module)
    package = EXTRAS[extra][module]
    alone = f"pip install {package}"
    several = is_offered(extra) and len(EXTRAS[extra]) > 1
    more = f"\nThis package alone:  {alone}" if several else ""
    message = f"{what} requires {package}"
    with told_if_missing(module, message, how_to_install(module), more, alone=alone):
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
def told_if_missing(
    module: str, message: str, install: str, more: str = "", *, alone: str = ""
) -> Iterator[None]:
    """A context in which it is told in words that a package is missing, or does not suit others.

    Args:
        module: of the package.
        message: what needs it, as the beginning of a sentence.
        install: what to type where it is missing.
        more: what else to say then.
        alone: what to type for the package by itself, where that is something else: hornbook is not
            to be replaced where others do not suit each other.
    """
    suited = (alone or install).replace("pip install", "pip install -U")
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
            hint=f"Install versions that suit each other:  {suited}{'' if alone else more}",
        ) from None


def package_of(module: str | None) -> str:
    """The package that a module is of; empty for none."""
    return (module or "").partition(".")[0]


def comes_from(package: str, error: ImportError) -> bool:
    """Whether an error came up while a package was imported, or is said to be of it."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    within = {package_of(frame.f_globals.get("__name__")) for frame in frames}
    return package in within | {package_of(error.name)}
