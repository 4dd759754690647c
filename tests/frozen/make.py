"""Makes the frozen runs and the figures expected of them, with the code of commit 3c9682e.

    git worktree add ../old 3c9682e
    python -m tests.frozen.make ../old

The code that runs is the checkout's, never this one's. See README.md here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors.numpy import save

from benchmarks.outside import Failed, ask, figures, flags, metrics, same_bits, tensors

FOLDER = Path(__file__).parent
COMMIT = "3c9682e302fcf2ec1d5381bd3966cb51a1de3348"
CORPORA = ("lines.txt", "text.txt", "poems.txt")
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)  # the date of every file in the archives
PINNED = {"device": "cpu", "threads": 1, "precision": "float32", "gradients": "hand"}


@dataclass(frozen=True)
class Recipe:
    """What a run is made of."""

    data: str
    model: str
    settings: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    split: dict[str, Any] = field(default_factory=dict)
    baseline: bool = False
    stop: int | None = None
    "The step after which training was stopped; 0: before the first."

    @property
    def how(self) -> dict[str, Any]:
        """The training settings whole: nothing is left to a measurement or to the machine."""
        return {**PINNED, "steps": 40, "evaluate_every": 14, **self.training}

    @property
    def command(self) -> list[str]:
        """What is typed to make it, but for where to."""
        words = ["train", f"{self.data}.txt", "--model", self.model, *flags(self.settings)]
        if self.model == "ngram":
            return words + flags(self.split)
        comparison = [] if self.baseline else ["--no-baseline"]
        return words + flags(self.how) + flags(self.split) + comparison


def on_lines(model: str, settings: dict[str, Any], rate: float = 0.03, **training: Any) -> Recipe:
    """A net trained on lines to the end."""
    return Recipe("lines", model, settings, {"batch_size": 16, "learning_rate": rate, **training})


def on_text(model: str, settings: dict[str, Any], rate: float = 0.03, **training: Any) -> Recipe:
    """A net trained on a text to the end."""
    return Recipe("text", model, settings, {"batch_size": 4, "learning_rate": rate, **training})


def stopped(recipe: Recipe, stop: int) -> Recipe:
    """The same at a constant rate, so that all steps count alike, and stopped on the way."""
    training = {**recipe.training, "schedule": "constant"}
    return Recipe(recipe.data, recipe.model, recipe.settings, training, stop=stop)


STILL = {"dropout": 0.0, "embedding_dropout": 0.0}
DROPPING = {"dropout": 0.2, "embedding_dropout": 0.1}
RNN = {**STILL, "n_embd": 4, "n_hidden": 8, "block_size": 16}
GPT = {"n_layer": 2, "n_head": 2, "n_embd": 8, "block_size": 12, "dropout": 0.0}
MLP = {"block_size": 4, "n_embd": 4, "n_hidden": [12, 8]}
TREE = {"n_embd": 4, "n_hidden": 8, "block_size": 8}

RUNS = {
    "ngram": Recipe("lines", "ngram", {"order": 6, "smoothing": "kneser-ney"}),
    "ngram-mle": Recipe("lines", "ngram", {"order": 3, "smoothing": "mle"}),
    "ngram-add-poems": Recipe(
        "poems", "ngram", {"order": 3, "smoothing": "add", "added": 0.1},
        split={"split": "80/10/10"},
    ),
    "ngram-text": Recipe("text", "ngram", {"order": 6}),
    "bigram-sgd": on_lines(
        "bigram", {"block_size": 8, "l2": 0.01}, 4.0, optimizer="sgd", momentum=0.9,
        schedule="step", warmup=3, decay_at=0.6, decay_by=0.2, weight_decay=0.001,
    ),
    "bigram-no-dev": Recipe(
        "lines", "bigram", {}, {"batch_size": 16, "learning_rate": 0.1, "evaluate_every": 20},
        {"split": "100/0"},
    ),
    "mlp": Recipe(
        "lines", "mlp", {**MLP, "norm": "batch"}, {"batch_size": 32, "learning_rate": 0.03},
        baseline=True,
    ),
    "mlp-split": Recipe(
        "lines", "mlp", {**MLP, "norm": "none", "activation": "tanh", "n_hidden": [10]},
        {"batch_size": 32, "learning_rate": 0.03, "evaluate_on": 100, "seed": 5,
         "schedule": "warm-restarts", "cycle": 10, "cycle_mult": 3},
        {"split": "60/20/20", "split_seed": 7, "distinct": True},
    ),
    "mlp-early": on_lines(
        "mlp", {**MLP, "norm": "layer"}, 0.5, schedule="constant", patience=1, evaluate_every=5
    ),
    "mlp-rates": on_lines(
        "mlp", {**MLP, "output_norm": True}, batch_size=32,
        rates=["net.layers.0.*=0", "*.bias=0.5"],
    ),
    "mlp-text": on_text("mlp", {**MLP, "dropout": 0.1}, batch_size=32),
    "wavenet": on_lines("wavenet", TREE, weight_decay=0.3),
    "wavenet-tree": on_lines("wavenet", {**TREE, "form": "tree"}, batch_size=32),
    "wavenet-gated": on_lines(
        "wavenet", {**TREE, "kind": "gated", "n_skip": 10, "n_cycles": 2, "dropout": 0.1}
    ),
    "bow": on_lines("bow", {"n_embd": 8, "n_hidden": 12, "block_size": 10, "dropout": 0.1}),
    "gpt": on_lines("gpt", GPT, 0.05, clip=1.0),
    "gpt-learned": on_lines(
        "gpt",
        {**GPT, "position": "learned", "norm": "layer", "feed_forward": "gelu", "qk_norm": False,
         "bias": True, "tied": True, "softcap": 8.0, "zero_init": False},
        optimizer="adamw", gradients="autograd", schedule="cosine", warmup=5,
        # Attention does not feel the keys' bias: what moves it is rounding, which Adam blows up.
        rates=["*.qkv.bias=0"],
    ),
    "gpt-text": on_text("gpt", {**GPT, "feed_forward": "swiglu", "widen": 2.0}, optimizer="adamw"),
    "rnn": on_lines("rnn", {**RNN, "n_layer": 2}),
    "rnn-added": on_lines("rnn", {**RNN, "join": "added"}),
    "rnn-concatenated": on_lines("rnn", {**RNN, **DROPPING, "join": "concatenated"}),
    "gru": on_lines("gru", {**RNN, **DROPPING}, accumulate=2),
    "gru-text": Recipe(
        "text", "gru", {**RNN, **DROPPING},
        {"batch_size": 4, "learning_rate": 0.03, "batches": "parallel"}, baseline=True,
    ),
    "lstm-watched": on_lines(
        "lstm", {**RNN, "n_layer": 2}, watch=True, watch_every=20, gradients="autograd"
    ),
    "lstm-last": on_lines("lstm", {**RNN, "predict": "last", "block_size": 5}, batch_size=32),
    "stopped-mlp": stopped(on_lines("mlp", {**MLP, "dropout": 0.2}, 0.02, batch_size=32), 19),
    "stopped-gru-text": stopped(
        on_text("gru", {**RNN, **DROPPING, "block_size": 8}, 0.004, batches="parallel"), 21
    ),
    "stopped-gpt": stopped(
        on_lines("gpt", {**GPT, "dropout": 0.1}, 0.03, optimizer="muon", checkpoint_every=9), 23
    ),
    "stopped-lstm-rates": stopped(
        on_lines(
            "lstm", {**RNN, **DROPPING}, 0.02, rates=["net.layers.0.weight=0", "*bias*=2"],
            watch=True, watch_every=20,
        ), 17,
    ),
    "stopped-wavenet-sgd": stopped(
        on_lines("wavenet", TREE, 0.1, optimizer="sgd", momentum=0.9, weight_decay=0.001), 20
    ),
    "begun-bow": stopped(
        on_lines("bow", {"n_embd": 8, "n_hidden": 12, "block_size": 10, "form": "softmax"}, 0.02), 0
    ),
}  # fmt: skip
VERBS = ("evaluate", "sample", "score", "inspect")
PREFIXED = (
    "ngram", "ngram-add-poems", "bigram-sgd", "mlp", "wavenet", "bow", "gpt", "gpt-text", "rnn",
    "lstm-last", "gru-text", "mixture", "stopped-gru-text",
)  # fmt: skip
MIXED = {"mixture": ("gru", "ngram"), "mixture-text": ("gru-text", "mlp-text")}


def asked_of(name: str, data: str) -> list[list[str]]:
    """The commands that look into a run, without where it is."""
    texts = {"lines": "marianne", "text": "To be, or not", "poems": "白日依山盡，"}
    prefixes = {"lines": "ma", "text": "The ", "poems": "白"}
    sizes = ["-n", "8"] if data == "lines" else ["-n", "2", "--longest", "80"]
    found = [
        ["evaluate", "--json"],
        ["sample", *sizes, "--seed", "3", "--json"],
        ["score", texts[data], "--json"],
    ]
    if name in PREFIXED:
        how = ["--crop-prefix", "--temperature", "0.8", "--seed", "4", "--json"]
        found.append(["sample", *sizes, "--prefix", prefixes[data], *how])
    if name in ("ngram", "mlp", "gru"):
        found.append(["evaluate", "--data", "lines.txt", "--json"])
        found.append(["sample", *sizes, "--only-new", "--no-repeats", "--top-k", "5", "--json"])
    if name == "gpt-text":
        found.append(["evaluate", "--stride", "8", "--json"])
        found.append(["sample", "-n", "1", "--longest", "40", "--top-p", "0.7", "--json"])
    if "watched" in name or name == "stopped-lstm-rates":
        found.append(["inspect", "--no-page", "--json"])
    return found


def looked_into(
    old: Path, folder: Path, names: dict[str, str], verbs: tuple[str, ...] = VERBS
) -> dict[str, Any]:
    """What the commands answer about runs.

    Args:
        old: the checkout.
        folder: where the runs are.
        names: of each the data it was made on.
        verbs: which commands.
    """
    asked = [
        (name, words)
        for name, data in names.items()
        for words in asked_of(name, data)
        if words[0] in verbs
    ]
    requests = [("typed", {"arguments": [verb, name, *others]}) for name, (verb, *others) in asked]
    found: dict[str, Any] = {name: [] for name in names}
    for (name, words), told in zip(asked, ask(old, folder, requests), strict=True):
        answer = figures(words[0], told)
        assert not isinstance(answer, Failed), (name, words, told)
        found[name].append({"asked": words, "answer": answer})
    return found


def make_runs(old: Path, folder: Path) -> dict[str, Any]:
    """Make every run; gives what each command that made one told, by the name of the run."""
    requests: list[tuple[str, dict[str, Any]]] = []
    for name, recipe in RUNS.items():
        if recipe.stop is None:
            requests.append(("typed", {"arguments": [*recipe.command, "--out", name, "--json"]}))
        else:
            begun = {
                "data": f"{recipe.data}.txt", "out": name, "model": recipe.model,
                "settings": recipe.settings, "training": recipe.how, "stop": recipe.stop,
            }  # fmt: skip
            requests.append(("begun", begun))
    for name, members in MIXED.items():
        requests.append(("typed", {"arguments": ["mix", *members, "--out", name, "--json"]}))
    answers = dict(zip([*RUNS, *MIXED], ask(old, folder, requests), strict=True))
    for name, told in answers.items():
        assert not isinstance(told, Failed), (name, told)
        if name in RUNS and RUNS[name].stop is not None:
            assert all(line["step"] <= RUNS[name].stop for line in metrics(folder / name)), name
    assert answers["mlp-early"]["ending"] == "early"
    return answers


def go_on(old: Path, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Let copies of the stopped runs go on.

    Returns:
        What is expected of each, and the arrays of them all.
    """
    names = {name: recipe.data for name, recipe in RUNS.items() if recipe.stop is not None}
    requests = [("typed", {"arguments": ["train", "--resume", name, "--json"]}) for name in names]
    told = dict(zip(names, ask(old, folder, requests), strict=True))
    seen = looked_into(old, folder, names, ("evaluate", "inspect"))
    found: dict[str, Any] = {}
    ends: dict[str, Any] = {}
    for name in names:
        arrays = tensors(folder / name / "model.safetensors")
        summary = figures("train", told[name])
        assert summary["best_step"] == summary["steps"], (name, summary)
        found[name] = {
            "summary": summary,
            "metrics": metrics(folder / name),
            "answers": seen[name],
            "arrays": {
                key: {
                    "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
                    "sum": float(array.astype("float64").sum()),
                }
                for key, array in arrays.items()
            },
        }
        ends |= {f"{name}/{key}": array for key, array in arrays.items()}
    return found, ends


def expected(old: Path, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make everything in a folder.

    Returns:
        What is expected of each run, and the last arrays of those that were stopped.
    """
    told = make_runs(old, folder)
    data = {name: recipe.data for name, recipe in RUNS.items() if recipe.stop != 0}
    data |= {name: RUNS[members[0]].data for name, members in MIXED.items()}
    seen = looked_into(old, folder, data)
    for name in told:
        pack(folder / name, folder / f"{name}.zip")
    went_on, ends = go_on(old, folder)
    same_as_whole(old, folder, list(went_on))
    commands = {name: recipe.command for name, recipe in RUNS.items() if recipe.stop is None}
    commands |= {name: ["mix", *members] for name, members in MIXED.items()}
    found: dict[str, Any] = {}
    for name in told:
        found[name] = {"answers": seen.get(name, [])}
        if name in commands:
            found[name]["made"] = commands[name]
            found[name]["summary"] = figures("train", told[name])
            found[name]["metrics"] = metrics(folder / name)
        else:
            found[name]["resumed"] = went_on[name]
    return found, ends


def same_as_whole(old: Path, folder: Path, names: list[str]) -> None:
    """See that runs which went on ended as ones that were never stopped."""
    commands = [[*RUNS[name].command, "--out", f"{name}-whole", "--json"] for name in names]
    ask(old, folder, [("typed", {"arguments": words}) for words in commands])
    for name in names:
        one, other = (tensors(folder / n / "model.safetensors") for n in (name, f"{name}-whole"))
        assert one.keys() == other.keys()
        assert all(same_bits(one[key], other[key]) for key in one), name


def corpora(old: Path, folder: Path) -> None:
    """Cut the three small corpora from the checkout's own data."""
    bundled = old / "hornbook" / "data" / "bundled"
    names, plays, tang = (
        (bundled / f"{name}.txt").read_text(encoding="utf-8")
        for name in ("names", "shakespeare", "tang")
    )
    some = "\n".join(names.splitlines()[::107][:300]) + "\n"
    poems = "\n\n".join(tang.split("\n\n")[:30]) + "\n"
    for name, text in zip(CORPORA, (some, plays[:6000], poems), strict=True):
        (folder / name).write_bytes(text.encode())


def pack(run: Path, archive: Path) -> None:
    """Put a run directory into an archive that is a function of its files alone."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(run.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(run).as_posix(), WRITTEN_AT)
                entry.compress_type = zipfile.ZIP_DEFLATED
                file.writestr(entry, path.read_bytes())


def write_expected(found: dict[str, Any], path: Path) -> None:
    """Write what is expected, a line for each part of it."""
    runs = []
    for name, parts in sorted(found.items()):
        lines = [f"  {json.dumps(part)}: {json.dumps(value)}" for part, value in parts.items()]
        runs.append(f" {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n }")
    path.write_text("{\n" + ",\n".join(runs) + "\n}\n", encoding="utf-8")


def main() -> None:
    """Make everything again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path, help=f"a checkout of commit {COMMIT[:7]}")
    old: Path = parser.parse_args().checkout.resolve()
    git = ["git", "-C", str(old)]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True).stdout
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "hornbook"]).returncode
    if head.strip() != COMMIT or changed:
        raise SystemExit(
            f"{old} is not a clean checkout of {COMMIT}: only its code made these runs."
        )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        corpora(old, folder)
        found, ends = expected(old, folder)
        for name in [*CORPORA, *(f"{name}.zip" for name in found)]:
            shutil.copy(folder / name, FOLDER / name)
        (FOLDER / "ends.safetensors").write_bytes(save(ends))
        write_expected(found, FOLDER / "expected.json")
    print(f"{len(found)} runs in {FOLDER}")


if __name__ == "__main__":
    main()
