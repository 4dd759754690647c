"""Tokens that are looked up among the sorted ones of a node."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.kernels.entries import search
from hornbook.text.losses import counted_loss
from hornbook.text.models import looking_up
from hornbook.text.models.looking_up import locate, located
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.stream import encode_text
from hornbook.tokenizers.characters import CharTokenizer

nodes_of_tokens = st.lists(st.sets(st.integers(0, 40), max_size=12), min_size=1, max_size=8)


@given(nodes_of_tokens, st.sampled_from([np.uint8, np.uint16, np.uint32]))
def test_each_is_found_where_it_is(rows: list[set[int]], kind: type[np.unsignedinteger]) -> None:
    values = np.array([token for row in rows for token in sorted(row)], kind)
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.uint16)
    nodes = np.repeat(np.arange(len(rows)), 41)
    wanted = np.tile(np.arange(41), len(rows)).astype(kind)
    begins = offsets[nodes]
    expected = [
        begins[i] + sorted(rows[node]).index(token) if token in rows[node] else -1
        for i, (node, token) in enumerate(zip(nodes, wanted.tolist(), strict=True))
    ]
    np.testing.assert_array_equal(located(values, offsets, nodes, wanted), expected)


def test_a_kernel_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba", reason="Numba is not installed")
    rng = np.random.default_rng(0)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(0, 30, 200))]).astype(np.uint32)
    values = np.empty(offsets[-1], np.uint32)
    for first, last in pairwise(offsets.tolist()):
        values[first:last] = np.sort(rng.choice(60, last - first, replace=False))
    nodes, wanted = rng.integers(0, 200, 5_000), rng.integers(0, 60, 5_000)
    expected = locate(values, offsets, nodes, wanted)
    assert (expected >= 0).any()
    assert (expected < 0).any()
    monkeypatch.setattr(looking_up, "PAID", 0)
    calls = []

    def counted(*given: Any) -> Any:
        calls.append(1)
        return search(*given)

    monkeypatch.setattr(looking_up, "search", counted)
    monkeypatch.setattr(looking_up, "compiled", lambda *types: True)
    np.testing.assert_array_equal(locate(values, offsets, nodes, wanted), expected)
    assert calls == [1]
    monkeypatch.setattr(looking_up, "MANY", len(nodes) + 1)
    locate(values, offsets, nodes, wanted)
    assert calls == [1], "few are not worth it"


def test_what_was_measured_before_it_is_measured_after(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba", reason="Numba is not installed")
    text = "".join(np.random.default_rng(0).choice(list("abcde "), 6_000))
    tokenizer = CharTokenizer.fit([text], boundary=False)
    stream = encode_text(text, tokenizer)
    model = NGram(NGramSettings(order=4), tokenizer.vocabulary).fit(stream)
    before = counted_loss(model, stream)
    monkeypatch.setattr(looking_up, "PAID", 0)
    assert counted_loss(model, stream) == before


def test_it_is_not_loaded_for_little() -> None:
    code = (
        "import sys, numpy as np\n"
        "from hornbook.text.models.looking_up import locate\n"
        "locate(np.arange(9), np.array([0, 9]), np.zeros(9, int), np.arange(9))\n"
        "sys.exit('numba' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])
