"""The task of language modelling: predict the next token of a text, and sample more like it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from hornbook.actions import Action
from hornbook.errors import SettingsError
from hornbook.records import JSONObject
from hornbook.rendering import figure
from hornbook.tasks import (
    AnswerPace,
    Baseline,
    Candidate,
    Claim,
    Family,
    Figures,
    Grouped,
    Task,
    Verb,
)
from hornbook.text.asked import QUESTIONS
from hornbook.text.models import FAMILIES
from hornbook.training.measures import Measure

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from hornbook.monitoring.history import Ignorance
    from hornbook.reports import Report, Samples, Table, View
    from hornbook.runs import Run
    from hornbook.settings import Settings
    from hornbook.sources.source import Source
    from hornbook.storage import HashedFiles
    from hornbook.text.data import TextData
    from hornbook.tokenizers.contract import Vocabulary
    from hornbook.training.settings import TrainingSettings

__all__ = ["TextTask"]

LOOK = 200  # lines of the data that are shown to a filter first


class TextTask(Task["TextData"]):
    """Text, as lines that are each an example, or as one stream."""

    name: ClassVar[str] = "text"
    summary: ClassVar[str] = "text: names, poems, molecules, a book; predicts the next token"
    families: ClassVar[Mapping[str, Family]] = FAMILIES
    default: ClassVar[str] = "mlp"
    questions: ClassVar[Mapping[str, Verb]] = {
        name: Verb(summary, home) for name, (summary, home) in QUESTIONS.items()
    }
    telling: ClassVar[tuple[str, ...]] = ("column", "condition")
    decides: ClassVar[Measure] = Measure("loss", "nats per token")
    figures: ClassVar[tuple[Measure, ...]] = (
        Measure("nats_per_token", "nats/token"),
        Measure("nats_per_character", "nats/char"),
        Measure("bits_per_byte", "bits/byte"),
        Measure("perplexity", "perplexity", digits=2),
        Measure("unknown_share", "share unknown"),
    )

    def example(self, family: str) -> Action:
        """Names."""
        return Action("train", ("names",))

    @property
    def files(self) -> frozenset[str]:
        """The splits, the tokenizer, and a picture of counts."""
        from hornbook.text.data import FILES

        return FILES

    @property
    def private(self) -> frozenset[str]:
        """The splits, word for word."""
        from hornbook.text.data import FILES

        return frozenset(name for name in FILES if name.startswith("data/"))

    def still_private(self, run: Run) -> str:
        """Counts, of the model or of a member of a mixture."""
        families = [run.family, *(member.family for member in run.summary.members)]
        if any(self.family(family).fitted for family in families):
            return (
                "the model holds the n-grams of the training text with their counts, and can give "
                "much of it again word for word"
            )
        reveals: str = run.data.tokenizer.reveals
        return reveals

    @property
    def typical(self) -> Vocabulary:
        """The lectures' 26 letters and the boundary."""
        from hornbook.tokenizers.contract import Vocabulary

        return Vocabulary(27, 0, 0)

    def typical_with(self, options: Mapping[str, Any]) -> Vocabulary:
        """That of tokens which come with the package, where they are asked for."""
        if options.get("tokens") != "gpt2":
            return self.typical
        from hornbook.tokenizers.contract import Texts
        from hornbook.tokenizers.published import published_byte_pairs

        return published_byte_pairs(Texts((), (), boundary=True)).vocabulary

    @property
    def options(self) -> type[Settings]:
        """Mode, encoding, and how to split."""
        from hornbook.text.data import TextOptions

        return TextOptions

    def recognise(self, source: Source, options: Mapping[str, Any]) -> Claim | None:
        """Anything that no other task claims is text."""
        from hornbook.text.recognise import recognise

        return recognise(source)

    def load(self, source: Source, options: Any) -> TextData:
        """Read a corpus, cut it, and make its tokenizer."""
        from hornbook.text.loading import load_text

        return load_text(source, options)

    def open(self, files: HashedFiles, name: str, source: str, details: JSONObject) -> TextData:
        """The data that a run keeps."""
        from hornbook.text.loading import open_text

        return open_text(files, name, source, details)

    def fit(self, model: Any, data: TextData) -> Sequence[str]:
        """Count the train split."""
        from hornbook.text.presenting import told_of_discounts

        model.fit(data.stream("train"))
        return told_of_discounts(model)

    def taken_over(self, ancestor: Run) -> Mapping[str, Any]:
        """Its own tokens, where those were not made of its own text."""
        from hornbook.text.inheriting import tokens_of

        return tokens_of(ancestor)

    def inherit(self, model: Any, data: TextData, ancestor: Run, rates: Sequence[str] = ()) -> str:
        """Token by token, whatever ids they have in either vocabulary."""
        from hornbook.text.inheriting import inherit

        return inherit(model, data.tokenizer, ancestor, rates, data.conditions)

    def finish(self, model: Any) -> None:
        """Merge adapters, which then cost no time."""
        model.merge()

    def settle(
        self, model: Any, data: TextData, training: TrainingSettings, processes: int
    ) -> TrainingSettings:
        """The settings with `batches` decided: parallel streams where a state lives on in a text.

        Raises:
            SettingsError: if parallel streams are asked for and nothing is carried along them, or
                several processes cannot train the model as one would.
        """
        if training.batches == "auto":
            fits = model.carries and data.kind == "text"
            fits = fits and processes == 1 and training.accumulate == 1
            training = replace(training, batches="parallel" if fits else "random")
        elif training.batches == "parallel" and not model.carries:
            raise SettingsError(
                "`batches=parallel` has no effect here: this model carries no state from batch to "
                "batch.",
                hint="Leave `batches` out, or train a recurrent family (rnn, gru, lstm).",
                setting="batches",
            )
        if processes > 1:
            refuse_unshareable(model, training)
        if model.settings.as_dict().get("lora_rank"):
            from hornbook.nn.lora import only_adapters

            # The rows of values are new where the net had no conditions before.
            also = ("values",) if model.vocabulary.given else ()
            training = replace(training, rates=only_adapters(training.rates, also))
        return training

    def batches(self, model: Any, data: TextData, training: TrainingSettings) -> Any:
        """Windows, rows, blocks or parallel streams, as the model reads."""
        from hornbook.text.batches import make_batches

        return make_batches(
            data.stream("train"),
            model.reads,
            block_size=model.block_size,
            batch_size=training.batch_size,
            seed=training.seed,
            lead=model.lead,
            parallel=training.batches == "parallel",
            mixed=model.mixed,
        )

    def gradient_case(
        self, family: str, settings: Settings, generator: torch.Generator, seed: int
    ) -> tuple[Any, Any]:
        """A net, and a batch of names."""
        from hornbook.text.gradient_case import gradient_case

        return gradient_case(family, settings, generator, seed)

    def candidates(self, data: TextData, seconds: float) -> Sequence[Candidate]:
        """Counts with the order that suits dev, and nets sized by the text and the time."""
        from hornbook.text.candidates import candidates

        return candidates(data, seconds)

    def read_otherwise(self, data: TextData, options: Mapping[str, Any]) -> TextData:
        """The same splits in other tokens."""
        from hornbook.text.data import TextOptions

        return data.in_tokens(TextOptions.from_dict(dict(options)))

    def comparable(self, value: float, run: Run, split: str) -> float:
        """Nats per character: what models of other tokens are compared by."""
        if not run.data.kept or run.data.tokenizer.unit == "character":
            return value
        per_character: float = run.data.tokens_in(split)[0]
        return value * per_character

    @property
    def compared_in(self) -> str:
        """Nats per character."""
        return "nats per character"

    def mix(self, paths: Sequence[Path], out: Path) -> Run:
        """A mixture."""
        from hornbook.text.mixing import mix

        return mix(paths, out=out, overwrite=out.exists())

    def soundness(self, run: Run, filter_command: str = "") -> float | None:
        """Share of samples that pass the filter; else of lines that ended at a length that the
        data have, or of a text's words that occur in it.
        """
        from hornbook.text.quality import quality

        if run.data.large:
            return None
        found = quality(run, temperatures=(1.0,), filter_command=filter_command)[-1]
        if filter_command:
            return found.passed
        return found.known_words if found.known_length is None else found.known_length

    def sound_if(self, data: TextData, filter_command: str = "") -> str:
        """What `soundness` counts."""
        if filter_command:
            return "A sample is sound if it passes the filter."
        if data.kind == "lines":
            return "A sample is sound if its length is not rare in train."
        return "Sound: the share of the sampled words that occur in train."

    def suited(self, run: Run, filter_command: str = "") -> JSONObject:
        """The temperature of samples, of lines."""
        from hornbook.text.temperature import suitable_temperature

        if run.data.kind != "lines" or run.data.large:
            return {}
        return {"temperature": suitable_temperature(run, filter_command)}

    def passing(self, data: TextData, filter_command: str) -> float:
        """Share of the first lines of train that pass."""
        from hornbook.text.filtering import LineFilter
        from hornbook.text.quality import SECONDS

        if data.kind != "lines":
            raise SettingsError(
                "`filter` reads one sample per line, and this data is one long text.",
                hint="Leave `filter` out.",
                setting="filter",
            )
        if data.large:
            raise SettingsError(
                f"`filter` compares samples with the data. {data.absent}.",
                hint="Leave `filter` out; or, if memory can hold the text, set `large=no`.",
                setting="filter",
            )
        some = data.splits.train[:LOOK]
        return sum(LineFilter(filter_command, SECONDS).passing(some)) / len(some)

    def evaluate(self, model: Any, data: TextData, split: str, limit: int = 0) -> Figures:
        """Nats per token."""
        from hornbook.text.losses import counted_loss

        limit = limit or data.measured
        loss, predictions = counted_loss(model, data.stream(split), limit=limit)
        return Figures(loss, predictions=predictions)

    @property
    def evaluated_with(self) -> type[Settings]:
        """Another file, its encoding, and a stride."""
        from hornbook.text.evaluation import EvaluationSettings

        return EvaluationSettings

    def report(self, run: Run, options: Any) -> Mapping[str, Any]:
        """Losses on every split, or on another file as a whole."""
        from hornbook.text.evaluation import evaluate_run

        return evaluate_run(run, options)

    def baselines(self, data: TextData, model: Any) -> Iterable[Baseline]:
        """What counting reaches."""
        from hornbook.text.baseline import count_baseline

        return count_baseline(data)

    def grouped(self, model: Any, data: TextData, split: str) -> Grouped:
        """By example, or by stretch of one long text."""
        from hornbook.text.grouped import grouped

        return grouped(model, data, split)

    def pace(self, run: Run) -> AnswerPace:
        """Tokens sampled in a second, and how many of some samples are new."""
        from hornbook.text.sampling_pace import sampling_pace

        return sampling_pace(run)

    def ignorance(self, shape: Vocabulary) -> Ignorance:
        """A uniform guess among the tokens."""
        from hornbook.monitoring.history import Ignorance

        n, even = shape.size, math.log(shape.size)
        return Ignorance(even, f"a uniform guess among {n} tokens has loss ln {n} = {even:.2f}")

    def draw(self, files: HashedFiles, model: Any, data: TextData) -> Iterable[str]:
        """The counts of pairs, as the lecture draws them."""
        if getattr(model.settings, "order", 0) == 2:
            from hornbook.text.counts import draw_counts

            draw_counts(model.pair_counts(), data.tokenizer, files.folder / "counts.png")
            yield "counts.png"

    def in_words(self, value: float, run: Run, split: str) -> str:
        """Bits and perplexity as well; where tokens are not characters, what is comparable."""
        perplexity = figure(math.exp(value) if value < 700 else math.inf, 2)
        bits = f"{figure(value / math.log(2), 3)} bits"
        data = run.data
        if data.tokenizer.unit != "character" and data.sized:
            per_character, per_byte = data.tokens_in(split)
            bits = (
                f"{figure(value * per_character)} per character, "
                f"{figure(value * per_byte / math.log(2))} bits per byte"
            )
        return f"nats per token ({bits}, perplexity {perplexity})"

    def preview(self, model: Any, data: TextData) -> Sequence[str]:
        """A few short samples; where conditions are given, of frequent values."""
        from hornbook.text.presenting import previewed

        return previewed(model, data)

    def introduce(self, run: Run) -> str:
        """What a language model does."""
        from hornbook.text.presenting import introduction

        return introduction(run)

    @property
    def measure_explained(self) -> str:
        """What a loss is."""
        return (
            "The loss says how surprised the model is, on average, by each next token of text that "
            "it has not seen. 0 would mean certain and right every time. Lower is better: the "
            "shorter bar wins."
        )

    def samples(self, run: Run) -> Samples:
        """Twenty lines, or the beginning of one text."""
        from hornbook.text.marked_samples import marked_samples

        return marked_samples(run)

    def show(self, run: Run, filter_command: str = "") -> Sequence[str | Table]:
        """Samples held against the data at several temperatures, and twenty new ones."""
        from hornbook.text.presenting import best_samples

        return best_samples(run, filter_command)

    def examine(self, source: Source, options: Any) -> Report:
        """What the data's doctor finds."""
        from hornbook.text.doctor.large import examine_source
        from hornbook.text.doctor.summary import proposals, told
        from hornbook.text.loading import is_large, takes_any_bytes

        found, given = examine_source(
            source, options, large=is_large(source, options), any_bytes=takes_any_bytes(options)
        )
        if any(one.name == "impossible-conditions" for one in found.findings):
            return told(found, ())  # nothing can be done before that is mended
        torn = any(one.name == "torn-graphemes" for one in found.findings)
        leaks = any(one.name == "leaked-lines" and one.severity != "note" for one in found.findings)
        chosen_by = found.splits.get("dev")
        proposed = proposals(
            source, given, options, repeated=leaks, torn=torn,
            has_dev=chosen_by is not None and chosen_by.predictions > 0,
        )  # fmt: skip
        return told(found, proposed)

    @property
    def seen_with(self) -> type[Settings]:
        """The string that attention is shown on, and where the tree begins."""
        from hornbook.text.views.pictures import ViewSettings

        return ViewSettings

    def views(self, run: Run, options: Any) -> Sequence[View]:
        """Embeddings, the bigram matrix, attention, hidden units, the tree of next tokens."""
        from hornbook.text.views.pictures import views_of_run

        return views_of_run(run, options)

    def next_steps(self, run: Run) -> Sequence[Action]:
        """Sample, score, measure."""
        from hornbook.text.presenting import draws_new, short_example

        path = str(run.path)
        if not run.data.kept:
            return (Action("sample", (path,), {"n": 20}),)
        new = {"only_new": True} if draws_new(run) else {}
        asked = () if run.data.conditions is None else (run.data.conditions.example,)
        more = [Action("sample", (path,), {"n": 20, "condition": asked})] if asked else []
        return (
            Action("sample", (path,), {"n": 20, **new}),
            *more,
            Action("score", (path, short_example(run.data.splits["train"]))),
        )


def refuse_unshareable(model: Any, training: TrainingSettings) -> None:
    """Refuse what several processes cannot train as one would.

    Raises:
        SettingsError: for BatchNorm, whose statistics would be those of a process's own part; for
            parallel streams, whose states would be in the process that reads them.
    """
    if training.batches == "parallel":
        raise SettingsError(
            "Parallel streams carry states between batches, which would differ in each process.",
            hint="Train in one process, or with `batches=random`.",
            setting="batches",
        )
    kept = model.state_dict().keys() - dict(model.named_parameters(remove_duplicate=False)).keys()
    if kept:
        raise SettingsError(
            f"BatchNorm has {len(kept)} running statistics, which would differ in each process.",
            hint="Train in one process, or with `norm=layer` or `norm=none`.",
            setting="norm",
        )
