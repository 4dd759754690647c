"""The outcome of training: the result, the baseline, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator

from hornbook.actions import Action
from hornbook.cli.output import console, escape, notes, number, print_json, show_findings
from hornbook.cli.wording import command, no_flag, shell_word, worded
from hornbook.records import as_json
from hornbook.rendering import figure
from hornbook.runs import Run, Summary
from hornbook.runs.advice import advice
from hornbook.tasks import Baseline

__all__ = ["tell"]


def tell(run: Run, *, json: bool) -> None:
    """The result on standard output; all that stands beside it on standard error."""
    summary = run.summary
    if json:
        print_json({"run": str(run.path), **as_json(summary)})
        return
    say = notes().print
    say()
    if summary.ending == "interrupted":
        say(f"Stopped at step {summary.steps or 0:,}; progress is saved.")
        going_on = escape(command(Action("resume", (str(run.path),))))
        say(f"Resume with:  [bold]{going_on}[/]")
    if result := result_of(run, summary):
        console().print(result)
    if summary.ending == "early":
        say(f"Stopped early at step {summary.steps or 0:,}: dev was no longer improving.")
    for line in compared(run, summary):
        say(escape(line))
    for one in advice(run):
        say(f"  [dim]→[/] {escape(worded(one.reason))}")
        if one.action is not None:
            say(f"    {escape(command(one.action))}")
    if findings := run.findings():
        say()
        show_findings(findings, notes())
    for picture in summary.pictures:
        say(f"Picture: {escape(str(run.path / picture))}")
    say()
    say("Next:")
    for action in run.task.next_steps(run):
        say(f"  {escape(command(action))}")
    path = escape(shell_word(no_flag(str(run.path))))
    say(f"  hornbook evaluate {path}")
    say(f"  hornbook inspect {path}")
    if run.task.private:
        say(f"Before you share it: hornbook strip {path} (the run contains your data)")


def result_of(run: Run, summary: Summary) -> str:
    """The deciding measure on dev and train, with what it was measured on, and the time."""
    held = summary.reached(run.task.decides)
    shown = [split for split in ("dev", "train") if split in held]
    if not shown:
        return ""
    known = [summary.measured_on.get(split) for split in shown]
    whole = all(extent is not None and extent.is_whole for extent in known)
    told = []
    for place, (split, extent) in enumerate(zip(shown, known, strict=True)):
        value = number(held[split])
        words = value
        if not place:
            words = f"[bold]{value}[/] {escape(run.task.in_words(held[split], run, split))}"
        told.append(f"{split} {words}" + (f" on {extent}" if extent and not whole else ""))
    if whole:
        told.append("on whole splits" if len(shown) > 1 else "on the whole split")
    told.append(f"in {summary.took}")
    if summary.best_step is not None:
        told.append(f"at step {summary.best_step:,}")
    return ", ".join(told)


def compared(run: Run, summary: Summary) -> Iterator[str]:
    """Whether the model beats each baseline."""
    measure = run.task.decides
    held = summary.reached(measure)
    for baseline in summary.baselines:
        if "dev" in held and "dev" in baseline.reached:
            mark = baseline.reached["dev"]
            beats = measure.is_better(held["dev"], mark)
            verdict = "this model beats it" if beats else "this model does not beat it"
            if "dev" in baseline.apart and baseline.apart["dev"] is None:
                verdict = "dev is one group, so which is better on others cannot be told"
            elif (apart := baseline.apart.get("dev")) is not None:
                low, high = apart
                if low <= 0 <= high:
                    verdict = "the difference may be chance"
                ends = (figure(end, measure.digits, sign=True) for end in apart)
                verdict += f" (difference {' to '.join(ends)})"
            yield (
                f"Baseline ({baseline.name}, {baseline.seconds:.1f} s): dev {number(mark)}; "
                f"{verdict}.{beside(run, summary, baseline)}"
            )


def beside(run: Run, summary: Summary, baseline: Baseline) -> str:
    """The other figures of a baseline on dev beside the model's, in a sentence."""
    told = []
    for measure in run.task.figures:
        other = baseline.further.get("dev", {}).get(measure.name)
        value = summary.reached(measure).get("dev")
        if other is not None and value is not None:
            digits = measure.digits
            told.append(
                f"{measure.unit} {number(other, digits)}, this model {number(value, digits)}"
            )
    return f" Its {'; '.join(told)}." if told else ""
