"""Products of matrices by kernels, beside NumPy's library and torch's two, on one thread.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE python -m benchmarks.products [--rounds 9]
    NUMBA_CPU_NAME=haswell NUMBA_CPU_FEATURES=+avx,+avx2,+fma OPENBLAS_CORETYPE=Haswell
        MKL_ENABLE_INSTRUCTIONS=AVX2 ONEDNN_MAX_CPU_ISA=AVX2 python -m benchmarks.products

The second command holds all of them to AVX2. Torch's own product is MKL's or, by an operator that
the package uses too, oneDNN's. Shapes are those of steps of small nets: a layer's own
product, x W; the gradient of its weight, xᵀ dy; and that of its input, dy Wᵀ, or a weight that is
kept the other way round. Printed are GFLOP/s of a processor's second in float32, the best of
several rounds, in each of which everyone has its turn.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import torch
from threadpoolctl import threadpool_info

from benchmarks.timing import use_threads
from hornbook.compute.products import find_onednn
from hornbook.kernels.products import add_dots, add_product
from hornbook.kernels.vectors import WIDTH

LAYERS = (
    (32, 30, 200), (32, 200, 27), (256, 64, 27), (32, 64, 192), (256, 64, 192), (64, 256, 1024),
    (64, 512, 2048), (512, 554, 2048), (512, 512, 2048), (768, 128, 384), (768, 128, 512),
    (768, 512, 128), (512, 64, 256), (4096, 256, 1024),
)  # fmt: skip
"Of x W: rows, features in, features out."
FORMS = ("x W", "xᵀ dy", "dy Wᵀ")
WAYS = ("kernels", "NumPy", "MKL", "oneDNN")
WIDE = (10, 6, 6, 7)
ONEDNN = find_onednn()


@numba.njit(nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def layers(c: Any, a: Any, b: Any, n: int, k: int, m: int, times: int) -> None:
    """A layer's product, several times."""
    for _ in range(times):
        add_product(c, 0, a, 0, k, 1, b, 0, n, k, m)


@numba.njit(nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def weights(c: Any, a: Any, b: Any, n: int, k: int, m: int, times: int) -> None:
    """The gradient of a weight (n, m) of k rows."""
    for _ in range(times):
        add_product(c, 0, a, 0, 1, n, b, 0, n, k, m)


@numba.njit(nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def inputs(c: Any, a: Any, b: Any, n: int, k: int, m: int, times: int) -> None:
    """The gradient of an input (n, m), of a weight (m, k)."""
    for _ in range(times):
        add_dots(c, 0, a, 0, b, 0, n, k, m)


def sizes(layer: tuple[int, int, int], form: str) -> tuple[int, int, int]:
    """Of the result rows and columns, first and last; in between what is summed."""
    n, k, m = layer
    return {"x W": (n, k, m), "xᵀ dy": (k, n, m), "dy Wᵀ": (n, m, k)}[form]


def ways(layer: tuple[int, int, int], form: str) -> dict[str, Callable[[int], None]]:
    """What makes a product so many times, by name."""
    n, k, m = sizes(layer, form)
    rng = np.random.default_rng(0)
    a, b = (rng.random((rows, columns), np.float32) for rows, columns in ((n, k), (k, m)))
    c, kernel = np.zeros((n, m), np.float32), {"x W": layers, "xᵀ dy": weights}.get(form, inputs)
    if form == "xᵀ dy":
        a = np.ascontiguousarray(a.T).T
    elif form == "dy Wᵀ":
        b = np.ascontiguousarray(b.T).T
    flat = [one.T.ravel() if one.flags.f_contiguous else one.ravel() for one in (c, a, b)]
    of_torch = [torch.from_numpy(one) for one in (a, b, c)]

    def numpys(times: int) -> None:
        for _ in range(times):
            np.dot(a, b, c)

    def torchs(times: int) -> None:
        for _ in range(times):
            torch.mm(of_torch[0], of_torch[1], out=of_torch[2])

    def onednns(times: int) -> None:
        assert ONEDNN is not None
        for _ in range(times):
            ONEDNN(of_torch[0], of_torch[1].t(), None, "none", [], "")

    made = np.zeros(n * m, np.float32)
    kernel(made, flat[1], flat[2], n, k, m, 1)
    exact = (a.astype(np.float64) @ b).ravel()
    assert np.allclose(made, exact, rtol=1e-4)
    return {
        "kernels": lambda times: kernel(made, flat[1], flat[2], n, k, m, times),
        "NumPy": numpys, "MKL": torchs, **({"oneDNN": onednns} if ONEDNN else {}),
    }  # fmt: skip


def rates(layer: tuple[int, int, int], form: str, rounds: int) -> dict[str, float]:
    """Operations a second of each, two to a multiplication."""
    n, k, m = layer
    times = max(1, 4 * 10**8 // (n * k * m))
    found: dict[str, Callable[[int], None]] = ways(layer, form)
    best: dict[str, float] = {}
    for turn in range(rounds + 1):
        for name, way in found.items():
            began = time.process_time()
            way(times)
            took = (time.process_time() - began) / times
            if turn:  # after a first to warm up
                best[name] = min(best.get(name, took), took)
    return {name: 2 * n * k * m / took for name, took in best.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    use_threads(1)
    kinds = [one.get("architecture") for one in threadpool_info() if "architecture" in one]
    print(f"kernels: vectors of {8 * WIDTH} bits; NumPy's library: {', '.join(map(str, kinds))}")
    print(f"{'x (n, k), W (k, m)':20}" + "".join(f"{form:>29}" for form in FORMS))
    print(
        " " * 20
        + "".join(f"{name:>{width}}" for name, width in zip(WAYS, WIDE, strict=True)) * len(FORMS)
    )
    for layer in LAYERS:
        line = f"{layer!s:20}"
        for form in FORMS:
            best = rates(layer, form, options.rounds)
            line += "".join(
                f"{best[name] / 1e9:{width}.0f}" if name in best else "-".rjust(width)
                for name, width in zip(WAYS, WIDE, strict=True)
            )
        print(line, flush=True)


if __name__ == "__main__":
    main()
