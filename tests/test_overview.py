"""A run on one page and on one screen: how good it is, what it makes, and what is told of it."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.cli import main
from hornbook.cli.output import Console
from hornbook.cli.overview import show_samples
from hornbook.inspection.inspect import inspect
from hornbook.inspection.standing import Standing
from hornbook.inspection.verdicts import behind
from hornbook.records import JSON
from hornbook.reports import MarkedSample, Page, Samples, Section
from hornbook.reports.finding import NOTHING
from hornbook.runs import Run
from hornbook.runs.copying import copy_run
from hornbook.tasks import Baseline
from hornbook.text.marked_samples import of_lines
from hornbook.text.quality import quality
from hornbook.text.samples import Sample
from hornbook.training.measures import LOSS, Measure
from tests.some_names import write_names

FAST: dict[str, Any] = {"steps": 2, "threads": 1, "precision": "float32", "gradients": "hand"}
COUNTS = Baseline("counts", {"dev": 2.0, "test": 2.1}, 0.1)


def thawed(name: str, folder: Path) -> Path:
    with zipfile.ZipFile(Path(__file__).parent / "frozen" / f"{name}.zip") as frozen:
        frozen.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("secret-folder")
    data = write_names(folder / "names.txt", slice(0, 200))
    return hornbook.train(data, model="bigram", out=folder / "net", training=FAST)


@pytest.mark.usefixtures("unpainted")
def test_a_missed_baseline_is_a_problem_and_drawn(run: Run) -> None:
    found = inspect(run)
    assert [one.name for one in found.findings] == ["behind-baseline"]
    html = found.page().html()
    assert NOTHING not in html
    assert "This model does not beat n-grams" in html
    counted = run.summary.baselines[0]
    assert counted.reached.keys() == {"dev", "test"}
    assert found.curves is not None
    assert f"{counted.name}, dev {counted.reached['dev']:.4f}" in found.curves.alt
    (axes,) = found.curves.figure.axes  # type: ignore[union-attr]
    (drawn,) = (line for line in axes.get_lines() if line.get_linestyle() == "--")
    assert np.unique(np.asarray(drawn.get_ydata())).tolist() == [counted.reached["dev"]]


@pytest.mark.usefixtures("unpainted")
def test_the_page_can_be_found_through_and_read_aloud(run: Run) -> None:
    html = inspect(run).page().html()
    links = re.findall(r'<a href="#([^"]+)"', html)
    assert links == re.findall(r'<section id="([^"]+)"', html)
    assert len(links) >= 7
    pictures = re.findall(r'<img alt="([^"]*)"', html)
    assert pictures
    assert all(len(words) > 20 for words in pictures)
    assert html.count("<h1>") == 1
    assert "Line chart of the loss by step. train goes from" in html


@pytest.mark.usefixtures("unpainted")
def test_a_page_names_no_folder_and_says_what_it_quotes(run: Run) -> None:
    html = inspect(run).page().html()
    assert "secret-folder" not in html
    call = re.sub("</?span>", "", html)
    assert "hornbook.train(&#x27;names.txt&#x27;, model=&#x27;bigram&#x27;" in call
    assert "It quotes the data" in html
    assert inspect(run).overview.quoted


@pytest.mark.usefixtures("unpainted")
def test_a_page_has_a_title_of_ones_own_and_says_what_made_it(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert main(["inspect", str(run.path), "--title", "Ann & <Bob>", "--out", str(page)]) == 0
    assert capsys.readouterr().out.startswith("Ann & <Bob>")
    html = page.read_text(encoding="utf-8")
    assert "<title>Ann &amp; &lt;Bob&gt;</title>" in html
    assert "<h1>Ann &amp; &lt;Bob&gt;</h1>" in html
    foot = html[html.index("<footer") :]
    assert "hornbook" in foot
    assert "a program that trains small models" in foot
    untrained = replace(inspect(run).overview, summary=replace(run.summary, steps=0))
    assert untrained.title == "names: a small model before its training"


@pytest.mark.usefixtures("unpainted")
def test_a_run_without_its_data_has_a_page_too(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = copy_run(run, tmp_path / "bare")
    hornbook.strip(bare.path)
    found = inspect(Run(bare.path))
    one = found.overview
    assert one.quoted == ""
    assert one.table is None
    assert one.standing is not None
    assert one.standing.own.keys() == {"train", "dev"}
    assert one.samples is not None
    assert {made.kind for made in one.samples.made} == {""}
    assert "The data itself is not in this run" in found.page().html()
    assert main(["inspect", str(bare.path)]) == 0
    assert "quotes" not in capsys.readouterr().err


def test_the_terminal_has_it_on_one_screen(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(run.path), "--no-page"]) == 0
    screen = capsys.readouterr().out.split("This run has no records")[0].splitlines()
    assert 20 <= len(screen) <= 40
    told = "\n".join(screen)
    for words in ("names: what a small model learned from it", "a uniform guess",
                  "this model", "20 samples", "does not beat", "Made by:  hornbook train",
                  "Next:  "):  # fmt: skip
        assert words in told


def test_a_mixture_names_what_it_is_made_of(tmp_path: Path) -> None:
    found = inspect(Run(thawed("mixture", tmp_path)))
    members = "made of 2 other models: gru (gru, weight 0.21) and ngram (ngram, weight 0.79)."
    assert members in found.overview.model
    assert "Made in" not in found.overview.model
    assert members in found.unwatched
    assert "gru was trained by gradients" in found.unwatched
    assert "one pass" not in found.unwatched


@pytest.mark.parametrize(("separator", "one"), [("line", "a line"), ("blank", "an example")])
def test_it_is_introduced_in_whole_sentences(separator: str, one: str, tmp_path: Path) -> None:
    data = tmp_path / "poems.txt"
    data.write_text("to be\nor not\n\n" * 40)
    made = hornbook.train(
        data, model="ngram", settings={"order": 2}, out=tmp_path / "counts", separator=separator,
    )  # fmt: skip
    assert f"how {one} goes on" in made.task.introduce(made)


def test_samples_are_marked_as_they_are(tmp_path: Path) -> None:
    data = tmp_path / "names.txt"
    data.write_text("anna\nhanna\n" * 40)
    made = hornbook.train(data, model="ngram", settings={"order": 5}, out=tmp_path / "counts")
    samples = inspect(made).overview.samples
    assert samples is not None
    marks = {one.text: one.mark for one in samples.made}
    assert marks["anna"] == "in train"
    assert samples.copies == sum(one.text in ("anna", "hanna") for one in samples.made)


def test_what_all_samples_are_is_said_once(tmp_path: Path) -> None:
    def chips(*made: MarkedSample) -> int:
        return Page("", "", [Section("", samples=Samples("", made))]).html().count("<span class=")

    new, copy = MarkedSample("ann", "new", "new"), MarkedSample("eve", "copy", "in train")
    assert chips(new, new) == 0
    assert chips(new, copy) == 2
    assert chips(new) == 1
    run = Run(thawed("bigram-no-dev", tmp_path))
    few = of_lines(run, [Sample("q!x", ended=True, origin="new")] * 2, "at temperature 1")
    assert few.about.startswith("2 samples, drawn at random at temperature 1, and none left out")
    assert "Of these, 2 are new: none is in the data, and none is one character away" in few.about
    lone = of_lines(run, [Sample("q!x", ended=True, origin="new")], "at temperature 1").about
    assert lone.startswith("1 sample, drawn")
    assert "1 is new:" in lone


def test_new_means_the_same_wherever_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "names.txt"
    data.write_text("anna\nhanna\nlana\nmax\n" * 20)
    out = str(tmp_path / "counts")
    made = hornbook.train(data, model="ngram", settings={"order": 2}, out=out)
    drawn = list(made.sample(n=20))
    new = sum(one.origin == "new" for one in drawn)
    near = sum(made.data.novelty.near([one.text for one in drawn]))
    assert 0 < near < new < 20
    capsys.readouterr()
    main(["sample", out, "-n", "20"])
    said = capsys.readouterr().err
    assert f"{new} new ({new / 20:.1%}), {near} of them one character away" in said
    found = inspect(made).overview
    assert found.samples is not None
    assert f"{new} are new, {near} of them one character away" in found.samples.about
    told = f"samples are new: not in the data; {near} of them one character away"
    assert (f"{new} of 20", told) in found.tiles
    assert quality(made, 20, (1.0,))[-1].near == near / 20


def test_samples_of_lines_and_long_ones_get_the_width_of_a_phone() -> None:
    assert not Samples("", (MarkedSample("ann"),)).wide
    assert Samples("", (MarkedSample("ann"), MarkedSample("a\n  b"))).wide
    assert Samples("", (MarkedSample("C" * 30),)).wide


@pytest.mark.parametrize(("suited", "told"), [({"temperature": 0.7}, "0.7, which"), ({}, "1,")])
def test_samples_say_their_temperature(
    suited: dict[str, JSON], told: str, run: Run, tmp_path: Path
) -> None:
    own = copy_run(run, tmp_path / "own", suited=suited)
    samples = inspect(own).overview.samples
    assert samples is not None
    assert f"at temperature {told}" in samples.about


def test_one_text_is_written_as_one(tmp_path: Path) -> None:
    data = tmp_path / "text.txt"
    data.write_text("the cat sat on the mat. " * 60)
    made = hornbook.train(
        data, model="ngram", settings={"order": 3}, out=tmp_path / "counts", mode="text"
    )
    samples = inspect(made).overview.samples
    assert samples is not None
    assert samples.long
    (one,) = samples.made
    assert "from train" in one.mark
    assert made.data.extent.startswith("one text of 1,440 characters")


@pytest.mark.parametrize(
    ("own", "beaten", "split"),
    [
        ({"dev": 1.9, "test": 2.0}, True, "test"),
        ({"dev": 1.9, "test": 2.2}, False, "test"),  # test has chosen nothing: it decides
        ({"dev": 2.1}, False, "dev"),
    ],
)
def test_test_decides_where_both_have_it(own: dict[str, float], beaten: bool, split: str) -> None:
    one = Standing(LOSS, own, 3.0, (COUNTS,))
    assert one.beaten is beaten
    assert one.verdict.endswith(f"on {split}.")
    assert [found.name for found in behind(one, "")] == ([] if beaten else ["behind-baseline"])


def test_a_baseline_that_was_not_measured_there_has_no_row() -> None:
    bars = Standing(LOSS, {"train": 2.0}, 3.0, (COUNTS,)).bars()
    assert [(row.name, dict(row.values)) for row in bars.rows] == [
        ("a uniform guess", {"train": 3.0}), ("this model", {"train": 2.0}),
    ]  # fmt: skip


@pytest.mark.parametrize("long", [False, True])
def test_samples_are_cut_in_a_terminal_only(long: bool) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    samples = Samples("", (MarkedSample("abcdefghi " * 30, "new", "new"),), long)
    told = []
    for stream in (io.StringIO(), Terminal()):
        show_samples(samples, Console(stream, width=1000))
        told.append(stream.getvalue())
    assert told[0].count("abcdefghi") == 30
    assert "…" not in told[0]
    assert "…" in told[1]


def test_the_best_baseline_is_that_of_the_measure() -> None:
    right = Measure("right", "of the points", best="highest", digits=2)
    others = (Baseline("a", {"dev": 0.5}, 0.0), Baseline("b", {"dev": 0.7}, 0.0))
    one = Standing(right, {"dev": 0.6}, None, others)
    assert one.best == others[1]
    assert one.verdict == "This model does not beat b: 0.60 against 0.70 on dev."
    assert [row.name for row in one.bars().rows] == ["a", "b", "this model"]
    assert replace(one, baselines=()).verdict == ""
    assert list(behind(replace(one, baselines=()), "")) == []


def test_a_difference_that_may_be_chance_is_told_as_such() -> None:
    error = Measure("rmse", "RMSE", digits=2)
    trees = Baseline("trees", {"dev": 0.5}, 0.0, apart={"dev": (-0.2, 0.1)})
    one = Standing(error, {"dev": 0.6}, None, (trees,))
    assert one.verdict == (
        "This model and trees are level: 0.60 against 0.50 on dev; the difference may be chance."
    )
    assert list(behind(one, "")) == []
    alone = replace(trees, apart={"dev": None})
    unknown = replace(one, baselines=(alone,))
    assert unknown.beaten is None
    assert "one group: which is better on others cannot be told" in unknown.verdict
    assert list(behind(unknown, "")) == []
    sure = replace(trees, apart={"dev": (-0.2, -0.1)})
    (finding,) = behind(replace(one, baselines=(sure,)), "")
    assert finding.title == "This model does not beat trees: 0.60 against 0.50 on dev."


@pytest.mark.parametrize(
    ("apart", "own", "told"),
    [
        ({"dev": (-0.1, 0.2), "test": (0.1, 0.3)}, 0.4, " the difference may be chance."),
        ({"dev": (0.1, 0.3), "test": (0.1, 0.3)}, 0.4, ""),
        ({"dev": (-0.3, -0.1), "test": (0.1, 0.3)}, 0.6, " it is worse, by more than chance."),
        ({"dev": (0.1, 0.3), "test": (-0.1, 0.3)}, 0.4, " it is better, by more than chance."),
        ({"dev": (-0.1, 0.3), "test": (-0.1, 0.3)}, 0.4, ""),
        ({"dev": None, "test": (0.1, 0.3)}, 0.4, " the difference may be chance."),
        ({"test": (0.1, 0.3)}, 0.6, ""),
    ],
)
def test_where_test_says_otherwise_than_dev_that_is_told(
    apart: dict[str, Any], own: float, told: str
) -> None:
    error = Measure("rmse", "RMSE", digits=2)
    trees = Baseline("trees", {"dev": 0.5, "test": 0.5}, 0.0, apart=apart)
    verdict = Standing(error, {"dev": own, "test": 0.3}, None, (trees,)).verdict
    first, _, rest = verdict.partition(" On dev")
    assert rest == told
    assert first.endswith("0.30 against 0.50 on test.") or "may be chance" in first
