"""Memory for large tables, laid in large pages.

Rows that are picked at random from a table of many megabytes lie each on a page of 4 KB of their
own, and to find a page takes about as long as to read the row. On a page of 2 MB lie thousands.
Linux gives such pages to a program that asks for them: NumPy does for large arrays, torch does not.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["in_large_pages"]

TYPES = {torch.float32: np.float32, torch.float64: np.float64}


def in_large_pages(*shape: int, like: Tensor | None = None) -> Tensor:
    """A tensor of zeros, in large pages where it is on a CPU and the system has them.

    Args:
        shape: of it.
        like: has the type and the device; torch's defaults without it.
    """
    device = torch.get_default_device() if like is None else like.device
    dtype = torch.get_default_dtype() if like is None else like.dtype
    if device.type == "cpu" and dtype in TYPES:
        return torch.from_numpy(np.zeros(shape, TYPES[dtype]))
    return torch.zeros(shape, dtype=dtype, device=device)
