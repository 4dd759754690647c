"""`hornbook scalar` as it is typed, and its pictures."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from hornbook.errors import TrainingError
from hornbook.lessons.decision_boundary import draw_boundary
from hornbook.lessons.line_drawing import frames_of
from hornbook.lessons.line_fit import START, LineSettings, fit_line
from tests import command


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


def typed(capsys: pytest.CaptureFixture[str], *arguments: str) -> command.Typed:
    """Status, output and errors of `hornbook scalar`."""
    return command.typed(capsys, "scalar", *arguments)


@pytest.mark.parametrize("verb", ["graph", "moons", "line"])
def test_each_has_help(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    status, out, _ = typed(capsys, verb, "--help")
    assert status == 0
    assert f"hornbook scalar {verb}" in out


def test_a_graph(capsys: pytest.CaptureFixture[str]) -> None:
    formula = ("graph", "tanh(a*b + c)", "a=2", "b=-3", "c=6.9")
    status, out, _ = typed(capsys, *formula, "--out", "graph.dot")
    assert status == 0
    rows = {line.split("  ")[0].strip(): line.split() for line in out.splitlines()}
    slope = 1 - np.tanh(0.9) ** 2
    assert [float(x) for x in rows["a"][-2:]] == pytest.approx([2, -3 * slope], rel=1e-5)
    assert "tanh(a * b + c)" in rows
    assert Path("graph.dot").read_text().startswith("digraph")
    status, out, _ = typed(capsys, *formula, "--json")
    nodes = json.loads(out)["nodes"]
    assert nodes[3] == {
        "label": "a * b",
        "operation": "*",
        "inputs": [0, 1],
        "data": -6.0,
        "grad": pytest.approx(slope),
    }


@pytest.mark.parametrize(("name", "begins"), [("a.svg", b"<?xml"), ("a.png", b"\x89PNG")])
def test_a_graph_is_drawn(capsys: pytest.CaptureFixture[str], name: str, begins: bytes) -> None:
    assert typed(capsys, "graph", "a*2", "a=1", "--out", name)[0] == 0
    assert Path(name).read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("graph", "a*", "a=1"), "cannot be parsed"),
        (("graph", "a", "a:1"), "'a:1' is not NAME=NUMBER"),
        (("graph", "a", "a=x"), "'a=x' is not NAME=NUMBER"),
        (("graph", "a", "a=nan"), "is not NAME=NUMBER"),
        (("graph", "a", "2=1"), "is not NAME=NUMBER"),
        (("graph", "a", "a=1", "a=2"), "a is given twice"),
        (("graph", "a**0.5", "a=0"), "has no gradient here"),
        (("graph", "a", "a=1", "--out", "a.jpg"), "must end in .svg or .png or .dot"),
        (("graph", "a", "a=1", "--out", "no/such/a.dot"), "no/such/a.dot"),
        (("moons", "--out", "moons.gif"), "must end in .png or .svg"),
        (("moons", "--rate", "0"), "rate must be above 0"),
        (("moons", "--hidden", "0"), "hidden must be from 1"),
        (("moons", "--rate", "1000"), "diverges"),
        (("line", "--out", "line"), "must end in .gif or .html"),
        (("line", "--points", "1"), "points must be from 2"),
        (("line", "--rate", "50"), "diverges"),
    ],
)
def test_mistakes_are_told_in_one_message(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    status, _, err = typed(capsys, *arguments)
    assert status == 1
    assert told in err
    assert "Traceback" not in err


def test_moons(capsys: pytest.CaptureFixture[str]) -> None:
    few = ("moons", "--steps", "60", "--hidden", "8", "--points", "40")
    status, out, _ = typed(capsys, *few)
    assert status == 0
    losses = [float(x) for x in re.findall(r"loss (\S+)", out)]
    assert losses[-1] < 0.5 * losses[0]
    assert imread("moons.png")[..., :3].std() > 0.02
    status, out, _ = typed(capsys, *few, "--json", "--out", "again.svg")
    told = json.loads(out)
    assert len(told["losses"]) == 61
    assert told["losses"][-1] == pytest.approx(losses[-1], abs=1e-4)
    assert "<svg" in Path("again.svg").read_text()


def test_a_boundary_lies_where_the_score_is_zero(tmp_path: Path) -> None:
    points, targets = [(-1.0, -1.0), (1.0, 1.0)], [-1.0, 1.0]
    for scores in (lambda at: [3 * x for x, _ in at], lambda at: [5.0 for _ in at]):
        draw_boundary(points, targets, scores, tmp_path / "b.png", title="right of zero")
        row = imread(tmp_path / "b.png")[300, :, :3]
        blue, orange = row[:, 2] > row[:, 0] + 0.1, row[:, 0] > row[:, 2] + 0.1
        assert blue.sum() > 50
        if scores(points)[0] < 0:
            assert orange.sum() > 50
            assert np.flatnonzero(orange)[0] < np.flatnonzero(blue)[0]


def test_the_same_boundary_is_the_same_file(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        draw_boundary([(-1.0, 0.0), (1.0, 0.0)], [-1.0, 1.0], lambda at: [x for x, _ in at],
                      tmp_path / name, title="right of $0$ and $1$")  # fmt: skip
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_three_ways_take_the_same_path() -> None:
    fit = fit_line(LineSettings(steps=60, seed=4))
    assert fit.difference < 1e-13
    assert len(fit.paths) == 3
    for path in fit.paths.values():
        assert path.shape == (61, 2)
        assert tuple(path[0]) == START
    # Whole batches go where least squares does.
    whole = fit_line(LineSettings(steps=600, batch=50, rate=0.4))
    expected = np.polyfit(whole.x, whole.y, 1)
    assert whole.path[-1] == pytest.approx(expected, rel=1e-6)
    assert whole.losses()[-1] == pytest.approx(
        ((np.polyval(expected, whole.x) - whole.y) ** 2).mean(), rel=1e-9
    )


def test_a_line_that_runs_away_is_an_error() -> None:
    with pytest.raises(TrainingError, match="diverges"):
        fit_line(LineSettings(steps=2000, rate=10))


def test_a_line_as_gif_and_as_page(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = typed(capsys, "line", "--steps", "12")
    assert status == 0
    assert float(re.findall(r"differ by at most (\S+)", out)[0]) < 1e-13
    with Image.open("line.gif") as gif:
        assert isinstance(gif, GifImageFile)
        assert gif.n_frames == len(frames_of(12))
        first = np.asarray(gif.convert("RGB")).astype(int)
        gif.seek(gif.n_frames - 1)
        assert np.abs(np.asarray(gif.convert("RGB")) - first).max() > 50
    status, out, _ = typed(capsys, "line", "--steps", "12", "--out", "line.html", "--json")
    assert json.loads(out)["largest_difference"] < 1e-13
    page = Path("line.html").read_text()
    shown = json.loads(page.split("const data = ")[1].split(";\n")[0])
    assert shown["steps"][-1] == 12
    assert len(shown["path"]) == len(shown["steps"]) == len(shown["losses"])
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")


def test_rung_zero_loads_nothing_but_the_standard_library() -> None:
    code = "import sys, hornbook.scalar as s; s.Tape; s.Value(1.0)\n"
    code += "assert not {'torch', 'numpy', 'matplotlib', 'rich', 'tyro'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
