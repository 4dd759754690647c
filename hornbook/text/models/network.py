"""What the families of language models made of layers share: their losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.compute.load import free_processors
from hornbook.compute.threads import threads
from hornbook.kernels.program import Program, Trees
from hornbook.nn import CrossEntropy, LearnedPositions, Net, Sequential, Tree, calibrate_batchnorm
from hornbook.nn.decoding import Decoding
from hornbook.nn.eight_bit_linear import in_eight_bits
from hornbook.nn.features import end_axes
from hornbook.nn.head_cross_entropy import Headed, head_cross_entropy_vjp, headed
from hornbook.nn.lora import merge_lora
from hornbook.nn.programs import Unsuited, program_of
from hornbook.nn.sequential import chain_vjp
from hornbook.nn.shapes import Shapes, layer_shapes
from hornbook.settings import Settings
from hornbook.text.batch import Batch
from hornbook.text.models.contract import Floats, Ids, LanguageModel
from hornbook.text.models.memory import Memory
from hornbook.text.models.reading import Reading
from hornbook.text.stream import IGNORED, Stream
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["Network"]

MANY = 2**23  # logits of a batch, from which on they are made for some predictions at a time
SHARED = 2**22  # parameters, from which threads share the products of a step of one place
READERS = (8, 4, 2, 1)  # numbers of threads that may, on which the product is the same to the bit
AT_ONCE = 16_384  # windows that BatchNorm is measured on at a time


class Network(Net, LanguageModel):
    """A language model made of layers.

    A subclass chooses how it reads and remembers, and builds `self.net`, from ids to logits: for
    windows (N, T) to (N, V), for rows (B, T) to (B, T, V).
    """

    def __init__(
        self, settings: Settings, vocabulary: Vocabulary, reading: Reading, memory: Memory[Any]
    ) -> None:
        super().__init__()
        self.settings, self.vocabulary = settings, vocabulary
        self.reading, self.memory = reading, memory
        self.decoding = Decoding()
        self.measured_by: Callable[[Ids, Ids], npt.NDArray[np.float64] | None] | None = None
        # Rows are padded, windows are not.
        self.cross_entropy = CrossEntropy(IGNORED if reading.reads == "sequence" else None)

    def loss_vjp(self, batch: Batch) -> tuple[Tensor, Callable[[], None]]:
        """The mean loss of a batch, and the way to the gradients of all parameters.

        Args:
            batch: inputs and targets, as `hornbook.text.batches` gives them.
        """
        inputs, targets = self.tensor(batch.inputs), self.tensor(batch.targets)
        many = targets.numel() * self.vocabulary.size > MANY
        if many and not torch.is_grad_enabled() and (cut := headed(self.net)) is not None:
            hidden, net_backward = chain_vjp(cut.body, inputs)
            loss, loss_backward = head_cross_entropy_vjp(
                cut.head, hidden, targets,
                softcap=cut.softcap, ignore_index=self.cross_entropy.ignore_index,
            )  # fmt: skip
        else:
            logits, net_backward = self.net.vjp(inputs)
            loss, loss_backward = self.cross_entropy.vjp(logits, targets)

        def backward() -> None:
            net_backward(loss_backward())

        return loss, backward

    def program(self, batch: Batch, places: Mapping[int, int]) -> Program | str:
        """Its steps as a program of kernels, or why there is none, as the end of a sentence.

        Args:
            batch: of the shape that all have; one of rows has room for fewer.
            places: where each parameter begins in a flat vector, by its `id`.
        """
        if type(self.net) not in (Sequential, Tree):
            return "there are no kernels for nets of this kind"
        of_rows, positions = self.reads == "sequence", batch.inputs.size
        trees = None
        if of_rows and isinstance(self.net, Tree):
            trees = Trees(self.net.fan, len(self.net.dilations), self.net.start)
            positions += 1  # the one before all rows
        rows = positions if of_rows else len(batch.inputs)  # each may be of one id
        longest = max(self.block_size, self.reading.row_size) if of_rows else None
        try:
            return program_of(
                self.net.chain, rows, positions, places, of_rows=of_rows, longest=longest,
                trees=trees,
            )  # fmt: skip
        except Unsuited as why:
            return str(why)

    def shapes(self) -> Shapes:
        """The layers with what each is given and gives, its parameters and multiplications.

        Of one window, as long as a prediction sees, or of one row, as long as training reads.
        Rows of a tree are computed node by node for all predictions at once; the table is of the
        window of a single one.
        """
        windows = self.reads == "window" or isinstance(self.net, Tree)
        time = self.context if windows and self.context is not None else self.block_size
        ids = torch.full((1, time), self.vocabulary.start, device=self.anchor.device)
        what = f"one {'window' if windows else 'row'} of {time:,} token{'' if time == 1 else 's'}"
        return layer_shapes(self.net, ids, what)

    def calibrate_batchnorm(self, stream: Stream) -> None:
        """Measure BatchNorm's mean and variance on all of a stream, in place of the running ones.

        As the lecture first does it, after training: `run.model.calibrate_batchnorm(
        run.data.stream("train"))`. The model that is open changes, not what is saved of it.

        Args:
            stream: of the train split. Each prediction's own window counts, also where training
                reads whole rows.

        Raises:
            ValueError: if the net has no BatchNorm.
        """
        context = self.context or 1  # of a net without end to it, which has no BatchNorm
        places = np.arange(stream.first, len(stream.ids))
        parts = [
            self.tensor(stream.windows(places[at : at + AT_ONCE], context)[0])
            for at in range(0, len(places), AT_ONCE)
        ]
        calibrate_batchnorm(self.net, parts)

    def token_axes(self) -> dict[str, frozenset[int]]:
        """The axes of parameters and buffers that run over tokens, by name in `arrays`."""
        return {f"net.{name}": axes for name, axes in end_axes(self.net).items()}

    def position_axes(self) -> dict[str, frozenset[int]]:
        """The axes of parameters that run over positions, of which a shorter net has the first, by
        name in `arrays`.
        """
        return {
            f"{name}.weight": frozenset({0})
            for name, layer in self.named_modules()
            if isinstance(layer, LearnedPositions)
        }

    def merge(self) -> None:
        """Make adapters part of the weights that they stand beside; see `LoRALinear.merge`.

        The settings are then those of a net without adapters.
        """
        merge_lora(self)
        self.decoding = Decoding()  # there may be kernels for what the layers are now
        self.settings = self.settings.without(self.settings.not_inherited)

    def carried(self) -> dict[str, Tensor]:
        """What training hands on from batch to batch beside the weights, for a checkpoint."""
        return {}

    def carry(self, tensors: dict[str, Tensor]) -> None:
        """Take what `carried` gave, so that the next batch goes on from there."""

    def token_losses(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        """-ln p of each target as the model is used: no dropout, BatchNorm's kept statistics."""
        if self.measured_by is not None:
            compiled = self.measured_by(inputs, targets)
            if compiled is not None:
                return compiled
        many = targets.size * self.vocabulary.size > MANY
        with self.in_use():
            wanted, given = self.tensor(targets), self.tensor(inputs)
            if many and (cut := headed(self.net)) is not None:
                losses = self.losses_in_parts(cut, given, wanted.reshape(-1))
            else:
                logits = self(given)
                flat = logits.reshape(-1, logits.shape[-1])
                losses = F.cross_entropy(
                    flat, wanted.reshape(-1), ignore_index=IGNORED, reduction="none"
                )
        found: npt.NDArray[np.float64] = losses.view_as(wanted).cpu().double().numpy()
        return found

    def losses_in_parts(self, cut: Headed, inputs: Tensor, targets: Tensor) -> Tensor:
        """The losses of a row too long for its logits to be there all at once.

        Args:
            cut: the net.
            inputs: (N, T) or (B, T).
            targets: flat, (N,) or (B·T,).
        """
        x = inputs
        for layer in cut.body:
            x = layer(x)
        found = []
        at_once = max(1, MANY // self.vocabulary.size)
        for part, wanted in zip(
            torch.split(x.reshape(-1, x.shape[-1]), at_once),
            torch.split(targets, at_once),
            strict=True,
        ):
            y = part
            for layer in cut.end:
                y = layer(y)
            found.append(F.cross_entropy(y, wanted, ignore_index=IGNORED, reduction="none"))
        return torch.cat(found)

    def next_logits(self, inputs: Ids) -> Floats:
        """Logits as the model is used: (N, V) for windows (N, T), (B, T, V) for rows (B, T)."""
        with self.in_use():
            logits: Floats = self(self.tensor(inputs)).cpu().numpy()
        return logits

    def in_eight_bits(self) -> tuple[Network, int] | None:
        """Its linear layers with their weights in 8 bits; all else is shared."""
        made, count = in_eight_bits(self)
        return (made, count) if count else None

    @cached_property
    def takes_long(self) -> bool:
        """Whether its products for one place do; asked for every token, so counted once."""
        return self.n_parameters >= SHARED

    @contextmanager
    def stepping(self, count: int) -> Iterator[None]:
        """In use, and for one place one thread, and for its products more where they take long.

        A step of one place reads all weights once, and two threads can read them twice as fast;
        everything else in it is too small to be worth sharing, as are the products of a small net.
        """
        here = torch.get_num_threads()
        number, shared = here, None
        if count == 1:
            number = 1
            readers = next(number for number in READERS if number <= here)
            worth = readers > 1 and self.anchor.device.type == "cpu" and self.takes_long
            shared = free_processors(readers) if worth else 1
        self.decoding.threads = here if shared is None else shared
        with self.in_use(), threads(number, blas=shared):
            yield
