"""How a step is computed: in parts, in bfloat16, compiled. The numbers stay what they are."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from hornbook.errors import TrainingError
from hornbook.text.batch import Batch
from hornbook.text.batches import make_batches
from hornbook.text.models.network import Network
from hornbook.text.stream import encode_lines
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.training import TrainingSettings
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer
from tests.referee import close
from tests.test_models import Same, build, world

# What is padded, what is not, and a loss with a part that no prediction has (bigram l2).
IN_PARTS = ["mlp plain", "mlp relu layer norm", "gpt", "gru two layers", "lstm", "bow",
            "wavenet gated", "wavenet relu, no norm", "bigram l2"]  # fmt: skip


def trainer_of(model: Network, batch: Batch, **changes: Any) -> Trainer:
    settings = TrainingSettings(**{"steps": 10, "patience": 0, **changes})
    made = Trainer(model, Same(batch), settings, lambda: Evaluation({"dev": 0.0}))
    made.module.train()
    return made


def unequal(tokenizer: CharTokenizer, model: Network, rows: int) -> Batch:
    """Examples of very unequal lengths in one batch: parts with few predictions and with many."""
    words = ("bo", "isabellaoliviaemma", "ava", "mia", "ann", "sophiaamelia", "bo", "harper")
    stream = encode_lines(words[:rows], tokenizer)
    at, lengths = stream.pieces(64)
    if model.reads == "window":
        positions = np.arange(stream.first, stream.first + rows)
        return Batch(*stream.windows(positions, model.block_size))
    return Batch(*stream.rows(at, lengths))


# --- in parts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [8, 4])  # fewer rows than the five parts, too
@pytest.mark.parametrize("gradients", ["hand", "autograd"])
@pytest.mark.parametrize("variant", IN_PARTS)
def test_parts_add_up_to_the_whole(variant: str, gradients: str, rows: int) -> None:
    tokenizer, _ = world()
    found = []
    for parts in (1, 3, 5):
        model = build(variant, tokenizer.vocabulary).double()
        for p in model.parameters():
            p.data.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(9)) * 0.3)
        batch = unequal(tokenizer, model, rows)
        assert model.reads == "window" or (batch.targets < 0).any()
        made = trainer_of(model, batch, accumulate=parts, gradients=gradients)
        seen: list[torch.Tensor] = []
        made.optimizer.update = lambda rate, m=made, s=seen: s.append(m.flat.grads.clone())  # type: ignore[method-assign, misc]
        made.update()
        found.append((made.loss_sum, seen[0]))
    for loss, grads in found[1:]:
        assert loss == pytest.approx(found[0][0], rel=1e-12)
        close(grads, found[0][1], 1e-12)
    assert float(found[0][1].abs().max()) > 1e-3


@pytest.mark.parametrize("n", [1, 2, 3, 8, 13])
def test_shares_of_a_batch_sum_to_one_and_every_row_is_in_one_part(n: int) -> None:
    tokenizer, _ = world()
    for variant in ("gpt", "mlp"):
        batch = unequal(tokenizer, build(variant, tokenizer.vocabulary), 8)
        parts = [batch.part(i, n) for i in range(n)]
        assert sum(share for _, share in parts) == pytest.approx(1, abs=1e-15)
        np.testing.assert_array_equal(np.concatenate([p.inputs for p, _ in parts]), batch.inputs)
        np.testing.assert_array_equal(np.concatenate([p.targets for p, _ in parts]), batch.targets)
        for part, share in parts:
            assert share == (part.targets >= 0).sum() / (batch.targets >= 0).sum()


def test_a_part_without_predictions_is_left_out() -> None:
    # Of a text's first rows read as context alone; its mean would be 0 / 0.
    tokenizer, _ = world()
    model = build("gpt", tokenizer.vocabulary).double()
    whole = unequal(tokenizer, model, 4)
    whole.targets[:2] = -1
    made = trainer_of(model, whole, accumulate=2)
    made.update()
    assert np.isfinite(made.loss_sum)
    other = trainer_of(build("gpt", tokenizer.vocabulary).double(), whole)
    other.update()
    assert made.loss_sum == pytest.approx(other.loss_sum, rel=1e-12)


# --- in bfloat16 -------------------------------------------------------------------------------

LOW = ["mlp", "gpt", "gpt lecture's last", "gpt gelu, tied, capped", "gpt swiglu, no position",
       "bow", "bow softmax", "rnn", "rnn added", "gru", "lstm", "wavenet", "wavenet on windows",
       "wavenet gated"]  # fmt: skip


def losses(variant: str, mode: str, steps: int = 25, **changes: Any) -> list[float]:
    """The loss of each step."""
    tokenizer, stream = world(mode)
    torch.manual_seed(0)  # dropout's
    model = build(variant, tokenizer.vocabulary)
    batches = make_batches(
        stream, model.reads, block_size=model.block_size, batch_size=8, seed=3, lead=model.lead,
        mixed=model.mixed,
    )  # fmt: skip
    settings = TrainingSettings(steps=steps, learning_rate=0.01, patience=0, **changes)
    made = Trainer(model, batches, settings, lambda: Evaluation({"dev": 0.0}))
    made.module.train()
    found = []
    for _ in range(steps):
        made.loss_sum = 0.0
        made.update()
        found.append(made.loss_sum)
    assert all(p.dtype is torch.float32 for p in model.parameters())
    return found


@pytest.mark.parametrize("gradients", ["hand", "autograd"])
@pytest.mark.parametrize("variant", LOW)
def test_bfloat16_learns_as_float32_does(variant: str, gradients: str) -> None:
    mode = "text" if "gpt" in variant else "lines"
    whole = losses(variant, mode, gradients=gradients, precision="float32")
    low = losses(variant, mode, gradients=gradients, precision="bfloat16")
    assert np.mean(low[-5:]) < np.mean(low[:5]) - 0.05
    assert low == pytest.approx(whole, abs=0.03)
    assert low != whole  # or nothing was lowered


# --- compiled ----------------------------------------------------------------------------------


def compiler() -> str | None:
    """A C++ compiler, as torch looks for one."""
    return next((found for found in map(shutil.which, ("g++", "clang++", "c++")) if found), None)


@pytest.mark.skipif(compiler() is None, reason="torch.compile needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")  # what torch's compiler thinks of its own parts
def test_a_compiled_net_learns_the_same() -> None:
    # The smallest net: compiling takes half a minute, however small.
    def run(**changes: Any) -> list[float]:
        return losses("mlp plain", "text", 40, precision="float32", **changes)

    eager = run(gradients="autograd")
    assert run(gradients="autograd", compile=True) == pytest.approx(eager, abs=1e-4)
    assert np.mean(eager[-5:]) < np.mean(eager[:5]) - 0.05


def test_what_cannot_be_compiled_is_an_error_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch._dynamo.exc

    def broken(_: Callable[..., Any]) -> Callable[..., Any]:
        def fail(*_: Any) -> Any:
            raise torch._dynamo.exc.TorchDynamoException("CXX is /nowhere/g++\n\nmuch more")

        return fail

    monkeypatch.setattr(torch, "compile", broken)
    tokenizer, _ = world()
    model = build("mlp plain", tokenizer.vocabulary)
    made = trainer_of(model, unequal(tokenizer, model, 4), compile=True, gradients="autograd")
    with pytest.raises(TrainingError, match=r"/nowhere/g\+\+\n") as caught:
        made.update()
    assert "much more" not in caught.value.message
    assert "`compile`" in caught.value.hint
