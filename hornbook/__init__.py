"""Train small language models on your own data, and see what happens inside them.

    import hornbook

    run = hornbook.train("names", model="mlp", out="runs/first")
    for made in run.sample(n=20, only_new=True):
        print(made.text)

Names are imported when they are first used, so that `import hornbook` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hornbook.first_use import on_first_use
from hornbook.version import __version__

if TYPE_CHECKING:
    from hornbook.errors import HornbookError
    from hornbook.experiments.best import best
    from hornbook.experiments.compare.comparing import compare
    from hornbook.experiments.reproduce import reproduce
    from hornbook.experiments.sweep.sweep import sweep
    from hornbook.inspection.usage import examine_use
    from hornbook.interchange.formats import export
    from hornbook.interchange.importing import import_model
    from hornbook.lessons.comparison import compare_gradients
    from hornbook.runs import Run, find_rate, list_runs, resume, strip, train
    from hornbook.tasks import register
    from hornbook.text.corpus import SplitSettings, load_corpus
    from hornbook.text.doctor.examine import examine
    from hornbook.text.mixing import mix
    from hornbook.text.sampling import SamplingSettings
    from hornbook.training.settings import TrainingSettings

__all__ = [
    "HornbookError",
    "Run",
    "SamplingSettings",
    "SplitSettings",
    "TrainingSettings",
    "__version__",
    "best",
    "compare",
    "compare_gradients",
    "examine",
    "examine_use",
    "export",
    "find_rate",
    "import_model",
    "list_runs",
    "load_corpus",
    "mix",
    "register",
    "reproduce",
    "resume",
    "strip",
    "sweep",
    "train",
]

HOMES = {
    "HornbookError": "hornbook.errors",
    "Run": "hornbook.runs",
    "SamplingSettings": "hornbook.text.sampling",
    "SplitSettings": "hornbook.text.corpus",
    "TrainingSettings": "hornbook.training.settings",
    "best": "hornbook.experiments.best",
    "compare": "hornbook.experiments.compare.comparing",
    "compare_gradients": "hornbook.lessons.comparison",
    "examine": "hornbook.text.doctor.examine",
    "examine_use": "hornbook.inspection.usage",
    "export": "hornbook.interchange.formats",
    "find_rate": "hornbook.runs",
    "import_model": "hornbook.interchange.importing",
    "list_runs": "hornbook.runs",
    "load_corpus": "hornbook.text.corpus",
    "mix": "hornbook.text.mixing",
    "register": "hornbook.tasks",
    "reproduce": "hornbook.experiments.reproduce",
    "resume": "hornbook.runs",
    "strip": "hornbook.runs",
    "sweep": "hornbook.experiments.sweep.sweep",
    "train": "hornbook.runs",
}

if not TYPE_CHECKING:  # a checker would take it that every name is there
    __getattr__, __dir__ = on_first_use(__name__, HOMES)
