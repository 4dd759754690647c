"""A real browser for tests: Debian's Chromium, driven by playwright; never one that is fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

INSTALL = ("apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium")
NAMES = ("chromium", "chromium-browser", "google-chrome")


def path_of_chromium() -> str:
    """Where the browser is; installed where that can be done, else the test is skipped."""
    if found := next(filter(None, map(shutil.which, NAMES)), None):
        return found
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("apt-get"):
        pytest.skip("there is no Chromium, and only root can install it")
    made = subprocess.run(INSTALL, capture_output=True, text=True, timeout=600, check=False)
    if found := shutil.which("chromium"):
        return found
    pytest.skip(f"Chromium cannot be installed: {made.stderr.strip().splitlines()[-1:]}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, without a window."""
    sync_api = pytest.importorskip("playwright.sync_api", exc_type=ImportError)
    path = path_of_chromium()
    with sync_api.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            browser.close()
