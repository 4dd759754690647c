"""Looking inside a model: the numbers against independent ones, and every picture drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.image import imread

from hornbook.errors import RunError, SamplingError, SettingsError, UnknownTokenError
from hornbook.interchange.tokens import NONE
from hornbook.nn import Residual, SelfAttention, Sequential
from hornbook.nn.observing import DOORS
from hornbook.plots.fonts import ellipsis, families, in_ink, ink_on
from hornbook.plots.label_placement import place_labels
from hornbook.plots.maps import principal_plane
from hornbook.reports import View
from hornbook.text.models import family
from hornbook.text.models.contract import LanguageModel
from hornbook.text.models.mixture import Mixture, MixtureSettings
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.scores import score
from hornbook.text.stream import encode_lines
from hornbook.text.token_labels import letters
from hornbook.text.views import (
    Branch,
    TreeSettings,
    attention_of,
    draw_attention,
    draw_coloured,
    draw_traces,
    draw_tree,
    grow,
    pairs_of,
    plane_of,
    rendered,
    save,
    traces_of,
    views_of,
)
from hornbook.text.views.character_kinds import kind_of
from hornbook.text.views.matrix import shown_in_matrix
from hornbook.text.views.next_token import probabilities
from hornbook.text.views.pictures import beginning
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.token_files import of_json_file
from tests.merges_made import merges_file

examples = settings(max_examples=25)
NAMES = ("emma", "ava", "olivia", "amelia", "mia", "eva")
LINES = CharTokenizer.fit(NAMES, boundary=True)
TEXT = CharTokenizer.fit(("to be,\nor not to be",), boundary=False)
# Spaces and controls, a dollar (matplotlib's formulas), Hebrew, Chinese, an emoji, a bare accent.
ODD = CharTokenizer.fit((" \t\n\u00a0$_^\\{0Éa;שלום前🙂\u0301\u200b",), boundary=True)

SMALL: dict[str, dict[str, Any]] = {
    "bigram": {},
    "mlp": {"n_embd": 3, "n_hidden": (8,), "block_size": 3},
    "wavenet": {"n_embd": 3, "n_hidden": 8, "block_size": 4, "row_size": 16},
    "bow": {"n_embd": 6, "n_hidden": 5, "block_size": 16},
    "gpt": {"n_embd": 8, "n_head": 2, "n_layer": 2, "block_size": 16, "zero_init": False},
    "rnn": {"n_embd": 3, "n_hidden": 7, "n_layer": 2},
    "gru": {"n_embd": 3, "n_hidden": 7},
    "lstm": {"n_embd": 3, "n_hidden": 7, "n_layer": 2},
}


def made(name: str, tokenizer: CharTokenizer = LINES, **changes: Any) -> Any:
    """A small net of a family, its weights by chance, in float64."""
    kind = family(name).load()
    own = kind.Settings(**{**SMALL[name], **changes})
    net = kind(own, tokenizer.vocabulary, torch.Generator().manual_seed(3)).double().eval()
    with torch.no_grad():
        for p in net.parameters():
            p.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel())) * 0.3)
    return net


def counted(**given: Any) -> NGram:
    model = NGram(NGramSettings(**given), LINES.vocabulary)
    return model.fit(encode_lines(NAMES, LINES))


def mixed() -> Mixture:
    """Counts and a net, as one."""
    ngram, mlp = counted(order=3), made("mlp")
    names = ("ngram", "mlp")
    own = tuple(json.dumps(model.settings.as_dict()) for model in (ngram, mlp))
    model = Mixture(MixtureSettings(families=names, settings=own), LINES.vocabulary)
    model.members = [ngram, mlp]
    return model


def asked(name: str) -> Any:
    """A model of any family."""
    if name == "mixture":
        return mixed()
    return counted(order=3) if name == "ngram" else made(name)


def softmax(logits: Any) -> Any:
    return torch.softmax(torch.as_tensor(logits).detach(), -1).numpy()


# --- letters -----------------------------------------------------------------------------------


def test_characters_without_ink_or_shape_have_signs() -> None:
    assert letters(LINES, range(3)) == [".", "a", "e"]
    odd = dict(zip(ODD.characters, letters(ODD, range(1, ODD.vocab_size)), strict=True))
    assert (odd["\n"], odd[" "], odd["\t"], odd["\u0301"]) == ("⏎", "␣", "⇥", "U+0301")
    assert odd["$"] == "$"
    assert in_ink("\U000e0041") == "E0041"  # no font has a shape for a tag
    assert families()[0] == "DejaVu Sans"


def test_long_strings_end_in_what_was_last() -> None:
    assert ellipsis(list("abc"), 3) == "abc"
    assert ellipsis(list("abcd"), 3) == "…bcd"
    assert ellipsis(["5E8A", "a"], 3) == "5E8A a"


@given(st.tuples(*[st.floats(0, 1)] * 3))
@examples
def test_ink_can_be_read_on_any_background(rgb: tuple[float, float, float]) -> None:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    y = float(np.dot([0.2126, 0.7152, 0.0722], linear))
    contrast = {"black": (y + 0.05) / 0.05, "white": 1.05 / (y + 0.05)}
    assert contrast[ink_on(rgb)] >= 4.5  # what WCAG asks of text


# --- embeddings --------------------------------------------------------------------------------


@given(st.integers(3, 12), st.integers(3, 9), st.integers(0, 2**20))
@examples
def test_the_plane_is_that_of_the_covariance(rows: int, size: int, seed: int) -> None:
    table = np.random.default_rng(seed).normal(size=(rows, size))
    plane = principal_plane(table)
    values, vectors = np.linalg.eigh(np.cov(table.T, bias=True))
    np.testing.assert_allclose(plane.shares, values[::-1][:2] / values.sum(), atol=1e-9)
    np.testing.assert_allclose(
        np.cov(plane.points.T, bias=True), np.diag(values[::-1][:2]), atol=1e-9
    )
    theirs = (table - table.mean(0)) @ vectors[:, ::-1][:, :2]
    np.testing.assert_allclose(np.abs(plane.points), np.abs(theirs), atol=1e-6)


def test_a_plane_stays_as_it_is() -> None:
    table = np.array([[1.0, 5.0], [2.0, 5.0], [4.0, 6.0]])
    plane = principal_plane(table)
    np.testing.assert_array_equal(plane.points, table)
    assert sum(plane.shares) == pytest.approx(1)


def test_a_line_and_a_point_have_a_plane_too() -> None:
    plane = principal_plane(np.array([[1.0], [2.0], [6.0]]))
    np.testing.assert_allclose(plane.points, [[-2, 0], [-1, 0], [3, 0]])
    assert plane.shares == (1.0, 0.0)
    assert principal_plane(np.ones((4, 3))).shares == (0.0, 0.0)


@pytest.mark.parametrize("name", SMALL)
def test_every_family_with_an_embedding_shows_it(name: str) -> None:
    model = made(name)
    table = model.net.chain[0].weight.detach().numpy()
    np.testing.assert_array_equal(plane_of(model).points, principal_plane(table).points)


def test_kinds_of_characters() -> None:
    tokenizer = CharTokenizer.fit(("aéyzEÑß9٣,$ \n前שβŽ\u0301",), boundary=True)
    kinds = {tokenizer.label(at): kind_of(tokenizer, at).name for at in range(tokenizer.vocab_size)}
    assert kinds == {
        ".": "boundary token", "a": "vowel", "é": "vowel", "y": "consonant", "z": "consonant",
        "ß": "consonant", "E": "capital", "Ñ": "capital", "Ž": "capital", "9": "digit",
        "٣": "digit", ",": "punctuation or symbol", "$": "punctuation or symbol",
        "space": "space or control", "line feed": "space or control", "前": "other letter",
        "ש": "other letter", "β": "other letter", "U+0301": "space or control",
    }  # fmt: skip


@given(st.integers(1, 60), st.integers(0, 2**20))
@examples
def test_labels_cover_nothing_and_stay_inside(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, sizes = rng.uniform(0, 100, (n, 2)), rng.uniform(4, 20, (n, 2))
    frame = np.array([[0.0, 0.0], [100.0, 100.0]])
    middles = place_labels(points, sizes, 2, frame, every=False)
    placed = ~np.isnan(middles[:, 0])
    low, high = (middles - sizes / 2)[placed], (middles + sizes / 2)[placed]
    assert (low >= -1e-6).all()
    assert (high <= 100 + 1e-6).all()
    for i in range(len(low)):
        others = np.arange(len(low)) != i
        apart = (high[others] <= low[i] + 1e-3) | (low[others] >= high[i] - 1e-3)
        assert apart.any(axis=1).all()
        clear = (points + 2 <= low[i] + 1e-3) | (points - 2 >= high[i] - 1e-3)
        assert clear.any(axis=1).all()
    assert not np.isnan(place_labels(points, sizes, 2, frame, every=True)).any()


# --- the bigram matrix -------------------------------------------------------------------------


def test_the_bigram_nets_matrix_is_its_own() -> None:
    model = made("bigram")
    pairs = pairs_of(model, LINES)
    np.testing.assert_allclose(pairs.p, softmax(model.matrix()))
    assert pairs.whole


def test_the_matrix_of_counts_is_the_shares_of_pairs() -> None:
    model = counted(order=2, smoothing="mle")
    counts = model.pair_counts().matrix()
    pairs = pairs_of(model, LINES)
    np.testing.assert_allclose(pairs.p, counts / counts.sum(1, keepdims=True))


@pytest.mark.parametrize("name", ["mlp", "gpt", "lstm", "wavenet"])
def test_a_nets_matrix_is_what_follows_the_first_character(name: str) -> None:
    model = made(name)
    pairs = pairs_of(model, LINES)
    assert not pairs.whole
    for token in range(1, LINES.vocab_size):
        if model.reads == "window":
            logits = model(torch.tensor([[0, 0, token]]))[0]
        else:
            logits = model(torch.tensor([[0, token]]))[0, -1]
        np.testing.assert_allclose(pairs.p[token], softmax(logits), atol=1e-9)
    first = model.step(np.array([0]), None)[0]
    np.testing.assert_allclose(pairs.p[0], softmax(first)[0], atol=1e-9)


def test_of_a_text_the_matrix_begins_with_the_character_itself() -> None:
    model = made("gpt", TEXT)
    logits = model(torch.arange(TEXT.vocab_size)[:, None])[:, 0]
    np.testing.assert_allclose(pairs_of(model, TEXT).p, softmax(logits), atol=1e-9)


@pytest.mark.parametrize(
    ("model", "tokenizer", "stands"),
    [
        (made("bigram"), LINES, "wherever it stands"),
        (counted(order=2), LINES, "wherever it stands"),
        (made("gpt"), LINES, "as the first of an example"),
        (made("gpt", TEXT), TEXT, "with no text before it"),
    ],
)
def test_the_matrix_says_where_its_tokens_stand(
    model: LanguageModel, tokenizer: CharTokenizer, stands: str
) -> None:
    told = shown_in_matrix(model, tokenizer)
    assert f"follows a token {stands}" in told
    assert ("boundary token" in told) == (tokenizer is LINES)
    assert ("predicts otherwise" in told) == (model.context != 1)
    assert pairs_of(model, tokenizer).given == stands


def test_of_a_large_vocabulary_the_common_are_shown() -> None:
    pairs = pairs_of(counted(order=2), LINES, most=3)
    assert [LINES.label(token) for token in pairs.tokens] == [".", "a", "m"]
    whole = pairs_of(counted(order=2), LINES)
    np.testing.assert_allclose(pairs.p, whole.p[np.ix_(pairs.tokens, pairs.tokens)])


def test_nothing_possible_has_no_probability() -> None:
    p = probabilities(np.array([[-np.inf, -np.inf], [0.0, -np.inf], [1e4, 1e4]]))
    np.testing.assert_array_equal(p, [[0, 0], [1, 0], [0.5, 0.5]])


# --- attention ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"position": "learned", "norm": "layer"},
        {"residual": False, "feed_forward": "none", "norm": "none", "qk_norm": False},
        {"dropout": 0.0, "attention_projection": False},
    ],
)
def test_attention_is_that_of_each_layer_on_what_it_reads(changes: dict[str, Any]) -> None:
    model = made("gpt", **changes)
    found = attention_of(model, LINES, "amelia")
    assert found.tokens.tolist() == [0, *LINES.encode("amelia")]
    x, expected = torch.tensor(found.tokens)[None], []
    with torch.no_grad():
        for layer in model.net.chain:
            part = layer.layer if isinstance(layer, Residual) else layer
            if isinstance(part, Sequential):
                y = x
                for inner in part.chain:
                    if isinstance(inner, SelfAttention):
                        expected.append(inner.weights(y)[0].numpy())
                    y = inner(y)
            x = layer(x)
    assert len(found.weights) == len(expected) == 2
    for mine, theirs in zip(found.weights, expected, strict=True):
        assert mine.shape == (2, 7, 7)
        np.testing.assert_array_equal(mine, theirs)
        np.testing.assert_allclose(mine.sum(-1), 1)
        assert (np.triu(mine, 1) == 0).all()


def test_the_bag_of_words_attends_to_all_alike() -> None:
    found = attention_of(made("bow"), LINES, "mia")
    (weights,) = found.weights
    np.testing.assert_allclose(weights[0], np.tril(np.ones((4, 4))) / np.arange(1, 5)[:, None])
    figure = draw_attention(found, LINES)
    titles = [axes.get_title() for axes in figure.axes]
    assert "layer 1, averaging weights, fixed" in titles
    assert "Attention" not in figure.get_suptitle()


def test_what_was_not_learned_is_not_called_attention() -> None:
    for name, fixed in (("bow", True), ("gpt", False), ("ngram", False)):
        views = views_of(asked(name), LINES, text="mia", prefix="m")
        told = next(view.shows for view in views if view.name == "attention")
        assert ("averaging weights, fixed" in told) is fixed


def test_looking_leaves_the_model_as_it_was() -> None:
    model = made("gpt").train()
    attention_of(model, LINES, "mia")
    assert model.training
    assert all(vars(layer).keys().isdisjoint(DOORS) for layer in model.modules())


def test_attention_that_the_model_goes_around_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    model = made("gpt")
    block = next(layer for layer in model.net.chain if isinstance(layer, Residual))
    monkeypatch.setattr(block, "vjp", lambda x: (x, lambda dy: dy))
    with pytest.raises(SettingsError, match="does not call these layers: net") as told:
        attention_of(model, LINES, "mia")
    assert told.value.message.count("net.layers") == 1  # that of the other block was seen


def test_attention_that_cannot_be_shown() -> None:
    with pytest.raises(SettingsError, match="no attention"):
        attention_of(made("mlp"), LINES, "mia")
    with pytest.raises(SettingsError, match="tokens; the model's context holds 16"):
        attention_of(made("gpt"), LINES, "a" * 16)
    with pytest.raises(SettingsError, match="tokens; with more than 64 no label"):
        attention_of(made("gpt", block_size=128), LINES, "a" * 64)
    with pytest.raises(UnknownTokenError):
        attention_of(made("gpt"), LINES, "zoe")


# --- hidden units ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "changes"),
    [("gru", {}), ("lstm", {}), ("rnn", {}), ("rnn", {"join": "added"}), ("gru", {"n_layer": 3})],
)
def test_traces_are_the_layers_outputs(name: str, changes: dict[str, Any]) -> None:
    model = made(name, **changes)
    stack = next(layer for layer in model.net.chain if hasattr(layer, "sizes"))
    tokens = torch.tensor([[0, *LINES.encode("olivia")]])
    with torch.no_grad():
        y = model.net.chain[0](tokens)
        for number, layer in enumerate(stack.chain, 1):
            y = layer(y)
            traces = traces_of(model, LINES, "olivia", layer=number)
            np.testing.assert_allclose(traces.values, y[0].numpy(), atol=1e-9)
    top = traces_of(model, LINES, "olivia")
    np.testing.assert_array_equal(top.values, traces.values)
    spread = top.values.std(axis=0)[top.telling]
    assert (np.diff(spread) <= 0).all()


def test_units_that_cannot_be_shown() -> None:
    with pytest.raises(SettingsError, match="no recurrent units"):
        traces_of(made("gpt"), LINES, "mia")
    with pytest.raises(SettingsError, match="no recurrent units"):
        traces_of(made("gru", predict="last", block_size=4), LINES, "mia")
    for layer in (0, 3):
        with pytest.raises(SettingsError, match=f"no recurrent layer {layer}.* 1 to 2"):
            traces_of(made("lstm"), LINES, "mia", layer=layer)
    long = traces_of(made("gru"), LINES, "a" * 1100)
    with pytest.raises(SettingsError, match="at most 120"):
        draw_traces(long, LINES)
    with pytest.raises(SettingsError, match="coloured"):
        draw_coloured(long, LINES)
    short = traces_of(made("gru"), LINES, "mia")
    with pytest.raises(SettingsError, match="no unit 7"):
        draw_coloured(short, LINES, [0, 7])
    with pytest.raises(SettingsError, match="No units"):
        draw_coloured(short, LINES, [])


def test_a_coloured_string_has_a_square_for_each_character() -> None:
    traces = traces_of(made("gru"), LINES, "olivia" * 20)
    figure = draw_coloured(traces, LINES, [4, 2])
    drawn = [text.get_text() for text in figure.axes[0].texts]
    assert drawn[0] == "unit 4"
    assert "".join(drawn[1:122]) == "." + "olivia" * 20
    assert drawn[122] == "unit 2"
    assert figure.axes[0].images[0].get_size() == (2 * 3, 64)


# --- the tree ----------------------------------------------------------------------------------


def branches(branch: Branch, path: str = "") -> Iterator[tuple[Branch, str]]:
    for child in branch.branches:
        character = "" if child.ends else child.label
        yield child, path + character
        yield from branches(child, path + character)


@pytest.mark.parametrize("name", [*SMALL, "ngram", "mixture"])
def test_probabilities_along_the_tree_are_those_of_strings(name: str) -> None:
    model = asked(name)
    prefix = "am"
    tree = grow(model, LINES, prefix, TreeSettings(width=9, depth=2, least=0))
    for branch, path in branches(tree.root):
        cost = score(model, LINES, prefix + path)
        costs = np.array(cost.nats)[len(prefix) :]
        total = costs.sum() if branch.ends else costs[:-1].sum()
        assert branch.total == pytest.approx(np.exp(-total), rel=1e-6)
    first = sum(branch.p for branch in tree.root.branches)
    assert first == pytest.approx(1)  # nine characters: all of them


def test_a_tree_grows_as_far_as_it_was_told() -> None:
    tree = grow(made("gru"), LINES, "", TreeSettings(width=2, depth=3, least=0.02))
    found = list(branches(tree.root))
    assert 1 <= len(found) <= 2 + 4 + 8
    for branch, path in found:
        assert branch.total >= 0.02 or len(path) <= 1
        assert len(path) <= 3
        assert len(branch.branches) <= 2
        assert not (branch.ends and branch.branches)
        shares = [child.p for child in branch.branches]
        assert shares == sorted(shares, reverse=True)


def test_the_first_fork_is_shown_however_unlikely() -> None:
    tree = grow(made("gru"), LINES, "", TreeSettings(width=3, depth=3, least=1))
    assert [len(branch.branches) for branch in tree.root.branches] == [0, 0, 0]


def test_the_tree_in_a_terminal() -> None:
    tree = grow(counted(order=2, smoothing="mle"), LINES, "ol", TreeSettings(width=2, depth=2))
    assert tree.as_text().splitlines() == [
        "ol",
        "└─ i 100.0% (100.00%)",
        "   ├─ a 75.0% (75.00%)",
        "   └─ v 25.0% (25.00%)",
    ]
    ended = grow(counted(order=2, smoothing="mle"), LINES, "emma", TreeSettings(width=1, depth=1))
    assert ended.as_text().splitlines()[1].endswith("  end")
    first = grow(counted(order=2), LINES, "", TreeSettings(width=1, depth=1))
    assert first.as_text().startswith("(start)\n")


def test_the_figures_of_a_tree_are_explained() -> None:
    views = views_of(counted(order=2), LINES, text="mia", prefix="m")
    first, *_ = next(view for view in views if view.name == "tree").write().splitlines()
    assert first == (
        "After 'm': the probability of each next token, and in brackets that of the whole "
        "continuation."
    )


def test_trees_that_cannot_grow() -> None:
    with pytest.raises(SamplingError, match="'ov' was never continued"):
        grow(counted(order=3, smoothing="mle"), LINES, "ov")
    with pytest.raises(SettingsError, match="more than 1,000 branches"):
        grow(made("gpt"), LINES, "", TreeSettings(width=9, depth=5, least=0))
    with pytest.raises(UnknownTokenError):
        grow(made("gpt"), LINES, "x")
    with pytest.raises(SettingsError):
        TreeSettings(width=0)


def test_every_branch_is_drawn() -> None:
    tree = grow(made("gru"), LINES, "a", TreeSettings(width=3, depth=3))
    axes = draw_tree(tree).axes[0]
    found = [branch for branch, _ in branches(tree.root)]
    assert len(axes.patches) == len(found)
    widths = sorted(patch.get_linewidth() for patch in axes.patches)
    assert widths == sorted(max(0.6, 14 * branch.p) for branch in found)


# --- all of them -------------------------------------------------------------------------------

BOTH = {"embeddings", "matrix", "tree"}
HAVE = {
    "ngram": {"matrix", "tree"},
    "mixture": {"matrix", "tree"},
    "bow": BOTH | {"attention", "lens"},
    "gpt": BOTH | {"attention", "lens"},
    **{name: BOTH | {"traces", "coloured"} for name in ("rnn", "gru", "lstm")},
    **dict.fromkeys(("bigram", "mlp", "wavenet"), BOTH),
}


def there(pictures: list[View]) -> set[str]:
    return {picture.name for picture in pictures if not picture.why_not}


@pytest.mark.parametrize("name", HAVE)
def test_what_a_family_can_show(name: str) -> None:
    model: LanguageModel = asked(name)
    pictures = views_of(model, LINES, text="mia")
    assert there(pictures) == HAVE[name]
    assert len(pictures) == 7
    for picture in pictures:
        if picture.why_not:
            with pytest.raises(SettingsError, match=picture.why_not):
                picture.draw()
    assert there(views_of(model, LINES)) == HAVE[name] - {"attention", "lens", "traces", "coloured"}
    with pytest.raises(UnknownTokenError):
        views_of(model, LINES, text="zoe")


@pytest.mark.parametrize(
    ("name", "shown"), [("gpt", BOTH | {"attention", "lens"}), ("lstm", {"traces", "coloured"})]
)
def test_odd_characters_can_all_be_drawn(name: str, shown: set[str], tmp_path: Path) -> None:
    # No warning of a missing glyph, which the checks would make an error, and no formula.
    text = "".join(ODD.characters[:15])
    pictures = views_of(made(name, ODD), ODD, text=text, prefix="$_^\\{ \n")
    assert there(pictures) >= shown
    for picture in pictures:
        if picture.name in shown:
            figure = picture.draw()
            assert isinstance(figure, Figure)
            save(figure, tmp_path / f"{picture.name}.png")
            pixels = imread(tmp_path / f"{picture.name}.png")
            assert min(pixels.shape[:2]) > 150
            assert pixels[..., :3].std() > 0.02  # something is drawn


def test_a_large_vocabulary_has_its_pictures() -> None:
    tokenizer = CharTokenizer.fit(map(chr, range(0x4E00, 0x4E00 + 200)), boundary=False)
    pictures = views_of(made("mlp", tokenizer), tokenizer, prefix=chr(0x4E01))
    drawn = {picture.name: picture.draw() for picture in pictures if not picture.why_not}
    assert drawn.keys() == BOTH
    assert "40 of 200" in drawn["matrix"].axes[0].get_title()
    letters_there = len(drawn["embeddings"].axes[0].texts)
    assert 20 < letters_there < 200
    assert f"{letters_there} have room" in drawn["embeddings"].axes[0].get_title()


@pytest.mark.parametrize("ending", [".png", ".svg", ".SVG"])
def test_the_same_picture_is_the_same_file(ending: str, tmp_path: Path) -> None:
    files = [tmp_path / f"{name}{ending}" for name in "ab"]
    for file in files:
        picture = views_of(made("gpt"), LINES, prefix="m")[-1]
        save(picture.draw(), file)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    if ending == ".png":
        assert first.startswith(b"\x89PNG")
        assert first == rendered(picture.draw(), "png")
    else:
        assert ElementTree.fromstring(first).tag.endswith("svg")
        assert b"<text" not in first  # outlines: whoever looks at it needs no font


def test_pictures_that_cannot_be_written(tmp_path: Path) -> None:
    figure = Figure()
    with pytest.raises(SettingsError, match=r"must end in \.png or \.svg; got .*a\.pdf"):
        save(figure, tmp_path / "a.pdf")
    with pytest.raises(SettingsError, match=r"must end in"):
        save(figure, tmp_path / "a")
    with pytest.raises(RunError, match="Cannot write"):
        save(figure, tmp_path / "missing" / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "begun"),
    [("that is", "that"), ("語 a", "語"), ("T中", "T中"), ("e", "e"), ("", "")],
)
def test_the_tree_grows_from_two_tokens_and_never_from_half_a_character(
    text: str, begun: str
) -> None:
    tokenizer = of_json_file("t.json", merges_file("gpt-2"), NONE)
    assert beginning(tokenizer, text) == begun
    characters = CharTokenizer(tuple(sorted(set("that is語中eT"))), has_boundary=False)
    assert beginning(characters, text) == text[:2]
