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
    text = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return int(hashlib.sha256(text or packed()).hexdigest()[:8], 16)


def packed() -> bytes:
    """What there is of them where no text lies in a folder: in a zip file, or compiled alone."""
    from importlib.resources import files

    found = {one.name: one for one in files(__package__).iterdir() if one.is_file()}
    return b"".join(found[name].read_bytes() for name in sorted(found))


VERSION = made_from()
