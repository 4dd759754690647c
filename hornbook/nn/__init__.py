"""Layers, one concept a file, each with its own backward pass (`vjp`).

Those of a single task, or of the nets of a single lecture, are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hornbook.first_use import on_first_use
from hornbook.nn.activations import GELU, ReLU, SquaredReLU, SwiGLU, Tanh, TanhGELU
from hornbook.nn.attention import SelfAttention
from hornbook.nn.attention_cache import Cache
from hornbook.nn.batchnorm import BatchNorm1d
from hornbook.nn.batchnorm_calibration import calibrate_batchnorm
from hornbook.nn.causal_average import AverageForm, CausalAverage
from hornbook.nn.conv import CausalConv1d
from hornbook.nn.cross_entropy import CrossEntropy
from hornbook.nn.dropout import Dropout
from hornbook.nn.eight_bit_linear import EightBitLinear
from hornbook.nn.embedding import Embedding, OneHot
from hornbook.nn.flatten import Flatten, FlattenConsecutive
from hornbook.nn.gated import GatedBlock, GatedStack
from hornbook.nn.gru import GRU
from hornbook.nn.layer import Backward, Layer, grad_of, wants_gradient
from hornbook.nn.layernorm import LayerNorm
from hornbook.nn.linear import Linear
from hornbook.nn.lora import LoRALinear
from hornbook.nn.lstm import LSTM
from hornbook.nn.net import Net
from hornbook.nn.observing import keeping_outputs
from hornbook.nn.packed import PackedTrees, join
from hornbook.nn.padding import Padding
from hornbook.nn.positions import LearnedPositions
from hornbook.nn.recurrent import Recurrent
from hornbook.nn.recurrent_stack import (
    Bidirectional,
    BidirectionalStack,
    LastPosition,
    RecurrentStack,
)
from hornbook.nn.residual import Residual
from hornbook.nn.rmsnorm import RMSNorm
from hornbook.nn.rnn import RNN
from hornbook.nn.rotary import Rotary
from hornbook.nn.scaled_dot_product import attend
from hornbook.nn.sequential import Sequential
from hornbook.nn.softcap import SoftCap
from hornbook.nn.tree import Tree

if TYPE_CHECKING:
    from hornbook.nn.additive_attention import AdditiveAttention
    from hornbook.nn.attention_gru import AttentionGRU
    from hornbook.nn.attention_pool import AttentionPool
    from hornbook.nn.bag import Bag, Lists
    from hornbook.nn.batch_ensemble import BatchEnsemble, Fork, HeadLinear
    from hornbook.nn.char_loop import AddedRNN, ConcatenatedRNN
    from hornbook.nn.conditioned_embedding import ConditionedEmbedding
    from hornbook.nn.cross_attention import CrossAttention
    from hornbook.nn.decoder import Decoder, DecoderBlock
    from hornbook.nn.embeddings import Embeddings
    from hornbook.nn.encoder import Encoder, EncoderBlock
    from hornbook.nn.mean_pool import MeanPool
    from hornbook.nn.periodic import Periodic
    from hornbook.nn.piecewise_linear import PiecewiseLinear
    from hornbook.nn.sinusoidal import SinusoidalPositions
    from hornbook.nn.squared_error import SquaredError
    from hornbook.nn.stretched_sigmoid import StretchedSigmoid
    from hornbook.nn.transformer_parts import TransformerParts

__all__ = [
    "GELU",
    "GRU",
    "LSTM",
    "RNN",
    "AddedRNN",
    "AdditiveAttention",
    "AttentionGRU",
    "AttentionPool",
    "AverageForm",
    "Backward",
    "Bag",
    "BatchEnsemble",
    "BatchNorm1d",
    "Bidirectional",
    "BidirectionalStack",
    "Cache",
    "CausalAverage",
    "CausalConv1d",
    "ConcatenatedRNN",
    "ConditionedEmbedding",
    "CrossAttention",
    "CrossEntropy",
    "Decoder",
    "DecoderBlock",
    "Dropout",
    "EightBitLinear",
    "Embedding",
    "Embeddings",
    "Encoder",
    "EncoderBlock",
    "Flatten",
    "FlattenConsecutive",
    "Fork",
    "GatedBlock",
    "GatedStack",
    "HeadLinear",
    "LastPosition",
    "Layer",
    "LayerNorm",
    "LearnedPositions",
    "Linear",
    "Lists",
    "LoRALinear",
    "MeanPool",
    "Net",
    "OneHot",
    "PackedTrees",
    "Padding",
    "Periodic",
    "PiecewiseLinear",
    "RMSNorm",
    "ReLU",
    "Recurrent",
    "RecurrentStack",
    "Residual",
    "Rotary",
    "SelfAttention",
    "Sequential",
    "SinusoidalPositions",
    "SoftCap",
    "SquaredError",
    "SquaredReLU",
    "StretchedSigmoid",
    "SwiGLU",
    "Tanh",
    "TanhGELU",
    "TransformerParts",
    "Tree",
    "attend",
    "calibrate_batchnorm",
    "grad_of",
    "join",
    "keeping_outputs",
    "wants_gradient",
]

HOMES = {
    "AddedRNN": "hornbook.nn.char_loop",
    "AdditiveAttention": "hornbook.nn.additive_attention",
    "AttentionGRU": "hornbook.nn.attention_gru",
    "AttentionPool": "hornbook.nn.attention_pool",
    "Bag": "hornbook.nn.bag",
    "BatchEnsemble": "hornbook.nn.batch_ensemble",
    "ConcatenatedRNN": "hornbook.nn.char_loop",
    "ConditionedEmbedding": "hornbook.nn.conditioned_embedding",
    "CrossAttention": "hornbook.nn.cross_attention",
    "Decoder": "hornbook.nn.decoder",
    "DecoderBlock": "hornbook.nn.decoder",
    "Embeddings": "hornbook.nn.embeddings",
    "Encoder": "hornbook.nn.encoder",
    "EncoderBlock": "hornbook.nn.encoder",
    "Fork": "hornbook.nn.batch_ensemble",
    "HeadLinear": "hornbook.nn.batch_ensemble",
    "Lists": "hornbook.nn.bag",
    "MeanPool": "hornbook.nn.mean_pool",
    "Periodic": "hornbook.nn.periodic",
    "PiecewiseLinear": "hornbook.nn.piecewise_linear",
    "SinusoidalPositions": "hornbook.nn.sinusoidal",
    "SquaredError": "hornbook.nn.squared_error",
    "StretchedSigmoid": "hornbook.nn.stretched_sigmoid",
    "TransformerParts": "hornbook.nn.transformer_parts",
}

if not TYPE_CHECKING:  # a checker would take it that every name is there
    __getattr__, __dir__ = on_first_use(__name__, HOMES)
