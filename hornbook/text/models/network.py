"""What the families made of layers share: losses by hand or by autograd, files, devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.compute.threads import threads
from hornbook.errors import RunError
from hornbook.nn import Backward, CrossEntropy, Layer, Sequential
from hornbook.settings import Settings
from hornbook.text.batches import Batch
from hornbook.text.models.contract import Arrays, Floats, Ids, LanguageModel, WindowModel
from hornbook.text.stream import IGNORED
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["BlockNetwork", "Network", "SequenceNetwork", "WindowNetwork"]


class Network(Layer, LanguageModel):
    """A language model made of layers.

    A subclass builds `self.net` in its constructor, from ids to logits.
    """

    net: Sequential
    anchor: Tensor

    def __init__(self, settings: Settings, vocabulary: Vocabulary, block_size: int) -> None:
        super().__init__()
        self.settings, self.vocabulary, self.block_size = settings, vocabulary, block_size
        self.register_buffer("anchor", torch.empty(0), persistent=False)  # is where the model is
        # Rows are padded, windows are not.
        self.cross_entropy = CrossEntropy(IGNORED if self.reads == "sequence" else None)

    @property
    def n_parameters(self) -> int:
        """Numbers that training changes by gradient."""
        return sum(p.numel() for p in self.parameters())

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """Logits, and the way back from their gradient."""
        return self.net.vjp(x)

    def loss_vjp(self, batch: Batch) -> tuple[Tensor, Callable[[], None]]:
        """The mean loss of a batch, and the way to the gradients of all parameters.

        Args:
            batch: inputs and targets, as `hornbook.text.batches` gives them.
        """
        logits, logits_backward = self.net.vjp(self.tensor(batch.inputs))
        loss, loss_backward = self.cross_entropy.vjp(logits, self.tensor(batch.targets))

        def backward() -> None:
            logits_backward(loss_backward())

        return loss, backward

    def loss(self, batch: Batch) -> Tensor:
        """The mean loss of a batch, for autograd."""
        return self.loss_vjp(batch)[0]

    def carried(self) -> dict[str, Tensor]:
        """What training hands on from batch to batch beside the weights, for a checkpoint."""
        return {}

    def carry(self, tensors: dict[str, Tensor]) -> None:
        """Take what `carried` gave, so that the next batch goes on from there."""

    def tensor(self, ids: Ids) -> Tensor:
        """Ids where the parameters are."""
        tensor = torch.from_numpy(ids)
        return tensor.to(self.anchor.device) if self.anchor.device.type != "cpu" else tensor

    def token_losses(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        """-ln p of each target as the model is used: no dropout, BatchNorm's kept statistics."""
        with self.in_use():
            logits = self(self.tensor(inputs))
            wanted = self.tensor(targets)
            flat = logits.reshape(-1, logits.shape[-1])
            losses = F.cross_entropy(
                flat, wanted.reshape(-1), ignore_index=IGNORED, reduction="none"
            )
        found: npt.NDArray[np.float64] = losses.view_as(wanted).cpu().double().numpy()
        return found

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """A context in which the model is used, not trained: evaluation mode, no gradients."""
        was_training = self.training
        if was_training:
            self.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            if was_training:
                self.train()

    def stepping(self, count: int) -> AbstractContextManager[None]:
        """One thread for one place: its products are too small to be worth sharing."""
        return threads(1 if count == 1 else torch.get_num_threads())

    def arrays(self) -> Arrays:
        """Parameters and buffers by name."""
        return {name: t.detach().cpu().numpy() for name, t in self.state_dict().items()}

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """
        own = {name: tuple(t.shape) for name, t in self.state_dict().items()}
        given = {name: array.shape for name, array in arrays.items()}
        if own != given:
            wrong = sorted(n for n in own.keys() | given.keys() if own.get(n) != given.get(n))
            raise RunError(
                f"The weights do not fit this run's settings: {', '.join(wrong[:4])}.",
                hint="The file belongs to another run, or is damaged.",
            )
        self.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
        self.eval()  # what is loaded is used; training says so itself


class WindowNetwork(Network, WindowModel):
    """A network that sees the last `block_size` symbols: ids (N, T) to logits (N, V)."""

    def window_logits(self, contexts: Ids) -> Floats:
        """Logits of shape (N, V) for contexts of shape (N, T)."""
        with self.in_use():
            logits: Floats = self(self.tensor(contexts)).cpu().numpy()
        return logits


class SequenceNetwork(Network):
    """A network that reads rows: ids (B, T) to logits (B, T, V); its layers remember the rest."""

    reads: Literal["window", "sequence"] = "sequence"

    def step(self, ids: Ids, state: Any) -> tuple[Floats, Any]:
        """One more symbol in each of B places, through layers that remember those before."""
        with self.in_use():
            y, state = self.net.advance(self.tensor(ids), state)
            logits: Floats = y.cpu().numpy()
        return logits, state

    def select(self, state: Any, places: Ids) -> Any:
        """What the layers remember of some places."""
        return self.net.pick(state, self.tensor(places))


@dataclass(frozen=True)
class Row:
    """What a `BlockNetwork` remembers.

    Attributes:
        layers: what its layers remember of the row.
        count: symbols in the row so far.
        recent: the last half of a block of them, shape (B, at most block_size // 2).
    """

    layers: Any
    count: int
    recent: Ids


class BlockNetwork(SequenceNetwork):
    """A sequence network that knows no positions beyond its `block_size`.

    Stepping on, a full row is begun anew with the last half of it, so that every prediction after
    the first row has at least that much before its own symbol. Losses are measured alike.
    """

    @property
    def measured_lead(self) -> int:
        """Half a block: what a row that follows another in the same thing begins with."""
        return self.block_size // 2

    def step(self, ids: Ids, state: Row | None) -> tuple[Floats, Row]:
        """One more symbol in each of B places; a full row is begun anew first."""
        layers, count, recent = None, 0, ids[:, None][:, :0]
        if state is not None:
            layers, count, recent = state.layers, state.count, state.recent
        if count == self.block_size:
            layers, count = None, recent.shape[1]
            if count:  # half of a block of one symbol is none
                with self.in_use():
                    _, layers = self.net.begin(self.tensor(recent))
        logits, layers = super().step(ids, layers)
        recent = np.concatenate([recent, ids[:, None]], axis=1)
        past = max(0, recent.shape[1] - self.block_size // 2)
        return logits, Row(layers, count + 1, recent[:, past:])

    def select(self, state: Row, places: Ids) -> Row:
        """The rows of some places."""
        layers = super().select(state.layers, places)
        return Row(layers, state.count, state.recent[places])
