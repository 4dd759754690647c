"""What llama.cpp makes of exported models: the same ids, the same greedy tokens, the same text?

    npm install --ignore-scripts node-llama-cpp       # prebuilt, in a folder of its own
    python -m benchmarks.gguf_beside_llama_cpp FOLDER [TEXT NAMES]

Small nets of both shapes, with each kind of tokens that GGUF can have, are trained for some steps
on a poem, on names and on a text, and exported. Each goes on from two prompts, greedily, here and
in llama.cpp (on one thread, with its cache in float32). Prints a line a prompt, and at the end in
how many all was equal.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import hornbook
from hornbook.text.models.presets import GPT2_PARTS
from tests.merges_made import merges_file

COUNT = 12  # tokens
BASE: dict[str, Any] = {
    "n_layer": 2, "n_head": 4, "n_embd": 32, "block_size": 64, "dropout": 0.0,
}  # fmt: skip
GPT2 = {**BASE, **GPT2_PARTS}
LLAMA = {
    **BASE, "feed_forward": "swiglu", "qk_norm": False, "n_kv_head": 2, "zero_init": False,
}  # fmt: skip
POEM = "床前明月光，\n疑是地上霜。\n舉頭望明月，\n低頭思故鄉。\n" * 40
TEXTS = {"mode": "text"}
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "names, characters, Llama": ("names", LLAMA, {}, ("em", "a")),
    "names, bytes, GPT-2": ("names", GPT2, {"tokens": "bytes"}, ("em", "a")),
    "names, byte pairs, Llama": ("names", LLAMA, {"tokens": "bpe", "vocab_size": 300}, ("a", "b")),
    "poem, characters, Llama": ("poem", LLAMA, TEXTS, ("床前", "低頭思\n")),
    "poem, characters, GPT-2": ("poem", GPT2, TEXTS, ("床前", "舉頭")),
    "text, characters, GPT-2": ("text", GPT2, TEXTS, ("First Citizen:\n", "  a b\n\n")),
    "text, bytes, Llama": ("text", LLAMA, {**TEXTS, "tokens": "bytes"}, ("To ", "né 行  x")),
    "text, byte pairs, Llama": (
        "text", LLAMA, {**TEXTS, "tokens": "bpe", "vocab_size": 600},
        ("First Citizen:\nBefore we", "  né 行  x it's 12345\n\n  a"),
    ),
    "text, byte pairs, GPT-2": (
        "text", GPT2, {**TEXTS, "tokens": "bpe", "vocab_size": 400, "pattern": "gpt2"},
        ("First Citizen:\nBefore we", "  né 行  x it's 12345\n\n  a"),
    ),
    **{
        f"text, {split}, {shape}": (
            "text", settings, {**TEXTS, "tokens": f"{split}.json"},
            ("First Citizen:\nBefore we", "  né 行  x it's 12345\n\n <tool> Tobe a"),
        )
        for split, shape, settings in (
            ("gpt-2", "GPT-2", GPT2), ("smollm", "Llama", LLAMA), ("llama-bpe", "Llama", LLAMA),
            ("qwen2", "GPT-2", GPT2),
        )
    },
}  # fmt: skip
PROGRAM = """
import {getLlama, LlamaLogLevel} from "node-llama-cpp";
import fs from "fs";
const jobs = JSON.parse(fs.readFileSync(0, "utf8"));
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error});
const results = [];
for (const {path, prompts, count} of jobs) {
  const model = await llama.loadModel({modelPath: path});
  const found = [];
  for (const {text, begins} of prompts) {
    const context = await model.createContext({
      contextSize: 256, threads: 1, flashAttention: false,
      experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32",
    });
    const given = model.tokenize(text), made = [];
    const all = begins ? [model.tokens.bos, ...given] : given;
    for await (const token of context.getSequence().evaluate(all, {temperature: 0})) {
      if (model.isEogToken(token)) break;
      made.push(token);
      if (made.length >= count) break;
    }
    found.push({given, made, text: model.detokenize(made), back: model.detokenize(given)});
    await context.dispose();
  }
  results.push(found);
}
console.log(JSON.stringify(results));
process.exit(0);
"""


def greedy(run: hornbook.Run, prompt: str) -> tuple[list[int], list[int]]:
    """The ids of a prompt, and what follows."""
    tokenizer = run.data.tokenizer
    given = tokenizer.encode(prompt).tolist()
    before = [] if tokenizer.boundary is None else [tokenizer.boundary]
    logits, state = run.model.start(np.array([before + given]))
    made: list[int] = []
    while len(made) < COUNT:
        token = int(logits[0].argmax())
        if token == tokenizer.boundary:
            break
        made.append(token)
        logits, state = run.model.step(np.array([token]), state)
    return given, made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where node-llama-cpp is installed")
    parser.add_argument("text", type=Path, help="a text, such as Tiny Shakespeare")
    parser.add_argument("names", type=Path, help="a file of names, one a line")
    options = parser.parse_args()
    data = {
        "poem": POEM,
        "text": options.text.read_text(encoding="utf-8")[:60_000],
        "names": "\n".join(options.names.read_text(encoding="utf-8").split("\n")[:2_000]),
    }
    with tempfile.TemporaryDirectory() as place:
        folder, runs, jobs = Path(place), [], []
        for number, (name, (what, settings, more, prompts)) in enumerate(CASES.items()):
            source = folder / f"{number}.txt"
            source.write_text(data[what], encoding="utf-8")
            split, is_file, _ = str(more.get("tokens", "")).partition(".json")
            if is_file:
                (folder / f"{split}.json").write_bytes(merges_file(split))
                more = {**more, "tokens": str(folder / f"{split}.json")}
            run = hornbook.train(
                source, model="gpt", settings=settings, out=folder / f"run{number}", baseline=False,
                training={"steps": 150, "batch_size": 8, "learning_rate": 0.003}, **more,
            )  # fmt: skip
            made = hornbook.export(run, to="gguf", out=str(folder / f"{number}.gguf"))
            begins = run.data.tokenizer.boundary is not None
            asked = [{"text": prompt, "begins": begins} for prompt in prompts]
            jobs.append({"path": str(made.path), "count": COUNT, "prompts": asked})
            runs.append((name, run, prompts))
        program = options.folder / "beside_hornbook.mjs"
        program.write_text(PROGRAM)
        done = subprocess.run(
            ["node", program.name], input=json.dumps(jobs), capture_output=True, text=True,
            cwd=options.folder, check=True, timeout=600,
        )  # fmt: skip
        program.unlink()
    equal = []
    for (name, run, prompts), found in zip(runs, json.loads(done.stdout), strict=True):
        for prompt, theirs in zip(prompts, found, strict=True):
            given, ids = greedy(run, prompt)
            ours = {
                "given": given, "made": ids, "back": prompt,
                "text": run.data.tokenizer.decode(ids, begins=False),
            }  # fmt: skip
            same = {key: theirs[key] == value for key, value in ours.items()}
            equal.append(all(same.values()))
            told = "equal" if equal[-1] else f"NOT equal: {same}"
            print(f"{name:28} {prompt!r:36} {theirs['text']!r:40} {told}")
    print(f"{sum(equal)} of {len(equal)} equal")


if __name__ == "__main__":
    main()
