"""What compiled kernels were made from: what is kept on disk of others must not be taken."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["VERSION"]


def made_from() -> int:
    """A number that hangs on the text of all kernels.

    Numba looks only at the file of the function that it has kept, not at those that it calls: what
    it kept of other kernels than these must not be taken.
    """
    here = Path(__file__).parent
    text = b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))
    return int(hashlib.sha256(text).hexdigest()[:8], 16)


VERSION = made_from()
