"""llama.cpp as a peer that draws tokens: milliseconds a token of one text, at GPT-2's size.

    npm install --ignore-scripts node-llama-cpp       # prebuilt, in a folder of its own

Its weights are those of a GPT-2 that hornbook began and exported; its 8 bits are Q8_0, made of them
by the package gguf (`pip install -e '.[interchange]'`).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import hornbook

__all__ = ["milliseconds"]

TEXT = "A hornbook was the sheet from which children learned their letters.\n" * 40
PROGRAM = """
import {getLlama, LlamaLogLevel} from "node-llama-cpp";
import fs from "fs";
const {paths, prefixes, count, threads} = JSON.parse(fs.readFileSync(0, "utf8"));
const llama = await getLlama({
  gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: threads,
});
const results = [];
for (const path of paths) {
  const model = await llama.loadModel({modelPath: path});
  for (const prefix of prefixes) {
    const context = await model.createContext({
      contextSize: 1024, threads, flashAttention: false,
      experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32",
    });
    const ids = Array.from({length: prefix}, (_, i) => i * 7919 % 50000), found = [];
    let before = null;
    for await (const token of context.getSequence().evaluate(ids, {
      temperature: 0, yieldEogToken: true,
    })) {
      const used = process.cpuUsage(), now = performance.now();
      if (before) {
        const {user, system} = process.cpuUsage(before.used);
        found.push([(user + system) / 1000, now - before.now]);
      }
      before = {used, now};
      if (found.length >= count) break;
    }
    results.push(found);
    await context.dispose();
  }
}
console.log(JSON.stringify(results));
process.exit(0);
"""


def milliseconds(
    folder: Path, prefixes: tuple[int, ...], count: int, threads: int
) -> dict[tuple[str, int], list[tuple[float, float]]]:
    """Processor milliseconds and milliseconds on the clock of some tokens.

    Args:
        folder: where node-llama-cpp is installed.
        prefixes: tokens read before, for each way.
        count: tokens drawn.
        threads: that it may use.

    Returns:
        By the kind of weights and the prefix, a pair for each token.

    Raises:
        SystemExit: if node or the package is missing.
    """
    if shutil.which("node") is None:
        raise SystemExit("llama.cpp is asked through Node.js, and there is no program `node` here.")
    if not (folder / "node_modules" / "node-llama-cpp").is_dir():
        raise SystemExit(
            f"There is no node_modules/node-llama-cpp in {folder}: run `npm install "
            "--ignore-scripts node-llama-cpp` there."
        )
    with tempfile.TemporaryDirectory() as place:
        files = exported(Path(place))
        told = {
            "paths": [str(path) for path in files.values()], "prefixes": prefixes, "count": count,
            "threads": threads,
        }  # fmt: skip
        program = folder / "timed_by_hornbook.mjs"
        program.write_text(PROGRAM, encoding="utf-8")
        try:
            done = subprocess.run(
                ["node", program.name], input=json.dumps(told), stdout=subprocess.PIPE, text=True,
                cwd=folder, check=True, timeout=600,
            )  # fmt: skip
        finally:
            program.unlink()
    keys = [(name, prefix) for name in files for prefix in prefixes]
    found = [[(used, wall) for used, wall in one] for one in json.loads(done.stdout)]
    return dict(zip(keys, found, strict=True))


def exported(folder: Path) -> dict[str, Path]:
    """Files of a GPT-2 that has seen nothing but one batch."""
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    run = hornbook.train(
        folder / "text.txt", preset="gpt2", out=folder / "run", baseline=False,
        training={"steps": 1, "batch_size": 1}, mode="text",
    )  # fmt: skip
    path = folder / "float32.gguf"
    hornbook.export(run, to="gguf", out=str(path))
    return {"float32": path, "8 bits": in_q8_0(path, folder / "q8_0.gguf")}


def in_q8_0(path: Path, out: Path) -> Path:
    """A GGUF file in float32 as another one, with its matrices in Q8_0 but for the positions."""
    import gguf

    reader: Any = gguf.GGUFReader(path)
    writer = gguf.GGUFWriter(out, "gpt2")
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name != gguf.Keys.General.ARCHITECTURE:
            many = field.types[-1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), field.types[0], many)
    for tensor in reader.tensors:
        if len(tensor.shape) == 2 and tensor.name != "position_embd.weight":
            kind = gguf.GGMLQuantizationType.Q8_0
            data = gguf.quants.quantize(np.asarray(tensor.data), kind)
            writer.add_tensor(tensor.name, data, raw_dtype=kind)
        else:
            writer.add_tensor(tensor.name, tensor.data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return out
