"""What the machine can do: its instruction set, products of matrices, reading memory.

Rates are the best of some tries, for what else the machine does only makes them worse. With one
thread seconds are a processor's, with more they are those of the clock.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from hornbook.compute.load import cores_allowed
from hornbook.compute.products import ONEDNN, has_fast_bfloat16, numpys_kernels
from hornbook.compute.threads import threads
from hornbook.extras import has

__all__ = ["Peaks", "instructions", "measured_peaks", "product_rates", "read_rate"]

LARGE = (1, 1024, 1024, 1024)
SIZES = {"512 KB": 2**19, "8 MB": 2**23, "512 MB": 2**29}
"Bytes of the arrays that are read: of the second-level cache, of the third, of memory."
SMALLEST = 2**18
TRY = 2e-3  # seconds
Shape = tuple[int, int, int, int]


def instructions() -> str:
    """The instruction set that libraries use here, to be told beside every figure."""
    low = "with" if has_fast_bfloat16(torch.device("cpu")) else "without"
    kernels = numpys_kernels()
    numpys = f", NumPy with OpenBLAS for {kernels}" if kernels else ""
    cores = cores_allowed()
    return (
        f"{torch.backends.cpu.get_cpu_capability()} {low} bfloat16 units, "
        f"{cores} core{'s' if cores > 1 else ''}{numpys}"
    )


@dataclass(frozen=True)
class Peaks:
    """What one number of threads can do at best."""

    threads: int
    products: Mapping[str, float]
    "Operations a second of a large float32 product, by the library."
    bfloat16: float | None
    "The same in bfloat16; None without units for it."
    read: Mapping[str, float] = field(default_factory=dict)
    "Bytes a second, by the size of what is read."
    copied: float = 0.0
    "Bytes read and written a second, of the largest size."

    @property
    def float32(self) -> float:
        """By the best library."""
        return max(self.products.values())

    @property
    def memory(self) -> float:
        """Bytes a second of what no cache has room for."""
        return list(self.read.values())[-1]


def best(call: Callable[[], object], clock: Callable[[], float], tries: int = 8) -> float:
    """Seconds of a call: the least of some tries of as many as take a moment."""
    call()
    began = clock()
    call()
    count = max(1, int(TRY / max(clock() - began, 1e-9)))
    taken = []
    for _ in range(tries):
        began = clock()
        for _ in range(count):
            call()
        taken.append((clock() - began) / count)
    return min(taken)


def clock_of(count: int) -> Callable[[], float]:
    """A processor's seconds, or for several threads those of the clock."""
    return time.process_time if count == 1 else time.perf_counter


def libraries(shape: Shape) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every way to make products of a shape (number, n, k, m)."""
    number, n, k, m = shape
    a, b = torch.ones(number, n, k), torch.ones(number, k, m)
    x, y, z = a.numpy(), b.numpy(), np.empty((number, n, m), np.float32)
    if number == 1:
        yield "torch.mm", functools.partial(torch.mm, a[0], b[0])
        if ONEDNN is not None:
            turned = b[0].t().contiguous()
            yield "oneDNN", functools.partial(ONEDNN, a[0], turned, None, "none", [], "")
        yield "NumPy", functools.partial(np.matmul, x[0], y[0], z[0])
    else:
        yield "torch.bmm", functools.partial(torch.bmm, a, b)
        yield "NumPy", functools.partial(np.matmul, x, y, z)


@functools.cache
def product_rates(shape: Shape, count: int = 1) -> Mapping[str, float]:
    """Operations a second of products of a shape (number, n, k, m), by the library.

    Our own tiles are among them where the extra `fast` is installed, with one thread.
    """
    number, n, k, m = shape
    operations = 2 * number * n * k * m
    with threads(count):
        rates = {name: operations / best(call, clock_of(count)) for name, call in libraries(shape)}
    if count == 1 and has("numba"):
        from benchmarks.recurrent_steps import rate

        rates["tiles"] = 2 * rate(n, k, m)
    return rates


@functools.cache
def read_rate(size: int, count: int = 1) -> float:
    """Bytes a second of reading an array of so many bytes, again and again.

    Of less than 256 KB nothing can be told, for then a call takes as long: that size is taken.
    """
    x = torch.ones(max(size, SMALLEST) // 4)
    # Which way is the best to read differs from cache to cache.
    ways = (x.sum, functools.partial(np.dot, x.numpy(), x.numpy()))
    with threads(count):
        return 4 * len(x) / min(best(way, clock_of(count)) for way in ways)


def measured_peaks(count: int) -> Peaks:
    """What so many threads can do."""
    clock = clock_of(count)
    low = None
    with threads(count):
        if has_fast_bfloat16(torch.device("cpu")):
            a, b = torch.ones(2, *LARGE[1:3], dtype=torch.bfloat16)
            low = 2 * LARGE[1] * LARGE[2] * LARGE[3] / best(lambda: torch.mm(a, b), clock)
        size = list(SIZES.values())[-1]
        x = torch.ones(size // 4)
        copied = 2 * size / best(functools.partial(torch.empty_like(x).copy_, x), clock)
    read = {name: read_rate(size, count) for name, size in SIZES.items()}
    return Peaks(count, product_rates(LARGE, count), low, read, copied)
