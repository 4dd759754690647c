"""BatchNorm of a batch that may have shares: in three steps there and two back, between which the
sums of all shares are known. Arguments are as of `layers`.

Rows of a share are centred in place. What one writes to `sums` is read by all in the next step.
"""

from __future__ import annotations

import math
from typing import Any

from hornbook.kernels.compiled import kernel

__all__ = [
    "batch_norm", "batch_norm_back", "batch_norm_used", "batch_squares", "batch_squares_back",
    "batch_sums",
]  # fmt: skip

Array = Any


@kernel
def of_shares(v: Array, to: int, sums: Array, half: int, at: int, count: int) -> None:
    """Numbers that each share of a batch has, added up in their order."""
    made, first = v[to : to + count], sums[half, 0, at : at + count]
    for j in range(count):
        made[j] = first[j]
    for share in range(1, sums.shape[1]):
        given = sums[half, share, at : at + count]
        for j in range(count):
            made[j] += given[j]


@kernel
def batch_sums(
    v: Array, x: int, n: int, m: int, spare: int, sums: Array, share: int, r: int
) -> None:
    """The sums of the rows at x, and their count.

    Args:
        v, x, n, m: see above.
        spare: rows at the beginning that another share has, too, and counts.
        sums, share: of all shares (2, shares, S), and which this is.
        r: where this layer's are among these.
    """
    zero, total = v.dtype.type(0), sums[0, share, r : r + m]
    for j in range(m):
        total[j] = zero
    for i in range(spare, n):
        row = v[x + i * m : x + (i + 1) * m]
        for j in range(m):
            total[j] += row[j]
    sums[0, share, r + m] = n - spare


@kernel
def batch_squares(
    v: Array, x: int, kept: int, n: int, m: int, spare: int, sums: Array, share: int,
    running: Array, r: int, momentum: Any,
) -> None:  # fmt: skip
    """The rows at x become centred, and their squares are added up.

    Behind two times m numbers `kept` gets the count of all rows. The running mean follows.
    """
    zero = v.dtype.type(0)
    of_shares(v, kept + m, sums, 0, r, m + 1)
    mean, rows = v[kept + m : kept + 2 * m], v[kept + 2 * m]
    total, followed = sums[1, share, r : r + m], running[r : r + m]
    for j in range(m):
        mean[j] /= rows
        total[j] = zero
    if share == 0:
        for j in range(m):
            followed[j] += momentum * (mean[j] - followed[j])
    for i in range(spare):
        row = v[x + i * m : x + (i + 1) * m]
        for j in range(m):
            row[j] -= mean[j]
    for i in range(spare, n):
        row = v[x + i * m : x + (i + 1) * m]
        for j in range(m):
            row[j] -= mean[j]
            total[j] += row[j] * row[j]


@kernel
def batch_norm(
    v: Array, x: int, y: int, kept: int, n: int, m: int, p: Array, w: int, b: int, sums: Array,
    share: int, running: Array, r: int, eps: Any, momentum: Any, fewer: int,
) -> None:  # fmt: skip
    """Centred rows are scaled; `kept` gets the scale, and its product with γ.

    The running variance follows. `fewer` degrees of freedom than rows has the batch's own.
    """
    one, rows = v.dtype.type(1), v[kept + 2 * m]
    of_shares(v, kept, sums, 1, r, m)
    scale, factor = v[kept : kept + m], v[kept + m : kept + 2 * m]
    followed, weight, bias = running[r + m : r + 2 * m], p[w : w + m], p[b : b + m]
    unbiased, own = rows - one, rows - v.dtype.type(fewer)
    if share == 0:
        for j in range(m):
            followed[j] += momentum * (scale[j] / unbiased - followed[j])
    for j in range(m):
        scale[j] = one / math.sqrt(scale[j] / own + eps)
        factor[j] = weight[j] * scale[j]
    for i in range(n):
        row, made = v[x + i * m : x + (i + 1) * m], v[y + i * m : y + (i + 1) * m]
        for j in range(m):
            made[j] = bias[j] + row[j] * factor[j]


@kernel
def batch_norm_back(
    d: Array, v: Array, x: int, y: int, kept: int, n: int, m: int, g: Array, w: int, b: int,
    sums: Array, share: int, r: int,
) -> None:  # fmt: skip
    """Gradients of γ and β, which are the sums that those of the rows hang on, too."""
    scale, dweight, dbias = v[kept : kept + m], g[w : w + m], g[b : b + m]
    for i in range(n):
        dy, centred = d[y + i * m : y + (i + 1) * m], v[x + i * m : x + (i + 1) * m]
        for j in range(m):
            dbias[j] += dy[j]
            dweight[j] += dy[j] * centred[j]
    level, slope = sums[0, share, r : r + m], sums[0, share, r + m : r + 2 * m]
    for j in range(m):
        dweight[j] *= scale[j]
        level[j], slope[j] = dbias[j], dweight[j]


@kernel
def batch_squares_back(
    d: Array, v: Array, x: int, y: int, kept: int, n: int, m: int, fewer: int, spare: int,
    sums: Array, r: int,
) -> None:  # fmt: skip
    """The gradient of the rows, with two factors of m numbers in the gradients at `kept`."""
    one, rows = v.dtype.type(1), v[kept + 2 * m]
    of_shares(d, kept, sums, 0, r, 2 * m)
    scale, factor = v[kept : kept + m], v[kept + m : kept + 2 * m]
    level, slope = d[kept : kept + m], d[kept + m : kept + 2 * m]
    few, own = -one / rows, -one / (rows - v.dtype.type(fewer))
    for j in range(m):
        level[j] = factor[j] * level[j] * few
        slope[j] = factor[j] * scale[j] * slope[j] * own
    for i in range(spare):  # the rest of its gradient is added by the share that counts it
        dy, dx = d[y + i * m : y + (i + 1) * m], d[x + i * m : x + (i + 1) * m]
        for j in range(m):
            dx[j] = dy[j] * factor[j]
    for i in range(spare, n):
        dy, centred = d[y + i * m : y + (i + 1) * m], v[x + i * m : x + (i + 1) * m]
        dx = d[x + i * m : x + (i + 1) * m]
        for j in range(m):
            dx[j] = level[j] + dy[j] * factor[j] + centred[j] * slope[j]


@kernel
def batch_norm_used(
    v: Array, x: int, y: int, kept: int, n: int, m: int, p: Array, w: int, b: int,
    running: Array, r: int, eps: Any,
) -> None:  # fmt: skip
    """As the net is used, not trained: by the running mean and variance."""
    mean, variance = running[r : r + m], running[r + m : r + 2 * m]
    factor, weight, bias = v[kept : kept + m], p[w : w + m], p[b : b + m]
    for j in range(m):
        factor[j] = weight[j] / math.sqrt(variance[j] + eps)
    for i in range(n):
        row, made = v[x + i * m : x + (i + 1) * m], v[y + i * m : y + (i + 1) * m]
        for j in range(m):
            made[j] = bias[j] + (row[j] - mean[j]) * factor[j]
