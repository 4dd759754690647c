"""A mixture: several models, their probabilities averaged.

    p(next) = w₁ p₁(next) + w₂ p₂(next) + …,   the weights at least 0 and together 1

What each knows that the others do not, all of them have: counting remembers whole words, a net
knows what is like what. The weights are found by expectation maximisation (Dempster, Laird and
Rubin 1977): each model's weight becomes the mean share that it had in the probability of what came.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError, SettingsError
from hornbook.settings import Settings
from hornbook.storage import parse_json
from hornbook.text.models.contract import Arrays, Floats, Ids, LanguageModel
from hornbook.text.models.memory import Memory
from hornbook.text.models.reading import Reading
from hornbook.text.stream import IGNORED, Stream
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["Mixture", "MixtureSettings", "best_weights"]

ROW = 1024  # tokens of a text read at once, unless a member's rows are shorter
ITERATIONS = 1_000


@dataclass(frozen=True)
class MixtureSettings(Settings):
    """Which models are mixed."""

    families: tuple[str, ...] = ()
    "Family of each model."
    settings: tuple[str, ...] = ()
    "Settings of each model, as JSON."

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
        self.weights = np.full(len(self.members), 1 / len(self.members))
        self.reading, self.memory = reading_of(self.members), MixtureMemory()

    @property
    def n_parameters(self) -> int:
        """All that the members learned, and the weights."""
        return sum(member.n_parameters for member in self.members) + len(self.members)

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
                    windows(inputs, member.block_size, self.vocabulary.start)[real], targets[real]
                )
        return found

    def token_losses(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        """-ln of the mixed probability."""
        losses = -log_mean(-self.member_losses(inputs, targets), self.weights)
        found: npt.NDArray[np.float64] = np.where(targets != IGNORED, losses, 0.0)
        return found

    def fit(self, stream: Stream) -> Mixture:
        """Find the weights that suit a stream best."""
        losses = [
            self.member_losses(inputs, targets)[:, targets != IGNORED]
            for inputs, targets in stream.all_rows(
                self.block_size, 8 * ROW, lead=self.measured_lead
            )
        ]
        self.weights = best_weights(np.concatenate(losses, axis=1))
        return self

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
        if arrays.get("weights", np.empty(0)).shape != self.weights.shape:
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
    logp = np.stack([log_softmax(logits) for logits, _ in told])
    return log_mean(logp, model.weights), [own for _, own in told]


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


def windows(inputs: Ids, block_size: int, start: int) -> Ids:
    """The last `block_size` tokens at each position of rows (B, T): shape (B, T, block_size)."""
    padded = np.pad(inputs, ((0, 0), (block_size - 1, 0)), constant_values=start)
    return np.lib.stride_tricks.sliding_window_view(padded, block_size, axis=1)


def log_softmax(logits: Floats) -> npt.NDArray[np.float64]:
    """ln of the probabilities, shape (B, V)."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    logp: npt.NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return logp


def log_mean(
    logp: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """ln Σ w p over the first axis; -inf where nobody thinks it possible."""
    with np.errstate(divide="ignore"):
        found: npt.NDArray[np.float64] = np.log(np.tensordot(weights, np.exp(logp), axes=1))
    return found


def best_weights(losses: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The weights under which a mixture's mean loss is least.

    The loss is convex in the weights, so expectation maximisation comes to its least value from
    the equal weights that it begins with.

    Args:
        losses: -ln p of each of N predictions under each of M models, shape (M, N).

    Returns:
        Shape (M,), at least 0, sum 1.
    """
    p = np.exp(-losses)
    weights = np.full(len(p), 1 / len(p))
    for _ in range(ITERATIONS):
        share = weights[:, None] * p
        total = share.sum(axis=0)
        share = share[:, total > 0] / total[total > 0]  # what none thinks possible says nothing
        renewed = share.mean(axis=1)
        if np.abs(renewed - weights).max() < 1e-7:
            break
        weights = renewed
    return weights
