"""`hornbook export --to html`: what is written, what it says of itself, what it refuses."""

from __future__ import annotations

import base64
import gzip
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hornbook
from hornbook.errors import HornbookError, RunError, SettingsError
from hornbook.extras import has
from hornbook.interchange.formats import FORMATS
from hornbook.interchange.html import export as page_export
from hornbook.interchange.html.bloom import Bloom
from hornbook.interchange.html.bundle import bundled, page_file
from hornbook.interchange.html.layers import DESCRIBED, described_net
from hornbook.interchange.html.patterns import javascript_pattern
from hornbook.interchange.html.rounding import measured_rounding, rounded_model
from hornbook.interchange.html.tensors import Packed, rounded
from hornbook.nn import Layer, Sequential
from hornbook.text.models import family
from hornbook.text.models.network import Network
from hornbook.tokenizers.contract import Vocabulary
from tests.command import typed
from tests.some_films import write_films
from tests.some_names import write_names
from tests.test_models import LINES, STEPWISE, VARIANTS

PAGE = Path(page_export.__file__).parent / "page"


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> hornbook.Run:
    names = write_names(tmp_path_factory.mktemp("page") / "names.txt", slice(0, 400))
    return hornbook.train(names, model="ngram", settings={"order": 3}, out=names.parent / "counts")


@pytest.fixture(scope="module")
def net(counts: hornbook.Run) -> hornbook.Run:
    return hornbook.train(
        counts.path.parent / "names.txt", model="mlp", settings={"n_hidden": (12,), "n_embd": 4},
        training={"steps": 0}, baseline=False, out=counts.path.parent / "net",
    )  # fmt: skip


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> hornbook.Run:
    path = tmp_path_factory.mktemp("page") / "text.txt"
    path.write_text("to be, or not to be: that is the question.\n" * 30)
    return hornbook.train(path, model="ngram", mode="text", out=path.parent / "counts")


def parts(page: Path) -> tuple[dict[str, Any], bytes]:
    """A page's description of its model, and its arrays."""
    html = page.read_text(encoding="utf-8")
    model = re.search(r'<script type="application/json" id="model">(.*?)</script>', html, re.DOTALL)
    arrays = re.search(r'<script type="text/plain" id="arrays">(.*?)</script>', html, re.DOTALL)
    assert model is not None
    assert arrays is not None
    return json.loads(model[1]), gzip.decompress(base64.b64decode(arrays[1]))


def test_it_says_what_it_wrote_and_what_that_holds(
    net: hornbook.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.html"
    status, said, told = typed(capsys, "export", str(net.path), "--to", "html", "--out", str(out))
    assert (status, said) == (0, f"{out}\n")
    assert "MB, in one file" in told
    assert re.search(r"Loss on dev, [\d,]+ tokens: 3\.\d{4} nats per token with", told)
    assert "with the page's (int8)" in told
    letters = len(net.data.tokenizer.characters)
    assert f"its vocabulary: the {letters} different characters of the data" in told
    assert "No training text. The weights may have memorised parts" in told
    status, said, _ = typed(
        capsys, "export", str(net.path), "--to", "html", "--out", str(out), "--json",
        "--weights", "float16", "--with-novelty",
    )  # fmt: skip
    assert status == 0
    found = json.loads(said)
    assert found["path"] == str(out)
    assert found["bytes"] == out.stat().st_size
    assert found["loss"]["precision"] == "float16"
    assert found["parameters"] == net.model.n_parameters
    examples = len(set(net.data.splits.train))
    assert f"A Bloom filter of the {examples} training examples" in found["holds"][-1]


def test_counts_are_said_to_be_of_the_data(counts: hornbook.Run, tmp_path: Path) -> None:
    made = hornbook.export(counts, to="html", out=str(tmp_path / "page.html"))
    told = "\n".join(map(str, made.remarks))
    assert "counts of the data: every sequence of up to 3 tokens, with how often" in told
    assert "the counts are exact" in told
    assert "No training text" not in told


def test_it_holds_no_training_text(net: hornbook.Run, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    for novelty in (False, True):
        hornbook.export(net, to="html", out=str(out), with_novelty=novelty, title="A page")
        model, arrays = parts(out)
        held = json.dumps(model) + arrays.decode("latin-1") + out.read_text(encoding="utf-8")
        program = bundled("start") + page_file("page.html") + page_file("style.css")
        longer = [one for one in net.data.splits.train if len(one) > 4 and one not in program]
        assert len(longer) > 100
        assert not [one for one in longer if one in held]


def test_the_same_run_gives_the_same_page(net: hornbook.Run, tmp_path: Path) -> None:
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    for page in pages:
        hornbook.export(net.path, to="html", out=str(page))
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_what_is_foreign_stays_text(net: hornbook.Run, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    evil = '</script><script>alert(1)</script><!-- "\u202e'
    hornbook.export(net, to="html", out=str(out), title=evil, about=evil, licence=evil)
    html = out.read_text(encoding="utf-8")
    assert html.count("<script") == 3
    assert "alert(1)</script>" not in html
    assert "\u202e" not in html


def test_nothing_may_be_loaded(net: hornbook.Run, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    hornbook.export(net, to="html", out=str(out))
    html = out.read_text(encoding="utf-8")
    assert "default-src 'none'" in html[:600]
    assert "connect-src" not in html
    assert not re.search(r"\b(src|href)=", html)
    assert not re.search(r"https?:", html)
    program = re.sub(r"/\*.*?\*/", "", bundled("start"), flags=re.DOTALL)
    for word in ("innerHTML", "insertAdjacentHTML", "eval(", "fetch(", "XMLHttpRequest", "import("):
        assert word not in program, word


def test_the_title_names_the_data_only_where_none_is_given(
    net: hornbook.Run, tmp_path: Path
) -> None:
    out = tmp_path / "page.html"
    hornbook.export(net, to="html", out=str(out))
    assert "<title>names: a small language model (mlp)</title>" in out.read_text(encoding="utf-8")
    hornbook.export(net, to="html", out=str(out), title="Mine")
    assert "names" not in out.read_text(encoding="utf-8").partition("<script")[0]


@pytest.mark.parametrize("precision", ["int8", "float16", "float32"])
def test_a_page_has_the_weights_that_were_measured(
    precision: Any, net: hornbook.Run, tmp_path: Path
) -> None:
    out = tmp_path / "page.html"
    hornbook.export(net, to="html", out=str(out), weights=precision)
    model, data = parts(out)
    name = next(name for name in model["arrays"] if name.endswith("0.weight"))
    entry = model["arrays"][name]

    def taken(entry: dict[str, Any]) -> bytes:
        return data[entry["at"] : entry["at"] + entry["length"]]

    packed = np.frombuffer(taken(entry), dtype=entry["type"])
    wanted = rounded_model(net, precision).arrays()[name]
    found = packed.astype(np.float32).reshape(wanted.shape)
    if precision == "int8":
        found *= np.frombuffer(taken(model["arrays"][entry["scales"]]), dtype=np.float32)[:, None]
    assert np.array_equal(found, wanted)
    given = net.model.arrays()[name]
    largest = np.abs(given).max(axis=1, keepdims=True)
    bounds = {"int8": largest / 254, "float16": np.abs(given) / 2**11, "float32": 0 * largest}
    assert (np.abs(wanted - given) <= bounds[precision] * (1 + 1e-5) + 1e-12).all()


def test_exponents_of_a_mixture_and_vectors_are_not_rounded() -> None:
    exponents = np.array([[0.1, 0.7], [0.3, 1.234567]])
    assert rounded(exponents, "int8") is exponents
    vector = np.array([0.1, 0.2], dtype=np.float32)
    assert rounded(vector, "float16") is vector
    zeros = np.zeros((2, 3), dtype=np.float32)
    assert np.array_equal(rounded(zeros, "int8"), zeros)


def test_the_smallest_precision_that_costs_nothing_is_taken(counts: hornbook.Run) -> None:
    run = hornbook.train(
        counts.path.parent / "names.txt", model="bigram", training={"steps": 60}, baseline=False,
        out=counts.path.parent / "bigram", overwrite=True,
    )  # fmt: skip
    assert measured_rounding(run, "auto").precision == "int8"
    with torch.no_grad():  # what is added to a whole row of logits changes nothing
        weight = run.model.weight
        weight += 500 * torch.linspace(-1, 1, len(weight))[:, None]
    coarse = measured_rounding(run, "int8")
    assert coarse.page > coarse.run + 0.01
    chosen = measured_rounding(run, "auto")
    assert chosen.precision == "float16" or chosen.page - chosen.run <= 1e-3
    with torch.no_grad():
        weight += 1e5
    assert measured_rounding(run, "auto").precision == "float32"


def test_weights_that_are_no_numbers_are_refused(counts: hornbook.Run, tmp_path: Path) -> None:
    run = hornbook.train(
        counts.path.parent / "names.txt", model="bigram", training={"steps": 0}, baseline=False,
        out=tmp_path / "bigram",
    )  # fmt: skip
    with torch.no_grad():
        run.model.weight[0, 0] = torch.nan
    with pytest.raises(RunError, match=r"not finite \(net.layers.0.weight\)"):
        hornbook.export(run, to="html", out=str(tmp_path / "page.html"))
    assert not (tmp_path / "page.html").exists()


def test_without_data_samples_are_measured(net: hornbook.Run, tmp_path: Path) -> None:
    stripped = hornbook.train(
        net.path.parent / "names.txt", model="bigram", training={"steps": 0}, baseline=False,
        out=tmp_path / "net",
    )  # fmt: skip
    hornbook.strip(stripped.path)
    made = hornbook.export(stripped.path, to="html", out=str(tmp_path / "page.html"))
    loss: Any = made.figures["loss"]
    assert loss["on"] == "samples"
    assert loss["run"] == pytest.approx(np.log(stripped.data.shape.size), abs=0.2)
    with pytest.raises(SettingsError, match="needs the training examples"):
        hornbook.export(
            stripped.path, to="html", out=str(tmp_path / "page.html"), with_novelty=True
        )


@pytest.mark.parametrize("variant", STEPWISE)
def test_every_net_can_be_described(variant: str) -> None:
    name, settings = VARIANTS[variant]
    kind = family(name).load()
    model = kind(kind.Settings(**settings), Vocabulary(27, 0, 0))
    if isinstance(model, Network):
        packed = Packed()
        spec = described_net(model, packed, window=model.block_size, start=0)
        assert spec["kind"] == "chain"
        names = {name for name in model.arrays() if not name.startswith("anchor")}
        held = sum(np.prod(model.arrays()[one].shape) for one in names)
        assert packed.size <= 8 * held + 8 * len(packed.entries)


def test_a_layer_that_the_page_has_not_is_refused_by_name() -> None:
    class Strange(Layer):
        def vjp(self, x: Any) -> Any:
            raise NotImplementedError

    model = VARIANTS["mlp"][0]
    kind = family(model).load()
    net = kind(kind.Settings(), Vocabulary(27, 0, 0))
    net.net = Sequential(*net.net.chain, Strange())
    with pytest.raises(SettingsError, match="no layer Strange"):
        described_net(net, Packed(), window=8, start=0)


def test_a_net_with_the_lectures_bug_is_refused() -> None:
    kind = family("wavenet").load()
    settings = kind.Settings(form="tree", norm_by_position=True, n_hidden=4)
    with pytest.raises(SettingsError, match="norm_by_position") as caught:
        described_net(kind(settings, Vocabulary(27, 0, 0)), Packed(), window=8, start=0)
    assert "without `norm_by_position`" in caught.value.hint


def test_the_page_knows_every_kind_that_is_described() -> None:
    layers = page_file("layers.js")
    source = Path(page_export.__file__).with_name("layers.py").read_text(encoding="utf-8")
    kinds = set(re.findall(r'"kind": "(\w+)"', source))
    table = layers[layers.index("const KINDS") :].partition("\n};")[0]
    known = set(re.findall(r"^  (\w+)(?:\(|,|:)", table, re.MULTILINE))
    assert kinds <= known
    assert len(DESCRIBED) > 20


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What is said of an export that fails, with status 1 and nothing written."""
    status, said, told = typed(capsys, "export", *words)
    assert (status, said) == (1, "")
    assert "Traceback" not in told
    return told


def test_refusals(
    counts: hornbook.Run,
    net: hornbook.Run,
    text: hornbook.Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = ("--to", "html", "--out", str(tmp_path / "page.html"))
    assert "--with-novelty marks samples" in refused(capsys, str(text.path), *out, "--with-novelty")
    monkeypatch.setattr(page_export, "LARGEST", 100)
    told = refused(capsys, str(counts.path), *out)
    assert f"up to 100 learned numbers; this run has {counts.model.n_parameters:,}" in told
    stopped: list[str] = []  # nets are refused before their weights are read
    monkeypatch.setattr(hornbook.Run, "model", property(lambda run: stopped.append(run.family)))
    told = refused(capsys, str(net.path), *out)
    assert f"this run has {net.record.parameters:,}" in told
    assert not stopped
    monkeypatch.undo()
    assert "must end in .html" in refused(
        capsys, str(counts.path), "--to", "html", "--out", "x.txt"
    )
    other = tmp_path / "other.html"
    other.write_text("<p>mine</p>")
    told = refused(capsys, str(counts.path), "--to", "html", "--out", str(other))
    assert "hornbook did not write it" in told
    assert "does not exist" in refused(capsys, str(tmp_path / "none"), *out)
    assert [path.name for path in tmp_path.iterdir()] == ["other.html"]
    status, _, told = typed(capsys, "export", str(counts.path), "--to", "docx")
    assert status == 2
    assert "docx" in told
    with pytest.raises(SettingsError, match="`to` must be one of html"):
        hornbook.export(counts, to="htlm")
    with pytest.raises(HornbookError, match="titel"):
        hornbook.export(counts, to="html", titel="x")


@pytest.mark.parametrize(
    "to",
    [
        to
        for to, one in FORMATS.items()
        if to != "tensorboard" and (not one.needs or has(one.needs))  # which has curves alone
    ],
)
def test_runs_of_other_tasks_are_refused_with_what_to_do(to: str, tmp_path: Path) -> None:
    write_films(tmp_path)
    pairs = "".join(f"{name}\t{name[::-1]}\n" for name in LINES)
    (tmp_path / "pairs.tsv").write_text(f"word\treversed\n{pairs}")
    for path, model in (("ratings.csv", "means"), ("pairs.tsv", "copy")):
        run = hornbook.train(tmp_path / path, model=model, out=tmp_path / model)
        with pytest.raises(SettingsError, match=r"run of the task (ratings|pairs)") as caught:
            hornbook.export(run, to=to, out=str(tmp_path / f"out.{to}"))
        assert str(run.path) in str(caught.value)


def test_raw_bytes_and_tokens_of_a_library_are_refused(tmp_path: Path) -> None:
    raw = tmp_path / "raw.bin"
    raw.write_bytes(bytes(range(256)) * 20)
    run = hornbook.train(raw, model="ngram", tokens="bytes", mode="text", out=tmp_path / "raw")
    with pytest.raises(SettingsError, match="files that are not text"):
        hornbook.export(run, to="html", out=str(tmp_path / "page.html"))


def test_help_names_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    _, said, _ = typed(capsys, "export", "--help")
    for name, line in FORMATS.items():
        assert re.search(rf"^  {name} +{re.escape(line.summary)}$", said, re.MULTILINE)
    assert "--with-novelty" in said


def test_modules_are_joined_whole() -> None:
    joined = bundled("start")
    for path in PAGE.glob("*.js"):
        assert f"\n// {path.name}\n" in joined, f"{path.name} is imported by nothing"
    assert not re.search(r"^(import|export) ", joined, re.MULTILINE)
    assert joined.count("</script") == joined.count("<!--") == 0


def test_modules_that_cannot_be_joined_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {
        "a.js": 'import { b } from "./b.js";\nexport const a = b;\n',
        "b.js": 'import { a } from "./a.js";\nexport const b = 1;\n',
        "c.js": 'import { d } from "./d.js";\nconst helper = 1;\n',
        "d.js": "function helper() {}\nexport const d = 1;\n",
        "e.js": 'import * as d from "./d.js";\n',
    }
    monkeypatch.setattr("hornbook.interchange.html.bundle.page_file", texts.__getitem__)
    for entry, fault in (("a", "a -> b -> a"), ("c", "helper is in d.js"), ("e", "cannot join")):
        with pytest.raises(ValueError, match=fault):
            bundled.__wrapped__(entry)


def test_patterns() -> None:
    assert (
        javascript_pattern(r"\s+(?!\S)|\s")
        == r"\p{White_Space}+(?!\P{White_Space})|\p{White_Space}"
    )
    assert javascript_pattern(r"(?i:'s|[dt])x\z") == "(?:'[sSſ]|[dDtT])x$"
    assert javascript_pattern(r"[^\s\d\-']") == r"[^\p{White_Space}\p{Nd}\-']"
    assert javascript_pattern(r"\'\U00020000.") == r"'\u{20000}[^\n]"
    with pytest.raises(SettingsError, match="leaves the case of 'é' out"):
        javascript_pattern("(?i:é)")


def test_a_bloom_filter_forgets_nothing_and_errs_as_seldom_as_it_says() -> None:
    texts = [f"example {number}" for number in range(3_000)]
    made = Bloom.of(texts, wrong=0.01)
    assert all(text in made for text in texts)
    others = sum(f"other {number}" in made for number in range(10_000))
    assert made.wrong == pytest.approx(0.01, rel=0.15)
    assert 60 < others < 145  # 100 expected; a binomial's five standard deviations
    assert "anything" not in Bloom.of([])
    few = Bloom.of(texts[:9])  # of which a filter of the best size would err far more often
    assert sum(f"other {number}" in few for number in range(20_000)) <= 2


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, from 1 to 21."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_read_in_the_light_and_in_the_dark() -> None:
    schemes = re.findall(r":root \{(.*?)\}", page_file("style.css"), re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        colour = dict(re.findall(r"--([\w-]+): (#\w{6})", scheme))
        for ink in ("ink", "quiet"):
            for ground in ("paper", "card"):
                assert contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
        assert contrast(colour["ink"], colour["hot"]) >= 4.5
        assert contrast(colour["quiet"], colour["card"]) >= 4.5
        assert contrast(colour["on-accent"], colour["accent"]) >= 4.5
        for sign in ("line", "accent", "bar"):  # edges of controls, focus, bars
            assert contrast(colour[sign], colour["card"]) >= 3, sign


def test_both_languages_say_everything() -> None:
    words = page_file("words.js")
    tables = [words.partition(f"const {name} = {{")[2].partition("\n};")[0] for name in
              ("ENGLISH", "CHINESE")]  # fmt: skip
    names = [re.findall(r"^ +(\w+): ", table, re.MULTILINE) for table in tables]
    assert names[0] == names[1]
    values = [re.findall(r'^ +\w+: +"(.*)",$', table, re.MULTILINE) for table in tables]
    assert len(values[0]) == len(values[1]) == len(names[0]) - 1  # families is a table
    for english, chinese in zip(*values, strict=True):
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese))
    used = set(re.findall(r'say\(\s*"(\w+)"', bundled("start")))
    used |= set(re.findall(r'data-words="(\w+)"', page_file("page.html")))
    assert used <= set(names[0])
    assert all(earlier != later for earlier, later in pairwise(names[0]))


def test_flags_of_other_formats_are_named(
    counts: hornbook.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(capsys, str(counts.path), "--to", "gguf", "--title", "x")
    assert "--title has no effect on the format gguf: it is for html and huggingface." in told
