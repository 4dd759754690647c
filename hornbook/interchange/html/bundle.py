"""The page's program: modules of JavaScript as one text, without a tool that builds it.

Each module is a file of `page/`. Its imports are on one line each or in braces over several, by
name, and there are no others; so to join modules is to put those that are imported first, and to
leave out the words `import` and `export`. No two may give a name at their top to different things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

__all__ = ["bundled", "page_file"]

IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=async function|function|class|const|let)", re.MULTILINE)
NAMED = re.compile(r"^(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)


def page_file(name: str) -> str:
    """The text of a file of the page."""
    return files("hornbook.interchange.html").joinpath("page", name).read_text(encoding="utf-8")


@cache
def bundled(entry: str) -> str:
    """A module with all that it imports, as the text of a script.

    Args:
        entry: its name, without `.js`.

    Raises:
        ValueError: if modules import each other in a circle, two give something the same name, or
            an import or export is written in another way.
    """
    texts = dict(in_order(entry, (), {}))
    homes: dict[str, str] = {}
    for module, text in texts.items():
        for name in NAMED.findall(text):
            if name in homes:
                raise ValueError(f"{name} is in {homes[name]}.js and in {module}.js")
            homes[name] = module
    joined = "".join(f"\n// {module}.js\n{text}" for module, text in texts.items())
    return f'(() => {{\n"use strict";\n{joined}}})();\n'


def in_order(
    module: str, above: tuple[str, ...], done: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Modules and their texts, each after those that it imports."""
    if module in above:
        raise ValueError(f"modules import each other: {' -> '.join((*above, module))}")
    if module in done:
        return
    text = page_file(f"{module}.js")
    for other in IMPORT.findall(text):
        yield from in_order(other, (*above, module), done)
    plain = EXPORT.sub("", IMPORT.sub("", text))
    if left := re.search(r"^(import|export)\b.*", plain, re.MULTILINE):
        raise ValueError(f"{module}.js: cannot join {left[0]!r}")
    done[module] = plain
    yield module, plain
