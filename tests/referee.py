"""The referee of gradients by hand: autograd, and finite differences in float64."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from hornbook.nn import Layer


def close(mine: Tensor, theirs: Tensor, relative: float = 1e-10) -> None:
    """Assert that two tensors agree, relative to the larger one's largest element."""
    assert mine.shape == theirs.shape
    mine, theirs = mine.detach(), theirs.detach()
    scale = max(float(theirs.abs().max()), 1e-4) if theirs.numel() else 1.0
    worst = float((mine - theirs).abs().max()) if theirs.numel() else 0.0
    assert worst <= relative * scale, f"off by {worst:.3e} at a scale of {scale:.3e}"


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Normal random numbers in float64, the same each time."""
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def gradients(
    run: Callable[[], Tensor], parameters: list[Tensor], *, by_hand: Callable[[], object] | None
) -> list[Tensor]:
    """The gradients of parameters, by hand or by autograd of `run`."""
    for p in parameters:
        p.grad = None
    if by_hand:
        with torch.no_grad():
            by_hand()
    else:
        run().backward()  # type: ignore[no-untyped-call]
    return [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in parameters]


def hand_equals_autograd(layer: Layer, x: Tensor, relative: float = 1e-10) -> None:
    """A layer's vjp gives the gradients that autograd finds in the same forward pass.

    `x` may be ids, which have no gradient. Buffers and random numbers are put back in between.
    """
    layer.double()
    floating = x.is_floating_point()
    x = x.detach().clone().double().requires_grad_() if floating else x
    buffers = {name: b.clone() for name, b in layer.named_buffers()}
    rng = torch.get_rng_state()
    y = layer(x)
    dy = torch.randn(y.shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    watched = [*layer.parameters(), *([x] if floating else [])]
    back: list[Tensor] = []

    def restore() -> None:
        torch.set_rng_state(rng)
        for name, b in layer.named_buffers():
            b.data.copy_(buffers[name])

    def by_hand() -> None:
        restore()
        _, backward = layer.vjp(x)
        back.append(backward(dy))

    def by_autograd() -> Tensor:
        restore()
        loss: Tensor = (layer(x) * dy).sum()
        return loss

    theirs = gradients(by_autograd, watched, by_hand=None)
    mine = gradients(by_autograd, watched, by_hand=by_hand)
    if floating:
        mine[-1] = back[0]
    for one, other in zip(mine, theirs, strict=True):
        close(one, other, relative)


def finite_difference(f: Callable[[], float], x: Tensor, step: float = 1e-6) -> Tensor:
    """The gradient of f with respect to the elements of x, by central differences."""
    gradient = torch.zeros_like(x)
    flat, out = x.view(-1), gradient.view(-1)
    for i in range(len(flat)):
        kept = float(flat[i])
        flat[i] = kept + step
        above = f()
        flat[i] = kept - step
        below = f()
        flat[i] = kept
        out[i] = (above - below) / (2 * step)
    return gradient


def every_gradient_is_right(
    module: torch.nn.Module,
    vjp: Callable[
        ..., tuple[Tensor | tuple[Tensor, ...], Callable[..., Tensor | tuple[Tensor, ...]]]
    ],
    *inputs: Tensor,
    relative: float = 1e-9,
    numeric: bool = False,
) -> None:
    """The vjp of what takes or gives several tensors has the gradients that autograd finds.

    Args:
        module: whose parameters are watched.
        vjp: takes the inputs, gives one result or several, and the way from their gradients to
            those of the inputs.
        inputs: in float64; each is watched.
        relative: how near gradients must be.
        numeric: whether finite differences are asked, too.
    """
    inputs = tuple(x.detach().clone().requires_grad_() for x in inputs)
    rng = torch.get_rng_state()

    def results() -> tuple[Tensor, ...]:
        torch.set_rng_state(rng)
        y = vjp(*inputs)[0]
        return (y,) if isinstance(y, Tensor) else tuple(y)

    ys = results()
    dys = [normal(*y.shape, seed=50 + at) for at, y in enumerate(ys)]
    watched = [*inputs, *module.parameters()]
    theirs = torch.autograd.grad(ys, watched, dys)
    module.zero_grad()
    with torch.no_grad():
        torch.set_rng_state(rng)
        mine_ys, backward = vjp(*inputs)
        mine_ys = (mine_ys,) if isinstance(mine_ys, Tensor) else mine_ys
        for one, other in zip(mine_ys, ys, strict=True):
            close(one, other, relative)
        dinputs = backward(*dys)
        dinputs = (dinputs,) if isinstance(dinputs, Tensor) else dinputs
        mine = [*dinputs, *(p.grad for p in module.parameters())]
        for p, found, expected in zip(watched, mine, theirs, strict=True):
            assert found is not None
            close(found, expected, relative)
            if numeric:

                def loss() -> float:
                    return sum(float((y * dy).sum()) for y, dy in zip(results(), dys, strict=True))

                close(found, finite_difference(loss, p.data), 1e-6)
