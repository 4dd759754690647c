"""The programs that people use today, each run from its own checkout, as a peer to be timed beside.

Nothing of theirs is in this repository: a checkout's path is given, its module is imported from
there, and what follows is only what their training scripts do with it, step by step. Where their
script leaves a choice (threads, workers that load data), the benchmark tries each and keeps the
best; where it would only cost time here (printing, files), it is left out in their favour.

    git clone https://github.com/karpathy/nanoGPT
    git clone https://github.com/karpathy/makemore

The lectures' WaveNet is in a notebook, so there is no module to import: it is written again below.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["MakeMore", "NanoGPT", "lecture_wavenet"]

Ids = npt.NDArray[np.integer[Any]]


def load(checkout: Path, file: str) -> Any:
    """A module from a file of a checkout.

    Raises:
        SystemExit: if the file is not there.
    """
    path = checkout / file
    if not path.is_file():
        raise SystemExit(f"There is no {file} in {checkout}: give the path of a checkout.")
    name = f"peer_{checkout.name}_{path.stem}".lower()
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look for their own module there
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Their constructors print."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


class NanoGPT:
    """nanoGPT: a GPT trained on blocks of a text, as its `train.py` does on a CPU.

    Args:
        checkout: path of the repository.
        ids: the training text.
        vocab_size: tokens that there are.
        bias: whether linear layers and LayerNorm have biases, as GPT-2's; its scripts' default is
            that they have none.
    """

    def __init__(self, checkout: Path, ids: Ids, vocab_size: int, *, bias: bool = False) -> None:
        self.module = load(checkout, "model.py")
        self.ids = ids.astype(np.uint16)  # as its prepare.py keeps them
        self.vocab_size, self.bias = vocab_size, bias

    def model(self, shape: Mapping[str, int]) -> Any:
        """A new model; `shape` gives n_layer, n_head, n_embd and block_size."""
        torch.manual_seed(1337)
        # Dropout 0, as its CPU recipe and its one for fine-tuning say.
        config = self.module.GPTConfig(
            vocab_size=self.vocab_size, bias=self.bias, dropout=0.0, **shape
        )
        with quiet():
            return self.module.GPT(config)

    def training(
        self,
        shape: Mapping[str, int],
        *,
        batch_size: int,
        fused: bool = False,
        bfloat16: bool = False,
    ) -> Callable[[], None]:
        """A training step.

        Args:
            shape: see `model`.
            batch_size: blocks in a batch.
            fused: take torch's fused AdamW, which its script keeps for GPUs.
            bfloat16: compute under autocast, which its script keeps for GPUs.
        """
        model, block_size = self.model(shape), shape["block_size"]
        with quiet():
            optimizer = model.configure_optimizers(0.1, 1e-3, (0.9, 0.99), "cpu")
        if fused:
            groups = [
                {"params": group["params"], "weight_decay": group["weight_decay"]}
                for group in optimizer.param_groups
            ]
            optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99), fused=True)

        def batch() -> tuple[Tensor, Tensor]:
            # One slice a row, widened and stacked, as its loader does. Its file is mapped again for
            # every batch; an array in memory is a little faster.
            places = torch.randint(len(self.ids) - block_size, (batch_size,)).tolist()
            rows = [self.ids[at : at + block_size + 1].astype(np.int64) for at in places]
            inputs = torch.stack([torch.from_numpy(row[:-1]) for row in rows])
            targets = torch.stack([torch.from_numpy(row[1:]) for row in rows])
            return inputs, targets

        def step() -> None:
            inputs, targets = batch()
            for group in optimizer.param_groups:
                group["lr"] = 1e-3
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                _, loss = model(inputs, targets)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            loss.item()  # its CPU recipe logs every step

        model.train()
        return step

    def sampling(self, shape: Mapping[str, int], *, length: int, pieces: int) -> Callable[[], None]:
        """A call that draws the next piece of a text; after `pieces` of them, a new text begins.

        Args:
            shape: see `model`.
            length: tokens in a text, drawn one after another by its `generate`.
            pieces: calls that draw one text.
        """
        model = self.model(shape).eval()
        text, done = torch.zeros((1, 1), dtype=torch.long), 0

        def piece() -> None:
            nonlocal text, done
            text = model.generate(text, length // pieces, temperature=1.0)
            done += 1
            if done % pieces == 0:
                text = torch.zeros((1, 1), dtype=torch.long)

        return piece


class MakeMore:
    """makemore: a model of lines, trained as its main loop does.

    Args:
        checkout: path of the repository.
        file: of one example a line.

    Attributes:
        words: what it trains on.
    """

    def __init__(self, checkout: Path, file: Path) -> None:
        with tensorboard():
            self.module = load(checkout, "makemore.py")
        torch.manual_seed(3407)
        with quiet():
            self.data, _ = self.module.create_datasets(str(file))
        self.words: tuple[str, ...] = tuple(self.data.words)
        self.block_size: int = self.data.get_output_length()

    def model(self, kind: str) -> Any:
        """A new model of its default size: `transformer`, or a recurrent net, `gru` or `rnn`."""
        config = self.module.ModelConfig(
            vocab_size=self.data.get_vocab_size(), block_size=self.block_size
        )
        with quiet():
            if kind == "transformer":
                return self.module.Transformer(config)
            return self.module.RNN(config, cell_type=kind)

    def training(self, kind: str, *, batch_size: int, workers: int) -> Callable[[], None]:
        """A training step.

        Args:
            kind: see `model`.
            batch_size: names in a batch.
            workers: processes that load data (its default is 4), 0 for none.
        """
        model = self.model(kind)
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=5e-4, weight_decay=0.01, betas=(0.9, 0.99), eps=1e-8
        )
        # It asks for pinned memory too, which without a GPU is a warning and nothing else.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # more workers than processors
            batches = self.module.InfiniteDataLoader(
                self.data, batch_size=batch_size, num_workers=workers
            )
        done = 0

        def step() -> None:
            nonlocal done
            inputs, targets = batches.next()
            _, loss = model(inputs, targets)
            model.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            if done % 10 == 0:
                loss.item()
            done += 1

        return step

    def padding(self) -> float:
        """The share of the positions of its batches that predict nothing."""
        real = sum(len(word) + 1 for word in self.words)
        return 1 - real / (len(self.words) * self.block_size)

    def sampling(self, kind: str, *, count: int) -> Callable[[], list[str]]:
        """A call that draws some names at once and spells them."""
        model = self.model(kind).eval()

        def draw() -> list[str]:
            begin = torch.zeros(count, 1, dtype=torch.long)
            rows = self.module.generate(
                model, begin, self.block_size - 1, top_k=None, do_sample=True
            )
            names = []
            for row in rows[:, 1:].tolist():
                end = row.index(0) if 0 in row else len(row)
                names.append(self.data.decode(row[:end]))
            return names

        return draw


@contextlib.contextmanager
def tensorboard() -> Iterator[None]:
    """makemore imports TensorBoard for its log; an empty module will do where it is missing."""
    name = "torch.utils.tensorboard"
    missing = importlib.util.find_spec("tensorboard") is None
    if missing:
        stand_in: Any = types.ModuleType(name)
        stand_in.SummaryWriter = object
        sys.modules[name] = stand_in
    try:
        yield
    finally:
        if missing:
            del sys.modules[name]


def descend(loss: Tensor, parameters: list[Tensor]) -> None:
    """The way back and the update, as the lecture writes them."""
    for p in parameters:
        p.grad = None
    loss.backward()  # type: ignore[no-untyped-call]
    for p in parameters:
        assert p.grad is not None
        p.data += -0.1 * p.grad


def lecture_wavenet(
    contexts: Tensor, targets: Tensor, *, batch_size: int, n_embd: int = 24, n_hidden: int = 128
) -> tuple[Callable[[], None], int]:
    """A step of the fifth lecture's loop: pairs of neighbours joined three times, BatchNorm, tanh.

    Args:
        contexts: all of the training set, shape (N, 8).
        targets: shape (N,).
        batch_size: of a step.
        n_embd: numbers for each letter.
        n_hidden: units of each layer.

    Returns:
        The step and the number of its parameters: 76,579 for the lecture's sizes.
    """
    generator = torch.Generator().manual_seed(42)
    v = int(targets.max()) + 1

    def weights(fan_in: int, fan_out: int) -> Tensor:
        drawn = torch.randn(fan_in, fan_out, generator=generator)
        return drawn.mul_(fan_in**-0.5)

    table = torch.randn(v, n_embd, generator=generator)
    products = [weights(2 * n, n_hidden) for n in (n_embd, n_hidden, n_hidden)]
    gains = [torch.ones(n_hidden) for _ in products]
    biases = [torch.zeros(n_hidden) for _ in products]
    means = [torch.zeros(n_hidden) for _ in products]
    variances = [torch.ones(n_hidden) for _ in products]
    last, last_bias = weights(n_hidden, v) * 0.1, torch.zeros(v)
    parameters = [table, *products, *gains, *biases, last, last_bias]
    for p in parameters:
        p.requires_grad = True
    losses: list[float] = []

    def step() -> None:
        ix = torch.randint(0, len(targets), (batch_size,), generator=generator)
        x, y = table[contexts[ix]], targets[ix]
        for i, product in enumerate(products):
            b, t, c = x.shape
            h = x.view(b, t // 2, 2 * c) @ product
            mean, variance = h.mean((0, 1), keepdim=True), h.var((0, 1), keepdim=True)
            x = torch.tanh(gains[i] * ((h - mean) / torch.sqrt(variance + 1e-5)) + biases[i])
            with torch.no_grad():
                means[i] = 0.9 * means[i] + 0.1 * mean
                variances[i] = 0.9 * variances[i] + 0.1 * variance
        loss = F.cross_entropy(x.squeeze(1) @ last + last_bias, y)
        descend(loss, parameters)
        losses.append(loss.log10().item())

    return step, sum(p.numel() for p in parameters)
