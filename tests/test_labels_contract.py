"""What every family for pairs keeps: made, kept, opened, measured, looked at, asked, stripped."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import DataError, QuestionError, SettingsError, UnknownTokenError
from hornbook.inspection.inspect import inspect
from hornbook.pairs.labels import baselines as beside_labels
from hornbook.pairs.labels.views import Seen, ViewSettings, table_of_worst, write_worst
from hornbook.pairs.models.families import LABELLERS
from hornbook.runs import Run
from hornbook.runs.strip import strip
from hornbook.tasks.scores import ClassScores
from tests.command import typed

QUICK = {"steps": 30, "batch_size": 32, "learning_rate": 0.01, "threads": 1, "evaluate_every": 15,
         "precision": "float32", "gradients": "hand"}  # fmt: skip
SMALL: dict[str, Any] = {"classify": {"n_embd": 16, "n_layer": 1, "dropout": 0.0}}
TEXTS = [f"{a}{b}{c}" for a in "abcde" for b in "abcde" for c in "abcdefgh"]


def label_of(text: str, at: int) -> str:
    """By the last letter, a seventh of them wrongly."""
    return ("vowel", "consonant")[(text[-1] not in "ae") ^ (at % 7 == 0)]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("labels") / "texts.tsv"
    lines = [f"{text}\t{label_of(text, at)}" for at, text in enumerate(TEXTS)]
    path.write_text("\n".join(["word\tclass", *lines, ""]), encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=LABELLERS)
def run(request: pytest.FixtureRequest, table: Path) -> Run:
    family = request.param
    return hornbook.train(
        table, model=family, out=table.parent / family, settings=SMALL.get(family),
        training=QUICK if LABELLERS[family].trained else None,
    )  # fmt: skip


def test_it_is_opened_as_it_was_kept(run: Run) -> None:
    opened, sources = Run(run.path), run.data.sources("test")
    found = opened.model.log_probabilities(sources)
    np.testing.assert_array_equal(found, run.model.log_probabilities(sources))
    np.testing.assert_allclose(np.exp(found).sum(1), 1)
    assert found.shape == (len(sources), 2)
    for split, loss in run.summary.losses.items():
        assert opened.task.evaluate(opened.model, opened.data, split).loss == pytest.approx(loss)
    told = run.summary.remarks
    assert bool(told) == (opened.model.temperature != 1)
    assert opened.model.n_parameters == run.summary.parameters


def test_its_figures_have_intervals(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for split, figures in run.evaluate().items():
        found = figures.as_dict()
        assert found["pairs"] == run.data.sizes[split]
        for name in ("loss", "accuracy", "macro_f1"):
            assert found[f"{name}_low"] <= found[name] <= found[f"{name}_high"]
    status, out, err = typed(capsys, "evaluate", str(run.path))
    assert (status, "macro F1" in out) == (0, True), err


def test_only_mistakes_are_listed_as_the_worst(run: Run) -> None:
    seen = Seen(run, ViewSettings())
    scores = seen.scores
    wrong = int((~scores.right).sum())
    assert wrong > 1
    table = table_of_worst(seen, 1)
    assert (len(table.rows), table.beyond) == (1, wrong - 1)
    right, said = table.rows[0][1:3]
    assert right != said
    at = np.flatnonzero(scores.right)
    seen.scores = ClassScores(None, scores.probabilities[at], scores.target[at])
    assert table_of_worst(seen, 5).rows == ()
    assert write_worst(seen) == f"No mistakes in {seen.told}."


def test_baselines_stand_beside_it(run: Run) -> None:
    names = [one.name for one in run.summary.baselines]
    others = [name for name in ("naive-bayes", "log-linear") if name != run.family]
    assert names == ["shares of the labels", *others]
    share = run.summary.baselines[0].reached["dev"]
    assert 0.5 < share < 0.75
    assert run.summary.baselines[0].apart["dev"] is not None


def test_what_would_take_minutes_is_left_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    data = run.data
    work = sum(map(len, data.sources("train"))) * len(data.labels)
    monkeypatch.setattr(beside_labels, "LIMITS", {"naive-bayes": work, "log-linear": work - 1})
    names = [one.name for one in beside_labels.baselines(data, run.model)]
    others = ["naive-bayes"] if run.family != "naive-bayes" else []
    assert names == ["shares of the labels", *others]


def test_it_tells_labels(run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    one, other = run.classify(["abc", "dea"])
    alone = run.classify("abc")
    assert alone.labels == one.labels
    assert alone.probabilities == pytest.approx(one.probabilities, abs=1e-6)
    assert one.labels == tuple(sorted(one.labels, key=lambda label: -dict(
        zip(one.labels, one.probabilities, strict=True))[label]))  # fmt: skip
    assert sum(one.probabilities) == pytest.approx(1)
    assert run.classify("abc", n=1).labels == one.labels[:1]
    file = tmp_path / "some.txt"
    file.write_text("abc\n\ndea\n", encoding="utf-8")
    status, out, err = typed(capsys, "classify", str(run.path), str(file), "--json")
    assert status == 0, err
    first, none, last = json.loads(out)
    assert first == one.as_dict()
    assert last == other.as_dict()
    assert none == {"text": "", "labels": []}
    status, out, _ = typed(capsys, "classify", str(run.path), str(file), "--csv", "-n", "1")
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == ["text", "label", "probability"]
    assert [row[1] for row in rows[1:]] == [one.label, "", other.label]
    status, out, err = typed(capsys, "classify", str(run.path), "abc", "dea")
    assert out.startswith(f"abc: {one.label} ")
    assert out.count("\n") == 2


def test_what_it_cannot_read_is_told(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownTokenError, match="not in this run's vocabulary"):
        run.classify("ab!")
    for wrong in (3, ["a", 3]):
        with pytest.raises(SettingsError, match="a text or a list of texts"):
            run.classify(wrong)
    with pytest.raises(SettingsError, match="the text is empty"):
        run.classify(["abc", " "])
    with pytest.raises(QuestionError, match="says one of 2 labels"):
        run.translate("abc")
    status, _, err = typed(capsys, "classify", str(run.path), "ab!")
    assert status != 0
    assert "Traceback" not in err


def test_it_is_measured_on_a_file(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    split = run.data.side("test")
    lines = [f"{s}\t{t}" for s, t in zip(split.sources, split.targets, strict=True)]
    file = tmp_path / "more.tsv"
    file.write_text("\n".join(["word\tclass", *lines]) + "\n", encoding="utf-8")
    (found,) = run.evaluate(data=file).values()
    assert found.as_dict() == run.evaluate()["test"].as_dict()
    other = tmp_path / "other.csv"
    other.write_text(
        "\n".join(["n,a,b", *(f"3,{','.join(line.split())}" for line in lines)]), encoding="utf-8"
    )
    with pytest.raises(DataError, match="no column 'word'") as refused:
        run.evaluate(data=other)
    assert "`source_column`" in refused.value.hint
    status, _, _ = typed(
        capsys, "evaluate", str(run.path), str(other), "--source-column", "a", "--label-column", "b"
    )
    assert status == 0
    (again,) = run.evaluate(data=other, source_column="a", label_column="b").values()
    assert again.as_dict() == found.as_dict()
    for wrong in ({"bad_rows": "skip"}, {"label_column": "b"}):
        with pytest.raises(SettingsError, match="has no effect"):
            run.evaluate(**wrong)
    file.write_text("word\tclass\nabc\tvowel\nabd\tvowels\nab!\tvowel\n", encoding="utf-8")
    status, _, err = typed(capsys, "evaluate", str(run.path), str(file))
    assert status != 0
    assert "line 3: the label 'vowels' is none that training has seen" in err
    assert "Did you mean vowel?" in err
    with pytest.raises(DataError, match="line 3"):
        run.evaluate(data=file)
    (found,) = run.evaluate(data=file, bad_rows="skip").values()
    assert found.as_dict()["pairs"] == 1
    assert any(told.startswith("2 rows left out") for told in found.remarks)


def test_it_is_looked_at(run: Run, unpainted: None) -> None:
    found = inspect(run)
    page = found.write(run.path / "report.html").read_text(encoding="utf-8")
    assert "<title>" in page
    told = "".join(map(str, found.written()))
    assert "taken for" in told
    assert run.task.introduce(run).startswith("This model has learned from 1")
    assert len(run.task.preview(run.model, run.data)) == 4


def test_without_its_data_it_still_tells_labels(run: Run, tmp_path: Path) -> None:
    bare = shutil.copytree(run.path, tmp_path / "bare")
    before = run.classify(["abc", "dea"])
    strip(bare)
    stripped = Run(bare)
    assert stripped.classify(["abc", "dea"]) == before
    with pytest.raises(DataError, match="without its data"):
        stripped.evaluate()
    assert list(inspect(stripped).written()) is not None


def test_families_and_data_must_fit(table: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="copy writes texts, and class has labels"):
        hornbook.train(table, model="copy", out=tmp_path / "run")
    with pytest.raises(SettingsError, match="naive-bayes predicts labels, and class has texts"):
        hornbook.train(table, model="naive-bayes", target_column="class", out=tmp_path / "run")
    made = hornbook.train(table, out=tmp_path / "run", baseline=False)
    assert made.family == made.task.default
    assert made.data.kind == "labels"
    texts = hornbook.train(
        table, model="copy", target_column="class", out=tmp_path / "texts", baseline=False
    )
    with pytest.raises(QuestionError, match=r"says texts \(class\), not one of some labels"):
        texts.classify("abc")
