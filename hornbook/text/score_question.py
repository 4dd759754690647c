"""The question for the loss of a string, token by token."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from hornbook.actions import Action
from hornbook.errors import DataError, EncodingError, SettingsError
from hornbook.records import JSONObject
from hornbook.rendering import clip, describe, figure, many
from hornbook.reports import Shaded, Table
from hornbook.settings import Given, Settings
from hornbook.sources.encoding import decode, raw
from hornbook.sources.source import Source
from hornbook.tasks import Answer, Beside, Question, Row
from hornbook.text.asked_conditions import with_conditions
from hornbook.text.scores import Score, score

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["ScoreQuestion", "ScoreSettings"]


@dataclass(frozen=True)
class ScoreSettings(Settings):
    """Texts."""

    texts: Annotated[tuple[str, ...], Given("TEXT")]
    "Strings to score; - for the lines of standard input."
    condition: tuple[str, ...] = ()
    """Values that are given, such as country=Japan (only for runs trained with condition); what is
    not named is not given."""


class ScoreQuestion(Question):
    """The loss of a string."""

    description = (
        "Show the loss of each TEXT under RUN, token by token.\n\n"
        "Losses are in nats: -ln of the token's probability. The token with the highest loss is "
        "named below the table. Where tokens are more than a character, an estimate of the loss of "
        "each character follows. A terminal shows the text too, darker where it costs more. For "
        "TEXT - the lines of standard input are scored."
    )
    examples = (
        Action("score", ("runs/counts", "emma")),
        Action("score", ("runs/net", "emma", "zxqwv")),
    )
    options = ScoreSettings

    def ask(self, run: Run, *given: str, **options: Any) -> Score:
        """The loss of a string, token by token: `run.score("emma", condition=["sex=F"])`.

        Raises:
            SettingsError: if there is nothing to score, or more than one text; or the run has no
                such condition.
            UnknownTokenError: if it has a token that is not in the vocabulary.
        """
        if len(given) != 1 or not isinstance(given[0], str):
            said = clip(", ".join(map(repr, given)), 60) or "nothing"
            raise SettingsError(
                f"score expects one text; it was given {said}.",
                hint="Call it once for each text.",
            )
        condition = options.pop("condition", ())
        if options:
            raise SettingsError(
                f"score has no settings but `condition`; it was given {', '.join(options)}."
            )
        model = with_conditions(run.model, run.data, condition)
        return score(model, run.data.tokenizer, given[0])

    def answer(self, run: Run, options: ScoreSettings) -> Answer:
        """Each string after the other, and for `-` the lines of standard input."""
        bytes_too = run.data.tokenizer.any_bytes
        texts = [
            line
            for text in options.texts
            for line in (standard_lines(any_bytes=bytes_too) if text == "-" else [text])
        ]
        return ScoreAnswer([self.ask(run, text, condition=options.condition) for text in texts])


def standard_lines(*, any_bytes: bool = False) -> list[str]:
    """The lines of standard input that are not empty.

    Args:
        any_bytes: read what is not text as bytes.

    Raises:
        DataError: if there are none, or it is not text.
    """
    source = Source("-")
    data = source.read()
    try:
        text = decode(data, source.where).text
    except EncodingError:
        if not any_bytes:
            raise
        text = raw(data).text
    lines = [line for line in text.splitlines() if line]
    if not lines:
        raise DataError("Standard input has no line to score.")
    return lines


class ScoreAnswer(Answer):
    """The scores of some strings."""

    def __init__(self, scores: Sequence[Score]) -> None:
        self.scores = scores

    def __iter__(self) -> Iterator[Row]:
        return map(ScoreRow, self.scores)


class ScoreRow(Row):
    """The score of one string."""

    def __init__(self, found: Score) -> None:
        self.found = found

    def shown(self) -> Iterator[str | Table | Beside | Shaded]:
        """A row for each token, with a bar as long as its cost."""
        found = self.found
        yield f"{found.text}\n"
        bars = ["█" * min(60, round(c * 5)) if math.isfinite(c) else "∞" for c in found.nats]
        wide = max(map(len, bars))
        rows = [
            (token, figure(math.exp(-cost)), figure(cost), bar.ljust(wide))
            for token, cost, bar in zip(found.tokens, found.nats, bars, strict=True)
        ]
        worst = found.most_surprising
        heads = ("token", "probability", "nats", "")
        yield Table(heads, tuple(rows), marked=worst)
        if found.estimated:
            yield characters_table(found)
            yield (
                "An estimate: the chance of all tokens that have this character next; the "
                "same text in shorter tokens is not counted.\n"
            )
        yield Shaded("by token ", shaded([piece_of(found, at) for at in range(len(found.nats))],
                     found.nats))  # fmt: skip
        if found.estimated:
            each = found.by_character
            yield Shaded("by character ", shaded([o.text for o in each], [o.nats for o in each]))
        yield (
            f"{figure(found.nats_per_token)} nats per token over {many(len(found.nats), 'token')}, "
            f"{figure(found.nats_per_character)} per character, {figure(found.bits_per_byte)} bits "
            "per byte; "
            f"highest loss: {found.tokens[worst]} at position {worst + 1}, "
            f"{figure(found.nats[worst])} nats.\n\n"
        )

    def as_dict(self) -> JSONObject:
        """All figures by name."""
        return self.found.as_dict()


SHADE = 6.0  # nats of the darkest shade


def shaded(texts: Sequence[str], nats: Sequence[float]) -> tuple[tuple[str, float], ...]:
    """Parts of a text with shades by their cost."""
    return tuple((text, min(1.0, cost / SHADE)) for text, cost in zip(texts, nats, strict=True))


def piece_of(found: Score, at: int) -> str:
    """The characters that begin in a token."""
    return "".join(one.text for one in found.by_character if one.token == at)


def characters_table(found: Score) -> Table:
    """A row for each character."""
    rows = []
    for one in found.by_character:
        token = found.tokens[one.token]
        label = describe(one.text, quote=False) if len(one.text) == 1 else one.text or token
        rows.append((label, token, figure(math.exp(-one.nats)), figure(one.nats)))
    return Table(("character", "of token", "probability", "nats"), tuple(rows), left=2)
