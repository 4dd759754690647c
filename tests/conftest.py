"""What holds for every test: one thread a process, and examples that are the same each time."""

from __future__ import annotations

import os

from hypothesis import settings

# The check's workers share the processors: libraries that each took all of them would wait for one
# another. Set before anything loads torch or NumPy; the processes that tests start inherit it.
# Tests that are about threads set their number themselves.
for library in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

# No deadline, for the machine may have other things to do. The examples follow from the test's own
# code alone: what has passed passes again, and what fails fails for everyone. To look for new ones
# by chance: pytest --hypothesis-profile=default. Tests whose examples take long ask for fewer.
settings.register_profile("check", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("check")
