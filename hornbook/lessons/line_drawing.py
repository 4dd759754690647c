"""The path of a fitted line, animated as a GIF: the line among its points, and (a, b) downhill."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hornbook.lessons.line_fit import LineFit
from hornbook.outputs import MADE_BY, write_output
from hornbook.plots.colours import BLUE, VERMILION
from hornbook.plots.drawing import drawing

__all__ = ["draw_line", "frames_of"]

FRAMES = 60
PAUSE, LAST = 100, 1500  # milliseconds a frame is shown, and the last one
COLOURS = 64


def frames_of(steps: int) -> npt.NDArray[np.int64]:
    """The steps that are shown: closer together at first, when the most happens."""
    spread = np.linspace(0, 1, min(FRAMES, steps + 1)) ** 2
    return np.unique(np.round(spread * steps).astype(np.int64))


@drawing()
def draw_line(fit: LineFit, path: Path) -> None:
    """Write the animation, a GIF that repeats."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=(9, 4.2), dpi=80)
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.13, top=0.84, wspace=0.18)
    canvas = FigureCanvasAgg(figure)
    among, plane = figure.subplots(1, 2)
    walked, losses = fit.path, fit.losses()

    ends = np.array([fit.x.min(), fit.x.max()])
    first = walked[0, 0] * ends + walked[0, 1]
    among.scatter(fit.x, fit.y, s=16, c=BLUE, label="points")
    (line,) = among.plot(ends, first, color=VERMILION, linewidth=2.5, label="y = ax + b")
    among.set(xlabel="x", ylabel="y", title="the line")
    among.legend(loc="lower right", fontsize=9)

    sides = [np.linspace(*widened(walked[:, i]), 80) for i in (0, 1)]
    a, b = np.meshgrid(*sides)
    errors = a[..., None] * fit.x + b[..., None] - fit.y
    mean = (errors * errors).mean(axis=2)
    levels = np.geomspace(mean.min() + 1e-3 * mean.max(), mean.max(), 14)
    plane.contour(a, b, mean, levels=levels, colors="#999999", linewidths=0.8)
    (trail,) = plane.plot([], [], color=VERMILION, linewidth=1.5)
    (here,) = plane.plot([], [], "o", color=VERMILION, markersize=7)
    plane.set(xlabel="a", ylabel="b", title="its parameters; grey: contours of the loss")
    told = figure.text(0.5, 0.94, "", ha="center", fontsize=12, fontweight="bold")

    # What moves is drawn over a background that is drawn once.
    moving = (line, trail, here, told)
    for artist in moving:
        artist.set_animated(True)
    canvas.draw()  # type: ignore[no-untyped-call]
    background = canvas.copy_from_bbox(figure.bbox)  # type: ignore[no-untyped-call]
    frames = []
    for step in frames_of(len(walked) - 1).tolist():
        slope, intercept = walked[step]
        line.set_ydata(slope * ends + intercept)
        trail.set_data(walked[: step + 1, 0], walked[: step + 1, 1])
        here.set_data([slope], [intercept])
        told.set_text(f"step {step}: a = {slope:.2f}, b = {intercept:.2f}, loss {losses[step]:.3g}")
        canvas.restore_region(background)  # type: ignore[no-untyped-call]
        for artist in moving:
            figure.draw_artist(artist)
        pixels = bytes(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
        frame = Image.frombytes("RGBA", canvas.get_width_height(), pixels)
        frames.append(frame.convert("RGB").quantize(COLOURS))
    pauses = [PAUSE] * (len(frames) - 1) + [LAST]
    drawn = BytesIO()
    frames[0].save(
        drawn,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=pauses,
        loop=0,
        comment=MADE_BY,
    )
    write_output(path, drawn.getvalue())


def widened(numbers: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Their range and a fifth of it on either side."""
    low, high = float(numbers.min()), float(numbers.max())
    margin = 0.2 * (high - low) + 0.1
    return low - margin, high + margin
