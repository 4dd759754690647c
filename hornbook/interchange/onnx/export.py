"""`export` to onnx: the next step of a net, for any program that runs ONNX."""

from __future__ import annotations

import json
from pathlib import Path

from hornbook.errors import SettingsError
from hornbook.interchange.carried import carried, net_of, vocabulary_facts
from hornbook.interchange.formats import Exported
from hornbook.interchange.html.holdings import values_held
from hornbook.outputs import writable_format, write_output
from hornbook.records import JSON
from hornbook.runs import Run
from hornbook.tasks import NoOptions
from hornbook.version import __version__

__all__ = ["LARGEST", "ONNX"]

LARGEST = 2**31 - 2**20  # bytes of weights: a protocol buffer ends at 2 GiB


class ONNX:
    """Writes nets on text as graphs of one step."""

    options = NoOptions

    def write(self, run: Run, out: str | None, settings: NoOptions) -> Exported:
        """Write the graph of a run.

        Raises:
            SettingsError: if the run is not a net on text, too large, or has a layer that cannot be
                written.
            RunError: if the file cannot be written.
        """
        import onnx

        from hornbook.interchange.onnx.steps import step_of

        path = Path(out if out is not None else f"{run.path.absolute().name}.onnx")
        writable_format(path, "onnx")
        model = net_of(run, "A graph of ONNX")
        size = 4 * model.n_parameters
        if size > LARGEST:
            raise SettingsError(
                f"A file of ONNX holds up to {LARGEST:,} bytes of weights; this run has {size:,}.",
                hint="Export it in another format: `to=huggingface` or `to=gguf`.",
                setting="to",
            )
        graph, logits = step_of(model)
        tokenizer = run.data.tokenizer
        facts: dict[str, JSON] = {
            **vocabulary_facts(tokenizer),
            "kind": tokenizer.kind,
            "mode": run.data.kind,
            "family": run.family,
            "parameters": model.n_parameters,
        }
        if (conditions := run.data.conditions) is not None:
            pairs = zip(conditions.names, conditions.values, strict=True)
            facts["conditions"] = [{"name": name, "values": list(own)} for name, own in pairs]
        told = {name: json.dumps(value, ensure_ascii=True) for name, value in facts.items()}
        made = graph.model(logits, told, __version__)
        onnx.checker.check_model(made, full_check=True)
        data: bytes = made.SerializeToString(deterministic=True)
        write_output(path, data)
        held = carried(tokenizer)
        if conditions is not None:
            held.insert(1, values_held(conditions)["en"])
        figures: dict[str, JSON] = {
            "format": "onnx",
            "bytes": len(data),
            "parameters": model.n_parameters,
            "states": len(graph.states),
            "holds": list[JSON](held),
        }
        return Exported(
            path,
            figures,
            [
                f"{len(data) / 1e6:.2f} MB: one step, from a token and {len(graph.states)} "
                f"{'state' if len(graph.states) == 1 else 'states'} to logits and new ones.",
                *held,
            ],
        )
