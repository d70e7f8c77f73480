"""The page of a search and its picture: signal with events, scores with threshold and decoys, two events in detail.

Where spectrograms were compared, the signal is one, events are boxes in it, and their patches stand beside that of the
template. Colours and shapes are those of every picture here: the signal blue, the template orange, correlation purple.
The page is one HTML file with the picture and the events inside, which plays the recording from disk; style and script
are those of a run's report.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..drawing import COLOURS, INK, png_bytes, styled
from ..dsp.envelope import Envelope
from ..io import is_remote
from ..io.sink import AtomicFile, make_folder_of
from ..job import Job, Report
from ..pages import PLAYED, link, page_from, report_parts, shown
from ..text import one_line
from .picture import STRETCHES, Levels, Overlay, Patches, Picture, picture_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..kernel import Taps

MOST_ROWS = 2_000
"""Events that are listed, the strongest of all; the event files have every one."""

_MOST_DRAWN = 2_000  # events; more would hide the signal
_NAME = 20  # characters of a template's that stand over a narrow panel


class SearchPage:
    """Page of one search at ``path``; `waveform` and `scores` gather the outlines of its input and its output."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.waveform, self.scores = Envelope(STRETCHES), Envelope(STRETCHES)

    def begin(self, job: Job, source: str, report: Report, *, overwrite: bool) -> list[AtomicFile]:
        """The page and the picture, whole and hidden until they are committed; raises what `AtomicFile` raises."""
        picture = picture_of(job, source, report, self.waveform, self.scores)
        png = png_bytes(match_figure(picture))
        make_folder_of(self.path)
        html = match_page(picture, source, self.path.parent, png)
        begun: list[AtomicFile] = []
        for path, data in ((self.path, html.encode()), (self.path.with_suffix(".png"), png)):
            begun.append(AtomicFile(path, overwrite=overwrite))
            begun[-1].write(data)
        return begun


def match_page(picture: Picture, source: str | Path, folder: Path, png: bytes | None = None) -> str:
    """The page, with a link to the recording as seen from ``folder``; ``png`` is the picture where it is drawn yet."""
    found = picture.events
    listed = sorted(found.events, key=lambda event: -abs(event.score))[:MOST_ROWS]
    local = str(source) != "-" and not is_remote(source)
    image = base64.b64encode(png or png_bytes(match_figure(picture))).decode()
    values = {
        "found": found,
        "events": sorted(listed, key=lambda event: (event.start_frame, event.template, event.channel)),
        "href": link(str(source), folder) if local else None,
        "plays": local and Path(source).suffix.lower() in PLAYED,
        "decoyed": found.decoys is not None,
        "unscored": sum(part.end_s - part.start_s for part in found.unscored),
        "image": image,
    }
    return page_from("pipeline.match_report", "match.html.j2", values, own=report_parts(), filters={"shown": shown})


def match_figure(picture: Picture) -> Figure:
    """The signal, the scores under it on the same time, and two events with the template over or beside them."""
    from matplotlib.figure import Figure

    with styled():
        made = Figure(figsize=(12, 9), dpi=110, facecolor=COLOURS["paper"])
        cells: Any = made.subfigures(2, 1, height_ratios=(3, 2))
        upper, lower = cells
        signal, scores = upper.subplots(2, 1, sharex=True)
        upper.subplots_adjust(left=0.07, right=0.985, top=0.93, bottom=0.1, hspace=0.3)
        _signal(signal, picture)
        _scores(scores, picture)
        words = ((picture.best, "Best"), (picture.worst, "Worst"))
        if picture.levels is not None:
            cells = lower.subplots(1, 4, sharey=True)
            for place, (shown, word) in enumerate(words):
                _patches(cells[2 * place : 2 * place + 2], shown, word)
        else:
            for axes, (shown, word) in zip(lower.subplots(1, 2), words, strict=True):
                _overlaid(axes, shown, word, picture.events.fs)
        lower.subplots_adjust(left=0.07, right=0.985, top=0.86, bottom=0.14, wspace=0.16)
    return made


def _plain(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.tick_params(colors=COLOURS["faint"], labelsize=9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(COLOURS["line"])


def _outline(axes: Axes, outline: Taps, step_s: float, colour: str) -> None:
    time = np.arange(len(outline)) * step_s
    axes.fill_between(time, outline[:, 0], outline[:, 1], step="post", color=colour, linewidth=0.6)


def _signal(axes: Axes, picture: Picture) -> None:
    found = picture.events
    drawn = found.events[:_MOST_DRAWN]
    more = f", the first {len(drawn):,} drawn" if len(drawn) < len(found.events) else ""
    events = "event" if len(found.events) == 1 else "events"
    _plain(axes, f"Signal and {len(found.events):,} {events}{more}")
    seconds = found.frames / found.fs
    if picture.levels is None:
        _outline(axes, picture.waveform, picture.waveform_step_s, COLOURS["x"])
    else:
        _image(axes, picture.levels)
    look: dict[str, Any] = {"alpha": 0.3, "lw": 0} if picture.levels is None else {"fill": False, "lw": 1.4}
    for event in drawn:
        axes.axvspan(event.start_s, max(event.end_s, event.start_s + seconds / 800), color=COLOURS["h"], **look)
    axes.plot(
        [event.start_s for event in drawn], [1.0] * len(drawn), "v",
        transform=axes.get_xaxis_transform(), color=COLOURS["h"], markersize=5, clip_on=False,
    )  # fmt: skip
    axes.set_xlim(0, max(seconds, 1e-9))


def _scores(axes: Axes, picture: Picture) -> None:
    found = picture.events
    axes.set_xlabel("s", fontsize=9, color=COLOURS["faint"])
    _plain(axes, "Scores of the windows that start there, threshold (dashed)" + _decoy_words(picture))
    _outline(axes, picture.scores, picture.scores_step_s, COLOURS["r"])
    axes.plot(picture.decoys[:, 0], picture.decoys[:, 1], "x", color=INK, markersize=3, markeredgewidth=0.7)
    levels = sorted({float(level) for level in found.thresholds.ravel() if np.isfinite(level)})
    signs = {"positive": (1,), "negative": (-1,), "both": (1, -1)}[picture.polarity]
    for level in levels:
        for sign in signs:
            axes.axhline(sign * level, color=COLOURS["negative"], linewidth=1.2, linestyle=(0, (5, 3)))
    axes.plot(
        [event.start_s for event in found.events[:_MOST_DRAWN]],
        [event.score for event in found.events[:_MOST_DRAWN]],
        "v", color=COLOURS["h"], markeredgecolor=INK, markeredgewidth=0.5, markersize=6,
    )  # fmt: skip


def _decoy_words(picture: Picture) -> str:
    return ", peaks of the decoys (crosses)" if len(picture.decoys) else ""


def _image(axes: Axes, levels: Levels) -> None:
    """Louder is darker, in dB; the lowest level is the paper."""
    values = levels.values.T
    axes.imshow(
        values if values.size else np.full((1, 1), np.nan), extent=(*levels.span, *levels.band),
        origin="lower", aspect="auto", cmap="Greys", interpolation="nearest",
    )  # fmt: skip
    axes.set_ylabel("Hz", fontsize=9, color=COLOURS["faint"])
    axes.set_ylim(*levels.band)


def _patches(pair: Any, shown: Overlay | Patches | None, word: str) -> None:
    """An event, and its template."""
    if not isinstance(shown, Patches):
        for axes in pair:
            axes.set_axis_off()
        return
    event = shown.event
    name = one_line(event.template)
    name = name if len(name) <= _NAME else name[: _NAME - 1] + "…"
    titles = (f"{word}: {event.start_s:.6g} s, score {event.score:.3f}", f"Template: {name}")
    for axes, levels, title in zip(pair, (shown.window, shown.template), titles, strict=True):
        _plain(axes, title)
        _image(axes, levels)
        axes.set_xlabel("s", fontsize=9, color=COLOURS["faint"])
        axes.ticklabel_format(axis="x", useOffset=False)
        axes.locator_params(axis="x", nbins=4)
    pair[1].set_ylabel("")


def _overlaid(axes: Axes, overlay: Overlay | Patches | None, word: str, fs: float) -> None:
    if not isinstance(overlay, Overlay):
        axes.set_axis_off()
        return
    event = overlay.event
    found = f"at {event.start_s:.6g} s, score {event.score:.3f}, gain {overlay.gain:.3g}"
    _plain(axes, f"{word}: {one_line(event.template)}, {found}")
    time = overlay.start_s + np.arange(len(overlay.window)) / fs
    axes.plot(time, overlay.window, color=COLOURS["x"], linewidth=2.6, alpha=0.55, label="signal")
    axes.plot(time, overlay.fitted, color=COLOURS["h"], linewidth=1.1, label="template")
    axes.set_xlabel("s", fontsize=9, color=COLOURS["faint"])
    axes.ticklabel_format(axis="x", useOffset=False)
    axes.locator_params(axis="x", nbins=5)
    axes.margins(x=0)
    axes.legend(loc="upper right", fontsize=8, frameon=False, ncols=2)
