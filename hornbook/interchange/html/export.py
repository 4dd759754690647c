"""`export` to html: a run as one page."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template

from hornbook.errors import SettingsError
from hornbook.interchange.formats import Exported
from hornbook.interchange.html.bloom import Bloom
from hornbook.interchange.html.bundle import bundled, page_file
from hornbook.interchange.html.conditions import described_conditions
from hornbook.interchange.html.holdings import Said, holdings
from hornbook.interchange.html.models import described_model
from hornbook.interchange.html.rounding import Rounding, measured_rounding
from hornbook.interchange.html.settings import PageSettings
from hornbook.interchange.html.tensors import Packed
from hornbook.interchange.html.tokens import described_tokenizer
from hornbook.interchange.text_only import refuse_other_tasks
from hornbook.outputs import MADE_BY, writable_format, write_output
from hornbook.records import JSON, as_json
from hornbook.rendering import figure
from hornbook.reports.elements import escape
from hornbook.reports.policy import policy
from hornbook.runs import Run
from hornbook.text.sample_question import own_temperature
from hornbook.text.stream import ABSENT
from hornbook.version import __version__

__all__ = ["LARGEST", "Page"]

TITLE: Said = {
    "en": "{name}: a small language model ({family})",
    "zh": "{name}：小型语言模型（{family}）",
}
"Where none is given: in the language of the reader."
LARGEST = 5_000_000  # learned numbers: a page of 5 to 10 MB, read in a second or two


class Page:
    """Writes runs on text as pages that anyone can open."""

    options = PageSettings

    def write(self, run: Run, out: str | None, settings: PageSettings) -> Exported:
        """Write the page of a run.

        Raises:
            SettingsError: if the run is of another task, too large, or made of what a page cannot
                compute.
            RunError: if the page cannot be written.
        """
        path = Path(out if out is not None else f"{run.path.absolute().name}.html")
        writable_format(path, "html")
        refuse_unfit(run)
        tokenizer = described_tokenizer(run.data.tokenizer)
        described_model(run.model, Packed())  # what cannot be described is refused before the work
        bloom, examples = filter_of(run) if settings.with_novelty else (None, 0)
        rounding = measured_rounding(run, settings.weights)
        held = holdings(run, bloom, examples)
        packed = Packed(rounding.precision or "float32")
        model: dict[str, JSON] = {
            "kind": run.data.kind,
            "title": {} if settings.title else dict(usual_title(run)),
            "model": described_model(run.model, packed),
            "tokenizer": tokenizer,
            "conditions": described_conditions(run),
            "novelty": described_filter(bloom, packed),
            "longest": run.data.longest,
            "context": run.model.context,
            "before": first_read(run),
            "temperature": own_temperature(run) or 1.0,
            "facts": facts_of(run, rounding, held),
        }
        page = page_of(run, settings, {**model, "arrays": packed.entries}, packed.base64())
        write_output(path, page)
        figures: dict[str, JSON] = {
            "format": "html",
            "bytes": len(page),
            "parameters": run.model.n_parameters,
            "loss": rounding.as_dict(),
            "holds": [one["en"] for one in held],
        }
        return Exported(path, figures, [size_told(page), loss_told(rounding), *told(held)])


def refuse_unfit(run: Run) -> None:
    """Refuse what no page can be made of.

    Raises:
        SettingsError: saying what stands in the way.
    """
    refuse_other_tasks(run, "A page")
    count = learned_numbers(run)
    if count > LARGEST:
        raise SettingsError(
            f"A page holds up to {LARGEST:,} learned numbers; this run has {count:,}.",
            hint="Train a smaller model; of n-grams, a lower `order`, or rare ones left out "
            "(`prune`).",
        )


def learned_numbers(run: Run) -> int:
    """How many a run's model has, before it is read: a large one takes time and memory."""
    if run.made_as.trained:
        from hornbook.compute.shapes import shapes_only  # needs torch, as the run does

        settings = run.settings.without(run.settings.not_inherited)  # adapters are merged
        with shapes_only():
            return int(run.task.build(run.family, settings, run.data.shape).n_parameters)
    summary = run.directory.read_summary()
    return summary.parameters if summary is not None else int(run.model.n_parameters)


def filter_of(run: Run) -> tuple[Bloom, int]:
    """The filter of the training examples, and how many there are.

    Raises:
        SettingsError: if there are none.
    """
    data = run.data
    if data.kind != "lines":
        raise SettingsError(
            "`with_novelty` marks samples that are examples of the training data, and this run "
            "was trained on one text, which has none.",
            hint="Leave `with_novelty` out.",
            setting="with_novelty",
        )
    if not data.kept:
        raise SettingsError(
            f"`with_novelty` needs the training examples. {data.absent}.",
            hint="Export a run that has its data, or leave `with_novelty` out.",
            setting="with_novelty",
        )
    examples = data.splits.train
    return Bloom.of(examples), len(set(examples))


def described_filter(bloom: Bloom | None, packed: Packed) -> JSON:
    """The filter as the page reads it."""
    if bloom is None:
        return None
    array = packed.add("novelty", bloom.array)
    return {"bits": bloom.bits, "hashes": bloom.hashes, "array": array}


def first_read(run: Run) -> int:
    """What a model reads before a text whose tokens' costs are asked for."""
    tokenizer = run.data.tokenizer
    filled = run.model.reading.filled or tokenizer.boundary is not None
    return int(tokenizer.start) if filled else ABSENT


def facts_of(run: Run, rounding: Rounding, held: list[Said]) -> dict[str, JSON]:
    """What the page says of itself."""
    members = getattr(run.settings, "families", ())
    return {
        "family": run.family,
        "members": list(members),
        "parameters": run.model.n_parameters,
        "loss": rounding.as_dict(),
        "holds": list(held),
    }


def usual_title(run: Run) -> Said:
    """The title by language, where its maker gave none."""
    return {
        language: text.format(name=run.data.name, family=run.family)
        for language, text in TITLE.items()
    }


def page_of(run: Run, settings: PageSettings, model: dict[str, JSON], arrays: str) -> bytes:
    """The page, whole; all that is foreign in it is escaped."""
    style, program = page_file("style.css"), bundled("start")
    title = settings.title or usual_title(run)["en"]
    value = json.dumps(as_json(model), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    page = Template(page_file("page.html")).substitute(
        policy=policy(style=style, script=program, workers=True),
        generator=MADE_BY,
        title=escape(title),
        style=style,
        about=f'<p class="lead" dir="auto">{escape(settings.about)}</p>' if settings.about else "",
        licence=f'<p dir="auto">{escape(settings.licence)}</p>' if settings.licence else "",
        version=escape(__version__),
        program=program,
        model=value.replace("<", "\\u003c"),  # nothing in it ends the element
        arrays=arrays,
    )
    return f"<!doctype html>\n{page}".encode()


def size_told(page: bytes) -> str:
    """How large the file is."""
    return f"{len(page) / 1e6:.2f} MB, in one file that needs no server and no network."


def loss_told(rounding: Rounding) -> str:
    """What the precision costs, as a sentence."""
    where = {
        "dev": "on dev",
        "train": "on train, for there is no dev split",
        "samples": "on samples of its own, for the run has no data",
    }[rounding.on]
    if rounding.precision is None:
        return f"Loss {where}: {figure(rounding.run)} nats per token; the counts are exact."
    return (
        f"Loss {where}, {rounding.predictions:,} tokens: {rounding.run:.4f} nats per token with "
        f"the run's weights, {rounding.page:.4f} with the page's ({rounding.precision})."
    )


def told(held: list[Said]) -> list[str]:
    """What the page holds of the training data, as sentences."""
    first, *rest = [one["en"] for one in held]
    return [f"What it holds of the training data: {first[0].lower()}{first[1:]}", *rest]
