"""Mistakes planted in gradients, each to be told as what it is."""

from __future__ import annotations

import itertools
import re
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.lessons.derivations import DERIVATIONS, Derivation, Values
from hornbook.lessons.diagnosis import Examiner, Foreign, Verdict

SUMMED = re.compile(r"\.sum\((\d)(, keepdim=True)?\)$")
NOTHING = {
    ("backprop", "logit_maxes"),
    ("backprop", "b1"),
    ("training", "b1"),
}  # zero but for rounding


@cache
def examined(name: str) -> tuple[Derivation, Values, Examiner]:
    made = DERIVATIONS[name]
    values = made.forward(made.start(7))
    return made, values, Examiner(made, values)


def wanted(*without: tuple[str, str]) -> list[tuple[str, str]]:
    return [
        (made.name, name)
        for made in DERIVATIONS.values()
        for name in made.wanted
        if (made.name, name) not in without
    ]


def evaluated(exercise: str, code: str) -> Tensor:
    made, values, _ = examined(exercise)
    known = {**values, **{f"d{n}": g for n, g in made.by_hand(values).items()}}
    found = eval(code, known)
    assert isinstance(found, Tensor)
    return found


def told(exercise: str, name: str, mine: Tensor | Foreign | None) -> Verdict:
    verdict = examined(exercise)[2].judge(name, mine)
    assert not given_away(examined(exercise)[0], name, verdict.message)
    return verdict


def given_away(made: Derivation, name: str, message: str) -> list[str]:
    """Which answers for a gradient stand in a message, apart from the lines that all can see."""
    for step in made.steps:
        message = message.replace(f"{step.name} = {step.code}", "")
    answers = [step.backward[name] for step in made.steps if name in step.backward]
    answers += [made.closed[name]] if name in made.closed else []
    return [code for code in answers if re.search(rf"(?<!\w){re.escape(code)}(?!\w)", message)]


@pytest.mark.parametrize(("exercise", "name"), wanted())
def test_an_answer_that_is_given_away_would_be_seen(exercise: str, name: str) -> None:
    made = DERIVATIONS[exercise]
    for step in made.steps:
        if code := step.backward.get(name):
            assert code in given_away(made, name, f"d{name} should be {code}, and is not.")
            seen = f"Look at {step.name} = {step.code}."
            assert not given_away(made, name, seen)


@pytest.mark.parametrize(("exercise", "name"), wanted())
def test_what_is_right_is_right(exercise: str, name: str) -> None:
    made, values, _ = examined(exercise)
    mine = made.by_hand(values)[name]
    assert told(exercise, name, mine) == Verdict(name, "right", "")
    if (exercise, name) not in NOTHING:
        assert told(exercise, name, mine.float()).kind == "right"
        assert told(exercise, name, mine * (1 + 1e-7)).kind != "right"


@pytest.mark.parametrize(("exercise", "name"), wanted(*NOTHING))
def test_sign_and_factor(exercise: str, name: str) -> None:
    reference = examined(exercise)[2].references[name]
    assert told(exercise, name, -reference).kind == "sign"
    n = int(examined(exercise)[1]["n"])
    for factor, said in (
        (n, f"too large by a constant factor of {n} (n, with n = {n})"),
        (1 / n, f"too small by a constant factor of {n} (n, with n = {n})"),
        ((n - 1) / n, "(n/(n - 1), with"),
        (0.5, "too small by a constant factor of 2,"),
        (-2.5, "too large by a constant factor of 2.5 and has the wrong sign"),
    ):
        verdict = told(exercise, name, reference * factor)
        assert verdict.kind == "factor"
        assert said in verdict.message


def branches() -> list[tuple[str, str, tuple[str, ...]]]:
    """Every value that is asked for and used more than once, with some of its uses."""
    return [
        (made.name, name, kept)
        for made in DERIVATIONS.values()
        for name in made.wanted
        for size in range(1, len(made.users[name]))
        for kept in itertools.combinations(made.users[name], size)
        # What comes back through the largest logit is zero but for rounding.
        if name != "logits"
    ]


@pytest.mark.parametrize(("exercise", "name", "kept"), branches())
def test_a_missing_branch(exercise: str, name: str, kept: tuple[str, ...]) -> None:
    made, values, _ = examined(exercise)
    without = {(user, name) for user in made.users[name] if user not in kept}
    verdict = told(exercise, name, made.by_hand(values, without)[name])
    assert verdict.kind == "branch"
    assert f"{name} is used {len(made.users[name])} times" in verdict.message
    assert all(user in verdict.message for user in kept)


@pytest.mark.parametrize(
    ("exercise", "name", "code", "said"),
    [
        ("cross-entropy", "logits", "probs / n", "through counts_sum is included"),
        ("cross-entropy", "logits", "-F.one_hot(Yb, V).double() / n", "through probs is included"),
        ("batchnorm", "hprebn", "bngain * bnvar_inv * dhpreact", "hprebn is used 2 times"),
        ("batchnorm", "hprebn", "bngain * bnvar_inv * dhpreact", "bndiff is used 2 times"),
        (
            "batchnorm",
            "hprebn",
            "bngain * bnvar_inv * (dhpreact - dhpreact.mean(0))",
            "bndiff is used 2 times",
        ),
        ("attention", "masked", "weights * dweights", "powers is used 2 times"),
    ],
)
def test_a_branch_forgotten_on_paper(exercise: str, name: str, code: str, said: str) -> None:
    verdict = told(exercise, name, evaluated(exercise, code))
    assert verdict.kind == "branch"
    assert said in verdict.message


def summed() -> list[tuple[str, str, str]]:
    """Gradients that are sums over a broadcast, each with its code before the sum."""
    return [
        (made.name, name, SUMMED.sub("", code))
        for made in DERIVATIONS.values()
        for step in made.steps
        for name, code in step.backward.items()
        if name in made.wanted and SUMMED.search(code) and "masked" not in name
    ]


@pytest.mark.parametrize(("exercise", "name", "code"), summed())
def test_a_missing_sum(exercise: str, name: str, code: str) -> None:
    verdict = told(exercise, name, evaluated(exercise, code))
    assert verdict.kind == "sum"
    assert "broadcast" in verdict.message
    wrong = told(exercise, name, evaluated(exercise, code) + 1)
    assert wrong.kind == "shape"
    assert "even with it" in wrong.message


def test_there_are_sums_to_be_missed() -> None:
    assert len(summed()) >= 12
    assert len(branches()) >= 20


@pytest.mark.parametrize(
    ("exercise", "name", "code"),
    [
        ("backprop", "bndiff2", "dbnvar / (n - 1)"),
        ("batchnorm", "hprebn", "dbnmeani"),
        ("backprop", "counts", "dcounts_sum"),
    ],
)
def test_a_sum_s_gradient_is_to_be_repeated(exercise: str, name: str, code: str) -> None:
    verdict = told(exercise, name, evaluated(exercise, code))
    if name == "bndiff2":
        assert verdict.kind == "spread"
        assert "repeated" in verdict.message
    else:
        assert verdict.kind == "shape"
        assert "(1, 64)" in verdict.message or "(32, 1)" in verdict.message


@pytest.mark.parametrize(("exercise", "name"), wanted(*NOTHING))
def test_dimensions_lost_and_transposed(exercise: str, name: str) -> None:
    reference = examined(exercise)[2].references[name]
    assert told(exercise, name, reference.unsqueeze(0)).kind == "dimension"
    if 1 in reference.shape:
        assert told(exercise, name, reference.squeeze()).kind == "dimension"
    elif reference.ndim == 2:
        assert told(exercise, name, reference.T).kind == "transposed"


def test_transposed_where_the_shape_does_not_tell() -> None:
    made = Derivation(
        name="square",
        title="",
        source="",
        data={"n": "4", "above": "randn(n, n)"},
        leaves={"W": "randn(n, n)"},
        steps=(DERIVATIONS["attention"].steps[-1].__class__("loss", "(W * above).sum()",
                                                            {"W": "above"}),),
    )  # fmt: skip
    values = made.forward(made.start(0))
    assert Examiner(made, values).judge("W", values["above"].T).kind == "transposed"


@pytest.mark.parametrize(("exercise", "name"), wanted()[::4])
def test_what_is_no_gradient_at_all(exercise: str, name: str) -> None:
    reference = examined(exercise)[2].references[name]
    assert told(exercise, name, None).kind == "unfilled"
    other = told(exercise, name, Foreign("list"))
    assert other.kind == "type"
    assert "list" in other.message
    assert told(exercise, name, torch.zeros(reference.shape, dtype=torch.int64)).kind == "type"
    holed = reference.clone()
    holed.view(-1)[0] = torch.nan
    holed.view(-1)[1:3] = torch.inf
    verdict = told(exercise, name, holed)
    assert verdict.kind == "not finite"
    assert "1 NaN and 2 infinite" in verdict.message
    assert told(exercise, name, torch.zeros(7, 5, 3, 2)).kind == "shape"
    if (exercise, name) not in NOTHING:
        zero = told(exercise, name, torch.zeros_like(reference))
        assert zero.kind == "wrong"
        assert "zero everywhere" in zero.message


@given(st.integers(0, 10**6), st.sampled_from(wanted()))
@settings(max_examples=25)
def test_noise_is_not_given_a_name(seed: int, which: tuple[str, str]) -> None:
    reference = examined(which[0])[2].references[which[1]]
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(reference.shape, generator=generator, dtype=torch.float64)
    verdict = told(*which, noise)
    assert verdict.kind == "wrong"
    assert "Check the local derivative of" in verdict.message


def test_rows_overwritten_instead_of_added_to() -> None:
    _, values, examiner = examined("backprop")
    demb, ids = examiner.references["emb"], values["Xb"]
    mine = torch.zeros_like(values["C"])
    mine[ids.view(-1)] = demb.view(-1, 10)
    verdict = examiner.judge("C", mine)
    assert verdict.kind == "wrong"
    assert re.search(r"\d+ of 270 elements are right", verdict.message)
    assert "emb = C[Xb]" in verdict.message
