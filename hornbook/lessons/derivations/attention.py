"""One head of causal attention (Vaswani et al. 2017) in its atoms.

Shapes: x (n, T, 12); q, k, v and out (n, T, H); scores, masked and weights (n, T, T).
"""

from __future__ import annotations

from hornbook.lessons.derivations.derivation import Derivation, Step

__all__ = ["ATTENTION"]


def projected(name: str) -> Step:
    """Queries, keys or values: x times a matrix of their own."""
    return Step(
        name,
        f"x @ W{name}",
        {f"W{name}": f"(x.transpose(1, 2) @ d{name}).sum(0)", "x": f"d{name} @ W{name}.T"},
    )


ATTENTION = Derivation(
    name="attention",
    title="one head of causal attention",
    source="Lecture on the GPT; Vaswani et al. 2017",
    data={
        "n": "4",
        "T": "8",
        "V": "27",
        "H": "16",
        "Xb": "torch.randint(V, (n, T), generator=rng)",
        "future": "torch.ones(T, T).triu(1).bool()",
        "above": "randn(n, T, H)",
    },
    leaves={
        "x": "randn(V, 12)[Xb]",
        "Wq": "randn(12, H) * 12**-0.5",
        "Wk": "randn(12, H) * 12**-0.5",
        "Wv": "randn(12, H) * 12**-0.5",
    },
    steps=(
        *map(projected, "qkv"),
        Step(
            "scores",
            "q @ k.transpose(1, 2) * H**-0.5",
            {"q": "dscores @ k * H**-0.5", "k": "dscores.transpose(1, 2) @ q * H**-0.5"},
        ),
        Step(
            "masked",
            "scores.masked_fill(future, -torch.inf)",
            {"scores": "dmasked.masked_fill(future, 0.0)"},
        ),
        Step("powers", "masked.exp()", {"masked": "powers * dpowers"}),
        Step("totals", "powers.sum(2, keepdim=True)", {"powers": "dtotals.expand_as(powers)"}),
        Step(
            "weights",
            "powers / totals",
            {
                "powers": "dweights / totals",
                "totals": "-(dweights * powers / totals**2).sum(2, keepdim=True)",
            },
        ),
        Step(
            "out",
            "weights @ v",
            {"weights": "dout @ v.transpose(1, 2)", "v": "weights.transpose(1, 2) @ dout"},
        ),
        Step("loss", "(out * above).sum()", {"out": "above"}),
    ),
    asked=("out", "weights", "v", "masked", "scores", "q", "k", "x", "Wq", "Wk", "Wv"),
    # Of softmax: dscores = weights · (dweights - Σ weights · dweights)
    closed={"masked": "weights * (dweights - (weights * dweights).sum(2, keepdim=True))"},
    advice=(
        "`above` is the gradient that arrives from the rest of a net; `future` masks the keys\n"
        "that come after a query. Powers and totals are the softmax: differentiate both at once,\n"
        "or name their gradients too if that helps."
    ),
)
