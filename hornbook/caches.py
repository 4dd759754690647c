"""Where what can be had again is kept: fetched data sets, and what calibrations chose."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """The folder: `HORNBOOK_CACHE`, or the platform's place for caches."""
    if chosen := os.environ.get("HORNBOOK_CACHE"):
        # os.path, unlike Path, takes the ~ of a user that does not exist as it is.
        return Path(os.path.expanduser(chosen)).absolute()  # noqa: PTH111
    import platformdirs

    return platformdirs.user_cache_path("hornbook")
