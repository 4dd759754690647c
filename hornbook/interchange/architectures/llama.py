"""Llama and what is made like it (SmolLM2, TinyLlama), as Hugging Face keeps it, and as GGUF does.

Rotary positions turn pairs of features. Hugging Face pairs feature i of a head with i + D/2; here,
as in the paper and in GGUF, neighbours are a pair. The rows of queries and keys are put in that
order once, when a model is imported, and attention gives the same: it sums over features.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hornbook.errors import DataError
from hornbook.interchange.architectures.gpt_names import GPTNames
from hornbook.interchange.architectures.recipe import Layout, Piece, Recipe, rows, same
from hornbook.interchange.json_files import Config
from hornbook.text.models.gpt import GPTSettings

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["LLAMA_NEEDS", "llama_config", "llama_recipe", "llama_settings"]

LLAMA_NEEDS: Mapping[str, tuple[Any, ...]] = {
    "position": ("rotary",),
    "norm": ("rms",),
    "feed_forward": ("swiglu",),
    "bias": (False,),
}
"What a net must have to be one of these, beside what every architecture asks for."
FREQUENCIES = re.compile(r"(?:model\.)?layers\.\d+\.self_attn\.rotary_emb\.inv_freq")
"Angles that older files have beside the weights."


def llama_settings(config: Config) -> dict[str, Any]:
    """The settings of the family gpt that such a model has.

    Raises:
        DataError: if it has something that the family has not.
    """
    config.must_be("hidden_act", "silu", usual="silu")
    config.must_be("attention_bias", False, usual=False)
    config.must_be("mlp_bias", False, usual=False)
    n_embd, n_head = config.size("hidden_size"), config.size("num_attention_heads")
    n_kv_head = config.size("num_key_value_heads", n_head)
    config.must_be("head_dim", n_embd // n_head, usual=n_embd // n_head)
    config.must_be("partial_rotary_factor", 1.0, 1, usual=1.0)
    eps = config.epsilon("rms_norm_eps", 1e-6)
    return {
        "block_size": config.size("max_position_embeddings"),
        "n_layer": config.size("num_hidden_layers"),
        "n_head": n_head,
        "n_kv_head": 0 if n_kv_head == n_head else n_kv_head,
        "n_embd": n_embd,
        "rotary_base": rotary_base(config),
        "norm_gain": True,
        "norm_eps": 0.0 if eps == 1e-6 else eps,  # RMSNorm's own
        "feed_forward": "swiglu",
        "n_hidden": config.size("intermediate_size"),
        "qk_norm": False,
        "zero_init": False,
        "tied": config.get("tie_word_embeddings", bool, False),
        "dropout": 0.0,
    }


def llama_config(settings: GPTSettings, vocab_size: int) -> dict[str, Any]:
    """What Hugging Face says of a net with these settings; `llama_settings` reads it."""
    s = settings
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "vocab_size": vocab_size,
        "hidden_size": s.n_embd,
        "intermediate_size": s.hidden,
        "num_hidden_layers": s.n_layer,
        "num_attention_heads": s.n_head,
        "num_key_value_heads": s.n_kv_head or s.n_head,
        "head_dim": s.n_embd // s.n_head,
        "hidden_act": "silu",
        "max_position_embeddings": s.block_size,
        "rms_norm_eps": s.norm_eps or 1e-6,
        "rope_theta": s.rotary_base,
        "rope_parameters": {"rope_type": "default", "rope_theta": s.rotary_base},
        "attention_bias": False,
        "mlp_bias": False,
        "attention_dropout": s.dropout,
        "tie_word_embeddings": s.tied,
    }


def rotary_base(config: Config) -> float:
    """The base of the angles, which stands by itself or in an object.

    Raises:
        DataError: if the angles are scaled.
    """
    bases = [config]
    for key in ("rope_parameters", "rope_scaling"):
        held = config.values.get(key)
        if held is None:
            continue
        if not isinstance(held, dict):
            raise DataError(f"{config.where} cannot be imported: {key} must be an object or null.")
        own = Config(config.where, held)
        for kind in ("rope_type", "type"):
            own.must_be(kind, "default", usual="default")
        own.must_be("partial_rotary_factor", 1.0, 1, usual=1.0)
        bases.append(own)
    found = [one.get("rope_theta", float) for one in bases
             if one.values.get("rope_theta") is not None]  # fmt: skip
    if len(set(found)) > 1:
        told = " and ".join(map(str, found))
        raise DataError(f"{config.where} cannot be imported: it has several rope_theta, {told}.")
    return found[0] if found else 10_000.0


def llama_recipe(
    layout: Layout, config: Config, settings: GPTSettings, names: GPTNames, vocab_size: int
) -> Recipe:
    """How its parameters become ours; the arguments are those of `gpt2_recipe`."""
    gguf, root = layout.gguf, layout.root
    c, v, hidden = settings.n_embd, config.size("vocab_size"), settings.hidden
    size = c // settings.n_head
    kv = (settings.n_kv_head or settings.n_head) * size
    theirs = GGUF if gguf else HUGGING_FACE
    layer = "blk.{}." if gguf else root + "layers.{}."

    def piece(name: str, *shape: int, turn: Callable[[Tensor], Tensor] = same) -> Piece:
        return Piece(f"{name}.weight", shape, turn)

    pairs = same if gguf else neighbours(size)
    embedding = piece(theirs["embedding"] if gguf else root + "embed_tokens", v, c,
                      turn=rows(vocab_size))  # fmt: skip
    head = piece(theirs["head"], v, c, turn=rows(vocab_size))
    parts = {
        names.embedding: [embedding],
        names.norm: [piece(theirs["norm"] if gguf else root + "norm", c)],
        names.head: [embedding if settings.tied else head],
    }
    for at, own in enumerate(names.blocks):
        begin = layer.format(at)
        parts |= {
            own.attention_norm: [piece(begin + theirs["attention_norm"], c)],
            own.qkv: [
                piece(begin + theirs["q"], c, c, turn=pairs),
                piece(begin + theirs["k"], kv, c, turn=pairs),
                piece(begin + theirs["v"], kv, c),
            ],
            own.projection: [piece(begin + theirs["projection"], c, c)],
            own.feed_forward_norm: [piece(begin + theirs["feed_forward_norm"], c)],
            own.first: [
                piece(begin + theirs["gate"], hidden, c),
                piece(begin + theirs["up"], hidden, c),
            ],
            own.last: [piece(begin + theirs["down"], c, hidden)],
        }
    return Recipe(
        {f"{name}.weight": pieces for name, pieces in parts.items()},
        unused=lambda name: FREQUENCIES.fullmatch(name) is not None,
        copies={head.name: embedding.name} if settings.tied else {},
    )


def neighbours(size: int) -> Callable[[Tensor], Tensor]:
    """Rows of heads of D features, of which i and i + D/2 are a pair, so that neighbours are."""

    def turn(weight: Tensor) -> Tensor:
        # (H·D, C) as (H, 2, D/2, C) to (H, D/2, 2, C)
        heads = weight.view(-1, 2, size // 2, weight.shape[1])
        return heads.transpose(1, 2).reshape(weight.shape)

    return turn


HUGGING_FACE = {
    "head": "lm_head",
    "attention_norm": "input_layernorm",
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "projection": "self_attn.o_proj",
    "feed_forward_norm": "post_attention_layernorm",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}
GGUF = {
    "embedding": "token_embd",
    "norm": "output_norm",
    "head": "output",
    "attention_norm": "attn_norm",
    "q": "attn_q",
    "k": "attn_k",
    "v": "attn_v",
    "projection": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}
