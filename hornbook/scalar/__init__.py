"""Rung zero: numbers that know their gradients, with nothing but the standard library."""

from hornbook.scalar.expression import parse_expression
from hornbook.scalar.graph import as_dot
from hornbook.scalar.losses import l2_penalty, max_margin, mean_squared_error
from hornbook.scalar.moons import two_moons
from hornbook.scalar.network import MLP, Layer, Neuron
from hornbook.scalar.tape import Tape
from hornbook.scalar.value import Value, dot

__all__ = [
    "MLP",
    "Layer",
    "Neuron",
    "Tape",
    "Value",
    "as_dot",
    "dot",
    "l2_penalty",
    "max_margin",
    "mean_squared_error",
    "parse_expression",
    "two_moons",
]
