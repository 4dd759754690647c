"""Models that were published, by name: downloaded once, checked, kept.

Each is one file of weights at a fixed revision. Its settings are those of the preset of its name,
and its tokens come with the package. Of gpt2 and gpt2-xl the SHA-256 is known; of the others it
could not be established, and what is checked is that the file has the tensors in their shapes.
"""

from __future__ import annotations

from hornbook.interchange.hugging_face.weights import SafetensorsWeights
from hornbook.interchange.json_files import Config
from hornbook.interchange.sources import Model
from hornbook.sources.downloads import Progress, Remote, fetch
from hornbook.text.models.presets import GPT2_PRESETS

__all__ = ["PUBLISHED", "fetched_model"]

HOME = "https://huggingface.co/openai-community/{}/resolve/{}/model.safetensors"
REVISIONS = {
    "gpt2": "607a30d783dfa663caf39e06633721c8d4cfcd7e",
    "gpt2-medium": "6dcaa7a952f72f9298047fd5137cd6e4f05f41da",
    "gpt2-large": "32b71b12589c2f8d625668d2335a01cac3249519",
    "gpt2-xl": "15ea56dee5df4983c59b2538573817e1667135e2",
}
SUMS = {
    "gpt2": "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707",
    "gpt2-xl": "0f8b28eb05a8075f48b61b6f35332978c74fc7763fa9fb4051a1c30511736a6a",
}
SIZES = {"gpt2": 548_105_171}
"Bytes, where they are known."

PUBLISHED = {
    name: Remote(
        f"the model {name}",
        HOME.format(name, revision),
        f"{name}.safetensors",
        SIZES.get(name),
        SUMS.get(name),
    )
    for name, revision in REVISIONS.items()
}


def fetched_model(name: str, progress: Progress | None = None) -> Model:
    """A published model, downloaded if it is not here yet.

    Args:
        name: one of PUBLISHED.
        progress: called with bytes done and bytes in all while it is fetched.

    Raises:
        DownloadError: if it cannot be fetched, or is not that model.
        DataError: if the file is not whole.
    """
    path = fetch(PUBLISHED[name], progress)
    shape = GPT2_PRESETS[name].settings
    values = {
        "model_type": "gpt2",
        **{key: shape[key] for key in ("n_layer", "n_head", "n_embd")},
        "n_positions": shape["block_size"],
        "vocab_size": 50_257,
    }
    return Model(name, SafetensorsWeights([path]), Config(name, values), path.parent)
