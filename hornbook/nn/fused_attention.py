"""Attention by the kernels of torch that never write down the weights (Dao et al. 2022), on a GPU.

On the processor rows are short and the weights of some queries at a time stay in its cache; on a
GPU reading and writing them is most of the time and memory of attention.

The operators are those that torch.nn.functional.scaled_dot_product_attention calls, there and back.
They are private to torch: where a version has none, or ones with other arguments, attention is
computed as on the processor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

__all__ = ["fused", "is_fusible"]

HALVES = (torch.bfloat16, torch.float16)
WIDEST = 256  # features of a head that the kernels for bfloat16 take
ROWS = 65_535  # heads of rows that a GPU's grid takes
EVEN = 8  # features of a head: the kernels read so many at once

SIGNATURES = {
    "_scaled_dot_product_flash_attention": (
        "query", "key", "value", "dropout_p", "is_causal", "return_debug_mask", "scale",
    ),
    "_scaled_dot_product_flash_attention_backward": (
        "grad_out", "query", "key", "value", "out", "logsumexp", "cum_seq_q", "cum_seq_k", "max_q",
        "max_k", "dropout_p", "is_causal", "philox_seed", "philox_offset", "scale",
    ),
    "_scaled_dot_product_efficient_attention": (
        "query", "key", "value", "attn_bias", "compute_log_sumexp", "dropout_p", "is_causal",
        "scale",
    ),
    "_scaled_dot_product_efficient_attention_backward": (
        "grad_out_", "query", "key", "value", "attn_bias", "out", "logsumexp", "philox_seed",
        "philox_offset", "dropout_p", "grad_input_mask", "is_causal", "scale",
    ),
}  # fmt: skip
"The operators and the names of their arguments, in order."


def operator(name: str) -> Callable[..., Any] | None:
    """An operator of torch's, if it is there and takes the arguments that it is given here."""
    found: Any = getattr(getattr(torch.ops.aten, name, None), "default", None)
    if found is None:
        return None
    takes = tuple(argument.name for argument in found._schema.arguments)
    return found if takes == SIGNATURES[name] else None


FLASH = operator("_scaled_dot_product_flash_attention")
FLASH_BACKWARD = operator("_scaled_dot_product_flash_attention_backward")
EFFICIENT = operator("_scaled_dot_product_efficient_attention")
EFFICIENT_BACKWARD = operator("_scaled_dot_product_efficient_attention_backward")


def is_fusible(q: Tensor) -> bool:
    """Whether a kernel computes attention of such queries.

    Args:
        q: shape (..., T, D).
    """
    size = q.shape[-1]
    if not q.is_cuda or math.prod(q.shape[:-2]) > ROWS or size % EVEN or not q.numel():
        return False
    if q.dtype in HALVES:
        return FLASH is not None and FLASH_BACKWARD is not None and size <= WIDEST
    if q.dtype is not torch.float32:
        return False
    return EFFICIENT is not None and EFFICIENT_BACKWARD is not None


Way = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]


def fused(q: Tensor, k: Tensor, v: Tensor, *, causal: bool, dropout: float) -> tuple[Tensor, Way]:
    """softmax(q kᵀ / sqrt(D)) v, where `is_fusible`.

    Args:
        q: queries, shape (..., T, D).
        k: keys, shape (..., S, D).
        v: values, shape (..., S, D).
        causal: whether a query sees no key behind its own place; then S is T.
        dropout: share of the weights that is dropped.

    Returns:
        The result, shape (..., T, D), and the way from its gradient to those of q, k and v.
    """
    kernel = flash if q.dtype in HALVES else efficient
    shapes = q.shape, k.shape, v.shape
    heads = tuple(as_one_row(x) for x in (q, k, v))
    if torch.is_grad_enabled() and not torch.compiler.is_compiling():
        with torch.no_grad():
            y, way = kernel(*heads, causal=causal, dropout=dropout)
        y = Recorded.apply(*heads, y, way)  # type: ignore[no-untyped-call]
    else:
        y, way = kernel(*heads, causal=causal, dropout=dropout)

    def backward(dy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        dq, dk, dv = way(as_one_row(dy))
        return dq.reshape(shapes[0]), dk.reshape(shapes[1]), dv.reshape(shapes[2])

    return y.reshape(shapes[0]), backward


def as_one_row(x: Tensor) -> Tensor:
    """Heads (..., T, D) of some rows as those of one, (1, N, T, D), whole in memory."""
    return x.reshape(1, -1, *x.shape[-2:]).contiguous()


class Recorded(torch.autograd.Function):
    """What a kernel made, for autograd, whose own way back through it keeps no order of sums."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> Tensor:
        """y of q, k, v, y and the way back."""
        ctx.way = given[4]
        y: Tensor = given[3]
        return y.view_as(y)

    @staticmethod
    def backward(ctx: Any, *dy: Any) -> Any:
        """The gradients of q, k and v."""
        with torch.no_grad():
            return *ctx.way(dy[0].contiguous()), None, None


def flash(q: Tensor, k: Tensor, v: Tensor, *, causal: bool, dropout: float) -> tuple[Tensor, Way]:
    """In bfloat16; q and y (1, N, T, D), k and v (1, N, S, D)."""
    assert FLASH is not None
    scale = 1 / math.sqrt(q.shape[3])
    y, logsumexp, begins_q, begins_k, most_q, most_k, seed, offset, _ = FLASH(
        q, k, v, dropout, causal, False, scale=scale
    )

    def backward(dy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        assert FLASH_BACKWARD is not None
        with order_kept():
            dq, dk, dv = FLASH_BACKWARD(
                dy.to(y.dtype), q, k, v, y, logsumexp, begins_q, begins_k, most_q,
                most_k, dropout, causal, seed, offset, scale=scale,
            )  # fmt: skip
        return dq, dk, dv

    return y, backward


def efficient(
    q: Tensor, k: Tensor, v: Tensor, *, causal: bool, dropout: float
) -> tuple[Tensor, Way]:
    """In float32; shapes as of `flash`."""
    assert EFFICIENT is not None
    scale = 1 / math.sqrt(q.shape[3])
    y, logsumexp, seed, offset = EFFICIENT(q, k, v, None, True, dropout, causal, scale=scale)

    def backward(dy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        assert EFFICIENT_BACKWARD is not None
        with order_kept():
            dq, dk, dv, _ = EFFICIENT_BACKWARD(
                dy, q, k, v, None, y, logsumexp, seed, offset, dropout,
                [True, True, True, False], causal, scale=scale,
            )  # fmt: skip
        return dq, dk, dv

    return y, backward


@contextmanager
def order_kept() -> Iterator[None]:
    """While this lasts, sums are made in a fixed order if that was asked for at all.

    See `deterministic`: it lets what has no fixed order warn, and then the kernels only warn,
    though they have one.
    """
    wanted = torch.are_deterministic_algorithms_enabled()
    if not wanted or not torch.is_deterministic_algorithms_warn_only_enabled():
        yield
        return
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(True, warn_only=True)
