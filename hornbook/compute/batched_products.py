"""Products of many small matrices at a time: the heads of attention.

torch multiplies them through MKL, and only where they stand one behind the other in memory: heads
are copied to the front before they meet and back afterwards. NumPy's matmul takes them as they lie.
Where OpenBLAS, through which it does so, has the widest registers, that is twice as fast for short
rows; where it has not, no faster (EXPERIMENTS.md). The results agree to rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.compute.products import WIDE_NUMPY, alone, numpys_product

NARROW = 32  # columns up to which a transposed matrix is better copied than multiplied as it lies

__all__ = ["as_multiplied", "batched_product", "rows_first"]


def as_multiplied(*matrices: Tensor) -> tuple[Tensor, ...]:
    """Tensors (..., M, K) as `batched_product` reads them with no further copy.

    As they lie where NumPy multiplies them, else whole in memory.
    """
    if by_numpy(*matrices):
        return matrices
    return tuple(x.contiguous() for x in matrices)


def batched_product(a: Tensor, b: Tensor, *, rows: bool = False) -> Tensor:
    """a b for each a (..., M, K) and b (..., K, N) of the same leading dimensions.

    Args:
        a: any strides.
        b: the same.
        rows: whether the result should lie as `rows_first` says where that costs nothing.

    Returns:
        Shape (..., M, N).
    """
    if not by_numpy(a, b):
        return torch.bmm(a.flatten(0, -3), b.flatten(0, -3)).view(*a.shape[:-1], b.shape[-1])
    shape = (*a.shape[:-1], b.shape[-1])
    out = rows_first(shape, a) if rows else a.new_empty(shape)
    if b.shape[-1] <= NARROW and b.stride(-1) != 1:
        b = b.contiguous()
    numpys_product(a.numpy(), b.numpy(), out.numpy())
    return out


def rows_first(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """An empty tensor of a shape (..., H, T, D) that lies in memory as (..., T, H, D).

    So the heads of a position stand beside each other, as the layers before and after have them.
    """
    if len(shape) < 4:
        return like.new_empty(shape)
    *leading, heads, time, size = shape
    return like.new_empty(*leading, time, heads, size).transpose(-2, -3)


def by_numpy(*matrices: Tensor) -> bool:
    """Whether NumPy multiplies these."""
    return WIDE_NUMPY and alone(*matrices)
