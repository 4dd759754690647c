"""What a comparison will make: families, seeds, settings as words, sizes, changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hornbook.errors import SettingsError
from hornbook.experiments.compare.asking import Ask
from hornbook.experiments.compare.board import Board, BoardEntry, OneRun, ahead, ranked
from hornbook.experiments.compare.comparing import folder_of
from hornbook.experiments.compare.comparison import places
from hornbook.experiments.compare.given import changes_of, settings_of
from hornbook.experiments.compare.measuring import MeasuredModel
from hornbook.experiments.compare.page import headline, remarks
from hornbook.experiments.compare.plan import Trial, plan, seeds_of
from hornbook.experiments.compare.record import ComparisonRecord
from hornbook.experiments.compare.sizes import sized
from hornbook.experiments.compare.tables import board_table, first_table
from hornbook.experiments.making import Budget
from hornbook.records import as_json, read_record
from hornbook.runs.prepare import Prepared, prepare
from hornbook.tasks import Grouped
from hornbook.training.measures import Measure
from tests.some_names import write_names


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    file = write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 200))
    return prepare(file, None, {})


def test_all_nets_that_fit_are_compared_seed_by_seed_after_what_is_counted(names: Prepared) -> None:
    trials = plan(names, Ask(seeds=(1, 2), budget=Budget(steps=5)))
    nets = [name for name, line in names.task.families.items() if line.trained]
    assert [one.name for one in trials] == [
        "ngram", *(f"{name}-seed{seed}" for seed in (1, 2) for name in nets),
    ]  # fmt: skip
    assert trials[0].seed is None
    assert len({one.name for one in trials}) == len(trials)


def test_of_runs_alone_nothing_is_trained(names: Prepared) -> None:
    assert [one.name for one in plan(names, Ask(nets=False))] == ["ngram"]


def test_a_trial_can_be_told_to_another_process(names: Prepared) -> None:
    for trial in plan(names, Ask(models=("mlp",), settings=("n_hidden=8,4", "rates=a=0,b=1"))):
        again = read_record(Trial, as_json(trial), "the trial")
        assert as_json(again) == as_json(trial)


def test_seeds_are_counted_or_named() -> None:
    assert seeds_of(2) == (1337, 1338)
    assert seeds_of((5,)) == (5,)
    assert seeds_of([3, 1]) == (3, 1)
    assert seeds_of(np.array([4, 6])) == (4, 6)  # type: ignore[arg-type]


def test_words_become_settings_of_their_types(names: Prepared) -> None:
    families = names.task.families
    lines = {name: families[name] for name in ("ngram", "mlp", "gpt")}
    found = settings_of(
        ["dropout=0.1", "mlp.n_hidden=8,4", "gpt.n-layer=2", "order=3", "tied=yes", "watch=true",
         "schedule=cosine", "learning_rate=1e-3", "gpt.dropout=0.3"], lines,
    )  # fmt: skip
    assert dict(found["mlp"].settings) == {"dropout": 0.1, "n_hidden": (8, 4)}
    assert settings_of(["mlp.n_hidden=8x4"], lines)["mlp"].settings == {"n_hidden": (8, 4)}
    assert dict(found["gpt"].settings) == {"dropout": 0.3, "n_layer": 2, "tied": True}
    assert dict(found["ngram"].settings) == {"order": 3}
    assert dict(found["ngram"].training) == {}
    for name in ("mlp", "gpt"):
        assert dict(found[name].training) == {
            "watch": True, "schedule": "cosine", "learning_rate": 0.001,
        }  # fmt: skip
    changes = changes_of(["dropout=0.2", "gpt.n_layer=1"], lines)
    assert [one.written for one in changes["gpt"]] == ["dropout=0.2", "n_layer=1"]
    assert [one.written for one in changes["mlp"]] == ["dropout=0.2"]
    assert changes["ngram"] == []
    with pytest.raises(SettingsError) as told:
        settings_of(["gpt.n_layr=2"], lines)
    assert "gpt has no setting 'n_layr'" in told.value.message
    assert "Did you mean n_layer?" in told.value.hint
    with pytest.raises(SettingsError) as told:
        settings_of(["mpl.n_embd=2"], lines)
    assert "Did you mean mlp?" in told.value.hint


def test_two_changes_need_no_run_without_each(names: Prepared) -> None:
    how: dict[str, Any] = {"models": ("mlp",), "seeds": (1,), "budget": Budget(steps=3)}
    kinds = [one.kind for one in plan(names, Ask(changes=("n_embd=3", "norm=none"), **how))]
    assert kinds == ["ngram", "mlp", "mlp, n_embd=3", "mlp, norm=none", "mlp, all changes"]
    assert [one.kind for one in plan(names, Ask(changes=("n_embd=3",), **how))][2:] == [
        "mlp, n_embd=3"
    ]


@pytest.mark.parametrize("family", ["mlp", "wavenet", "bow", "gpt", "gru"])
def test_nets_are_made_about_as_large(family: str, names: Prepared) -> None:
    line = names.task.family(family)
    for wanted in (30_000, 100_000):
        widths = sized(names, family, {}, wanted)
        settings = line.load().Settings.from_dict(dict(widths))
        found = names.task.build(family, settings, names.data.shape).n_parameters
        assert abs(found - wanted) <= 0.25 * wanted
    assert "n_embd" not in sized(names, "mlp", {"n_embd": 7}, 30_000)  # what was given stays


def entry(kind: str, dev: float, test: float) -> BoardEntry:
    """A kind of model with one figure on every one of some examples."""
    random = np.random.default_rng(len(kind))
    noise = random.normal(0, 0.01, 50)
    splits = {
        name: Grouped(value + noise - noise.mean(), np.ones(50), "examples")
        for name, value in (("dev", dev), ("test", test))
    }
    return BoardEntry(kind, kind, (OneRun(MeasuredModel(kind, splits)),), seeded=False)


@pytest.mark.parametrize("change", ["n_embd=16", "learning_rate=1e-2", "n_hidden=256x160"])
def test_a_change_that_changes_nothing_is_refused(names: Prepared, change: str) -> None:
    with pytest.raises(SettingsError, match="changes nothing: mlp has it anyway"):
        plan(names, Ask(models=("mlp",), changes=(change,)))
    other = ("n_embd=8", "n_hidden=8", "learning_rate=0.1")
    assert plan(names, Ask(models=("mlp",), changes=(change,), settings=other))


@pytest.mark.parametrize(
    ("name", "folder"),
    [("имена ☃", "имена ☃"), ("names", "names"), ("../../up", "up"), ("..", "data"), ("", "data"),
     ("a\\b", "a-b"), ("a\x1bb", "a-b"), (".", "data"), ("/etc/x", "etc-x")],
)  # fmt: skip
def test_a_folder_is_called_as_its_data_and_lies_where_it_should(name: str, folder: str) -> None:
    assert folder_of(name) == folder


def test_the_order_is_of_dev_and_the_verdicts_are_of_test() -> None:
    lines = [entry("bb", 2.0, 1.0), entry("a", 1.0, 2.0), entry("ccc", 3.0, 3.0)]
    found = ranked(lines, Measure("loss", "nats"), "test")
    assert [one.kind for one in found] == ["a", "bb", "ccc"]
    assert found[0].next is not None
    assert found[0].next.value == pytest.approx(1.0)  # on test it is behind
    assert found[2].first is not None
    assert found[2].first.value == pytest.approx(1.0)
    assert ahead(found[0].next, Measure("loss", "nats"), "test").startswith("no: behind on test")
    assert ahead(found[0].next, Measure("r2", "", "highest"), "test").startswith("yes, more than")
    upward = ranked(lines, Measure("ndcg", "", "highest"), "test")
    assert [one.kind for one in upward] == ["ccc", "bb", "a"]


def test_a_lead_on_dev_that_test_turns_round_is_not_called_a_lead() -> None:
    measure = Measure("loss", "nats")
    lines = ranked([entry("bb", 2.0, 1.0), entry("a", 1.0, 2.0), entry("ccc", 3.0, 3.0)],
                   measure, "test")  # fmt: skip
    told = headline(Board("d", measure, "test", lines))
    assert "On test it is behind bb, by more than luck." in told
    assert "No other" not in told
    lines = ranked([entry("a", 1.0, 1.0), entry("bb", 2.0, 2.0)], measure, "test")
    assert "No other is as good" in headline(Board("d", measure, "test", lines))


def test_places_are_of_the_split_that_decides_and_equals_share_the_better() -> None:
    measure = Measure("loss", "nats")
    lines = ranked(
        [entry("a", 1.0, 2.0), entry("bb", 2.0, 1.0), entry("ccc", 3.0, 2.0)], measure, "test"
    )
    board = Board("some", measure, "test", lines, groups="examples")
    assert places(board)["bb"] == 1
    assert "a is best on dev" in headline(board)
    assert "On test it is behind bb, by more than luck. On test it cannot be told from ccc." in (
        headline(board)
    )
    rows = {row[0]: row[-1] for row in first_table(board).rows}
    assert rows["bb"].startswith("no: ahead on test")
    assert rows["ccc"].startswith("may be luck")
    assert board.told_by.endswith("corrected for 2 such pairs (Holm).")


def test_where_two_seeds_are_too_far_apart_both_figures_stand() -> None:
    measure = Measure("loss", "nats")
    made = [entry("gru", 1.0, 1.1), entry("gru", 1.2, 1.3)]
    two = BoardEntry("gru", "gru", tuple(one.runs[0] for one in made), seeded=True)
    lines = ranked([two, entry("counts", 1.2, 1.25)], measure, "test")
    board = Board("some", measure, "test", lines, about=("Read as lines.", "3 of them."))
    rows = {row[0]: row[1:3] for row in board_table(board).rows}
    assert rows["gru"] == ("1.1000 (1.0000 and 1.2000)", "1.2000 (1.1000 and 1.3000)")
    assert "–" in rows["counts"][0]
    assert headline(board).endswith("told from counts: two seeds are too few to tell.")
    told = " ".join(remarks(board))
    assert "38 standard errors to either side, of three seeds 4.3" in told
    assert "of gru the figures of both seeds stand in place" in told
    assert told.startswith("Data: Read as lines; 3 of them. ")


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"task": "tables"}, "of the task text, not tables"),
        ({"data": {"b": {}}}, "on a, not b"),
        ({"data": {"a": {"x": "2"}}}, "another split"),
        ({"asked": {"steps": 6}}, "with `steps=5`, not 6"),
        ({"asked": {"steps": None}}, "with `steps=5`, not none"),
        ({"data": {"a": {"x": "1"}, "b": {}}}, ""),
        ({"asked": {}}, ""),
        ({"asked": {"seconds": 30.0, "steps": None}}, "with `steps=5`, not none"),
    ],
)
def test_what_keeps_comparisons_apart_is_named(other: dict[str, Any], told: str) -> None:
    how: dict[str, Any] = {"task": "text", "data": {"a": {"x": "1"}}, "asked": {"steps": 5}}
    found = ComparisonRecord(**how).differing(ComparisonRecord(**{**how, **other}))
    assert told in found
    assert bool(found) == bool(told)
