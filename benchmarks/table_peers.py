"""fastai's tabular learner, run by a Python that has it: epochs on request, timed.

    python table_peers.py ROWS.npz SETTINGS

Reads the arrays once, then trains an epoch for each line of standard input, and answers with the
processor's seconds and its rows. `SETTINGS` are JSON: layers, batch, threads, sizes.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def main() -> None:
    """Serve."""
    import numpy as np
    import pandas as pd
    import torch
    from fastai.tabular.all import (
        MSELossFlat,
        TabularLearner,
        TabularModel,
        TabularPandas,
        range_of,
    )

    how: dict[str, Any] = json.loads(sys.argv[2])
    torch.set_num_threads(how["threads"])
    with np.load(sys.argv[1]) as held:
        codes, numbers, target = held["codes"], held["numbers"], held["target"]
    cats = [f"c{place}" for place in range(codes.shape[1])]
    conts = [f"n{place}" for place in range(numbers.shape[1])]
    frame = pd.DataFrame(
        {**dict(zip(cats, codes.T.astype(np.int64), strict=True)),
         **dict(zip(conts, numbers.T, strict=True)), "y": target}
    )  # fmt: skip
    # The arrays are mapped already, so no procs: fastai's learner reads codes and numbers as ours.
    whole = TabularPandas(
        frame, procs=[], cat_names=cats, cont_names=conts, y_names="y",
        splits=(list(range_of(frame)), []),
    )  # fmt: skip
    loaders = whole.dataloaders(bs=how["batch"])
    sizes = [tuple(one) for one in how["sizes"]]
    model = TabularModel(
        sizes, len(conts), 1, layers=how["layers"], ps=0.1, embed_p=0.04, y_range=how["range"]
    )
    learner = TabularLearner(loaders, model, loss_func=MSELossFlat(), lr=0.003)
    print("ready", flush=True)
    for _ in sys.stdin:
        began = time.process_time()
        with learner.no_bar(), learner.no_logging():
            learner.fit(1)
        seconds = time.process_time() - began
        rows = len(loaders.train) * how["batch"]
        print(json.dumps({"seconds": seconds, "rows": rows}), flush=True)


if __name__ == "__main__":
    main()
