"""Runs the gallery on the recordings in data/, or on one of yours, and draws what went in and what came out.

``make demo`` calls it; ``make demo WAV=path`` takes a recording of yours. Everything it writes is in out/.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline.config.load import load_config
from pipeline.errors import FaltungError
from pipeline.io import read_signal
from pipeline.job import Job, Report, run_job
from pipeline.kernel import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "out"

BLUE, BLACK, PURPLE, GREY = "#0072B2", "#000000", "#CC79A7", "#888888"
COLUMNS = 1200  # of a waveform's picture
HIT = 0.5  # of the largest sample


@dataclass(frozen=True)
class Item:
    """One line of the demonstration."""

    config: str
    says: str
    color: str = BLACK


ITEMS = (
    Item("echo", "four repeats, each 6 dB softer"),
    Item("smooth", "the edge taken off the plucks"),
    Item("hall", "the same phrase in a hall"),
    Item("reverse-reverb", "each note swells up before it sounds"),
    Item("contrast-convolve", "convolution: the hall answers after a hit"),
    Item("contrast-correlate", "correlation: the hall swells before a hit", PURPLE),
    Item("time-series", "ten-minute trend of a noisy sensor"),
)
FOR_A_RECORDING = tuple(item for item in ITEMS if item.config != "time-series")


@dataclass(frozen=True)
class Result:
    """What one configuration made of one signal."""

    item: Item
    report: Report
    before: Array
    after: Array
    start: float
    """Time of the output's first frame in seconds; below 0 where there is a pre-roll."""


def main(arguments: list[str]) -> int:
    """Run the gallery, print a table, draw the picture; the exit code."""
    console = Console(width=max(110, Console().width), highlight=False)
    items, recording = (FOR_A_RECORDING, Path(arguments[0]).resolve()) if arguments else (ITEMS, None)
    results, status = [], 0
    for item in items:
        try:
            results.append(run(item, recording))
        except FaltungError as error:  # such as a hall of two channels and a recording of four: the others go on
            console.print(f"[red]{item.config}: {error}[/red]")
            status = 1
    if not results:
        return status
    picture = OUT / ("demo.png" if recording is None else f"{recording.stem}-demo.png")
    draw(results).savefig(picture, dpi=110)
    console.print(table(results))
    console.print("\n".join(closing(results, picture)))
    return status


def run(item: Item, recording: Path | None) -> Result:
    """Run one configuration on its own input, or on a recording."""
    config = load_config(ROOT / "configs" / f"{item.config}.yaml")
    source = recording or first_input(config.settings.input, config.base)
    target = OUT / Path(str(config.settings.output)).name.format(stem=source.stem)
    job = Job.of(config.settings)
    report = run_job(job, source, target, overwrite=True)
    before, _ = read_signal(source, **job.reading)
    after, _ = read_signal(target, **job.reading)
    pre_roll = report.plan.latency if report.plan.options.pre_roll == "keep" else 0
    return Result(item, report, before, after, -pre_roll / report.written.fs)


def first_input(patterns: tuple[str, ...], base: Path) -> Path:
    """The input that a configuration of the gallery names."""
    return (base / patterns[0]).resolve()


def table(results: list[Result]) -> Table:
    """What was written, a line each; configs/NAME.yaml wrote INPUT-NAME."""
    lines = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("written", "what to notice"):
        lines.add_column(name, no_wrap=True)
    for name in ("seconds", "tail", "peak", "x realtime"):
        lines.add_column(name, justify="right", no_wrap=True)
    for result in results:
        report, written = result.report, result.report.written
        lines.add_row(
            shown(Path(written.path)),
            result.item.says,
            f"{written.frames / written.fs:,.1f}",
            f"{report.tail_kept / written.fs:.1f}",
            "" if report.info.is_table else f"{20 * np.log10(max(written.peak, 1e-12)):.1f} dBFS",
            f"{report.duration / report.seconds:,.0f}",
        )
    return lines


def closing(results: list[Result], picture: Path) -> list[str]:
    """Where to look and what to listen for, with the contrast in numbers."""
    lines = ["", f"Look at    {shown(picture)}"]
    listen = [shown(Path(r.report.written.path)) for r in results if r.item.config.startswith("contrast")]
    if len(listen) == 2:
        lines += [f"Listen to  {listen[0]} and {listen[1]}: one kernel, flipped and not flipped."]
    for result in results:
        if result.item.config.startswith("contrast"):
            early, late = energy_around(result)
            word = "convolution" if "convolve" in result.item.config else "correlation"
            lines.append(
                f"           {word}: {early:5.1%} of the energy before the first hit, {late:5.1%} after the last"
            )
    return [*lines, "Next       faltung plan configs/hall.yaml; faltung stages; README.md", ""]


def energy_around(result: Result) -> tuple[float, float]:
    """The parts of the output's energy that lie before the input's first hit and after its last.

    A hit is where the input reaches half of its largest sample: of the last one, too, what rings on comes after it.
    """
    fs = result.report.written.fs
    sizes = np.abs(result.before).max(axis=1)
    loud = np.flatnonzero(sizes >= HIT * sizes.max())
    first, last = loud[[0, -1]] / result.report.info.fs if sizes.any() else (0.0, result.report.duration)
    energy = (result.after**2).sum(axis=1)
    time = result.start + np.arange(len(energy)) / fs
    total = energy.sum() or 1.0
    return float(energy[time < first].sum() / total), float(energy[time > last].sum() / total)


def shown(path: Path) -> str:
    """A path as one would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def draw(results: list[Result]) -> Figure:
    """Before (blue) and after, a row for each result, both on the output's time axis."""
    from matplotlib import pyplot as plt

    twins = [extent(result) for result in results if result.item.config.startswith("contrast")]
    figure, rows = plt.subplots(len(results), 2, figsize=(13, 1.75 * len(results)), layout="constrained", squeeze=False)
    for (left, right), result in zip(rows, results, strict=True):
        report = result.report
        span = extent(result)
        if span in twins:  # on one axis, so that what swells before stands over what answers after
            span = min(start for start, _ in twins), max(end for _, end in twins)
        waveform(left, result.before, 0.0, report.info.fs, BLUE, span)
        waveform(right, result.after, result.start, report.written.fs, result.item.color, span)
        left.set_title(f"in: {Path(report.source).name}", loc="left", fontsize=10)
        right.set_title(f"{result.item.config}: {result.item.says}", loc="left", fontsize=10)
        right.axvspan(span[0], 0, color=GREY, alpha=0.18, lw=0)
        right.axvspan(report.duration, max(span[1], report.duration), color=GREY, alpha=0.18, lw=0)
        for axes in (left, right):
            axes.axvline(0, color=GREY, lw=0.8)
            axes.axvline(report.duration, color=GREY, lw=0.8)
    for axes in rows[-1]:
        axes.set_xlabel("time (s); grey: before the input begins, after it has ended")
    return figure


def extent(result: Result) -> tuple[float, float]:
    """Where input and output begin and end together, in seconds."""
    end = result.start + result.report.written.frames / result.report.written.fs
    return min(0.0, result.start), max(result.report.duration, end)


def waveform(axes: Axes, x: Array, start: float, fs: float, color: str, span: tuple[float, float]) -> None:
    """The first channel, as the range it covers in each column of the picture."""
    y = x[:, 0]
    axes.set_xlim(*span)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    if len(y) <= 2 * COLUMNS:
        axes.plot(start + np.arange(len(y)) / fs, y, color=color, lw=0.8)
        return
    edges = np.linspace(0, len(y), COLUMNS + 1).astype(int)[:-1]
    low, high = np.minimum.reduceat(y, edges), np.maximum.reduceat(y, edges)
    axes.fill_between(start + edges / fs, low, high, color=color, lw=0.3)
    axes.set_ylim(-1.05, 1.05)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
