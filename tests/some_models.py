"""Small models with random weights in the layouts of others, written without their libraries."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch
from safetensors.torch import save_file
from torch import Tensor

from hornbook.tokenizers.byte_pair_learning import sign_of_byte

GPT2: dict[str, Any] = {
    "model_type": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 8, "n_positions": 16,
    "vocab_size": 256, "activation_function": "gelu_new",
}  # fmt: skip
LLAMA: dict[str, Any] = {
    "model_type": "llama", "hidden_size": 24, "intermediate_size": 20, "num_hidden_layers": 2,
    "num_attention_heads": 6, "num_key_value_heads": 2, "max_position_embeddings": 16,
    "vocab_size": 256, "rms_norm_eps": 1e-5, "rope_theta": 500.0, "tie_word_embeddings": False,
}  # fmt: skip


def gpt2_weights(config: Mapping[str, Any] = GPT2) -> dict[str, Tensor]:
    """Random weights as `GPT2LMHeadModel` has them."""
    c, made = config["n_embd"], torch.Generator().manual_seed(1)
    shapes: dict[str, tuple[int, ...]] = {
        "wte.weight": (config["vocab_size"], c),
        "wpe.weight": (config["n_positions"], c),
    }
    for at in range(config["n_layer"]):
        for name, given, gives in (
            ("attn.c_attn", c, 3 * c), ("attn.c_proj", c, c), ("mlp.c_fc", c, 4 * c),
            ("mlp.c_proj", 4 * c, c),
        ):  # fmt: skip
            shapes[f"h.{at}.{name}.weight"] = (given, gives)
            shapes[f"h.{at}.{name}.bias"] = (gives,)
        for name in ("ln_1", "ln_2"):
            shapes |= {f"h.{at}.{name}.{one}": (c,) for one in ("weight", "bias")}
    shapes |= {f"ln_f.{one}": (c,) for one in ("weight", "bias")}
    return {
        f"transformer.{n}": torch.randn(shape, generator=made) / 3 for n, shape in shapes.items()
    }


def llama_weights(config: Mapping[str, Any] = LLAMA) -> dict[str, Tensor]:
    """Random weights as `LlamaForCausalLM` has them."""
    c, hidden, made = config["hidden_size"], config["intermediate_size"], torch.Generator()
    made.manual_seed(2)
    size = c // config["num_attention_heads"]
    kv, v = config["num_key_value_heads"] * size, config["vocab_size"]
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens": (v, c), "model.norm": (c,)}
    if not config["tie_word_embeddings"]:
        shapes["lm_head"] = (v, c)
    for at in range(config["num_hidden_layers"]):
        own = {
            "input_layernorm": (c,), "self_attn.q_proj": (c, c), "self_attn.k_proj": (kv, c),
            "self_attn.v_proj": (kv, c), "self_attn.o_proj": (c, c),
            "post_attention_layernorm": (c,), "mlp.gate_proj": (hidden, c),
            "mlp.up_proj": (hidden, c), "mlp.down_proj": (c, hidden),
        }  # fmt: skip
        shapes |= {f"model.layers.{at}.{name}": shape for name, shape in own.items()}
    return {f"{n}.weight": torch.randn(shape, generator=made) / 3 for n, shape in shapes.items()}


def write_model(folder: Path, config: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Path:
    """A folder in Hugging Face's layout."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file({name: t.contiguous() for name, t in weights.items()}, folder / "model.safetensors")
    return folder


TYPES = {"<f4": 0, "<f2": 1, "<f8": 28}
VALUES = {int: (4, "<I"), float: (6, "<f")}


def gguf_text(text: str) -> bytes:
    """A text after its length."""
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def gguf_value(value: Any) -> bytes:
    """A value after its type."""
    if isinstance(value, str):
        return struct.pack("<I", 8) + gguf_text(value)
    if isinstance(value, list):
        kind = {str: 8, float: 6}.get(type(value[0]), 5)
        form = "<f" if kind == 6 else "<i"
        inner = [gguf_text(one) if kind == 8 else struct.pack(form, one) for one in value]
        return struct.pack("<IIQ", 9, kind, len(value)) + b"".join(inner)
    kind, form = VALUES[type(value)]
    return struct.pack("<I", kind) + struct.pack(form, value)


def gguf_bytes(
    values: Mapping[str, Any], tensors: Mapping[str, npt.NDArray[Any]], version: int = 3
) -> bytes:
    """A GGUF file."""
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(values))
    head += b"".join(gguf_text(name) + gguf_value(value) for name, value in values.items())
    body = b""
    for name, array in tensors.items():
        shape = tuple(reversed(array.shape))
        head += gguf_text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        head += struct.pack("<IQ", TYPES[array.dtype.str], len(body))
        body += array.tobytes()
        body += b"\0" * (-len(body) % 32)
    return head + b"\0" * (-len(head) % 32) + body


def byte_tokens(how: str = "gpt-2") -> dict[str, Any]:
    """What a GGUF file says of tokens that are the 256 bytes, one pair, and a special one."""
    signs = sign_of_byte()
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": how,
        "tokenizer.ggml.tokens": [*(signs[byte] for byte in range(256)), "to", "<|endoftext|>"],
        "tokenizer.ggml.token_type": [1] * 257 + [3],
        "tokenizer.ggml.merges": ["t o"],
    }


def llama_gguf(
    kind: str = "<f4", changes: Mapping[str, Any] | None = None, tokens: int = 258
) -> bytes:
    """The same Llama as a GGUF file, with more tokens; `changes` are of what it says."""
    config = {**LLAMA, "vocab_size": tokens}
    weights = llama_weights(config)
    names = {
        "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
        "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    }  # fmt: skip
    tensors = {}
    for name, tensor in weights.items():
        at, _, inner = name.removeprefix("model.layers.").partition(".")
        layer = name.startswith("model.layers.")
        own = inner if layer else name
        array = tensor.numpy()
        if own.startswith(("self_attn.q", "self_attn.k")):  # llama.cpp has neighbours as pairs
            array = array.reshape(-1, 2, 2, 24).swapaxes(1, 2).reshape(array.shape)
        theirs = f"{names[own.removesuffix('.weight')]}.weight"
        tensors[f"blk.{at}.{theirs}" if layer else theirs] = array.astype(kind)
    values = {
        "general.architecture": "llama",
        "llama.context_length": 16,
        "llama.embedding_length": 24,
        "llama.block_count": 2,
        "llama.attention.head_count": 6,
        "llama.attention.head_count_kv": 2,
        "llama.feed_forward_length": 20,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.freq_base": 500.0,
        **byte_tokens(),
        **(changes or {}),
    }
    return gguf_bytes({k: v for k, v in values.items() if v is not None}, tensors)


def write_models(folder: Path) -> Path:
    """Write a GPT-2 and a Llama in Hugging Face's layout, and the same Llama as GGUF."""
    write_model(folder / "gpt2", GPT2, gpt2_weights())
    write_model(folder / "llama", LLAMA, llama_weights())
    (folder / "llama.gguf").write_bytes(llama_gguf())
    return folder
