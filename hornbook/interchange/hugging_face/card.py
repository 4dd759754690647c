"""A model card: what a net is, how well it does, and how to use it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from hornbook.interchange.carried import carried
from hornbook.interchange.fixed import told_of_fixed
from hornbook.interchange.leaving import Leaving
from hornbook.rendering import figure, visible
from hornbook.runs import Run
from hornbook.version import __version__

if TYPE_CHECKING:
    from hornbook.interchange.hugging_face.export import FolderSettings

__all__ = ["card_of"]

LOAD = """\
```python
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = "."  # this folder, or where it lies
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder)
given = tokenizer({prompt}, return_tensors="pt", return_token_type_ids=False)
made = model.generate(**given, max_new_tokens={count}, do_sample=True)
print(tokenizer.decode(made[0], skip_special_tokens=True))
```
"""
NAMED = re.compile(r"[a-z0-9][a-z0-9.-]{1,40}")
"Licences by the short names that Hugging Face knows."


def card_of(run: Run, model: Leaving, settings: FolderSettings) -> str:
    """The card of a run, in Markdown; what is foreign in it is shown as it is."""
    name = plain(run.data.name)
    title = plain(settings.title) or f"A small language model of {name}"
    front = ["library_name: transformers", "pipeline_tag: text-generation", "tags:", "- hornbook"]
    if NAMED.fullmatch(settings.licence):
        front.append(f"license: {settings.licence}")
    parts = [
        "---\n" + "\n".join(front) + "\n---",
        f"# {title}",
        plain(settings.about),
        "## What it is",
        "\n".join(f"- {one}" for one in facts(run, model, name, settings)),
        "## How to load it",
        LOAD.format(prompt=json.dumps(prompt_of(run)), count=min(run.data.longest, 200)),
        "## What it holds of the training data",
        "\n".join(f"- {one}" for one in carried(run.data.tokenizer)),
        f"Licence: {plain(settings.licence)}" if settings.licence else "",
        f"Made with hornbook {__version__}.",
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def facts(run: Run, model: Leaving, name: str, asked: FolderSettings) -> list[str]:
    """Its shape and figures, line by line."""
    measure, tokenizer = run.task.decides, run.data.tokenizer
    settings = model.net.settings
    found = [
        f"{model.config['architectures'][0]}: {model.net.n_parameters:,} parameters, "
        f"{settings.n_layer} layers of {settings.n_head} heads, context {settings.block_size:,}.",
        f"Tokens: {tokenizer.vocab_size:,} ({plain(tokenizer.about)}).",
        f"Data: {name}, {'examples, one per line' if run.data.kind == 'lines' else 'one text'}.",
    ]
    if run.record.start.kind == "import":
        found[-1] = f"It was imported: {name}."
    if run.data.conditions is not None:
        found += [plain(one) for one in told_of_fixed(run, asked.condition)]
        found.append("Its losses were measured with the values of each example given.")
    for split, value in run.summary.reached(measure).items():
        found.append(f"{measure.title} on {split}: {figure(value, measure.digits)} nats per token.")
    return found


def prompt_of(run: Run) -> str:
    """Something to begin with that the tokens can write."""
    if run.data.tokenizer.boundary is not None:
        return ""
    found: str = run.data.tokenizer.decode([run.data.tokenizer.start])
    return found


def plain(text: str) -> str:
    """A foreign text as one line of Markdown that means nothing but itself."""
    line = " ".join(visible(text).split())
    return re.sub(r"([\\`*_{}\[\]<>#|!&])", r"\\\1", line)
