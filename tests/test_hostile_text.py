"""Text from data, file names, arguments and run records that would command a terminal."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hornbook
from hornbook.cli import main
from hornbook.cli.output import Console, table
from hornbook.rendering import visible, visible_json
from hornbook.runs import Run
from tests.command import typed

CLI = Path(hornbook.__file__).parent / "cli"
# A title, a report that a terminal would type, a screen cleared, colours, an 8-bit sequence, a
# bell, a backspace, a text turned around.
ATTACKS = [
    "\x1b]0;owned\x07",
    "\x1b[5n",
    "\x1b[2J",
    "\x1b[31;7m",
    "\x9b32m",
    "\x08\x7f",
    "\u202e",
    "\u2066",
]
TITLE = ATTACKS[0]
# What rich itself emits: styles, the cursor hidden, shown, moved, a line erased.
RICH = re.compile(r"\x1b\[(?:(?:\d+(?:;\d+)*)?m|\?25[hl]|\d*[AGK]|2K)")
RAW = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u2069]")


def test_what_a_terminal_obeys_is_written_out() -> None:
    assert visible("a\x1b[2Jb\n\tc") == "a\\x1b[2Jb\n\tc"
    assert visible("\r\x7f\x9b\u202e\ud800") == "\\x0d\\x7f\\x9b\\u202e\\ud800"
    same = "zoë 春眠 \u05d0\u200f \U0001f600 [bold] \\"
    assert visible(same) == same
    every = "".join(map(chr, range(0x3000))) + "\udc80"
    assert not RAW.search(visible(every).replace("\r", ""))


def test_json_stays_the_same_value() -> None:
    value = {"\x9b": ["\x1b\x7f", "\u202e", "zoë", "\ud800"]}
    text = visible_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    assert not RAW.search(text)


def test_only_one_place_prints() -> None:
    """The two modules make what is foreign visible; what prints by itself would not."""
    prints = (
        r"(?<![\w.])print\(|rich\.(?:console|markup|text)|sys\.std(?:out|err)\.(?:write|buffer)"
    )
    found = {
        path.name: re.findall(prints, path.read_text(encoding="utf-8")) for path in CLI.glob("*.py")
    }
    assert {name for name, matches in found.items() if matches} == {"output.py", "streams.py"}


def test_a_table_shows_what_is_foreign() -> None:
    stream = io.StringIO()
    rows = table("head\x1b[2J")
    rows.add_row("cell\x9b\r")
    Console(stream).print(rows)
    assert stream.getvalue().split() == ["head\\x1b[2J", "cell\\x9b\\x0d"]


# --- at a terminal -----------------------------------------------------------------------------

COMMANDS = """
import json, sys
from hornbook.cli import main

for words in json.loads(sys.argv[1]):
    try:
        print(f"<<{main(words)}>>", flush=True)
    except SystemExit as end:
        print(f"<<{end.code}>>", flush=True)
"""


def at_terminal(commands: list[list[str]], place: Path) -> list[str]:
    """What a terminal gets from each of the commands, run one after the other."""
    pty = pytest.importorskip("pty", reason="needs a terminal")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", COMMANDS, json.dumps(commands)], stdin=subprocess.DEVNULL,
        stdout=theirs, stderr=theirs, cwd=place,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    os.close(theirs)
    got = b""
    while True:
        try:
            part = os.read(ours, 65_536)
        except OSError:  # Linux says so when the last writer has gone
            break
        if not part:
            break
        got += part
    os.close(ours)
    process.wait()
    # Bytes that are not UTF-8 would be raw too.
    return re.split(r"<<\d+>>", got.decode("utf-8"))[:-1]


def assert_harmless(shown: str, words: list[str]) -> None:
    assert "\x1b[31;7m" not in shown, words
    assert not RAW.search(RICH.sub("", shown)), (words, RAW.search(RICH.sub("", shown)))
    assert "Traceback" not in shown, (words, shown)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hostile corpus under a hostile name, and a run whose record was edited."""
    place = tmp_path_factory.mktemp("place")
    lines = [f"{attack}{word}" for word in ("ann", "bo", "cleo", "di") for attack in ATTACKS] * 4
    corpus = place / f"names{TITLE}\x9b32m\u202e.txt"
    corpus.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    training = {"steps": 6, "evaluate_every": 2, "watch": True}
    hornbook.train(corpus, model="bigram", out=place / f"net{TITLE}", training=training)
    hornbook.train(corpus, model="ngram", out=place / "counts")
    shutil.copytree(place / "counts", place / "edited")
    record = place / "edited" / "run.json"
    kept = json.loads(record.read_text(encoding="utf-8"))
    del kept["sha256"]
    kept["data"]["name"] = f"name{TITLE}\u202e"
    kept["data"]["source"] = f"source{TITLE}\x9b"
    kept["versions"]["system"] = f"system{TITLE}"
    record.write_text(json.dumps(kept), encoding="utf-8")
    for name, change in (
        ("task", ("task", f"task{TITLE}")), ("family", ("family", f"family{TITLE}")),
        ("settings", ("settings", {f"order{TITLE}": 1})), ("id", ("id", [TITLE])),
    ):  # fmt: skip
        shutil.copytree(place / "counts", place / name)
        (place / name / "run.json").write_text(json.dumps({**kept, change[0]: change[1]}))
    return place


def test_nothing_foreign_reaches_a_terminal_raw(place: Path) -> None:
    corpus, net = str(place / f"names{TITLE}\x9b32m\u202e.txt"), f"net{TITLE}"
    steps = ["--steps", "6", "--evaluate-every", "2", "--watch"]
    commands = [
        ["doctor", corpus], ["doctor", corpus, "--json"],
        ["train", corpus, "--model", "bigram", *steps, "--out", f"out{TITLE}\x08\u202e"],
        ["train", corpus, "--model", "ngram", "--out", f"out{TITLE}\x08\u202e"],
        ["train", "--resume", net], ["evaluate", net], ["evaluate", net, "--data", corpus],
        ["sample", net, "-n", "12"], ["sample", net, "-n", "3", "--json"],
        ["sample", net, "--prefix", f"{TITLE}an"], ["score", net, f"{TITLE}an"],
        ["score", net, f"{TITLE}ann"], ["score", net, f"{TITLE}ann", "--json"],
        ["score", net, "q\x1b[5n\u202d"],
        ["inspect", net, "--no-page"], ["inspect", "edited", "--no-page"],
        ["mix", net, "counts", "--out", f"mixed{TITLE}"], ["gradients", "--data", corpus],
        *([verb, name] for verb in ("sample", "evaluate")
          for name in ("edited", "task", "family", "settings", "id", f"nowhere{TITLE}")),
        [f"verb{TITLE}"], ["models", f"--flag{TITLE}"], ["train", f"nowhere{TITLE}"],
        ["train", corpus, f"--lr={TITLE}", "1"], ["train", corpus, "--steps", TITLE],
        ["train", corpus, "--model", f"model{TITLE}"], ["train", corpus, "--task", TITLE],
        ["scalar", "graph", f"a{TITLE}"], ["scalar", "graph", "a*b", f"a{TITLE}=1"],
        ["scalar", TITLE], ["exercise", TITLE],
        ["exercise", "cross-entropy", "--out", f"x{TITLE}.py"],
        ["gradcheck", TITLE],
        ["rate", corpus, "--model", "bigram", "--out", f"rate{TITLE}.png"],
    ]  # fmt: skip
    shown = at_terminal(commands, place)
    assert len(shown) == len(commands)
    for words, text in zip(commands, shown, strict=True):
        assert_harmless(text, words)
    everything = "".join(shown)
    assert everything.count("\\x1b]0;owned\\x07") > 20
    for escaped in ("\\x9b", "\\u202e", "\\u009b"):
        assert escaped in everything


def test_a_pipe_gets_the_bytes_as_they_are(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(place / f"net{TITLE}")
    status, out, _ = typed(capsys, "sample", str(run.path), "-n", "20")
    assert status == 0
    assert "\x1b" in out
    assert "\\x1b" not in out
    status, out, _ = typed(capsys, "score", str(run.path), "\x9b32mann", "--json")
    assert status == 0
    assert "\x9b" in out
    json.loads(out)
    # A log is read at a terminal.
    _, out, err = typed(capsys, "sample", f"nowhere{TITLE}")
    assert (out, "\\x1b" in err, "\x1b" in err) == ("", True, False)


def test_an_unexpected_error_is_shown_without_what_a_terminal_obeys(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(argv: object) -> None:
        raise ZeroDivisionError("\x1b[2Jgone")

    monkeypatch.setattr("hornbook.cli.models.run", broken)
    monkeypatch.setattr("sys.argv", ["hornbook", "models"])
    keep_signals = contextlib.nullcontext
    monkeypatch.setattr(
        sys.modules["hornbook.cli.main"], "answering_interrupts", lambda to_the_end: keep_signals()
    )
    assert main() == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "ZeroDivisionError: \\x1b[2Jgone" in err
    assert "\x1b" not in err
    with pytest.raises(ZeroDivisionError):  # whoever calls it from Python is told in Python
        main(["models"])
