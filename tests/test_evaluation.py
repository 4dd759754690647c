from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import SettingsError, UnknownSymbolError
from hornbook.text import losses
from hornbook.text.corpus import Splits
from hornbook.text.losses import Loss, measure, stream_losses
from hornbook.text.models.bow import BagOfWords, BagOfWordsSettings
from hornbook.text.models.contract import Arrays, Floats, Ids, LanguageModel
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.novelty import Novelty
from hornbook.text.scores import score
from hornbook.text.stream import Stream, encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Vocabulary

LINES = CharTokenizer.fit(["abcd"], boundary=True)
TEXT = CharTokenizer.fit(["abcd\n"], boundary=False)
TRAIN_LINES = ("abc", "abd", "bca", "cab", "abc", "dab")
TRAIN_TEXT = "abc abd\nbca cab\nabc dab\n".replace(" ", "\n")
MODELS = {
    smoothing: {
        tokenizer.boundary: NGram(
            NGramSettings.from_dict({"order": 3, "smoothing": smoothing}), tokenizer.vocabulary
        ).fit(stream)
        for tokenizer, stream in (
            (LINES, encode_lines(TRAIN_LINES, LINES)),
            (TEXT, encode_text(TRAIN_TEXT, TEXT)),
        )
    }
    for smoothing in ("kneser-ney", "add", "mle")
}

every_smoothing = pytest.mark.parametrize("smoothing", MODELS)
made_lines = st.lists(st.text("abcd", min_size=1, max_size=7), min_size=1, max_size=6)
made_texts = st.text("abcd\n", min_size=1, max_size=30)


def cost(model: NGram, context: list[int], target: int) -> float:
    """-ln p of one symbol after all that stands before it in its thing or text."""
    filled = [model.vocabulary.start] * model.block_size + context
    window = filled[len(filled) - model.block_size :]
    p = float(model.probabilities(np.array([window]))[0, target])
    return -math.log(p) if p else math.inf


def costs_of_line(model: NGram, line: str) -> list[float]:
    ids = [0, *LINES.encode(line).tolist(), 0]
    return [cost(model, ids[:i], ids[i]) for i in range(1, len(ids))]


def costs_of_text(model: NGram, text: str, before: str = "") -> list[float]:
    ids = TEXT.encode(before + text).tolist()
    return [cost(model, ids[:i], ids[i]) for i in range(len(before), len(ids))]


# ---- losses ----


@every_smoothing
@given(lines=made_lines)
def test_the_loss_of_lines_is_the_mean_of_a_plain_loop(smoothing: str, lines: list[str]) -> None:
    model = MODELS[smoothing][True]
    expected = [each for line in lines for each in costs_of_line(model, line)]
    loss = measure(model, encode_lines(tuple(lines), LINES))
    assert loss.predictions == len(expected)
    assert loss.nats == pytest.approx(sum(expected) / len(expected), rel=1e-12)


@every_smoothing
@given(text=made_texts, before=st.text("abcd\n", max_size=5))
def test_the_loss_of_a_text_is_the_mean_of_a_plain_loop(
    smoothing: str, text: str, before: str
) -> None:
    model = MODELS[smoothing][False]
    expected = costs_of_text(model, text, before)
    loss = measure(model, encode_text(text, TEXT, before))
    assert loss.predictions == len(text)
    assert loss.nats == pytest.approx(sum(expected) / len(expected), rel=1e-12)


class Sums(LanguageModel):
    """A sequence model whose loss is told by the symbols of its row up to a place."""

    reads = "sequence"

    def __init__(self, vocabulary: Vocabulary, block_size: int) -> None:
        self.vocabulary, self.block_size = vocabulary, block_size

    @property
    def n_parameters(self) -> int:
        return 0

    def token_losses(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        assert inputs.shape[1] <= self.block_size
        return np.where(targets < 0, 0.0, np.cumsum(inputs + 1, axis=1) + targets / 100)

    def step(self, ids: Ids, state: Any) -> tuple[Floats, Any]:
        raise NotImplementedError

    def select(self, state: Any, places: Ids) -> Any:
        raise NotImplementedError

    def arrays(self) -> Arrays:
        return {}

    def load_arrays(self, arrays: Arrays) -> None:
        raise NotImplementedError


def slow_sums(ids: list[int], first: int, block_size: int) -> list[float]:
    return [
        sum(symbol + 1 for symbol in ids[i - (i - first) % block_size - 1 : i]) + ids[i] / 100
        for i in range(first, len(ids))
    ]


@given(made_lines, st.integers(1, 9))
def test_a_sequence_model_is_measured_row_by_row(lines: list[str], block_size: int) -> None:
    expected = [
        each
        for line in lines
        for each in slow_sums([0, *LINES.encode(line).tolist(), 0], 1, block_size)
    ]
    stream, model = encode_lines(tuple(lines), LINES), Sums(LINES.vocabulary, block_size)
    found = np.concatenate(list(stream_losses(model, stream)))
    np.testing.assert_allclose(sorted(found), sorted(expected))
    assert measure(model, stream).nats == pytest.approx(sum(expected) / len(expected))


@given(made_texts, st.integers(1, 9))
def test_a_sequence_model_reads_a_text_in_blocks(text: str, block_size: int) -> None:
    expected = slow_sums([TEXT.start, *TEXT.encode(text).tolist()], 1, block_size)
    found = measure(Sums(TEXT.vocabulary, block_size), encode_text(text, TEXT))
    assert found.nats == pytest.approx(sum(expected) / len(expected))


def windowed_sums(ids: list[int], first: int, block_size: int) -> list[float]:
    """What `Sums` costs where each prediction sees the last `block_size` symbols of its thing."""
    return [
        sum(symbol + 1 for symbol in ids[max(0, i - block_size) : i]) + ids[i] / 100
        for i in range(first, len(ids))
    ]


@given(made_lines, st.integers(1, 9))
def test_a_stride_of_one_gives_each_prediction_of_lines_its_full_window(
    lines: list[str], block_size: int
) -> None:
    expected = [
        each
        for line in lines
        for each in windowed_sums([0, *LINES.encode(line).tolist(), 0], 1, block_size)
    ]
    stream, model = encode_lines(tuple(lines), LINES), Sums(LINES.vocabulary, block_size)
    found = np.concatenate(list(stream_losses(model, stream, stride=1)))
    np.testing.assert_allclose(sorted(found), sorted(expected))
    assert measure(model, stream, stride=1).nats == pytest.approx(sum(expected) / len(expected))


@given(made_texts, st.text("abcd\n", max_size=9), st.integers(1, 9))
def test_a_stride_of_one_gives_each_prediction_of_a_text_its_full_window(
    text: str, before: str, block_size: int
) -> None:
    ids = [TEXT.start, *TEXT.encode(before + text).tolist()]
    expected = windowed_sums(ids, len(before) + 1, block_size)
    stream = encode_text(text, TEXT, before)
    found = measure(Sums(TEXT.vocabulary, block_size), stream, stride=1)
    assert found.predictions == len(text)
    assert found.nats == pytest.approx(sum(expected) / len(expected))


def test_a_stride_of_one_is_a_forward_pass_for_each_prediction() -> None:
    settings = BagOfWordsSettings(block_size=5, n_embd=6, n_hidden=7, output_gain=1.0)
    model = BagOfWords(settings, TEXT.vocabulary, torch.Generator().manual_seed(0))
    text, before = "abcdabbadcab\nabcadcb", "dcbabc"
    ids = TEXT.encode(before + text)
    expected = []
    for i in range(len(before), len(ids)):
        logits = model(torch.from_numpy(ids[None, i - 5 : i]))[0, -1].detach()
        expected.append(-float(torch.log_softmax(logits, 0)[ids[i]]))
    stream = encode_text(text, TEXT, before)
    assert measure(model, stream, stride=1).nats == pytest.approx(np.mean(expected), rel=1e-5)
    # By itself the model reads rows that overlap by half, 2 of 5.
    assert measure(model, stream) == measure(model, stream, stride=3)
    assert measure(model, stream) != measure(model, stream, stride=1)


class Seen(Sums):
    """A model whose loss is how many symbols a prediction sees."""

    @property
    def measured_lead(self) -> int:
        return self.block_size // 2

    def token_losses(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        assert inputs.shape[1] <= self.block_size
        return np.where(targets < 0, 0.0, np.arange(1, inputs.shape[1] + 1))


@given(made_texts, st.text("abcd\n", max_size=9), st.integers(1, 9), st.data())
def test_each_prediction_sees_what_the_stride_leaves_of_a_row(
    text: str, before: str, block_size: int, data: st.DataObject
) -> None:
    stride = data.draw(st.none() | st.integers(1, block_size))
    least = block_size - (block_size - block_size // 2 if stride is None else stride)
    stream = encode_text(text, TEXT, before)
    found = np.concatenate(
        list(stream_losses(Seen(TEXT.vocabulary, block_size), stream, stride=stride))
    )
    assert len(found) == len(text)
    there_is = np.arange(len(text)) + len(before) + 1  # what stands before each, start included
    assert (np.sort(found) >= np.sort(np.minimum(there_is, least + 1))).all()
    assert found.max() <= block_size


@pytest.mark.parametrize("stride", [-1, 0, 5])
def test_a_stride_must_fit_in_a_row(stride: int) -> None:
    with pytest.raises(SettingsError, match=f"stride is {stride}; .* rows of 4") as caught:
        measure(Sums(TEXT.vocabulary, 4), encode_text("abcd", TEXT), stride=stride)
    assert "between 1 and 4" in caught.value.hint


def test_a_stride_is_nothing_to_a_window_model() -> None:
    with pytest.raises(SettingsError, match="no effect"):
        measure(MODELS["add"][False], encode_text("abcd", TEXT), stride=1)


@given(made_texts, st.integers(1, 40))
def test_a_limit_measures_windows_spread_over_the_stream(text: str, limit: int) -> None:
    model, stream = MODELS["add"][False], encode_text(text, TEXT)
    every = np.concatenate(list(stream_losses(model, stream)))
    count = min(limit, len(every))
    found = measure(model, stream, limit=limit)
    assert found.predictions == count
    chosen = every[[i * len(every) // count for i in range(count)]]
    assert found.nats == pytest.approx(chosen.mean())


def test_a_limit_measures_rows_spread_over_the_stream() -> None:
    stream = encode_text("abcd\n" * 2_000, TEXT)
    model = Sums(TEXT.vocabulary, 10)
    whole, part = measure(model, stream), measure(model, stream, limit=1_000)
    assert whole.predictions == 10_000
    assert part.predictions == pytest.approx(1_000, abs=10)
    assert part.nats == pytest.approx(whole.nats, rel=0.05)
    assert measure(model, stream, limit=10_000) == whole
    assert measure(model, stream, stride=5, limit=1_000).predictions == pytest.approx(1_000, abs=10)


@pytest.mark.parametrize("at_once", [1, 2, 7])
@pytest.mark.parametrize("reads", ["window", "sequence"])
def test_how_much_is_measured_at_once_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, at_once: int, reads: str
) -> None:
    stream = encode_lines(TRAIN_LINES, LINES)
    model = MODELS["add"][True] if reads == "window" else Sums(LINES.vocabulary, 3)
    whole = list(stream_losses(model, stream))
    monkeypatch.setattr(losses, "AT_ONCE", at_once)
    parts = list(stream_losses(model, stream))
    assert len(parts) > len(whole) == 1
    np.testing.assert_allclose(sorted(np.concatenate(parts)), sorted(whole[0]), rtol=1e-12)


def test_the_losses_of_a_window_model_come_in_order() -> None:
    model = MODELS["add"][True]
    found = np.concatenate(list(stream_losses(model, encode_lines(TRAIN_LINES, LINES))))
    expected = [each for line in TRAIN_LINES for each in costs_of_line(model, line)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_loss_is_told_in_three_units() -> None:
    loss = Loss(math.log(8), 100)
    assert loss.bits == pytest.approx(3)
    assert loss.perplexity == pytest.approx(8)
    assert loss.as_dict() == {
        "nats": loss.nats,
        "bits": loss.bits,
        "perplexity": loss.perplexity,
        "predictions": 100,
    }
    assert Loss(math.inf, 1).perplexity == Loss(1e6, 1).perplexity == math.inf


# ---- scores ----


def stream_of(tokenizer: CharTokenizer, text: str) -> Stream:
    return encode_lines((text,), tokenizer) if tokenizer.boundary else encode_text(text, tokenizer)


@every_smoothing
@given(data=st.data())
def test_a_score_is_the_measure_of_its_only_line(smoothing: str, data: st.DataObject) -> None:
    tokenizer = data.draw(st.sampled_from([LINES, TEXT]))
    text = data.draw(st.text("abcd" if tokenizer.boundary else "abcd\n", min_size=1, max_size=9))
    model = MODELS[smoothing][tokenizer.boundary]
    found = score(model, tokenizer, text)
    plain = costs_of_line(model, text) if tokenizer.boundary else costs_of_text(model, text)
    np.testing.assert_allclose(found.nats, plain, rtol=1e-9, atol=1e-12)
    loss = measure(model, stream_of(tokenizer, text))
    assert found.total == pytest.approx(loss.nats * loss.predictions)
    assert found.mean == pytest.approx(loss.nats)


def test_a_score_names_what_was_predicted_at_each_place() -> None:
    assert score(MODELS["add"][True], LINES, "abd").symbols == ("a", "b", "d", ".")
    assert score(MODELS["add"][False], TEXT, "a\nd").symbols == ("a", "line feed", "d")


def test_the_most_surprising_symbol_is_the_first_of_the_dearest() -> None:
    found = score(MODELS["mle"][True], LINES, "abddd")
    assert found.nats[2] < math.inf
    assert found.nats[3] == found.nats[4] == math.inf
    assert (found.most_surprising, found.total, found.mean) == (3, math.inf, math.inf)
    assert score(MODELS["add"][True], LINES, "abcc").most_surprising == 3


def test_a_score_can_be_told_by_name() -> None:
    found = score(MODELS["mle"][True], LINES, "aba")
    told = found.as_dict()
    assert told["text"] == "aba"
    assert told["nats"] == found.total
    assert told["nats_per_symbol"] == found.mean
    assert told["most_surprising"] == found.most_surprising
    assert [each["symbol"] for each in told["symbols"]] == ["a", "b", "a", "."]
    assert [each["nats"] for each in told["symbols"]] == list(found.nats)
    # Half of the six things begin with a; b follows it always; nothing begins with aba.
    probabilities = [each["probability"] for each in told["symbols"]]
    assert probabilities[:3] == [pytest.approx(0.5), pytest.approx(1), 0]
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize("tokenizer", [LINES, TEXT])
def test_there_is_no_score_of_nothing(tokenizer: CharTokenizer) -> None:
    with pytest.raises(SettingsError, match="nothing to score"):
        score(MODELS["add"][tokenizer.boundary], tokenizer, "")


def test_a_symbol_outside_of_the_alphabet_has_no_score() -> None:
    with pytest.raises(UnknownSymbolError, match="'x'"):
        score(MODELS["add"][True], LINES, "abx")


# ---- novelty ----


def test_a_line_is_looked_for_among_whole_lines() -> None:
    novelty = Novelty(Splits("lines", ("emma", "ava"), ("mia", "ava"), ("zoe", "mia")))
    made = ["emma", "ava", "mia", "zoe", "em", "emmaava", "Emma", ""]
    assert [novelty.origin(each) for each in made] == [
        *("train", "train", "dev", "test"),
        *("new", "new", "new", "new"),
    ]


def test_a_stretch_of_text_is_looked_for_within_the_splits() -> None:
    novelty = Novelty(Splits("text", ("to be or not",), (" to be,",), (" that is",)))
    made = ["be or", "to be", " to be", "that", "nottobe", "not to"]
    assert [novelty.origin(each) for each in made] == [
        *("train", "train", "dev", "test"),
        *("new", "new"),
    ]


def test_a_split_may_be_empty() -> None:
    assert Novelty(Splits("text", ("abc",), (), ())).origin("x") == "new"
    assert Novelty(Splits("lines", ("abc",), (), ())).origin("x") == "new"


def stretches(text: str) -> set[str]:
    return {text[i:j] for i in range(len(text)) for j in range(i + 1, len(text) + 1)}


@pytest.mark.parametrize("mode", ["lines", "text"])
@given(train=st.lists(st.text("ab", min_size=1), min_size=1, max_size=4), made=st.text("abc"))
def test_the_longest_copy_is_the_longest_common_stretch(
    mode: str, train: list[str], made: str
) -> None:
    if mode == "text":
        train = ["\n".join(train)]
    splits = Splits("lines" if mode == "lines" else "text", tuple(train), ("c" * 99,), ())
    shared = stretches(made) & set().union(*map(stretches, train))
    assert Novelty(splits).longest_copy(made) == max(map(len, shared), default=0)


def test_a_copy_does_not_run_on_into_another_line() -> None:
    assert Novelty(Splits("lines", ("emma", "ava"), (), ())).longest_copy("emmaava") == 4
    assert Novelty(Splits("text", ("emmaava",), (), ())).longest_copy("emmaava") == 7


def test_the_shares_of_origins_name_each_and_sum_to_one() -> None:
    shares = Novelty.shares(["new", "train", "new", "test"])
    assert shares == {"train": 0.25, "dev": 0.0, "test": 0.25, "new": 0.5}
    assert Novelty.shares([]) == {"train": 0.0, "dev": 0.0, "test": 0.0, "new": 0.0}
