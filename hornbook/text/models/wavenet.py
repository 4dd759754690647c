"""Nets that read their context as a tree: the lecture's, and the WaveNet that it simplifies.

`kind tree` is the lecture's part 5: at each level every two neighbours are joined and go through a
linear layer, BatchNorm and tanh, until one node is left that has seen 8 tokens. As in the lecture,
block_size 8 gives 76,579 numbers with n_embd 24 and n_hidden 128 on 27 tokens, and 22,397 with 10
and 68. Its one net is run in either of two forms, which read each other's runs:

    form tree           on windows, as the lecture does: a node that several windows share is
                        computed for each of them
    form convolution    on whole rows, as the lecture says at its end: each node once, for all
                        predictions that see it (hornbook.nn.packed)

The two give the same predictions. In training BatchNorm's statistics differ slightly, for the
convolution counts each node once, the tree as often as windows share it.

`kind gated` is the WaveNet itself (van den Oord et al. 2016): cycles of dilated convolutions with
gates, residual and skip connections. It always reads rows; before them it sees zeros.

Either samples with queues of what each level still needs, a product a level for each new token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.errors import SettingsError
from hornbook.nn import (
    Backward,
    BatchNorm1d,
    Dropout,
    FlattenConsecutive,
    GatedStack,
    Layer,
    LayerNorm,
    Linear,
    PackedTrees,
    ReLU,
    Sequential,
    Tanh,
    Tree,
    join,
)
from hornbook.nn.init import Scheme, gain, initialise
from hornbook.ranges import Range
from hornbook.settings import Bounds, Settings
from hornbook.text.batch import Batch
from hornbook.text.models.contract import Ids
from hornbook.text.models.layer_memory import LayerMemory
from hornbook.text.models.memory import WindowMemory
from hornbook.text.models.network import Network
from hornbook.text.models.reading import Reading
from hornbook.text.models.token_embedding import token_embedding
from hornbook.text.stream import IGNORED
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["WaveNet", "WaveNetSettings"]


@dataclass(frozen=True)
class WaveNetSettings(Settings):
    """Settings of the tree and of the gated net."""

    training_only = frozenset({"dropout"})

    block_size: Annotated[int, Bounds(2, 65_536)] = 8
    "Tokens spanned by the tree, or by one cycle of the gated net; a power of fan."
    fan: Annotated[int, Bounds(2, 256)] = 2
    "Neighbours merged at each level: the kernel size of the convolution."
    n_embd: Annotated[int, Bounds(1, 4096), Range(8, 64, log=True)] = 24
    "Size of the token embeddings, and of the gated net's residual stream."
    n_hidden: Annotated[int, Bounds(1, 65_536), Range(32, 256, log=True)] = 128
    "Units in each level."
    kind: Literal["tree", "gated"] = "tree"
    "tree: the lecture's net; gated: WaveNet's gated blocks with residual and skip connections."
    form: Literal["convolution", "tree"] = "convolution"
    """Run the tree over whole sequences as a convolution, or on one window per prediction as the
    lecture does (only with kind=tree)."""
    row_size: Annotated[int, Bounds(2, 65_536)] = 128
    """Longest sequence in training, in tokens; longer examples and texts are split (only with
    form=convolution)."""
    activation: Literal["relu", "tanh"] = "tanh"
    "Nonlinearity of the levels (only with kind=tree)."
    norm: Literal["batch", "layer", "none"] = "batch"
    "Normalisation before each nonlinearity: BatchNorm or LayerNorm (only with kind=tree)."
    norm_momentum: Annotated[float, Bounds(0, 1, above=True)] = 0.1
    """Momentum of BatchNorm's running statistics: the weight of the newest batch (only with
    kind=tree and norm=batch)."""
    norm_by_position: bool = False
    """Plant the bug of the lecture's part 5: each place of the context is normalised by statistics
    of its own, over dimension 0 alone, instead of by those of all places (only with form=tree and
    norm=batch)."""
    n_cycles: Annotated[int, Bounds(1, 64)] = 1
    "Number of times the sequence of dilations is repeated (only with kind=gated)."
    n_skip: Annotated[int, Bounds(1, 65_536)] = 128
    "Size of the skip connections from the blocks to the output (only with kind=gated)."
    dropout: Annotated[float, Bounds(0, 0.95), Range(0, 0.3)] = 0.0
    "Dropout rate of the hidden units."
    init: Scheme = "kaiming"
    """Standard deviation of the hidden layers' initial weights: kaiming, gain / sqrt(fan_in);
    xavier, gain * sqrt(2 / (fan_in + fan_out)); normal, gain."""
    gain: Annotated[float | None, Bounds(0, 1000, above=True)] = None
    """Factor in that standard deviation (default: the nonlinearity's recommended gain, 5/3 for tanh
    and sqrt(2) for relu)."""
    output_gain: Annotated[float, Bounds(0, 1000)] = 0.1
    "Gain of the output layer; a small one makes the first predictions nearly uniform."

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fan**self.levels != self.block_size:
            raise SettingsError(
                f"`block_size` must be a power of `fan`, {self.fan}; it is {self.block_size}.",
                hint=f"The next larger one is {self.fan**self.levels}.",
            )
        tree = self.kind == "tree"
        self.refuse_unless(tree, ("form", "activation", "norm"), "`kind=tree`")
        self.refuse_unless(tree and self.norm == "batch", ("norm_momentum",), "`norm=batch`")
        windows = tree and self.norm == "batch" and self.form == "tree"
        self.refuse_unless(windows, ("norm_by_position",), "`form=tree` and `norm=batch`")
        self.refuse_unless(not tree, ("n_cycles", "n_skip"), "`kind=gated`")
        self.refuse_unless(self.form == "convolution", ("row_size",), "`form=convolution`")
        if self.form == "convolution" and self.row_size < self.context:
            raise SettingsError(
                f"`row_size` must be at least the context of a prediction, {self.context} tokens; "
                f"it is {self.row_size}.",
                hint=f"Several times the context is efficient: `row_size={4 * self.context}`.",
            )

    @property
    def levels(self) -> int:
        """Levels of the tree, or blocks in a cycle: those that it takes to span block_size."""
        levels = 1
        while self.fan**levels < self.block_size:
            levels += 1
        return levels

    @property
    def dilations(self) -> tuple[int, ...]:
        """From one tap to the next, level by level."""
        cycle = tuple(self.fan**level for level in range(self.levels))
        return cycle * (self.n_cycles if self.kind == "gated" else 1)

    @property
    def context(self) -> int:
        """Tokens that a prediction sees."""
        return 1 + (self.fan - 1) * sum(self.dilations)


class WaveNet(Network):
    """Rows (B, T) to logits (B, T, V), or, in form tree, contexts (N, T) to logits (N, V)."""

    Settings = WaveNetSettings
    settings: WaveNetSettings

    def __init__(
        self,
        settings: WaveNetSettings,
        vocabulary: Vocabulary,
        generator: torch.Generator | None = None,
    ) -> None:
        s = settings
        # Where a node's value hangs on its place in the context, none can be kept from token to
        # token: the net looks through the whole window each time.
        memory = (
            WindowMemory(s.block_size, vocabulary.start)
            if s.norm_by_position
            else LayerMemory(reach=s.context)
        )
        super().__init__(s, vocabulary, reading_of(s), memory)
        self.packed = s.kind == "tree" and s.form == "convolution"
        if s.kind == "tree":
            layers = tree_layers(s, vocabulary, generator)
            self.net: Sequential = Tree(*layers, fan=s.fan, start=vocabulary.start)
        else:
            self.net = Sequential(*gated_layers(s, vocabulary, generator))

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """Logits, and the backward pass from their gradient; in rows, at every position."""
        if not self.packed:
            return super().vjp(x)
        inputs = x.cpu().numpy()
        trees = self.trees(np.ones(inputs.shape, dtype=np.bool_))
        y, backward = self.packed_vjp(inputs, trees)
        shape = (*inputs.shape, self.vocabulary.size)
        return y.view(shape), lambda dy: backward(dy.reshape(y.shape))

    def loss_vjp(self, batch: Batch) -> tuple[Tensor, Callable[[], None]]:
        """The mean loss of a batch, and the way to the gradients of all parameters."""
        if not self.packed:
            return super().loss_vjp(batch)
        trees = self.trees(batch.targets != IGNORED)
        logits, logits_backward = self.packed_vjp(batch.inputs, trees)
        targets = self.tensor(batch.targets.reshape(-1)[trees.predictions])
        loss, loss_backward = self.cross_entropy.vjp(logits, targets)

        def backward() -> None:
            logits_backward(loss_backward())

        return loss, backward

    def token_losses(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        """-ln p of each target as the model is used; nothing is computed for padding."""
        if not self.packed:
            return super().token_losses(inputs, targets)
        trees = self.trees(targets >= 0)
        flat = targets.reshape(-1)
        losses = np.zeros(flat.shape)
        with self.in_use():
            logits = self.packed_vjp(inputs, trees, keep=False)[0]
            wanted = self.tensor(flat[trees.predictions])
            found = F.cross_entropy(logits, wanted, ignore_index=IGNORED, reduction="none")
        losses[trees.predictions] = found.cpu().numpy()
        return losses.reshape(targets.shape)

    def trees(self, wanted: npt.NDArray[np.bool_]) -> PackedTrees:
        """The trees of some predictions in rows."""
        return PackedTrees(wanted, self.settings.fan, self.settings.levels)

    def packed_vjp(
        self, inputs: Ids, trees: PackedTrees, *, keep: bool = True
    ) -> tuple[Tensor, Backward]:
        """The net's layers over the nodes of all trees, each node once.

        Args:
            inputs: shape (B, T).
            trees: that stand in these rows.
            keep: whether the backward pass will be gone; else what it needs is let go at once.

        Returns:
            Logits of each tree, (N, V), and the backward pass.
        """
        ids = np.concatenate([[self.vocabulary.start], inputs.reshape(-1)[trees.places]])
        children = iter(trees.children)
        ways_back: list[Backward] = []
        x = self.tensor(ids)
        for layer in self.net.chain:
            if isinstance(layer, FlattenConsecutive):
                x, backward = join(x, self.tensor(next(children)))
            else:
                x, backward = layer.vjp(x)
            if keep:
                ways_back.append(backward)

        def backward_all(dy: Tensor) -> Tensor:
            for backward in reversed(ways_back):
                dy = backward(dy)
            return dy

        return x, backward_all


def reading_of(s: WaveNetSettings) -> Reading:
    """Windows, or rows that read a context again; BatchNorm's are of all lengths together."""
    if s.form == "tree":
        return Reading.windows(s.block_size)
    lead = s.context - 1
    return Reading.rows(
        s.row_size,
        context=s.context,
        row_size=s.row_size + lead,  # a measured row of a text predicts as many as one in training
        lead=lead,
        mixed=s.kind == "tree" and s.norm == "batch",
    )


def tree_layers(
    s: WaveNetSettings, vocabulary: Vocabulary, generator: torch.Generator | None
) -> list[Layer]:
    """The lecture's layers, from ids to logits."""
    own = gain(s.activation) if s.gain is None else s.gain
    layers: list[Layer] = [token_embedding(vocabulary, s.n_embd, generator)]
    width = s.n_embd
    nodes = s.block_size
    for _ in range(s.levels):
        nodes //= s.fan
        linear = Linear(s.fan * width, s.n_hidden, s.norm != "batch", generator=generator)
        initialise(linear, s.init, own, generator=generator)
        layers += [FlattenConsecutive(s.fan), linear]
        width = s.n_hidden
        if s.norm == "batch":
            apart = nodes if s.norm_by_position else 1
            layers.append(BatchNorm1d(width, momentum=s.norm_momentum, positions=apart))
        elif s.norm == "layer":
            layers.append(LayerNorm(width))
        layers.append(Tanh() if s.activation == "tanh" else ReLU())
        if s.dropout:
            layers.append(Dropout(s.dropout))
    output = Linear(width, vocabulary.size, generator=generator)
    initialise(output, s.init, s.output_gain, generator=generator)
    return [*layers, output]


def gated_layers(
    s: WaveNetSettings, vocabulary: Vocabulary, generator: torch.Generator | None
) -> list[Layer]:
    """The WaveNet: embedding, gated blocks, and two 1x1 convolutions on the sum of their skips."""
    stack = GatedStack(
        s.n_embd, s.n_hidden, s.n_skip, s.fan, s.dilations, dropout=s.dropout, generator=generator
    )
    for block in stack.chain:
        own = gain("tanh") if s.gain is None else s.gain
        initialise(block.conv, s.init, own, generator=generator)
        initialise(block.out, s.init, generator=generator)
    hidden = Linear(s.n_skip, s.n_skip, generator=generator)
    initialise(hidden, s.init, gain("relu"), generator=generator)
    output = Linear(s.n_skip, vocabulary.size, generator=generator)
    initialise(output, s.init, s.output_gain, generator=generator)
    embedding = token_embedding(vocabulary, s.n_embd, generator)
    return [embedding, stack, ReLU(), hidden, ReLU(), output]
