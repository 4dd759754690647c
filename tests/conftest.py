"""What holds for every test: one thread a process."""

from __future__ import annotations

import os

# The check's workers share the processors: libraries that each took all of them would wait for one
# another. Set before anything loads torch or NumPy; the processes that tests start inherit it.
# Tests that are about threads set their number themselves.
for library in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
