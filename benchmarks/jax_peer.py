"""The lecture's MLP in JAX, jit and scan, run by a Python that has jax.

    taskset -c 0 PEER_PYTHON benchmarks/jax_peer.py [--steps 500] [--rounds 12]

Nothing of hornbook is imported here. The work is that of `benchmarks.gradients --norm none`: 3
letters, 10 and 200 tanh units, batches of 32, whole steps, many in one call; rows of batches are
drawn outside, and not timed. Printed are microseconds a step on the clock and of a processor,
medians over rounds, without the first, which compiles.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from typing import Any

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp
import numpy as np

EXAMPLES, BATCH = 182_625, 32


def loss(p: Any, x: Any, y: Any) -> Any:
    """The mean loss of a batch."""
    hidden = jnp.tanh(p["C"][x].reshape(len(x), 30) @ p["W1"] + p["b1"])
    logits = hidden @ p["W2"] + p["b2"]
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1))


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    keys = jax.random.split(jax.random.PRNGKey(0), 8)
    xs = jax.random.randint(keys[0], (EXAMPLES, 3), 0, 27)
    ys = jax.random.randint(keys[1], (EXAMPLES,), 0, 27)
    start = {
        "C": jax.random.normal(keys[2], (27, 10)),
        "W1": jax.random.normal(keys[3], (30, 200)) * 0.3,
        "b1": jnp.zeros(200),
        "W2": jax.random.normal(keys[4], (200, 27)) * 0.01,
        "b2": jnp.zeros(27),
    }

    def sgd(state: Any, rows: Any) -> Any:
        value, grads = jax.value_and_grad(loss)(state, xs[rows], ys[rows])
        return jax.tree.map(lambda w, g: w - 0.1 * g, state, grads), value

    def adamw(state: Any, rows: Any) -> Any:
        p, mean, square, count = state
        value, grads = jax.value_and_grad(loss)(p, xs[rows], ys[rows])
        count = count + 1
        mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, grads)
        square = jax.tree.map(lambda s, g: 0.99 * s + 0.01 * g * g, square, grads)
        p = jax.tree.map(
            lambda w, m, s: (
                w * (1 - 1e-5)
                - 1e-3 * (m / (1 - 0.9**count)) / (jnp.sqrt(s / (1 - 0.99**count)) + 1e-8)
            ),
            p, mean, square,
        )  # fmt: skip
        return (p, mean, square, count), value

    zeros = jax.tree.map(jnp.zeros_like, start)
    states: dict[str, Any] = {"SGD": start, "AdamW": (start, zeros, zeros, 0.0)}
    many = {name: jax.jit(lambda s, rows, step=step: jax.lax.scan(step, s, rows))
            for name, step in (("SGD", sgd), ("AdamW", adamw))}  # fmt: skip
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in many}
    chance = np.random.default_rng(0)
    for _ in range(options.rounds):
        for name, run in many.items():
            rows = jnp.asarray(chance.integers(0, EXAMPLES, (options.steps, BATCH)))
            wall, processor = time.perf_counter(), time.process_time()
            states[name], values = run(states[name], rows)
            jax.block_until_ready((states[name], values))
            taken[name].append((time.perf_counter() - wall, time.process_time() - processor))
    print(f"jax {jax.__version__}, {options.steps} steps a call, batch {BATCH}")
    for name, found in taken.items():
        wall, processor = (
            statistics.median(one[i] for one in found[1:]) / options.steps * 1e6 for i in (0, 1)
        )
        print(f"whole step ({name}) {wall:8.1f} µs on the clock, {processor:6.1f} of a processor")


if __name__ == "__main__":
    main()
