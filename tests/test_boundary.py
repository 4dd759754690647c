"""Nothing takes the boundary to be id 0: with other ids everything is the same but the ids."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from hornbook.text.batches import RowBatches, WindowBatches, make_batches
from hornbook.text.losses import mean_loss
from hornbook.text.models.contract import Ids, LanguageModel
from hornbook.text.models.mixture import Mixture, MixtureSettings
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.prompt import prompt_of
from hornbook.text.sampling import SamplingSettings, sample
from hornbook.text.scores import score
from hornbook.text.stream import IGNORED, encode_lines, encode_text
from hornbook.text.token_labels import letters
from hornbook.text.views.character_kinds import BOUNDARY, CONSONANT, VOWEL, kind_of
from hornbook.text.views.matrix import pairs_of
from hornbook.text.views.tree import Branch, TreeSettings, grow
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Tokenizer, Vocabulary
from tests.placed_tokenizer import Placed

LINES = ("anna", "ann", "bea", "ebba", "nan", "abe", "bean", "a", "nena")
FIRST = CharTokenizer.fit(LINES, boundary=True)
WORD = "".join(FIRST.characters)  # abeé... in order

placed = pytest.mark.parametrize("other", [Placed(WORD, 2), Placed(WORD, len(WORD))])


def renamed(other: Tokenizer) -> Ids:
    """The id of another tokenizer for each of the character tokenizer's, shape (V,)."""
    assert other.boundary is not None
    return np.array([other.boundary, *other.encode(WORD)])


def counted(tokenizer: Tokenizer, **changes: Any) -> NGram:
    model = NGram(NGramSettings.from_dict({"order": 3, **changes}), tokenizer.vocabulary)
    return model.fit(encode_lines(LINES, tokenizer))


def test_a_boundary_is_what_contexts_begin_with() -> None:
    with pytest.raises(ValueError, match="start must be the boundary token 0"):
        Vocabulary(3, 0, 1)


@placed
def test_a_stream_is_the_same_with_other_ids(other: Tokenizer) -> None:
    ids = renamed(other)
    plain, stream = encode_lines(LINES, FIRST), encode_lines(LINES, other)
    assert (stream.boundary, stream.start) == (other.boundary, other.boundary)
    np.testing.assert_array_equal(stream.ids, ids[plain.ids])
    np.testing.assert_array_equal(stream.bounds, plain.bounds)
    everywhere = np.arange(len(stream.ids))
    np.testing.assert_array_equal(stream.begins(everywhere), plain.begins(everywhere))
    for (a, b), (c, d) in zip(stream.all_windows(3, 7), plain.all_windows(3, 7), strict=True):
        np.testing.assert_array_equal(a, ids[c])
        np.testing.assert_array_equal(b, ids[d])
    for lead in (0, 1):
        rows, plain_rows = stream.all_rows(3, 9, lead=lead), plain.all_rows(3, 9, lead=lead)
        for (a, b), (c, d) in zip(rows, plain_rows, strict=True):
            np.testing.assert_array_equal(a, ids[c])
            np.testing.assert_array_equal(b, np.where(d == IGNORED, IGNORED, ids[d]))


def test_no_lines_are_one_boundary() -> None:
    other = Placed(WORD, 2)
    assert encode_lines((), other).ids.tolist() == [2]
    assert encode_text("ab", CharTokenizer.fit(["ab"], boundary=False)).boundary is None


def test_lines_without_a_boundary_are_refused() -> None:
    with pytest.raises(ValueError, match="boundary"):
        encode_lines(LINES, CharTokenizer.fit(LINES, boundary=False))


@placed
def test_batches_are_the_same_with_other_ids(other: Tokenizer) -> None:
    ids = renamed(other)
    for reads, kind in (("window", WindowBatches), ("sequence", RowBatches)):
        mine, plain = (
            make_batches(encode_lines(LINES, t), reads, block_size=4, batch_size=3, seed=1)
            for t in (other, FIRST)
        )
        assert isinstance(mine, kind)
        for _ in range(5):
            a, b = next(mine), next(plain)
            np.testing.assert_array_equal(a.inputs, ids[b.inputs])
            np.testing.assert_array_equal(
                a.targets, np.where(b.targets == IGNORED, IGNORED, ids[b.targets])
            )


@placed
@pytest.mark.parametrize("smoothing", ["kneser-ney", "add", "mle"])
def test_counting_is_the_same_with_other_ids(other: Tokenizer, smoothing: str) -> None:
    ids = renamed(other)
    model, plain = counted(other, smoothing=smoothing), counted(FIRST, smoothing=smoothing)
    for lines in (LINES, ("nab", "eee")):
        assert mean_loss(model, encode_lines(lines, other)) == pytest.approx(
            mean_loss(plain, encode_lines(lines, FIRST)), rel=1e-12
        )
    v = FIRST.vocab_size
    contexts = np.stack(np.meshgrid(np.arange(v), np.arange(v)), axis=-1).reshape(-1, 2)
    np.testing.assert_allclose(
        model.probabilities(ids[contexts])[:, ids], plain.probabilities(contexts), atol=1e-12
    )


def test_the_arrays_of_counts_are_what_they_were() -> None:
    # Boundary 0: pairs `node * V + id`, in the order of runs that were made long ago.
    model = NGram(NGramSettings(order=2), CharTokenizer.fit(("ab",), boundary=True).vocabulary)
    model.fit(encode_lines(("ab", "b"), CharTokenizer.fit(("ab",), boundary=True)))
    old = {
        "contexts.0": [0],
        "entries.0": [0, 1, 2],
        "counts.0": [1, 1, 2],
        "contexts.1": [0, 1, 2],
        "entries.1": [1, 2, 5, 6],
        "counts.1": [1, 1, 1, 2],
    }
    read = NGram(NGramSettings(order=2), model.vocabulary)
    read.load_arrays({name: np.array(numbers) for name, numbers in old.items()})
    found, wanted = read.arrays(), model.arrays()
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array)


@placed
def test_what_is_sampled_ends_at_the_boundary(other: Tokenizer) -> None:
    model = counted(other, order=6, smoothing="mle")
    drawn = list(sample(model, other, SamplingSettings(n=300), longest=20))
    assert all(one.ended for one in drawn)
    assert {one.text for one in drawn} == set(LINES)
    assert prompt_of(other, "an").tolist() == [other.boundary, *other.encode("an")]
    begun = sample(model, other, SamplingSettings(n=50, prefix="an"), longest=20)
    assert {one.text for one in begun} == {"ann", "anna"}


def test_nothing_of_no_characters_is_sampled() -> None:
    # Under added counts a line may end before it begins.
    other = Placed(WORD, len(WORD))
    model = counted(other, smoothing="add", added=1e6)
    drawn = list(sample(model, other, SamplingSettings(n=200), longest=20))
    assert all(one.text for one in drawn)
    assert any(len(one.text) == 1 and one.ended for one in drawn)


@placed
def test_a_score_is_the_same_with_other_ids(other: Tokenizer) -> None:
    found, plain = score(counted(other), other, "anne"), score(counted(FIRST), FIRST, "anne")
    np.testing.assert_allclose(found.nats, plain.nats, rtol=1e-12)
    assert found.tokens == ("a", "n", "n", "e", "|")


@placed
def test_a_tree_ends_at_the_boundary(other: Tokenizer) -> None:
    def told(branch: Branch) -> list[Any]:
        return [
            (one.label.replace("|", "."), round(one.p, 9), one.ends, sorted(told(one)))
            for one in branch.branches
        ]

    wide = TreeSettings(width=9, least=0)
    mine, plain = grow(counted(other), other, "a", wide), grow(counted(FIRST), FIRST, "a", wide)
    assert sorted(told(mine.root)) == sorted(told(plain.root))
    ends = [one for one in mine.root.branches if one.ends]
    assert [one.token for one in ends] == [other.boundary]
    assert not ends[0].branches


@placed
def test_the_matrix_is_the_same_with_other_ids(other: Tokenizer) -> None:
    ids = renamed(other)
    whole, plain = pairs_of(counted(other), other), pairs_of(counted(FIRST), FIRST)
    np.testing.assert_allclose(whole.p[np.ix_(ids, ids)], plain.p, atol=1e-12)
    few, plain_few = pairs_of(counted(other), other, most=2), pairs_of(counted(FIRST), FIRST, 2)
    assert set(few.tokens) == set(ids[plain_few.tokens])


@placed
def test_signs_and_kinds_know_the_boundary(other: Tokenizer) -> None:
    tokens = [*other.encode("ab"), int(other.boundary or 0)]
    assert letters(other, tokens) == ["a", "b", "|"]
    assert [kind_of(other, token) for token in tokens] == [VOWEL, CONSONANT, BOUNDARY]


@placed
def test_a_mixture_is_the_same_with_other_ids(other: Tokenizer) -> None:
    def mixed(tokenizer: Tokenizer) -> LanguageModel:
        orders = [json.dumps({"order": order}) for order in (2, 4)]
        model = Mixture(MixtureSettings(("ngram", "ngram"), tuple(orders)), tokenizer.vocabulary)
        for member in model.members:
            assert isinstance(member, NGram)
            member.fit(encode_lines(LINES, tokenizer))
        return model.fit(encode_lines(("bab", "annabe"), tokenizer))

    text = "nabe"
    found, plain = score(mixed(other), other, text), score(mixed(FIRST), FIRST, text)
    np.testing.assert_allclose(found.nats, plain.nats, rtol=1e-9)
    assert mean_loss(mixed(other), encode_lines((text,), other)) == pytest.approx(
        plain.nats_per_token
    )
