"""What a caller has set for the process stays theirs, and changes none of our numbers."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import torch

import hornbook
from hornbook.compute.pinned import pinned, pinned_steps, released
from hornbook.inspection.inspect import inspect
from hornbook.lessons.gradcheck import check_family
from hornbook.lessons.line_fit import LineSettings, fit_line
from hornbook.runs.events import Ended, Evaluated, Event
from hornbook.tasks import Listed, NoOptions, Question, Verb
from hornbook.text.task import TextTask
from hornbook.training.finder import FinderSettings
from tests.some_names import write_few_letters

SETTINGS = {"n_embd": 8, "n_layer": 1, "n_head": 2, "block_size": 8, "dropout": 0.5}
HOW = {"steps": 12, "batch_size": 8, "evaluate_every": 6, "device": "cpu"}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_few_letters(tmp_path_factory.mktemp("pinned") / "names.txt")


def train(names: Path, out: Path, model: str = "gpt", **more: Any) -> hornbook.Run:
    settings = SETTINGS if model == "gpt" else None
    training = {**HOW, **more.pop("training", {})} if model != "ngram" else None
    return hornbook.train(names, model=model, out=out, settings=settings, training=training, **more)


@pytest.fixture(scope="module")
def run(names: Path) -> hornbook.Run:
    return train(names, names.parent / "net", training={"watch": True})


@pytest.fixture(scope="module")
def counts(names: Path) -> hornbook.Run:
    return train(names, names.parent / "counts", "ngram")


def state() -> list[Any]:
    """All that a caller could have set, as bytes and plain values."""
    return [
        torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state()),
        torch.get_num_threads(), torch.get_default_dtype(), str(torch.get_default_device()),
        torch.is_grad_enabled(), torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu"), np.geterr(),
        torch.are_deterministic_algorithms_enabled(), torch.get_float32_matmul_precision(),
    ]  # fmt: skip


@contextmanager
def setting(put: Callable[[Any], Any], value: Any, usual: Any) -> Iterator[None]:
    put(value)
    try:
        yield
    finally:
        put(usual)


HOSTILE: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "float64": lambda: setting(torch.set_default_dtype, torch.float64, torch.float32),
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "meta": lambda: setting(torch.set_default_device, "meta", None),
    "a device's context": lambda: torch.device("meta"),
    "inference": torch.inference_mode,
    "no_grad": torch.no_grad,
    "gradients off": lambda: setting(torch.set_grad_enabled, False, True),
    "deterministic": lambda: setting(torch.use_deterministic_algorithms, True, False),
    "medium": lambda: setting(torch.set_float32_matmul_precision, "medium", "highest"),
    "flushing": lambda: setting(torch.set_flush_denormal, True, False),
    "strict NumPy": lambda: np.errstate(all="raise"),
    "other random numbers": lambda: setting(torch.manual_seed, 5, 0),
}


def weights(run: hornbook.Run) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in run.model.arrays().items()}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("gradients", ["hand", "autograd"])
def test_a_training_is_the_same_whatever_the_caller_has_set(
    name: str, gradients: str, names: Path, tmp_path: Path
) -> None:
    how: dict[str, Any] = {"training": {"gradients": gradients, "precision": "bfloat16"}}
    plain = train(names, tmp_path / "plain", **how)
    with HOSTILE[name]():
        before = state()
        made = train(names, tmp_path / "made", **how)
        losses = {split: found.total for split, found in made.evaluate().items()}
        texts = [one.text for one in made.sample(n=5)]
        kept = weights(made)
        assert state() == before
    assert kept == weights(plain)
    assert losses == {split: found.total for split, found in plain.evaluate().items()}
    assert texts == [one.text for one in plain.sample(n=5)]


def doors(run: hornbook.Run, counts: hornbook.Run, names: Path, out: Path) -> dict[str, Any]:
    """A call of everything public that computes."""
    again = hornbook.Run(run.path)
    x = torch.zeros(3, 8, dtype=torch.long)
    x[0] = 1
    opened = hornbook.Run(run.path)
    return {
        "train": lambda: train(names, out / "net"),
        "count": lambda: train(names, out / "counts", "ngram"),
        "find a rate": lambda: hornbook.find_rate(
            names, model="gpt", settings=SETTINGS, training=HOW, finder=FinderSettings(points=20)
        ),
        "mix": lambda: hornbook.mix([run.path, counts.path], out=out / "mixture"),
        "open": lambda: (again.data, again.model),
        "evaluate": run.evaluate,
        "sample": lambda: list(run.sample(n=3)),
        "score": lambda: run.score("emma"),
        "inspect": lambda: list(inspect(opened).written()),
        "draw": lambda: inspect(opened).write(out / "report.html"),
        "examine": lambda: hornbook.examine(hornbook.load_corpus(names)),
        "examine use": lambda: hornbook.examine_use(run.model.net.train(), x),
        "compare": lambda: hornbook.compare_gradients("x", 1.0, 2.0),
        "check gradients": lambda: check_family("bigram", directions=1),
        "fit a line": lambda: fit_line(LineSettings(steps=3)),
    }


@pytest.mark.parametrize("door", [
    "train", "count", "find a rate", "mix", "open", "evaluate", "sample", "score", "inspect",
    "draw", "examine", "examine use", "compare", "check gradients", "fit a line",
])  # fmt: skip
def test_nothing_that_is_the_callers_is_changed(
    door: str, run: hornbook.Run, counts: hornbook.Run, names: Path, tmp_path: Path
) -> None:
    call = doors(run, counts, names, tmp_path)[door]
    torch.manual_seed(11)
    with ExitStack() as stack:
        for name in ("float64", "autocast", "meta", "inference", "strict NumPy"):
            stack.enter_context(HOSTILE[name]())
        before = state()
        call()
        assert state() == before
    run.model.eval()


def test_a_resumed_training_leaves_the_caller_as_they_were(names: Path, tmp_path: Path) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, Evaluated) and event.record.step:
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        train(names, tmp_path / "net", listen=stop)
    before = state()
    with torch.no_grad():
        hornbook.resume(tmp_path / "net")
    assert state() == before
    assert weights(hornbook.Run(tmp_path / "net")) == weights(train(names, tmp_path / "whole"))


def test_a_listener_has_the_callers_settings_and_draws_without_changing_the_training(
    names: Path, tmp_path: Path
) -> None:
    seen: list[Any] = []

    def listen(event: Event) -> None:
        seen.append((torch.get_default_dtype(), torch.rand(1).item(), np.random.rand()))
        if isinstance(event, Evaluated):
            event.preview()
        if isinstance(event, Ended):
            torch.set_default_dtype(torch.float16)

    plain = train(names, tmp_path / "plain")
    torch.manual_seed(3)
    wanted = torch.rand(1, dtype=torch.float64).item()
    torch.manual_seed(3)
    try:
        with setting(torch.set_default_dtype, torch.float64, torch.float32):
            made = train(names, tmp_path / "made", listen=listen)
            assert torch.get_default_dtype() == torch.float16  # what they set there stays
    finally:
        torch.set_default_dtype(torch.float32)
    assert weights(made) == weights(plain)
    assert seen[0][:2] == (torch.float64, wanted)
    assert len({drawn for _, drawn, _ in seen}) == len(seen)


class Drawn(Question):
    """Rows that each need torch's global generator."""

    description, options = "Random numbers.", NoOptions

    def ask(self, run: Any, *given: Any, **options: Any) -> Iterator[tuple[Any, int]]:
        torch.manual_seed(1)
        for _ in range(3):
            yield torch.ones(1).dtype, torch.get_num_threads()

    def answer(self, run: Any, options: Any) -> Listed:
        return Listed([])


def test_rows_are_computed_pinned_and_the_caller_has_their_settings_between(
    run: hornbook.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = {**TextTask.questions, "drawn": Verb("numbers", Drawn)}
    monkeypatch.setattr(TextTask, "questions", questions)
    with HOSTILE["float64"](), torch.inference_mode():
        before = state()
        for dtype, _ in hornbook.Run(run.path).drawn():
            assert dtype == torch.float32
            assert state() == before
        for made in run.sample(n=40):
            assert made.text
            assert state() == before
        for piece in run.sample(n=3).pieces():
            assert piece is not None
            assert state() == before
    assert list(pinned_steps([1, 2])) == [1, 2]


def test_pinned_in_pinned_is_one_and_released_in_nothing_is_nothing() -> None:
    with released(), HOSTILE["float64"]():
        with pinned(), pinned(), released():
            assert torch.get_default_dtype() == torch.float64
            with pinned():
                assert torch.get_default_dtype() == torch.float32
        assert torch.get_default_dtype() == torch.float64


def test_torch_loaded_meanwhile_keeps_no_seed_of_ours() -> None:
    code = (
        "import sys, hornbook; from hornbook.compute.pinned import pinned\n"
        "assert 'torch' not in sys.modules\n"
        "with pinned():\n    import torch; torch.manual_seed(1); first = torch.rand(1)\n"
        "torch.manual_seed(1); wanted = torch.rand(2)[1]\n"
        "print(int(first == wanted), torch.initial_seed() == 1)\n"
        "with pinned():\n    torch.manual_seed(1)\n"
        "print(torch.initial_seed())\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split()[0] == "0"


def test_a_picture_is_the_same_whatever_the_caller_has_set(
    counts: hornbook.Run, tmp_path: Path
) -> None:
    def drawn() -> str:
        return inspect(hornbook.Run(counts.path)).write(tmp_path / "report.html").read_text()

    plain, before = drawn(), dict(mpl.rcParams)
    with mpl.rc_context({"lines.linewidth": 9, "axes.facecolor": "black", "savefig.dpi": 7}):
        assert drawn() == plain
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "nonsense"])
def test_a_backend_that_is_not_there_stops_no_picture_and_pyplot_is_never_loaded(
    backend: str, names: Path, tmp_path: Path
) -> None:
    made = tmp_path / "counts"
    train = [
        "train",
        str(names),
        "--model",
        "ngram",
        "--order",
        "2",
        "--out",
        str(made),
    ]
    code = (
        "import sys; from hornbook.cli import main\n"
        f"assert main({train}) == main(['inspect', {str(made)!r}]) == 0\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "MPLBACKEND": backend}, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert (made / "counts.png").exists()
    assert (made / "report.html").exists()
