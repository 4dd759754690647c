"""What nets that write share: losses, and the step from arrays to tensors and back."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.nn import CrossEntropy, Linear, Net, Padding
from hornbook.nn.head_cross_entropy import head_cross_entropy_vjp
from hornbook.nn.shapes import Shapes, shapes_while
from hornbook.pairs.models.contract import Floats, SequenceModel, Shape
from hornbook.pairs.rows import IGNORED, Ids, Padded, PairBatch
from hornbook.settings import Settings

__all__ = ["SequenceNet", "target_size"]

MANY = 2**23  # logits of a batch, from which on they are made for some predictions at a time


class SequenceNet(Net, SequenceModel):
    """A net that reads a source and writes a target.

    A subclass says what it makes of both (`hidden_vjp`, `state_of`, `advance`, `pick`, `looks`) and
    has a `head`, the last product, from what it made to logits.

    Args:
        settings: of the family.
        shape: of the data.
    """

    head: Linear

    def __init__(self, settings: Settings, shape: Shape) -> None:
        super().__init__()
        self.settings, self.shape = settings, shape
        self.cross_entropy = CrossEntropy(IGNORED)

    @abstractmethod
    def hidden_vjp(
        self, sources: Tensor, padding: Padding | None, inputs: Tensor
    ) -> tuple[Tensor, Callable[[Tensor], None]]:
        """What the head reads, (B, T, C), and the way back from its gradient.

        Args:
            sources: ids, shape (B, S).
            padding: behind shorter sources.
            inputs: ids, shape (B, T).
        """

    @abstractmethod
    def state_of(self, sources: Tensor, padding: Padding | None) -> Any:
        """The state before anything is said, with the sources read once."""

    @abstractmethod
    def advance(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """One more token of each row, x its id (B,): what the head reads, (B, C), and the state."""

    @abstractmethod
    def pick(self, state: Any, places: Tensor) -> Any:
        """The state of some rows."""

    @abstractmethod
    def looks(self, sources: Tensor, padding: Padding | None, inputs: Tensor) -> Tensor:
        """Where each position looks in the source, shape (B, n, T, S)."""

    def loss_vjp(self, batch: PairBatch) -> tuple[Tensor, Callable[[], None]]:
        """The mean loss of a token of the targets, and the way to the gradients of all parameters.

        Args:
            batch: as `hornbook.pairs.batches` gives it.
        """
        sources, padding = self.given(batch.sources)
        inputs, targets = self.tensor(batch.inputs), self.tensor(batch.targets)
        hidden, hidden_backward = self.hidden_vjp(sources, padding, inputs)
        many = targets.numel() * len(self.head.weight) > MANY
        if many and not torch.is_grad_enabled():
            loss, loss_backward = head_cross_entropy_vjp(
                self.head, hidden, targets, ignore_index=IGNORED
            )
            return loss, lambda: hidden_backward(loss_backward())
        logits, head_backward = self.head.vjp(hidden)
        loss, dlogits = self.cross_entropy.vjp(logits, targets)
        return loss, lambda: hidden_backward(head_backward(dlogits()))

    def shapes(self) -> Shapes:
        """The layers with what each is given and gives, its parameters and multiplications.

        Of one pair, both sides as long as the longest in train.
        """
        s, t = self.shape.longest_source, self.shape.longest_target
        device = self.anchor.device
        sources, inputs = (torch.zeros((1, n), dtype=torch.int64, device=device) for n in (s, t))

        def compute() -> None:
            self.head(self.hidden_vjp(sources, None, inputs)[0])

        tokens = "token" if s == t == 1 else "tokens"
        return shapes_while(self, compute, f"a source of {s:,} and a target of {t:,} {tokens}")

    def given(self, sources: Padded) -> tuple[Tensor, Padding | None]:
        """Sources where the model is, and their padding."""
        ids, lengths = self.tensor(sources.ids), self.tensor(sources.lengths)
        return ids, Padding.of(lengths, ids.shape[1])

    def token_losses(self, sources: Padded, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        """-ln p of each token of the targets as the model is used, shape (B, T); 0 at IGNORED."""
        with self.in_use():
            wanted = self.tensor(targets)
            hidden, _ = self.hidden_vjp(*self.given(sources), self.tensor(inputs))
            # Some rows at a time, so that not all logits of a large vocabulary are there at once.
            rows = max(1, MANY // (wanted.shape[1] * len(self.head.weight)))
            losses = [
                F.cross_entropy(
                    self.head(part).transpose(1, 2), some, ignore_index=IGNORED, reduction="none"
                )
                for part, some in zip(
                    torch.split(hidden, rows), torch.split(wanted, rows), strict=True
                )
            ]
        found: npt.NDArray[np.float64] = torch.cat(losses).cpu().double().numpy()
        return found

    def read(self, sources: Padded) -> Any:
        """The state before anything is said, the sources read as a whole; B places."""
        with self.in_use():
            return self.state_of(*self.given(sources))

    def step(self, ids: Ids, state: Any) -> tuple[Floats, Any]:
        """Logits (B, V) after the token just said in each place, ids (B,), and the new state."""
        with self.in_use():
            hidden, state = self.advance(self.tensor(ids), state)
            logits: Floats = self.head(hidden).cpu().numpy()
        return logits, state

    def select(self, state: Any, places: Ids) -> Any:
        """The state of some places only; a place may come twice."""
        with self.in_use():
            return self.pick(state, self.tensor(np.asarray(places)))

    def alignment(self, sources: Padded, inputs: Ids) -> npt.NDArray[np.float64]:
        """Where each position of the decoder looks in the source, shape (B, n, T, S)."""
        with self.in_use():
            looks = self.looks(*self.given(sources), self.tensor(inputs))
        found: npt.NDArray[np.float64] = looks.cpu().double().numpy()
        return found


def target_size(shape: Shape) -> int:
    """How many tokens targets are written in.

    Raises:
        ValueError: if the targets are labels.
    """
    if shape.target is None:
        raise ValueError("this model writes texts, and the targets are labels")
    return shape.target.size
