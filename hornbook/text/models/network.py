"""What the families made of layers share: losses by hand or by autograd, files, devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

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
from hornbook.text.models.contract import Arrays, Floats, Ids, LanguageModel
from hornbook.text.models.memory import Memory
from hornbook.text.models.reading import Reading
from hornbook.text.stream import IGNORED
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["Network"]


class Network(Layer, LanguageModel):
    """A language model made of layers.

    A subclass chooses how it reads and remembers, and builds `self.net`, from ids to logits: for
    windows (N, T) to (N, V), for rows (B, T) to (B, T, V).
    """

    net: Sequential
    anchor: Tensor

    def __init__(
        self, settings: Settings, vocabulary: Vocabulary, reading: Reading, memory: Memory[Any]
    ) -> None:
        super().__init__()
        self.settings, self.vocabulary = settings, vocabulary
        self.reading, self.memory = reading, memory
        self.register_buffer("anchor", torch.empty(0), persistent=False)  # is where the model is
        # Rows are padded, windows are not.
        self.cross_entropy = CrossEntropy(IGNORED if reading.reads == "sequence" else None)

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

    def window_logits(self, contexts: Ids) -> Floats:
        """Logits of shape (N, V) for contexts of shape (N, T), of a net that reads windows."""
        with self.in_use():
            logits: Floats = self(self.tensor(contexts)).cpu().numpy()
        return logits

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
