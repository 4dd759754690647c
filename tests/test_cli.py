"""The command line as its users type it: rightly, and wrongly."""

from __future__ import annotations

import io
import json
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hornbook
from hornbook import built_in
from hornbook.cli.main import all_verbs
from hornbook.cli.unknown_words import ALSO_CALLED, OTHER_VERBS
from hornbook.tasks import tasks
from tests.command import typed
from tests.some_names import write_names

QUICK = ["--steps", "40", "--n-hidden", "16", "--evaluate-every", "20"]


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    write_names(Path("names.txt"), slice(1500))
    return tmp_path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("cli")
    names = write_names(folder / "names.txt", slice(1500))
    hornbook.train(names, model="ngram", out=folder / "run")
    return str(folder / "run")


def test_help_names_every_verb_without_torch() -> None:
    code = "import sys; from hornbook.cli import main; main(['--help']); "
    code += "assert not {'torch', 'numpy', 'tyro', 'rich', 'dataclasses'} & set(sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    for verb in all_verbs():
        assert f"  {verb} " in found.stdout


def test_help_names_the_questions_of_the_tasks_as_they_do() -> None:
    every = [task.questions for task in tasks().values()]
    names = dict.fromkeys(name for asked in every for name in asked)
    summaries = {name: [one[name].summary for one in every if name in one] for name in names}
    known = built_in.questions()
    assert known == {name: built_in.in_one_line(told) for name, told in summaries.items()}
    assert {name: all_verbs()[name] for name in known} == known


def test_a_question_of_several_tasks_is_told_of_each_by_its_own() -> None:
    told = "predict the ratings in a file, or the target column of a table"
    assert built_in.questions()["predict"] == told
    assert tasks()["tables"].questions["predict"].summary == "predict the target column of a table"
    assert tasks()["ratings"].questions["predict"].summary == "predict the ratings in a file"


@pytest.mark.parametrize("verb", all_verbs())
def test_every_verb_has_help(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    status, out, _ = typed(capsys, verb, "--help")
    assert status == 0
    assert f"hornbook {verb}" in out


def test_help_shows_every_setting_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    import dataclasses

    from hornbook.text.models import FAMILIES
    from hornbook.training import TrainingSettings

    for name, line in FAMILIES.items():
        if line.made_by == "mixing":
            continue
        _, out, _ = typed(capsys, "train", "--model", name, "--help")
        fields = [f.name for f in dataclasses.fields(line.load().Settings)]
        if line.trained:
            fields += [f.name for f in dataclasses.fields(TrainingSettings)]
        for field in fields:
            flag = field.replace("_", "-")
            assert f"--{flag}" in out or f"--no-{flag}" in out, field
        assert out.count("default") >= len(fields)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = typed(capsys, "--version")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == [f"hornbook {hornbook.__version__}", f"Python {platform.python_version()}"]
    assert f"torch {torch.__version__}".startswith(next(x for x in lines if x.startswith("torch")))
    assert f"NumPy {np.__version__}" in lines
    assert any(torch.backends.cpu.get_cpu_capability() in line for line in lines)


def test_from_a_file_to_new_things(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = typed(capsys, "train", "names.txt", "--out", "first", *QUICK)
    assert status == 0
    for said in ("read as lines", "1,500 lines", "dev", "Kneser–Ney", "hornbook sample first"):
        assert said in err, said
    assert out.startswith("dev ")
    assert len(out.splitlines()) == 1  # the result, and nothing else
    status, out, _ = typed(capsys, "sample", "first", "-n", "5", "--only-new", "--no-repeats")
    assert status == 0
    assert len(out.splitlines()) == 5
    assert "(in " not in out  # none of them is marked as known
    status, out, _ = typed(capsys, "evaluate", "first")
    assert status == 0
    assert "bits/byte" in out


def test_json_everywhere(capsys: pytest.CaptureFixture[str], run: str) -> None:
    def value(*arguments: str) -> Any:
        status, out, err = typed(capsys, *arguments, "--json")
        assert (status, err) == (0, "")
        return json.loads(out)

    trained = value("train", "names.txt", "--out", "second", *QUICK)
    assert trained["run"] == "second"
    assert trained["losses"]["dev"] > 0
    assert len(value("sample", run, "-n", "3")["samples"]) == 3
    assert value("score", run, "emma")[0]["tokens"][0]["token"] == "e"
    assert value("evaluate", run)["dev"]["tokens"] > 0
    assert "names" in value("datasets")
    assert "mlp" in value("models")
    assert value("doctor", "names.txt")["mode"] == "lines"


def test_listings_and_the_doctor_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = typed(capsys, "datasets")
    assert status == 0
    assert "tiny-shakespeare" in out
    status, out, _ = typed(capsys, "models")
    assert status == 0
    assert "Kneser-Ney" in out
    Path("twice.txt").write_text("emma\n" * 300 + "ava \n" * 200 + "zo\u200be\n", encoding="utf-8")
    status, out, _ = typed(capsys, "doctor", "twice.txt")
    assert status == 0
    for said in ("501 lines", "--distinct", "→", "warning"):
        assert said in out, said


def test_a_rate_before_training(capsys: pytest.CaptureFixture[str]) -> None:
    before = set(Path.cwd().iterdir())
    write_names(Path("names.txt"), slice(400))
    words = ["names.txt", "--n-hidden", "16", "--steps", "40", "--rates", "*.bias=2"]
    status, out, err = typed(capsys, "rate", *words, "--learning-rate=3", "--high", "5")
    assert status == 0
    assert set(Path.cwd().iterdir()) == before
    assert "Learning rate: " in out
    rate = out.split("Learning rate: ")[1].split(". ")[0]
    command = err.splitlines()[-1]
    assert command == (
        "  hornbook train names.txt --n-hidden 16 --steps 40 --rates '*.bias=2' "
        f"--learning-rate {rate}"
    )
    status, out, _ = typed(capsys, *shlex.split(command)[1:])
    assert status == 0
    status, out, _ = typed(capsys, "rate", *words, "--json", "--out", "rate.png")
    assert status == 0
    assert set(json.loads(out)) == {"rates", "losses", "smoothed", "suggestion", "reason"}
    assert Path("rate.png").read_bytes().startswith(b"\x89PNG")
    status, out, err = typed(capsys, "rate", *words, "--high", "1e-5")
    assert status == 0
    assert "No learning rate can be suggested." in out
    assert "hornbook train" not in err


def test_a_cycle_that_training_cuts_off_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "names.txt", "--n-hidden", "16", "--schedule", "warm-restarts"]
    status, _, err = typed(capsys, *words, "--steps", "40", "--cycle", "10", "--out", "cut")
    assert status == 0
    assert "--steps 30 or 70 would end with a complete cycle" in err
    status, _, err = typed(capsys, *words, "--steps", "30", "--cycle", "10", "--out", "whole")
    assert status == 0
    assert "middle of a cycle" not in err


def test_an_infinite_loss_is_said_and_is_valid_json(capsys: pytest.CaptureFixture[str]) -> None:
    Path("few.txt").write_text("andrej\nqi\n" * 20, encoding="utf-8")  # few pairs to be drawn
    typed(capsys, "train", "few.txt", "--model", "ngram", "--order", "2",
          "--smoothing", "mle", "--out", "bare")  # fmt: skip
    status, out, _ = typed(capsys, "score", "bare", "andrejq")
    assert status == 0
    assert "infinite" in out
    _, out, _ = typed(capsys, "score", "bare", "andrejq", "--json")
    assert json.loads(out)[0]["nats"] == "Infinity"


def test_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stdin:
        buffer = io.BytesIO("春眠不覺曉\n處處聞啼鳥\n".encode() * 10)

    monkeypatch.setattr("sys.stdin", Stdin())
    status, _, err = typed(capsys, "train", "-", "--model", "ngram", "--order", "2")
    assert status == 0
    assert "runs/stdin-ngram-order2" in err.replace(os.sep, "/")
    status, _, _ = typed(capsys, "sample", "runs/stdin-ngram-order2", "-n", "2")
    assert status == 0


def test_resume_takes_the_run_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = typed(capsys, "train", "names.txt", "--out", "third", *QUICK)
    assert "(too few steps to calibrate)" in err
    status, _, err = typed(capsys, "train", "--resume", "third")
    assert status == 1
    assert "has already finished" in err
    for more in (["--seed", "99"], ["names.txt"]):
        status, _, err = typed(capsys, "train", "--resume", "third", *more)
        assert status == 1
        assert f"{' '.join(more)} has no effect with --resume" in err


def test_a_text_is_sampled_with_its_longest_copy(capsys: pytest.CaptureFixture[str]) -> None:
    typed(capsys, "train", "tang", "--model", "ngram", "--order", "4", "--out", "poems")
    status, out, _ = typed(capsys, "sample", "poems", "-n", "2", "--longest", "60", "--json")
    assert status == 0
    assert all(made["longest_copy"] > 0 for made in json.loads(out)["samples"])


def wrong(path: str) -> list[str]:
    return ["train", path, "--model", "ngram"]


BAD_FILES: list[tuple[str, bytes, str]] = [
    ("empty.txt", b"", "is empty"),
    ("blank.txt", b"\n \n\n", "is empty"),
    ("short.txt", b" \n", "is empty"),
    ("binary.bin", bytes(range(256)) * 4, "byte offset"),
    ("nul.txt", b"abc\0def\nghi\n" * 9, "NUL byte at offset 3"),
    ("latin.txt", "crème brûlée à la façon\n".encode("latin-1") * 50, "byte offset 2"),
]


@pytest.mark.parametrize(("name", "data", "said"), BAD_FILES, ids=[b[0] for b in BAD_FILES])
def test_a_bad_file_is_one_clear_error(
    capsys: pytest.CaptureFixture[str], name: str, data: bytes, said: str
) -> None:
    Path(name).write_bytes(data)
    status, out, err = typed(capsys, *wrong(name))
    assert (status, out) == (1, "")
    assert said in err
    assert len(err.strip().splitlines()) >= 2  # what, and how to mend it
    assert "Traceback" not in err
    assert not Path("runs").exists()


MISTAKES: list[tuple[list[str], int, str]] = [
    (["frobnicate"], 2, "unknown command 'frobnicate'"),
    (["trian"], 2, "Did you mean train?"),
    (["train", "--version"], 2, "type hornbook --version."),
    (["train"], 2, "needs DATA"),
    (["train", "nowhere.txt"], 1, "no file or data set 'nowhere.txt'"),
    (["train", ""], 1, "file name is empty"),
    (["train", "names.txt", "--out", ""], 1, "run directory is empty"),
    (["train", "names.txt", "--model", "gpt9"], 1, "Unknown model family 'gpt9'"),
    (["train", "names.txt", "--model"], 2, "--model"),
    (["compare", "names.txt", "--models"], 2, "--models has no value: type one or several"),
    (["compare", "names.txt", "--change", "--steps", "1"], 2, "--change has no value"),
    (["compare", "names.txt", "--seeds", "--steps", "1"], 2, "--seeds has no value"),
    (["train", "names.txt", "--rates", "--steps", "1"], 2, "--rates has no value"),
    (["train", "names.txt", "--n-hidden"], 2, "--n-hidden has no value"),
    (["compare", "names.txt", "nowhere"], 1, "no file, data set or run directory 'nowhere'"),
    (["compare", "nowhere"], 1, "no file, data set or run directory 'nowhere'"),
    (["train", "names.txt", "--bogus", "1"], 2, "bogus"),
    (["train", "names.txt", "--steps", "x"], 2, "steps"),
    (["train", "names.txt", "--steps", "-5"], 1, "--steps must be from 0"),
    (["train", "names.txt", "--learning-rate", "nan"], 1, "--learning-rate"),
    (["train", "names.txt", "--n-hidden", "65536", "65536", "65536"], 1, "parameters"),
    (["train", "names.txt", "--n-embd", "99999999999"], 1, "--n-embd must be from 1 to 4,096"),
    (["train", "names.txt", "--momentum", "0.9"], 1, "requires --optimizer sgd"),
    (["train", "names.txt", "--schedule", "cosine", "--warmup", "9000"], 1, "never reach its peak"),
    (["train", "names.txt", "--split", "50/60"], 1, "add up to 100"),
    (["train", "names.txt", "--rates", "weight=0.1"], 1, "net.layers.0.weight"),
    (["train", "names.txt", "--rates", "weight"], 1, "PATTERN=FACTOR"),
    (["train", "names.txt", "--cycle", "9"], 1, "requires --schedule warm-restarts"),
    (["rate", "names.txt", "--model", "ngram"], 1, "no learning rate"),
    (["rate", "names.txt", "--low", "1", "--high", "1"], 1, "--low must be below --high"),
    (["rate", "nowhere.txt", "--out", "runs/mlp"], 1, "must end in .png or .svg"),
    (["rate", "names.txt", "--out", "names.txt/rate.png", "--points", "20"], 1, "Cannot write"),
    (["train", "names.txt", "--encoding", "klingon"], 1, "Unknown text encoding 'klingon'"),
    (["train", "names.txt", "--mode", "text", "--distinct"], 1, "--distinct has no effect"),
    (["train", "names.txt", "--model", "ngram", "--steps", "5"], 1, "made in one pass"),
    (["train", "names.txt", "--model", "ngram", "--order", "0"], 1, "--order must be from 1"),
    (["train", "names.txt", "--out", "names.txt"], 1, "is a file"),
    (["train", "names.txt", "--out", "."], 1, "do not belong to a run"),
    (["train", "names.txt", "--overwrite"], 1, "--out"),
    (["train", "--resume", "nowhere"], 1, "does not exist"),
    (["sample", "nowhere"], 1, "does not exist"),
    (["sample", "RUN", "--top-k", "1000"], 1, "vocabulary"),
    (["sample", "RUN", "--top-p", "0"], 1, "--top-p"),
    (["sample", "RUN", "--temperature", "-1"], 1, "--temperature"),
    (["sample", "RUN", "-n", "0"], 1, "-n must be from 1"),
    (["sample", "RUN", "--prefix", "abcdefgh"], 1, "--crop-prefix"),
    (["sample", "RUN", "--prefix", "É"], 1, "'e'"),
    (["score", "RUN"], 2, "needs TEXT"),
    (["score", "RUN", ""], 1, "empty"),
    (["score", "RUN", "emma!"], 1, "'!'"),
    (["evaluate", "RUN", "--data", "nowhere.txt"], 1, "no file or data set"),
    (["evaluate", "RUN", "--encoding", "utf-8"], 1, "no effect without --data"),
    (["doctor", "nowhere.txt"], 1, "no file or data set"),
    (["doctor", "nmaes"], 1, "Did you mean names?"),
    (["train", "names.txt", "--model", "mpl"], 1, "Did you mean mlp?"),
    (["train", "names.txt", "--model", "GRU"], 1, "Did you mean gru?"),
    (["train", "names.txt", "--model", "transformer"], 1, "Did you mean gpt?"),
    (["train", "names.txt", "--task", "txt"], 1, "Did you mean text?"),
    (["exercise", "backpro"], 1, "Did you mean backprop?"),
    (["rate", "--model", "ngram"], 1, "no learning rate"),
    (["score", "RUN", "-x"], 2, "Put a text that begins with a dash after two dashes: -- -x"),
    (["mix"], 2, "needs RUN"),
    (["train", "names.txt", "--model", "mixture"], 1, "hornbook mix RUN RUN"),
    (["train", "names.txt", "--lr", "0.1"], 2, "there is no --lr; use --learning-rate"),
    (["train", "names.txt", "--accumulate", "1000"], 1, "--accumulate is 1,000, but --batch-size"),
    (["train", "names.txt", "--model", 5_000 * "x"], 1, "Unknown model family 'xxxx"),
    (["train", "names.txt", "--mode", 5_000 * "x"], 2, "--mode must be one of auto, lines, text"),
    (["sample", 5_000 * "x"], 1, "x… does not exist"),
    ([5_000 * "x"], 2, "unknown command 'xxxx"),
    (["train", "RUN"], 1, "is a run directory, not data"),
    (["train", "nowhere.txt", "--large", "yes"], 1, "no file or data set 'nowhere.txt'"),
    (["cache", "--clear", "most"], 2, "--clear must be one of unused, kernels, all; it is 'most'"),
    (["train", "--data", "names.txt"], 2, "DATA is typed without a flag"),
    (["sample", "names.txt"], 1, "names.txt is a file, not a run directory"),
    (["sample", "RUN", "again"], 2, "again is one word too many. See"),
    (["evaluate", "RUN", "names", "more"], 2, "more is one word too many"),
    (["sample", "RUN", "--max-tokens", "5"], 2, "there is no --max-tokens; use --longest"),
    (["sample", "RUN", "--dtype=int8"], 2, "there is no --dtype; use --weights"),
    (["train", "names.txt", "--dtype", "bf16"], 2, "there is no --dtype; use --precision"),
    (["export", "RUN"], 2, "--to is missing: one of html, huggingface, gguf, onnx, tensorboard."),
    (["sample", "RUN", "--temp=0.8"], 2, "there is no --temp; use --temperature"),
    (["train", "names.txt", "--n-hiden", "5"], 2, "no --n-hiden. Did you mean --n-hidden? See"),
    (["train", "names.txt", "--epochs", "5"], 2, "use --steps. One epoch is the tokens in train"),
    (["sample", "RUN", "--prefix", "-x"], 2, "type --prefix=-x"),
    (["sample"], 2, "hornbook sample needs RUN: see"),
    (["resume", "RUN"], 2, "Did you mean hornbook train --resume RUN?"),
    (["generate", "RUN"], 2, "Did you mean hornbook sample RUN?"),
    (["train", "a`steps`b.txt"], 1, "no file or data set 'a`steps`b.txt'"),
    (["score", "RUN", "`clip=3`"], 1, "of '`clip=3`'"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "expected", "said"), MISTAKES)
def test_a_mistake_is_one_clear_error(
    capsys: pytest.CaptureFixture[str], run: str, arguments: list[str], expected: int, said: str
) -> None:
    status, _, err = typed(capsys, *[run if a == "RUN" else a for a in arguments])
    assert status == expected
    assert said in err
    assert len(err) < 2_500
    assert "Traceback" not in err
    assert not Path("runs").exists()


def test_a_run_in_the_way_is_not_touched(capsys: pytest.CaptureFixture[str]) -> None:
    typed(capsys, "train", "names.txt", "--model", "ngram", "--out", "taken")
    before = {p: p.read_bytes() for p in Path("taken").rglob("*") if p.is_file()}
    status, _, err = typed(capsys, "train", "names.txt", "--model", "ngram", "--out", "taken")
    assert status == 1
    assert "--overwrite" in err
    assert before == {p: p.read_bytes() for p in Path("taken").rglob("*") if p.is_file()}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_no_permission(capsys: pytest.CaptureFixture[str]) -> None:
    Path("names.txt").chmod(0)
    status, _, err = typed(capsys, *wrong("names.txt"))
    assert status == 1
    assert "ermission" in err


def test_a_directory_where_nothing_may_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = typed(capsys, *wrong("names.txt"), "--out", "names.txt/run")
    assert status == 1
    assert "Cannot write" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["inspect", "RUN", "--out", "names.txt/page.html"],
        ["rate", "names.txt", "--out", "names.txt/rate.png"],
        ["gradients", "--data", "names.txt", "--picture", "names.txt/forces.png"],
        ["scalar", "moons", "--out", "names.txt/moons.png"],
        ["scalar", "line", "--out", "names.txt/line.gif"],
        ["scalar", "graph", "a*b", "a=1", "b=2", "--out", "names.txt/graph.svg"],
    ],
)
def test_what_could_not_be_written_is_not_begun(
    capsys: pytest.CaptureFixture[str], run: str, arguments: list[str]
) -> None:
    status, out, err = typed(capsys, *[run if a == "RUN" else a for a in arguments])
    assert (status, out) == (1, "")
    assert err.startswith("hornbook: Cannot write names.txt/")


def test_a_run_or_a_file_that_was_perhaps_meant(capsys: pytest.CaptureFixture[str]) -> None:
    typed(capsys, "train", "names.txt", "--model", "ngram", "--out", "runs/people")
    for given in ("people", "runs/poeple"):
        status, _, err = typed(capsys, "sample", given)
        assert status == 1
        assert "Did you mean runs/people?" in err
    err = typed(capsys, "sample", "runs/nope")[2]
    assert "Did you mean" not in err  # runs/ is what all have in common
    err = typed(capsys, "sample", "runs")[2]
    assert "runs is a folder with 1 run, not a run." in err
    assert "hornbook runs runs" in err
    for number in range(5):
        Path(f"runs/names-{number}").mkdir()
        Path(f"runs/names-{number}/run.json").touch()
    err = typed(capsys, "strip", "names")[2]
    assert "names is a data set, not a run directory." in err
    named = ", ".join(f"runs/names-{number}" for number in range(3))
    assert f"Did you mean one of these: {named} and 2 more?" in err
    assert "Did you mean names.txt?" in typed(capsys, "doctor", "name.txt")[2]


@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_a_stream_that_is_closed_is_no_error(closed: str) -> None:
    command = f'"{sys.executable}" -m hornbook datasets {closed}'
    found = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert found.returncode == 0
    assert "Train on one" not in found.stdout
    assert ("makemore-names" in found.stdout) == (closed == "2>&-")
    assert "Traceback" not in found.stderr


def test_a_name_that_begins_with_a_dash_can_be_typed_as_it_is_told(
    capsys: pytest.CaptureFixture[str], unpainted: None
) -> None:
    status, _, err = typed(capsys, "train", "names.txt", "--model", "ngram", "--out=-counts")
    assert status == 0
    proposed = [shlex.split(line)[1:] for line in err.splitlines() if "  hornbook " in line]
    assert len(proposed) == 4
    for words in proposed:
        assert typed(capsys, *words)[0] == 0, words


def test_a_reader_that_goes_away_is_no_error(run: str) -> None:
    command = f'"{sys.executable}" -m hornbook sample "{run}" -n 20000 | head -n 1'
    found = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert found.stdout.strip()
    assert found.stderr == ""


def test_a_full_disk_loses_nothing(run: str, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="needs limits on the size of files")
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "from hornbook.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    assert resource
    out = str(tmp_path / "full")
    command = [sys.executable, "-c", code, "train", "names.txt", "--model", "ngram", "--out", out]
    # Python would keep what it compiles cut short, too, and fail to read it ever after.
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    found = subprocess.run(command, capture_output=True, text=True, env=env)
    assert found.returncode == 1
    assert "Cannot write" in found.stderr
    assert "Traceback" not in found.stderr
    assert not list(tmp_path.rglob("*.part"))


def test_other_names_of_flags_lead_to_flags_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    known = ""
    for verb in (["train", "--model", "gpt"], ["train"], ["sample"], ["export"]):
        known += typed(capsys, *verb, "--help")[1]
    for other, flags in ALSO_CALLED.items():
        for flag in flags.split():
            assert f" {flag} " in known, flag
        assert f" {other} " not in known, other


def test_other_names_of_commands_lead_to_commands_that_there_are() -> None:
    assert {meant.split()[0] for meant in OTHER_VERBS.values()} <= set(all_verbs())
    assert not OTHER_VERBS.keys() & all_verbs().keys()


def test_help_on_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(capsys, "help", "sample") == typed(capsys, "sample", "--help")


def test_lines_of_standard_input_are_scored(
    capsys: pytest.CaptureFixture[str], run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def piped(text: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))

    piped(b"emma\n\nmia\r\n")
    status, out, err = typed(capsys, "score", run, "ava", "-", "--json")
    assert status == 0, err
    assert [one["text"] for one in json.loads(out)] == ["ava", "emma", "mia"]
    piped(b"\n")
    assert "no line to score" in typed(capsys, "score", run, "-")[2]
    piped(b"\xff\xfe\x00")
    assert typed(capsys, "score", run, "-")[0] == 1
