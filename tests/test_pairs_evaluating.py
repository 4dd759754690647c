"""How good answers are: exact, by characters, by tokens; on splits, on files, by beam search."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hornbook
from hornbook.errors import DataError, SettingsError
from hornbook.pairs.data import PairData, Side
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.evaluation import Said, evaluate, mean_loss, said_on, said_to
from hornbook.pairs.gradient_case import made_up
from hornbook.pairs.models.contract import Shape
from hornbook.pairs.models.copy import Copy, CopySettings
from hornbook.pairs.of_file import pairs_of_file
from hornbook.pairs.rows import Padded
from hornbook.pairs.texts.evaluating import asked_of
from hornbook.pairs.texts.pace import Timed
from hornbook.runs import Run
from hornbook.statistics import wilson
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.words import WordTokenizer
from hornbook.training import TrainingSettings
from tests.command import typed
from tests.test_pairs_translate import LINES
from tests.toy_writer import a_run, with_speaker

PAIRS = [line.replace("deb", line[:4][::-1]) for line in LINES]
texts = st.text("abé\u0301日", max_size=7)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    folder = tmp_path_factory.mktemp("evaluating")
    with with_speaker():
        yield {name: a_run(folder, PAIRS, name) for name in ("toy", "copy")}


def distance(one: str, other: str) -> int:
    """Levenshtein's, by the plain dynamic program."""
    row = list(range(len(other) + 1))
    for at, ch in enumerate(one, 1):
        before, row[0] = row[0], at
        for place, had in enumerate(other, 1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (ch != had)),
            )
    return row[-1]


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=6))
def test_character_errors_are_edits_per_character_of_what_is_right(
    pairs: list[tuple[str, str]],
) -> None:
    said = Said(tuple(map(str, range(len(pairs)))), tuple((b,) for _, b in pairs),
                tuple(a for a, _ in pairs))  # fmt: skip
    edits = [distance(a, b) for a, b in pairs]
    assert said.edits.tolist() == edits
    assert said.character_errors == sum(edits) / sum(max(1, len(b)) for _, b in pairs)
    assert said.exact == sum(a == b for a, b in pairs) / len(pairs)


@given(texts, st.lists(texts, min_size=1, max_size=4))
def test_the_nearest_of_several_right_answers_counts(said: str, right: list[str]) -> None:
    found = Said(("x",), (tuple(right),), (said,))
    assert found.edits.tolist() == [min(distance(said, one) for one in right)]
    assert distance(said, found.nearest[0][1]) == found.edits[0]
    assert (found.exact == 1) == (said in right)


def test_the_loss_is_what_each_token_costs_in_any_batch(runs: dict[str, Run]) -> None:
    run = runs["toy"]
    data, model = run.data, run.model
    total = count = 0.0
    end = data.writing.boundary
    for source, target in zip(data.sources("dev"), data.targets("dev"), strict=True):
        state = model.read(Padded(source[None], np.array([len(source)])))
        last = np.array([end])
        for token in target:
            logits, state = model.step(last, state)
            total -= float(logits[0, token] - np.log(np.exp(logits[0]).sum()))
            last = np.array([token])
        count += len(target)
    assert mean_loss(model, data, "dev") == pytest.approx(total / count, rel=1e-12)
    assert run.evaluate()["dev"].as_dict()["nats_per_token"] == pytest.approx(total / count)


def test_while_training_few_are_asked(runs: dict[str, Run]) -> None:
    run = runs["toy"]
    assert evaluate(run.model, run.data, "train", 7).predictions == 7
    settled = run.task.settle(run.model, run.data, TrainingSettings(), 1)
    assert settled.evaluate_on == 500
    assert run.task.settle(run.model, run.data, TrainingSettings(evaluate_on=5), 1).evaluate_on == 5
    # A split within the limit is answered as at the end: this is its last figure.
    within = evaluate(run.model, run.data, "dev", 500)
    assert within == evaluate(run.model, run.data, "dev")
    assert within.measures["character_errors"] == run.evaluate()["dev"].said.character_errors
    said = said_on(run.model, run.data, "train", 7)
    assert len(set(said.sources)) == 7
    spread = [run.data.side("train").sources.index(one) for one in said.sources]
    assert spread == sorted(spread)


def test_each_source_is_asked_once() -> None:
    data = made_up(1, labels=False)
    side = Side(("a", "b", " a", "c"), ("1", "2", "3", "4"))  # blanks around it change no source
    assert asked_of(data, side, 2) == Side(("a", " a", "c"), ("1", "3", "4"))
    assert asked_of(data, side, 0) == side


def test_sources_that_read_the_same_are_one_with_all_its_targets() -> None:
    tokens = CharTokenizer.fit(["caf\u00e9\u0301 "], boundary=True)
    data = PairData("made", "memory", {}, tokens, tokens)
    side = Side(("caf\u00e9", "a", "cafe\u0301", "a "), ("cafe", "f", "caf\u00e9", "a"))
    shape = Shape(tokens.vocabulary, tokens.vocabulary, 0, True, 9, 9, 4)
    copy = Copy(CopySettings(), shape)
    copy.fit(data)
    said = said_to(copy, data, side)
    assert said.sources == ("caf\u00e9", "a")
    assert said.right == (("cafe", "caf\u00e9"), ("f", "a"))
    assert said.exact == 1
    assert data.owners(side.sources).tolist() == [0, 1, 0, 1]
    words = WordTokenizer(("a", "b"), True, True)  # in lowercase
    lower = PairData("made", "memory", {}, words, words)
    assert lower.owners(["Ab a", "ab  A", "b"]).tolist() == [0, 0, 1]


def test_intervals_are_over_sources(runs: dict[str, Run]) -> None:
    found = runs["copy"].evaluate()["train"]
    figures = found.as_dict()
    n = len(set(runs["copy"].data.side("train").sources))
    assert figures["sources"] == n
    assert (figures["exact_low"], figures["exact_high"]) == wilson(n, figures["exact"])
    assert figures["character_errors_low"] < figures["character_errors"]
    assert figures["character_errors"] < figures["character_errors_high"]
    assert "nats_per_token" not in figures  # copying has no probabilities


def test_beam_search_stands_beside_greedy(
    runs: dict[str, Run], capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs["toy"]
    found = run.evaluate(method="beam", beams=3)
    assert list(found) == ["train", "dev", "dev, 3 beams", "test", "test, 3 beams"]
    assert found["dev"].said == run.evaluate()["dev"].said
    beam = said_on(run.model, run.data, "dev", how=Decoding("beam", beams=3))
    assert found["dev, 3 beams"].said == beam
    status, out, err = typed(capsys, "evaluate", str(run.path), "--method", "beam", "--beams", "3")
    assert status == 0
    assert "test, 3 beams" in out
    assert "Beam search less greedy on dev" in err
    assert "encoder" in err
    assert "tokens per second" in err
    with pytest.raises(SettingsError, match="no probabilities to search by"):
        runs["copy"].evaluate(method="beam")
    for wrong in ({"beams": 3}, {"bad_rows": "skip"}, {"source_column": "x"}):
        with pytest.raises(SettingsError, match="has no effect"):
            run.evaluate(**wrong)


def test_the_pace_counts_what_was_read_and_said(runs: dict[str, Run]) -> None:
    run = runs["toy"]
    timed: Any = Timed(run.model)
    sources = run.data.sources("dev")
    from hornbook.pairs.search import found_by

    answers = found_by(timed, sources, Decoding())
    assert [one[0].ids.tolist() for one in answers] == [
        one[0].ids.tolist() for one in run.model.answers(sources, Decoding())
    ]
    assert timed.read_tokens == sum(map(len, sources))
    said = sum(len(one[0].ids) + 1 for one in answers)
    assert timed.said_tokens == said


def test_a_file_is_measured_as_a_split_is(
    runs: dict[str, Run],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = runs["toy"]
    side = run.data.side("dev")
    path = tmp_path / "dev.csv"
    lines = [f"{a},{b}" for a, b in zip(side.sources, side.targets, strict=True)]
    path.write_text("\n".join(["source,target", *lines]), encoding="utf-8")
    own = run.evaluate()["dev"]
    (found,) = run.evaluate(data=path).values()
    assert found.as_dict() == own.as_dict()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    status, out, _ = typed(capsys, "evaluate", str(run.path), "-", "--json")
    assert status == 0
    assert json.loads(out)["standard input"]["exact"] == pytest.approx(own.said.exact)
    status, out, _ = typed(capsys, "evaluate", str(run.path), str(path), "--json")
    assert status == 0
    assert json.loads(out)[str(path)]["exact"] == pytest.approx(own.said.exact)
    other = tmp_path / "other.csv"
    other.write_text("\n".join(["w,a,b", *(f"x,{line}" for line in lines)]), encoding="utf-8")
    (again,) = run.evaluate(data=other, source_column="a", target_column="b").values()
    assert again.as_dict() == own.as_dict()
    with pytest.raises(DataError, match="no column 'source'") as refused:
        run.evaluate(data=other)
    assert "learned source → target" in refused.value.hint
    assert "`source_column`" in refused.value.hint


def test_a_name_that_begins_with_column_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    rows = [f"x,caf\u00e9{n},{n}" for n in range(20)]
    path.write_text("\n".join(["w,column a,column b", *rows]), encoding="utf-8")
    run = hornbook.train(
        path, model="lookup", out=tmp_path / "run", source_column="column a",
        target_column="column b",
    )  # fmt: skip
    path.write_text(
        "\n".join(["w,column b,column a", *(f"x,{n},cafe\u0301{n}" for n in range(20))]),
        encoding="utf-8",
    )
    found = pairs_of_file(
        run, str(path), {"source_column": None, "target_column": None}, lambda *_: None,
        bad_rows="refuse", longest_text=0, encoding="auto",
    )  # fmt: skip
    assert found.targets == tuple(map(str, range(20)))
    train = len(set(run.data.side("train").sources))
    assert found.remarks[-1].startswith(f"{train} sources stood in train")


def test_longer_sources_are_told_apart(runs: dict[str, Run], tmp_path: Path) -> None:
    run, path = runs["copy"], tmp_path / "long.tsv"
    path.write_text("source\ttarget\nabcd\tabcd\nabcdeabc\tx\nabc\tcba\n", encoding="utf-8")
    found = run.evaluate(data=path)
    whole, short, long = (one.as_dict() for one in found.values())
    assert [*found] == [
        str(path),
        f"{path}, no longer than in train",
        f"{path}, longer than in train",
    ]
    assert (whole["sources"], short["sources"], long["sources"]) == (3, 2, 1)
    assert (whole["exact"], short["exact"], long["exact"]) == (1 / 3, 0.5, 0)


def test_rows_that_the_run_cannot_read_are_told_or_left_out(
    runs: dict[str, Run], tmp_path: Path
) -> None:
    run, path = runs["toy"], tmp_path / "odd.tsv"
    known = run.data.side("train").sources[0]
    path.write_text(f"source\ttarget\n{known}\tab\naXb\tab\nabc\taXb\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 3: The character 'X'"):
        run.evaluate(data=path)
    (found,) = run.evaluate(data=path, bad_rows="skip").values()
    assert found.as_dict()["sources"] == 2
    told = " ".join(found.remarks)
    assert "1 row left out" in told
    assert "1 target with a character that the run cannot write" in told
    assert "1 source stood in train" in told
    assert found.nats is not None
    assert (found.nats[1] == [3, 0]).all()
