"""The roofline's counts beside other counts, and what it says of its goals."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from matplotlib.text import Text
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import roofline_report
from benchmarks.counted import Counted, Counting, counted_calls, counted_steps
from benchmarks.machine import Peaks
from benchmarks.roofline_picture import draw as draw_roofline
from benchmarks.roofline_report import BEGIN, END, Limit, Report, Result, limit_of, replaced
from benchmarks.roofline_works import WORKS
from benchmarks.throughput import AS_NANOGPT, draw, trained_by
from hornbook.plots.saving import rendered
from hornbook.text.stream import Stream, encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.training.compilable import program_for
from hornbook.training.trainer import Trainer
from tests.some_names import BUNDLED

STEPS = 2
NETS: dict[str, tuple[str, dict[str, Any]]] = {
    "mlp": ("mlp", {"n_embd": 4, "n_hidden": (12,), "block_size": 3}),
    "tree": ("wavenet", {"form": "tree", "block_size": 4, "n_embd": 4, "n_hidden": 8}),
    "rows": ("wavenet", {"form": "convolution", "block_size": 4, "n_embd": 4, "n_hidden": 8}),
    "gru": ("gru", {"n_embd": 4, "n_hidden": 6, "dropout": 0.0, "embedding_dropout": 0.0}),
    "lstm": ("lstm", {"n_embd": 4, "n_hidden": 6, "dropout": 0.0, "embedding_dropout": 0.0}),
    "gpt": ("gpt", {"n_embd": 8, "n_head": 2, "n_layer": 2, "block_size": 16, "dropout": 0.0}),
}


def world() -> tuple[CharTokenizer, Stream]:
    words = tuple((BUNDLED / "names.txt").read_text(encoding="utf-8").split()[:60])
    tokenizer = CharTokenizer.fit(words, boundary=True)
    return tokenizer, encode_lines(words, tokenizer)


def trainer(name: str, **training: Any) -> Trainer:
    tokenizer, stream = world()
    family, shape = NETS[name]
    return trained_by(family, stream, tokenizer.vocabulary, shape, 5, **training)


@pytest.mark.parametrize("name", NETS)
def test_operations_are_those_that_torch_counts_on_autograds_way(name: str) -> None:
    ours = counted_steps(trainer(name), STEPS, by_ids=False)
    other = trainer(name)
    net: Any = other.module.double()
    with FlopCounterMode(display=False) as theirs:
        for _ in range(STEPS):
            net.loss(next(other.batches)).backward()
    assert ours.operations > 0
    assert ours.operations * STEPS == theirs.get_total_flops()


@pytest.mark.parametrize("name", ["mlp", "tree"])
def test_operations_are_those_of_the_program_of_kernels(name: str) -> None:
    made = trainer(name)
    program = program_for(made.module, made.batches, made.flat.begins)
    assert counted_steps(made, STEPS, by_ids=False).operations == 2 * program.multiplications


@pytest.mark.parametrize("name", ["mlp", "tree", "lstm"])
def test_what_embeddings_add_to_a_product_counts_once_for_each_id(name: str) -> None:
    made, plain = trainer(name), counted_steps(trainer(name), STEPS, by_ids=False)
    found = counted_steps(made, STEPS)
    taps, size, out = {"mlp": (3, 4, 12), "tree": (2, 4, 8), "lstm": (1, 4, 24)}[name]
    other, ids, different = trainer(name).batches, 0, 0
    for _ in range(STEPS):
        places = next(other).inputs.reshape(-1, taps).T
        ids += places.size
        different += sum(len(set(place.tolist())) for place in places)
    assert different < ids
    less = ids - different
    assert (plain.operations - found.operations) * STEPS == 3 * 2 * less * size * out
    # Embeddings are read there and back and their gradients written, as was the input; and tables
    # and their gradients are written.
    assert (plain.moved - found.moved) * STEPS == 4 * (3 * less * size - 2 * different * out)
    assert found.held == plain.held


def test_each_matrix_counts_once_there_and_once_back_and_the_update_as_it_is() -> None:
    made = trainer("mlp", optimizer="sgd", momentum=0.0)
    v, rows, wide, units = world()[0].vocab_size, 5, 12, 12
    parameters = sum(p.numel() for p in made.module.parameters())
    x, h, y, w1, w2 = rows * wide, rows * units, rows * v, units * wide, v * units
    # There x W1 and h W2. Back dy, h and the gradient of W2; W2 and dh; before the nonlinearity
    # dpre, x and the gradient of W1; W1 and dx.
    there = (x + w1 + h) + (h + w2 + y)
    back = (y + h + w2) + (w2 + h) + (h + x + w1) + (w1 + x)
    found = counted_steps(made, STEPS, by_ids=False)
    assert found.moved == 4 * (there + back + 3 * parameters)
    assert found.held == 4 * (max(there, back) + parameters)


def test_a_matrix_of_every_step_of_a_row_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = trainer("lstm")
    of_state = sum(p.numel() for n, p in made.module.named_parameters() if "weight_hh" in n)
    once = counted_steps(made, 1)
    steps = max(once.products.values())
    assert steps > 3
    monkeypatch.setattr(Counting, "new", lambda self, x: x.numel())
    always = counted_steps(trainer("lstm"), 1)
    assert always.products == once.products
    assert always.moved - once.moved >= 4 * of_state * 2 * (steps - 2)


def test_a_symbol_reads_all_weights_and_what_it_remembers() -> None:
    tokenizer = CharTokenizer.fit(["abcdefgh"], boundary=False)
    stream = encode_text("abcdefgh" * 40, tokenizer)
    shape = {"n_embd": 16, "n_head": 2, "n_layer": 1, "block_size": 32}
    made: Any = trained_by("gpt", stream, tokenizer.vocabulary, {**shape, **AS_NANOGPT}, 2)
    net, length = made.module.double(), 20
    found = counted_calls(lambda: draw(net, tokenizer, 1, length), length, length)
    # q, k and v, the projection, the two of the feed-forward layer, and the logits' weight, tied.
    matrices = 12 * 16 * 16 + 16 * tokenizer.vocab_size
    seen = (length + 1) / 2  # positions in the mean
    wanted = 2 * matrices + 2 * 2 * 16 * seen
    # The first symbol may be drawn with none before it.
    assert wanted * 0.9 < found.operations < wanted * 1.1
    read = 4 * (matrices + 2 * 16 * seen)
    assert read * 0.9 < found.moved < read * 1.4


PEAKS = Peaks(1, {"one": 1e9}, None, {"512 KB": 4e9, "8 MB": 2e9, "512 MB": 1e9}, 1e9)


def test_the_limit_is_the_longer_of_products_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {(1, 8, 8, 8): {"a": 1e6, "b": 2e6}, (2, 4, 4, 4): {"a": 5e5}}
    monkeypatch.setattr(roofline_report, "product_rates", lambda shape, count: rates[shape])
    products = Counter({(1, 8, 8, 8): 4, (2, 4, 4, 4): 8, (1, 1, 99, 99): 1})
    monkeypatch.setattr(
        roofline_report, "read_rate", lambda size, count: 4e9 if size < 2e9 else 1e9
    )
    limit = limit_of(Counted(products, steps=2, moved=1e6, held=1_000), 1)
    assert limit.products == pytest.approx((4 * 1024 / 2e6 + 8 * 256 / 5e5) / 2)
    assert limit.moving == 1e6 / 4e9
    assert (limit.by, limit.seconds) == ("products", limit.products)
    assert limit_of(Counted(products, 2, 1e9, 2**31), 1).by == "bytes"


def report(*, after: float = 2e-3, machine: str = "AVX2 without bfloat16 units") -> Report:
    counted = Counted(Counter({(1, 10, 10, 10): 1_000}), 1, 1e5, 1e5)
    results = [
        Result(
            WORKS["mlp"], counted, {"the loop": 8e-3},
            {"by hand": 4e-3, "compiled": after}, Limit(5e-4, 1e-4),
        ),
        Result(WORKS["demo"], counted, {}, {"by hand": 4e-3}, Limit(3e-3, 1e-4)),
    ]  # fmt: skip
    return Report(machine, [PEAKS], PEAKS, results)


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (1e-3, "8 times the loop, 1.00 ms: reached: 1.00 ms (compiled)"),
        (2e-3, "not reached: 2.00 ms (compiled), 25% of the limit of 500 µs; 50% would be needed"),
    ],
)
def test_it_says_whether_a_goal_is_reached(after: float, says: str) -> None:
    assert says in report(after=after).markdown()


def test_it_says_why_a_goal_cannot_be_reached() -> None:
    table = report().markdown()
    assert "wanted 1.88 ms: out of reach of one thread: its products alone take 3.00 ms" in table
    assert "| 2.00 → **4.00** | 16.0 |" in table
    assert "Measured on AVX2 without bfloat16 units; works with one thread" in table
    wide = report(machine="AVX512 with bfloat16 units").markdown()
    assert "wanted 1.25 ms" in wide


def test_a_rerun_takes_the_place_of_the_tables() -> None:
    page = "before\n"
    for name, text in (("AVX2", "one"), ("AVX512", "two"), ("AVX2", "new \\1")):
        page = replaced(page, name, text)
    assert page == (
        f"before\n\n{BEGIN} AVX2 -->\nnew \\1\n{END}\n\n{BEGIN} AVX512 -->\ntwo\n{END}\n"
    )


def test_the_picture_has_every_work() -> None:
    figure = draw_roofline(report())
    written = {one.get_text() for one in figure.findobj(Text) if isinstance(one, Text)}
    assert {"1", "2", "lecture's MLP, a step", "12% → 25% of its limit"} <= written
    assert rendered(figure, "svg").startswith(b"<?xml")
