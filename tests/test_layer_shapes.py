"""The table of layers: parameters and multiplications, by hand and as torch counts them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from hornbook.nn import Linear, SelfAttention, Sequential, Tanh
from hornbook.nn.shapes import LayerShape, layer_shapes
from hornbook.ratings.interactions import History
from hornbook.ratings.models.contract import Shape
from hornbook.tasks import Start, choose_task, task_named
from hornbook.text.models import NETS
from tests.command import typed

V = 27
# Of each family, a net small enough to be counted by hand: settings, and the multiplications.
BY_HAND: list[tuple[str, dict[str, Any], int]] = [
    ("bigram", {"block_size": 5}, 0),  # rows are looked up
    ("bigram", {"block_size": 5, "one_hot": True}, 5 * V * V),
    # The lecture's: 3 embeddings of 10 into 200 units, and these into 27 logits.
    ("mlp", {"block_size": 3, "n_embd": 10, "n_hidden": (200,)}, 3 * 10 * 200 + 200 * V),
    # The lecture's tree: pairs are joined 4, 2, 1 times.
    ("wavenet", {"n_embd": 10, "n_hidden": 68},
     4 * 20 * 68 + 2 * 136 * 68 + 136 * 68 + 68 * V),
    # At 8 positions, of each of two blocks: two taps of 4 into 2·6, and 6 into what goes on (4; not
    # from the last) and what is skipped (5); then 5 into 5, and 5 into logits.
    ("wavenet", {"kind": "gated", "block_size": 4, "row_size": 8, "n_embd": 4, "n_hidden": 6,
                 "n_skip": 5},
     8 * ((2 * 4 * 12 + 6 * 9) + (2 * 4 * 12 + 6 * 5) + 5 * 5 + 5 * V)),
    # The average is a product of (6, 6) and (6, 4).
    ("bow", {"block_size": 6, "n_embd": 4, "n_hidden": 5}, 6 * 6 * 4 + 6 * (2 * 4 * 5 + 4 * V)),
    ("bow", {"block_size": 6, "n_embd": 4, "n_hidden": 5, "form": "loop"},
     6 * (2 * 4 * 5 + 4 * V)),
    # Queries, keys, values; two heads of 4, 7 queries by 7 keys, twice; the projection; 8 into 32
    # and back; the logits.
    ("gpt", {"block_size": 7, "n_layer": 1, "n_head": 2, "n_embd": 8},
     7 * 8 * 24 + 2 * 2 * 7 * 7 * 4 + 7 * 8 * 8 + 2 * 7 * 8 * 32 + 7 * 8 * V),
    # A row longer than 64: the first 64 queries meet 64 keys, the other 6 all 70.
    ("gpt", {"block_size": 70, "n_layer": 1, "n_head": 2, "n_embd": 8, "feed_forward": "none"},
     70 * 8 * 24 + 2 * 8 * (64 * 64 + 6 * 70) + 70 * 8 * 8 + 70 * 8 * V),
    ("rnn", {"block_size": 9, "n_embd": 3, "n_hidden": 4}, 9 * (3 * 4 + 4 * 4 + 4 * V)),
    ("rnn", {"block_size": 9, "n_embd": 3, "n_hidden": 4, "join": "added"},
     9 * (3 * 4 + 4 * 4 + 4 * V)),
    ("rnn", {"block_size": 9, "n_embd": 3, "n_hidden": 4, "join": "concatenated"},
     9 * ((4 + 3) * 4 + 4 * 4 + 4 * V)),
    ("rnn", {"block_size": 9, "n_embd": 3, "n_hidden": 4, "predict": "last"},
     9 * (3 * 4 + 4 * 4) + 4 * V),
    ("gru", {"block_size": 9, "n_embd": 3, "n_hidden": 4, "n_layer": 2},
     9 * 3 * (3 * 4 + 4 * 4 + 4 * 4 + 4 * 4) + 9 * 4 * V),
    ("lstm", {"block_size": 9, "n_embd": 3, "n_hidden": 4}, 9 * (4 * (3 * 4 + 4 * 4) + 4 * V)),
]  # fmt: skip


def test_every_family_is_counted_by_hand() -> None:
    assert {family for family, _, _ in BY_HAND} == set(NETS)


@pytest.mark.parametrize(("family", "settings", "expected"), BY_HAND)
def test_multiplications_by_hand_and_by_torch(
    family: str, settings: dict[str, Any], expected: int
) -> None:
    task = task_named("text")
    kind = task.family(family).load().Settings
    model = task.build(family, kind(**settings), task.typical, Start("seed", 0))
    found = model.shapes()
    assert found.multiplications == expected
    assert found.parameters == model.n_parameters
    time = found.layers[0].given[0]
    assert f"of {time} tokens" in found.what
    assert found.layers[-1].gives[-1] == V
    with FlopCounterMode(display=False) as counter:  # a multiplication and an addition each
        model.net.eval()(torch.zeros(1, time, dtype=torch.int64))
    assert counter.get_total_flops() == 2 * expected


def test_a_tied_weight_is_counted_once() -> None:
    task = task_named("text")
    kind = task.family("gpt").load().Settings
    model = task.build("gpt", kind(tied=True, n_layer=1), task.typical, Start("seed", 0))
    found = model.shapes()
    assert found.parameters == model.n_parameters
    assert found.layers[-1].parameters == 0


def test_a_net_of_ones_own() -> None:
    net = Sequential([Linear(4, 6), Tanh(), Sequential(SelfAttention(6, 2, causal=False))])
    net.train()
    found = layer_shapes(net, torch.zeros(1, 3, 4), "three rows")
    assert net.training
    assert found.layers[:3] == (
        LayerShape("layers.0", "Linear", (3, 4), (3, 6), 30, 72),
        LayerShape("layers.1", "Tanh", (3, 6), (3, 6), 0, 0),
        LayerShape("layers.2.layers.0", "SelfAttention", (3, 6), (3, 6), 0, 108),
    )
    lines = str(found).splitlines()
    assert lines == repr(found).splitlines()
    assert lines[0].split() == ["layer", "given", "gives", "parameters", "multiplications"]
    assert lines[1].split("  ")[0] == "0 Linear"
    assert lines[-2].split() == ["total", "174", "612"]  # 72 + 108 + 3·6·18 + 3·6·6
    assert lines[-1].endswith("for three rows.")


# Of 4 users and 5 items: the layers in the order in which they compute, and the multiplications.
OF_PAIRS: list[tuple[str, dict[str, Any], list[str], int]] = [
    ("dot", {"n_factors": 3}, ["users Embedding", "items Embedding", "Dot"], 3),
    ("dot-bias", {"n_factors": 3},
     ["users Embedding", "items Embedding", "sigmoid StretchedSigmoid", "DotBias"], 3),
    ("embedding-net", {"n_factors": 3, "n_hidden": 2},
     ["users Embedding", "items Embedding", "net.0 Dropout", "hidden Linear", "net.2 ReLU",
      "net.3 Dropout", "output Linear", "sigmoid StretchedSigmoid", "EmbeddingNet"],
     6 * 2 + 2 + 3),
    ("embedding-net", {"n_factors": 3, "n_hidden": 2, "beside": False},
     ["users Embedding", "items Embedding", "net.0 Dropout", "hidden Linear", "net.2 ReLU",
      "net.3 Dropout", "output Linear", "sigmoid StretchedSigmoid", "EmbeddingNet"], 6 * 2 + 2),
    ("history", {"n_factors": 3},
     ["users Embedding", "items Embedding", "rated HistorySum", "raters HistorySum",
      "sigmoid StretchedSigmoid", "HistoryNet"], 3),
    ("bpr", {"n_factors": 3}, ["users Embedding", "items Embedding", "Bpr"], 3),
]  # fmt: skip


@pytest.mark.parametrize(("family", "settings", "layers", "multiplications"), OF_PAIRS)
def test_nets_of_pairs(
    family: str, settings: dict[str, Any], layers: list[str], multiplications: int
) -> None:
    task, _ = choose_task(None, None, family)
    kind = task.family(family).load().Settings
    shape = Shape(users=4, items=5, rows=6, low=1.0, high=5.0)
    model = task.build(family, kind(**settings), shape, Start("seed", 0))
    before = model.arrays()
    found = model.shapes()
    assert [row[0] for row in found.rows()] == [*layers, "total"]
    assert found.multiplications == multiplications
    assert found.parameters == model.n_parameters
    assert found.layers[0].gives == (model.users.weight.shape[1],)
    assert (found.layers[-1].given, found.layers[-1].gives) == ((2,), ())
    assert "one pair of a user and an item" in found.about
    assert model.training
    assert all((before[name] == array).all() for name, array in model.arrays().items())


def test_shapes_leave_a_histories_net_as_it_was() -> None:
    task, _ = choose_task(None, None, "history")
    kind = task.family("history").load().Settings
    shape = Shape(users=2, items=3, rows=3, low=1.0, high=5.0)
    model = task.build("history", kind(n_factors=3), shape, Start("seed", 0))
    rating = History(
        np.array([0, 2, 3]), np.array([0, 2, 1], "i4"), np.array([1, 5, 3], np.float32)
    )
    model.remember(rating)
    model.eval()
    told = model.shapes()
    assert model.rated.ids.tolist() == [0, 2, 1]
    other = task.build("history", kind(n_factors=3), shape, Start("seed", 0))
    other.load_arrays(model.arrays())  # as a stripped run is opened: without anyone's history
    users, items = np.array([0, 1], "i4"), np.array([1, 2], "i4")
    before = other.predict(users, items)
    assert other.shapes() == told
    assert not other.rated.known
    assert not other.raters.known
    assert (other.predict(users, items) == before).all()


def test_the_table_is_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = typed(
        capsys, "models", "mlp", "--shapes", "--n-hidden", "200", "--block-size", "3",
        "--n-embd", "10", "--norm", "none",
    )  # fmt: skip
    assert status == 0, err
    assert out.splitlines()[-1].split() == ["total", "11,897", "11,400"]
    assert "for one window of 3 tokens" in err
    status, out, _ = typed(capsys, "models", "bigram", "--shapes", "--data", "names", "--json")
    assert status == 0
    assert json.loads(out)["parameters"] == 27 * 27
    status, out, err = typed(capsys, "models", "history", "--shapes")
    assert status == 0, err
    assert out.splitlines()[-1].split() == ["total", "983,437", "50"]


def test_a_large_net_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hornbook.tasks.task.MADE", 0)
    for name in [*NETS, "dot-bias", "embedding-net", "history", "bpr"]:
        task, _ = choose_task(None, None, name)
        kind = task.family(name).load().Settings
        assert task.typical is not None
        made = task.build(name, kind(), task.typical, Start("seed", 0)).shapes()
        assert task.shapes(name, kind(), task.typical) == made


def test_a_preset_names_its_family(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = typed(
        capsys, "models", "--shapes", "--preset", "gpt2", "--n-layer", "1", "--n-embd", "12",
    )  # fmt: skip
    assert status == 0, err
    assert out.splitlines()[-1].split()[:2] == ["total", "617,280"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ngram", "--shapes"], "ngram has no layers: it is made by counting"),
        (["mixture", "--shapes"], "mixture has no layers: it is made by mixing"),
        (["--shapes"], "--shapes needs a family"),
        (["mlp", "--data", "names"], "--data has no effect here: it requires --shapes"),
        (["mpl"], "Did you mean mlp?"),
        (["mlp", "--shapes", "--n-hidden", "65536", "65536"], "the maximum is 2,000,000,000"),
    ],
)
def test_what_has_no_table_is_told(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    status, _, err = typed(capsys, "models", *words)
    assert status == 1
    assert said in " ".join(err.split())
