"""The nets that write: gradients by hand, steps, rows of unequal lengths, where they look."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hornbook.errors import SettingsError
from hornbook.pairs.batches import pair_batch
from hornbook.pairs.models.attention_rnn import AttentionRNN
from hornbook.pairs.models.contract import Shape
from hornbook.pairs.models.seq2seq import Seq2Seq, Seq2SeqSettings
from hornbook.pairs.models.sequence_net import SequenceNet
from hornbook.pairs.rows import IGNORED, Ids, PairBatch
from hornbook.tokenizers.contract import Vocabulary
from tests.referee import close, gradients, normal

ONE = Shape(Vocabulary(7, 0, 0), Vocabulary(7, 0, 0), shared=True)
TWO = Shape(Vocabulary(7, 0, 0), Vocabulary(5, 0, 0))
SMALL = {"n_layer": 1, "n_head": 2, "n_embd": 8}
NETS: dict[str, tuple[type[SequenceNet], dict[str, Any], Shape]] = {
    "transformer": (Seq2Seq, SMALL, ONE),
    "transformer, two vocabularies": (Seq2Seq, {**SMALL, "n_layer": 2, "dropout": 0.1}, TWO),
    "transformer, untied": (Seq2Seq, {**SMALL, "position": "both", "tied": False}, ONE),
    "transformer as the paper's": (
        Seq2Seq,
        {**SMALL, "position": "sinusoidal", "norm": "layer", "feed_forward": "relu", "bias": True,
         "qk_norm": False},
        TWO,
    ),
    "recurrent": (AttentionRNN, {"n_embd": 5, "n_hidden": 4, "n_attention": 3}, ONE),
    "recurrent, two layers and vocabularies": (
        AttentionRNN,
        {"n_embd": 5, "n_hidden": 4, "n_attention": 3, "n_layer": 2, "tied": False, "dropout": 0.1},
        TWO,
    ),
}  # fmt: skip
nets = pytest.mark.parametrize("name", NETS)


def made(name: str, shaken: float = 0.25) -> SequenceNet:
    """A net in float64, none of whose weights is as it starts."""
    kind, settings, shape = NETS[name]
    model = kind(kind.Settings(**settings), shape, torch.Generator().manual_seed(1)).double()  # type: ignore[call-arg]
    with torch.no_grad():
        for at, p in enumerate(model.parameters()):
            p.add_(shaken * normal(*p.shape, seed=at))
    return model


def some_pairs() -> tuple[list[Ids], list[Ids]]:
    sources = [[1, 2, 3, 0], [4, 0], [5, 6, 1, 2, 4, 0]]
    targets = [[3, 2, 0], [4, 4, 1, 0], [0]]
    return [np.array(one) for one in sources], [np.array(one) for one in targets]


def batch() -> PairBatch:
    return pair_batch(*some_pairs(), 0)


@nets
def test_gradients_by_hand_equal_autograds(name: str) -> None:
    model = made(name)
    parameters: list[torch.Tensor] = list(model.parameters())

    def by_hand() -> None:
        torch.manual_seed(3)  # of dropout
        model.loss_vjp(batch())[1]()

    def by_autograd() -> torch.Tensor:
        torch.manual_seed(3)
        return model.loss(batch())

    mine = gradients(by_autograd, parameters, by_hand=by_hand)
    theirs = gradients(by_autograd, parameters, by_hand=None)
    for one, other in zip(mine, theirs, strict=True):
        close(one, other, 1e-9)


@nets
@pytest.mark.parametrize("way", ["by hand", "by autograd"])
def test_products_in_bfloat16_give_about_the_same_gradients(name: str, way: str) -> None:
    model = made(name, shaken=0.03).float().eval()
    parameters: list[torch.Tensor] = list(model.parameters())
    found = []
    for low in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            by_hand = None if way == "by autograd" else lambda: model.loss_vjp(batch())[1]()
            one = gradients(lambda: model.loss(batch()), parameters, by_hand=by_hand)
        found.append(torch.cat([part.flatten() for part in one]))
    assert float((found[0] - found[1]).norm()) < 0.05 * float(found[0].norm())


@nets
def test_a_pair_costs_in_a_batch_what_it_costs_alone(name: str) -> None:
    model, (sources, targets) = made(name), some_pairs()
    losses = model.token_losses(*batch())
    assert losses.shape == (3, 4)
    for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
        alone = model.token_losses(*pair_batch([source], [target], 0))[0]
        np.testing.assert_allclose(losses[row, : len(target)], alone, rtol=1e-6)
        assert (losses[row, len(target) :] == 0).all()


@nets
def test_the_loss_is_the_mean_of_what_tokens_cost(name: str) -> None:
    model = made(name).eval()
    real = batch().targets != IGNORED
    expected = model.token_losses(*batch())[real].mean()
    with torch.no_grad():
        assert float(model.loss_vjp(batch())[0]) == pytest.approx(expected, rel=1e-6)


@nets
def test_steps_tell_what_the_whole_row_tells_also_for_places_picked(name: str) -> None:
    model, pairs = made(name), batch()
    expected, inputs = model.token_losses(*pairs), pairs.inputs
    state, places = model.read(pairs.sources), np.arange(3)
    for at in range(inputs.shape[1]):
        if at == 2:  # one is dropped, and one comes twice
            places = np.array([1, 0, 1])
            state = model.select(state, places)
        logits, state = model.step(inputs[places, at], state)
        costs = -torch.log_softmax(torch.from_numpy(logits), 1).numpy()
        for cost, place in zip(costs, places, strict=True):
            if pairs.targets[place, at] != IGNORED:
                found = cost[pairs.targets[place, at]]
                assert found == pytest.approx(expected[place, at], rel=1e-6)


@nets
def test_looks_are_shares_of_the_source(name: str) -> None:
    model, pairs = made(name), batch()
    found = model.alignment(pairs.sources, pairs.inputs)
    assert found.shape[0] == 3
    assert found.shape[2:] == (4, 6)
    np.testing.assert_allclose(found.sum(3), 1, rtol=1e-6)
    for row, length in zip(found, pairs.sources.lengths, strict=True):
        assert (row[..., length:] == 0).all()
        assert (row[..., :length] > 0).all()


@nets
def test_what_was_learned_is_kept(name: str) -> None:
    model, other = made(name), made(name)
    with torch.no_grad():
        for p in other.parameters():
            p.zero_()
    other.load_arrays(model.arrays())
    np.testing.assert_array_equal(other.token_losses(*batch()), model.token_losses(*batch()))


def test_one_table_serves_both_sides_and_the_output_where_they_share_their_tokens() -> None:
    tied, apart = made("transformer"), made("transformer, two vocabularies")
    assert isinstance(tied, Seq2Seq)
    assert isinstance(apart, Seq2Seq)
    for model, tables in ((tied, 1), (apart, 2)):
        ends = {id(part.front.chain[0]) for part in (model.encoder, model.decoder)}
        assert len(ends) == tables
        assert model.head.weight is model.decoder.front.chain[0].weight


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(SettingsError, match="`n_embd` must be a multiple of `n_head`, 4; it is 6"):
        Seq2SeqSettings(n_embd=6)
    with pytest.raises(SettingsError, match="even head size; `n_embd` / `n_head` is 3"):
        Seq2SeqSettings(n_embd=12)
    with pytest.raises(SettingsError, match="even `n_embd`; it is 7"):
        Seq2SeqSettings(n_embd=7, n_head=1, position="sinusoidal")


@pytest.mark.parametrize("kind", [Seq2Seq, AttentionRNN])
def test_labels_are_not_written(kind: Any) -> None:
    with pytest.raises(ValueError, match="the targets are labels"):
        kind(kind.Settings(), Shape(Vocabulary(7, 0, 0), None, labels=3))
