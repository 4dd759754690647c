from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.lm import MLE, KneserNeyInterpolated, Laplace, Lidstone
from nltk.lm import Vocabulary as NltkVocabulary

from hornbook.errors import DataError, RunError, SettingsError
from hornbook.text.corpus import Corpus, Splits, load_corpus, split_corpus
from hornbook.text.losses import mean_loss, measure
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.scores import score
from hornbook.text.stream import Ids, Stream, encode_lines, encode_split, encode_text
from hornbook.tokenizers.characters import CharTokenizer
from tests.kneser_ney_reference import KneserNey

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"

needs_shared = pytest.mark.skipif(
    not (SHARED / "names.txt").exists(), reason=f"the lectures' files are not at {SHARED}"
)

Smoothing = Literal["kneser-ney", "add", "mle"]

# d, and in texts the line feed, may stay unseen in training.
LINES = CharTokenizer.fit(["abcd"], boundary=True)
TEXT = CharTokenizer.fit(["abcd\n"], boundary=False)

some = settings(max_examples=40)  # each is a model and 50 contexts
line_lists = st.lists(st.text("abc", min_size=1, max_size=7), min_size=1, max_size=15)
texts = st.text("abc\n", min_size=1, max_size=80)
corpora = line_lists | texts
smoothings: st.SearchStrategy[Smoothing] = st.sampled_from(["kneser-ney", "add", "mle"])


def tokenizer_of(corpus: list[str] | str) -> CharTokenizer:
    return TEXT if isinstance(corpus, str) else LINES


def stream_of(corpus: list[str] | str) -> Stream:
    if isinstance(corpus, str):
        return encode_text(corpus, TEXT)
    return encode_lines(tuple(corpus), LINES)


def sequences_of(corpus: list[str] | str) -> list[list[int]]:
    if isinstance(corpus, str):
        return [TEXT.encode(corpus).tolist()]
    return [[0, *LINES.encode(line).tolist(), 0] for line in corpus]


def fitted(
    corpus: list[str] | str, order: int, smoothing: Smoothing = "kneser-ney", added: float = 1.0
) -> NGram:
    chosen = NGramSettings(order=order, smoothing=smoothing, added=added)
    return NGram(chosen, tokenizer_of(corpus).vocabulary).fit(stream_of(corpus))


def some_contexts(vocab_size: int, block_size: int, seed: int, n: int = 50) -> Ids:
    rng = np.random.default_rng(seed)
    return rng.integers(0, vocab_size, (n, block_size))


def windows(stream: Stream, block_size: int) -> tuple[Ids, Ids]:
    return stream.windows(np.arange(stream.first, len(stream.ids)), block_size)


# ---- the lectures' figures ----


@pytest.fixture(scope="module")
def names() -> Corpus:
    return load_corpus(SHARED / "names.txt")


@pytest.fixture(scope="module")
def tokenizer(names: Corpus) -> CharTokenizer:
    return CharTokenizer.fit(names.lines, boundary=True)


@pytest.fixture(scope="module")
def splits(names: Corpus) -> Splits:
    return split_corpus(names)


def bigram(tokenizer: CharTokenizer, stream: Stream, smoothing: Smoothing) -> NGram:
    return NGram(NGramSettings(order=2, smoothing=smoothing), tokenizer.vocabulary).fit(stream)


@needs_shared
@pytest.mark.parametrize(
    ("smoothing", "nats", "andrejq"), [("mle", 2.45401, math.inf), ("add", 2.45458, 3.48340)]
)
def test_the_bigram_of_all_names_is_the_lectures(
    names: Corpus, tokenizer: CharTokenizer, smoothing: Smoothing, nats: float, andrejq: float
) -> None:
    stream = encode_lines(tuple(names.lines), tokenizer)
    model = bigram(tokenizer, stream, smoothing)
    loss = measure(model, stream, tokenizer)
    assert (round(loss.nats_per_token, 5), loss.tokens) == (nats, 228_146)
    assert round(score(model, tokenizer, "andrejq").nats_per_token, 5) == andrejq


@needs_shared
def test_the_bigram_of_the_lecture_split_is_the_lectures(
    splits: Splits, tokenizer: CharTokenizer
) -> None:
    streams = {name: encode_split(splits, name, tokenizer) for name in ("train", "dev", "test")}
    model = bigram(tokenizer, streams["train"], "add")
    nats = {name: round(mean_loss(model, stream), 5) for name, stream in streams.items()}
    assert nats == {"train": 2.45484, "dev": 2.45326, "test": 2.45839}


@needs_shared
@pytest.mark.parametrize("smoothing", ["mle", "add", "kneser-ney"])
def test_the_matrix_of_pairs_holds_the_lectures_counts(
    names: Corpus, tokenizer: CharTokenizer, smoothing: Smoothing
) -> None:
    stream = encode_lines(tuple(names.lines), tokenizer)
    matrix = bigram(tokenizer, stream, smoothing).pair_counts().matrix()
    pairs = Counter(
        pair for line in names.lines for pair in zip(f".{line}", f"{line}.", strict=True)
    )
    shown = "." + "".join(tokenizer.characters)
    expected = [[pairs[before, after] for after in shown] for before in shown]
    assert matrix.tolist() == expected
    assert matrix[0, 1] == 4_410  # names that begin with a, as on the lecture's picture


@needs_shared
def test_kneser_ney_clears_its_bar_on_names(splits: Splits, tokenizer: CharTokenizer) -> None:
    train, dev, test = (encode_split(splits, name, tokenizer) for name in ("train", "dev", "test"))
    model = NGram(NGramSettings(order=6), tokenizer.vocabulary).fit(train)
    assert 1.97 < mean_loss(model, dev) <= 1.975
    assert 1.97 < mean_loss(model, test) <= 1.978
    seen = set(splits.train)
    unseen = tuple(word for word in splits.dev if word not in seen)
    assert round(mean_loss(model, encode_lines(unseen, tokenizer)), 3) == 2.018


@needs_shared
def test_kneser_ney_clears_its_bar_on_shakespeare() -> None:
    corpus = load_corpus(SHARED / "tinyshakespeare.txt")
    tokenizer = CharTokenizer.fit([corpus.text], boundary=False)
    parts = split_corpus(corpus)
    train, dev = (encode_split(parts, name, tokenizer) for name in ("train", "dev"))
    model = NGram(NGramSettings(order=7), tokenizer.vocabulary).fit(train)
    loss = measure(model, dev, tokenizer)
    assert loss.tokens == loss.characters == loss.bytes == 111_540
    assert 1.51 < loss.nats_per_token <= 1.52


# ---- what every distribution must be ----


@some
@given(corpora, st.integers(1, 6), smoothings, st.integers(0, 9))
def test_every_distribution_sums_to_one(
    corpus: list[str] | str, order: int, smoothing: Smoothing, seed: int
) -> None:
    model = fitted(corpus, order, smoothing)
    v = model.vocabulary.size
    seen, _ = windows(stream_of(corpus), model.block_size)
    p = model.probabilities(np.concatenate([some_contexts(v, model.block_size, seed), seen]))
    assert (p >= 0).all()
    sums = p.sum(axis=1)
    if smoothing == "mle":
        # A context that nothing followed has no distribution, but an example's own contexts do; a
        # text's do once they are full, since none was counted that reaches before its beginning.
        full = seen if isinstance(corpus, list) else seen[model.block_size :]
        sums = np.concatenate([sums[sums != 0], sums[len(sums) - len(full) :]])
    np.testing.assert_allclose(sums, 1, rtol=0, atol=1e-12)


@some
@given(corpora, st.integers(1, 6), smoothings, st.integers(0, 9))
def test_losses_are_the_logits_of_the_targets(
    corpus: list[str] | str, order: int, smoothing: Smoothing, seed: int
) -> None:
    model = fitted(corpus, order, smoothing)
    v = model.vocabulary.size
    contexts = some_contexts(v, model.block_size, seed)
    seen, _ = windows(stream_of(corpus), model.block_size)
    contexts = np.concatenate([contexts, seen])
    logits = model.next_logits(contexts)
    for target in range(v):
        losses = model.token_losses(contexts, np.full(len(contexts), target))
        np.testing.assert_allclose(losses, -logits[:, target], rtol=1e-12)


@some
@given(corpora, st.integers(1, 6))
def test_no_token_is_impossible_under_kneser_ney(corpus: list[str] | str, order: int) -> None:
    model = fitted(corpus, order)
    contexts = some_contexts(model.vocabulary.size, model.block_size, seed=1)
    assert (model.probabilities(contexts) > 0).all()


def test_a_discount_of_nothing_leaves_no_token_impossible() -> None:
    # 4 n4 n1 = 3 n3 (n1 + 2 n2) for these pairs of letters, so that D3+ comes out as zero.
    corpus = ["bcb", "c", "ac", "cbcb", "cbb", "bb", "c"]
    contexts = np.arange(LINES.vocab_size)[:, None]
    assert (fitted(corpus, 2).probabilities(contexts) > 0).all()


@some
@given(line_lists, st.integers(2, 6), smoothings)
def test_what_stands_before_a_boundary_does_not_matter(
    corpus: list[str], order: int, smoothing: Smoothing
) -> None:
    model = fitted(corpus, order, smoothing)
    contexts = some_contexts(model.vocabulary.size, model.block_size, seed=1)
    ended = np.maximum.accumulate((contexts == 0)[:, ::-1], axis=1)[:, ::-1]
    np.testing.assert_array_equal(
        model.probabilities(contexts), model.probabilities(np.where(ended, 0, contexts))
    )


@some
@given(corpora, st.integers(1, 6), smoothings, st.lists(st.integers(0, 4), min_size=1, max_size=9))
def test_steps_look_through_the_same_windows(
    corpus: list[str] | str, order: int, smoothing: Smoothing, tokens: list[int]
) -> None:
    model = fitted(corpus, order, smoothing)
    start, state = model.vocabulary.start, None
    for i, token in enumerate(tokens):
        # A second place reads nothing but the start; both are told apart and picked out again.
        logits, state = model.step(np.array([start, token]), state)
        before = ([start] * order + tokens[: i + 1])[i + 2 :]
        expected = model.next_logits(np.array([[start] * (order - 1), before], dtype=np.int64))
        np.testing.assert_array_equal(logits, expected)
        picked = model.select(state, np.array([1, 1]))
        np.testing.assert_array_equal(picked, np.array([before] * 2, dtype=np.int64))


# ---- against independent references ----


def slow_counts(corpus: list[str] | str, order: int) -> dict[tuple[int, ...], Counter[int]]:
    """What followed each context of order - 1 tokens, or fewer after a boundary."""
    followed: dict[tuple[int, ...], Counter[int]] = {}
    for sequence in sequences_of(corpus):
        first = 1 if isinstance(corpus, list) else order - 1
        for i in range(first, len(sequence)):
            context = tuple(sequence[max(0, i - order + 1) : i])
            followed.setdefault(context, Counter())[sequence[i]] += 1
    return followed


@some
@given(corpora, st.integers(1, 5), st.sampled_from([0.01, 1.0, 3.0]), st.integers(0, 9))
def test_counts_become_probabilities_as_the_docstring_says(
    corpus: list[str] | str, order: int, added: float, seed: int
) -> None:
    mle, add = fitted(corpus, order, "mle"), fitted(corpus, order, "add", added)
    v, followed = mle.vocabulary.size, slow_counts(corpus, order)
    seen, _ = windows(stream_of(corpus), mle.block_size)
    contexts = np.concatenate([some_contexts(v, mle.block_size, seed), seen])
    rows = zip(
        contexts.tolist(), mle.probabilities(contexts), add.probabilities(contexts), strict=True
    )
    for context, by_mle, by_add in rows:
        if isinstance(corpus, list) and 0 in context:
            context = context[len(context) - 1 - context[::-1].index(0) :]
        counts = followed.get(tuple(context), Counter())
        n = counts.total()
        np.testing.assert_allclose(by_mle, [counts[w] / max(n, 1) for w in range(v)], rtol=1e-12)
        expected = [(counts[w] + added) / (n + added * v) for w in range(v)]
        np.testing.assert_allclose(by_add, expected, rtol=1e-12)


def by_the_book(reference: KneserNey, contexts: Ids) -> list[list[float]]:
    """The reference's P(. | context) of each context."""
    tokens = range(reference.vocab_size)
    return [[reference.probability(w, row) for w in tokens] for row in contexts.tolist()]


@some
@given(corpora, st.integers(1, 5), st.integers(0, 9))
def test_kneser_ney_is_the_slow_definition(corpus: list[str] | str, order: int, seed: int) -> None:
    model = fitted(corpus, order)
    v, bounded = model.vocabulary.size, model.vocabulary.boundary is not None
    reference = KneserNey(sequences_of(corpus), order, v, boundary=bounded)
    seen, _ = windows(stream_of(corpus), model.block_size)
    contexts = np.concatenate([some_contexts(v, model.block_size, seed, n=20), seen])
    np.testing.assert_allclose(
        model.probabilities(contexts), by_the_book(reference, contexts), rtol=0, atol=1e-12
    )


@needs_shared
@pytest.mark.parametrize("order", [2, 4, 6])
def test_kneser_ney_is_the_slow_definition_on_names(
    splits: Splits, tokenizer: CharTokenizer, order: int
) -> None:
    train = splits.train[:400]
    model = NGram(NGramSettings(order=order), tokenizer.vocabulary)
    model.fit(encode_lines(train, tokenizer))
    examples = [[0, *tokenizer.encode(word).tolist(), 0] for word in train]
    reference = KneserNey(examples, order, tokenizer.vocab_size, boundary=True)
    assert reference.discounts[1] != (0.5, 1.0, 1.5)  # there is enough to estimate from
    contexts, _ = windows(encode_lines(splits.dev[:60], tokenizer), model.block_size)
    np.testing.assert_allclose(
        model.probabilities(contexts), by_the_book(reference, contexts), rtol=0, atol=1e-12
    )


def test_kneser_ney_is_the_slow_definition_on_a_text() -> None:
    text = (ROOT / "hornbook" / "sources" / "bundled" / "tang.txt").read_text(encoding="utf-8")[
        :6_000
    ]
    tokenizer = CharTokenizer.fit([text], boundary=False)
    model = NGram(NGramSettings(order=3), tokenizer.vocabulary)
    model.fit(encode_text(text[:5_000], tokenizer))
    reference = KneserNey(
        [tokenizer.encode(text[:5_000]).tolist()], 3, tokenizer.vocab_size, boundary=False
    )
    dev = encode_text(text[5_000:], tokenizer, before=text[:5_000])
    contexts, targets = windows(dev, model.block_size)
    pairs = zip(targets.tolist(), contexts.tolist(), strict=True)
    np.testing.assert_allclose(
        np.exp(-model.token_losses(contexts, targets)),
        [reference.probability(target, context) for target, context in pairs],
        rtol=0,
        atol=1e-12,
    )


WORDS = ["emma", "olivia", "ava", "isabella", "sophia", "charlotte", "mia", "amelia", "emilia"]
LETTERS = CharTokenizer.fit(WORDS, boundary=True)


def grams(word: str, order: int) -> list[tuple[str, ...]]:
    """Every n-gram of a name that ends in a predicted token, `.` for the boundary, once each."""
    example = f".{word}."
    return [
        tuple(example[end - length : end])
        for end in range(2, len(example) + 1)
        for length in range(1, min(order, end) + 1)
    ]


def nltk_model(kind: Any, order: int, *arguments: float, **keywords: float) -> Any:
    """An nltk model of WORDS over the same tokenizer, its unknown word being the boundary."""
    vocabulary = NltkVocabulary(LETTERS.characters, unk_cutoff=1, unk_label=".")
    assert len(vocabulary) == LETTERS.vocab_size
    model = kind(*arguments, order=order, vocabulary=vocabulary, **keywords)
    model.fit([grams(word, order) for word in WORDS])
    return model


def interior(order: int) -> list[tuple[str, list[str]]]:
    """Predictions of WORDS and their contexts of order - 1 tokens, where there are as many."""
    return [
        (f"{word}."[i], list(f".{word}."[i - order + 2 : i + 1]))
        for word in WORDS
        for i in range(order - 2, len(word) + 1)
    ]


def ids_of(tokens: Sequence[str]) -> list[int]:
    return [0 if token == "." else int(LETTERS.encode(token)[0]) for token in tokens]


@pytest.mark.parametrize("order", [2, 3, 4])
@pytest.mark.parametrize(
    ("smoothing", "added", "kind", "arguments"),
    [("mle", 1.0, MLE, []), ("add", 1.0, Laplace, []), ("add", 0.3, Lidstone, [0.3])],
    ids=["MLE", "Laplace", "Lidstone"],
)
def test_counting_agrees_with_nltk(
    order: int, smoothing: Smoothing, added: float, kind: Any, arguments: list[float]
) -> None:
    chosen = NGramSettings(order=order, smoothing=smoothing, added=added)
    model = NGram(chosen, LETTERS.vocabulary).fit(encode_lines(tuple(WORDS), LETTERS))
    other = nltk_model(kind, order, *arguments)
    for _, context in interior(order):
        ours = model.probabilities(np.array([ids_of(context)]))[0]
        theirs = [other.score(token, context) for token in (".", *LETTERS.characters)]
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("order", [2, 3, 4])
def test_the_slow_definition_agrees_with_nltk_where_their_conventions_meet(order: int) -> None:
    """nltk has one discount for all counts, none in the lowest order, and no uniform order below.

    With the discounts set so, both are the same model wherever the context is full and contains no
    boundary but as its oldest token: nltk has no continuation counts for what begins a name.
    """
    other = nltk_model(KneserNeyInterpolated, order, discount=0.4)
    examples = [[0, *LETTERS.encode(word).tolist(), 0] for word in WORDS]
    reference = KneserNey(
        examples,
        order,
        LETTERS.vocab_size,
        boundary=True,
        discounts=[(0.0, 0.0, 0.0), *[(0.4, 0.4, 0.4)] * (order - 1)],
    )
    for _, context in interior(order):
        ours = [reference.probability(w, ids_of(context)) for w in range(LETTERS.vocab_size)]
        theirs = [other.score(token, context) for token in (".", *LETTERS.characters)]
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


# ---- kept and loaded ----


@some
@given(corpora, st.integers(1, 6), smoothings)
def test_kept_counts_give_the_same_losses(
    corpus: list[str] | str, order: int, smoothing: Smoothing
) -> None:
    model = fitted(corpus, order, smoothing)
    loaded = NGram(NGramSettings(order=order, smoothing=smoothing), model.vocabulary)
    loaded.load_arrays(model.arrays())
    contexts = some_contexts(model.vocabulary.size, model.block_size, seed=1)
    np.testing.assert_array_equal(loaded.probabilities(contexts), model.probabilities(contexts))
    assert loaded.n_parameters == model.n_parameters


def test_parameters_are_the_counts_that_are_not_zero() -> None:
    # a, b, boundary; .a ab b. .b; .ab ab. .b.
    assert fitted(["ab", "ab", "b"], 3).n_parameters == 3 + 4 + 3


KEPT = fitted(["abc", "bca", "cab", "ab"], 4)


@pytest.mark.parametrize("name", sorted(KEPT.arrays()))
def test_counts_with_an_array_missing_are_refused(name: str) -> None:
    arrays = {key: array for key, array in KEPT.arrays().items() if key != name}
    with pytest.raises(RunError):
        NGram(NGramSettings(order=4), LINES.vocabulary).load_arrays(arrays)


@pytest.mark.parametrize("name", sorted(KEPT.arrays()))
@pytest.mark.parametrize(
    "damage",
    [lambda a: a[:-1], lambda a: a[:0], lambda a: np.append(a, a[-1] + 1), lambda a: a[:, None]],
    ids=["shorter", "empty", "longer", "two axes"],
)
def test_counts_of_the_wrong_shape_are_refused(name: str, damage: Any) -> None:
    arrays = {**KEPT.arrays(), name: damage(KEPT.arrays()[name])}
    with pytest.raises(RunError):
        NGram(NGramSettings(order=4), LINES.vocabulary).load_arrays(arrays)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("older.2", lambda a: a.astype(np.int64) + 1_000),
        ("older.2", lambda a: a[::-1]),
        ("older.2", np.zeros_like),
        ("older.0", lambda a: a + 1),
        ("begins.2", lambda a: a[::-1]),
        ("begins.2", np.zeros_like),
        ("tokens.2", lambda a: a + 100),
        ("tokens.2", np.zeros_like),
        ("offsets.2", lambda a: a[::-1]),
        ("offsets.2", np.zeros_like),
        ("counts.2", np.zeros_like),
        ("counts.2", lambda a: -a.astype(np.int64)),
        ("counts.2", lambda a: a.astype(float)),
    ],
)
def test_counts_that_do_not_fit_together_are_refused(name: str, damage: Any) -> None:
    arrays = {**KEPT.arrays(), name: damage(KEPT.arrays()[name])}
    with pytest.raises(RunError):
        NGram(NGramSettings(order=4), LINES.vocabulary).load_arrays(arrays)


@pytest.mark.parametrize("arrays", [{}, {"weight": np.ones((3, 3))}])
def test_arrays_of_another_family_are_refused(arrays: dict[str, Any]) -> None:
    with pytest.raises(RunError):
        NGram(NGramSettings(order=4), LINES.vocabulary).load_arrays(arrays)


def test_arrays_with_a_stranger_among_them_are_refused() -> None:
    with pytest.raises(RunError):
        NGram(NGramSettings(order=4), LINES.vocabulary).load_arrays(
            {**KEPT.arrays(), "weight": np.ones(3)}
        )


def test_counts_of_a_higher_order_are_refused() -> None:
    with pytest.raises(RunError):
        NGram(NGramSettings(order=3), LINES.vocabulary).load_arrays(KEPT.arrays())


def test_counts_of_another_alphabet_are_refused() -> None:
    small = CharTokenizer.fit(["a"], boundary=True)
    with pytest.raises(RunError):
        NGram(NGramSettings(order=4), small.vocabulary).load_arrays(KEPT.arrays())


# ---- the rest of its word ----


def test_only_pairs_have_a_matrix() -> None:
    with pytest.raises(SettingsError, match="of order 2; this one has order 3"):
        fitted(["ab"], 3).pair_counts()


def test_settings_without_effect_are_refused() -> None:
    with pytest.raises(
        SettingsError, match='`added` has no effect here: it requires `smoothing="add"`'
    ):
        NGramSettings(added=0.5)


def test_counting_needs_no_torch() -> None:
    code = (
        "import sys\n"
        "from hornbook.text.stream import encode_lines\n"
        "from hornbook.tokenizers.characters import CharTokenizer\n"
        "from hornbook.text.models.ngram import NGram, NGramSettings\n"
        "tokenizer = CharTokenizer.fit(['emma'], boundary=True)\n"
        "model = NGram(NGramSettings(order=3), tokenizer.vocabulary)\n"
        "model.fit(encode_lines(('emma',), tokenizer))\n"
        "print(model.n_parameters, 'torch' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    # 4 tokens, the boundary among them; .e em mm ma a.; .em emm mma ma.
    assert done.stdout.split() == ["13", "False"], done.stderr


def test_more_than_there_is_memory_for_is_refused_before_it_is_taken(
    names: Corpus, tokenizer: CharTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = encode_lines(tuple(names.lines), tokenizer)
    monkeypatch.setattr("hornbook.text.models.trie_growth.available_memory", lambda: 10_000_000)
    with pytest.raises(DataError, match=r"takes about 0\.0 GB of memory; 0\.0 GB are available"):
        bigram(tokenizer, stream, "add")
    monkeypatch.setattr("hornbook.text.models.trie_growth.available_memory", lambda: None)
    assert bigram(tokenizer, stream, "add").n_parameters
