"""What to draw under: the same settings for every figure, whatever the caller's are."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hornbook.plots.fonts import families, quiet

__all__ = ["drawing"]


@contextmanager
def drawing() -> Iterator[None]:
    """A context to draw in, and a decorator of functions that draw.

    Fonts are those of `families`, `$` does not start a formula, and all else is matplotlib's
    default: styles and parameters that the caller has set for their own figures change nothing
    here, nor does their backend, for figures are made and written without pyplot. What matplotlib
    logs below an error (of its cache, of fonts) is nothing that whoever looks at a figure can use.
    """
    with quiet("matplotlib"):
        load_matplotlib()
        import matplotlib as mpl

        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update({"font.family": list(families()), "text.parse_math": False})
            yield


def load_matplotlib() -> None:
    """Load matplotlib, whether or not there is the backend that MPLBACKEND names.

    A notebook's kernel leaves the name of its own to the programs that it starts, and where that
    is not installed matplotlib cannot be loaded; but nothing here is shown through a backend.
    """
    if "matplotlib" in sys.modules:
        return
    chosen = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib as mpl
    finally:
        if chosen is not None:
            os.environ["MPLBACKEND"] = chosen
    if chosen:
        with contextlib.suppress(ValueError):
            mpl.rcParams["backend"] = chosen  # as it would have done for pyplot
