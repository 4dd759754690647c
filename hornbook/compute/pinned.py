"""What a caller has set for the whole process, pinned while this program computes, and put back.

torch, NumPy and Python have settings that hold for everything in a process or a thread: random
generators, the default dtype and device, autocast, gradients on or off, deterministic algorithms.
A library must neither change them nor let them change its numbers. So every public door computes
under `pinned`, an answer that is drawn row by row computes each row under it (`pinned_steps`), and
a function of the caller's that is called in between sees their own settings (`released`).

torch is not imported here: where it is not loaded, nobody has set anything in it. It may be loaded
while pinned; what is restored then is what it begins with.
"""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np

__all__ = ["pinned", "pinned_steps", "released"]

T = TypeVar("T")
TINY = 5e-324  # the smallest number above 0: 0 where the processor flushes such numbers


@dataclass(frozen=True)
class Setting:
    """A setting of the process or the thread."""

    get: Callable[[], Any]
    put: Callable[[Any], Any]
    pinned: Any
    "The value to compute under."


@dataclass
class Surroundings:
    """What is set, at some moment."""

    chances: dict[str, Any]
    "States of the random generators by name."
    settings: dict[str, Any]
    device: Any = None
    "torch's default device; None where torch is not loaded."
    inference: bool = False
    threads: int = 0
    "torch's threads; 0 where it is not loaded."
    seed: int = 0
    "Of torch's generator: that of a GPU begins at it when the GPU is first used."


class Held(threading.local):
    """In each thread, the surroundings of the caller while they are pinned."""

    caller: Surroundings | None = None


HELD = Held()


@contextmanager
def pinned() -> Iterator[None]:
    """A context to compute in: the same for every caller, and afterwards theirs is as it was.

    Pinned already, it changes nothing. The number of threads is kept, not pinned: how many there
    are to take is the caller's to say.
    """
    if HELD.caller is not None:
        yield
        return
    caller = HELD.caller = taken()
    try:
        with surrounded_by(standard()):
            yield
    finally:
        caller, HELD.caller = HELD.caller or caller, None  # what was released may have changed it
        put_back(caller)


@contextmanager
def released() -> Iterator[None]:
    """A context for code of the caller's that is called while pinned: what it sets stays set."""
    caller = HELD.caller
    if caller is None:
        yield
        return
    ours, HELD.caller = taken(), None
    put_back(caller)
    try:
        with surrounded_by(caller):
            try:
                yield
            finally:
                HELD.caller = taken()
    finally:
        HELD.caller = HELD.caller or caller
        put_back(ours)


def pinned_steps(steps: Iterable[T]) -> Iterator[T]:
    """The same values, each of them computed while pinned; between two, the caller's settings."""
    with pinned():
        iterator = iter(steps)
    try:
        while True:
            with pinned():
                try:
                    value = next(iterator)
                except StopIteration:
                    return
            yield value
    finally:
        if close := getattr(iterator, "close", None):
            close()


def taken() -> Surroundings:
    """What is set now."""
    torch = loaded_torch()
    found = Surroundings(
        {name: chance.get() for name, chance in chances().items()},
        {name: setting.get() for name, setting in settings().items()},
    )
    if torch is not None:
        found.device = torch.get_default_device()
        found.inference = torch.is_inference_mode_enabled()
        found.threads, found.seed = torch.get_num_threads(), torch.initial_seed()
    return found


def standard() -> Surroundings:
    """What to compute under; the random generators go on from where they are."""
    device = None if loaded_torch() is None else "cpu"
    return Surroundings({}, {name: one.pinned for name, one in settings().items()}, device)


@contextmanager
def surrounded_by(wanted: Surroundings) -> Iterator[None]:
    """A context with settings, default device and inference mode as wanted."""
    torch = loaded_torch()
    with ExitStack() as stack:
        if torch is not None and wanted.device is not None:
            if wanted.inference != torch.is_inference_mode_enabled():
                stack.enter_context(torch.inference_mode(wanted.inference))
            if str(wanted.device) != str(torch.get_default_device()):
                stack.enter_context(torch.device(wanted.device))
        apply(settings(), wanted.settings)
        yield


def put_back(kept: Surroundings) -> None:
    """Set what was set then; what torch, loaded since, began with is set again in it."""
    torch = loaded_torch()
    apply(settings(), kept.settings)
    if torch is not None and kept.threads and kept.threads != torch.get_num_threads():
        torch.set_num_threads(kept.threads)
    if torch is not None and "torch" not in kept.chances:
        torch.default_generator.seed()  # at random, as when it is loaded
        kept.seed = torch.initial_seed()
    for name, chance in chances().items():
        if name in kept.chances:
            chance.put(kept.chances[name])
        elif name == "cuda":  # in use since: it would have begun like this for the caller
            torch.cuda.manual_seed_all(kept.seed)
        elif name == "gpu":
            torch.cuda.set_device(0)


def apply(known: dict[str, Setting], wanted: dict[str, Any]) -> None:
    """Give the settings their values, and the pinned one to those that are not named."""
    for name, setting in known.items():
        value = wanted.get(name, setting.pinned)
        if setting.get() != value:  # some take long to set, even to what they are
            setting.put(value)


def loaded_torch() -> Any:
    """torch, if this process has it."""
    return sys.modules.get("torch")


def chances() -> dict[str, Setting]:
    """The random generators that anyone may draw from."""
    torch = loaded_torch()
    found = {
        "python": Setting(random.getstate, random.setstate, None),
        "numpy": Setting(np.random.get_state, np.random.set_state, None),
    }
    if torch is not None:
        found["torch"] = Setting(torch.get_rng_state, torch.set_rng_state, None)
        if torch.cuda.is_initialized():
            cuda = torch.cuda
            found["cuda"] = Setting(cuda.get_rng_state_all, cuda.set_rng_state_all, None)
            found["gpu"] = Setting(cuda.current_device, cuda.set_device, None)
        if torch.backends.mps.is_available():
            found["mps"] = Setting(torch.mps.get_rng_state, torch.mps.set_rng_state, None)
    return found


def settings() -> dict[str, Setting]:
    """What can be set for everyone and changes numbers."""
    return known_settings(loaded_torch())


@cache
def known_settings(torch: Any) -> dict[str, Setting]:
    """The same, by whether torch is loaded: they are looked at for every token that is sampled."""
    usual = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
    found = {"errors": Setting(np.geterr, lambda how: np.seterr(**how), usual)}
    if torch is None:
        return found
    found |= {
        "tiny": Setting(lambda: TINY * 1.0 == 0.0, torch.set_flush_denormal, False),
        "dtype": Setting(torch.get_default_dtype, torch.set_default_dtype, torch.float32),
        "gradients": Setting(torch.is_grad_enabled, torch.set_grad_enabled, True),
        "deterministic": Setting(
            lambda: (
                torch.are_deterministic_algorithms_enabled(),
                torch.is_deterministic_algorithms_warn_only_enabled(),
            ),
            lambda how: torch.use_deterministic_algorithms(how[0], warn_only=how[1]),
            (False, False),
        ),
        "products": Setting(
            torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "highest"
        ),
    }
    for kind, low in (("cpu", torch.bfloat16), ("cuda", torch.float16), ("mps", torch.float16)):
        found |= autocasting(torch, kind, low)
    for name in ("deterministic", "benchmark"):
        found[f"cudnn {name}"] = attribute(torch.backends.cudnn, name, False)
    return found


def autocasting(torch: Any, kind: str, low: Any) -> dict[str, Setting]:
    """Whether autocast is on for a kind of device, and its dtype."""
    return {
        f"autocast {kind}": Setting(
            lambda: torch.is_autocast_enabled(kind),
            lambda on: torch.set_autocast_enabled(kind, on),
            False,
        ),
        f"autocast dtype {kind}": Setting(
            lambda: torch.get_autocast_dtype(kind),
            lambda dtype: torch.set_autocast_dtype(kind, dtype),
            low,
        ),
    }


def attribute(owner: Any, name: str, pinned: Any) -> Setting:
    """A setting that is an attribute."""
    return Setting(lambda: getattr(owner, name), lambda value: setattr(owner, name, value), pinned)
