"""The tasks of users and items: predict ratings, or rank what a user will turn to next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from hornbook.actions import Action
from hornbook.ratings.asked import QUESTIONS
from hornbook.ratings.models.families import CLICKS, RATINGS
from hornbook.records import JSONObject
from hornbook.tasks import Baseline, Candidate, Claim, Family, Figures, Grouped, Task, Verb
from hornbook.training.measures import Measure

if TYPE_CHECKING:
    import torch

    from hornbook.ratings.data import Kind, RatingsData
    from hornbook.ratings.models.contract import Shape
    from hornbook.reports import Report, Samples, Table, View
    from hornbook.runs import Run
    from hornbook.settings import Settings
    from hornbook.sources.source import Source
    from hornbook.storage import HashedFiles
    from hornbook.training.settings import TrainingSettings

__all__ = ["ClicksTask", "RatingsTask"]


class OfItems(Task["RatingsData"]):
    """What both tasks share: users, items, and what was given by the ones to the others."""

    kind: ClassVar[Kind]
    likely: ClassVar[tuple[str, ...]]
    "Nets that are worth the time of a search."
    previewed: ClassVar[str] = "recommended"
    questions: ClassVar[Mapping[str, Verb]] = {
        name: Verb(summary, home) for name, (summary, home) in QUESTIONS.items()
    }

    def example(self, family: str) -> Action:
        """Ratings, or clicks."""
        return Action(
            "train", (f"{self.name}.csv",), {} if self.kind == "ratings" else {"task": self.name}
        )

    @property
    def files(self) -> frozenset[str]:
        """The splits, and the ids of users and items."""
        from hornbook.ratings.data import FILES

        return FILES

    @property
    def private(self) -> frozenset[str]:
        """Who has rated what, and who they are."""
        from hornbook.ratings.data import PRIVATE

        return PRIVATE

    def still_private(self, run: Run) -> str:
        """As the family says of itself."""
        told: str = run.made_as.load().still_private(run.data.shape)
        return told

    @property
    def typical(self) -> Shape:
        """About as many as in the lesson."""
        from hornbook.ratings.models.contract import Shape

        return Shape(671, 9_066, 80_003, 0.5, 5.0)

    @property
    def options(self) -> type[Settings]:
        """Columns, titles, and how to split."""
        from hornbook.ratings.options import RatingsOptions

        return RatingsOptions

    def recognise(self, source: Source, options: Mapping[str, Any]) -> Claim | None:
        """A table with a column of users and one of items: no data set with a name is one."""
        if source.dataset is not None:
            return None  # said without loading what looks into files
        from hornbook.ratings.recognise import recognise

        found = recognise(source)
        own = None if found is None else found.of(self.kind)
        return None if own is None else Claim(own.strength, own.reason, own.sure, own.columns)

    def load(self, source: Source, options: Any) -> RatingsData:
        """Read, number and split."""
        from hornbook.ratings.loading import load_ratings

        return load_ratings(source, options, self.kind)

    def open(self, files: HashedFiles, name: str, source: str, details: JSONObject) -> RatingsData:
        """The data that a run keeps."""
        from hornbook.ratings.opening import open_ratings

        return open_ratings(files, name, source, details)

    def acquaint(self, model: Any, data: RatingsData) -> None:
        """What users have rated in train."""
        if data.kept:
            model.remember(data.history)

    def candidates(self, data: RatingsData, seconds: float) -> Sequence[Candidate]:
        """What is made in one pass, from the simplest on, and nets, the best first."""
        fitted = [name for name, line in self.families.items() if not line.trained]
        return [Candidate(name, name) for name in (*fitted, *self.likely)]

    def gradient_case(
        self, family: str, settings: Settings, generator: torch.Generator, seed: int
    ) -> tuple[Any, Any]:
        """A net, and a batch of made-up rows."""
        from hornbook.ratings.gradient_case import gradient_case

        return gradient_case(self, family, settings, generator, seed)

    def inherit(
        self, model: Any, data: RatingsData, ancestor: Run, rates: Sequence[str] = ()
    ) -> str:
        """Users and items that both know, by their ids, keep what was learned of them."""
        from hornbook.ratings.inheriting import inherit

        return inherit(self, model, data, ancestor, rates)

    def evaluate(self, model: Any, data: RatingsData, split: str, limit: int = 0) -> Figures:
        """The errors, or how well the items that a user turned to are ranked."""
        from hornbook.ratings.evaluation import evaluate

        return evaluate(model, data, split, limit)

    def report(self, run: Run, options: Any) -> Mapping[str, Any]:
        """Errors and ranking on every split, with intervals over users."""
        from hornbook.ratings.evaluation import report

        return report(run.model, run.data)

    def baselines(self, data: RatingsData, model: Any) -> Iterable[Baseline]:
        """What needs no training: means, neighbours, closed forms."""
        from hornbook.ratings.baselines import baselines

        return baselines(self, data)

    def grouped(self, model: Any, data: RatingsData, split: str) -> Grouped:
        """By user."""
        from hornbook.ratings.evaluation import grouped

        return grouped(model, data, split)

    def preview(self, model: Any, data: RatingsData) -> Sequence[str]:
        """What the first user of the dev split would be recommended."""
        from hornbook.ratings.presenting import preview

        return preview(model, data)

    def samples(self, run: Run) -> Samples | None:
        """Recommendations for a few users."""
        from hornbook.ratings.presenting import recommendations

        return recommendations(run)

    def show(self, run: Run, filter_command: str = "") -> Sequence[str | Table]:
        """Recommendations for a few users."""
        from hornbook.ratings.presenting import shown

        return shown(run)

    def introduce(self, run: Run) -> str:
        """What a model of users and items does."""
        from hornbook.ratings.presenting import introduction

        return introduction(run)

    def examine(self, source: Source, options: Any) -> Report:
        """What the data's doctor finds."""
        from hornbook.ratings.doctor.examine import examine

        return examine(source, options, self.kind)

    @property
    def seen_with(self) -> type[Settings]:
        """How many items the pictures are of."""
        from hornbook.ratings.views import ViewSettings

        return ViewSettings

    def views(self, run: Run, options: Any) -> Sequence[View]:
        """Biases, components, a map."""
        from hornbook.ratings.views import views_of

        return views_of(run, options)

    def next_steps(self, run: Run) -> Sequence[Action]:
        """Recommend, look for what is alike, explain."""
        from hornbook.ratings.presenting import next_steps

        return next_steps(run)


class RatingsTask(OfItems):
    """Ratings: predict the rating that a user would give to an item."""

    name: ClassVar[str] = "ratings"
    summary: ClassVar[str] = "ratings of items by users; predicts ratings and recommends"
    kind: ClassVar[Literal["ratings"]] = "ratings"
    families: ClassVar[Mapping[str, Family]] = RATINGS
    default: ClassVar[str] = "history"
    likely: ClassVar[tuple[str, ...]] = ("history", "dot-bias")
    decides: ClassVar[Measure] = Measure("rmse", "RMSE")
    figures: ClassVar[tuple[Measure, ...]] = (
        Measure("rmse", "RMSE"),
        Measure("mse", "MSE"),
        Measure("mae", "MAE"),
        Measure("ndcg", "NDCG@10", best="highest"),
        Measure("recall", "recall@10", best="highest"),
        Measure("coverage", "coverage@10", best="highest"),
    )

    def batches(self, model: Any, data: RatingsData, training: TrainingSettings) -> Any:
        """Rows of train in a new order each epoch."""
        from hornbook.training.batches import ArrayBatches

        rows = data.splits["train"]
        return ArrayBatches(
            rows.users, rows.items, rows.values, batch_size=training.batch_size, seed=training.seed
        )

    @property
    def measure_explained(self) -> str:
        """What an error of so many stars is."""
        return (
            "The error says how far predictions lie from the ratings that users gave, on ratings "
            "that the model has not seen: the root of the mean square. 0 would mean right every "
            "time. Lower is better: the shorter bar wins."
        )


class ClicksTask(OfItems):
    """Clicks, plays, purchases: rank what a user will turn to next."""

    name: ClassVar[str] = "clicks"
    summary: ClassVar[str] = "clicks, plays or purchases of items by users; recommends"
    kind: ClassVar[Literal["clicks"]] = "clicks"
    families: ClassVar[Mapping[str, Family]] = CLICKS
    default: ClassVar[str] = "ease"
    likely: ClassVar[tuple[str, ...]] = ("bpr",)
    decides: ClassVar[Measure] = Measure("ndcg", "NDCG@10", best="highest")
    figures: ClassVar[tuple[Measure, ...]] = (
        Measure("ndcg", "NDCG@10", best="highest"),
        Measure("recall", "recall@10", best="highest"),
        Measure("coverage", "coverage@10", best="highest"),
    )

    def batches(self, model: Any, data: RatingsData, training: TrainingSettings) -> Any:
        """Rows of train, each with items that the user has not turned to."""
        from hornbook.ratings.batches import ClickBatches

        return ClickBatches(
            data.splits["train"],
            len(data.items),
            negatives=model.settings.negatives,
            batch_size=training.batch_size,
            seed=training.seed,
        )

    @property
    def measure_explained(self) -> str:
        """What NDCG is."""
        return (
            "NDCG@10 says how much of what users turned to next stands among the ten items that "
            "the model puts first, and how high. 1 would mean all of it, at the top. Higher is "
            "better: the longer bar wins."
        )
