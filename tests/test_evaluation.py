from __future__ import annotations

import json
import math
from collections import Counter

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import SettingsError, UnknownTokenError
from hornbook.text import losses
from hornbook.text.corpus import Splits
from hornbook.text.losses import Loss, mean_loss, measure, predictions
from hornbook.text.models.bow import BagOfWords, BagOfWordsSettings
from hornbook.text.models.contract import Arrays, Ids, LanguageModel
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.models.reading import Reading
from hornbook.text.novelty import Novelty
from hornbook.text.scores import score
from hornbook.text.stream import ABSENT, Stream, encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Vocabulary

LINES = CharTokenizer.fit(["abcd"], boundary=True)
TEXT = CharTokenizer.fit(["abcd\n"], boundary=False)
TRAIN_LINES = ("abc", "abd", "bca", "cab", "abc", "dab")
TRAIN_TEXT = "abc abd\nbca cab\nabc dab\n".replace(" ", "\n")
MODELS = {
    smoothing: {
        tokenizer: NGram(
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
    """-ln p of one token after all that stands before it in its example or text."""
    filled = [ABSENT] * model.block_size + context
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


def losses_of(
    model: LanguageModel, stream: Stream, *, stride: int | None = None
) -> npt.NDArray[np.float64]:
    """What each prediction costs, in the order in which they come."""
    found = list(predictions(model, stream, stride=stride))
    counts = Counter(np.concatenate([targets for targets, _ in found]).tolist())
    assert counts == Counter(stream.ids[stream.first :].tolist())
    return np.concatenate([losses for _, losses in found])


@every_smoothing
@given(lines=made_lines)
def test_the_loss_of_lines_is_the_mean_of_a_plain_loop(smoothing: str, lines: list[str]) -> None:
    model = MODELS[smoothing][LINES]
    expected = [each for line in lines for each in costs_of_line(model, line)]
    loss = measure(model, encode_lines(tuple(lines), LINES), LINES)
    assert loss.tokens == len(expected)
    assert loss.nats_per_token == pytest.approx(sum(expected) / len(expected), rel=1e-12)


@every_smoothing
@given(text=made_texts, before=st.text("abcd\n", max_size=5))
def test_the_loss_of_a_text_is_the_mean_of_a_plain_loop(
    smoothing: str, text: str, before: str
) -> None:
    model = MODELS[smoothing][TEXT]
    expected = costs_of_text(model, text, before)
    loss = measure(model, encode_text(text, TEXT, before), TEXT)
    assert loss.tokens == len(text)
    assert loss.nats_per_token == pytest.approx(sum(expected) / len(expected), rel=1e-12)


class Sums(LanguageModel):
    """A sequence model whose loss is told by the tokens of its row up to a place."""

    def __init__(self, vocabulary: Vocabulary, block_size: int, measured_lead: int = 0) -> None:
        self.vocabulary = vocabulary
        self.reading = Reading.rows(block_size, context=block_size, measured_lead=measured_lead)

    @property
    def n_parameters(self) -> int:
        return 0

    def next_logits(self, inputs: Ids) -> npt.NDArray[np.float64]:
        raise NotImplementedError

    def token_losses(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        assert inputs.shape[1] <= self.block_size
        return np.where(targets < 0, 0.0, np.cumsum(inputs + 1, axis=1) + targets / 100)

    def arrays(self) -> Arrays:
        return {}

    def load_arrays(self, arrays: Arrays) -> None:
        raise NotImplementedError


def slow_sums(ids: list[int], first: int, block_size: int) -> list[float]:
    return [
        sum(token + 1 for token in ids[i - (i - first) % block_size - 1 : i]) + ids[i] / 100
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
    found = losses_of(model, stream)
    np.testing.assert_allclose(sorted(found), sorted(expected))
    assert mean_loss(model, stream) == pytest.approx(sum(expected) / len(expected))


@given(made_texts, st.integers(1, 9))
def test_a_sequence_model_reads_a_text_in_blocks(text: str, block_size: int) -> None:
    expected = slow_sums([TEXT.start, *TEXT.encode(text).tolist()], 1, block_size)
    found = mean_loss(Sums(TEXT.vocabulary, block_size), encode_text(text, TEXT))
    assert found == pytest.approx(sum(expected) / len(expected))


def windowed_sums(ids: list[int], first: int, block_size: int) -> list[float]:
    """What `Sums` costs where each prediction sees the last `block_size` tokens of its example."""
    return [
        sum(token + 1 for token in ids[max(0, i - block_size) : i]) + ids[i] / 100
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
    found = losses_of(model, stream, stride=1)
    np.testing.assert_allclose(sorted(found), sorted(expected))
    assert mean_loss(model, stream, stride=1) == pytest.approx(sum(expected) / len(expected))


@given(made_texts, st.text("abcd\n", max_size=9), st.integers(1, 9))
def test_a_stride_of_one_gives_each_prediction_of_a_text_its_full_window(
    text: str, before: str, block_size: int
) -> None:
    ids = [TEXT.start, *TEXT.encode(before + text).tolist()]
    expected = windowed_sums(ids, len(before) + 1, block_size)
    stream = encode_text(text, TEXT, before)
    found = measure(Sums(TEXT.vocabulary, block_size), stream, TEXT, stride=1)
    assert found.tokens == len(text)
    assert found.nats_per_token == pytest.approx(sum(expected) / len(expected))


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
    assert mean_loss(model, stream, stride=1) == pytest.approx(np.mean(expected), rel=1e-5)
    # By itself the model reads rows that overlap by half, 2 of 5.
    assert mean_loss(model, stream) == mean_loss(model, stream, stride=3)
    assert mean_loss(model, stream) != mean_loss(model, stream, stride=1)


class Seen(Sums):
    """A model whose loss is how many tokens a prediction sees."""

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
    model = Seen(TEXT.vocabulary, block_size, measured_lead=block_size // 2)
    found = losses_of(model, stream, stride=stride)
    assert len(found) == len(text)
    there_is = np.arange(len(text)) + len(before) + 1  # what stands before each, start included
    assert (np.sort(found) >= np.sort(np.minimum(there_is, least + 1))).all()
    assert found.max() <= block_size


@pytest.mark.parametrize("stride", [-1, 0, 5])
def test_a_stride_must_fit_in_a_row(stride: int) -> None:
    with pytest.raises(SettingsError, match=f"`stride` is {stride}; .* rows of 4") as caught:
        mean_loss(Sums(TEXT.vocabulary, 4), encode_text("abcd", TEXT), stride=stride)
    assert "between 1 and 4" in caught.value.hint


def test_a_stride_is_nothing_to_a_window_model() -> None:
    with pytest.raises(SettingsError, match="no effect"):
        mean_loss(MODELS["add"][TEXT], encode_text("abcd", TEXT), stride=1)


@given(made_texts, st.integers(1, 40))
def test_a_limit_measures_windows_spread_over_the_stream(text: str, limit: int) -> None:
    model, stream = MODELS["add"][TEXT], encode_text(text, TEXT)
    every = losses_of(model, stream)
    count = min(limit, len(every))
    found = measure(model, stream, TEXT, limit=limit)
    assert found.tokens == found.characters == found.bytes == count
    chosen = every[[i * len(every) // count for i in range(count)]]
    assert found.nats_per_token == pytest.approx(chosen.mean())
    assert mean_loss(model, stream, limit=limit) == found.nats_per_token


def test_a_limit_measures_rows_spread_over_the_stream() -> None:
    stream = encode_text("abcd\n" * 2_000, TEXT)
    model = Sums(TEXT.vocabulary, 10)
    whole, part = (measure(model, stream, TEXT, limit=limit) for limit in (0, 1_000))
    assert whole.tokens == 10_000
    assert part.tokens == pytest.approx(1_000, abs=10)
    assert part.nats_per_token == pytest.approx(whole.nats_per_token, rel=0.05)
    assert measure(model, stream, TEXT, limit=10_000) == whole
    strided = measure(model, stream, TEXT, stride=5, limit=1_000)
    assert strided.tokens == pytest.approx(1_000, abs=10)


@pytest.mark.parametrize("at_once", [1, 2, 7])
@pytest.mark.parametrize("reads", ["window", "sequence"])
def test_how_much_is_measured_at_once_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, at_once: int, reads: str
) -> None:
    stream = encode_lines(TRAIN_LINES, LINES)
    model = MODELS["add"][LINES] if reads == "window" else Sums(LINES.vocabulary, 3)
    whole = [found for _, found in predictions(model, stream)]
    monkeypatch.setattr(losses, "AT_ONCE", at_once)
    parts = [found for _, found in predictions(model, stream)]
    assert len(parts) > len(whole) == 1
    np.testing.assert_allclose(sorted(np.concatenate(parts)), sorted(whole[0]), rtol=1e-12)


def test_the_losses_of_a_window_model_come_in_order() -> None:
    model = MODELS["add"][LINES]
    found = losses_of(model, encode_lines(TRAIN_LINES, LINES))
    expected = [each for line in TRAIN_LINES for each in costs_of_line(model, line)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_loss_is_told_for_each_token_character_and_byte() -> None:
    loss = Loss(60 * math.log(8), tokens=60, characters=90, bytes=180)
    assert loss.nats_per_token == pytest.approx(math.log(8))
    assert loss.nats_per_character == pytest.approx(math.log(4))
    assert loss.bits_per_byte == pytest.approx(1)
    assert loss.perplexity == pytest.approx(8)
    assert loss.as_dict() == {
        "nats_per_token": loss.nats_per_token,
        "nats_per_character": loss.nats_per_character,
        "bits_per_byte": loss.bits_per_byte,
        "perplexity": loss.perplexity,
        "tokens": 60,
        "characters": 90,
        "bytes": 180,
    }
    assert Loss(math.inf, 1, 1, 1).perplexity == Loss(1e6, 1, 1, 1).perplexity == math.inf


def test_the_end_of_a_line_is_a_character_and_a_byte() -> None:
    lines = ("jo", "zoë", "né", "日本", "𝄞")
    tokenizer = CharTokenizer.fit(lines, boundary=True)
    stream = encode_lines(lines, tokenizer)
    model = NGram(NGramSettings(order=2), tokenizer.vocabulary).fit(stream)
    loss = measure(model, stream, tokenizer)
    file = "".join(line + "\n" for line in lines)
    assert (loss.tokens, loss.characters) == (len(file), len(file))
    assert loss.bytes == len(file.encode()) > len(file)
    # What a coder with this model would make of the file.
    costs = losses_of(model, stream)
    assert loss.bits_per_byte == pytest.approx(costs.sum() / math.log(2) / loss.bytes)
    text = CharTokenizer.fit([file], boundary=False)
    counts = NGram(NGramSettings(order=2), text.vocabulary)
    loss = measure(counts.fit(encode_text(file, text)), encode_text(file[3:], text, file[:3]), text)
    assert (loss.characters, loss.bytes) == (len(file) - 3, len(file.encode()) - 3)


class Pairs(CharTokenizer):
    """Two characters in each id."""

    @property
    def characters_each(self) -> npt.NDArray[np.int64]:
        return super().characters_each * 2


def test_tokens_need_not_be_characters() -> None:
    tokenizer = Pairs.fit(["abcd\n"], boundary=False)
    loss = measure(MODELS["add"][TEXT], encode_text("abcd", tokenizer), tokenizer)
    assert (loss.tokens, loss.characters) == (4, 8)
    assert loss.nats_per_token == 2 * loss.nats_per_character


# ---- scores ----


def stream_of(tokenizer: CharTokenizer, text: str) -> Stream:
    return encode_lines((text,), tokenizer) if tokenizer is LINES else encode_text(text, tokenizer)


@every_smoothing
@given(data=st.data())
def test_a_score_is_the_measure_of_its_only_line(smoothing: str, data: st.DataObject) -> None:
    tokenizer = data.draw(st.sampled_from([LINES, TEXT]))
    text = data.draw(st.text("abcd" if tokenizer is LINES else "abcd\n", min_size=1, max_size=9))
    model = MODELS[smoothing][tokenizer]
    found = score(model, tokenizer, text)
    plain = costs_of_line(model, text) if tokenizer is LINES else costs_of_text(model, text)
    np.testing.assert_allclose(found.nats, plain, rtol=1e-9, atol=1e-12)
    loss = measure(model, stream_of(tokenizer, text), tokenizer)
    assert found.total == pytest.approx(loss.total)
    assert found.nats_per_token == pytest.approx(loss.nats_per_token)


def test_a_score_names_what_was_predicted_at_each_place() -> None:
    assert score(MODELS["add"][LINES], LINES, "abd").tokens == ("a", "b", "d", ".")
    assert score(MODELS["add"][TEXT], TEXT, "a\nd").tokens == ("a", "line feed", "d")


def test_the_most_surprising_token_is_the_first_of_the_dearest() -> None:
    found = score(MODELS["mle"][LINES], LINES, "abddd")
    assert found.nats[2] < math.inf
    assert found.nats[3] == found.nats[4] == math.inf
    assert (found.most_surprising, found.total, found.nats_per_token) == (3, math.inf, math.inf)
    assert score(MODELS["add"][LINES], LINES, "abcc").most_surprising == 3


def test_a_score_can_be_told_by_name() -> None:
    found = score(MODELS["mle"][LINES], LINES, "aba")
    told = found.as_dict()
    assert told["text"] == "aba"
    assert told["nats"] == found.total
    assert told["nats_per_token"] == found.nats_per_token
    assert told["most_surprising"] == found.most_surprising
    assert [each["token"] for each in told["tokens"]] == ["a", "b", "a", "."]
    assert [each["nats"] for each in told["tokens"]] == list(found.nats)
    # Half of the six examples begin with a; b follows it always; nothing begins with aba.
    probabilities = [each["probability"] for each in told["tokens"]]
    assert probabilities[:3] == [pytest.approx(0.5), pytest.approx(1), 0]
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize("tokenizer", [LINES, TEXT])
def test_there_is_no_score_of_nothing(tokenizer: CharTokenizer) -> None:
    with pytest.raises(SettingsError, match="nothing to score"):
        score(MODELS["add"][tokenizer], tokenizer, "")


def test_a_token_outside_of_the_vocabulary_has_no_score() -> None:
    with pytest.raises(UnknownTokenError, match="'x'"):
        score(MODELS["add"][LINES], LINES, "abx")


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
    shares = Novelty.shares({"new": 2, "train": 1, "test": 1})
    assert shares == {"train": 0.25, "dev": 0.0, "test": 0.25, "new": 0.5}
    assert Novelty.shares({}) == {"train": 0.0, "dev": 0.0, "test": 0.0, "new": 0.0}


@pytest.mark.parametrize("order", [1, 2, 3, 40])
def test_counts_without_smoothing_know_the_beginning_that_they_counted(order: int) -> None:
    text = "It was a dark and stormy night, the end."
    tokenizer = CharTokenizer.fit([text], boundary=False)
    stream = encode_text(text, tokenizer)
    settings = NGramSettings.from_dict({"order": order, "smoothing": "mle"})
    model = NGram(settings, tokenizer.vocabulary).fit(stream)
    found = measure(model, stream, tokenizer).nats_per_token
    # The first is one of all tokens, the next one of those that follow it, and so on.
    alone = NGram(NGramSettings.from_dict({"order": 1, "smoothing": "mle"}), tokenizer.vocabulary)
    entropy = measure(alone.fit(stream), stream, tokenizer).nats_per_token
    assert math.isfinite(found)
    assert found <= entropy
    first = -math.log(text.count("I") / len(text))
    assert score(model, tokenizer, text).nats[0] == pytest.approx(first)
