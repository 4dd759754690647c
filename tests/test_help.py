"""Every verb's help starts with a sentence and two examples, and the examples work."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
from pathlib import Path

import pytest

from hornbook.cli.main import all_verbs, main
from hornbook.cli.runs import PARTS
from hornbook.tasks import tasks
from tests.command import typed
from tests.some_films import write_films
from tests.some_models import GPT2, gpt2_weights, llama_gguf, write_model
from tests.some_names import write_names

EXAMPLE = re.compile(r"^  hornbook (.+)$", re.MULTILINE)
SOME = slice(0, 3_000, 3)
WRONG = 1  # the status of checking an exercise in which a gradient is wrong or missing

VERBS = [*all_verbs(), *(f"runs {part}" for part in PARTS)]


def help_of(capsys: pytest.CaptureFixture[str], verb: str) -> str:
    """What `hornbook VERB --help` prints."""
    status, out, err = typed(capsys, *verb.split(), "--help")
    assert (status, err) == (0, "")
    return out


def assert_plain(shown: str) -> None:
    """What help calls values can be typed: nothing that only a program knows."""
    found = re.findall(r"\{,|\{?\bN(?:one|ONE)\b\}?\|?|\bSTR\b|\[(?:INT|FLOAT|STR) \[", shown)
    assert not found, shown


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the runs that the examples of training make: others read them."""
    made = tmp_path_factory.mktemp("examples")
    write_names(made / "names", SOME)  # a file comes before a data set of its name
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        with contextlib.redirect_stdout(io.StringIO()) as out, pytest.raises(SystemExit):
            main(["train", "--help"])
        for example in EXAMPLE.findall(out.getvalue()):
            assert main(shlex.split(example)) == 0
        write_films(made)
        assert (
            main(
                [
                    "train",
                    "ratings.csv",
                    "--titles",
                    "movies.csv",
                    "--model",
                    "als",
                    "--out",
                    "runs/films",
                ]
            )
            == 0
        )
        gpt2 = {**GPT2, "vocab_size": 50_257, "n_layer": 1, "n_embd": 2}  # with GPT-2's own tokens
        write_model(Path("models/gpt2"), gpt2, gpt2_weights(gpt2))
        Path("smollm2.gguf").write_bytes(llama_gguf())
        Path("plays.txt").write_text("king queen\nman woman\n" * 50, encoding="utf-8")
        assert main(["train", "plays.txt", "--model", "ppmi", "--out", "runs/plays"]) == 0
        dates = [f"{day} {name} {year}" for day in range(1, 29) for name in ("May", "June 5, 01")
                 for year in (1987, 2001)]  # fmt: skip
        pairs = [f"{date}\t{date[::-1]}" for date in dates]
        Path("dates.tsv").write_text("\n".join(["date\tiso", *pairs]), encoding="utf-8")
        Path("dates.txt").write_text("\n".join(dates[:3]), encoding="utf-8")
        assert main(["train", "dates.tsv", "--model", "copy", "--out", "runs/dates"]) == 0
        begins = ("emm", "oli", "noah", "liam", "ev")
        names = [f"{name}{letter}\t{'girl' if letter in 'aei' else 'boy'}"
                 for name in begins for letter in "aeinoruy"]  # fmt: skip
        Path("sex.tsv").write_text("\n".join(["name\tsex", *names]), encoding="utf-8")
        Path("names.txt").write_text("emma\nnoah\n", encoding="utf-8")
        assert main(["train", "sex.tsv", "--model", "naive-bayes", "--out", "runs/sex"]) == 0
    return made


@pytest.mark.parametrize("columns", ["80", "100"])
@pytest.mark.parametrize("verb", VERBS)
def test_help_starts_with_a_sentence_and_two_examples(
    verb: str, columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    shown = help_of(capsys, verb)
    assert_plain(shown)
    description, _, _ = shown.partition("╭")
    usage, sentence, examples, *details = description.split("\n\n")
    assert usage.startswith(f"usage: hornbook {verb}")
    lines = "\n".join([sentence, examples, *details]).splitlines()
    assert all(len(line) <= int(columns) for line in lines), "the terminal would cut a line"
    assert re.fullmatch(r"[A-Z][^.]+\.", " ".join(sentence.split())), "one sentence"
    first, *lines = examples.splitlines()
    assert first == "Examples:"
    assert len(lines) == 2
    assert all(line.startswith(f"  hornbook {verb}") for line in lines)


@pytest.mark.parametrize("verb", VERBS)
def test_examples_work_as_typed(
    verb: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    unpainted: None,
) -> None:
    if verb.startswith("runs "):  # which may remove what others need
        folder = shutil.copytree(folder, tmp_path / "copy")
    if verb == "cache":  # which clears kernels: not those of whoever runs the tests
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path if verb == "train" else folder)
    write_names(Path("names"), SOME)
    examples = EXAMPLE.findall(help_of(capsys, verb))
    assert examples
    for example in examples:
        words = shlex.split(example)
        if verb in ("best", "reproduce"):  # they take the time that they are given, or minutes
            words = [*words, "--minutes", "0.001"]
        if verb == "sweep":  # of twenty trials that are trained in full
            words = [*words, "--trials", "1", "--steps", "2"]
        if verb == "compare" and "--models" in words:  # the same, and three seeds
            words = [*words, "--steps", "1", "--seeds", "1"]
        status, out, err = typed(capsys, *words)
        if "--check" in words:  # of an exercise that nobody has filled in yet
            assert (status, err) == (WRONG, "")
            assert "next one to fill in" in out
        else:
            assert status == 0, f"hornbook {example}: {err}"


FAMILIES = [(task, name) for task, one in tasks().items() for name, line in one.families.items()
            if line.made_by != "mixing"]  # fmt: skip


@pytest.mark.parametrize(("task", "family"), FAMILIES)
def test_examples_of_a_family_are_of_its_own_kind_of_data(
    task: str, family: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = typed(capsys, "train", "--model", family, "--help")
    assert_plain(out)
    examples = [shlex.split(one) for one in EXAMPLE.findall(out)]
    usual = tasks()[task].example(family)
    assert len(examples) == 2
    for words in examples:
        assert words[:2] == ["train", *usual.given]
        named = words[words.index("--model") + 1] if "--model" in words else tasks()[task].default
        assert tasks()[task].example(named) == usual  # such data suit it
    assert family in (tasks()[task].default, *examples[1])


@pytest.mark.parametrize("verb", ["train", "compare", "best", "sweep"])
def test_help_on_a_time_says_whether_compiling_is_in_it(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = " ".join(help_of(capsys, verb).replace("│", " ").split())
    end = "counts, and is not cut short." if verb == "sweep" else "may come on top."
    assert shown.count(f"Compiling for this machine, once, {end}") == 1


@pytest.mark.parametrize("task", [name for name in tasks() if name != "text"])
@pytest.mark.parametrize("verb", ["doctor", "best", "rate"])
def test_examples_of_a_task_are_of_its_data(
    verb: str, task: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, told = typed(capsys, verb, "--task", task, "--help")
    if status:  # nothing of it is trained by steps
        assert (verb, task) == ("rate", "clicks"), told
        return
    for words in map(shlex.split, EXAMPLE.findall(out)):
        assert words[1] == tasks()[task].example(tasks()[task].default).given[0]


def test_examples_of_pairs_work_as_typed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    for words in (("train", "--model", "lookup"), ("train", "--model", "naive-bayes"),
                  ("doctor", "--task", "pairs"), ("doctor", "sex.tsv")):  # fmt: skip
        _, out, _ = typed(capsys, *words, "--help")
        for example in EXAMPLE.findall(out):
            status, _, told = typed(capsys, *shlex.split(example))
            assert status == 0, f"hornbook {example}: {told}"


@pytest.mark.parametrize("verb", ["inspect", "evaluate"])
def test_help_without_a_run_says_how_to_see_the_flags_of_other_tasks(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = typed(capsys, verb, "--help")
    assert f"hornbook {verb} RUN --help" in " ".join(out.split())
