"""`hornbook sample` as its users see it: in a terminal, in a file, and stopped in the middle."""

from __future__ import annotations

import io
import itertools
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hornbook
from hornbook.cli import main
from hornbook.runs import Run
from hornbook.text.batch_sampling import Places
from hornbook.text.sampling import AT_ONCE
from tests.command import typed

BUNDLED = Path(hornbook.__file__).parent / "sources" / "bundled"
SHARED = Path(__file__).parents[2] / "shared" / "cases"
LONG = "".join(f"{x}{y}{z}na\n" for x in "bdfgklm" for y in "aeiou" for z in "nmrst")  # 175 lines


def made(folder: Path, text: str) -> Run:
    (folder / "data.txt").write_text(text, encoding="utf-8")
    return hornbook.train(folder / "data.txt", model="ngram", out=folder / "run")


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Run:
    names = (BUNDLED / "names.txt").read_text(encoding="utf-8").splitlines()
    return made(tmp_path_factory.mktemp("lines"), "\n".join(names[:500]))


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made(tmp_path_factory.mktemp("text"), "To be, or not\n\nto be: that\nis it.\n\n" * 40)


@pytest.fixture(scope="module")
def long_line(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made(tmp_path_factory.mktemp("long"), LONG + "ab" * 25_000 + "\n")


class Terminal(io.StringIO):
    """A terminal, and what stood in it whenever it was made to show."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def isatty(self) -> bool:
        return True

    def flush(self) -> None:
        self.shown.append(self.getvalue())


def texts(run: Run, **changes: Any) -> list[str]:
    return [one.text for one in run.sample(**changes)]


def test_a_file_gets_the_samples_and_nothing_else(
    capsys: pytest.CaptureFixture[str], lines: Run, text: Run
) -> None:
    status, out, err = typed(capsys, "sample", str(lines.path), "-n", "50")
    assert status == 0
    assert out.splitlines() == texts(lines, n=50)
    new = sum(one.origin == "new" for one in lines.sample(n=50))
    assert err.startswith(f"\n50 samples drawn: {new} new ({new / 50:.1%}), ")
    assert "More:  hornbook sample" in err
    status, out, err = typed(capsys, "sample", str(text.path), "-n", "3", "--longest", "60")
    assert status == 0
    assert out == "\n---\n".join(texts(text, n=3, longest=60)) + "\n"
    assert (
        err.count("(longest passage copied from train: ") + err.count("(copied verbatim from train")
        == 3
    )


def test_in_a_terminal_samples_grow_and_have_marks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lines: Run, text: Run
) -> None:
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    assert main(["sample", str(lines.path), "-n", "9", "--longest", "6", "--seed", "2"]) == 0
    expected = list(lines.sample(n=9, longest=6, seed=2))
    for line, one in zip(terminal.getvalue().splitlines(), expected, strict=True):
        notes = ["in " + str(one.origin)] if one.origin != "new" else []
        notes += [] if one.ended else ["cut at the maximum length"]
        assert line == one.text + (f"  ({', '.join(notes)})" if notes else "")
    first = expected[0].text
    for length in range(1, len(first)):
        assert first[:length] in terminal.shown
    assert len({one.origin for one in expected}) > 1  # else nothing was marked
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    assert main(["sample", str(text.path), "-n", "1", "--longest", "30"]) == 0
    whole = texts(text, n=1, longest=30)[0]
    assert terminal.shown[:30] == [whole[:length] for length in range(1, 30)] + [whole]
    capsys.readouterr()


def test_what_is_new_is_said_in_whole_numbers(
    capsys: pytest.CaptureFixture[str], lines: Run, text: Run
) -> None:
    _, _, err = typed(capsys, "sample", str(text.path), "-n", "1", "--longest", "60")
    assert "1 text drawn; none is a copy." in err or "1 text drawn; copied as a whole: 1 in" in err
    _, _, err = typed(capsys, "sample", str(lines.path), "-n", "1", "--temperature", "50")
    assert "1 sample drawn; none is in the data." in err


def test_json_is_written_row_by_row(
    capsys: pytest.CaptureFixture[str], lines: Run, text: Run
) -> None:
    status, out, err = typed(capsys, "sample", str(lines.path), "-n", "4", "--json")
    assert (status, err) == (0, "")
    rows = [one.as_dict() for one in lines.sample(n=4)]
    told = json.loads(out)
    assert told["samples"] == rows
    assert rows[0].keys() == {"text", "origin", "ended"}
    assert [line.rstrip(",") for line in out.splitlines()[1:5]] == [
        json.dumps(row, ensure_ascii=False) for row in rows
    ]
    assert (told["asked"], told["drawn"], told["ended_because"]) == (4, 4, "complete")
    assert sum(told["shares"].values()) == pytest.approx(1)
    _, out, _ = typed(capsys, "sample", str(text.path), "-n", "1", "--json")
    assert json.loads(out)["samples"][0]["longest_copy"] > 0


def stop_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Ctrl-C when so many tokens were drawn."""
    steps, whole = itertools.count(), Places.step

    def interrupted(places: Places) -> None:
        if next(steps) == step:
            raise KeyboardInterrupt
        whole(places)

    monkeypatch.setattr(Places, "step", interrupted)


def test_ctrl_c_keeps_what_was_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lines: Run, text: Run
) -> None:
    expected, whole = texts(lines, n=40), texts(text, n=1, longest=50)[0]
    stop_at(monkeypatch, len(expected[0]) + 1)
    status, out, err = typed(capsys, "sample", str(lines.path), "-n", "40")
    kept = out.splitlines()
    assert status == 130
    assert 0 < len(kept) < 40
    assert kept == expected[: len(kept)]
    assert f"Stopped after {len(kept)} of 40 samples.\n{len(kept)} samples drawn" in err
    stop_at(monkeypatch, 7)
    status, out, err = typed(capsys, "sample", str(text.path), "-n", "1", "--longest", "50")
    assert (status, out) == (130, whole[:7] + "\n")
    assert "Stopped after 0 of 1 sample.\nMore:" in err


@pytest.mark.parametrize("begun", [False, True])
def test_ctrl_c_closes_the_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lines: Run, begun: bool
) -> None:
    expected = texts(lines, n=40)
    stop_at(monkeypatch, len(expected[0]) + 1 if begun else 0)
    status, out, err = typed(capsys, "sample", str(lines.path), "-n", "40", "--json")
    assert (status, err) == (130, "")
    told = json.loads(out)
    kept = [row["text"] for row in told["samples"]]
    assert len(kept) < 40
    assert bool(kept) == begun
    assert kept == expected[: len(kept)]
    assert (told["asked"], told["drawn"], told["ended_because"]) == (40, len(kept), "stopped")


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing on Windows")
def test_a_real_ctrl_c_closes_the_json(lines: Run) -> None:
    command = [sys.executable, "-m", "hornbook", "sample", str(lines.path), "-n", "100000000"]

    def heed_it() -> None:  # a check in the background hands on that Ctrl-C is ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(
        [*command, "--json"], stdout=subprocess.PIPE, text=True, preexec_fn=heed_it
    ) as process:
        assert process.stdout is not None
        begin = process.stdout.read(10_000)  # it is in the midst of it
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 130
    told = json.loads(begin + rest)
    assert told["ended_because"] == "stopped"
    # One that was drawn may not have been printed yet.
    assert told["drawn"] - 1 <= len(told["samples"]) <= told["drawn"]
    assert len(told["samples"]) > 100


def test_why_there_are_fewer_is_told(capsys: pytest.CaptureFixture[str], lines: Run) -> None:
    words = ["sample", str(lines.path), "-n", "50000000", "--no-repeats", "--temperature", "0"]
    status, out, err = typed(capsys, *words)
    assert status == 0
    assert len(out.splitlines()) == 1
    assert "Only 1 of the 50,000,000 samples asked for can be drawn" in err
    _, out, _ = typed(capsys, *words, "--json")
    assert json.loads(out)["ended_because"] == "nothing else possible"


# ---- memory ----


def most_memory(path: Path, *commands: list[str], at_once: int = AT_ONCE) -> list[int]:
    """The most MiB that a process had after each of its samplings from a run, one after the other.

    What it loads and prints is included.
    """
    code = (
        "import json, sys\n"
        "from hornbook.cli import main\n"
        "from hornbook.text import sampling\n"
        "sampling.AT_ONCE = int(sys.argv[3])\n"
        "for words in json.loads(sys.argv[2]):\n"
        "    assert main(['sample', sys.argv[1], *words]) == 0\n"
        "    lines = open('/proc/self/status').read().splitlines()\n"
        "    peak = next(line for line in lines if line.startswith('VmHWM'))\n"
        "    sys.stderr.write(f'\\n{peak}\\n')\n"
    )
    command = [sys.executable, "-c", code, str(path), json.dumps(commands), f"{at_once}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = [line for line in done.stderr.splitlines() if line.startswith("VmHWM")]
    return [int(line.split()[1]) // 1024 for line in told]


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the system does not tell its peak of memory"
)


def test_a_long_line_is_no_length_for_samples(lines: Run, long_line: Run, text: Run) -> None:
    lengths = [len(line) for split in ("train", "dev", "test") for line in lines.data.splits[split]]
    assert lines.data.longest == 2 * max(lengths)
    assert long_line.data.longest == 4 * 5
    assert text.data.longest == 500


@needs_proc
def test_a_long_line_takes_no_memory(long_line: Run) -> None:
    # At 64 bits for each place, 1,000 samples of 100,000 would take 800 MB.
    words = ["-n", "1000", "--longest", "100000", "--json"]
    few, many = most_memory(long_line.path, ["-n", "1"], words)
    assert many < few + 60


@needs_proc
def test_how_many_are_printed_takes_no_memory(lines: Run) -> None:
    # Once as many have been drawn as are at a time.
    commands = [["-n", n, "--json"] for n in ("2000", "22000")]
    few, many = most_memory(lines.path, *commands, at_once=1_024)
    assert many < few + 8  # kept, 20,000 more would be 12 MB of 600 bytes each


@needs_proc
@pytest.mark.skipif(not SHARED.exists(), reason="the shared cases are not here")
def test_5000_samples_beside_a_line_of_50000_characters(tmp_path: Path) -> None:
    training = {"steps": 2, "device": "cpu", "gradients": "hand", "precision": "float32"}
    run = hornbook.train(SHARED / "longline.txt", out=tmp_path / "run", training=training)
    assert most_memory(run.path, ["-n", "5000"])[0] < 900
