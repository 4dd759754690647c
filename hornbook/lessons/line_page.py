"""The path of a fitted line as a page to play with: one HTML file, complete in itself."""

from __future__ import annotations

import json
from pathlib import Path

from hornbook.lessons.line_drawing import frames_of
from hornbook.lessons.line_fit import LineFit
from hornbook.outputs import MADE_BY, write_output
from hornbook.reports.policy import policy

__all__ = ["write_page"]


def write_page(fit: LineFit, path: Path) -> None:
    """Write the page: the points, the line, and a slider over the steps."""
    steps = frames_of(len(fit.path) - 1)
    shown = {
        "x": fit.x.round(4).tolist(),
        "y": fit.y.round(4).tolist(),
        "steps": steps.tolist(),
        "path": fit.path[steps].round(4).tolist(),
        "losses": [float(f"{loss:.4g}") for loss in fit.losses()[steps]],
    }
    script = SCRIPT.replace("DATA", json.dumps(shown, allow_nan=False))
    allowed = policy(style=STYLE, script=script)
    page = PAGE.format(made_by=MADE_BY, policy=allowed, style=STYLE, script=script)
    write_output(path, page.encode())


PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
{policy}
<meta name="generator" content="{made_by}">
<meta name="viewport" content="width=device-width">
<title>y = ax + b by gradient descent</title>
<style>{style}</style>
<h1>y = ax + b by gradient descent</h1>
<p id="now" aria-live="polite"></p>
<svg viewBox="0 0 640 380" role="img" aria-label="The points and the line at the chosen step"></svg>
<label>Step <input id="step" type="range" min="0" value="0"></label>
<button id="play">Play</button>
<script>{script}</script>
</html>
"""

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
svg { width: 100%; height: auto }
input { width: 100% }
text { font-size: 13px }
"""

SCRIPT = """
const data = DATA;
const svg = document.querySelector("svg"), slider = document.getElementById("step");
const ends = [Math.min(...data.x), Math.max(...data.x)];
const heights = data.path.flatMap(([a, b]) => ends.map(x => a * x + b)).concat(data.y);
const low = Math.min(...heights), high = Math.max(...heights);
const across = x => 50 + 570 * (x - ends[0]) / (ends[1] - ends[0] || 1);
const up = y => 340 - 320 * (y - low) / (high - low || 1);
function add(name, attributes, text = "") {
  const part = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
  part.textContent = text;
  return svg.appendChild(part);
}
add("path", { d: "M50 10V340H630", fill: "none", stroke: "#666" });
for (let i = 0; i <= 4; i++) {
  const x = ends[0] + (ends[1] - ends[0]) * i / 4, y = low + (high - low) * i / 4;
  add("text", { x: across(x), y: 360, "text-anchor": "middle" }, x.toFixed(2));
  add("text", { x: 44, y: up(y) + 4, "text-anchor": "end" }, y.toFixed(1));
}
add("text", { x: 630, y: 334, "text-anchor": "end" }, "x");
add("text", { x: 56, y: 20 }, "y");
data.x.forEach((x, i) => {
  add("circle", { cx: across(x), cy: up(data.y[i]), r: 4, fill: "#0072B2" });
});
const line = add("line", { stroke: "#D55E00", "stroke-width": 3 });
function show() {
  const i = Number(slider.value), [a, b] = data.path[i];
  line.setAttribute("x1", across(ends[0])); line.setAttribute("y1", up(a * ends[0] + b));
  line.setAttribute("x2", across(ends[1])); line.setAttribute("y2", up(a * ends[1] + b));
  document.getElementById("now").textContent =
    `step ${data.steps[i]}: a = ${a.toFixed(2)}, b = ${b.toFixed(2)}, loss ${data.losses[i]}`;
}
let playing = 0;
document.getElementById("play").onclick = () => {
  clearInterval(playing);
  if (slider.value === slider.max) slider.value = 0;
  playing = setInterval(() => {
    if (slider.value === slider.max) clearInterval(playing);
    else { slider.value = Number(slider.value) + 1; show(); }
  }, 100);
};
slider.max = data.path.length - 1;
slider.oninput = () => { clearInterval(playing); show(); };
show();
"""
