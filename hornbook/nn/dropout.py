"""Dropout (Srivastava et al. 2014)."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.errors import SettingsError
from hornbook.nn.layer import Backward, Layer

__all__ = ["Dropout", "kept", "threshold"]


class Dropout(Layer):
    """In training each element is zero with probability p, the rest grown by 1 / (1 - p).

    Args:
        p: share that is dropped, at least 0 and below 1; see `kept` for how exactly it is met.

    Raises:
        SettingsError: if p is not such a share.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise SettingsError(f"`dropout` must be at least 0 and below 1; it is {p}.")
        self.p = p

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass, any shape; the gradient passes where the value did."""
        if not self.training or self.p == 0:
            return x, lambda dy: dy
        mask = kept(x, self.p)
        return x * mask, lambda dy: dy * mask


def kept(x: Tensor, p: float, generator: torch.Generator | None = None) -> Tensor:
    """A mask for x: 0 with probability p, else 1 / (1 - p).

    One random byte an element decides, for random numbers are what dropout costs: a quarter of
    what torch's bernoulli_ takes. So p is met to the next of 256 parts (0.1 as 26/256), and the
    rest is grown by what makes up for just that.

    Args:
        x: any shape.
        p: above 0 and below 1.
        generator: of the random bytes; torch's own without one.

    Returns:
        The shape, precision and device of x.
    """
    parts, grown = threshold(p)
    eights = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device)
    eights.random_(-(2**63), None, generator=generator)  # all 64 bits
    bytes_ = eights.view(torch.uint8)[: x.numel()].view(x.shape)
    # 1 from `parts` on, 0 below, while an element is still a byte: a pass over bytes costs half of
    # one over numbers, and torch's comparisons cost ten of them.
    ones = bytes_.clamp_(parts - 1, parts).sub_(parts - 1)
    return ones.to(x.dtype).mul_(grown)


def threshold(p: float) -> tuple[int, float]:
    """The least random byte that keeps an element, and what the element is multiplied by then."""
    parts = min(max(1, round(256 * p)), 255)
    return parts, 256 / (256 - parts)
