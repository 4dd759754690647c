"""The task of words: reading, batches, models, questions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hornbook
from hornbook.errors import DataError, RunError, SettingsError
from hornbook.inspection.inspect import inspect
from hornbook.runs import Run, strip
from hornbook.sources.source import Source
from hornbook.tasks import choose_task, task_named
from hornbook.words.batches import WordBatches, windows
from hornbook.words.data import Passages
from hornbook.words.evaluation import evaluate
from hornbook.words.gradient_case import gradient_case, made_up
from hornbook.words.loading import load_words
from hornbook.words.models.contract import Shape
from hornbook.words.models.families import FAMILIES as LINES
from hornbook.words.models.families import RATE
from hornbook.words.models.ppmi import PPMI, PPMISettings, count_pairs
from hornbook.words.models.skip_gram import SkipGram, SkipGramSettings
from hornbook.words.options import WordsOptions
from hornbook.words.reading import passages_of, words_of
from hornbook.words.thinning import busiest, kept_shares
from tests.command import typed

QUICK = {"steps": 300, "batch_size": 16, "learning_rate": 1.6, "threads": 1, "evaluate_every": 300,
         "precision": "float32", "gradients": "hand"}  # fmt: skip
SIZES: dict[str, Any] = {"vector_size": 8}
FAMILIES = ("ppmi", "skip-gram")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Days stand among days, and colours among colours."""
    random = np.random.default_rng(0)
    kinds = (["monday", "tuesday", "friday", "sunday", "came", "went"],
             ["red", "green", "blue", "yellow", "paint", "dress"])  # fmt: skip
    lines = [" ".join(random.choice(kinds[n % 2], 8)) + "." for n in range(200)]
    path = tmp_path_factory.mktemp("words") / "story.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=FAMILIES)
def run(request: pytest.FixtureRequest, story: Path) -> Run:
    training, settings = None, SIZES
    if request.param == "skip-gram":  # no word is thinned: of twelve words each is frequent
        training, settings = QUICK, {**SIZES, "subsample": 0.0}
    return hornbook.train(story, model=request.param, out=story.parent / request.param,
                          settings=settings, training=training, baseline=False)  # fmt: skip


def test_words_are_what_stands_between_spaces_and_points() -> None:
    assert words_of("O Romeo, wherefore art thou? 'Tis well-known; don’t!") == [
        "o", "romeo", "wherefore", "art", "thou", "tis", "well-known", "don't",
    ]  # fmt: skip
    assert words_of("Été: Ärger, NATO_2", lowercase=False) == ["Été", "Ärger", "NATO", "2"]
    assert words_of("床前明月光, moon明") == [*"床前明月光", "moon", "明"]


def test_marks_and_joiners_belong_to_their_letter() -> None:
    text = "नमस्ते दुनिया க்\u200dஷ cafe\u0301 می\u200cخواهم שָׁלוֹם นี้"
    assert words_of(text) == text.split()


def test_passages_end_at_blank_lines_where_there_are_some() -> None:
    assert passages_of("a\nb\n", "auto") == (["a", "b", ""], "line")
    assert passages_of("a\nb\n \nc\n", "auto") == (["a\nb", "c\n"], "paragraph")
    assert passages_of("a\n\nb", "line")[1] == "line"


def test_rare_words_are_left_out_and_windows_do_not_cross_passages(tmp_path: Path) -> None:
    path = tmp_path / "few.txt"
    path.write_text("the cat sat\n\nthe cat ran\n\nthe dog sat\n", encoding="utf-8")
    data = load_words(Source(path), WordsOptions(min_count=2, split="100/0"))
    assert data.words == ("the", "cat", "sat")
    assert data.counts.tolist() == [3, 2, 2]
    assert data.train.ids.tolist() == [0, 1, 2, 0, 1, 0, 2]
    near = windows(Passages(data.train.ids, np.array([3, 2, 2], np.int32)), np.array([2, 3]), 2)
    assert near.tolist() == [[0, 1, -1, -1], [-1, -1, 1, -1]]


def test_what_is_no_text_or_too_little_is_said(tmp_path: Path) -> None:
    path = tmp_path / "few.txt"
    path.write_text("... !!!\n", encoding="utf-8")
    with pytest.raises(DataError, match="has no words"):
        load_words(Source(path))
    path.write_text("one two three\n", encoding="utf-8")
    with pytest.raises(DataError, match="too few words: 0 of 3 different ones"):
        load_words(Source(path))
    with pytest.raises(DataError, match="the dev split would be empty"):
        load_words(Source(path), WordsOptions(min_count=1, split="80/20"))
    with pytest.raises(SettingsError, match="split"):
        load_words(Source(tmp_path / "not there"), WordsOptions(split="a lot"))


def test_no_file_is_claimed(story: Path) -> None:
    assert choose_task(Source(story))[0].name == "text"
    assert choose_task(Source(story), family="skip-gram")[0].name == "words"


def batches(**how: Any) -> WordBatches:
    data = made_up(tokens=400)
    usual: dict[str, Any] = {"window": 3, "shrink": True, "shared": 5, "exponent": 0.75,
                             "sample": 0.1, "batch_size": 50, "seed": 1}  # fmt: skip
    return WordBatches(data.train, data.counts, **{**usual, **how})


def test_a_batch_is_a_function_of_its_number() -> None:
    first = batches()
    drawn = [next(first) for _ in range(2 * first.per_epoch + 1)]
    other = batches()
    other.cursor = first.per_epoch + 1
    for mine, its in zip(next(other), drawn[first.per_epoch + 1], strict=True):
        np.testing.assert_array_equal(mine, its)


def test_an_epoch_asks_each_word_once_where_none_is_thinned() -> None:
    source = batches(sample=0.0, shrink=False)
    drawn = [next(source) for _ in range(source.per_epoch)]
    counted = np.bincount(np.concatenate([words for words, _, _ in drawn]))
    assert counted.tolist() == made_up(tokens=400).counts.tolist()
    words, near, _ = drawn[0]
    assert near.shape == (len(words), 6)
    (part, share), (rest, more) = drawn[0].part(0, 2), drawn[0].part(1, 2)
    assert len(part[0]) + len(rest[0]) == len(words)
    assert share + more == pytest.approx(1)
    np.testing.assert_array_equal(part[2], rest[2])


def test_frequent_words_are_thinned_as_in_word2vec() -> None:
    counts = np.array([900, 99, 1])
    kept = kept_shares(counts, 0.1)
    assert kept[0] == pytest.approx((np.sqrt(9) + 1) / 9)
    assert kept[1:].tolist() == [1.0, 1.0]
    assert kept_shares(counts, 0.0).tolist() == [1.0, 1.0, 1.0]


def test_the_loss_is_that_of_the_paper_and_so_are_the_gradients() -> None:
    settings = SkipGramSettings(vector_size=4, shared=5, negative=3.0, window=2)
    task: Any = task_named("words")
    model, batch = gradient_case(task, "skip-gram", settings, torch.Generator().manual_seed(0), 3)
    model.double()
    loss, backward = model.loss_vjp(batch)
    words, near, drawn = batch
    v, u = (np.asarray(one, np.float64) for one in (model.vectors, model.contexts))

    def cost(score: float) -> float:
        return float(np.log1p(np.exp(-score)))

    total = 0.0
    for word, others in zip(words, near, strict=True):
        for other in others[others >= 0]:
            total += cost(v[other] @ u[word])
            total += 3 / 5 * sum(cost(-(v[other] @ u[one])) for one in drawn if one != word)
    assert float(loss.detach()) == pytest.approx(total / len(words))
    backward()
    by_hand = [one.grad.to_dense() for one in model.parameters()]
    model.zero_grad()
    model.loss(batch).backward()
    for mine, its in zip(by_hand, model.parameters(), strict=True):
        torch.testing.assert_close(mine, its.grad.to_dense())


def test_pairs_are_counted_as_by_hand_and_factored() -> None:
    data = made_up(tokens=60)
    counted = count_pairs(data.train, 9, 2)
    wanted = np.zeros((9, 9))
    ids, places = data.train.ids, data.train.places
    for at in range(60):
        for apart, weight in ((1, 1.0), (2, 0.5)):
            if at + apart < 60 and places[at] == places[at + apart]:
                wanted[ids[at], ids[at + apart]] += weight
                wanted[ids[at + apart], ids[at]] += weight
    found = np.concatenate([block for _, block in counted.blocks()])
    np.testing.assert_allclose(found, wanted)
    whole = PPMI(PPMISettings(vector_size=9, window=2), data.shape).fit(data)
    share = wanted.sum(1) ** 0.75 / (wanted.sum(1) ** 0.75).sum()
    with np.errstate(divide="ignore"):
        m = np.log(wanted / wanted.sum(1, keepdims=True) / share)
    np.testing.assert_allclose(whole.vectors @ whole.contexts.T, np.maximum(m, 0), atol=1e-4)


def test_what_stands_together_comes_out_together(run: Run) -> None:
    near = [one.word for one in run.nearest("red", n=5)]
    assert set(near) == {"green", "blue", "yellow", "paint", "dress"}
    dev = run.summary.measures["dev"]["neighbours"]
    assert 0.65 < dev < 0.85  # of random words nearly half are of the right kind by chance
    assert run.nearest("monday", "blue", minus=["red"], n=2)[0].word not in {"red", "blue"}


def test_it_is_opened_as_it_was_kept(run: Run) -> None:
    opened = Run(run.path)
    np.testing.assert_array_equal(opened.model.vectors, run.model.vectors)
    found = opened.task.evaluate(opened.model, opened.data, "dev").measures["neighbours"]
    assert found == run.summary.measures["dev"]["neighbours"]
    report = opened.task.report(opened, None)["dev"].as_dict()
    assert report["neighbours_low"] <= report["neighbours"] <= report["neighbours_high"]
    limited = evaluate(opened.model, opened.data, "train", 50)
    assert limited.predictions == 50


def test_the_question_is_a_verb_and_unknown_words_are_told(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = typed(capsys, "nearest", str(run.path), "Red", "monday", "--minus", "blue",
                           "-n", "2", "--json")  # fmt: skip
    assert status == 0
    rows = json.loads(out)
    assert len(rows) == 2
    assert all(row["likeness"] <= 1 for row in rows)
    status, _, err = typed(capsys, "nearest", str(run.path), "mondai")
    assert status != 0
    assert "'mondai' is not one of the 12 words" in err
    assert "monday" in err


def test_pictures_and_stripping(run: Run, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run.path, copy)
    views = {view.name: view for view in run.task.views(run, run.task.seen_with())}
    assert not views["map"].why_not
    strip(copy)
    bare = Run(copy)
    assert not bare.data.kept
    assert bare.nearest("red", n=1)[0].word in {"green", "blue", "yellow", "paint", "dress"}
    with pytest.raises(DataError, match="without its data"):
        bare.task.report(bare, None)
    inspect(bare)
    assert views["map"].draw()


def test_damaged_data_are_told() -> None:
    from hornbook.words.data import open_words

    class Changed:
        def __init__(self, **how: Any) -> None:
            self.held = {"words": ["a", "b"], "counts": [2, 1], **how}

        def read(self, name: str) -> bytes:
            return json.dumps(self.held).encode()

        def has(self, name: str) -> bool:
            return False

    details: Any = {"splits": ["train"], "remarks": []}
    files: Any = Changed()
    assert open_words(files, "n", "s", details).words == ("a", "b")
    for wrong in ({"words": ["a", "a"]}, {"counts": [1]}, {"counts": [0, 1]}, {"words": "ab"}):
        damaged: Any = Changed(**wrong)
        with pytest.raises(RunError, match="damaged"):
            open_words(damaged, "n", "s", details)
    model = SkipGram(SkipGramSettings(vector_size=3), made_up().shape)
    assert model.n_parameters == 2 * 9 * 3


def test_of_few_words_batches_are_so_small_that_sums_of_gradients_do_not_overshoot() -> None:
    """A dozen words in 100,000: in batches of 128 their vectors are soon not finite."""
    counts = np.array([36_000, *[6_000] * 11])
    few = Shape(12, 102_000, busiest(counts))
    many = Shape(5_000, 102_000, 0.01)
    line = LINES["skip-gram"]
    assert line.training_for("", 102_000, many).batch_size == 128
    suited = line.training_for("", 102_000, few)
    assert suited.batch_size * few.busiest <= 3
    random = np.random.default_rng(0)
    ids = random.choice(12, 20_000, p=counts / counts.sum()).astype(np.int32)
    text = Passages(ids, np.full(1_000, 20, np.int32))

    def largest(batch_size: int) -> float:
        model = SkipGram(SkipGramSettings(vector_size=20), few, torch.Generator().manual_seed(0))
        batches = WordBatches(text, counts, window=5, shrink=True, shared=64, exponent=0.75,
                              sample=0.001, batch_size=batch_size, seed=0)  # fmt: skip
        for _ in range(150):
            model.zero_grad()
            _, backward = model.loss_vjp(next(batches))
            backward()
            with torch.no_grad():
                for one in model.parameters():
                    assert one.grad is not None
                    one.sub_(RATE * batch_size * one.grad)
        return float(np.abs(model.vectors).max())

    assert largest(suited.batch_size) < 2
    assert not largest(256) < 100


def test_words_that_cancel_out_are_refused(run: Run) -> None:
    with pytest.raises(DataError, match="cancel out"):
        run.nearest("red", "blue", minus=["blue", "red"])


def test_words_that_are_not_known_get_a_hint_that_fits() -> None:
    data = made_up()
    with pytest.raises(DataError, match="Words that were rare"):
        data.number("zzzz")
    with pytest.raises(DataError, match="Give several words one by one: good evil"):
        data.number("good evil")


def test_killed_it_goes_on_to_the_same_bit(story: Path, tmp_path: Path) -> None:
    from tests.stopping import stopped_at

    how: dict[str, Any] = {"model": "skip-gram", "settings": SIZES, "baseline": False}
    training: dict[str, Any] = {**QUICK, "steps": 12, "evaluate_every": 6}
    whole = hornbook.train(story, out=tmp_path / "whole", training=training, **how)
    with stopped_at(6):
        hornbook.train(story, out=tmp_path / "parts", training=training, **how)
    parts = hornbook.resume(tmp_path / "parts")
    np.testing.assert_array_equal(parts.model.vectors, whole.model.vectors)


def test_a_call_without_a_family_names_the_task(run: Run) -> None:
    from hornbook.runs.calls import task_option

    assert task_option(run) == {"task": "words"}
