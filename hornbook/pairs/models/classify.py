"""A net for labels: an encoder reads the text, and the average over its positions tells the label.

The encoder of a transformer is, as the lecture says, the net of a language model without the mask:
every position sees the whole text, before and behind it. A recurrent one reads from both ends. What
is asked of all positions together is one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.errors import SettingsError
from hornbook.nn import (
    GRU,
    AttentionPool,
    Bidirectional,
    BidirectionalStack,
    CrossEntropy,
    Embedding,
    Encoder,
    EncoderBlock,
    Layer,
    Linear,
    MeanPool,
    Net,
    Padding,
    Rotary,
    TransformerParts,
)
from hornbook.nn.shapes import Shapes, shapes_while
from hornbook.nn.transformer_parts import FeedForward, Norm
from hornbook.pairs.models.contract import Arrays, Labeller, Shape
from hornbook.pairs.models.ngram_features import sound
from hornbook.pairs.rows import Ids, Padded, PairBatch, padded
from hornbook.ranges import Choices, Range
from hornbook.settings import Bounds, Settings

__all__ = ["Classify", "ClassifySettings"]

AT_ONCE = 16_384  # tokens that are read at a time, where a model is used
FIRST = 0.1  # of the output layer's usual start: the first predictions are nearly even


@dataclass(frozen=True)
class ClassifySettings(Settings):
    """Settings of the encoder with a pooled output."""

    training_only = frozenset({"dropout"})

    body: Literal["recurrent", "transformer"] = "recurrent"
    "What reads a text: GRUs from both ends, or blocks of attention and feed-forward."
    n_layer: Annotated[int, Bounds(0, 256)] = 1
    "Number of blocks, or of GRUs one on another (0: an average of embeddings)."
    n_head: Annotated[int, Bounds(1, 256)] = 2
    "Attention heads per block; n_embd must be a multiple of it."
    n_embd: Annotated[int, Bounds(1, 16_384), Range(32, 128, step=32)] = 64
    "Size of the embeddings, and of the residual stream or of the GRUs' state from each end."
    widen: Annotated[float, Bounds(0, 64, above=True)] = 4.0
    "Hidden units of the feed-forward layers, as a multiple of n_embd."
    dropout: Annotated[float, Bounds(0, 0.95), Range(0, 0.5)] = 0.0
    """Dropout rate of embeddings, and between GRUs; in a transformer of attention weights and of
    what each part of a block adds."""
    causal: bool = False
    """Keep the mask of a language model: each position sees only what stands before it. Without,
    as in an encoder, it sees the whole text (only with body=transformer)."""
    pool: Annotated[Literal["mean", "attention"], Choices(("mean", "attention"))] = "mean"
    "How positions become one vector: their mean, or an average in which a learned query weighs."
    norm: Norm = "rms"
    "Normalisation before each part of a block and before pooling: RMSNorm or LayerNorm."
    feed_forward: FeedForward = "relu2"
    "Nonlinearity of the feed-forward layers; gelu_tanh is GPT-2's approximation of gelu."

    def __post_init__(self) -> None:
        super().__post_init__()
        attends = self.body == "transformer"
        size, rest = divmod(self.n_embd, self.n_head)
        if attends and (rest or size % 2):
            raise SettingsError(
                f"`n_embd` must be an even multiple of `n_head`, {self.n_head}, for rotary "
                f"positions; it is {self.n_embd}.",
                hint=f"Set `n_embd` to a multiple of {2 * self.n_head}, or change `n_head`.",
                setting="n_embd",
            )
        own = ("n_head", "widen", "feed_forward", "causal")
        self.refuse_unless(self.n_layer > 0, own, "`n_layer` of at least 1")
        self.refuse_unless(attends, (*own, "norm"), "`body=transformer`")


class Classify(Net, Labeller):
    """Sources (B, S) to a score for each label (B, labels).

    Args:
        settings: of it.
        shape: of the data.
        generator: of the random start.
    """

    Settings = ClassifySettings
    settings: ClassifySettings

    def __init__(
        self, settings: ClassifySettings, shape: Shape, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.settings, self.shape, s = settings, shape, settings
        parts = TransformerParts(
            s.n_embd, s.n_head, max(1, round(s.widen * s.n_embd)), dropout=s.dropout, norm=s.norm,
            feed_forward=s.feed_forward,
        )  # fmt: skip
        embedding = Embedding(shape.source.size, s.n_embd, generator=generator)
        front, width = [embedding, *parts.drops()], s.n_embd
        if s.body == "transformer":
            rotary = Rotary(s.n_embd // s.n_head)
            blocks = [
                EncoderBlock(parts, rotary, generator, causal=s.causal) for _ in range(s.n_layer)
            ]
            self.encoder = Encoder(front, blocks, parts.norms())
        elif s.n_layer:
            width = 2 * s.n_embd
            grus = [
                Bidirectional(
                    *(GRU(width if at else s.n_embd, s.n_embd, generator=generator) for _ in "<>")
                )
                for at in range(s.n_layer)
            ]
            self.encoder = Encoder([embedding], [BidirectionalStack(*grus, dropout=s.dropout)], [])
        else:
            self.encoder = Encoder(front, [], [])
        self.pool = AttentionPool(width) if s.pool == "attention" else MeanPool()
        self.head = Linear(width, shape.labels, generator=generator)
        parts.initialise(self.head, FIRST, generator)
        self.cross_entropy = CrossEntropy()

    @property
    def blocks(self) -> list[Layer]:
        """Those of a transformer's encoder: training can recompute them."""
        return [one for one in self.encoder.chain if isinstance(one, EncoderBlock)]

    def scores_vjp(self, sources: Padded) -> tuple[Tensor, Callable[[Tensor], Any]]:
        """Scores (B, labels), and the way back from their gradient."""
        ids, lengths = self.tensor(sources.ids), self.tensor(sources.lengths)
        padding = Padding.of(lengths, ids.shape[1])
        x, encoder_backward = self.encoder.vjp(ids, padding)  # (B, S, C)
        x, pool_backward = self.pool.vjp(x, padding)  # (B, C)
        y, head_backward = self.head.vjp(x)
        return y, lambda dy: encoder_backward(pool_backward(head_backward(dy)))

    def shapes(self) -> Shapes:
        """The layers with what each is given and gives, its parameters and multiplications.

        Of one text, as long as the longest in train.
        """
        time = self.shape.longest_source
        ids = torch.zeros((1, time), dtype=torch.int64, device=self.anchor.device)
        tokens = "token" if time == 1 else "tokens"
        return shapes_while(
            self, lambda: self.head(self.pool(self.encoder(ids))), f"a text of {time:,} {tokens}"
        )

    def loss_vjp(self, batch: PairBatch) -> tuple[Tensor, Callable[[], None]]:
        """The mean loss of a text, and the way to the gradients of all parameters.

        Args:
            batch: as `hornbook.pairs.batches` gives it.
        """
        scores, scores_backward = self.scores_vjp(batch.sources)
        loss, loss_backward = self.cross_entropy.vjp(scores, self.tensor(batch.targets))

        def backward() -> None:
            scores_backward(loss_backward())

        return loss, backward

    def scores(self, sources: Sequence[Ids]) -> npt.NDArray[np.float64]:
        """Scores of each label, texts of about equal lengths read together."""
        found = np.zeros((len(sources), self.shape.labels))
        order = np.argsort([-len(one) for one in sources], kind="stable")
        with self.in_use():
            first = 0
            while first < len(order):
                rows = max(1, AT_ONCE // len(sources[order[first]]))
                at = order[first : first + rows]
                y, _ = self.scores_vjp(padded([sources[one] for one in at]))
                found[at] = y.double().cpu().numpy()
                first += rows
        return found

    def arrays(self) -> Arrays:
        """Parameters, and the temperature."""
        return {**super().arrays(), "temperature": np.array([self.temperature])}

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """
        temperature = float(sound(arrays, "temperature", (1,))[0])
        super().load_arrays({name: one for name, one in arrays.items() if name != "temperature"})
        self.temperature = temperature
