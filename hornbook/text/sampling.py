"""Samples from a language model, as they are drawn.

One sampler serves every family: it asks the model for logits and draws in NumPy, so that the same
seed gives the same samples from the same logits, whether they come from counts or from a net.

Many are drawn side by side, and each step draws a token of each of them, in the order of their
number: so a seed's samples depend on how many are side by side. That is all of them (and where not
all are kept a quarter more and 16, or what a filter has let pass so far suggests), but no more than

    AT_ONCE                             places
    LOGITS // V                         for a vocabulary of V tokens
    TOKENS // (longest · itemsize)      for samples of at most `longest` tokens
    STATE // size                       for a model that remembers `size` bytes of a sample

and then the next are begun when these are over. So memory is bounded, however many are asked for
and however long they may be. What is drawn is the same whether it is taken sample by sample or
token by token.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, Literal

import numpy as np

from hornbook.compute.pinned import pinned
from hornbook.errors import SamplingError, SettingsError
from hornbook.rendering import clip, many, quoted
from hornbook.text.batch_sampling import Places, SmallIds, size_of
from hornbook.text.filtering import LineFilter
from hornbook.text.guide import Guide
from hornbook.text.models.contract import Floats, Ids, LanguageModel
from hornbook.text.next_token import choose, shape_probabilities
from hornbook.text.novelty import Novelty, Origin
from hornbook.text.overflow import refuse_overflow
from hornbook.text.prompt import prompt_to_go_on, room_after
from hornbook.text.samples import Piece, Sample, Selection
from hornbook.text.sampling_settings import SamplingSettings
from hornbook.tokenizers.contract import Tokenizer

__all__ = [
    "Samples",
    "SamplingEnding",
    "SamplingSettings",
    "sample",
]

AT_ONCE = 16_384  # samples in the making at a time, of a small vocabulary
LOGITS = 2**22  # logits in hand at a time at most, of a large one
TOKENS = 2**26  # bytes of the ids in the making
STATE = 2**28  # bytes that the model remembers of them
LOOK = 1_024  # tokens after which a model without a longest context remembers no more than before
ROUNDS = 50  # where not all are kept: how many times as many are drawn before giving up

SamplingEnding = Literal["complete", "draws used up", "nothing else possible", "stopped"]


class Samples(Iterator[Sample]):
    """Samples that are drawn while they are iterated over: what `sample` gives.

    It is an iterator, as an open file is: each sample comes once, a second loop goes on where the
    first one stopped, and there is no length. `list(samples)` keeps them. Whoever stops in the
    middle has lost nothing of what came before; after an error or an interruption no more come.

    Attributes:
        asked: how many were asked for.
        kept: how many came so far.
        ended_because: why no more come; None as long as some may.
    """

    def __init__(
        self,
        model: LanguageModel,
        tokenizer: Tokenizer,
        settings: SamplingSettings,
        longest: int,
        novelty: Novelty | None,
    ) -> None:
        self.asked, self.kept = settings.n, 0
        self.ended_because: SamplingEnding | None = None
        self._model, self._tokenizer, self._settings = model, tokenizer, settings
        self._longest = longest
        self._selection = Selection(
            novelty,
            only_new=settings.only_new,
            no_repeats=settings.no_repeats,
            best_of=settings.best_of,
        )
        self._filter = (
            LineFilter(settings.filter, settings.filter_seconds) if settings.filter else None
        )
        self._certain = settings.certainty(tokenizer.vocab_size)
        self._rng = np.random.default_rng(settings.seed)
        self._by_token = False
        self._room = room_after(
            tokenizer,
            settings.prefix,
            longest=longest,
            context=model.context,
            crop=settings.crop_prefix,
        )
        self._prompt = prompt_to_go_on(tokenizer, settings.prefix)
        self._room += self._prompt.left
        silent = tokenizer.silent
        if settings.unknown and tokenizer.unknown is not None:
            silent -= {tokenizer.unknown}
        self._guide = Guide(tokenizer, self._prompt.tail, silent)
        self._logits, self._state = self._begun()
        self._at_once = self._side_by_side()
        self._events = self._until_stopped()

    def __next__(self) -> Sample:
        self._by_token = False
        for piece in self._events:
            if piece.sample is not None:
                return piece.sample
        raise StopIteration

    def pieces(self) -> Iterator[Piece]:
        """The same samples token by token, from where the iteration is.

        The first sample that is not over is told as it grows. Others that were drawn beside it wait
        for their turn, and come with all that they have. Where not all are kept each comes as one
        piece, for it must be whole before it is accepted.
        """
        while True:
            self._by_token = not self._settings.choosy
            piece = next(self._events, None)
            if piece is None:
                return
            yield piece

    def close(self) -> None:
        """Draw no more."""
        self._events.close()
        self.ended_because = self.ended_because or "stopped"  # it may not have begun

    @property
    def certain(self) -> bool:
        """Whether every draw is the same."""
        return bool(self._certain)

    @property
    def drawn(self) -> int:
        """How many were drawn so far; more than came, where only some are kept."""
        return self._selection.drawn

    @property
    def shares(self) -> dict[Origin, float]:
        """Share of all that were drawn so far in train, dev, test and nowhere."""
        return Novelty.shares(self._selection.origins)

    @property
    def near(self) -> int | None:
        """How many of those drawn so far are new and one character away from a line of train;
        None if it is not known.
        """
        return self._selection.near

    @property
    def passed(self) -> float | None:
        """Share of all that were drawn so far that pass the filter; None without one."""
        found = self._selection
        return found.passed / max(found.drawn, 1) if self._filter else None

    @property
    def shortfall(self) -> str:
        """Why there are fewer than were asked for, as a sentence; empty if that is not so."""
        some = f"Only {self.kept:,}" if self.kept else "None"
        few = f"{some} of the {many(self.asked, 'sample')} asked for"
        if self.ended_because == "nothing else possible":
            why = "that sample occurs in the data"
            if self.kept:
                why = "there is no other"
            elif self._filter and not self._selection.passed:
                why = "that sample does not pass the filter"
            return f"{few} can be drawn: with `{self._certain}` every draw is the same, and {why}."
        if self.ended_because == "draws used up" and self._filter and not self._selection.passed:
            return f"{few} were found in {many(self.drawn, 'draw')}: none passes the filter."
        if self.ended_because == "draws used up":
            lower = ", or lower `n`" if self.kept else ""
            return f"{few} were found in {many(self.drawn, 'draw')}. Raise `temperature`{lower}."
        return ""

    def _begun(self) -> tuple[Floats, Any]:
        """Logits of the first token, shape (1, V), and the state of one place, after the prompt.

        Raises:
            SamplingError: if nothing can follow the prompt.
            RunError: if the model's weights are too large to compute with.
        """
        prefix, boundary = self._settings.prefix, self._tokenizer.boundary
        with pinned(), self._model.stepping(self._wanted):
            logits, state = self._model.start(self._prompt.ids)
        refuse_overflow(logits)
        if boundary is not None and not prefix:
            logits = logits.copy()
            logits[:, boundary] = -np.inf  # an empty sample is none
        self._guide.begin(1)
        if not np.isfinite(self._guide.masked(logits, np.zeros(1, dtype=np.int64))).any():
            raise SamplingError(
                f"{quoted(clip(prefix))} was never followed by anything in the training data, and "
                "this model (counts without smoothing) gives every continuation probability 0.",
                hint="Give another `prefix`, or train with `smoothing=kneser-ney`.",
            )
        return logits, state

    @property
    def _wanted(self) -> int:
        """How many to draw next, if there is room for them."""
        missing = self.asked - self.kept
        if not self._settings.choosy:
            return missing
        if self._certain and not self.drawn:
            return 1  # which tells of all others
        missing = missing * self._settings.best_of - len(self._selection.rivals)
        if self._filter and self.drawn:  # to start a program again and again is what takes long
            return 16 + int(1.1 * missing / max(self._selection.rate, 1 / ROUNDS))
        return missing + missing // 4 + 16  # a little more, so that few rounds do

    def _side_by_side(self) -> int:
        """How many samples there is room for at a time."""
        size = self._longest * self._model.vocabulary.dtype().itemsize
        limits = (self._wanted, AT_ONCE, LOGITS // self._tokenizer.vocab_size, TOKENS // size)
        count = max(1, min(limits))
        # What is remembered cannot grow faster than what was read: only where that might be too
        # much is it worth reading so much to see.
        reach = min(self._longest, self._model.context or LOOK)
        if count > 1 and count * reach * size_of(self._state) > STATE:
            with pinned():
                _, state = self._model.start(np.full(reach, self._tokenizer.start))
            count = max(1, min(count, STATE // max(1, size_of(state))))
        return count

    def _until_stopped(self) -> Generator[Piece, None, None]:
        """All pieces; whatever ends them before their time is noted."""
        try:
            yield from self._all()
        finally:
            self.ended_because = self.ended_because or "stopped"

    def _all(self) -> Iterator[Piece]:
        """The pieces of all samples."""
        s = self._settings
        left = s.n * s.best_of * (ROUNDS if s.choosy else 1)
        while self.kept < s.n and left:
            count = min(self._wanted, left, self._at_once)
            left -= count
            places = Places(
                self._model, self._logits, self._state, count, self._room, self._choose,
                guide=self._guide, measured=s.best_of > 1,
            )  # fmt: skip
            passed = self._passing(places, count) if self._filter else None
            for number in range(count):
                yield from self._one(places, number, count, passed is None or passed[number])
                if self.kept == s.n:
                    break
            if self._certain and s.choosy and (s.no_repeats or not self._selection.rate):
                break
        if self.kept == s.n:
            self.ended_because = "complete"
        else:
            self.ended_because = "draws used up" if left == 0 else "nothing else possible"

    def _passing(self, places: Places, count: int) -> list[bool]:
        """Draw all samples to their end, and see which of them pass the filter."""
        assert self._filter is not None
        while len(places.over) < count:
            with pinned(), self._model.stepping(count):
                places.step()
        return self._filter.passing([self._text(places.over[i][0]) for i in range(count)])

    def _text(self, ids: Ids | SmallIds) -> str:
        """A whole sample."""
        return self._prompt.text + self._tokenizer.decode(ids.tolist(), begins=self._prompt.begins)

    def _one(self, places: Places, number: int, count: int, passed: bool = True) -> Iterator[Piece]:
        """The pieces of one sample; none if it is not kept."""
        decoder, told, begun = None, 0, self._prompt.text
        while number not in places.over:
            decoder = decoder or self._tokenizer.decoder(begins=self._prompt.begins)
            # Never held across a yield: what they change, such as threads, is everyone's.
            with pinned(), self._model.stepping(count):
                places.step()
                while number not in places.over and not self._by_token:
                    places.step()
            if number not in places.over:
                new = places.so_far(number, told).tolist()
                begun, told = begun + "".join(map(decoder.push, new)), told + len(new)
                if begun:
                    yield Piece(begun, None)
                    begun = ""
        ids, ended = places.over.pop(number)
        nats = float(places.nats[number]) / (len(ids) + ended) if places.measured else None
        made = self._selection.keep(self._text(ids), ended, nats=nats, passed=passed)
        if made is None:
            return
        self.kept += 1
        if told and decoder is not None:
            rest = "".join(map(decoder.push, ids[told:].tolist()))
            yield Piece(begun + rest + decoder.end(), made)
        else:
            yield Piece(made.text, made)

    def _choose(self, logits: Floats) -> Ids:
        """An id for each row of logits."""
        s = self._settings
        p = shape_probabilities(
            logits, temperature=s.used_temperature, top_k=s.top_k, top_p=s.top_p
        )
        return choose(p, self._rng)


def sample(
    model: LanguageModel,
    tokenizer: Tokenizer,
    settings: SamplingSettings,
    *,
    longest: int,
    novelty: Novelty | None = None,
) -> Samples:
    """Samples of a model, drawn while they are iterated over.

    Args:
        model: any language model.
        tokenizer: the one that it was trained with.
        settings: how many, and how.
        longest: most tokens in one, where the settings name none.
        novelty: tells what stands in the data.

    Returns:
        `n` samples; fewer if `only_new`, `no_repeats` or `filter` did not find as many in 50 times
        as many draws, or if every draw is the same.

    Raises:
        ToolError: while they are drawn, if the filter command fails.
        SamplingError: if the settings cannot be met.
        SettingsError: if they do not fit the model.
        UnknownTokenError: if the prefix cannot be written in the model's vocabulary.
    """
    v = tokenizer.vocab_size
    if settings.top_k > v:
        raise SettingsError(
            f"`top_k` is {settings.top_k}, but the vocabulary has only {v} tokens.",
            hint=f"Set `top_k` to at most {v}, or to 0 for all tokens.",
        )
    if settings.filter and tokenizer.boundary is None:
        raise SettingsError(
            "`filter` reads one sample per line, and this run makes long texts of many lines.",
            hint="Leave `filter` out.",
            setting="filter",
        )
    if settings.unknown and tokenizer.unknown is None:
        raise SettingsError(
            "`unknown` has no effect here: this run has a token for whatever it reads.",
            hint="Leave `unknown` out.",
            setting="unknown",
        )
    if settings.only_new and novelty is None:
        raise SettingsError(
            "`only_new` compares samples with the data, and this run no longer has it.",
            hint="Copy the folder data/ from the original run, or leave out `only_new`.",
            setting="only_new",
        )
    return Samples(model, tokenizer, settings, settings.longest or longest, novelty)
