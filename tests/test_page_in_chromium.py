"""Pages to give away in a real Chromium: they compute what the run computes, and can be used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

import hornbook
from hornbook.interchange.html.rounding import rounded_model
from hornbook.nn import BatchNorm1d, Net
from hornbook.text.models.contract import LanguageModel
from hornbook.text.models.mixture import Mixture
from hornbook.text.models.ngram import NGram
from hornbook.text.sampling import SamplingSettings, sample
from hornbook.text.scores import score
from tests.chromium import chromium
from tests.test_models import LINES, TEXT, VARIANTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext
    from playwright.sync_api import Page as Tab

NETS = [
    "bigram", "bigram one-hot", "mlp", "mlp relu layer norm", "mlp deep, output bias", "bow",
    "wavenet", "wavenet threes, layer norm, dropout", "wavenet on windows",
    "wavenet gated, two cycles of threes, dropout", "gpt", "gpt lecture's one head",
    "gpt lecture's last", "gpt gelu, tied, capped", "gpt swiglu, no position",
    "gpt window shorter than the row", "rnn", "rnn relu from the identity, two layers",
    "rnn added", "rnn concatenated", "rnn window", "gru two layers", "lstm",
]  # fmt: skip
"Every family of nets, and each variant for which the page has code of its own."
COUNTS: dict[str, dict[str, Any]] = {
    "kneser-ney": {},
    "single tokens": {"order": 1},
    "pruned": {"prune": (0, 0, 1)},
    "add": {"smoothing": "add", "order": 3},
    "mle": {"smoothing": "mle", "order": 4},
}
TOKENS: dict[str, dict[str, Any]] = {
    "graphemes": {"tokens": "graphemes"},
    "bytes": {"tokens": "bytes"},
    "words": {"tokens": "words"},
    "words in lowercase": {"tokens": "words", "lowercase": True},
    **{
        f"byte pairs, {pattern}": {"tokens": "bpe", "vocab_size": 290, "pattern": pattern}
        for pattern in ("gpt2", "gpt4", "llama3", "o200k")
    },
}
MANY_SCRIPTS = (
    "It's I'LL we'Ve 12345 67.8 don’t 'ſ x\u00a0y\u2028z\x85w  \n\n  end  ",
    "a\tb\r\nc  d\n \n", "日本語のテキスト 中文 ไทยดี 한국어 नमस्ते", "cafe\u0301 👨‍👩‍👧 🇩🇪",
    "HELLOWorld ABCdef ʰǅ", f"{'x' * 40}{' ' * 9}\n", "'s't're 'S'T",
    "\ufeffbom \0 \x1f", "Ünïcödé İstanbul ΣΑΣ",
)  # fmt: skip
UNIFORMS = 60  # random numbers for a sample: as many as it has tokens at most


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(locale="en-US", viewport={"width": 1200, "height": 900})
    yield made
    made.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with lines and a text."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "lines.txt").write_text("\n".join(LINES) + "\n")
    (folder / "text.txt").write_text(TEXT)
    return folder


@dataclass
class Opened:
    """A run, its page in the browser, and the model that the page has."""

    run: hornbook.Run
    tab: Tab
    model: LanguageModel

    def ask(self, kind: str, **asked: Any) -> Any:
        """What the page's engine answers; numbers that JSON has not come as text."""
        code = """async ([kind, asked]) => JSON.stringify(await hornbook.ask(kind, asked),
            (_, x) => typeof x === "number" && !Number.isFinite(x) ? String(x) : x)"""
        return json.loads(self.tab.evaluate(code, [kind, asked]))

    def drawn(self, seed: int, settings: dict[str, Any]) -> tuple[str, bool]:
        """The page's sample for the random numbers of a seed."""
        names = {"top_k": "topK", "top_p": "topP"}
        asked = {names.get(name, name): value for name, value in settings.items()}
        uniforms = np.random.default_rng(seed).random(UNIFORMS).tolist()
        found = self.ask("sample", **asked, longest=UNIFORMS, uniforms=uniforms)
        return found["text"], found["ended"]

    def drawn_by_python(self, seed: int, settings: dict[str, Any]) -> tuple[str, bool]:
        """`hornbook sample`'s, of the page's model."""
        asked = SamplingSettings(n=1, seed=seed, crop_prefix=True, **settings)
        (found,) = sample(self.model, self.run.data.tokenizer, asked, longest=UNIFORMS)
        return found.text, found.ended


def opened(run: hornbook.Run, context: BrowserContext, **settings: Any) -> Opened:
    """The page of a run, ready."""
    path = run.path.with_suffix(".html")
    made = hornbook.export(run, to="html", out=str(path), **settings)
    loss: Any = made.figures["loss"]
    tab = context.pages[0] if context.pages else context.new_page()
    tab.goto(path.as_uri())
    tab.evaluate("hornbook.ready")
    return Opened(run, tab, rounded_model(run, loss["precision"] or "float32"))


def stirred(run: hornbook.Run) -> hornbook.Run:
    """A run whose net says something at every position, though it was never trained."""
    generator = torch.Generator().manual_seed(7)
    nets = run.model.members if isinstance(run.model, Mixture) else [run.model]
    for net in nets:
        if isinstance(net, Net):
            with torch.no_grad():
                for parameter in net.parameters():
                    parameter.normal_(0, 0.3, generator=generator)
                for layer in net.modules():
                    if isinstance(layer, BatchNorm1d):
                        layer.running_mean.normal_(0, 0.5, generator=generator)
                        layer.running_var.uniform_(0.5, 2, generator=generator)
    return run


def untrained(data: Path, kind: str, name: str, settings: dict[str, Any], out: str) -> hornbook.Run:
    """A net with the weights of chance."""
    return stirred(
        hornbook.train(
            data / f"{kind}.txt", model=name, settings=settings, training={"steps": 0},
            baseline=False, out=data / out, overwrite=True,
        )
    )  # fmt: skip


def check(page: Opened, text: str) -> None:
    """Logits, samples, and the costs of a text, beside the model's."""
    model, tokenizer = page.model, page.run.data.tokenizer
    ids = [tokenizer.start, *tokenizer.encode(text * 2).tolist()]
    state, wanted = None, []
    for token in ids:
        logits, state = model.step(np.array([token]), state)
        wanted.append(logits[0])
    found = np.array(page.ask("logits", ids=ids), dtype=np.float64)
    assert np.isfinite(found).any()
    np.testing.assert_allclose(found, np.array(wanted, dtype=np.float64), rtol=0, atol=1e-4)
    ways: list[dict[str, Any]] = [
        {},
        {"temperature": 0.7, "prefix": text[:3]},
        {"top_k": 4, "top_p": 0.8},
        {"temperature": 0.0},
    ]
    for seed, way in enumerate(ways * 2):
        assert page.drawn(seed, way) == page.drawn_by_python(seed, way), (seed, way)
    own = score(model, tokenizer, text)
    told = page.ask("score", text=text)
    assert [one["text"] for one in told["characters"]] == [one.text for one in own.by_character]
    costs = [float(one["nats"]) for one in told["characters"]]
    np.testing.assert_allclose(costs, [one.nats for one in own.by_character], atol=1e-4)
    nats = [float(one["nats"]) for one in told["tokens"]]
    np.testing.assert_allclose(nats, own.nats, atol=1e-4)


@pytest.mark.parametrize("variant", NETS)
def test_a_net(variant: str, data: Path, context: BrowserContext) -> None:
    name, settings = VARIANTS[variant]
    check(opened(untrained(data, "lines", name, settings, "net"), context), "isabella")


@pytest.mark.parametrize("name", ["mlp", "gpt", "gpt lecture's last", "lstm"])
def test_a_net_on_one_text(name: str, data: Path, context: BrowserContext) -> None:
    family, settings = VARIANTS[name]
    check(opened(untrained(data, "text", family, settings, "net"), context), "to be: the question")


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name: str, data: Path, context: BrowserContext) -> None:
    made = hornbook.train(
        data / "lines.txt",
        model="ngram",
        settings=COUNTS[name],
        out=data / "counts",
        overwrite=True,
    )
    check(opened(made, context), "amelia")


def test_counts_of_one_text(data: Path, context: BrowserContext) -> None:
    made = hornbook.train(data / "text.txt", model="ngram", out=data / "counts", overwrite=True)
    check(opened(made, context), "to be, or that is")


@pytest.mark.parametrize("how", ["product", "average"])
@pytest.mark.parametrize("kind", ["lines", "text"])
def test_a_mixture(how: Any, kind: str, data: Path, context: BrowserContext) -> None:
    untrained(data, kind, *VARIANTS["mlp"], out="net")
    hornbook.train(data / f"{kind}.txt", model="ngram", out=data / "counts", overwrite=True)
    made = hornbook.mix([data / "net", data / "counts"], how=how, out=data / "both", overwrite=True)
    assert isinstance(made.model, Mixture)
    assert isinstance(made.model.members[1], NGram)
    made.model.weights = np.full_like(made.model.weights, 0.4)
    check(opened(stirred(made), context), "olivia" if kind == "lines" else "not to be:")


@pytest.mark.parametrize("name", TOKENS)
def test_tokens(name: str, data: Path, context: BrowserContext) -> None:
    written = (
        "To be, or not to be: “that” is café 中文.\nIt's 2026, IT'LL be fine! e\u0301 👨‍👩‍👧\n"
    )
    (data / "tokens.txt").write_text(written * 12, newline="")
    made = hornbook.train(
        data / "tokens.txt", model="ngram", settings={"order": 3}, mode="text",
        out=data / "tokens", overwrite=True, **TOKENS[name],
    )  # fmt: skip
    page = opened(made, context)
    if "graphemes" not in name:  # of which it knows only those of the data
        for text in MANY_SCRIPTS:
            assert page.ask("encode", text=text) == made.data.tokenizer.encode(text).tolist(), text
    for text in (written, "be fine! 中文 e\u0301", ""):
        assert page.ask("encode", text=text) == made.data.tokenizer.encode(text).tolist(), text
    check(page, "to be: fine!" if "words" not in name else "To be, or not to be:")
