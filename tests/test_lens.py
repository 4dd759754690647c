"""The logit lens: what each layer would predict, against nets that end there."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hornbook.errors import SettingsError
from hornbook.text.models.gpt import GPT, GPTSettings
from hornbook.text.models.mlp import MLP, MLPSettings
from hornbook.text.models.presets import GPT2_PARTS
from hornbook.text.prompt import prompt_of
from hornbook.text.views.lens import draw_lens, has_lens, lens_of, told_of_lens
from hornbook.tokenizers.characters import CharTokenizer

TEXT = "to be or not"
TOKENIZER = CharTokenizer.fit([TEXT], boundary=True)
SHAPE = {"n_head": 2, "n_embd": 8, "block_size": 16, "dropout": 0.1}
KINDS = {
    "gpt2": {**SHAPE, **GPT2_PARTS},
    "own": {**SHAPE, "softcap": 5.0},
    "attention alone": {**SHAPE, "feed_forward": "none"},
}


def net(kind: str, n_layer: int) -> GPT:
    settings = GPTSettings.from_dict({**KINDS[kind], "n_layer": n_layer})
    made = GPT(settings, TOKENIZER.vocabulary, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for p in made.parameters():
            p.normal_(generator=torch.Generator().manual_seed(p.numel()))
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_what_a_net_of_so_many_layers_predicts(kind: str) -> None:
    whole = net(kind, 3)
    lens = lens_of(whole, TOKENIZER, TEXT)
    assert lens.layers == ("embedding", "layer 1", "layer 2", "layer 3")
    chain = whole.net.chain
    parts = 1 if kind == "attention alone" else 2
    begin = len(chain) - 3 * parts - (3 if kind == "own" else 2)
    for n_layer in range(1, 4):
        short = net(kind, n_layer)
        at = [*range(begin + parts * n_layer), *range(begin + 3 * parts, len(chain))]
        for mine, theirs in zip(short.net.chain, (chain[i] for i in at), strict=True):
            mine.load_state_dict(theirs.state_dict())
        with short.in_use():
            logits = short(torch.from_numpy(prompt_of(TOKENIZER, TEXT)[None]))[0].double()
        expected = torch.softmax(logits, -1).max(-1)
        assert lens.likeliest[n_layer].tolist() == expected.indices.tolist()
        assert np.allclose(lens.probability[n_layer], expected.values.numpy(), rtol=1e-5)


def test_it_is_told_and_drawn() -> None:
    whole = net("gpt2", 2)
    lens = lens_of(whole, TOKENIZER, TEXT)
    told = told_of_lens(lens, TOKENIZER, TEXT).splitlines()
    assert len(told) == 4
    assert told[-1].split()[:2] == ["layer", "2"]
    assert f"{lens.probability[-1, -1]:.1%}" in told[-1]
    axes = draw_lens(lens, TOKENIZER).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(lens.layers)
    assert len(axes.texts) == lens.likeliest.size


def test_nets_without_such_a_stream_have_none() -> None:
    other = MLP(MLPSettings(n_embd=8, n_hidden=(8,)), TOKENIZER.vocabulary)
    plain = GPTSettings.from_dict({**SHAPE, "residual": False, "zero_init": False, "n_layer": 1})
    for model in (other, GPT(plain, TOKENIZER.vocabulary)):
        assert not has_lens(model)
        with pytest.raises(SettingsError, match="do not add to one stream"):
            lens_of(model, TOKENIZER, TEXT)
