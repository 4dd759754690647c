"""Published models as settings of the family gpt: the shapes of GPT-2 (Radford et al. 2019).

All four have the same parts, and 64 features a head. No torch here: the table of families has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hornbook.tasks.family import Preset

__all__ = ["GPT2_PARTS", "GPT2_PRESETS"]

GPT2_PARTS: Mapping[str, Any] = {
    "position": "learned",
    "norm": "layer",
    "feed_forward": "gelu_tanh",
    "qk_norm": False,
    "zero_init": False,
    "bias": True,
    "tied": True,
    "init_std": 0.02,
}
"What GPT-2 is made of, whatever its size."


def gpt2(n_layer: int, n_head: int, n_embd: int, parameters: int) -> Preset:
    """The preset of one size."""
    return Preset(
        f"GPT-2's shape: {n_layer} layers of {n_head} heads, n_embd {n_embd:,}; {parameters:,} "
        "parameters with its own tokens",
        settings={
            **GPT2_PARTS,
            "block_size": 1024,
            "n_layer": n_layer,
            "n_head": n_head,
            "n_embd": n_embd,
        },
        options={"tokens": "gpt2"},
        training={"optimizer": "adamw", "learning_rate": 6e-4, "batch_size": 8, "beta2": 0.95},
    )


GPT2_PRESETS: Mapping[str, Preset] = {
    "gpt2": gpt2(12, 12, 768, 124_439_808),
    "gpt2-medium": gpt2(24, 16, 1024, 354_823_168),
    "gpt2-large": gpt2(36, 20, 1280, 774_030_080),
    "gpt2-xl": gpt2(48, 25, 1600, 1_557_611_200),
}
