"""Pages to give away in a real Chromium: they compute what the run computes, and can be used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

import hornbook
from hornbook.interchange.html.rounding import rounded_model
from hornbook.nn import BatchNorm1d, Net
from hornbook.text.models.contract import LanguageModel
from hornbook.text.models.guided import Guided
from hornbook.text.models.mixture import Mixture
from hornbook.text.models.ngram import NGram
from hornbook.text.sampling import SamplingSettings, sample
from hornbook.text.scores import score
from hornbook.tokenizers.hugging_face import HuggingFaceTokenizer
from tests.chromium import chromium
from tests.merges_made import SPLITS, fuzzed, merges_file
from tests.test_models import LINES, STEPWISE, TEXT, VARIANTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext
    from playwright.sync_api import Page as Tab

ALIKE = {
    "bigram l2", "mlp plain", "mlp deep", "mlp bias before norm", "mlp torch's BatchNorm",
    "mlp dropout", "bow loop", "bow softmax", "bow dropout", "gpt lecture's first",
    "wavenet relu, no norm", "wavenet gated", "rnn dropout", "gru",
    "lstm two layers, dropout", "lstm window",
}  # fmt: skip
"Variants that a page computes by the code of others: what differs is training, or left out."
NETS = [variant for variant in STEPWISE if variant not in ALIKE]
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
UNIFORMS = 48  # random numbers for a sample: as many as it has tokens at most


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
    told: dict[str, Any] = field(default_factory=dict)
    "What is given, and how much that counts."

    def ask(self, kind: str, **asked: Any) -> Any:
        """What the page's engine answers; numbers that JSON has not come as text."""
        code = """async ([kind, asked]) => JSON.stringify(await hornbook.ask(kind, asked),
            (_, x) => typeof x === "number" && !Number.isFinite(x) ? String(x) : x)"""
        return json.loads(self.tab.evaluate(code, [kind, asked]))

    def drawn(self, seed: int, settings: dict[str, Any]) -> tuple[str, bool]:
        """The page's sample for the random numbers of a seed."""
        names = {"top_k": "topK", "top_p": "topP"}
        asked = {"longest": UNIFORMS, **self.told}
        asked |= {names.get(name, name): value for name, value in settings.items()}
        uniforms = np.random.default_rng(seed).random(UNIFORMS).tolist()
        found = self.ask("sample", **asked, uniforms=uniforms)
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
            baseline=False, out=data / out, overwrite=True, mode=kind,
        )
    )  # fmt: skip


def check(page: Opened, text: str) -> None:
    """Logits, samples, and the costs of a text, beside the model's."""
    model, tokenizer, told = page.model, page.run.data.tokenizer, page.told
    ids = [tokenizer.start, *tokenizer.encode(text * 2).tolist()]
    state, wanted = None, []
    for token in ids:
        logits, state = model.step(np.array([token]), state)
        wanted.append(logits[0])
    found = np.array(page.ask("logits", ids=ids, **told), dtype=np.float64)
    assert np.isfinite(found).any()
    np.testing.assert_allclose(found, np.array(wanted, dtype=np.float64), rtol=0, atol=1e-4)
    ways: list[dict[str, Any]] = [
        {},
        {"temperature": 0.7, "prefix": text[:3]},
        {"top_k": 4, "top_p": 0.8},
        {"temperature": 2.5},
        {"temperature": 0.0, "longest": 5},  # later, where it repeats itself, two may be as likely
    ]
    for seed, way in enumerate(ways):
        assert page.drawn(seed, way) == page.drawn_by_python(seed, way), (seed, way)
    if told.get("guidance", 1) != 1:
        return  # which is of writing alone
    own = score(model, tokenizer, text)
    cost = page.ask("score", text=text, **told)
    assert [one["text"] for one in cost["characters"]] == [one.text for one in own.by_character]
    costs = [float(one["nats"]) for one in cost["characters"]]
    np.testing.assert_allclose(costs, [one.nats for one in own.by_character], atol=1e-4)
    nats = [float(one["nats"]) for one in cost["tokens"]]
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
    made = hornbook.train(
        data / "text.txt", model="ngram", mode="text", out=data / "counts", overwrite=True
    )
    check(opened(made, context), "to be, or that is")


@pytest.mark.parametrize(
    ("how", "kind"), [("product", "lines"), ("average", "lines"), ("product", "text")]
)
def test_a_mixture(how: Any, kind: str, data: Path, context: BrowserContext) -> None:
    untrained(data, kind, *VARIANTS["mlp"], out="net")
    hornbook.train(
        data / f"{kind}.txt", model="ngram", mode=kind, out=data / "counts", overwrite=True
    )
    made = hornbook.mix([data / "net", data / "counts"], how=how, out=data / "both", overwrite=True)
    assert isinstance(made.model, Mixture)
    assert isinstance(made.model.members[1], NGram)
    made.model.weights = np.full_like(made.model.weights, 0.4)
    check(opened(stirred(made), context), "olivia" if kind == "lines" else "not to be:")


GIVEN: dict[str, tuple[str, dict[str, Any]]] = {
    "ngram": ("ngram", {"order": 3}),
    "single tokens": ("ngram", {"order": 1, "smoothing": "add"}),
    "bigram": ("bigram", {}),
    **{name: VARIANTS[name] for name in ("mlp", "gpt", "lstm", "lstm window", "wavenet")},
}


def conditioned(data: Path, name: str, out: str = "given", **options: Any) -> hornbook.Run:
    """A run whose texts have a sex and a country, some of which are not given."""
    rows = [f"{text},{'FM'[i % 2]},{('', 'Wales', 'Malta')[i % 3]}" for i, text in enumerate(LINES)]
    (data / "table.csv").write_text("\n".join(["name,sex,country", *rows * 2]) + "\n")
    family, settings = GIVEN[name]
    return stirred(
        hornbook.train(
            data / "table.csv", model=family, settings=settings, column="name", baseline=False,
            training=None if family == "ngram" else {"steps": 0}, out=data / out,
            condition=["sex", "country"], overwrite=True, **options,
        )
    )  # fmt: skip


def check_given(page: Opened, text: str) -> None:
    """Beside the run's, with one value given, both, both with guidance, and none."""
    for given, guidance in (([0, 2], 1), ([2, 1], 1), ([1, 2], 2.5), ([0, 0], 3)):
        model = Guided(page.model, np.array(given), guidance) if any(given) else page.model
        told = {"given": given, "guidance": guidance if any(given) else 1}
        check(replace(page, model=model, told=told), text)


@pytest.mark.parametrize("name", GIVEN)
def test_conditions(name: str, data: Path, context: BrowserContext) -> None:
    check_given(opened(conditioned(data, name), context), "isabella")


def test_conditions_of_a_mixture(data: Path, context: BrowserContext) -> None:
    members = [conditioned(data, name, out=name).path for name in ("ngram", "mlp")]
    made = hornbook.mix(members, how="product", out=data / "both given", overwrite=True)
    check_given(opened(stirred(made), context), "olivia")


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


@pytest.mark.parametrize("split", SPLITS)
def test_byte_pairs_of_a_file(split: str, data: Path, context: BrowserContext) -> None:
    (data / "t.json").write_bytes(merges_file(split))
    written = "To be, or not to be: “that” is café 中文.\nIt's 2026, <tool>! e\u0301 anna\n"
    (data / "tokens.txt").write_text(written * 12, newline="")
    made = hornbook.train(
        data / "tokens.txt", model="ngram", settings={"order": 3}, mode="text",
        out=data / "tokens", overwrite=True, tokens=str(data / "t.json"),
    )  # fmt: skip
    page, tokenizer = opened(made, context), made.data.tokenizer
    assert tokenizer.kind == HuggingFaceTokenizer.kind
    for text in (*MANY_SCRIPTS, *fuzzed(60), "Tobe", "<pad><|endoftext|><tool>", ""):
        assert page.ask("encode", text=text) == tokenizer.encode(text).tolist(), text
    check(page, "to be: <tool> café")


@pytest.fixture(scope="module")
def names(data: Path, context: BrowserContext) -> Path:
    """A page of counts, with everything that a maker can give."""
    run = hornbook.train(
        data / "lines.txt", model="ngram", settings={"order": 4}, out=data / "used", overwrite=True
    )
    evil = '<img src=x onerror="document.title=1">'
    made = hornbook.export(
        run, to="html", out=str(data / "used.html"), title=f"Names {evil}", about="By Ada & Bo",
        licence="CC0", with_novelty=True,
    )  # fmt: skip
    return made.path


@pytest.fixture
def tab(names: Path, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Tab]:
    """The page as it is opened on a device; it must log no error and load nothing."""
    device = {"locale": "en-US", "viewport": {"width": 1200, "height": 900}}
    made = browser.new_context(**{**device, **getattr(request, "param", {})})
    opened_tab = made.new_page()
    wrong: list[str] = []
    opened_tab.on("console", lambda message: wrong.append(message.text))
    opened_tab.on("pageerror", lambda error: wrong.append(str(error)))
    opened_tab.on(
        "request",
        lambda asked: None if asked.url.startswith(("file:", "blob:")) else wrong.append(asked.url),
    )
    opened_tab.goto(names.as_uri())
    until(opened_tab, "document.querySelectorAll('#samples li').length === 20")
    yield opened_tab
    made.close()
    assert wrong == []


def until(tab: Tab, condition: str) -> None:
    """Wait until an expression is true; the page's policy forbids playwright's own way."""
    for _ in range(2_000):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(10)
    pytest.fail(f"never: {condition}")


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_it_writes_as_it_opens_and_marks_copies(tab: Tab) -> None:
    for waiting in ("#key", "#letters", "#instead", "#story", "#go-on"):
        assert tab.is_hidden(waiting), waiting
    until(tab, "document.querySelector('#writing-status').textContent.includes('20')")
    samples = tab.locator("#samples button span:first-child").all_text_contents()
    copied = tab.locator("#samples button", has_text="(in the training data)")
    marked = copied.locator("span:first-child").all_text_contents()
    assert len(samples) == 20
    assert set(marked) == set(samples) & set(LINES)
    copies = sum(one in LINES for one in samples)
    assert tab.text_content("#writing-status") == f"20 written. {copies} marked as training data."
    assert tab.get_attribute("#writing-status", "role") == "status"


def test_a_beginning_is_kept_and_unknown_letters_are_named(tab: Tab) -> None:
    tab.fill("#prefix", "iÄs")
    until(
        tab,
        "[...document.querySelectorAll('#samples button')].every(b => /^is/.test(b.textContent))"
        " && document.querySelector('#writing-status').textContent.includes('20')",
    )
    assert "Not in its vocabulary, and left out: Ä." in (tab.text_content("#writing-status") or "")


def test_by_keyboard_from_the_text_to_what_could_have_come(tab: Tab) -> None:
    tab.focus("#text")
    tab.keyboard.type("emma")
    tab.wait_for_selector("#letters button:nth-of-type(1)")
    until(tab, "document.querySelectorAll('#letters button').length === 5")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "e"
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("document.activeElement.textContent") == "m"
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#likely button")
    assert (tab.text_content("#instead-title") or "").endswith("after “em”")
    assert tab.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    tab.keyboard.press("Escape")
    tab.wait_for_selector("#instead", state="hidden")
    assert tab.evaluate("document.activeElement.textContent") == "m"
    tab.keyboard.press("End")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#likely button")
    tab.locator("#likely button", has_text="(end)").wait_for()
    other = tab.locator("#likely button:not(.this)").first
    taken = other.locator("span").first.text_content()
    other.click()
    until(tab, "document.querySelectorAll('#letters button').length === 6")
    assert tab.input_value("#text") == f"emma{taken}"


def test_a_sample_is_taken_to_be_looked_at(tab: Tab) -> None:
    first = tab.locator("#samples button").first
    text = first.locator("span").first.text_content()
    first.click()
    tab.wait_for_selector("#letters button")
    assert tab.input_value("#text") == text
    assert tab.evaluate("document.activeElement.id") == "text"


@pytest.mark.parametrize("tab", [{"locale": "zh-CN"}, {"locale": "de-DE"}], indirect=True)
def test_the_language_is_the_readers_or_the_one_that_is_chosen(tab: Tab) -> None:
    chinese = tab.evaluate("navigator.language") == "zh-CN"
    titles = {True: "让它写", False: "Let it write"}
    assert tab.text_content("#writing-title") == titles[chinese]
    assert tab.get_attribute("html", "lang") == ("zh-Hans" if chinese else "en")
    tab.click(f"[data-language={'en' if chinese else 'zh'}]")
    assert tab.text_content("#writing-title") == titles[not chinese]
    assert tab.get_attribute("[data-language=en]", "aria-pressed") == str(chinese).lower()
    assert "训练" in (tab.text_content("#facts") or "") or chinese


def test_a_title_that_nobody_gave_is_in_the_readers_language(data: Path, browser: Browser) -> None:
    run = hornbook.train(data / "lines.txt", model="ngram", out=data / "title", overwrite=True)
    path = hornbook.export(run, to="html", out=str(data / "title.html")).path
    made = browser.new_context(locale="zh-CN")
    alone = made.new_page()
    alone.goto(path.as_uri())
    alone.wait_for_selector("#samples li")
    for language, title in (
        ("zh", "lines：小型语言模型（ngram）"), ("en", "lines: a small language model (ngram)"),
    ):  # fmt: skip
        alone.click(f"[data-language={language}]")
        assert (alone.title(), alone.text_content("h1")) == (title, title)
    made.close()


@pytest.mark.parametrize(
    "tab", [PHONE, {**PHONE, "color_scheme": "dark", "locale": "zh-CN"}], indirect=True
)
def test_on_a_phone_nothing_is_wider_than_the_screen(tab: Tab) -> None:
    tab.fill("#text", "isabella" * 12)
    tab.wait_for_selector("#letters button")
    tab.locator("#letters button").nth(30).click()
    tab.wait_for_selector("#likely button")
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    small = """[...document.querySelectorAll("button, input, textarea, summary")]
        .filter(e => e.offsetParent && Math.min(e.offsetWidth, e.offsetHeight) < 24
                     && !e.closest("#letters")).map(e => e.outerHTML)"""
    assert tab.evaluate(small) == []


def test_what_is_given_is_chosen(data: Path, browser: Browser) -> None:
    phone: dict[str, Any] = {"locale": "en-US", **PHONE}

    def shown(run: hornbook.Run) -> Tab:
        path = hornbook.export(run, to="html", out=str(data / "chosen.html")).path
        tab = browser.new_context(**phone).new_page()
        tab.goto(path.as_uri())
        tab.fill("#text", "isabella")
        until(tab, "document.querySelectorAll('#letters button').length === 9")
        return tab

    tab = shown(conditioned(data, "ngram", out="chosen"))
    choice = tab.get_by_label("sex", exact=True)
    assert choice.locator("option").all_text_contents() == ["any", "F", "M"]
    assert tab.is_disabled("#guidance")
    before = tab.text_content("#reading-status")
    choice.select_option("F")
    tab.get_by_label("country", exact=True).select_option("Malta")
    until(tab, f"document.querySelector('#reading-status').textContent !== {json.dumps(before)}")
    run = hornbook.Run(data / "chosen")
    nats = run.score("isabella", condition=["sex=F", "country=Malta"]).nats_per_token
    assert (tab.text_content("#reading-status") or "").startswith(f"{nats:.2f} nats")
    tab.locator("#guidance").fill("4")  # so strong that all that is written is F's alone
    until(tab, "document.querySelector('#writing-status').textContent.startsWith('20')")
    assert tab.text_content("#guidance-shown") == "4.00"
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    tab.click("[data-language=zh]")
    assert choice.locator("option").first.text_content() == "任意"
    always = shown(conditioned(data, "mlp", out="chosen", drop_condition=0.0))
    told = always.get_by_label("sex", exact=True).locator("option").all_text_contents()
    assert told == ["F", "M"]  # a net that was never without
    assert always.is_hidden("#guidance")
    for one in (tab, always):
        one.context.close()


@pytest.mark.parametrize("tab", [{}, {"color_scheme": "dark"}], indirect=True)
def test_what_assistive_technology_reads(tab: Tab) -> None:
    tab.fill("#text", "ava b")
    tab.wait_for_selector("#letters button")
    nameless = """[...document.querySelectorAll("button, input, textarea, ol, [role=group]")]
        .filter(e => e.offsetParent && !(e.ariaLabel || e.labels?.length || e.textContent.trim()
                     || e.getAttribute("aria-labelledby"))).map(e => e.outerHTML)"""
    assert tab.evaluate(nameless) == []
    letters = tab.locator("#letters button")
    assert "probability" in (letters.first.get_attribute("aria-label") or "")
    levels = tab.locator("h1, h2").evaluate_all(
        "all => all.filter(e => e.offsetParent).map(e => e.tagName)"
    )
    assert levels == ["H1", "H2", "H2", "H2"]
    assert letters.evaluate_all("all => all.filter(e => e.tabIndex === 0).length") == 1
    read = tab.locator("body").aria_snapshot()
    for named in ('textbox "Begin with', 'slider "Temperature"', 'heading "What it expects"'):
        assert named in read


def test_what_a_maker_gives_is_text(tab: Tab) -> None:
    assert (tab.text_content("h1") or "").startswith("Names <img")
    assert tab.title().startswith("Names <img")
    assert tab.text_content(".lead") == "By Ada & Bo"
    assert tab.text_content("footer p") == "CC0"


def test_the_network_is_shut(names: Path, context: BrowserContext) -> None:
    alone = context.pages[0] if context.pages else context.new_page()
    alone.goto(names.as_uri())
    refused = """async (where) => {
        try { await fetch(where); return "loaded"; } catch { return "refused"; }
    }"""
    assert alone.evaluate(refused, "data:text/plain,x") == "refused"


def test_a_worker_is_not_needed(names: Path, browser: Browser) -> None:
    made = browser.new_context(locale="en-US")
    made.add_init_script("delete globalThis.Worker")
    alone = made.new_page()
    alone.goto(names.as_uri())
    until(alone, "document.querySelectorAll('#samples li').length === 20")
    made.close()


def test_one_text_is_written_stopped_and_gone_on_with(data: Path, browser: Browser) -> None:
    run = hornbook.train(
        data / "text.txt", model="ngram", mode="text", out=data / "story", overwrite=True
    )
    path = hornbook.export(run, to="html", out=str(data / "story.html")).path
    made = browser.new_context(locale="en-US")
    alone = made.new_page()
    alone.goto(path.as_uri())
    alone.wait_for_selector("#go-on:not([hidden])")
    alone.fill("#prefix", "that is")
    alone.click("#write")
    until(alone, "document.querySelector('#story').textContent.length === 507")
    first = alone.text_content("#story") or ""
    assert first.startswith("that is")
    alone.wait_for_selector("#go-on:not([hidden])")
    alone.click("#go-on")
    until(alone, "document.querySelector('#story').textContent.length === 1007")
    assert (alone.text_content("#story") or "").startswith(first)
    made.close()


def test_answers_that_are_made_at_once_do_not_touch_each_other(
    data: Path, context: BrowserContext
) -> None:
    page = opened(untrained(data, "text", *VARIANTS["gpt"], out="net"), context)
    ask = """async (together) => {
        const uniforms = Array.from({length: 400}, (_, i) => (i * 0.618034) % 1);
        const calls = [0, 1, 2].map((i) => () => hornbook.ask("sample",
            {prefix: ["to", "be", "or"][i], more: 400, uniforms}));
        const found = [];
        if (together) found.push(...(await Promise.all(calls.map((call) => call()))));
        else for (const call of calls) found.push(await call());
        return found.map((one) => one.text);
    }"""
    assert page.tab.evaluate(ask, True) == page.tab.evaluate(ask, False)


def test_a_page_that_is_damaged_says_so(names: Path, browser: Browser) -> None:
    html = names.read_text(encoding="utf-8")
    begin = html.index('id="arrays">') + len('id="arrays">')
    broken = names.with_name("broken.html")
    broken.write_text(html[:begin] + "AAAA" + html[begin + 4 :], encoding="utf-8")
    made = browser.new_context(locale="en-US")
    alone = made.new_page()
    alone.goto(broken.as_uri())
    alone.locator("#writing-status", has_text="The model could not be read").wait_for()
    assert alone.is_disabled("#write")
    made.close()
