"""The search for answers, held against all answers counted out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hornbook.errors import SettingsError
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.models.contract import Written
from hornbook.pairs.rows import padded
from hornbook.pairs.search import PLACES, divisor, found_by
from tests.toy_speaker import ToySpeaker, toy_sources

SOURCES = toy_sources([1, 4, 2, 2, 3, 0, 5])
LONGEST = 4
placed = pytest.mark.parametrize("boundary", [0, 1, 2])
"Ids of the boundary: nothing takes it to be 0."


def facts(one: Written) -> tuple[tuple[int, ...], float, bool]:
    return tuple(one.ids.tolist()), round(one.score, 9), one.ended


@placed
@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("n", [1, 5])
def test_wide_beams_find_the_best_of_all_answers(
    boundary: int, length_penalty: float, n: int
) -> None:
    for seed in range(4):
        model = ToySpeaker(seed, boundary=boundary)
        sources = toy_sources([1, 3, 2], boundary=boundary)
        how = Decoding("beam", n=n, beams=32, length_penalty=length_penalty, longest=LONGEST)
        for source, found in zip(sources, found_by(model, sources, how), strict=True):
            every = model.everything(source, LONGEST)
            ranks = sorted(
                (-total / ((5 + len(said) + 1) / 6) ** length_penalty for said, total in every)
            )
            scores = [one.score / divisor(len(one.ids) + 1, how) for one in found]
            np.testing.assert_allclose(scores, [-rank for rank in ranks[:n]], rtol=1e-12)
            known = dict(every)
            for one in found:
                assert one.ended
                assert one.score == pytest.approx(known[tuple(one.ids.tolist())], rel=1e-12)
            assert len({tuple(one.ids.tolist()) for one in found}) == n


@placed
def test_greedy_takes_the_likeliest_token_each_time(boundary: int) -> None:
    model = ToySpeaker(3, size=5, boundary=boundary)
    for source in toy_sources([2, 3, 1], 5, boundary):
        (found,) = found_by(model, [source], Decoding(longest=6))[0]
        (number,), (before,) = model.read(padded([source]))
        last, total = int(before), 0.0
        said: list[int] = []
        for _ in range(7):
            logits = model.by_source[number] + model.by_said[before, last]
            token = int(logits.argmax())
            if len(said) == 6 and token != boundary:
                break
            total += float(logits[token] - np.log(np.exp(logits).sum()))
            if token == boundary:
                break
            said.append(token)
            before, last = last, token
        assert found.ids.tolist() == said
        assert found.score == pytest.approx(total, rel=1e-12)
        assert found.ended == (token == boundary)


def test_one_beam_is_greedy() -> None:
    model = ToySpeaker(5, size=6, sharp=2.0)
    sources = toy_sources([1, 2, 3, 4, 5], 6)
    greedy = found_by(model, sources, Decoding(longest=8))
    beam = found_by(model, sources, Decoding("beam", beams=1, longest=8, length_penalty=0))
    for one, other in zip(greedy, beam, strict=True):
        if one[0].ended:
            assert facts(one[0]) == facts(other[0])


@pytest.mark.parametrize(
    "how",
    [
        Decoding(longest=6),
        Decoding("beam", n=3, beams=4, longest=6),
        Decoding("sample", n=3, seed=7, longest=6),
        Decoding("beam", n=2, beams=3),
    ],
)
def test_a_source_in_a_batch_is_answered_as_alone(how: Decoding) -> None:
    model = ToySpeaker(2, size=5, sharp=1.5)
    sources = toy_sources([3, 1, 6, 2, 2, 4, 1], 5)
    together = found_by(model, sources, how)
    for at, source in enumerate(sources):
        alone = found_by(model, [source], how, at)[0]
        assert [*map(facts, alone)] == [*map(facts, together[at])]
    assert all(
        scores == sorted(scores, reverse=True)
        for scores in [[rank(one, how) for one in answers] for answers in together]
    )


def rank(one: Written, how: Decoding) -> float:
    """What answers are sorted by."""
    return one.score / divisor(len(one.ids) + 1, how) if how.method == "beam" else one.score


def test_draws_are_as_frequent_as_they_are_likely() -> None:
    model, source = ToySpeaker(4), SOURCES[1]
    n = 1_000
    for temperature in (1.0, 0.5):
        draws = [
            one
            for seed in range(4)
            for one in found_by(
                model, [source],
                Decoding("sample", n=n, seed=seed, temperature=temperature, longest=9),
            )[0]
        ]  # fmt: skip
        assert len(draws) == 4 * n
        hot = ToySpeaker(4)
        hot.by_source, hot.by_said = model.by_source / temperature, model.by_said / temperature
        drawn = [tuple(one.ids.tolist()) for one in draws if one.ended]
        likely = sorted(hot.everything(source, 3), key=lambda one: -one[1])[:6]
        for said, total in likely:
            p, share = np.exp(total), drawn.count(said) / len(draws)
            assert abs(share - p) < 4.5 * (p * (1 - p) / len(draws)) ** 0.5
        # The score is that of the model, whatever the temperature.
        known = dict(model.everything(source, 5))
        for one in draws[:20]:
            if one.ended and len(one.ids) <= 5:
                assert one.score == pytest.approx(known[tuple(one.ids.tolist())])


def test_another_seed_draws_otherwise_and_the_same_seed_alike() -> None:
    model = ToySpeaker(1, size=6)
    sources = toy_sources([3] * 20, 6)
    how = Decoding("sample", seed=1)
    first, again = found_by(model, sources, how), found_by(model, sources, how)
    other = found_by(model, sources, replace(how, seed=2))
    assert [facts(one[0]) for one in first] == [facts(one[0]) for one in again]
    assert [facts(one[0]) for one in first] != [facts(one[0]) for one in other]


@pytest.mark.parametrize("method", ["greedy", "beam", "sample"])
@pytest.mark.parametrize("longest", [1, 3])
def test_what_does_not_end_is_cut_off(method: str, longest: int) -> None:
    model = ToySpeaker(0)
    model.by_source[:, 0] = -np.inf  # an end is never said
    for answers in found_by(model, SOURCES, Decoding(method, longest=longest)):  # type: ignore[arg-type]
        assert [len(one.ids) for one in answers] == [longest]
        assert not answers[0].ended
        assert np.isfinite(answers[0].score)


def test_without_a_limit_twice_the_longest_target_is_one() -> None:
    model = ToySpeaker(0)
    model.by_source[:, 0] = -np.inf
    (short,), (long,) = found_by(model, toy_sources([1, 9]), Decoding())
    # 4 tokens with the boundary in train; a source of 10 with its boundary.
    assert (len(short.ids), len(long.ids)) == (7, 19)
    model.most = 5
    assert len(found_by(model, toy_sources([1]), Decoding())[0][0].ids) == 4


def test_who_has_ended_is_not_waited_for() -> None:
    model = ToySpeaker(6, size=4)
    sources = toy_sources([2] * 50, 4)
    found = found_by(model, sources, Decoding(longest=20))
    assert sum(model.calls) == sum(len(one[0].ids) + one[0].ended for one in found) + sum(
        not one[0].ended for one in found
    )


def test_many_sources_are_read_in_several_batches() -> None:
    model = ToySpeaker(6, size=4)
    sources = toy_sources([1 + at % 5 for at in range(PLACES + 9)], 4)
    found = found_by(model, sources, Decoding())
    assert len(found) == PLACES + 9
    assert max(model.calls) == PLACES
    alone = found_by(model, [sources[-1]], Decoding())[0]
    assert facts(found[-1][0])[0] == facts(alone[0])[0]


def test_settings_of_another_method_are_refused() -> None:
    for wrong in ({"n": 2}, {"beams": 3}, {"temperature": 0.5}, {"method": "beam", "seed": 3}):
        with pytest.raises(SettingsError, match="method"):
            Decoding(**wrong)


@pytest.mark.filterwarnings("error")
def test_the_lowest_temperature_draws_the_likeliest() -> None:
    model = ToySpeaker(4)
    how = Decoding("sample", temperature=1e-320, longest=6)
    greedy = found_by(model, SOURCES, Decoding(longest=6))
    assert [facts(one[0]) for one in found_by(model, SOURCES, how)] == [
        facts(one[0]) for one in greedy
    ]
