"""GPT-2 as Hugging Face keeps it (`GPT2LMHeadModel`), and as GGUF does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hornbook.interchange.architectures.gpt_names import GPTNames
from hornbook.interchange.architectures.recipe import Layout, Piece, Recipe, rows, same, transposed
from hornbook.interchange.json_files import Config
from hornbook.text.models.gpt import GPTSettings
from hornbook.text.models.presets import GPT2_PARTS

__all__ = ["GPT2_NEEDS", "gpt2_config", "gpt2_recipe", "gpt2_settings"]

ACTIVATIONS = {
    "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu", "relu": "relu",
}  # fmt: skip
GPT2_NEEDS: Mapping[str, tuple[Any, ...]] = {
    "position": ("learned",),
    "norm": ("layer",),
    "feed_forward": ("gelu_tanh", "gelu", "relu"),
    "tied": (True,),
}
"What a net must have to be one of these, beside what every architecture asks for."
MASKS = re.compile(r"(?:transformer\.)?h\.\d+\.attn\.(?:bias|masked_bias)")
"Masks that older files have beside the weights."


def gpt2_settings(config: Config) -> dict[str, Any]:
    """The settings of the family gpt that such a model has.

    Raises:
        DataError: if it has something that the family has not.
    """
    config.must_be("activation_function", *ACTIVATIONS, usual="gelu_new")
    config.must_be("scale_attn_weights", True, usual=True)
    config.must_be("scale_attn_by_inverse_layer_idx", False, usual=False)
    config.must_be("add_cross_attention", False, usual=False)
    config.must_be("tie_word_embeddings", True, usual=True)
    n_embd, n_head = config.size("n_embd", 768), config.size("n_head", 12)
    n_inner, eps = config.size("n_inner", 4 * n_embd), config.epsilon("layer_norm_epsilon", 1e-5)
    activation = config.get("activation_function", str, "gelu_new")
    return {
        **GPT2_PARTS,
        "block_size": config.size("n_positions", 1024),
        "n_layer": config.size("n_layer", 12),
        "n_head": n_head,
        "n_embd": n_embd,
        "feed_forward": ACTIVATIONS[activation],
        "n_hidden": 0 if n_inner == 4 * n_embd else n_inner,
        "norm_eps": 0.0 if eps == 1e-5 else eps,  # LayerNorm's own
        "dropout": 0.0,
    }


def gpt2_config(settings: GPTSettings, vocab_size: int) -> dict[str, Any]:
    """What Hugging Face says of a net with these settings; `gpt2_settings` reads it."""
    s, hidden = settings, settings.hidden
    names = {ours: theirs for theirs, ours in reversed(ACTIVATIONS.items())}
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": vocab_size,
        "n_positions": s.block_size,
        "n_embd": s.n_embd,
        "n_layer": s.n_layer,
        "n_head": s.n_head,
        "n_inner": hidden,
        "activation_function": names[s.feed_forward],
        "layer_norm_epsilon": s.norm_eps or 1e-5,
        "embd_pdrop": s.dropout,
        "attn_pdrop": s.dropout,
        "resid_pdrop": s.dropout,
        "tie_word_embeddings": True,
    }


def gpt2_recipe(
    layout: Layout, config: Config, settings: GPTSettings, names: GPTNames, vocab_size: int
) -> Recipe:
    """How its parameters become ours.

    Args:
        layout: the file's.
        config: the file's.
        settings: of our net; a shorter block size takes the first positions.
        names: of our parameters.
        vocab_size: of our net; a smaller one takes the first tokens.
    """
    gguf, root = layout.gguf, layout.root
    c, v = settings.n_embd, config.size("vocab_size", 50_257)
    hidden = settings.hidden
    word, place, last = ("token_embd", "position_embd", "output_norm") if gguf else (
        "wte", "wpe", "ln_f"
    )  # fmt: skip

    def linear(name: str, given: int, gives: int) -> dict[str, list[Piece]]:
        """Weight and bias of a linear layer."""
        shape, turn = ((gives, given), same) if gguf else ((given, gives), transposed)
        return {
            "weight": [Piece(f"{name}.weight", shape, turn)],
            "bias": [Piece(f"{name}.bias", (gives,))],
        }

    def norm(name: str) -> dict[str, list[Piece]]:
        """Gain and bias of LayerNorm."""
        return {one: [Piece(f"{name}.{one}", (c,))] for one in ("weight", "bias")}

    embedding = [Piece(f"{root}{word}.weight", (v, c), rows(vocab_size))]
    positions = config.size("n_positions", 1024)
    parts: dict[str, list[Piece]] = {
        f"{names.embedding}.weight": embedding,
        f"{names.head}.weight": embedding,
        f"{names.positions}.weight": [
            Piece(f"{root}{place}.weight", (positions, c), rows(settings.block_size))
        ],
    }
    groups = {names.norm: norm(f"{root}{last}")}
    for at, own in enumerate(names.blocks):
        begin = f"blk.{at}." if gguf else f"{root}h.{at}."
        theirs = GGUF if gguf else HUGGING_FACE
        groups |= {
            own.attention_norm: norm(begin + theirs["attention_norm"]),
            own.qkv: linear(begin + theirs["qkv"], c, 3 * c),
            own.projection: linear(begin + theirs["projection"], c, c),
            own.feed_forward_norm: norm(begin + theirs["feed_forward_norm"]),
            own.first: linear(begin + theirs["first"], c, hidden),
            own.last: linear(begin + theirs["last"], hidden, c),
        }
    for ours, group in groups.items():
        parts |= {f"{ours}.{one}": pieces for one, pieces in group.items()}
    head = "output.weight" if gguf else "lm_head.weight"
    return Recipe(
        parts,
        unused=lambda name: MASKS.fullmatch(name) is not None,
        copies={head: embedding[0].name},
    )


HUGGING_FACE = {
    "attention_norm": "ln_1",
    "qkv": "attn.c_attn",
    "projection": "attn.c_proj",
    "feed_forward_norm": "ln_2",
    "first": "mlp.c_fc",
    "last": "mlp.c_proj",
}
GGUF = {
    "attention_norm": "attn_norm",
    "qkv": "attn_qkv",
    "projection": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "first": "ffn_up",
    "last": "ffn_down",
}
