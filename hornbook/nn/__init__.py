"""Layers, one concept a file, each with its own way back (`vjp`)."""

from hornbook.nn.activations import ReLU, Tanh
from hornbook.nn.batchnorm import BatchNorm1d
from hornbook.nn.cross_entropy import CrossEntropy
from hornbook.nn.dropout import Dropout
from hornbook.nn.embedding import Embedding, OneHot
from hornbook.nn.flatten import Flatten, FlattenConsecutive
from hornbook.nn.layer import Backward, Layer, grad_of
from hornbook.nn.layernorm import LayerNorm
from hornbook.nn.linear import Linear
from hornbook.nn.sequential import Sequential

__all__ = [
    "Backward",
    "BatchNorm1d",
    "CrossEntropy",
    "Dropout",
    "Embedding",
    "Flatten",
    "FlattenConsecutive",
    "Layer",
    "LayerNorm",
    "Linear",
    "OneHot",
    "ReLU",
    "Sequential",
    "Tanh",
    "grad_of",
]
