"""The lectures' net in its atoms, and its two parts that have a derivative in one line.

Source: the lecture on backpropagation by hand (part 4), whose names these are; BatchNorm is that of
Ioffe and Szegedy 2015 with the unbiased variance. `emb` is (n, T, 10), hidden values (n, 64), and
what belongs to the next token (n, V).
"""

from __future__ import annotations

from hornbook.lessons.derivations.derivation import Derivation, Step, Training

__all__ = ["BACKPROP", "BATCHNORM", "CROSS_ENTROPY", "TRAINING"]

# Of y = a + b with b repeated, db is dy summed over what b was repeated along; of s = a summed, da
# is ds repeated. Everything below that is not a product or a power is one of the two.
LINEAR = (
    Step(
        "emb",
        "C[Xb]",
        {"C": "torch.zeros_like(C).index_put((Xb,), demb, accumulate=True)"},
    ),
    Step("embcat", "emb.view(n, -1)", {"emb": "dembcat.view(emb.shape)"}),
    Step(
        "hprebn",
        "embcat @ W1 + b1",
        {"embcat": "dhprebn @ W1.T", "W1": "embcat.T @ dhprebn", "b1": "dhprebn.sum(0)"},
    ),
)
NORM = (
    Step(
        "bnmeani",
        "hprebn.sum(0, keepdim=True) / n",
        {"hprebn": "(dbnmeani / n).expand_as(hprebn)"},
    ),
    Step(
        "bndiff",
        "hprebn - bnmeani",
        {"hprebn": "dbndiff", "bnmeani": "-dbndiff.sum(0, keepdim=True)"},
    ),
    Step("bndiff2", "bndiff**2", {"bndiff": "2 * bndiff * dbndiff2"}),
    Step(
        "bnvar",
        "bndiff2.sum(0, keepdim=True) / (n - 1)",
        {"bndiff2": "(dbnvar / (n - 1)).expand_as(bndiff2)"},
    ),
    Step(
        "bnvar_inv",
        "(bnvar + 1e-5) ** -0.5",
        {"bnvar": "-0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv"},
    ),
    Step(
        "bnraw",
        "bndiff * bnvar_inv",
        {
            "bndiff": "bnvar_inv * dbnraw",
            "bnvar_inv": "(bndiff * dbnraw).sum(0, keepdim=True)",
        },
    ),
    Step(
        "hpreact",
        "bngain * bnraw + bnbias",
        {
            "bngain": "(bnraw * dhpreact).sum(0, keepdim=True)",
            "bnraw": "bngain * dhpreact",
            "bnbias": "dhpreact.sum(0, keepdim=True)",
        },
    ),
)
OUTPUT = (
    Step("h", "torch.tanh(hpreact)", {"hpreact": "(1 - h**2) * dh"}),
    Step(
        "logits",
        "h @ W2 + b2",
        {"h": "dlogits @ W2.T", "W2": "h.T @ dlogits", "b2": "dlogits.sum(0)"},
    ),
)
LOSS = (
    Step(
        "logit_maxes",
        "logits.max(1, keepdim=True).values",
        {"logits": "F.one_hot(logits.argmax(1), V) * dlogit_maxes"},
    ),
    Step(
        "norm_logits",
        "logits - logit_maxes",
        {"logits": "dnorm_logits", "logit_maxes": "-dnorm_logits.sum(1, keepdim=True)"},
    ),
    Step("counts", "norm_logits.exp()", {"norm_logits": "counts * dcounts"}),
    Step(
        "counts_sum",
        "counts.sum(1, keepdim=True)",
        {"counts": "dcounts_sum.expand_as(counts)"},
    ),
    Step("counts_sum_inv", "counts_sum**-1", {"counts_sum": "-(counts_sum**-2) * dcounts_sum_inv"}),
    Step(
        "probs",
        "counts * counts_sum_inv",
        {
            "counts": "counts_sum_inv * dprobs",
            "counts_sum_inv": "(counts * dprobs).sum(1, keepdim=True)",
        },
    ),
    Step("logprobs", "probs.log()", {"probs": "dlogprobs / probs"}),
    Step("loss", "-logprobs[range(n), Yb].mean()", {"logprobs": "-F.one_hot(Yb, V).double() / n"}),
)
# dL/dlogits = (softmax - onehot) / n
FROM_LOSS = {"logits": "(probs - F.one_hot(Yb, V)) / n"}
# A row moves itself, the mean (a share 1/n) and the variance (a share 1/(n-1)).
FROM_NORM = {
    "hprebn": (
        "bngain * bnvar_inv * (dhpreact - dhpreact.sum(0) / n"
        " - bnraw * (dhpreact * bnraw).sum(0) / (n - 1))"
    )
}
SIZES = {"n": "32", "T": "3", "V": "27"}
IDS = {
    "Xb": "torch.randint(V, (n, T), generator=rng)",
    "Yb": "torch.randint(V, (n,), generator=rng)",
}
# Nothing begins at 0 or 1, where a wrong derivative could look right.
GAIN_AND_BIAS = {"bngain": "1 + 0.1 * randn(1, 64)", "bnbias": "0.1 * randn(1, 64)"}

PARAMETERS = {
    "C": "randn(V, 10)",
    "W1": "randn(T * 10, 64) * (5 / 3) / (T * 10) ** 0.5",
    "b1": "0.1 * randn(64)",
    **GAIN_AND_BIAS,
    "W2": "0.1 * randn(64, V)",
    "b2": "0.1 * randn(V)",
}

BACKPROP = Derivation(
    name="backprop",
    title="the lecture's net, line by line",
    source="Lecture on backpropagation by hand, exercise 1",
    data={**SIZES, **IDS},
    leaves=PARAMETERS,
    steps=LINEAR + NORM + OUTPUT + LOSS,
    closed={**FROM_LOSS, **FROM_NORM},
    advice="Go back from the loss, one line at a time, and use the gradients you already have.",
)
CROSS_ENTROPY = Derivation(
    name="cross-entropy",
    title="cross-entropy in one expression",
    source="Lecture on backpropagation by hand, exercise 2",
    data={"n": SIZES["n"], "V": SIZES["V"], "Yb": IDS["Yb"]},
    leaves={"logits": "randn(n, V)"},
    steps=LOSS,
    asked=("logits",),
    closed=FROM_LOSS,
    advice="Differentiate on paper: the result is short, and needs only probs, Yb and n.",
)
BATCHNORM = Derivation(
    name="batchnorm",
    title="BatchNorm in one expression",
    source="Lecture on backpropagation by hand, exercise 3; Ioffe and Szegedy 2015",
    data={**SIZES, "Xb": IDS["Xb"], "above": "randn(n, 64)"},
    leaves={"hprebn": "randn(V, 10)[Xb].view(n, -1) @ randn(T * 10, 64)", **GAIN_AND_BIAS},
    steps=(*NORM, Step("loss", "(hpreact * above).sum()", {"hpreact": "above"})),
    asked=("hpreact", "bngain", "bnbias", "hprebn"),
    closed=FROM_NORM,
    advice=(
        "`above` is the gradient that arrives from the rest of a net. dhprebn is a single\n"
        "expression of dhpreact, bnraw, bngain, bnvar_inv and n."
    ),
)
# The lecture's exercise 4: the short forms of exercises 2 and 3 in the place of autograd.
TRAINING = Derivation(
    name="training",
    title="training the lecture's net on names, with your gradients",
    source="Lecture on backpropagation by hand, exercise 4",
    imports={"windows_of_names": "hornbook.lessons.names"},
    data={
        **SIZES,
        "X": "windows_of_names(T)[0]",
        "Y": "windows_of_names(T)[1]",
        "batches": "torch.Generator().manual_seed(42)",
        "ix": "torch.randint(len(X), (n,), generator=batches)",
        "Xb": "X[ix]",
        "Yb": "Y[ix]",
    },
    leaves=PARAMETERS,
    steps=LINEAR + NORM + OUTPUT + LOSS,
    asked=(
        "logits", "h", "W2", "b2", "hpreact", "bngain", "bnbias", "hprebn", "embcat", "W1", "b1",
        "emb", "C",
    ),
    closed={**FROM_LOSS, **FROM_NORM},
    advice=(
        "The exercises cross-entropy and batchnorm have what is needed for dlogits and dhprebn.\n"
        "Once all are right, the file trains the net with them: the loss falls from 3.4 to 2.4."
    ),
    training=Training(
        redrawn=("ix", "Xb", "Yb"), steps=5_000, rate="0.1 if step < 4_000 else 0.01"
    ),
)  # fmt: skip
