"""Steps in ONNX, run by onnxruntime, against the nets that they were written of."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from hornbook.nn import BatchNorm1d
from hornbook.tokenizers.contract import Vocabulary
from tests.test_models import STEPWISE, VARIANTS, build, world

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def stirred(variant: str, vocabulary: Vocabulary | None = None) -> Any:
    """A net whose parameters and statistics are away from zeros and ones."""
    model = build(variant, vocabulary or world("text")[0].vocabulary).eval()
    generator = torch.Generator().manual_seed(9)
    grows = "identity" in VARIANTS[variant][1]  # and with it what rounding does
    for p in model.parameters():
        p.data.add_(torch.randn(p.shape, generator=generator) * (0.02 if grows else 0.3))
    for part in model.modules():
        if isinstance(part, BatchNorm1d):
            part.running_mean.normal_(generator=generator)
            part.running_var.uniform_(0.5, 2, generator=generator)
    return model


def session_of(model: Any) -> Any:
    from hornbook.interchange.onnx.steps import step_of

    graph, logits = step_of(model)
    made = graph.model(logits, {"about": "a test"}, "0")
    onnx.checker.check_model(made, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(made.SerializeToString(), options)


def begun(session: Any, batch: int) -> dict[str, Any]:
    """The state before the first token, as the file says it."""
    told = json.loads(session.get_modelmeta().custom_metadata_map["states"])
    return {
        name: np.full(
            [batch if n == "batch" else n for n in one["shape"]], one["fill"], one["type"]
        )
        for name, one in told.items()
    }


def stepped(session: Any, ids: npt.NDArray[np.int64], **more: Any) -> npt.NDArray[np.float32]:
    """Logits (T, B, V) of ids (B, T), read one by one."""
    outputs = [one.name for one in session.get_outputs()]
    state = begun(session, len(ids))
    found = []
    for column in ids.T:
        logits, *after = session.run(outputs, {"token": column, **more, **state})
        names = (f"state.{name.removeprefix('next.')}" for name in outputs[1:])
        state = dict(zip(names, after, strict=True))
        found.append(logits)
    return np.stack(found)


@pytest.mark.parametrize(
    "variant", ["bigram", "mlp", "gpt", "gpt lecture's last", "lstm window", "wavenet gated"]
)
def test_what_is_given_is_an_input(variant: str) -> None:
    vocabulary = replace(world("lines")[0].vocabulary, given=(3, 4))
    model = stirred(variant, vocabulary)
    ids = np.random.default_rng(0).integers(0, vocabulary.size, (2, 3 * model.block_size))
    given = np.array([[2, 0], [1, 3]])
    logits, state = model.start(ids[:, :1], given)
    ours = [logits]
    for column in ids.T[1:]:
        logits, state = model.step(column, state)
        ours.append(logits)
    theirs = stepped(session_of(model), ids, given=given)
    np.testing.assert_allclose(theirs, np.stack(ours), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("variant", STEPWISE)
def test_a_long_row_has_the_same_logits(variant: str) -> None:
    model = stirred(variant)
    length = min(2 * model.block_size + 7, 150)
    ids = np.random.default_rng(0).integers(0, model.vocabulary.size, (2, length))
    state: Any = None
    ours = []
    for column in ids.T:
        logits, state = model.step(column, state)
        ours.append(logits)
    theirs = stepped(session_of(model), ids)
    np.testing.assert_allclose(theirs, np.stack(ours), rtol=1e-5, atol=1e-5)
