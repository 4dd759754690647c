"""Colours that every kind of eye can tell apart.

Source: Okabe and Ito, "Color Universal Design", 2008. Their yellow is left out: on white it is
hardly seen.
"""

from __future__ import annotations

__all__ = ["BLACK", "BLUE", "GREEN", "ORANGE", "PURPLE", "SKY", "VERMILION"]

BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
