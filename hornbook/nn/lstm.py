"""Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000)."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.compute.products import linear
from hornbook.nn.recurrent import MINUS_ONE, GatedCell, StateBackward, owned, step_product, tanh

__all__ = ["LSTM"]


class LSTM(GatedCell):
    """A cell state that is added to, not multiplied through, as torch.nn.LSTM of one layer.

        i, f, o = σ(W_i x + b_i + W_h h + b_h), each with its own      write, keep, show
        g       = tanh(the same with its own)                          what to write
        c'      = f · c + i · g
        h'      = o · tanh(c')

    Args:
        input_size: C.
        hidden_size: H.
        generator: of the random start.

    Shapes: x (B, T, C), y (B, T, H), state (B, 2H), h and c side by side; gates i, f, g, o; see
    `Cell`.
    """

    gates = 4
    parts = 2

    def project(self, x: Tensor) -> Tensor:
        """W_ih x + b_ih + b_hh: (..., C) to (..., 4H)."""
        return linear(x, self.weight_ih, self.bias_ih + self.bias_hh).to(self.weight_ih.dtype)

    def recur(self, gi: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """h' and c' from h and c."""
        h, c = state
        i, f, g, o = (gi + linear(h, self.weight_hh)).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * tanh(g)
        return o.sigmoid() * tanh(c), c

    def vjp_by_hand(
        self, xs: Tensor, state: Tensor, *, began: bool
    ) -> tuple[Tensor, Tensor, StateBackward]:
        """As `vjp_from`, time first."""
        weight, size = self.weight_hh, self.hidden_size
        steps, batch, _ = xs.shape
        # All four gates are one sigmoid: tanh x = 2σ(2x) − 1, and the rows of g come doubled.
        gates = self.project(xs)
        i, f, g, o = gates.chunk(4, 2)
        g.mul_(2)
        doubled = weight.clone()
        doubled[2 * size : 3 * size] *= 2
        hs, cs = gates.new_empty(2, steps + 1, batch, size)  # cs: twice the cell states
        hs[0], cs[0] = state[:, :size], state[:, size:] * 2
        shown = gates.new_empty(steps, batch, size)  # tanh c'
        h_slots, c_slots = hs.unbind(0), cs.unbind(0)
        h, c = h_slots[0], c_slots[0]
        product = step_product(doubled, batch)
        for at, i_t, f_t, g_t, o_t, q, h_out, c_out in zip(
            gates.unbind(0), i.unbind(0), f.unbind(0), g.unbind(0), o.unbind(0), shown.unbind(0),
            h_slots[1:], c_slots[1:], strict=True,
        ):  # fmt: skip
            product(at, h, at).sigmoid_()
            # 2c' = f 2c + 2i (2σ − 1), and tanh c' = 2σ(2c') − 1.
            c = torch.mul(f_t, c, out=c_out).addcmul_(i_t, g_t, value=4).sub_(i_t, alpha=2)
            torch.sigmoid(c, out=q)
            torch.add(MINUS_ONE, q, alpha=2, out=q)
            h = torch.mul(o_t, q, out=h_out)
        g.mul_(2).sub_(1)

        def backward(dy: Tensor, dlast: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
            """Of a step, with dh' and dc' the gradients of its h' and, from the next step, its c':

                dc'   += dh' · o (1 − tanh² c')
                dpre_i = dc' · g i (1 − i)
                dpre_f = dc' · c f (1 − f)
                dpre_g = dc' · i (1 − g²)
                dpre_o = dh' · tanh(c') o (1 − o)
                dc     = dc' · f
                dh     = dy + (dpre_i, dpre_f, dpre_g, dpre_o) W_hh

            so a step is dc' times three factors that are known before it, and dh' times two.
            """
            k = gates.new_empty(steps, batch, 4, size)
            k_i, k_f, k_g, k_o = k.unbind(2)
            torch.mul(g, i, out=k_i).addcmul_(k_i, i, value=-1)
            torch.mul(cs[:-1], f, out=k_f).mul_(0.5).addcmul_(k_f, f, value=-1)
            torch.addcmul(i, i * g, g, value=-1, out=k_g)
            torch.mul(shown, o, out=k_o).addcmul_(k_o, o, value=-1)
            to_cell = torch.addcmul(o, o * shown, shown, value=-1)

            dhs = owned(dy, hs.dtype)
            dc = torch.zeros_like(dhs[0])
            if dlast is not None:
                dhs[-1] += dlast[:, :size]
                dc += dlast[:, size:]
            gradients, through = dhs.unbind(0), to_cell.unbind(0)
            kept, of_c, of_h = f.unbind(0), k[:, :, :3].unbind(0), k_o.unbind(0)
            # The gate gradients take the place of their factors.
            dgates = k.view(steps, batch, 4 * size)
            rows = dgates.unbind(0)
            product = step_product(weight.t(), batch)
            for t in range(steps - 1, -1, -1):
                dh = gradients[t]
                dc.addcmul_(dh, through[t])
                of_c[t].mul_(dc.unsqueeze(1))
                of_h[t].mul_(dh)
                dc.mul_(kept[t])
                if t:
                    product(gradients[t - 1], rows[t], gradients[t - 1])
            dstate = None
            if began:
                dh = product(torch.zeros_like(dc), rows[0], torch.empty_like(dc))
                dstate = torch.cat([dh, dc], 1)
            self.add_hidden(dgates, hs[:-1])
            return self.add_input(dgates, xs), dstate

        last = torch.cat([hs[-1], cs[-1] * 0.5], 1)
        return hs[1:], last, backward
