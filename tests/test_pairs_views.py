"""What is shown of a run on texts: mistakes, lengths, confusions, where the decoder looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hornbook.errors import DataError, UnknownTokenError
from hornbook.pairs.evaluation import Said, said_on
from hornbook.pairs.texts.baselines import baselines
from hornbook.pairs.texts.presenting import next_steps, preview, samples, shown
from hornbook.pairs.texts.views.alignment import alignment_of, draw_alignment
from hornbook.pairs.texts.views.confused import confused, draw_confused, table_of_confused
from hornbook.pairs.texts.views.lengths import by_length, draw_lengths, table_of_lengths
from hornbook.pairs.texts.views.seen import Seen
from hornbook.pairs.texts.views.worst import draw_edits, table_of_worst
from hornbook.runs import Run, strip
from tests.command import typed
from tests.test_pairs_evaluating import PAIRS
from tests.toy_writer import a_run, with_speaker


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    folder = tmp_path_factory.mktemp("views")
    chinese = [
        f"{'一二三四五'[n % 5]}{'十百千'[n % 3]}{'六七八九'[n // 5 % 4]}\t{n}" for n in range(60)
    ]
    with with_speaker():
        made = {name: a_run(folder, PAIRS, name) for name in ("toy", "copy")}
        (folder / "chinese").mkdir()
        made["chinese"] = a_run(folder / "chinese", chinese)
        yield made


def said(pairs: list[tuple[str, str, str]]) -> Said:
    """Answers: source, right, said."""
    sources, right, answers = zip(*pairs, strict=True)
    return Said(sources, tuple((one,) for one in right), answers)


def seen_with(run: Run, found: Said) -> Seen:
    seen = Seen(run, None, 100)
    seen.__dict__["said"] = found
    return seen


def test_mistakes_are_listed_worst_first(runs: dict[str, Run]) -> None:
    found = said([("a", "abcd", "abcd"), ("b", "abcd", "abxx"), ("c", "ab", ""), ("d", "ab", "xb")])
    table = table_of_worst(seen_with(runs["toy"], found), 2)
    assert table.rows == (("c", "(nothing)", "ab", "2"), ("b", "abxx", "abcd", "2"))
    assert table.beyond == 1


def test_confused_characters_are_counted(runs: dict[str, Run]) -> None:
    found = said([("a", "abc", "axc"), ("b", "bb", "xb"), ("c", "abc", "ab"), ("d", "a", "a日"),
                  ("e", "a b", "axb")])  # fmt: skip
    seen = seen_with(runs["toy"], found)
    assert confused(seen) == {("b", "x"): 2, ("c", ""): 1, ("", "日"): 1, (" ", "x"): 1}
    rows = table_of_confused(seen).rows
    assert rows[0] == ("b", "x", "2")
    assert {("c", "(left out)", "1"), ("(nothing)", "日", "1"), ("space", "x", "1")} <= set(rows)
    figure = draw_confused(seen)
    assert {text.get_text() for text in figure.axes[0].texts} == {"1", "2"}
    none = draw_confused(seen_with(runs["toy"], said([("a", "b", "b")])))
    assert "no mistakes" in none.axes[0].texts[0].get_text()


def test_lengths_beyond_train_are_told_apart(runs: dict[str, Run]) -> None:
    run = runs["toy"]
    longest = run.data.shape.longest_source - 1
    pairs = [("a" * n, "x", "x" if n % 2 else "y") for n in range(1, longest + 5) for _ in (0, 1)]
    pairs = [(one[0][:-1] + "ab"[at % 2], *one[1:]) for at, one in enumerate(pairs)]
    groups = by_length(seen_with(run, said(pairs)))
    assert [one.low for one in groups] == list(range(1, longest + 5))
    assert [one.beyond for one in groups] == [one.low > longest for one in groups]
    assert [one.share for one in groups] == [one.low % 2 for one in groups]
    seen = seen_with(run, said(pairs))
    assert any("longer than in train" in row[0] for row in table_of_lengths(seen).rows)
    axes = draw_lengths(seen).axes[0]
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "lengths of train", "longer than any source of train",
    ]  # fmt: skip
    many = [("a" * n, "x", "x") for n in range(1, 200)]
    wide = by_length(seen_with(run, said(many)))
    assert len(wide) < 60
    assert all(one.low > longest or one.high <= longest for one in wide)
    assert sum(one.n for one in wide) == 199


def test_where_the_decoder_looks(runs: dict[str, Run]) -> None:
    run = runs["toy"]
    found = alignment_of(run.model, run.data, "abc")
    assert found.source[:3] == ("a", "b", "c")
    assert found.weights.shape == (2, len(found.said), 4)
    np.testing.assert_allclose(found.weights.sum(2), 1)
    assert found.weights[0, 1, 1] == 1
    figure = draw_alignment(found, "abc")
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in shown] == ["mean of all heads", "head 1", "head 2"]
    assert [one.get_text() for one in shown[0].get_xticklabels()] == list(found.source)
    assert [one.get_text() for one in shown[0].get_yticklabels()] == list(found.said)


def test_chinese_stands_at_the_sides(runs: dict[str, Run]) -> None:
    run = runs["chinese"]
    source = run.data.side("train").sources[0]
    labels = draw_alignment(alignment_of(run.model, run.data, source), source)
    texts = [one.get_text() for one in labels.axes[0].get_xticklabels()]
    assert texts[: len(source)] == list(source)


def test_views_tell_why_they_cannot_be_had(runs: dict[str, Run], tmp_path: Path) -> None:
    views = {
        view.name: view for view in runs["copy"].task.views(runs["copy"], options(runs["copy"]))
    }
    assert views["alignment"].why_not == "this model has no attention"
    assert "of dev answered right" in views["worst"].write()
    with pytest.raises(UnknownTokenError, match="'X'"):
        runs["toy"].task.views(runs["toy"], options(runs["toy"], text="aX"))
    with with_speaker():
        bare = a_run(tmp_path, PAIRS)
        strip(bare.path)
        bare = Run(bare.path)
        views = {view.name: view for view in bare.task.views(bare, options(bare))}
        assert "needs the data" in views["lengths"].why_not
        assert "the data are gone" in views["alignment"].why_not
        file = tmp_path / "toy.tsv"
        views = {v.name: v for v in bare.task.views(bare, options(bare, data=str(file), text="ab"))}
        assert not any(view.why_not for view in views.values())
        with pytest.raises(DataError, match="There is no file"):
            bare.task.views(bare, options(bare, data="nowhere.tsv", text="ab"))[0].draw()
        assert samples(bare) is None
        assert shown(bare) == ()
        assert next_steps(bare)[0].given == (str(bare.path), "TEXT")


def options(run: Run, **given: object) -> object:
    return run.task.seen_with.from_dict(given)


def test_what_is_shown_while_training_and_after(runs: dict[str, Run]) -> None:
    run = runs["copy"]
    lines = preview(run.model, run.data)
    assert len(lines) == min(4, len(set(run.data.side("dev").sources)))
    found = said_on(run.model, run.data, "dev", 4)
    for line, source, answer, (edits, right) in zip(
        lines, found.sources, found.said, found.nearest, strict=True
    ):
        wanted = f"{source} → {answer}" + (f" (right: {right})" if edits else "")
        assert line == wanted
    made = samples(run)
    assert made is not None
    assert {one.mark == "right" for one in made.made} <= {True, False}
    (table,) = shown(run)
    assert table.heads[1:] == ("said", "right", "edits")  # type: ignore[union-attr]
    assert "60 pairs" not in run.task.introduce(run)
    assert "answer a text" in run.task.introduce(run)


def test_families_without_training_stand_beside_a_net(runs: dict[str, Run]) -> None:
    run = runs["copy"]
    found = {one.name: one for one in baselines(run.task, run.data, run.model)}
    assert "copy" not in found  # a family is not held against itself
    assert {"lookup", "nearest"} <= found.keys()
    for one in found.values():
        assert set(one.reached) == {"dev", "test"}
        low, high = one.apart["dev"] or (0.0, 0.0)
        apart = one.reached["dev"] - said_on(run.model, run.data, "dev").character_errors
        assert low <= apart + 1e-9
        assert apart - 1e-9 <= high


def test_inspect_prints_and_draws(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str], unpainted: None
) -> None:
    run = runs["toy"]
    status, out, err = typed(capsys, "inspect", str(run.path), "--out", str(tmp_path / "page.html"))
    assert status == 0, err
    assert "answered right to the letter" in out
    page = (tmp_path / "page.html").read_text(encoding="utf-8").lower()
    assert "where the decoder looks" in page
    assert "characters are said in the place" in page
    assert (
        json.loads(typed(capsys, "inspect", str(run.path), "--json", "--no-page")[1])["findings"]
        == []
    )


def test_pictures_can_be_saved(runs: dict[str, Run], tmp_path: Path) -> None:
    seen = Seen(runs["toy"], None, 20)
    for name, draw in (
        ("edits", draw_edits),
        ("lengths", draw_lengths),
        ("mistakes", draw_confused),
    ):
        figure = draw(seen)
        figure.savefig(tmp_path / f"{name}.svg")
        assert (tmp_path / f"{name}.svg").stat().st_size > 1_000
