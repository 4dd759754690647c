"""Files of byte pairs that say more than ours: several patterns, tokens found first, any order."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from hornbook.tokenizers.splitting import PATTERNS
from tests.token_files_made import LINES

__all__ = ["SPLITS", "fuzzed", "merges_file"]

MORE = [*LINES, "in 1984 and 2026, it's 12345 café 中文 don't\n\n  go"] * 3
BY_GPT2 = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
BYTES_ALONE = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
SPLITS: dict[str, list[Any]] = {
    "gpt-2": [BY_GPT2],
    "smollm": [pre_tokenizers.Digits(individual_digits=True), BY_GPT2],
    "llama-bpe": [pre_tokenizers.Split(Regex(PATTERNS["llama3"]), "isolated"), BYTES_ALONE],
    "qwen2": [pre_tokenizers.Split(Regex(PATTERNS["qwen"]), "isolated"), BYTES_ALONE],
}
"By llama.cpp's names."
ALPHABET = [
    *"aabbeehlnotrs ETI'.,-0123459\n\t\r", " ", "  ", "é", "e\u0301", "中", "文", "ſ", "\u00a0",
    "\u2028", "👨‍👩‍👧", "²", "٣", "<tool>", "<|endoftext|>", "[x]", " anna", " that", "1984", "'ll",
]  # fmt: skip


@cache
def merges_file(split: str) -> bytes:
    """A `tokenizer.json`: special tokens first, as SmolLM2 has them, and text found as a whole.

    The last third of its pairs is joined before the others, and one token comes about by none.
    """
    made = Tokenizer(models.BPE())
    steps = SPLITS[split]
    made.pre_tokenizer = steps[0] if len(steps) == 1 else pre_tokenizers.Sequence(steps)
    made.train_from_iterator(
        MORE,
        trainers.BpeTrainer(
            vocab_size=340, show_progress=False, special_tokens=["<|endoftext|>", "<pad>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )  # fmt: skip
    value = json.loads(made.to_str())
    model = value["model"]
    model["ignore_merges"] = split == "llama-bpe"
    model["vocab"]["Tobe"] = len(model["vocab"])
    third = len(model["merges"]) * 2 // 3
    model["merges"] = [*model["merges"][third:], *model["merges"][:third]]
    made = Tokenizer.from_str(json.dumps(value))
    made.add_tokens(["<tool>", "[x]"])
    return str(made.to_str()).encode()


def fuzzed(count: int, seed: int = 0) -> list[str]:
    """Texts of what files cut in different ways."""
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(ALPHABET, rng.integers(1, 40))) for _ in range(count)]


def library(data: bytes) -> Any:
    """What the library makes of a file, special tokens read as text."""
    made = Tokenizer.from_str(data.decode())
    made.encode_special_tokens = True
    return made
