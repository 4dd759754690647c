"""Pages to give away: how large they are, how soon they can be read, how fast they write.

    python -m benchmarks.page [--only FAMILY …]
    python -m benchmarks.page --rounding RUN …           # what 8 and 16 bits cost of trained runs
    python -m benchmarks.page --picture PAGE FILE.png    # of docs/page.md

The default net of each family on the bundled names, untrained (what is measured does not hang on
the weights), n-grams, and a mixture of n-grams and the perceptron; in Debian's Chromium, which
`apt-get install chromium` brings, by playwright. Prints for each

    numbers     learned numbers
    MB          size of the page, with weights in 8 bits and in 16
    paint ms    from the call to the first contents on the screen, page in 8 bits
    ready ms    and to the model being read: samples can be drawn
    tokens/s    of samples drawn one after the other, at temperature 1

each of paint and ready as the median of 5 loads. The browser runs on this machine's processor.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hornbook
from hornbook.interchange.html.rounding import measured_rounding
from hornbook.text.models import NETS
from tests.chromium import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOADS = 5
DRAWING = 2_000  # milliseconds
DRAW = """async (milliseconds) => {
    const stop = document.querySelector("#stop");  // shown while the page writes by itself
    while (!stop.hidden) await new Promise((resolve) => setTimeout(resolve, 20));
    const begun = performance.now();
    let tokens = 0;
    while (performance.now() - begun < milliseconds) {
        const found = await hornbook.ask("sample", {});
        tokens += [...found.text].length + found.ended;
    }
    return 1000 * tokens / (performance.now() - begun);
}"""
PAINT = """() => new Promise((done) => {
    const seen = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
    const look = () => (seen() === undefined ? setTimeout(look, 5) : done(seen()));
    look();
})"""
READY = "async () => { await hornbook.ready; return performance.now(); }"


def made(family: str, folder: Path) -> hornbook.Run:
    """A run of a family, by its name."""
    out = folder / family
    if family == "ngram":
        return hornbook.train("names", model=family, out=out)
    if family == "mixture":
        return hornbook.mix([folder / "ngram", folder / "mlp"], out=out)
    kind, _, variant = family.partition(" ")
    settings = {"kind": variant} if variant else {}
    return hornbook.train(
        "names", model=kind, settings=settings, training={"steps": 0}, baseline=False, out=out
    )


def measured(run: hornbook.Run, folder: Path, browser: Browser) -> dict[str, Any]:
    """The figures of a run's page."""
    sizes = []
    for weights in ("float16", "int8"):
        page = folder / "page.html"
        hornbook.export(run, to="html", out=str(page), weights=weights)
        sizes.append(page.stat().st_size / 1e6)
    paints, readies, speed = [], [], 0.0
    for load in range(LOADS):
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(page.as_uri(), wait_until="commit")
        paints.append(float(tab.evaluate(PAINT)))
        tab.wait_for_load_state()
        readies.append(float(tab.evaluate(READY)))
        if load == LOADS - 1:
            speed = float(tab.evaluate(DRAW, DRAWING))
        context.close()
    return {
        "numbers": run.model.n_parameters,
        "sizes": sizes[::-1],
        "paint": statistics.median(paints),
        "ready": statistics.median(readies),
        "speed": speed,
    }


def show_rounding(paths: list[str]) -> None:
    """The loss of runs on dev as they are and in each precision."""
    print(
        f"{'run':<24} {'numbers':>9} {'loss':>8} {'float16':>9} {'int8':>9}   nats per token more"
    )
    for path in paths:
        run = hornbook.Run(path)
        found = {one: measured_rounding(run, one) for one in ("float16", "int8")}
        own = found["int8"].run
        more = "".join(f"{one.page - own:>+10.5f}" for one in found.values())
        print(f"{path:<24} {run.model.n_parameters:>9,} {own:>8.4f}{more}", flush=True)


def take_picture(page: str, out: str) -> None:
    """A page as it looks with a word whose fifth letter was chosen."""
    from PIL import Image

    with chromium() as browser:
        context = browser.new_context(
            viewport={"width": 760, "height": 1200}, locale="en-US", device_scale_factor=1.5
        )
        tab = context.new_page()
        tab.goto(Path(page).absolute().as_uri())
        tab.locator("#writing-status", has_text="20").wait_for()
        tab.fill("#text", "annabelle")
        tab.locator("#letters button").nth(4).click()
        last = tab.locator("#likely li").nth(5)
        last.wait_for()
        tab.locator("h1").click()  # no focus is drawn
        tab.evaluate("scrollTo(0, 0)")
        box = last.bounding_box()
        assert box is not None
        tab.set_viewport_size({"width": 760, "height": int(box["y"] + box["height"] + 12)})
        tab.screenshot(path=out)
    colours = Image.open(out).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    colours.save(out, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    families = ("ngram", *NETS, "wavenet gated", "mixture")
    parser.add_argument("--only", nargs="+", choices=families, default=families)
    parser.add_argument("--rounding", nargs="+", metavar="RUN")
    parser.add_argument("--picture", nargs=2, metavar=("PAGE", "FILE"))
    arguments = parser.parse_args()
    asked = arguments.only
    if arguments.rounding:
        show_rounding(arguments.rounding)
        return
    if arguments.picture:
        take_picture(*arguments.picture)
        return
    print(
        f"{'family':<14} {'numbers':>9} {'MB':>13} {'paint ms':>9} {'ready ms':>9} {'tokens/s':>9}"
    )
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        for family in families:
            if family not in asked and not ("mixture" in asked and family in ("ngram", "mlp")):
                continue
            run = made(family, folder)
            if family not in asked:
                continue
            found = measured(run, folder, browser)
            sizes = " / ".join(f"{size:.2f}" for size in found["sizes"])
            print(
                f"{family:<14} {found['numbers']:>9,} {sizes:>13} {found['paint']:>9.0f} "
                f"{found['ready']:>9.0f} {found['speed']:>9,.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
