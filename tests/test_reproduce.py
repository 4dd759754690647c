"""The lectures' figures: what is claimed, how a verdict comes about, and what is measured."""

from __future__ import annotations

import errno
import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
import torch

import hornbook
from hornbook.cli.reproduce import summary_of
from hornbook.errors import DataError, DownloadError, RunError, SettingsError
from hornbook.experiments.reproduce import Reproduction, Tolerance, about, bigrams, rossmann
from hornbook.experiments.reproduce.asked import LECTURES
from hornbook.experiments.reproduce.batchnorm import gains, useless_bias
from hornbook.experiments.reproduce.bench import LECTURE_SGD, Bench
from hornbook.experiments.reproduce.data import find_dataset
from hornbook.experiments.reproduce.figures import LectureFigure, NotRunError, judged
from hornbook.experiments.reproduce.micrograd import net_of, squares, trained
from hornbook.experiments.reproduce.mlp import LECTURE_MLP
from hornbook.experiments.reproduce.names import QUICK
from hornbook.experiments.reproduce.run import reproduce
from hornbook.experiments.reproduce.table import REPRODUCTIONS
from hornbook.runs import Run
from hornbook.runs.prepare import prepare
from hornbook.tasks import task_of_family
from hornbook.training.settings import TrainingSettings
from tests.command import typed
from tests.some_names import write_names
from tests.stopping import stopped_at

SHARED = Path(__file__).parents[2] / "shared" / "data"
NAMED = {one.name: one for one in REPRODUCTIONS}
needs_names = pytest.mark.skipif(
    not (SHARED / "names.txt").is_file(), reason="needs the lectures' names"
)


class Small(Bench):
    """A bench where every text is a file of a few names."""

    def dataset(self, name: str) -> Path:
        path = self.folder / "names.txt"
        return path if path.exists() else write_names(path, slice(0, 300))


class PlannedError(Exception):
    """Raised in the place of a training, with what was asked for."""


class Planning(Small):
    """A bench that tells what it would train."""

    def train(
        self,
        name: str,
        data: Any,
        model: str,
        settings: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
    ) -> Run:
        raise PlannedError(name, model, dict(settings or {}), dict(training or {}))

    def train_seeds(
        self,
        name: str,
        data: Any,
        model: str,
        settings: Mapping[str, Any],
        training: Mapping[str, Any],
        seeds: int,
    ) -> list[Run]:
        return [self.train(name, data, model, settings, training)]


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hornbook.text.counts.draw_counts", lambda *given: 0)  # takes a second


@pytest.fixture
def bench(tmp_path: Path) -> Small:
    return Small(tmp_path)


# What is claimed


def test_every_lecture_has_experiments_with_names_of_their_own() -> None:
    assert {one.lecture for one in REPRODUCTIONS} == set(LECTURES)
    assert len(NAMED) == len(REPRODUCTIONS)
    for one in REPRODUCTIONS:
        names = [held.name for held in one.figures]
        assert len(set(names)) == len(names) > 0, one.name
        assert one.how, one.name
        assert one.cost(full=True) >= one.cost(full=False) >= 0


def test_what_a_lecture_says_lies_within_its_own_tolerances() -> None:
    for one in REPRODUCTIONS:
        for held in one.figures:
            found = re.search(r"\d[\d,]*(\.\d+)?$|(?<=near )[\d.]+|(?<=about )[\d.]+", held.said)
            if found is None or any(word in held.said for word in ("not", ":", "%")):
                continue
            value = float(found[0].replace(",", ""))
            for full in (True, False):
                tolerance = held.tolerance(full=full)
                assert tolerance.why
                if tolerance.why.startswith("the lecture's own loop"):
                    assert not full
                    continue  # of fewer steps, see below
                assert tolerance.holds(value) or math.isclose(value, tolerance.low), (one, held)


def test_fewer_steps_are_compared_with_the_lecture_s_loop_of_as_many() -> None:
    for name, loop in QUICK.items():
        told = {held.name: held for held in NAMED[name].figures}
        for split, (mean, spread) in (("train", loop.train), ("dev", loop.dev)):
            held = told[f"{split} loss"]
            assert held.quick is not None
            wide = max(0.015, 3 * spread)
            assert (held.quick.low, held.quick.high) == pytest.approx((mean - wide, mean + wide))
            assert (
                held.quick.low > held.full.high
            )  # a tenth of the steps is not the lecture's figure
            assert f"{mean:.4f} ± {spread:.4f}" in held.quick.why
    fewer = {one.name for one in REPRODUCTIONS if one.minutes[0] and one.quick}
    assert fewer == {*QUICK, "rnn-stateful", "gru-stateful"}  # none is compared with nothing


def test_the_figures_of_the_lectures_are_all_there() -> None:
    said = {held.said for one in REPRODUCTIONS for held in one.figures}
    assert {
        "2.45401", "2.45458", "2.45484", "2.45326", "2.45839", "228,146", "infinite", "3.48340",
        "11,897", "2.1701", "12,097", "2.0674", "2.1057", "12,297", "2.0705", "2.1099", "2.105",
        "2.027", "22,397", "2.029", "2.022", "76,579", "1.769", "1.993", "2.5", "2.4", "2.28",
        "2.24", "1.48", "1.486", "1.369", "1.252", "2.001", "1.838", "1.130", "0.801", "0.781",
        "0.0985", "0.1156",
    } <= said  # fmt: skip


# Verdicts


@pytest.mark.parametrize(
    ("tolerance", "inside", "outside", "words"),
    [
        (about(2.0, 0.5, "w"), [1.5, 2.5], [1.49, 2.51, math.nan, math.inf], "1.50 to 2.50"),
        (Tolerance(3, 3, "w"), [3], [3.001], "exactly"),
        (Tolerance(math.inf, math.inf, "w"), [math.inf], [1e300], "infinite"),
        (Tolerance(0.1, math.inf, "w"), [0.1, math.inf], [0.09, math.nan], "at least 0.10"),
        (Tolerance(-math.inf, 0.1, "w"), [-5, 0.1], [0.11], "at most 0.10"),
    ],
)
def test_a_tolerance_holds_its_ends_and_says_them(
    tolerance: Tolerance, inside: list[float], outside: list[float], words: str
) -> None:
    assert all(map(tolerance.holds, inside))
    assert not any(map(tolerance.holds, outside))
    assert tolerance.in_words(2) == words


def one_of(measure: Any, **more: Any) -> Reproduction:
    figure = LectureFigure("loss", "2.0", about(2.0, 0.1, "w"), about(2.0, 0.5, "fewer steps"))
    return Reproduction("made", "mlp", "Made", "as said", measure, (figure,), **more)


def test_a_form_has_its_own_tolerance_and_says_what_it_leaves_out() -> None:
    one = one_of(None, quick="few steps")
    (quick,), (full,) = (judged(one, {"loss": 2.3}, full=full, seconds=1) for full in (False, True))
    assert (quick.verdict, full.verdict) == ("within", "outside")
    assert (quick.how, full.how) == ("as said; in the quick form few steps", "as said")
    assert quick.why == "fewer steps"


def test_what_is_not_run_shows_what_was_measured_and_is_not_judged() -> None:
    (row,) = judged(one_of(None), {"loss": 2.0}, full=True, seconds=1, reason="no stores")
    assert (row.verdict, row.value, row.reason) == ("not run", 2.0, "no stores")


def test_an_experiment_that_forgets_a_figure_is_a_fault() -> None:
    with pytest.raises(AssertionError, match="measures no loss"):
        judged(one_of(None), {}, full=True, seconds=1)


# What is measured


@needs_names
def test_counting_gives_the_lectures_figures(tmp_path: Path) -> None:
    bench = Bench(tmp_path, data=SHARED)
    for name in ("bigrams-counting", "bigrams-split", "bigrams-guess", "bigrams-keepdim"):
        one = NAMED[name]
        for row in judged(one, one.measure(bench), full=False, seconds=0):
            assert row.verdict == "within", row


def test_the_keepdim_bug_hides_from_the_loss_and_not_from_the_samples(bench: Small) -> None:
    found = bigrams.keepdim(bench)
    counts = bigrams.counted(bench, "add", split="100/0").model.N
    wrong = torch.from_numpy(counts + 1.0)
    wrong /= wrong.sum(1)  # the lecture's line, in torch
    assert found["rows sum to 1 within, without"] == pytest.approx(
        float((wrong.sum(1) - 1).abs().max())
    )
    assert found["rows sum to 1 within, with keepdim"] < 1e-12
    assert found["loss, without"] == pytest.approx(found["loss, with keepdim"], abs=1e-9)
    assert found["loss of what is sampled, without"] > found["loss, with keepdim"] + 0.01


def test_gradients_that_are_not_set_back_add_up() -> None:
    one = net_of(1)
    squares(one).backward()
    first = [p.grad for p in one.parameters()]
    squares(one).backward()
    assert [p.grad for p in one.parameters()] == pytest.approx([2 * grad for grad in first])
    found = {how: [trained(seed, zeroed=how) for seed in range(40)] for how in (True, False)}
    assert max(found[True]) < 0.5
    assert max(found[False]) > 3.9  # a point on the wrong side, and no way back


def test_a_bias_before_batchnorm_has_no_gradient_and_no_effect(bench: Small) -> None:
    one = NAMED["batchnorm-bias"]
    assert {row.verdict for row in judged(one, useless_bias(bench), full=False, seconds=0)} == {
        "within"
    }


def test_five_layers_of_tanh_keep_their_width_at_five_thirds(bench: Small) -> None:
    found = gains(bench)
    assert found["std of the fifth, gain 1"] < found["std of the fifth, gain 5/3"] - 0.1
    assert found["std of the fifth, gain 5/3"] == pytest.approx(0.65, abs=0.05)
    assert found["saturated, gain 1"] < 0.01 < found["saturated, gain 5/3"] < 0.1
    assert found["saturated, gain 3"] > 0.2


def test_rows_of_eight_letters_begin_from_zeros(bench: Small, tmp_path: Path) -> None:
    from hornbook.experiments.reproduce.nietzsche import loss_in_rows

    text = write_names(tmp_path / "text.txt", slice(0, 200))
    run = bench.train(
        "rnn", prepare(str(text), "text", {"mode": "text", "split": "80/20"}), "rnn",
        {"n_hidden": 8, "block_size": 8}, {"steps": 1, "batch_size": 4},
    )  # fmt: skip
    ids = run.data.stream("dev").ids.astype(np.int64)
    rows = (len(ids) - 1) // 8
    losses = []
    for row in range(rows):  # one by one, by torch's own cross-entropy
        x = torch.from_numpy(ids[8 * row : 8 * row + 9])
        with torch.no_grad():
            logits = run.model(x[None, :-1])[0]
        losses.append(float(torch.nn.functional.cross_entropy(logits, x[1:])))
    assert loss_in_rows(run) == pytest.approx(float(np.mean(losses)), abs=1e-5)


def test_the_rate_search_draws_its_curve(bench: Small) -> None:
    found = NAMED["mlp-rate"].measure(bench)["rate of the lowest loss"]
    assert 0.001 < found <= 1.0
    assert (bench.folder / "mlp-rate.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", sorted(NAMED.keys() - {"micrograd-zero-grad", "mlp-rate"}))
def test_a_plan_is_one_that_can_be_trained(name: str, full: bool, tmp_path: Path) -> None:
    one, told = NAMED[name], None
    try:
        one.measure(Planning(tmp_path, full))
    except PlannedError as plan:
        _, model, settings, training = plan.args
        task = task_of_family(model)
        assert task is not None
        family = task.family(model)
        made = family.load().Settings.from_dict(settings)
        if training:
            how = TrainingSettings.from_dict(training)
            assert how.steps == training["steps"]
        counted = [held.said for held in one.figures if held.name == "parameters"]
        if counted:
            shape = (
                prepare(str(SHARED / "names.txt"), "text", {}).data.shape
                if (SHARED / "names.txt").is_file()
                else task.typical
            )
            net = task.build(model, made, shape)
            assert f"{net.n_parameters:,}" == counted[0]
    except NotRunError as why:
        told = why
    else:
        pytest.fail("it trains nothing")
    assert told is None or told.hint or not full or "GPU" in told.message


# Going on


STEPS: dict[str, Any] = {**LECTURE_SGD, "steps": 40}


def test_what_is_done_is_not_trained_again_and_another_recipe_replaces_nothing(
    bench: Small,
) -> None:
    data = bench.text("makemore-names")
    small = {**LECTURE_MLP, "n_hidden": (4,)}
    first = bench.train("net", data, "mlp", small, STEPS)
    assert first.path.name == "net-40"
    assert first.record.training is not None
    assert first.record.training.evaluate_every == 40
    assert bench.train("net", data, "mlp", small, STEPS).record.id == first.record.id
    for settings, training in (
        ({**small, "n_hidden": (5,)}, STEPS),
        (small, {**STEPS, "learning_rate": 0.2}),
    ):
        with pytest.raises(RunError, match="holds a run of"):
            bench.train("net", data, "mlp", settings, training)
    assert Run(first.path).record.id == first.record.id
    assert bench.train("net", data, "mlp", small, {**STEPS, "steps": 20}).path.name == "net-20"
    bench.seed = 2
    assert bench.train("net", data, "mlp", small, STEPS).path.name == "net-40-seed2"


def test_what_was_stopped_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    small = {**LECTURE_MLP, "n_hidden": (4,)}
    weights = []
    for name in ("whole", "stopped"):
        folder = tmp_path / name
        folder.mkdir()
        bench = Small(folder)
        data = bench.text("makemore-names")
        if name == "stopped":
            with stopped_at(17), pytest.raises(KeyboardInterrupt):
                bench.train("net", data, "mlp", small, STEPS)
        run = bench.train("net", data, "mlp", small, STEPS)
        assert run.summary.steps == 40
        weights.append(run.model.state_dict())
    for one, other in zip(*(held.values() for held in weights), strict=True):
        assert torch.equal(one, other)


# What is not there


def test_data_that_may_not_be_passed_on_are_asked_for(tmp_path: Path) -> None:
    rows = reproduce(["movielens", "rossmann"], data=tmp_path, out=tmp_path / "runs")
    assert {row.verdict for row in rows} == {"not run"}
    assert "files.grouplens.org" in rows[0].reason
    assert "kaggle.com" in rows[-1].reason
    assert str(tmp_path) in rows[0].reason


def test_another_edition_of_the_ratings_is_measured_and_not_judged(tmp_path: Path) -> None:
    folder = tmp_path / "ml-latest-small"
    folder.mkdir()
    random = np.random.default_rng(0)
    pairs = random.permutation(60)[:50]
    lines = [f"{1 + n // 10},{1 + n % 10},{random.integers(1, 6)},{n}" for n in pairs]
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *lines]))
    from hornbook.experiments.reproduce import movielens

    measure = movielens.measured("dot", movielens.DOT, {**movielens.SGD, "steps": 2})
    with pytest.raises(NotRunError, match="another edition: 6 users, not 671") as caught:
        measure(Bench(tmp_path / "runs", data=tmp_path))
    assert caught.value.measured["MSE"] > 0


def test_a_plain_dot_product_is_measured_as_it_comes(tmp_path: Path) -> None:
    from hornbook.experiments.reproduce.movielens import error_on_dev

    pairs = np.random.default_rng(0).permutation(60)[:50]
    lines = [f"{1 + n // 10},{1 + n % 10},{1 + n % 5},{n}" for n in pairs]
    (tmp_path / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *lines]))
    data = prepare(
        str(tmp_path / "ratings.csv"), "ratings", {"split": "80/20", "split_by": "random"}
    )
    bench = Bench(tmp_path)
    run = bench.train("dot", data, "dot", {"uniform_start": 0.05, "n_factors": 2}, {"steps": 1})
    rows, tables = run.data.splits["dev"], [run.model.users.weight, run.model.items.weight]
    p, q = (
        table.detach().numpy()[at]
        for table, at in zip(tables, (rows.users, rows.items), strict=True)
    )
    raw = (p * q).sum(1)
    assert raw.max() < 1  # below every rating
    assert error_on_dev(run) == pytest.approx(float(np.mean((raw - rows.values) ** 2)), rel=1e-6)


def sales(folder: Path, name: str) -> None:
    """A few stores and months in the shape of the competition's files."""
    import pandas as pd

    folder.mkdir()
    days = pd.date_range("2015-04-01", "2015-07-31")
    rows = [
        {"Store": store, "DayOfWeek": day.day_of_week + 1, "Date": f"{day:%Y-%m-%d}",
         "Sales": 1000 * store + 100 * day.day_of_week, "Customers": 9, "Open": 1,
         "Promo": day.day % 2, "StateHoliday": "0", "SchoolHoliday": 0}
        for store in (1, 2, 3) for day in days
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / name, index=False)
    (folder / "store.csv").write_text(
        "Store,StoreType,Assortment,CompetitionDistance,CompetitionOpenSinceMonth,"
        "CompetitionOpenSinceYear,Promo2,Promo2SinceWeek,Promo2SinceYear,PromoInterval\n"
        "1,a,a,100,1,2010,0,,,\n2,a,b,200,,,1,10,2012,\"Jan,Apr\"\n3,b,a,,,,0,,,\n"
    )  # fmt: skip
    (folder / "store_states.csv").write_text("Store,State\n1,HE\n2,HE\n3,BY\n")


def test_a_hundred_stores_are_measured_and_not_judged_and_all_are(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    found = {}
    for name in (rossmann.PART, rossmann.WHOLE):
        place = tmp_path / name
        place.mkdir()
        sales(place / "rossmann", name)
        bench = Bench(place, data=place)
        if name == rossmann.WHOLE:
            found[name] = rossmann.forest(bench)["exp_rmspe"]
            assert rossmann.net(bench)["exp_rmspe"] > 0
        else:
            with pytest.raises(NotRunError, match="100 of the 1,115 stores") as caught:
                rossmann.forest(bench)
            found[name] = caught.value.measured["exp_rmspe"]
    assert 0 < found[rossmann.PART] == found[rossmann.WHOLE]


def test_a_file_that_is_not_the_lectures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("emma\n")
    with pytest.raises(DataError, match="is not the data set makemore-names"):
        find_dataset("makemore-names", tmp_path)
    rows = reproduce("backprop", data=tmp_path, out=tmp_path / "runs")
    assert rows[0].verdict == "not run"
    assert "sha256" in rows[0].reason


def test_what_takes_longer_than_it_may_is_left_out(tmp_path: Path) -> None:
    rows = reproduce("micrograd", minutes=0.001, out=tmp_path / "runs")
    assert rows[0].verdict == "not run"
    assert "`minutes`" in rows[0].reason


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_the_last_gpt_says_that_it_needs_a_gpu(bench: Small) -> None:
    bench.full = True
    with pytest.raises(NotRunError, match="needs a GPU"):
        NAMED["gpt-final"].measure(bench)


# The door


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ({"minutes": -1}, "`minutes` must be at least 0", "With 0 nothing is trained"),
        ({"minutes": math.nan}, "`minutes` must be at least 0; it is nan", ""),
        ({"seed": -1}, "`seed` must be from 0", ""),
        ({"seed": "one"}, "`seed` must be an integer", ""),
        ({"data": "no-such-folder"}, "`data` must be a folder", "movielens-small"),
    ],
)
def test_bad_input_is_refused_in_words(
    asked: dict[str, Any], message: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        reproduce(out=tmp_path / "runs", **asked)
    assert hint in caught.value.hint
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="Cannot create"):
        reproduce("micrograd", out=tmp_path / "file" / "runs")


def test_the_command_prints_a_table_json_and_markdown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ("--out", str(tmp_path / "runs"))
    status, shown, said = typed(capsys, "reproduce", "micrograd", *out)
    assert status == 0
    assert "zero_grad forgotten" in shown
    assert "3 figures: 3 within, 0 outside, 0 not run." in said
    alone = reproduce("micrograd", out=tmp_path / "runs")[:1]
    assert summary_of(alone) == "1 figure: 1 within, 0 outside, 0 not run."
    status, shown, _ = typed(capsys, "reproduce", "micrograd", *out, "--json")
    rows = json.loads(shown)
    assert [row["verdict"] for row in rows] == ["within"] * 3
    assert (rows[0]["said"], rows[0]["value"]) == ("2, uses add up", 2)
    status, _, err = typed(capsys, "reproduce", "movielens", *out, "--markdown", "--json")
    assert status == 1
    assert "--markdown and --json exclude each other" in err
    status, shown, _ = typed(capsys, "reproduce", "movielens", *out, "--markdown")
    assert status == 0  # it was to be expected
    assert shown.startswith("| lecture | what |")
    assert "Not run:" in shown
    assert "--data" in shown  # the setting, as it is typed


def test_a_full_disk_ends_the_command_with_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def dataset(bench: Bench, name: str) -> Path:
        path = write_names(tmp_path / "names.txt", slice(0, 100))
        monkeypatch.setattr(os, "fsync", full)
        return path

    monkeypatch.setattr(Bench, "dataset", dataset)
    words = ("reproduce", "bigrams/counting", "--out", str(tmp_path / "runs"))
    status, _, said = typed(capsys, *words)
    assert status == 1
    assert "No space left on device" in said
    assert "Failed: " in said
    status, shown, _ = typed(capsys, *words, "--json")
    assert status == 1
    assert {(row["verdict"], row["failed"]) for row in json.loads(shown)} == {("not run", True)}


@pytest.mark.parametrize(
    ("cause", "failed"),
    [(requests.ConnectionError("no network"), False), (OSError(errno.ENOSPC, "full"), True),
     (ValueError("another hash"), True)],
)  # fmt: skip
def test_what_cannot_be_fetched_is_a_fault_unless_there_is_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: Exception, failed: bool
) -> None:
    def dataset(bench: Bench, name: str) -> Path:
        raise DownloadError("Cannot have it.") from cause

    monkeypatch.setattr(Bench, "dataset", dataset)
    rows = reproduce("bigrams/counting", out=tmp_path / "runs")
    assert {(row.verdict, row.failed) for row in rows} == {("not run", failed)}


def test_the_command_names_the_nearest_lecture(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, said = typed(capsys, "reproduce", "batchnrom")
    assert status == 1
    assert "Did you mean batchnorm" in said
    assert "Traceback" not in said


def test_the_docs_have_a_row_for_every_figure() -> None:
    page = (Path(hornbook.__file__).parents[1] / "docs" / "reproduce.md").read_text()
    for one in REPRODUCTIONS:
        for held in one.figures:
            assert f"| {one.lecture} | {one.title} | {held.name} | {held.said} |" in page, one.name
