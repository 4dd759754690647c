"""What a person is told beside an answer about ratings or clicks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hornbook
from hornbook.errors import DataError
from hornbook.ratings.titles import read_titles
from hornbook.runs import Run
from tests.command import typed
from tests.some_films import FILMS, write_films


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("questions")
    write_films(made)
    for name in ("als", "ease"):
        hornbook.train(
            made / "ratings.csv", model=name, out=made / name, titles=str(made / "movies.csv")
        )
    return made


def test_all_titles_that_are_not_clear_are_told_at_once(folder: Path) -> None:
    with pytest.raises(DataError) as told:
        Run(folder / "ease").recommend(likes=["zzzz", "toy story", "xxxx"])
    assert "'zzzz'" in told.value.message
    assert "'xxxx'" in told.value.message
    assert "toy story" not in told.value.message
    assert "quotation marks" in (told.value.hint or "")


def test_of_whom_nothing_is_known_gets_what_most_have(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(folder / "ease")
    found = run.recommend("nobody", n=3)
    counts = {run.data.items[item]: n for item, n in enumerate(run.data.raters.tolist())}
    assert [one.score for one in found] == sorted(counts.values(), reverse=True)[:3]
    status, _, err = typed(capsys, "recommend", str(run.path), "nobody")
    assert (status, "shown is what most users have" in err) == (0, True)
    _, _, err = typed(capsys, "explain", str(run.path), "nobody", "alien")
    assert "most users" not in err


def test_an_explanation_adds_up(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(folder / "als")
    user = run.data.users[0]
    rated = int(run.data.history[0][0][0])
    found = run.explain(user, run.data.items[rated], n=2)
    whole = run.explain(user, run.data.items[rated], n=100)
    assert len(found.reasons) == 2
    assert found.others[0] == len(whole.reasons) - 2
    parts = sum(one.adds for one in found.reasons) + found.others[1]
    assert parts == pytest.approx(sum(one.adds for one in whole.reasons))
    _, out, err = typed(capsys, "explain", str(run.path), user, run.data.items[rated], "-n", "2")
    assert f"{found.others[0]} more" in out
    assert "already, and the model knows that" in err


def test_predictions_of_what_it_has_learned_are_told_as_such(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(folder / "als")
    rows = {name: run.data.splits[name] for name in ("train", "dev")}
    lines = [
        f"{run.data.users[part.users[0]]},{run.data.items[part.items[0]]}"
        for part in (rows["train"], rows["dev"], rows["dev"])
    ]
    (tmp_path / "pairs.csv").write_text("\n".join(["user,item", *lines]))
    _, _, err = typed(capsys, "predict", str(run.path), str(tmp_path / "pairs.csv"))
    assert "Of 3 rows 1 stood in train" in err


def test_who_wants_a_taste_is_led_to_models_that_rank(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, led in (("als", True), ("ease", False)):
        _, _, err = typed(capsys, "recommend", str(folder / name), "--likes", FILMS[0])
        assert ("--model ease" in err) == led


def test_a_file_that_is_not_there_is_no_data_set(folder: Path) -> None:
    asked = (
        lambda: read_titles("names", ["1"]),
        lambda: Run(folder / "als").predict("names"),
        lambda: Run(folder / "als").recommend(rated="names"),
    )
    for ask in asked:
        with pytest.raises(DataError, match="There is no file 'names'"):
            ask()


def test_neither_of_two_baselines_is_its_own(folder: Path) -> None:
    told = Run(folder / "als").summary.baselines
    assert [one.family for one in told] == ["biases", "knn"]
    knn = hornbook.train(folder / "ratings.csv", model="knn", out=folder / "knn")
    assert [one.family for one in knn.summary.baselines] == ["biases"]
    assert knn.summary.baselines[0].reached == told[0].reached
    mean = hornbook.train(folder / "ratings.csv", model="mean", out=folder / "m", baseline=False)
    assert not mean.summary.baselines
    assert np.isfinite(mean.summary.measures["dev"]["rmse"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user,title\n42,toy story\n7,\"matrix, the\"\n42,1\n", "'toy story' is Toy Story (1995)"),
        ("42,toy story\n7,\"matrix, the\"\n42,1\n", "users from column 1, items from column 2"),
        ("flick,watched by\ntoy story,42\nmatrix,7\n1,42\n", "users from watched by, items from f"),
    ],
)  # fmt: skip
def test_titles_are_predicted_as_their_ids_are(
    text: str, said: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ids.csv").write_text("user,item\n42,0\n7,10\n42,1\n")
    (tmp_path / "titles.csv").write_text(text)
    run = Run(folder / "als")
    wanted = [one.prediction for one in run.predict(str(tmp_path / "ids.csv"))]
    found = run.predict(str(tmp_path / "titles.csv"))
    assert [one.prediction for one in found] == wanted
    assert [one.title for one in found] == ["Toy Story (1995)", "Matrix, The (1999)", ""]
    status, out, err = typed(capsys, "predict", str(run.path), str(tmp_path / "titles.csv"))
    assert (status, out.splitlines()[0], said in err) == (0, "user,item,prediction,title", True)


def test_titles_that_fit_none_or_several_keep_their_rows(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "titles.csv").write_text("user,item\n42,zzzz\n42,the\n7,alien\n42,99\n")
    status, out, err = typed(capsys, "predict", str(folder / "als"), str(tmp_path / "titles.csv"))
    assert status == 0
    assert [line.split(",")[1] for line in out.splitlines()[1:]] == ["zzzz", "the", "alien", "99"]
    for told in ("There is no title 'zzzz'", "'the' matches 2 titles", "3 rows of 4 with an item"):
        assert told in err


def test_own_ratings_say_what_they_found_and_all_that_is_wrong(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.csv").write_text("title;rating\ntoy story;4,5\nalien;2\n")
    status, _, err = typed(
        capsys, "recommend", str(folder / "als"), "--rated", str(tmp_path / "mine.csv")
    )
    assert (status, "Rated: Toy Story (1995) 4.5; Alien (1979) 2." in err) == (0, True)
    (tmp_path / "mine.csv").write_text("title,rating\nzzzz,4\nalien,2\nxxxx,3\n")
    with pytest.raises(DataError) as told:
        Run(folder / "als").recommend(rated=str(tmp_path / "mine.csv"))
    assert "line 2: There is no title 'zzzz'" in told.value.message
    assert "line 4: There is no title 'xxxx'" in told.value.message


def test_a_folder_is_told_as_one(folder: Path) -> None:
    for ask in (Run(folder / "als").predict, lambda path: read_titles(path, ["1"])):
        with pytest.raises(DataError, match="is a folder, not a file"):
            ask(str(folder))
