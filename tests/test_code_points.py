"""A text as an array of its code points."""

from __future__ import annotations

from hornbook.text.code_points import POINTS, is_space, points_of


def test_white_space_is_what_python_takes_for_it() -> None:
    every = "".join(map(chr, range(POINTS)))
    for text in (every[:128], every):  # the first is held in bytes
        assert is_space(points_of(text)).tolist() == [one.isspace() for one in text]
