"""Nets as the page describes them: each layer by its kind, with the names of its arrays.

Two forms of a net become one here. A net that reads windows is told the newest token like any
other, and keeps the others of its window in a queue (`taps`), as the levels of a tree do.

A layer without a line in DESCRIBED is refused: the page would compute something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hornbook import nn
from hornbook.errors import SettingsError
from hornbook.interchange.html.tensors import Packed
from hornbook.nn.attention import EPS
from hornbook.nn.recurrent_stack import RecurrentStack
from hornbook.records import JSON

__all__ = ["described_net"]

Spec = dict[str, JSON]


def described_net(net: nn.Net, packed: Packed, *, window: int, start: int) -> Spec:
    """A net as the page reads it.

    Args:
        net: a model made of layers.
        packed: takes its arrays.
        window: how many tokens it reads at once, or how many positions attention may see.
        start: the id that stands before the first token.

    Raises:
        SettingsError: if the page has not one of its layers.
    """
    names = {id(tensor): name for name, tensor in net.state_dict(keep_vars=True).items()}
    writer = Writer(packed, names, window, start)
    return writer.layer(net.net, 0)


@dataclass
class Writer:
    """Describes layers.

    Args:
        packed: takes their arrays.
        names: of parameters and buffers, by the identity of the tensor.
        window: see `described_net`.
        start: see there.
    """

    packed: Packed
    names: Mapping[int, str]
    window: int
    start: int

    def layer(self, layer: nn.Layer, size: int) -> Spec:
        """One layer that reads vectors of some size.

        Raises:
            SettingsError: if there is none like it in the page.
        """
        kind = type(layer)
        if kind not in DESCRIBED:
            raise SettingsError(
                f"The page has no layer {kind.__name__}, which this model is made of.",
                hint="Export it in another format.",
            )
        return DESCRIBED[kind](self, layer, size)

    def array(self, tensor: Tensor, name: str = "") -> str:
        """Take a parameter, or what was computed from some, under a name."""
        return self.packed.add(name or self.names[id(tensor)], tensor.detach().cpu().numpy())

    def linear(self, weight: Tensor, bias: Tensor | None, name: str = "", more: str = "") -> Spec:
        """A product, and perhaps a bias; `name` and `more` of what are not parameters."""
        spec: Spec = {"kind": "linear", "weight": self.array(weight, name), "size": len(weight)}
        if bias is not None:
            spec["bias"] = self.array(bias, more)
        return spec

    def own(self, tensor: Tensor | None) -> str | None:
        """A parameter that may be absent."""
        return None if tensor is None else self.array(tensor)


def width(spec: Spec, given: int) -> int:
    """The size of what a layer gives."""
    return int(spec.get("gives", spec.get("size", given)))  # type: ignore[arg-type]


def chain(to: Writer, layer: nn.Sequential, size: int) -> Spec:
    """Layers one after the other, without those that do nothing outside training."""
    layers: list[JSON] = []
    dilation, waiting = 1, False
    for one in layer.chain:
        if isinstance(one, nn.Dropout):
            continue
        spec: Spec
        if isinstance(one, nn.Flatten | nn.FlattenConsecutive):
            fan = one.n if isinstance(one, nn.FlattenConsecutive) else to.window
            spec = taps(fan, dilation, size)
            dilation, waiting = dilation * fan, True
        elif isinstance(one, nn.LastPosition):
            # The window that was read is all that there is: each position reads its own again.
            before = layers.pop()
            assert isinstance(before, dict)
            layers.append(taps(to.window, 1, int(before["reads"])))
            spec = {"kind": "reread", "layer": before, "count": to.window, "size": size}
            waiting = True
        else:
            spec = to.layer(one, size)
        layers.append(spec)
        size = width(spec, size)
    found: Spec = {"kind": "chain", "layers": layers, "gives": size}
    return {**found, "start": to.start} if waiting else found


def taps(fan: int, dilation: int, size: int) -> Spec:
    """A queue of vectors of some size."""
    return {"kind": "taps", "fan": fan, "dilation": dilation, "size": size, "gives": fan * size}


def embedding(to: Writer, layer: nn.Embedding, size: int) -> Spec:
    weight = layer.weight
    return {"kind": "embedding", "weight": to.array(weight), "size": weight.shape[1]}


def conditioned_embedding(to: Writer, layer: nn.ConditionedEmbedding, size: int) -> Spec:
    """What is read says what is given, too: see the layer."""
    return {
        **embedding(to, layer, size),
        "kind": "conditioned_embedding",
        "values": to.array(layer.values),
        "tokens": len(layer.weight),
        "given": list(layer.given),
    }


def batch_norm(to: Writer, layer: nn.BatchNorm1d, size: int) -> Spec:
    """As it is used: one factor and one shift for each channel."""
    if layer.positions > 1:
        raise SettingsError(
            "What is exported reads token by token, and `norm_by_position` normalises a token "
            "otherwise at each place of the context.",
            hint="Export a net without `norm_by_position`, which is a bug to look at.",
        )
    scale = torch.rsqrt(layer.running_var.double() + layer.eps)
    factor = layer.weight.double() * scale
    shift = layer.bias.double() - layer.running_mean.double() * factor
    name = to.names[id(layer.weight)].removesuffix("weight")
    return {
        "kind": "affine",
        "factor": to.array(factor.float(), f"{name}factor"),
        "shift": to.array(shift.float(), f"{name}shift"),
    }


def layer_norm(to: Writer, layer: nn.LayerNorm, size: int) -> Spec:
    return {
        "kind": "layer_norm",
        "weight": to.array(layer.weight),
        "bias": to.own(layer.bias),
        "eps": layer.eps,
    }


def attention(to: Writer, layer: nn.SelfAttention, size: int) -> Spec:
    """Causal self-attention; several heads of queries may share keys and values."""
    if not layer.causal:
        raise SettingsError(
            "The page has causal attention, and this model looks at what comes later too.",
            hint="Export it in another format.",
        )
    last = layer.projection
    return {
        "kind": "attention",
        "qkv": to.linear(layer.qkv.weight, layer.qkv.bias),
        "projection": None if last is None else to.linear(last.weight, last.bias),
        "heads": layer.n_head,
        "size": size,
        "window": to.window if layer.window is None else layer.window,
        "qk_norm": EPS if layer.qk_norm else 0,
        "rotary": 0 if layer.rotary is None else layer.rotary.base,
    }


def gated(to: Writer, layer: nn.GatedStack, size: int) -> Spec:
    """WaveNet's blocks."""
    blocks: list[JSON] = []
    skip = 0
    for block in layer.chain:
        conv, out = block.conv, block.out
        skip = len(out.weight) - block.channels
        blocks.append(
            {
                "taps": taps(conv.kernel_size, conv.dilation, conv.in_channels),
                "conv": to.linear(conv.weight, conv.bias),
                "out": to.linear(out.weight, out.bias),
                "hidden": out.weight.shape[1],
                "residual": block.channels,
            }
        )
    return {"kind": "gated", "blocks": blocks, "channels": size, "size": skip}


def recurrent_stack(to: Writer, layer: RecurrentStack, size: int) -> Spec:
    """Recurrent layers one on another; `reads` says what the lowest is given."""
    layers: list[JSON] = [to.layer(one, one.input_size) for one in layer.chain]
    return {"kind": "chain", "layers": layers, "gives": layer.hidden_size, "reads": size}


def gru(to: Writer, layer: nn.GRU, size: int) -> Spec:
    return {
        "kind": "gru",
        "input": to.linear(layer.weight_ih, layer.bias_ih),
        "hidden": to.linear(layer.weight_hh, layer.bias_hh),
        "size": layer.hidden_size,
    }


def lstm(to: Writer, layer: nn.LSTM, size: int) -> Spec:
    return {**gru(to, layer, size), "kind": "lstm"}  # type: ignore[arg-type]


def rnn(to: Writer, layer: nn.RNN | nn.AddedRNN, size: int) -> Spec:
    """Input and state each by a product of its own."""
    added = isinstance(layer, nn.AddedRNN)
    return {
        **gru(to, layer, size),  # type: ignore[arg-type]
        "kind": "rnn",
        "join": "added" if added else "projected",
        "function": "tanh" if isinstance(layer, nn.AddedRNN) else layer.nonlinearity,
    }


def concatenated(to: Writer, layer: nn.ConcatenatedRNN, size: int) -> Spec:
    """Input and state side by side."""
    return {
        "kind": "rnn",
        "join": "concatenated",
        "function": "tanh",
        "input": to.linear(layer.weight_in, layer.bias_in),
        "hidden": to.linear(layer.weight_hh, layer.bias_hh),
        "size": layer.hidden_size,
    }


def single(name: str) -> Callable[[Writer, nn.Layer, int], Spec]:
    """A nonlinearity of single numbers."""
    return lambda to, layer, size: {"kind": "single", "function": name, "size": size}


DESCRIBED: Mapping[type[nn.Layer], Callable[[Writer, Any, int], Spec]] = {
    nn.AddedRNN: rnn,
    nn.BatchNorm1d: batch_norm,
    nn.CausalAverage: lambda to, layer, size: {"kind": "average", "size": size},
    nn.ConcatenatedRNN: concatenated,
    nn.ConditionedEmbedding: conditioned_embedding,
    nn.Embedding: embedding,
    nn.GELU: single("gelu"),
    nn.GRU: gru,
    nn.GatedStack: gated,
    nn.LSTM: lstm,
    nn.LayerNorm: layer_norm,
    nn.LearnedPositions: lambda to, layer, size: {
        "kind": "positions", "weight": to.array(layer.weight), "size": size,
    },
    nn.Linear: lambda to, layer, size: to.linear(layer.weight, layer.bias),
    nn.OneHot: lambda to, layer, size: {"kind": "one_hot", "size": layer.num_classes},
    nn.RMSNorm: lambda to, layer, size: {
        "kind": "rms_norm", "weight": to.own(layer.weight), "size": size, "eps": layer.eps,
    },
    nn.RNN: rnn,
    nn.ReLU: single("relu"),
    RecurrentStack: recurrent_stack,
    nn.Residual: lambda to, layer, size: {
        "kind": "residual", "layer": to.layer(layer.layer, size), "size": size,
    },
    nn.Sequential: chain,
    nn.SoftCap: lambda to, layer, size: {"kind": "softcap", "cap": layer.cap, "size": size},
    nn.SelfAttention: attention,
    nn.SquaredReLU: single("relu2"),
    nn.SwiGLU: lambda to, layer, size: {"kind": "swiglu", "size": size // 2},
    nn.Tanh: single("tanh"),
    nn.TanhGELU: single("gelu_tanh"),
    nn.Tree: chain,
}  # fmt: skip
"What the page has for each kind of layer. It is told by the class itself: a subclass is another."
