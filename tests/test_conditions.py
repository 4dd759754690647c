"""Conditions: read beside a column, learned from train, kept in a run, asked for."""

from __future__ import annotations

import json
import math
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import hornbook
from benchmarks.conditions import write_table as write_bundled
from hornbook.errors import DataError, RunError, SettingsError
from hornbook.interchange.html import conditions as page_conditions
from hornbook.runs import Run, strip
from hornbook.runs.events import Event, Noted
from hornbook.sources.columns import read_column
from hornbook.sources.source import Source
from hornbook.tasks import choose_task
from hornbook.text.batches import make_batches
from hornbook.text.conditions import Conditions, Given
from hornbook.text.corpus import Corpus
from hornbook.text.data import TextData, TextOptions
from hornbook.text.doctor.examine import examine
from hornbook.text.inheriting import rows_of
from hornbook.text.loading import load_text
from hornbook.text.losses import mean_loss
from hornbook.text.models.conditioned_counts import tokens_and_values
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.savings import example_nats, savings_by_value
from hornbook.text.stream import Stream
from hornbook.tokenizers.contract import Vocabulary
from tests.command import typed
from tests.stopping import stopped_at

GIRLS = ("emma", "olivia", "ava", "isabella", "sophia", "mia", "amelia", "anna", "ella", "lea")
BOYS = ("liam", "noah", "william", "james", "oliver", "jack", "ethan", "owen", "leon", "sam")
HOW: dict[str, Any] = {
    "steps": 6, "evaluate_every": 3, "batch_size": 16, "threads": 1, "precision": "float32",
    "gradients": "hand", "learning_rate": 0.01,
}  # fmt: skip
SMALL: dict[str, dict[str, Any]] = {
    "ngram": {"order": 3},
    "mlp": {"n_embd": 4, "n_hidden": [8], "block_size": 3},
    "gru": {"n_embd": 4, "n_hidden": 8},
}


def write_table(path: Path, times: int = 6) -> Path:
    """Names with their sex and the country that they are from, some cells of which are empty."""
    rows = [(name, "F") for name in GIRLS] + [(name, "M") for name in BOYS]
    lines = ["name,sex,country"]
    for n in range(times):
        for i, (name, sex) in enumerate(rows):
            country = ("", "Wales", "Malta", "Wales")[(i + n) % 4]
            lines.append(f"{name},{sex},{country}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("conditions") / "names.csv")


def loaded(table: Path, *condition: str, **options: Any) -> TextData:
    how = TextOptions.from_dict({"column": "name", "condition": list(condition), **options})
    return load_text(Source(table), how)


def trained(table: Path, out: Path, model: str, *condition: str, **more: Any) -> Run:
    return hornbook.train(
        table, model=model, out=out, settings=SMALL[model], column="name",
        condition=condition or ("sex", "country"), baseline=False,
        training=None if model == "ngram" else HOW, **more,
    )  # fmt: skip


# Reading


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_other_columns_are_read_beside_each_value(kind: str) -> None:
    rows = [("emma", " F "), ("", "M"), ("liam", "M"), ("ava", "")]
    text = "name,sex\n" + "".join(f"{name},{sex}\n" for name, sex in rows)
    if kind == "jsonl":
        text = "".join(json.dumps({"name": name, "sex": sex}) + "\n" for name, sex in rows)
    found = read_column(text, "names", "name", beside=("sex",))
    assert found.values == ("emma", "liam", "ava")
    assert found.beside == (("F",), ("M",), ("",))
    assert found.empty == 1


@pytest.mark.parametrize(
    ("column", "condition", "said"),
    [
        ("name", "sx", "Did you mean sex?"),
        ("1", "sex", "one by its number"),
        ("name", "2", "one by its number"),
    ],
)
def test_a_column_that_is_not_there_or_cannot_stand_beside(
    table: Path, column: str, condition: str, said: str
) -> None:
    with pytest.raises(DataError) as caught:
        loaded(table, condition, column=column)
    assert said in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.setting == "condition"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"condition": ["sex"]}, "column"),
        ({"condition": ["sex"], "column": "sex"}, "named twice"),
        ({"condition": ["sex", "sex"], "column": "name"}, "named twice"),
        ({"condition": ["sex"], "column": "name", "mode": "text"}, 'mode="lines"'),
        ({"drop_condition": 0.5, "column": "name"}, "condition"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        TextOptions.from_dict(options)


def test_examples_are_split_as_without_conditions(table: Path) -> None:
    for distinct in (False, True):
        plain, given = loaded(table, distinct=distinct), loaded(table, "sex", distinct=distinct)
        for split in ("train", "dev", "test"):
            assert plain.splits[split] == given.splits[split]
            sexes = given.splits.given[split][:, 0]
            assert given.conditions is not None
            values = ["", *given.conditions.values[0]]
            told = [values[number] for number in sexes]
            assert told == ["F" if name in GIRLS else "M" for name in given.splits[split]]


def test_values_are_those_of_train_the_most_frequent_first() -> None:
    cells = [("b",), ("a",), ("b",), ("",), ("c",), ("a",), ("b",)]
    found = Conditions.learned(("x",), cells, 0.1)
    assert found.values == (("b", "a", "c"),)
    assert found.numbers([("c",), ("d",), ("",)]).tolist() == [[3], [0], [0]]
    told = found.about({"train": found.numbers(cells), "dev": found.numbers([("d",), ("a",)])})
    assert told == (
        "given: x, 3 values (3 with fewer than 10 examples in train, not given in 1 of train, "
        "not given or not in train in 1 of dev)"
    )


@pytest.mark.parametrize(
    ("cells", "said"), [([("",)], "all its cells are empty"), ([("y" * 999,)], "999 characters")]
)
def test_columns_that_are_no_conditions(cells: list[tuple[str, ...]], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Conditions.learned(("x",), cells, 0.1)


def test_more_combinations_than_there_are_numbers_are_refused() -> None:
    values = tuple(tuple(map(str, range(9_999))) for _ in range(5))
    with pytest.raises(SettingsError, match="combinations"):
        Conditions(tuple("abcde"), values, 0.1).vocabulary(Vocabulary(27, 0, 0))


# What is given, as a model reads it


def test_tokens_and_values_are_one_number_and_come_apart_again() -> None:
    vocabulary = Vocabulary(27, 0, 0, given=(3, 4, 2))
    rng = np.random.default_rng(0)
    values = np.stack([rng.integers(0, n, 50) for n in vocabulary.given], 1)
    tokens = rng.integers(0, 27, (50, 5))
    tokens[:20, :2] = -1  # absent
    read = np.where(tokens < 0, tokens, tokens + vocabulary.added(values)[:, None])
    found = tokens_and_values(read, 27, vocabulary.given)
    np.testing.assert_array_equal(found[0], tokens)
    np.testing.assert_array_equal(found[1], values)
    with pytest.raises(ValueError, match="below"):
        vocabulary.added(np.array([[0, 4, 0]]))
    with pytest.raises(ValueError, match="3 conditions"):
        vocabulary.added(np.array([[0, 0]]))


def test_some_examples_make_a_stream_with_what_is_given_with_them(table: Path) -> None:
    stream = loaded(table, "sex", "country").stream("train")
    assert stream.given is not None
    wanted = np.arange(len(stream.given.numbers)) % 3 == 0
    some = stream.of_examples(wanted)
    assert some.given is not None
    pairs = [p for p, keep in zip(examples_of(stream), wanted, strict=True) if keep]
    assert examples_of(some) == pairs


def examples_of(stream: Stream) -> list[tuple[list[int], list[int]]]:
    """Ids and values of each example."""
    assert stream.given is not None
    ids = [stream.ids[a + 1 : b].tolist() for a, b in pairwise(stream.bounds)]
    return list(zip(ids, stream.given.numbers.tolist(), strict=True))


@pytest.mark.parametrize("reads", ["window", "sequence"])
def test_conditions_are_dropped_by_chance_that_the_seed_and_the_epoch_decide(
    table: Path, reads: str
) -> None:
    data = loaded(table, "sex", "country", drop_condition=0.3)

    def drawn(begin: int, count: int, seed: int = 1) -> list[np.ndarray[Any, Any]]:
        batches = make_batches(data.stream("train"), reads, block_size=4, batch_size=16, seed=seed)
        batches.cursor = begin
        return [next(batches).inputs for _ in range(count)]

    whole = drawn(0, 60)
    for later, same in zip(whole[25:], drawn(25, 35), strict=True):
        np.testing.assert_array_equal(later, same)
    assert any(not np.array_equal(a, b) for a, b in zip(whole, drawn(0, 60, seed=2), strict=True))
    # The first column is given to all: what is not told of it was dropped.
    newest = np.concatenate(
        [inputs[:, -1] if reads == "window" else inputs[:, 0] for inputs in whole]
    )
    values = tokens_and_values(newest[:, None], data.shape.size, data.shape.given)[1]
    assert (values[:, 0] == 0).mean() == pytest.approx(0.3, abs=0.06)


# Counts


def test_shares_of_a_values_counts_are_those_that_suit_the_other_half_best(table: Path) -> None:
    data = loaded(table, "sex")
    stream = data.stream("train")
    model = NGram(NGramSettings(order=3), data.shape).fit(stream)
    assert model.conditioned is not None
    halves = np.arange(len(stream.bounds) - 1) % 2 == 0
    found = [model.conditioned.tried(stream, half) for half in (halves, ~halves)]
    whole, own = (np.concatenate([part[n] for part in found]) for n in (0, 1))

    def loss(share: float) -> float:
        return float(-np.log((1 - share) * whole + share * own[:, 0]).mean())

    best = minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-6})
    np.testing.assert_allclose(model.conditioned.shares[0][1:], best.x, atol=2e-3)


def test_counts_with_a_value_given_are_those_of_all_and_those_of_its_own(table: Path) -> None:
    data = loaded(table, "sex")
    stream = data.stream("train")
    how = NGramSettings(order=3)
    model = NGram(how, data.shape).fit(stream)
    assert model.conditioned is not None
    assert stream.given is not None
    tokens = data.tokenizer.vocabulary
    all_of_them = NGram(how, tokens).fit(stream.without_conditions())
    contexts = np.array([[0, 1], [1, 2], [0, 0]])
    for value in (0, 1, 2):
        read = contexts + data.shape.added(np.array([[value]]))
        expected = all_of_them.probabilities(contexts)
        if value:
            own = NGram(how, tokens).fit(
                stream.of_examples(stream.given.numbers[:, 0] == value).without_conditions()
            )
            share = model.conditioned.shares[0][value]
            assert 0 < share < 1
            expected = (1 - share) * expected + share * own.probabilities(contexts)
        found = model.probabilities(read)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
        targets = np.array([3, 4, 5])
        np.testing.assert_allclose(
            np.exp(-model.token_losses(read, targets)), found[np.arange(3), targets], rtol=1e-12
        )


def test_counts_of_single_tokens_take_conditions_too(table: Path) -> None:
    data = loaded(table, "sex")
    model = NGram(NGramSettings(order=1), data.shape).fit(data.stream("train"))
    assert mean_loss(model, data.stream("dev")) < math.log(data.shape.size)


def test_counts_without_smoothing_refuse_conditions(table: Path) -> None:
    data = loaded(table, "sex")
    with pytest.raises(SettingsError, match='smoothing="mle"'):
        NGram(NGramSettings(smoothing="mle"), data.shape)


# What they save


def test_a_value_that_tells_all_saves_its_information(tmp_path: Path) -> None:
    """Of two kinds of lines equally frequent the kind is one bit."""
    path = tmp_path / "kinds.csv"
    path.write_text("line,kind\n" + "aab,x\nbba,y\n" * 400, encoding="utf-8")
    how = TextOptions.from_dict({"column": "line", "condition": ["kind"]})
    data = load_text(Source(path), how)
    model = NGram(NGramSettings(order=3, smoothing="add", added=1e-6), data.shape)
    model.fit(data.stream("train"))
    assert data.conditions is not None
    saved = list(
        savings_by_value(model, data.stream("dev"), data.conditions, data.tokenizer, most=5)
    )
    assert {one.given for one in saved} == {"kind=x", "kind=y"}
    assert sum(one.examples for one in saved) == len(data.splits["dev"])
    for one in saved:
        assert one.bits == pytest.approx(1, abs=0.05)
        assert one.bits_per_character == pytest.approx(one.bits / 4)  # the end counts as one


@pytest.mark.parametrize("model", SMALL)
def test_what_examples_cost_adds_up_to_the_loss(table: Path, model: str, tmp_path: Path) -> None:
    run = trained(table, tmp_path / model, model)
    stream = run.data.stream("dev")
    total = mean_loss(run.model, stream) * len(stream)
    assert example_nats(run.model, stream).sum() == pytest.approx(total, rel=1e-5)
    figures = run.evaluate()
    dev, bare = figures["dev"], figures["dev, nothing given"]
    saved = dev.saved[0]
    per_example = (bare.total - dev.total) / math.log(2) / len(run.data.splits["dev"])
    assert saved.given == "sex, country"
    assert saved.bits == pytest.approx(per_example, rel=1e-4, abs=1e-6)
    assert saved.interval is not None
    assert saved.interval.low < saved.bits < saved.interval.high
    assert [one.given for one in dev.saved[1:]] == ["sex", "country"]


# Runs


@pytest.mark.parametrize("model", ["mlp", "gru"])
def test_a_stopped_training_ends_where_an_uninterrupted_one_would(
    table: Path, tmp_path: Path, model: str
) -> None:
    whole = trained(table, tmp_path / "whole", model)
    with stopped_at(4):
        stopped = trained(table, tmp_path / "stopped", model)
    assert not stopped.summary.ended
    resumed = hornbook.resume(stopped.path)
    for name, array in whole.model.arrays().items():
        np.testing.assert_array_equal(resumed.model.arrays()[name], array, err_msg=name)
    assert resumed.summary.losses == whole.summary.losses


@pytest.fixture(scope="module")
def counted(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(table, tmp_path_factory.mktemp("counted") / "run", "ngram")


def test_a_run_keeps_what_is_given(counted: Run) -> None:
    again = Run(counted.path)
    assert again.data.conditions == counted.data.conditions
    for split, numbers in counted.data.splits.given.items():
        np.testing.assert_array_equal(again.data.splits.given[split], numbers)
    np.testing.assert_array_equal(
        again.model.probabilities(np.array([[0, 40]])),
        counted.model.probabilities(np.array([[0, 40]])),
    )


def test_samples_and_scores_of_a_value(counted: Run) -> None:
    drawn = {
        sex: [one.text for one in counted.sample(n=60, condition=[f"sex={sex}"])]
        for sex in ("F", "M")
    }
    ends = {sex: sum(text[-1] == "a" for text in texts) for sex, texts in drawn.items()}
    assert ends["F"] > 2 * ends["M"]
    assert counted.sample(n=3, condition=["sex=F"]).asked == 3
    likely = counted.score("anna", condition=["sex=F"]).total
    assert likely < counted.score("anna").total < counted.score("anna", condition=["sex=M"]).total


def test_guidance_of_0_is_nothing_given(counted: Run) -> None:
    plain = [one.text for one in counted.sample(n=5)]
    assert [one.text for one in counted.sample(n=5, condition=["sex=F"], guidance=0)] == plain


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["sexx=F"], "has no condition 'sexx'; it has 'sex', 'country'. Did you mean sex?"),
        (["F"], "has no condition 'F'; it has 'sex', 'country'."),
        (["country=Walles"], "it has 'Wales', 'Malta'. Did you mean Wales?"),
        (["sex=F", "sex=M"], "given twice"),
        (["sex=F", "sex=anna"], "has no value 'anna'"),
        (
            ["country"],
            "named without a value; it has 'Wales', 'Malta'. Give `condition` as country=Wales",
        ),
        (["sex="], "named without a value; it has"),
    ],
)
def test_what_a_run_does_not_have_is_said_with_what_it_has(
    counted: Run, asked: list[str], said: str
) -> None:
    for ask in (counted.sample, lambda **how: counted.score("anna", **how)):
        with pytest.raises(SettingsError) as caught:
            ask(condition=asked)
        assert said in f"{caught.value.message} {caught.value.hint}"


def test_the_name_of_the_only_condition_goes_without_saying(table: Path, tmp_path: Path) -> None:
    run = trained(table, tmp_path / "run", "ngram", "sex")
    named = [one.text for one in run.sample(n=4, condition=["sex=M"])]
    assert [one.text for one in run.sample(n=4, condition=["M"])] == named


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        (["k=v=x=1"], [1, 0]),
        (["k=v=y = 2", "k=1"], [2, 2]),
        (["a, b=F"], None),
        (["k=v=1"], [0, 1]),
    ],
)
def test_names_and_values_may_have_equals_signs(
    asked: list[str], numbers: list[int] | None
) -> None:
    found = Conditions(("k=v", "k"), (("x=1", "y = 2"), ("v=1", "1")), 0.0)
    if numbers is None:
        with pytest.raises(SettingsError, match="it has 'k=v', 'k'"):
            found.read(asked)
        return
    assert found.read(asked).tolist() == numbers


@pytest.mark.parametrize(("asked", "number"), [("x=1", 1), ("k=x=1", 1), ("k=k", 2), ("k=k=k", 2)])
def test_values_of_the_only_condition_may_have_equals_signs(asked: str, number: int) -> None:
    assert Conditions(("k",), (("x=1", "k=k"),), 0.0).read([asked]).tolist() == [number]


def test_a_run_without_conditions_says_so(tmp_path: Path, table: Path) -> None:
    run = hornbook.train(table, model="ngram", out=tmp_path / "run", column="name")
    with pytest.raises(SettingsError, match="has no conditions"):
        run.sample(n=1, condition=["sex=F"])
    with pytest.raises(SettingsError, match="guidance"):
        run.sample(n=1, guidance=2.0)


def test_a_stripped_run_keeps_the_values_and_not_what_was_given(
    table: Path, tmp_path: Path
) -> None:
    run = trained(table, tmp_path / "run", "ngram")
    first = [one.text for one in run.sample(n=4, condition=["sex=M"])]
    removed = strip(run.path)
    assert {"data/train.given.txt", "data/dev.given.txt", "data/test.given.txt"} <= set(removed)
    assert not list(run.path.rglob("*.given.txt"))
    assert [one.text for one in Run(run.path).sample(n=4, condition=["sex=M"])] == first


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("conditions.json", b"{}"),
        ("conditions.json", b'{"drop": 2, "conditions": [{"name": "x", "values": ["a"]}]}'),
        ("conditions.json", b'{"drop": 0, "conditions": [{"name": "x", "values": ["a", "a"]}]}'),
        ("data/train.given.txt", b"1 9\n"),
        ("data/train.given.txt", b"one\n"),
    ],
)
def test_damaged_files_are_named(table: Path, tmp_path: Path, name: str, wrong: bytes) -> None:
    run = trained(table, tmp_path / "run", "ngram")
    (run.path / name).write_bytes(wrong)
    with pytest.raises(RunError, match=Path(name).name):
        _ = Run(run.path).data.splits


def test_a_page_refuses_more_combinations_than_javascript_counts(
    counted: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_conditions, "LARGEST", 100)
    with pytest.raises(SettingsError, match=r"combinations of values, more than a page can number"):
        hornbook.export(counted.path, to="html", out=str(tmp_path / "page.html"))
    assert not (tmp_path / "page.html").exists()


def test_a_mixture_takes_the_conditions_of_its_members(table: Path, tmp_path: Path) -> None:
    members = [trained(table, tmp_path / model, model).path for model in ("ngram", "gru")]
    mixed = hornbook.mix(members, out=tmp_path / "mixed")
    texts = [one.text for one in mixed.sample(n=40, condition=["sex=F"], guidance=2.0)]
    assert sum(text[-1] == "a" for text in texts) > 10
    other = hornbook.train(
        table, model="ngram", out=tmp_path / "other", column="name", settings={"order": 3}
    )
    with pytest.raises(SettingsError, match="not trained on the same data"):
        hornbook.mix([members[0], other.path], out=tmp_path / "both")


def test_weights_of_a_run_are_taken_over_value_by_value(table: Path, tmp_path: Path) -> None:
    before = trained(table, tmp_path / "before", "gru")
    told: list[Event] = []
    rows = table.read_text(encoding="utf-8").replace("Malta", "Malawi")
    other = tmp_path / "other.csv"
    other.write_text(rows, encoding="utf-8")
    with stopped_at(1):
        after = hornbook.train(
            other, out=tmp_path / "after", init_from=before.path, column="name", baseline=False,
            condition=("country", "sex"), training={**HOW, "learning_rate": 1e-12},
            listen=told.append,
        )  # fmt: skip
    mine, theirs = (run.model.net.chain[0].values.detach().numpy() for run in (after, before))

    def row(run: Run, name: str, value: str) -> int:
        return dict(rows_of(run.data.conditions))[name, value]

    for name, value in (("sex", "F"), ("sex", "M"), ("country", "Wales")):
        np.testing.assert_allclose(
            mine[row(after, name, value)], theirs[row(before, name, value)], atol=1e-6
        )
    np.testing.assert_allclose(mine[row(after, "country", "Malawi")], 0, atol=1e-6)
    (said,) = [
        one.message for one in told if isinstance(one, Noted) and "weights of" in one.message
    ]
    assert "3 of 4 values of country, sex keep theirs, the others begin as not given." in said


@pytest.mark.parametrize(("first", "then"), [((), ("sex",)), (("sex",), ())])
def test_conditions_can_be_added_to_a_net_or_left_out(
    table: Path, tmp_path: Path, first: tuple[str, ...], then: tuple[str, ...]
) -> None:
    """With nothing given both are the same net."""
    how: dict[str, Any] = {"column": "name", "baseline": False}
    before = hornbook.train(
        table, model="gru", out=tmp_path / "before", settings=SMALL["gru"], training=HOW,
        condition=first, **how,
    )  # fmt: skip
    with stopped_at(1):
        after = hornbook.train(
            table, out=tmp_path / "after", init_from=before.path, condition=then,
            training={**HOW, "learning_rate": 1e-12}, **how,
        )  # fmt: skip
    texts = [run.score("anna").total for run in (before, after)]
    assert texts[0] == pytest.approx(texts[1], rel=1e-5)


def test_values_are_learned_beside_adapters(table: Path, tmp_path: Path) -> None:
    how: dict[str, Any] = {"column": "name", "baseline": False, "training": HOW}
    small = {"n_embd": 8, "n_layer": 1, "n_head": 2, "block_size": 8}
    before = hornbook.train(table, model="gpt", out=tmp_path / "a", settings=small, **how)
    after = hornbook.train(
        table, out=tmp_path / "b", init_from=before.path, settings={"lora_rank": 2},
        condition=("sex",), **how,
    )  # fmt: skip
    first, then = before.model.net.chain[0], after.model.net.chain[0]
    assert (first.weight == then.weight).all()
    assert (then.values != 0).any()  # they begin as zeros


# At a terminal


def test_typed(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(tmp_path / "run")
    status, out, err = typed(
        capsys, "train", str(table), "--column", "name", "--condition", "sex", "country",
        "--model", "ngram", "--out", run,
    )  # fmt: skip
    assert status == 0, err
    assert "given: sex, 2 values; country, 2 values (not given in" in out + err
    assert f"sample {run} -n 20 --condition sex=" in out + err
    status, out, err = typed(
        capsys, "sample", run, "-n", "3", "--condition", "sex=F", "country=Wales", "--guidance", "2"
    )
    assert (status, len(out.splitlines())) == (0, 3), err
    assert "--condition sex=F country=Wales --guidance 2" in err
    status, out, err = typed(capsys, "evaluate", run)
    assert "dev, nothing given" in out
    assert "Given sex, country, an example of dev costs" in err
    status, out, err = typed(capsys, "evaluate", run, "--json")
    assert {one["given"] for one in json.loads(out)["dev"]["saved"]} == {
        "sex, country", "sex", "country"
    }  # fmt: skip
    status, out, err = typed(
        capsys, "evaluate", run, str(table), "--column", "name", "--condition", "sex"
    )
    assert status == 0, err
    assert "names, nothing given" in out
    other = tmp_path / "other.csv"
    other.write_text("name,sex\nanna,F\nlea,X\n", encoding="utf-8")
    status, out, err = typed(
        capsys, "evaluate", run, str(other), "--column", "name", "--condition", "sex"
    )
    assert "not in train count as not given: 1 of 2 of sex." in err
    status, out, err = typed(
        capsys, "evaluate", run, str(table), "--column", "name", "--condition", "name"
    )
    assert status == 1
    assert "named twice" in err
    status, out, err = typed(capsys, "doctor", str(table), "--column", "name", "--condition", "sex")
    assert "sex: F 60, M 60" in out


def test_the_doctor_tells_of_values_that_are_of_little_use() -> None:
    text = "name,all,few,some\n" + "".join(
        f"anna,x,{n if n < 5 else 'y'},{'z' if n % 2 else ''}\n" for n in range(100)
    )
    path = Path("names.csv")
    column = read_column(text, str(path), "name", beside=("all", "few", "some"))
    corpus = Corpus(
        "names", "names.csv", "lines", "", text, "utf-8", "LF", values=column.values,
        condition=("all", "few", "some"), beside=column.beside,
    )  # fmt: skip
    found = {one.name: one for one in examine(corpus).findings}
    assert "its only value is 'x'" in found["one-value"].detail
    assert "5 of 6 values have fewer than 10 examples" in found["rare-values"].detail
    assert found["rare-values"].severity == "note"
    assert "empty in 50 of 100 examples" in found["not-given"].detail


def test_the_doctor_tells_of_conditions_that_training_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"c{k}" for k in range(11)]
    rows = [",".join([f"anna{i}", *(str(i * 7 + k) for k in range(11))]) for i in range(90)]
    (tmp_path / "many.csv").write_text("\n".join([",".join(["name", *names]), *rows]) + "\n")
    asked = (str(tmp_path / "many.csv"), "--column", "name", "--condition", *names)
    refused = "combinations of values, more than can be numbered"
    _, said, told = typed(capsys, "doctor", *asked)
    assert refused in " ".join(said.split())
    assert "hornbook train" not in told
    status, _, told = typed(
        capsys, "train", *asked, "--model", "ngram", "--out", str(tmp_path / "r")
    )
    assert status == 1
    assert refused in told
    assert not (tmp_path / "r").exists()


def test_previews_are_of_frequent_values(table: Path, tmp_path: Path) -> None:
    run = trained(table, tmp_path / "run", "gru", "sex")
    shown = run.task.preview(run.model, run.data)
    assert [text.partition(": ")[0] for text in shown] == list(run.data.conditions.values[0])


def test_what_each_value_saves_is_a_view(counted: Run) -> None:
    view = next(v for v in counted.task.views(counted, counted.task.seen_with())
                if v.name == "conditions")  # fmt: skip
    lines = view.write().splitlines()
    assert {line.split()[0] for line in lines[1:]} == {
        "sex=F", "sex=M", "country=Wales", "country=Malta"
    }  # fmt: skip
    axes = view.draw().axes[0]
    assert len(axes.patches) == 4


def test_given_is_checked_where_it_is_made() -> None:
    with pytest.raises(ValueError, match="below"):
        _ = Given(np.array([[7]]), Vocabulary(5, 0, 0, given=(3,))).added


DOCS = (Path(__file__).parents[1] / "docs" / "conditions.md").read_text(encoding="utf-8")


def test_the_python_of_the_docs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    exec(compile(block, "docs/conditions.md", "exec"), {})


def test_the_tables_of_the_docs_are_those_of_the_bundled_data(tmp_path: Path) -> None:
    names = write_bundled("names", tmp_path).read_text(encoding="utf-8").splitlines()
    assert names[1] == "emma,F"
    assert names[names.index("liam,M") - 1] == "zyona,F"
    assert len(names) == 32_258
    verses = write_bundled("verses", tmp_path).read_text(encoding="utf-8").splitlines()
    assert verses[1] == "寥落古行宮，宮花寂寞紅。,5,元稹"


def test_a_condition_tells_that_texts_are_learned(tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"  # a file that pairs would claim
    path.write_text("name\tsex\n" + "anna\tF\nsam\tM\n" * 20, encoding="utf-8")
    source = Source(str(path))
    assert choose_task(source)[0].name == "pairs"
    assert choose_task(source, options={"condition": "sex"})[0].name == "text"
    with pytest.raises(SettingsError, match="no `column` holds these") as caught:
        hornbook.train(path, condition=["sex"], out=tmp_path / "run")
    assert "Set `column`" in (caught.value.hint or "")
