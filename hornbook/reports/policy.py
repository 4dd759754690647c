"""What a page that we write may do: a content security policy.

Pages show text of runs and files that other people made. All of it is escaped; the policy says so
to the browser once more: nothing is loaded, nothing is sent, and only the style and the script of
ours, each known by its hash, are taken for such.
"""

from __future__ import annotations

import base64
import hashlib

__all__ = ["policy"]


def policy(*, style: str, script: str = "", workers: bool = False) -> str:
    """The policy of a page as the element that belongs at the beginning of its head.

    Args:
        style: the text between `<style>` and `</style>`, to the character.
        script: the text between `<script>` and `</script>`; empty: scripts are not allowed.
        workers: whether the script may run a part of itself beside the page.
    """
    rules = [
        "default-src 'none'",
        "img-src data:",
        f"style-src '{digest(style)}'",
        *([f"script-src '{digest(script)}'"] if script else []),
        *(["worker-src blob:"] if workers else []),
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">'


def digest(text: str) -> str:
    """A text as a policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
