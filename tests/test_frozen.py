"""Runs that an earlier commit made are read, gone on with and made again as they were then.

Only what stays is used: the command line, and the files. See tests/frozen/README.md.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.outside import figures, metrics, tensors
from hornbook.runs import Run
from tests.command import typed

FROZEN = Path(__file__).parent / "frozen"
EXPECTED: dict[str, Any] = json.loads((FROZEN / "expected.json").read_text(encoding="utf-8"))
ENDS = tensors(FROZEN / "ends.safetensors")
# Counts measure the first tokens of a text by now as they counted them: after nothing. Then those
# stood after a start that nobody had counted. The loss of train, and the first of a text's scores:
COUNTED: dict[str, tuple[float, list[float]]] = {
    "ngram-text": (
        0.8157015643390804,
        [5.490136687200866, 1.888651040411238, 0.9269771071573217, 3.4416427907983507],
    ),
    "ngram-add-poems": (3.6575357835666686, [5.19806361485423, 3.8106947532982582]),
}
for _name, (_train, _scores) in COUNTED.items():
    EXPECTED[_name]["summary"]["losses"]["train"] = _train
    for _one in EXPECTED[_name]["answers"]:
        if _one["asked"][0] == "evaluate":
            _one["answer"]["train"] = _train
        if _one["asked"][0] == "score":
            _one["answer"][0][: len(_scores)] = _scores
MADE = [name for name, about in EXPECTED.items() if "made" in about]
STOPPED = [name for name, about in EXPECTED.items() if "resumed" in about]


class Rounding(NamedTuple):
    """How far another machine's rounding may lead training away."""

    figures: float = 1e-5
    "Relative."
    weights: float = 1e-4
    "Of the largest number in the array."


USUAL = Rounding()
# Muon's iteration is in bfloat16: its last digit is a thousand times as large as the others'.
OWN = {"gpt": Rounding(1e-3, 5e-2), "stopped-gpt": Rounding(1e-3, 5e-2)}
TINY = 1e-6  # nats


def unlike(found: Any, wanted: Any, share: float, where: str = "") -> list[str]:
    """Where two answers differ: fractions by more than a share of themselves, all else at all."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        wrong = [f"{where}/{name} is missing" for name in wanted.keys() - found.keys()]
        for name in wanted.keys() & found.keys():
            wrong += unlike(found[name], wanted[name], share, f"{where}/{name}")
        return wrong
    if isinstance(wanted, list) and isinstance(found, list) and len(found) == len(wanted):
        wrong = []
        for place, (one, other) in enumerate(zip(found, wanted, strict=True)):
            wrong += unlike(one, other, share, f"{where}/{place}")
        return wrong
    if isinstance(wanted, float) and isinstance(found, float):
        same = math.isclose(found, wanted, rel_tol=share, abs_tol=TINY)
    else:
        same = found == wanted
    return [] if same else [f"{where}: {found!r}, not {wanted!r}"]


def hold(found: Any, wanted: Any, rounding: Rounding = USUAL) -> None:
    assert not (wrong := unlike(found, wanted, rounding.figures)), "\n".join(wrong[:10])


def under_both_names(
    found: dict[str, npt.NDArray[Any]], wanted: dict[str, npt.NDArray[Any]]
) -> dict[str, npt.NDArray[Any]]:
    """Arrays of which a tied one, which was written twice then, is written once by now."""
    twice = {
        name: next(key for key in found if np.array_equal(wanted[key], array))
        for name, array in wanted.items()
        if name not in found and found.keys() <= wanted.keys()
    }
    return found | {name: found[first] for name, first in twice.items()}


def hold_arrays(
    found: dict[str, npt.NDArray[Any]], wanted: dict[str, npt.NDArray[Any]], rounding: Rounding
) -> None:
    assert wanted
    found = under_both_names(found, wanted)
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype, name
        most = rounding.weights * float(np.abs(array).max(initial=0))
        np.testing.assert_allclose(found[name], array, rtol=0, atol=most, err_msg=name)


def ask(capsys: pytest.CaptureFixture[str], verb: str, *words: str) -> Any:
    """What counts of what a command tells."""
    status, out, err = typed(capsys, verb, *words)
    assert status == 0, err
    return figures(verb, json.loads(out))


def hold_answers(
    capsys: pytest.CaptureFixture[str],
    run: str,
    answers: list[dict[str, Any]],
    rounding: Rounding = USUAL,
) -> None:
    """Ask a run what it was asked then."""
    for one in answers:
        verb, *words = one["asked"]
        hold({verb: ask(capsys, verb, run, *words)}, {verb: one["answer"]}, rounding)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the corpora, where commands are typed."""
    for path in FROZEN.glob("*.txt"):
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def unpack(name: str, here: Path) -> Path:
    """A copy of a frozen run."""
    with zipfile.ZipFile(FROZEN / f"{name}.zip") as archive:
        archive.extractall(here / name)
    return here / name


def test_every_frozen_run_is_held_to_something() -> None:
    assert {path.stem for path in FROZEN.glob("*.zip")} == EXPECTED.keys()
    assert set(MADE) ^ set(STOPPED) == EXPECTED.keys()
    assert {name.split("/")[0] for name in ENDS} == set(STOPPED)


@pytest.mark.parametrize("name", [name for name, about in EXPECTED.items() if about["answers"]])
def test_an_old_run_is_read(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unpack(name, here)
    hold_answers(capsys, name, EXPECTED[name]["answers"])


@pytest.mark.parametrize("name", STOPPED)
def test_an_old_run_that_was_stopped_goes_on(
    name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, wanted, rounding = unpack(name, here), EXPECTED[name]["resumed"], OWN.get(name, USUAL)
    hold(ask(capsys, "train", "--resume", name, "--json"), wanted["summary"], rounding)
    hold(metrics(run), wanted["metrics"], rounding)
    hold_answers(capsys, name, wanted["answers"], rounding)
    found = tensors(run / "model.safetensors")
    ends = {key.split("/")[1]: array for key, array in ENDS.items() if key.startswith(f"{name}/")}
    assert ends.keys() == wanted["arrays"].keys()
    found = under_both_names(found, ends)
    hold_arrays(found, ends, rounding)
    for key, about in wanted["arrays"].items():
        # What is held against is what was made then.
        assert hashlib.sha256(ends[key].tobytes()).hexdigest() == about["sha256"], key
        most = rounding.weights * float(np.abs(ends[key]).sum())
        assert float(found[key].astype(np.float64).sum()) == pytest.approx(about["sum"], abs=most)


def better_baseline(found: Any, wanted: Any) -> dict[str, Any]:
    """The baseline's order is chosen on dev by now: it is at least as good as that of order 6."""
    if "baseline" not in wanted:
        return {}
    assert found["baseline"]["dev"] <= wanted["baseline"]["dev"]
    return {"baseline": wanted["baseline"]}


@pytest.mark.parametrize("name", MADE)
def test_the_same_command_makes_the_same_run(
    name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, wanted, rounding = unpack(name, here), EXPECTED[name], OWN.get(name, USUAL)
    verb, *words = wanted["made"]
    if name.endswith("-poems"):  # poems between blank lines have since become examples of their own
        words += ["--mode", "text"]
    if verb == "mix":
        for member in words:
            unpack(member, here)
        words += ["--how", "average"]  # what mixtures were then; today's are products
    summary = ask(capsys, verb, *words, "--out", "new", "--json")
    # A net's last figures are of whole splits by now, as those of `evaluate` always were.
    told = next(one["answer"] for one in wanted["answers"] if one["asked"][0] == "evaluate")
    if summary.get("steps") is not None:
        wanted["summary"]["losses"]["train"] = told["train"]
    hold({**summary, **better_baseline(summary, wanted["summary"])}, wanted["summary"], rounding)
    new = here / "new"
    hold(metrics(new), wanted["metrics"], rounding)
    for split in ("train", "dev", "test"):
        one, other = (path / "data" / f"{split}.txt" for path in (new, old))
        assert one.read_bytes() == other.read_bytes()
    arrays = [tensors(path / "model.safetensors") for path in (new, old)]
    if any("entries." in name for name in arrays[1]):
        # Counts were kept with keys of 64 bits; what is read from both is the same.
        kept = [Run(path).model.arrays() for path in (new, old)]
        arrays = [{name: array.astype(float) for name, array in one.items()} for one in kept]
    hold_arrays(arrays[0], arrays[1], rounding)
