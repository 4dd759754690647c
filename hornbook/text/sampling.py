"""New things from a model, many at once.

One sampler serves every family: it asks `step` for logits and draws in NumPy, so the same seed
gives the same draws from the same logits, whether they come from counts or from a net.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import SamplingError, SettingsError
from hornbook.settings import Bounds, Settings
from hornbook.text.models.contract import Floats, Ids, LanguageModel
from hornbook.tokenizers.contract import Tokenizer

__all__ = [
    "Drawn",
    "SamplingSettings",
    "choose",
    "draw",
    "prompt_of",
    "sample",
    "shape_probabilities",
]

AT_ONCE = 16_384  # things in the making at a time, of a small alphabet
LOGITS = 2**22  # logits in hand at a time at most, of a large one
KEPT_PLACES = 0.75  # share of the model's places still in use below which they are packed
ROUNDS = 50  # only new ones: how many times as many are drawn before giving up


@dataclass(frozen=True)
class SamplingSettings(Settings):
    """What to draw, and how."""

    n: Annotated[int, Bounds(1, 10**8)] = 10
    "How many."
    temperature: Annotated[float, Bounds(0, 100)] = 1.0
    "Below 1 keeps to the likely, above 1 dares more; 0 always takes the likeliest."
    top_k: Annotated[int, Bounds(0, 10**7)] = 0
    "Draw from the k likeliest symbols only (0: from all)."
    top_p: Annotated[float, Bounds(0, 1, above=True)] = 1.0
    "Draw from the fewest likeliest symbols that have this probability together."
    prefix: str = ""
    "What every one begins with."
    seed: Annotated[int, Bounds(0, 2**63 - 1)] = 0
    "Seed of the draws; the same seed gives the same things."
    longest: Annotated[int, Bounds(0, 10**7)] = 0
    "Most symbols in one (0: twice the longest in the data; of a text, 500)."
    only_new: bool = False
    "Only those that stand nowhere in the data."
    no_repeats: bool = False
    "Each one only once."
    crop_prefix: bool = False
    "Allow a prefix longer than the model's context; it then sees the prefix's end only."


@dataclass(frozen=True)
class Drawn:
    """One thing that was drawn."""

    text: str
    ended: bool
    "Whether the model ended it; otherwise it was cut at the longest length."


def sample(
    model: LanguageModel,
    tokenizer: Tokenizer,
    settings: SamplingSettings,
    *,
    longest: int,
    known: Callable[[str], bool] = lambda text: False,
    on_draw: Callable[[Drawn], None] = lambda drawn: None,
) -> list[Drawn]:
    """Draw things from a model.

    Args:
        model: any language model.
        tokenizer: the one it was trained with.
        settings: how many and how.
        longest: most symbols in one, where the settings name none.
        known: whether a text stands in the data (for `only_new`).
        on_draw: called with each thing drawn, kept or not.

    Returns:
        `n` things, or fewer if `only_new` or `no_repeats` did not find as many in 50 times as
        many tries.

    Raises:
        SamplingError: if the settings cannot be met.
        UnknownSymbolError: if the prefix holds a symbol that is not in the alphabet.
    """
    prompt = check(model, tokenizer, settings, settings.longest or longest)
    rng = np.random.default_rng(settings.seed)
    kept: list[Drawn] = []
    seen: set[str] = set()
    picky = settings.only_new or settings.no_repeats
    tries = settings.n * (ROUNDS if picky else 1)
    at_once = max(1, min(AT_ONCE, LOGITS // tokenizer.vocab_size))
    while len(kept) < settings.n and tries > 0:
        # When choosy, a little more than is missing, so that few rounds do.
        missing = settings.n - len(kept)
        count = min(missing + missing // 4 + 16 if picky else missing, tries, at_once)
        tries -= count
        for drawn in draw(
            model, tokenizer, prompt, settings, settings.longest or longest, count, rng
        ):
            on_draw(drawn)
            fits = not (settings.only_new and known(drawn.text))
            fits = fits and not (settings.no_repeats and drawn.text in seen)
            if fits and len(kept) < settings.n:
                kept.append(drawn)
                seen.add(drawn.text)
    return kept


def check(
    model: LanguageModel, tokenizer: Tokenizer, settings: SamplingSettings, longest: int
) -> Ids:
    """Hold the settings against the model.

    Returns:
        The ids of what is read before the first draw.
    """
    v = tokenizer.vocab_size
    if settings.top_k > v:
        raise SettingsError(
            f"top_k is {settings.top_k}, but the vocabulary has only {v} symbols.",
            hint=f"Give at most {v}, or 0 for all.",
        )
    room = model.context
    if room is not None and len(settings.prefix) > room and not settings.crop_prefix:
        raise SamplingError(
            f"The prefix has {len(settings.prefix)} symbols; the model's context holds {room}.",
            hint="Give a shorter prefix, or --crop-prefix: the model then sees only its end.",
        )
    if len(settings.prefix) >= longest:
        raise SamplingError(
            f"The prefix has {len(settings.prefix)} symbols, and the longest that may be made "
            f"has {longest}.",
            hint="Raise --longest, or give a shorter prefix.",
        )
    return prompt_of(tokenizer, settings.prefix)


def prompt_of(tokenizer: Tokenizer, prefix: str) -> Ids:
    """The ids that a model reads for a thing's beginning: where there is a boundary it comes first.

    Raises:
        UnknownSymbolError: if the prefix holds a symbol that is not in the alphabet.
    """
    ids = tokenizer.encode(prefix)
    begins = tokenizer.boundary is not None or not len(ids)
    return np.concatenate([[tokenizer.start], ids]) if begins else ids


def draw(
    model: LanguageModel,
    tokenizer: Tokenizer,
    prompt: Ids,
    settings: SamplingSettings,
    longest: int,
    count: int,
    rng: np.random.Generator,
) -> Iterator[Drawn]:
    """Draw `count` things side by side; those that end leave, and the rest go on without them.

    The model goes on with the places of those that left until a quarter is empty: to move all that
    it remembers of the others together costs more than to step a few places for nothing.
    """
    room = longest - len(settings.prefix)
    made = np.zeros((count, room), dtype=np.int64)
    lengths = np.full(count, room)
    ended = np.zeros(count, dtype=bool)
    with model.stepping(count):
        state: Any = None
        for token in prompt:
            logits, state = model.step(np.array([token]), state)
        places = np.zeros(count, dtype=np.int64)
        logits, state = logits[places], model.select(state, places)
        alive = np.arange(count)  # the things in the making
        at_place, n_places = alive, count  # where each of them stands among the model's places
        for at in range(room):
            if tokenizer.boundary is not None and at == 0 and not settings.prefix:
                logits = logits.copy()
                logits[:, tokenizer.boundary] = -np.inf  # a thing of no symbols is no thing
            possible = np.isfinite(logits).any(axis=1)
            if not possible.all():
                if at == 0:
                    raise SamplingError(
                        f"Nothing ever followed {settings.prefix!r} in training, and this model "
                        "(counts without smoothing) knows nothing else.",
                        hint="Give another prefix, or train with --smoothing kneser-ney.",
                    )
                # The data's own end: counts without smoothing know of nothing after it.
                lengths[alive[~possible]] = at
                alive, at_place, logits = alive[possible], at_place[possible], logits[possible]
                if not len(alive):
                    break
            ids = choose(shape_probabilities(logits, settings), rng)
            made[alive, at] = ids
            if tokenizer.boundary is not None and (ids == tokenizer.boundary).any():
                over = ids == tokenizer.boundary
                lengths[alive[over]] = at
                ended[alive[over]] = True
                alive, at_place, ids = alive[~over], at_place[~over], ids[~over]
                if not len(alive):
                    break
            if at + 1 < room:
                if len(alive) <= KEPT_PLACES * n_places:
                    state = model.select(state, at_place)
                    at_place, n_places = np.arange(len(alive)), len(alive)
                read = np.zeros(n_places, dtype=np.int64)
                read[at_place] = ids
                logits, state = model.step(read, state)
                logits = logits[at_place]
    for row, length, end in zip(made, lengths, ended, strict=True):
        yield Drawn(settings.prefix + tokenizer.decode(row[:length].tolist()), bool(end))


def shape_probabilities(logits: Floats, settings: SamplingSettings) -> Floats:
    """Probabilities of shape (B, V) after temperature, top-k and top-p, in that order."""
    if settings.temperature == 0:
        p = np.zeros_like(logits)
        p[np.arange(len(logits)), logits.argmax(axis=1)] = 1
        return p
    if settings.temperature != 1:
        # The largest is taken off first: divided by a tiny temperature it would overflow.
        logits = (logits - logits.max(axis=1, keepdims=True)) / settings.temperature
    if 0 < settings.top_k < logits.shape[1]:
        # Exactly k, ties broken by the id, so that no more than k can be drawn.
        order = np.argsort(-logits, axis=1, kind="stable")[:, settings.top_k :]
        logits = logits.copy()
        np.put_along_axis(logits, order, -np.inf, axis=1)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    if settings.top_p < 1:
        order = np.argsort(-p, axis=1, kind="stable")
        ranked = np.take_along_axis(p, order, axis=1)
        # A symbol stays while those before it have not reached the mass; the first always does.
        beyond = np.cumsum(ranked, axis=1) - ranked >= settings.top_p
        ranked[beyond] = 0
        np.put_along_axis(p, order, ranked, axis=1)
        p /= p.sum(axis=1, keepdims=True)
    shaped: Floats = p
    return shaped


def choose(p: Floats, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """One id from each row of probabilities (B, V), by inverting the cumulative sum."""
    cumulative = np.cumsum(p, axis=1)
    # Scaled by the row's own sum, so that rounding cannot leave a draw beyond the last symbol.
    mark = rng.random((len(p), 1)) * cumulative[:, -1:]
    chosen: npt.NDArray[np.int64] = (cumulative > mark).argmax(axis=1)
    return chosen
