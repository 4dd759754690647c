"""A mixture: several models that predict as one.

What each knows that the others do not, all of them have: counting remembers whole words, a net
knows what is like what. Their probabilities are multiplied or averaged; `pooling` says how, and
what the difference is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError, SettingsError
from hornbook.settings import Settings
from hornbook.storage import parse_json
from hornbook.text.models.contract import Arrays, Floats, Ids, LanguageModel
from hornbook.text.models.memory import Memory
from hornbook.text.models.pooling import (
    best_exponents,
    best_exponents_with_end,
    best_weights,
    log_mean,
    log_product,
    log_product_with_end,
    log_softmax,
)
from hornbook.text.models.reading import Reading
from hornbook.text.stream import IGNORED, Stream
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["Mixture", "MixtureSettings", "Pooling"]

ROW = 1024  # tokens of a text read at once, unless a member's rows are shorter
LOGITS = 2**25  # logits that exponents are fitted on at most, of all members together

Pooling = Literal["product", "average"]


@dataclass(frozen=True)
class MixtureSettings(Settings):
    """Which models are mixed."""

    families: tuple[str, ...] = ()
    "Family of each model."
    settings: tuple[str, ...] = ()
    "Settings of each model, as JSON."
    how: Pooling = "average"  # as it was when runs did not say
    "product: the models' probabilities are multiplied; average: their weighted mean."

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= len(self.families) == len(self.settings):
            raise SettingsError("A mixture needs at least two models, each with its settings.")
        for name, text in zip(self.families, self.settings, strict=True):
            member_settings(name, text)


def member_settings(name: str, text: str) -> Settings:
    """The settings of a member, by its family.

    Raises:
        SettingsError: if there is no such family, or they are not its settings.
    """
    from hornbook.text.models import family

    if name == "mixture":
        raise SettingsError("A mixture cannot be a member of a mixture.")
    try:
        value = parse_json(text)
    except ValueError as error:
        raise SettingsError(f"The settings of the member {name} are damaged: {error}.") from error
    if not isinstance(value, dict):
        raise SettingsError(f"The settings of the member {name} must be a JSON object.")
    settings: Settings = family(name).load().Settings.from_dict(value)
    return settings


class Mixture(LanguageModel):
    """Several models as one. It reads rows, whatever its members read."""

    Settings = MixtureSettings
    settings: MixtureSettings

    def __init__(self, settings: MixtureSettings, vocabulary: Vocabulary) -> None:
        from hornbook.text.models import family

        self.settings, self.vocabulary = settings, vocabulary
        self.members: list[LanguageModel] = []
        for name, text in zip(settings.families, settings.settings, strict=True):
            self.members.append(family(name).load()(member_settings(name, text), vocabulary))
        # Or exponents: shape (members,), or (2, members) where a product has the end to itself.
        self.weights: npt.NDArray[np.float64] = np.full(len(self.members), 1 / len(self.members))
        self.reading, self.memory = reading_of(self.members), MixtureMemory()

    @property
    def n_parameters(self) -> int:
        """All that the members learned, and the weights."""
        return sum(member.n_parameters for member in self.members) + self.weights.size

    def to(self, device: Any) -> Mixture:
        """The same with its nets on a device; counts stay where they are."""
        for member in self.members:
            if (move := getattr(member, "to", None)) is not None:
                move(device)
        return self

    def member_losses(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        """-ln p of each target under each member, shape (members, B, T); 0 at padding."""
        real = targets != IGNORED
        found = np.zeros((len(self.members), *targets.shape))
        for losses, member in zip(found, self.members, strict=True):
            if member.reads == "sequence":
                losses[...] = member.token_losses(inputs, targets)
            else:
                losses[real] = member.token_losses(
                    self.windows(member, inputs)[real], targets[real]
                )
        return found

    def member_logits(self, inputs: Ids, real: npt.NDArray[np.bool_]) -> list[Floats]:
        """What each member says of the N real positions of rows (B, T): logits (N, V) of each."""
        return [
            member.next_logits(inputs)[real]
            if member.reads == "sequence"
            else member.next_logits(self.windows(member, inputs)[real])
            for member in self.members
        ]

    def windows(self, member: LanguageModel, inputs: Ids) -> Ids:
        """What a member that reads windows sees at each position of rows (B, T): (B, T, n)."""
        if member.block_size == 0:  # it counts single tokens
            return np.empty((*inputs.shape, 0), inputs.dtype)
        padded = ((0, 0), (member.block_size - 1, 0))
        rows = np.pad(inputs, padded, constant_values=self.vocabulary.start)
        return np.lib.stride_tricks.sliding_window_view(rows, member.block_size, axis=1)

    def pooled(self, logits: list[Floats]) -> npt.NDArray[np.float64]:
        """ln of the mixed probabilities (N, V), from the members' logits."""
        if self.settings.how == "product":
            end = self.vocabulary.boundary
            if self.weights.ndim == 1 or end is None:
                return log_product(logits, self.weights)
            return log_product_with_end(logits, self.weights, end)
        return log_mean(np.stack([log_softmax(own) for own in logits]), self.weights)

    def next_logits(self, inputs: Ids) -> Floats:
        """ln of the mixed probabilities at each position of rows (B, T), shape (B, T, V)."""
        everywhere = np.ones(inputs.shape, dtype=np.bool_)
        logp = self.pooled(self.member_logits(inputs, everywhere))
        return logp.reshape(*inputs.shape, -1)

    def token_losses(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        """-ln of the mixed probability."""
        real = targets != IGNORED
        found: npt.NDArray[np.float64] = np.zeros(targets.shape)
        if self.settings.how == "product":
            logp = self.pooled(self.member_logits(inputs, real))
            found[real] = -np.take_along_axis(logp, targets[real][:, None], axis=1)[:, 0]
        else:  # an average needs no more than what came
            losses = self.member_losses(inputs, targets)[:, real]
            found[real] = -log_mean(-losses, self.weights)
        return found

    def fit(self, stream: Stream) -> Mixture:
        """Find the weights, or the exponents, that suit a stream best."""
        fitted = self.fitted_exponents if self.settings.how == "product" else self.fitted_weights
        self.weights = fitted(stream)
        return self

    def fitted_weights(self, stream: Stream) -> npt.NDArray[np.float64]:
        """The best weights of an average."""
        losses = [
            self.member_losses(inputs, targets)[:, targets != IGNORED]
            for inputs, targets in stream.all_rows(
                self.block_size, 8 * ROW, lead=self.measured_lead
            )
        ]
        return best_weights(np.concatenate(losses, axis=1))

    def fitted_exponents(self, stream: Stream) -> npt.NDArray[np.float64]:
        """The best exponents of a product.

        Every token's probability counts, not only that of what came. So they are fitted on no more
        predictions, evenly spread, than have 2²⁵ logits in all: 600,000 of two members and a
        vocabulary of 27, 3,000 of one of 5,000, which are still many for a few numbers.
        """
        v = self.vocabulary.size
        limit = min(len(stream), max(1, LOGITS // (v * len(self.members))))
        at_once = max(1, min(8 * ROW, LOGITS // 8 // v))
        logits: list[Floats] = []
        wanted: list[Ids] = []
        for inputs, targets in stream.all_rows(
            self.block_size, at_once, lead=self.measured_lead, limit=limit
        ):
            real = targets != IGNORED
            told = self.member_logits(inputs, real)
            logits.append(np.stack([own.astype(np.float32) for own in told]))
            wanted.append(targets[real])
        told_of_all, targets = np.concatenate(logits, axis=1), np.concatenate(wanted)
        if self.vocabulary.boundary is None:
            return best_exponents(told_of_all, targets)
        return best_exponents_with_end(told_of_all, targets, self.vocabulary.boundary)

    @contextmanager
    def stepping(self, count: int) -> Iterator[None]:
        """Every member prepares."""
        with ExitStack() as stack:
            for member in self.members:
                stack.enter_context(member.stepping(count))
            yield

    def arrays(self) -> Arrays:
        """The members' arrays, each name with its member's number before it, and the weights."""
        found: Arrays = {"weights": self.weights}
        for i, member in enumerate(self.members):
            found.update({f"{i}.{name}": array for name, array in member.arrays().items()})
        return found

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if it is not this mixture's.
        """
        shapes: list[tuple[int, ...]] = [(len(self.members),)]
        if self.settings.how == "product" and self.vocabulary.boundary is not None:
            shapes.append((2, len(self.members)))
        if arrays.get("weights", np.empty(0)).shape not in shapes:
            raise RunError(
                "The mixture weights do not match this run's settings.",
                hint="The file belongs to another run or is damaged.",
            )
        self.weights = np.asarray(arrays["weights"], dtype=np.float64)
        for i, member in enumerate(self.members):
            prefix = f"{i}."
            member.load_arrays(
                {
                    name.removeprefix(prefix): array
                    for name, array in arrays.items()
                    if name.startswith(prefix)
                }
            )


class MixtureMemory(Memory[Mixture]):
    """What each member remembers, in their order."""

    def start(self, model: Mixture, ids: Ids) -> tuple[Floats, list[Any]]:
        """Each member reads the rows."""
        return mixed(model, [member.start(ids) for member in model.members])

    def step(self, model: Mixture, ids: Ids, state: list[Any]) -> tuple[Floats, list[Any]]:
        """Each member reads the token."""
        pairs = zip(model.members, state, strict=True)
        return mixed(model, [member.step(ids, own) for member, own in pairs])

    def select(self, model: Mixture, state: list[Any], places: Ids) -> list[Any]:
        """What each member remembers of some places."""
        pairs = zip(model.members, state, strict=True)
        return [member.select(own, places) for member, own in pairs]


def mixed(model: Mixture, told: list[tuple[Floats, Any]]) -> tuple[Floats, list[Any]]:
    """The logarithms of the mixed probabilities as logits, and the members' states.

    Args:
        model: whose weights are used.
        told: logits (B, V) and state of each member.
    """
    return model.pooled([logits for logits, _ in told]), [own for _, own in told]


def reading_of(members: list[LanguageModel]) -> Reading:
    """Rows that every member can read, with as much context as any asks for, up to half of them."""
    block_size = min([m.row_size for m in members if m.reads == "sequence"], default=ROW)
    leads = [m.measured_lead if m.reads == "sequence" else m.block_size for m in members]
    contexts = [member.context for member in members]
    return Reading.rows(
        block_size,
        context=None if None in contexts else max(c for c in contexts if c is not None),
        measured_lead=min(max(leads), block_size // 2),
    )
