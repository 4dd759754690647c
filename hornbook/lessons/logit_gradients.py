"""What the gradient of the logits says: probabilities minus one-hot, pulling up and pushing down.

Source: the lecture on backpropagation by hand, exercise 2. dL/dlogits = (softmax - onehot) / n: in
each row the target is pulled up with the force 1 - p, every other token pushed down with its p,
and the forces of a row cancel.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from hornbook.lessons.derivations import Derivation, Values
from hornbook.plots.colours import BLACK, BLUE, VERMILION
from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import are_wide, ellipsis
from hornbook.plots.saving import save
from hornbook.text.token_labels import letters
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["MOST", "draw_push_and_pull", "forces_of"]

MOST = 64  # rows, and columns: more than that and no label could be read
PULL, PUSH = BLUE, VERMILION
CONTEXT = 16  # tokens of context
LINEAR = 0.05  # forces below this are shown in proportion, larger ones by their logarithm


def forces_of(derivation: Derivation, values: Values) -> npt.NDArray[np.float64]:
    """How hard each logit is pushed down, (n, V): n times the gradient that was found by hand.

    Args:
        derivation: with a value `logits`, and the mean loss of n examples.
        values: what its `forward` gave.
    """
    dlogits = derivation.by_hand(values)["logits"]
    # L is a mean: n · dL/dlogits = softmax - onehot
    return np.asarray(values["n"] * dlogits.numpy(), dtype=np.float64)


@drawing()
def draw_push_and_pull(
    forces: npt.NDArray[np.float64],
    targets: npt.NDArray[np.int64],
    contexts: npt.NDArray[np.int64],
    tokenizer: Tokenizer,
    path: Path,
) -> None:
    """Draw probabilities minus one-hot as a PNG or an SVG: a row an example, a column a token.

    Args:
        forces: shape (n, V): n times the gradient of the mean loss with respect to the logits.
        targets: what came next, shape (n,).
        contexts: what stood before, shape (n, T).
        tokenizer: of the ids.
        path: the file. Of a large vocabulary only the tokens with the strongest forces are drawn,
            of a large batch only the first examples, and the title says so.
    """
    from matplotlib.colors import AsinhNorm, LinearSegmentedColormap
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    n, size = forces.shape
    rows = min(n, MOST)
    strongest = np.argsort(-np.abs(forces[:rows]).sum(0), kind="stable")[:MOST]
    columns = np.sort(strongest)
    part = forces[:rows][:, columns]
    place = {int(token): column for column, token in enumerate(columns)}
    shape = (max(7.0, len(columns) * 0.26 + 2.6), max(3.5, rows * 0.24 + 2.2))
    figure = Figure(figsize=shape, dpi=110, layout="constrained")
    axes = figure.subplots()
    colours = LinearSegmentedColormap.from_list("force", [PULL, "#FFFFFF", PUSH])
    norm = AsinhNorm(LINEAR, vmin=-1, vmax=1)
    image = axes.imshow(part, cmap=colours, norm=norm, aspect="auto", interpolation="nearest")
    for row in range(rows):
        if (column := place.get(int(targets[row]))) is not None:
            corner = (column - 0.5, row - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=BLACK, lw=1.3))
    names = letters(tokenizer, columns)
    before = [ellipsis(letters(tokenizer, row), CONTEXT) for row in contexts[:rows]]
    turned = 90 if are_wide(names) else 0
    axes.set_xticks(range(len(columns)), names, fontsize=9, rotation=turned)
    axes.set_yticks(range(rows), before, fontsize=8)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#DDDDDD", linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    axes.set_ylabel("example: its context")
    axes.set_xlabel(
        "blue: pulled up (framed: the target, force 1 − p); "
        "vermilion: pushed down, force p\n"
        f"every row sums to zero (the largest sum: {np.abs(forces.sum(1)).max():.0e})"
    )
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02)
    bar.set_ticks([-1, -0.3, -0.1, -0.03, 0, 0.03, 0.1, 0.3, 1])
    bar.ax.set_yticklabels(["−1", "−0.3", "−0.1", "−0.03", "0", "0.03", "0.1", "0.3", "1"])
    bar.ax.minorticks_off()
    bar.set_label("probability − one-hot = n · dL/dlogit")
    axes.set_title(title(n, rows, size, len(columns)), fontsize=11)
    save(figure, path)


def title(n: int, rows: int, size: int, columns: int) -> str:
    """What is shown, and what is left out."""
    said = "Gradient of the loss at each logit"
    if rows < n:
        said += f"; the first {rows} of {n} examples"
    if columns < size:
        said += f"; the {columns} of {size} tokens with the strongest forces"
    return said
