"""One step of an LSTM (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000).

Shapes: x (n, 10); h, c and everything like them (n, H); gates (n, 4H), in the order i, f, g, o.
"""

from __future__ import annotations

from hornbook.lessons.derivations.derivation import Derivation, Step

__all__ = ["LSTM_STEP"]


def gate(name: str, place: int) -> Step:
    """A sigmoid of the quarter of `gates` at `place`."""
    columns = f"gates[:, {place} * H : {place + 1} * H]"
    padding = f"({place} * H, {3 - place} * H)"
    return Step(
        name,
        f"torch.sigmoid({columns})",
        {"gates": f"F.pad({name} * (1 - {name}) * d{name}, {padding})"},
    )


LSTM_STEP = Derivation(
    name="lstm",
    title="one step of an LSTM",
    source="Hochreiter and Schmidhuber 1997; Gers et al. 2000",
    data={
        "n": "16",
        "T": "1",
        "V": "27",
        "H": "12",
        "Xb": "torch.randint(V, (n, T), generator=rng)",
        "from_h": "randn(n, H)",
        "from_c": "randn(n, H)",
    },
    leaves={
        "x": "randn(V, 10)[Xb[:, 0]]",
        "h": "0.5 * randn(n, H)",
        "c": "randn(n, H)",
        "Wx": "randn(10, 4 * H) * 10**-0.5",
        "Wh": "randn(H, 4 * H) * H**-0.5",
        "b": "0.1 * randn(4 * H)",
    },
    steps=(
        Step(
            "gates",
            "x @ Wx + h @ Wh + b",
            {
                "x": "dgates @ Wx.T",
                "Wx": "x.T @ dgates",
                "h": "dgates @ Wh.T",
                "Wh": "h.T @ dgates",
                "b": "dgates.sum(0)",
            },
        ),
        gate("i", 0),
        gate("f", 1),
        Step(
            "g",
            "torch.tanh(gates[:, 2 * H : 3 * H])",
            {"gates": "F.pad((1 - g**2) * dg, (2 * H, H))"},
        ),
        gate("o", 3),
        Step(
            "c_next",
            "f * c + i * g",
            {
                "f": "c * dc_next",
                "c": "f * dc_next",
                "i": "g * dc_next",
                "g": "i * dc_next",
            },
        ),
        Step("c_shown", "torch.tanh(c_next)", {"c_next": "(1 - c_shown**2) * dc_shown"}),
        Step("h_next", "o * c_shown", {"o": "c_shown * dh_next", "c_shown": "o * dh_next"}),
        Step(
            "loss",
            "(h_next * from_h).sum() + (c_next * from_c).sum()",
            {"h_next": "from_h", "c_next": "from_c"},
        ),
    ),
    advice=(
        "`from_h` and `from_c` are the gradients that arrive from the next step, for the hidden\n"
        "state and for the cell."
    ),
)
