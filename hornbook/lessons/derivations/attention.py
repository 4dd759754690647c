"""One head of attention (Vaswani et al. 2017) in its atoms: over a row itself, and over another's.

Shapes: x (n, T, 12), source (n, S, 10); q and out (n, T, H); k and v (n, T, H), or (n, S, H) of the
source; scores, masked and weights (n, T, T) or (n, T, S).
"""

from __future__ import annotations

from hornbook.lessons.derivations.derivation import Derivation, Step

__all__ = ["ATTENTION", "CROSS_ATTENTION"]


def projected(name: str, of: str = "x") -> Step:
    """Queries, keys or values: some vectors times a matrix of their own."""
    return Step(
        name,
        f"{of} @ W{name}",
        {f"W{name}": f"({of}.transpose(1, 2) @ d{name}).sum(0)", of: f"d{name} @ W{name}.T"},
    )


def looking(mask: str) -> tuple[Step, ...]:
    """From queries, keys and values to what a head gives, and to a loss.

    Args:
        mask: is true where a query may not look.
    """
    return (
        Step(
            "scores",
            "q @ k.transpose(1, 2) * H**-0.5",
            {"q": "dscores @ k * H**-0.5", "k": "dscores.transpose(1, 2) @ q * H**-0.5"},
        ),
        Step(
            "masked",
            f"scores.masked_fill({mask}, -torch.inf)",
            {"scores": f"dmasked.masked_fill({mask}, 0.0)"},
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
    )


# Of softmax: dscores = weights · (dweights - Σ weights · dweights)
CLOSED = {"masked": "weights * (dweights - (weights * dweights).sum(2, keepdim=True))"}
SOFTMAX = (
    "Powers and totals are the softmax: differentiate both at once,\n"
    "or name their gradients too if that helps."
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
        *looking("future"),
    ),
    asked=("out", "weights", "v", "masked", "scores", "q", "k", "x", "Wq", "Wk", "Wv"),
    closed=CLOSED,
    advice=(
        "`above` is the gradient that arrives from the rest of a net; `future` masks the keys\n"
        f"that come after a query. {SOFTMAX}"
    ),
)

CROSS_ATTENTION = Derivation(
    name="cross-attention",
    title="one head of cross-attention, as a decoder asks an encoder",
    source="Vaswani et al. 2017, the part that the lecture's GPT leaves out",
    data={
        "n": "4",
        "T": "8",
        "S": "6",
        "V": "27",
        "H": "16",
        "Xb": "torch.randint(V, (n, T), generator=rng)",
        "Sb": "torch.randint(V, (n, S), generator=rng)",
        "lengths": "torch.randint(2, S + 1, (n, 1, 1), generator=rng)",
        "padding": "torch.arange(S) >= lengths",
        "above": "randn(n, T, H)",
    },
    leaves={
        "x": "randn(V, 12)[Xb]",
        "source": "randn(V, 10)[Sb]",
        "Wq": "randn(12, H) * 12**-0.5",
        "Wk": "randn(10, H) * 10**-0.5",
        "Wv": "randn(10, H) * 10**-0.5",
    },
    steps=(
        projected("q"),
        projected("k", "source"),
        projected("v", "source"),
        *looking("padding"),
    ),
    asked=(
        "out",
        "weights",
        "v",
        "masked",
        "scores",
        "q",
        "k",
        "x",
        "source",
        "Wq",
        "Wk",
        "Wv",
    ),
    closed=CLOSED,
    advice=(
        "Queries come from x, the decoder; keys and values from `source`, what the encoder made\n"
        "of the source. No position of the source is hidden from a query, for all of it is known\n"
        "before anything is said: only `padding` behind its end is masked. The gradient of\n"
        "`source` is what the encoder learns by; it comes by keys and by values. `above` is the\n"
        f"gradient that arrives from the rest of a net.\n{SOFTMAX}"
    ),
)
