"""Matrix products, each by the library that is fastest at its size.

torch multiplies float32 matrices through MKL, which on many processors does not use the widest
registers, those of AVX-512. Two others do, which are twice as fast on such a machine, and without
such registers slower by a tenth or no faster (EXPERIMENTS.md). NumPy's, OpenBLAS, is called at the
price of any operation and reads matrices as they lie, transposed or not; torch's other one, oneDNN,
is the faster for large weights, but takes as long as a small product to be called, compiles a
kernel for each new shape, and copies what is transposed. The results agree to rounding.

In a region under `torch.autocast`, products take and give bfloat16, four times as fast as MKL;
parameters, their gradients and all sums over many positions stay float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from threadpoolctl import ThreadpoolController
from torch import Tensor

__all__ = [
    "add_product",
    "add_products",
    "has_fast_bfloat16",
    "linear",
    "lowered",
    "put_product",
    "raised",
    "times",
]

Floats = npt.NDArray[np.float32]

# Multiplications in a product from which oneDNN is worth it: for each new shape it first compiles a
# kernel, half a millisecond, and rows grouped by length come in many shapes.
ONEDNN_FROM = 2**22
NUMPY_FROM = 2**14  # weights that make a single row's product worth leaving torch
WIDE_KERNELS = frozenset({"SkylakeX", "Cooperlake", "SapphireRapids"})  # OpenBLAS's, with AVX-512
# Multiplications in a product that NumPy's BLAS is worth where it has wide registers: fewer are
# made before it is called, and with large weights, or few rows of x, oneDNN is faster.
WIDE_FROM, WIDE_TO, WIDE_ROWS = 2**19, 2**25, 128
# The gradient of a weight, (M, N) times (N, K), from so many multiplications and N.
GRADIENT_FROM, GRADIENT_ROWS = 2**17, 8
ROWS = 128  # that NumPy's BLAS can share evenly among 2, 4 or 8 threads, 16 or more for each


def find_onednn() -> Callable[..., Tensor] | None:
    """oneDNN's product as an operator, where this build of torch has it.

    It is private to torch: where it is missing, or takes other arguments than it is given here,
    there is none.
    """
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return None
    one = torch.ones(1, 1, device="cpu")
    try:
        found: Callable[..., Tensor] = torch.ops.mkldnn._linear_pointwise.default
        found(one, one, None, "none", [], "")
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return None
    return found


def find_bfloat16() -> bool:
    """Whether oneDNN multiplies bfloat16 here; without it, torch does so number by number.

    The question is private to torch: where it cannot be asked, the answer is no.
    """
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, NotImplementedError, RuntimeError):
        return False


def has_wide_registers() -> bool:
    """Whether this processor has those that oneDNN uses and MKL often does not."""
    return torch.backends.cpu.get_cpu_capability() == "AVX512"


def numpys_kernels() -> str:
    """Which kernels of OpenBLAS NumPy multiplies with; empty if it has another library."""
    libraries = ThreadpoolController().info()
    return next((one["architecture"] for one in libraries if one.get("architecture")), "")


ONEDNN = find_onednn() if has_wide_registers() else None
BFLOAT16 = find_bfloat16()
WIDE_NUMPY = numpys_kernels() in WIDE_KERNELS


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether matrix products in bfloat16 are faster on this device than in float32."""
    return device.type != "cpu" or BFLOAT16


def plain(x: Tensor) -> bool:
    """Whether a tensor is whole in memory, as it is or transposed.

    Of a slice of another tensor's columns oneDNN makes a copy element by element, which takes
    hundreds of times as long as the product.
    """
    return x.is_contiguous() or (x.dim() == 2 and x.t().is_contiguous())


def lowered(x: Tensor) -> Tensor:
    """A float32 tensor in the precision that products have here: bfloat16 under autocast.

    A tensor of the meta device, for which there is no autocast, has a shape alone.
    """
    if x.dtype is torch.float32 and not x.is_meta and torch.is_autocast_enabled(x.device.type):
        return x.to(torch.get_autocast_dtype(x.device.type))
    return x


def raised(x: Tensor) -> Tensor:
    """A tensor in the precision that sums over many elements need: float32 at least."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x Wᵀ + b, as torch.nn.functional.linear.

    Args:
        x: shape (..., K).
        weight: shape (M, K); may be a transposed view.
        bias: shape (M,).

    Returns:
        Shape (..., M); bfloat16 under autocast.
    """
    if torch.is_grad_enabled():
        return F.linear(x, weight, bias)  # autograd's (and autocast's) own
    if is_wide(x, weight):
        y = x.new_empty(*x.shape[:-1], weight.shape[0])
        rows = x.numpy().reshape(-1, weight.shape[1])
        numpys_product(rows, weight.numpy().T, y.numpy().reshape(-1, weight.shape[0]))
        return y if bias is None else y.add_(bias)
    x, weight = lowered(x), lowered(weight)
    if x.dtype is not torch.float32 or x.device.type != "cpu":
        return F.linear(x, weight, None if bias is None else bias.to(x.dtype))
    one_row = x.numel() == weight.shape[1] and weight.numel() >= NUMPY_FROM
    if one_row and torch.get_num_threads() == 1:
        # Nothing but reading the weights, which NumPy's BLAS does at memory's speed. Not beside
        # several threads of torch's own: the two libraries' threads would wait for each other.
        y = torch.from_numpy(row_product(weight.numpy(), x.numpy().reshape(-1)))
        y = y.view(*x.shape[:-1], -1)
        return y if bias is None else y.add_(bias)
    small = x.numel() * weight.shape[0] < ONEDNN_FROM and not one_row
    if ONEDNN is None or small or not (plain(x) and plain(weight)):
        return F.linear(x, weight, bias)
    return ONEDNN(x, weight, bias, "none", [], "")


def row_product(weight: Floats, x: Floats) -> Any:
    """W x for W (M, K) and x (K,), the same to the bit on 1, 2, 4 and 8 threads of NumPy's BLAS.

    Its kernel takes several rows of W at a time and a few that are left over in another way, so
    threads get multiples of that, and the rest of W comes by itself.
    """
    rest = len(weight) % ROWS
    if not rest or len(weight) == rest:
        return weight @ x
    y = np.empty(len(weight), weight.dtype)
    np.matmul(weight[:-rest], x, out=y[:-rest])
    np.matmul(weight[-rest:], x, out=y[-rest:])
    return y


def times(a: Tensor, b: Tensor) -> Tensor:
    """a b for a of shape (..., K) and b of shape (K, M)."""
    return linear(a, b.t())


def add_product(out: Tensor, a: Tensor, b: Tensor) -> None:
    """out += aᵀ b, in place: the gradient of a weight, for a (N, M) and b (N, K), out (M, K)."""
    if is_wide_gradient(a, b, out):
        product = torch.empty_like(out)
        numpys_product(a.numpy().T, b.numpy(), product.numpy())
        out.add_(product)
        return
    a, b = lowered(a), lowered(b)
    if by_onednn(a, b):
        assert ONEDNN is not None
        out.add_(ONEDNN(a.t(), b.t(), None, "none", [], ""))
    elif a.dtype is out.dtype:
        out.addmm_(a.t(), b)
    else:
        out.add_(torch.mm(a.t(), b))


def put_product(out: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """out = aᵀ b, as `add_product` would add it to zeros; gives out."""
    if is_wide_gradient(a, b, out):
        numpys_product(a.numpy().T, b.numpy(), out.numpy())
        return out
    a, b = lowered(a), lowered(b)
    if by_onednn(a, b):
        assert ONEDNN is not None
        return out.copy_(ONEDNN(a.t(), b.t(), None, "none", [], ""))
    if a.dtype is out.dtype and not torch.is_grad_enabled():  # autograd knows no `out`
        return torch.mm(a.t(), b, out=out)
    return out.copy_(torch.mm(a.t(), b))


def by_numpy(a: Tensor, b: Tensor) -> bool:
    """Whether NumPy's BLAS multiplies these matrices well here."""
    return WIDE_NUMPY and alone(a, b) and plain(a) and plain(b)


def alone(*matrices: Tensor) -> bool:
    """Whether NumPy's BLAS may multiply these: float32 on a CPU, without autograd or autocast.

    Not beside several threads of torch's own: the two libraries' would wait for each other.
    """
    if torch.get_num_threads() != 1 or torch.is_grad_enabled() or torch.is_autocast_enabled("cpu"):
        return False
    return all(x.dtype is torch.float32 and x.is_cpu for x in matrices)


def is_wide(x: Tensor, weight: Tensor) -> bool:
    """Whether x Wᵀ is a product for NumPy's BLAS."""
    enough = x.numel() >= WIDE_ROWS * weight.shape[1]
    return enough and WIDE_FROM <= x.numel() * weight.shape[0] < WIDE_TO and by_numpy(x, weight)


def is_wide_gradient(a: Tensor, b: Tensor, out: Tensor) -> bool:
    """Whether aᵀ b, for a (N, M) and b (N, K), is a product for NumPy's BLAS to write to `out`."""
    worth = a.shape[0] >= GRADIENT_ROWS and a.numel() * b.shape[1] >= GRADIENT_FROM
    return worth and by_numpy(a, b) and out.dtype is a.dtype and out.is_contiguous()


def numpys_product(a: Floats, b: Floats, out: Floats) -> None:
    """a b by NumPy's BLAS, written to `out`.

    What is infinite or no number is so without a warning, as from torch.
    """
    with np.errstate(all="ignore"):
        np.matmul(a, b, out=out)


def by_onednn(a: Tensor, b: Tensor) -> bool:
    """Whether aᵀ b of float32 matrices, for a (N, M) and b (N, K), is oneDNN's to make."""
    if ONEDNN is None or a.dtype is not torch.float32 or a.device.type != "cpu":
        return False
    return a.numel() * b.shape[1] >= ONEDNN_FROM and plain(a) and plain(b)


def add_products(out: Tensor, a: Tensor, b: Tensor) -> None:
    """out += aᵀ b in place, for several at once: a (N, R, M), b (N, R, K) and out (N, M, K)."""
    a, b = lowered(a), lowered(b)
    if a.dtype is b.dtype is out.dtype:
        out.baddbmm_(a.transpose(1, 2), b)
    else:
        out.add_(torch.bmm(a.transpose(1, 2), b))
