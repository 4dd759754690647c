"""The gated recurrent unit (Cho et al. 2014), in the form that torch and cuDNN compute."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.compute.products import linear
from hornbook.nn.recurrent import MINUS_ONE, GatedCell, StateBackward, owned, step_product, tanh

__all__ = ["GRU"]


class GRU(GatedCell):
    """A state that is kept or renewed, number by number, as torch.nn.GRU of one layer.

        r  = σ(W_ir x + b_ir + W_hr h + b_hr)           how much of the past a new value looks at
        z  = σ(W_iz x + b_iz + W_hz h + b_hz)           how much of the state is kept
        n  = tanh(W_in x + b_in + r · (W_hn h + b_hn))  the new value
        h' = n + z · (h − n)

    Args:
        input_size: C.
        hidden_size: H.
        generator: of the random start.

    Shapes: x (B, T, C), y (B, T, H), state (B, H); gates r, z, n; see `GatedCell`.
    """

    gates = 3

    def project(self, x: Tensor) -> Tensor:
        """W_ih x + b_ih: (..., C) to (..., 3H)."""
        return linear(x, self.weight_ih, self.bias_ih).to(self.weight_ih.dtype)

    def recur(self, gi: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """h' from h."""
        h, size = state[0], self.hidden_size
        gh = linear(h, self.weight_hh, self.bias_hh).to(h.dtype)
        gates = torch.sigmoid(gi[:, : 2 * size] + gh[:, : 2 * size])
        r, z = gates.chunk(2, 1)
        n = tanh(torch.addcmul(gi[:, 2 * size :], r, gh[:, 2 * size :]))
        return (torch.lerp(n, h, z),)

    def vjp_by_hand(
        self, xs: Tensor, state: Tensor, *, began: bool
    ) -> tuple[Tensor, Tensor, StateBackward]:
        """As `vjp_from`, time first."""
        weight, bias, size = self.weight_hh, self.bias_hh, self.hidden_size
        steps, batch, _ = xs.shape
        gi = self.project(xs)
        # `p` has room for what the product with h adds up to: r and z, and W_hn h + b_hn, which
        # needs its bias for itself. `new` becomes n = 2σ(2a) − 1; its 2a is made of doubled parts.
        new = gi[..., 2 * size :] * 2
        p = gi
        p[..., : 2 * size] += bias[: 2 * size]
        p[..., 2 * size :] = bias[2 * size :]
        r, z, gh_n = p.chunk(3, 2)
        hs = p.new_empty(steps + 1, batch, size)
        hs[0] = state
        slots = hs.unbind(0)
        h = slots[0]
        product = step_product(weight, batch)
        for at, rz, r_t, z_t, gh, n, out in zip(
            p.unbind(0), p[..., : 2 * size].unbind(0), r.unbind(0), z.unbind(0), gh_n.unbind(0),
            new.unbind(0), slots[1:], strict=True,
        ):  # fmt: skip
            product(at, h, at)
            rz.sigmoid_()
            n.addcmul_(r_t, gh, value=2).sigmoid_()
            torch.add(MINUS_ONE, n, alpha=2, out=n)
            h = torch.lerp(n, h, z_t, out=out)

        def backward(dy: Tensor, dlast: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
            """Of a step, with dh' the gradient of its h':

                dpre_n = dh' · U             U = (1 − z)(1 − n²)
                dpre_z = dh' · (h − n) z (1 − z)
                dgh_n  = dpre_n · r          of W_hn h + b_hn
                dpre_r = dpre_n · (W_hn h + b_hn) r (1 − r)
                dh     = dy + dh' · z + (dpre_r, dpre_z, dgh_n) W_hh

            so a step is dh' times three factors that are known before it, stacked in `k`.
            """
            before = hs[:-1]
            k = p.new_empty(steps, batch, 3, size)
            k_r, k_z, k_n = k.unbind(2)
            renewed = torch.sub(1, z)
            u = torch.addcmul(renewed, renewed * new, new, value=-1)
            torch.mul(u, r, out=k_n)
            torch.mul(k_n, gh_n, out=k_r)
            k_r.addcmul_(k_r, r, value=-1)
            torch.sub(before, new, out=k_z)
            k_z.mul_(z).mul_(renewed)

            dhs = owned(dy, hs.dtype)
            if dlast is not None:
                dhs[-1] += dlast
            gradients, factors, kept = dhs.unbind(0), k.unbind(0), z.unbind(0)
            # The gate gradients take the place of their factors.
            dgh = k.view(steps, batch, 3 * size)
            gates = dgh.unbind(0)
            product = step_product(weight.t(), batch)
            for t in range(steps - 1, 0, -1):
                dh, out = gradients[t], gradients[t - 1]
                factors[t].mul_(dh.unsqueeze(1))
                product(out.addcmul_(dh, kept[t]), gates[t], out)
            first = gradients[0]
            factors[0].mul_(first.unsqueeze(1))
            dstate = product(first * kept[0], gates[0], torch.empty_like(first)) if began else None
            self.add_hidden(dgh, before)
            torch.mul(dhs, u, out=k_n)  # dpre_n, and so dgh becomes dgi
            return self.add_input(dgh, xs), dstate

        return hs[1:], hs[-1], backward
