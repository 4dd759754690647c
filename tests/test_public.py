"""What `import hornbook` offers: the names, what they say of themselves, what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import HornbookError
from tests.some_names import write_names

# Changed on purpose only: programs of others use these names.
NAMES = [
    "HornbookError", "Run", "SamplingSettings", "SplitSettings", "TrainingSettings", "__version__",
    "best", "compare", "compare_gradients", "examine", "examine_use", "export", "find_rate",
    "import_model", "list_runs", "load_corpus", "mix", "register", "reproduce", "resume", "strip",
    "sweep", "train",
]  # fmt: skip


def test_the_names_are_these_and_tab_offers_them() -> None:
    assert dir(hornbook) == NAMES == sorted(hornbook.__all__)
    for name in NAMES:
        assert getattr(hornbook, name) is not None
    library: Any = hornbook
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = library.trian


def test_a_name_has_a_docstring() -> None:
    for name in NAMES:
        thing = getattr(hornbook, name)
        assert name == "__version__" or (thing.__doc__ or "").strip()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> hornbook.Run:
    names = write_names(tmp_path_factory.mktemp("public") / "names.txt", slice(0, 400))
    return hornbook.train(names, model="ngram", out=names.parent / "counts")


def test_a_run_says_what_it_is(run: hornbook.Run) -> None:
    told = repr(run)
    assert told.startswith(f"<Run {run.path}: ngram on names (text), ")
    assert f"dev loss {run.summary.losses['dev']:.4f}" in told


def test_a_run_says_what_it_is_though_it_is_not_whole(tmp_path: Path) -> None:
    made = hornbook.train("names", model="ngram", out=tmp_path / "counts")
    made.directory.summary.write_text("{")
    assert repr(hornbook.Run(made.path)).endswith("summary damaged>")
    made.directory.summary.unlink()
    assert repr(hornbook.Run(made.path)).endswith("not finished>")


def test_things_say_what_they_are_in_a_line(run: hornbook.Run, tmp_path: Path) -> None:
    corpus = hornbook.load_corpus("names")
    for thing in (corpus, run.data.splits, run.data, run.directory, run.score("emma")):
        told = repr(thing)
        assert len(told) < 500, told
        assert "\n" not in told
        assert " object at 0x" not in told


def test_numbers_of_numpy_and_paths_are_taken(run: hornbook.Run, tmp_path: Path) -> None:
    made = hornbook.train(
        Path(run.path.parent / "names.txt"),
        model="mlp",
        settings={"n_hidden": [np.int64(8)], "dropout": np.float32(0.5), "norm": "none"},
        training={"steps": np.int32(3), "batch_size": np.int64(8), "watch": np.bool_(False)},
        out=tmp_path / "net",
        baseline=False,
    )
    assert made.record.settings["n_hidden"] == [8]
    assert made.record.settings["dropout"] == 0.5
    assert made.record.training is not None
    assert type(made.record.training.steps) is int
    assert len(list(made.sample(n=np.int64(2)))) == 2


library: Any = hornbook
WRONG: list[tuple[Any, str]] = [
    (lambda run: library.train(["a", 5]), "must be a string or a path, not int"),
    (lambda run: library.train(None), "must be a string or a path, not NoneType"),
    (lambda run: library.Run(5), "must be a string or a path, not int"),
    (lambda run: library.train("names", out=5), "must be a string or a path, not int"),
    (lambda run: library.train("names", settings=5), "Settings, not int"),
    (lambda run: library.train("names", training=5), "Settings, not int"),
    (lambda run: library.train("names", model="mlp", settings={"n_hiden": 3}), "n_hidden"),
    (lambda run: library.train("names", model="gru", training={"step": 3}), "steps"),
    (lambda run: library.train("names", mood="text"), "mode"),
    (lambda run: library.mix("runs/one"), "a list of run directories"),
    (lambda run: library.load_corpus(3), "must be a string or a path"),
    (lambda run: library.examine(3), "load_corpus"),
    (lambda run: run.score(), "one text"),
    (lambda run: run.score("a", "b"), "one text"),
    (lambda run: run.score(3), "one text"),
    (lambda run: run.sample(number=3), "no setting number"),
    (lambda run: run.sample(n="3"), "an integer"),
    (lambda run: run.evaluate(split="dev"), "no setting split"),
]


@pytest.mark.parametrize(("call", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_argument_gets_the_library_s_own_error(
    call: Any, said: str, run: hornbook.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HornbookError) as caught:
        call(run)
    assert said in str(caught.value)
    assert list(tmp_path.iterdir()) == []
