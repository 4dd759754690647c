"""What a GGUF file says of its model, by the names that Hugging Face gives the same settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hornbook.errors import DataError
from hornbook.interchange.gguf.weights import GGUFWeights
from hornbook.interchange.json_files import Config, shown

__all__ = ["OWN_TIED", "config_of_gguf"]

OWN_TIED = "hornbook.tied"
"True in a file of ours of a tied net, whose output layer may have rows of its own for more tokens."

NAMES = {
    "gpt2": {
        "n_positions": "gpt2.context_length",
        "n_embd": "gpt2.embedding_length",
        "n_layer": "gpt2.block_count",
        "n_head": "gpt2.attention.head_count",
        "n_inner": "gpt2.feed_forward_length",
        "layer_norm_epsilon": "gpt2.attention.layer_norm_epsilon",
    },
    "llama": {
        "max_position_embeddings": "llama.context_length",
        "hidden_size": "llama.embedding_length",
        "num_hidden_layers": "llama.block_count",
        "num_attention_heads": "llama.attention.head_count",
        "num_key_value_heads": "llama.attention.head_count_kv",
        "intermediate_size": "llama.feed_forward_length",
        "rms_norm_eps": "llama.attention.layer_norm_rms_epsilon",
        "rope_theta": "llama.rope.freq_base",
        "head_dim": "llama.attention.key_length",
    },
}
"By architecture, from Hugging Face's names to GGUF's."
ONE_OF: Mapping[str, tuple[Any, ...]] = {
    "llama.rope.scaling.type": ("none",),
    "llama.rope.scaling.factor": (1.0, 0.0, 1, 0),
    "llama.rope.scale_linear": (1.0, 0.0, 1, 0),
    "llama.attention.causal": (True,),
    "llama.expert_count": (0,),
}
"What must be so where it is said."


def config_of_gguf(weights: GGUFWeights) -> Config:
    """The settings of a model, its architecture as `model_type`.

    Raises:
        DataError: if it is of an architecture that is not known here, or has what we have not.
    """
    values, where = weights.values, weights.where
    kind = values.get("general.architecture")
    if not isinstance(kind, str) or kind not in NAMES:
        raise DataError(
            f"{where} cannot be imported: its architecture is {shown(kind)}; those that fit the "
            f"family gpt are {', '.join(NAMES)}."
        )
    names = NAMES[kind]
    said = Config(where, values)
    for name, allowed in ONE_OF.items():
        said.must_be(name, *allowed, usual=allowed[0])
    found = {key: values.get(name) for key, name in names.items()}
    word = weights.shapes.get("token_embd.weight", ())
    if len(word) != 2:
        raise DataError(
            f"{where} cannot be imported: token_embd.weight is missing, or is not a matrix."
        )
    found["vocab_size"] = word[0]
    found["model_type"] = kind
    if kind == "llama":
        tied = "output.weight" not in weights.shapes or values.get(OWN_TIED) is True
        found["tie_word_embeddings"] = tied
        size = Config(where, found, names).size("hidden_size") // Config(where, found, names).size(
            "num_attention_heads"
        )
        for name in ("llama.rope.dimension_count", "llama.attention.value_length"):
            said.must_be(name, size, usual=size)
    return Config(where, found, names)
