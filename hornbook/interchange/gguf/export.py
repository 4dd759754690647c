"""`export` to gguf: a file for llama.cpp and what is made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.extras import needing
from hornbook.interchange.carried import carried
from hornbook.interchange.fixed import FixedSettings, told_of_fixed
from hornbook.interchange.folders import whole_file
from hornbook.interchange.formats import Exported
from hornbook.interchange.gguf.config import NAMES, OWN_TIED
from hornbook.interchange.gguf.rows import UnlikelyRow, unlikely_row
from hornbook.interchange.gguf.tokens import GGUFTokens, gguf_tokens
from hornbook.interchange.leaving import Leaving, leaving
from hornbook.interchange.tokens import OWN_TOKENS
from hornbook.outputs import writable_format
from hornbook.records import JSON
from hornbook.runs import Run
from hornbook.tensor_files import Deferred
from hornbook.tokenizers.kinds import described
from hornbook.version import __version__

__all__ = ["GGUF"]

HAS = {"feed_forward": ("gelu_tanh", "swiglu")}
"llama.cpp computes one GELU: GPT-2's."
EMBEDDING, HEAD = "token_embd.weight", "output.weight"


class GGUF:
    """Writes nets shaped as GPT-2 or Llama for llama.cpp."""

    options = FixedSettings

    def write(self, run: Run, out: str | None, settings: FixedSettings) -> Exported:
        """Write the file of a run.

        Raises:
            SettingsError: if it is of another shape, or llama.cpp could not read its tokens.
            MissingPackageError: if the package gguf is not installed.
            RunError: if the file cannot be written.
        """
        path = Path(out if out is not None else f"{run.path.absolute().name}.gguf")
        writable_format(path, "gguf")
        model = leaving(run, "GGUF", settings.condition, gguf=True, fewer=HAS)
        tokens = gguf_tokens(run.data.tokenizer)
        tensors, added = model.tensors, []
        if tokens.more:
            unlikely = unlikely_row(run, model.net)
            tensors = with_tokens(tensors, unlikely, tokens.more)
            added = [added_told(run, unlikely, tokens.more)]
        with whole_file(path) as aside:
            write_gguf(aside, run, model, tokens, tensors)
            size = aside.stat().st_size
        figures: dict[str, JSON] = {
            "format": "gguf",
            "architecture": model.kind,
            "bytes": size,
            "parameters": model.net.n_parameters,
            "tokens": len(tokens.names),
            "added": tokens.more,
            "holds": carried(run.data.tokenizer),
        }
        fixed = told_of_fixed(run, settings.condition)
        said = [f"{size / 1e6:.2f} MB in float32, of llama.cpp's architecture {model.kind}."]
        if model.kind == "llama":
            said.append(
                f"Up to {run.model.block_size:,} tokens it gives what the run gives. Beyond, the "
                "run sees the last of them only, and Llama all."
            )
        return Exported(path, figures, [*said, *fixed, *added, *carried(run.data.tokenizer)])


def write_gguf(
    path: Path, run: Run, model: Leaving, tokens: GGUFTokens, tensors: Mapping[str, Deferred]
) -> None:
    """Write the file; one tensor is in memory at a time."""
    with needing("gguf", "Writing GGUF"):
        import gguf
    writer = gguf.GGUFWriter(path, model.kind)
    writer.add_string("hornbook.version", __version__)
    writer.add_name(run.data.name)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    describe(writer, run, model, len(tokens.names))
    describe_tokens(writer, tokens)
    own = json.dumps(described(run.data.tokenizer), ensure_ascii=True, allow_nan=False)
    writer.add_string(OWN_TOKENS, own)
    writer.add_bool(OWN_TIED, model.net.settings.tied)
    for name, one in tensors.items():
        writer.add_tensor_info(name, one.shape, one.dtype, one.nbytes)
    try:
        writer.write_header_to_file(path)
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for one in tensors.values():
            writer.write_tensor_data(np.asarray(one))
    finally:
        writer.close()


def describe(writer: Any, run: Run, model: Leaving, vocab_size: int) -> None:
    """Write the settings, by the names that the import reads."""
    for key, name in NAMES[model.kind].items():
        value = model.config[key]
        if isinstance(value, float):
            writer.add_float32(name, value)
        else:
            writer.add_uint32(name, value)
    writer.add_vocab_size(vocab_size)
    if model.kind == "llama":
        writer.add_rope_dimension_count(model.config["head_dim"])
        writer.add_value_length(model.config["head_dim"])


def describe_tokens(writer: Any, tokens: GGUFTokens) -> None:
    """Write the vocabulary."""
    writer.add_tokenizer_model(tokens.kind)
    if tokens.split:
        writer.add_tokenizer_pre(tokens.split)
    writer.add_token_list(tokens.names)
    writer.add_token_types(tokens.types)
    if tokens.kind == "llama":
        writer.add_token_scores([0.0] * len(tokens.names))
    elif tokens.merges:
        writer.add_token_merges(tokens.merges)
    writer.add_bos_token_id(tokens.end)
    writer.add_eos_token_id(tokens.end)
    writer.add_add_bos_token(tokens.begins)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)


def with_more_rows(tensor: Deferred, row: npt.NDArray[np.float32], more: int) -> Deferred:
    """A tensor (V, C) with some rows more, all alike."""

    def make() -> npt.NDArray[Any]:
        return np.concatenate([np.asarray(tensor), np.repeat(row[None], more, axis=0)])

    count, *rest = tensor.shape
    return Deferred((count + more, *rest), tensor.dtype, make)


def with_tokens(
    tensors: Mapping[str, Deferred], unlikely: UnlikelyRow, more: int
) -> dict[str, Deferred]:
    """A net's tensors with rows for more tokens; a head that was tied is written by itself."""
    embedding = tensors[EMBEDDING]
    head = tensors.get(HEAD, embedding)
    known = np.asarray(embedding)[unlikely.like]
    return {
        **tensors,
        EMBEDDING: with_more_rows(embedding, known, more),
        HEAD: with_more_rows(head, unlikely.row, more),
    }


def added_told(run: Run, unlikely: UnlikelyRow, more: int) -> str:
    """What was added to the vocabulary, as a sentence."""
    each = "1 token" if more == 1 else f"{more} tokens"
    odds = more * unlikely.share
    label = run.data.tokenizer.label(unlikely.like)
    why = "with logits far below all others" if unlikely.found else f"each as likely as {label}"
    return (
        f"{each} that llama.cpp must have and the net has not {'was' if more == 1 else 'were'} "
        f"added, {why}: {odds / (1 + odds):.2g} of what is drawn at temperature 1."
    )
