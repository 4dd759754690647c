"""`export` to tensorboard: the curves of any training as an event file."""

from __future__ import annotations

from pathlib import Path

from hornbook.errors import RunError, SettingsError
from hornbook.interchange.formats import Exported
from hornbook.monitoring.event_files import beginning, scalars
from hornbook.rendering import many
from hornbook.runs import Run
from hornbook.runs.reporting import figures_at
from hornbook.storage import write_bytes
from hornbook.tasks import NoOptions

__all__ = ["TensorBoard"]


class TensorBoard:
    """Writes what was measured in the course of a training."""

    options = NoOptions

    def write(self, run: Run, out: str | None, settings: NoOptions) -> Exported:
        """Write the curves of a run, as one file in a folder.

        The file is called after the run: written again, when the run has gone on, it replaces the
        earlier one.

        Raises:
            SettingsError: if the run was made in one pass, or nothing was measured yet.
            RunError: if it cannot be written.
        """
        metrics = run.directory.read_metrics()
        if run.record.training is None or not metrics:
            why = "was made in one pass" if run.record.training is None else "has none yet"
            raise SettingsError(
                f"TensorBoard shows the curves of a training, and {run.path} {why}.",
                hint="Export a run that was trained in steps.",
                setting="to",
            )
        folder = Path(out if out is not None else f"{run.path.absolute().name}-tensorboard")
        # Seconds are of training alone: where it was resumed, the time between is left out.
        began = run.directory.metrics.stat().st_mtime - metrics[-1].seconds
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(
                f"Cannot create the directory {folder}: {error.strerror or error}.",
                hint="Choose a directory that you can write to as `out`.",
            ) from error
        path = folder / f"events.out.tfevents.0.{run.record.id}.hornbook"
        parts = [scalars(began + one.seconds, one.step, figures_at(one)) for one in metrics]
        write_bytes(path, beginning(began) + b"".join(parts))
        return Exported(
            folder,
            {"evaluations": len(metrics), "file": path.name},
            (
                f"The figures of {many(len(metrics), 'evaluation')}; nothing of the training data.",
                f"TensorBoard shows what is in {folder}.",
            ),
        )
