"""The page of a search and its picture: signal with events, scores with threshold and decoys, two events in detail.

Where spectrograms were compared, the signal is one, events are boxes in it, and their patches stand beside that of the
template. Colours and shapes are those of every picture here: the signal blue, the template orange, correlation purple.
The page is one HTML file with the picture and the events inside, which plays the recording from disk; style and script
are those of a run's report.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.drawing import COLOURS, INK, png_bytes, styled
from pipeline.dsp.envelope import Envelope
from pipeline.errors import UsageError
from pipeline.io import is_remote
from pipeline.io.clock import Clock
from pipeline.io.names import is_stream
from pipeline.io.sink import AtomicFile, make_folder_of
from pipeline.job import Job, Report
from pipeline.match.events import Event
from pipeline.pages import PLAYED, link, page_from, report_parts, shown
from pipeline.text import clock, duration, frame_time, one_line, signed, with_minus

from .picture import STRETCHES, Levels, Overlay, Patches, Picture, picture_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pipeline.kernel import Taps

MOST_ROWS = 2_000
"""Events that are listed, the strongest of all; the event files have every one."""

_MARK, _HEAD_BYTES = b"faltung match report", 4096  # of a page
_MOST_DRAWN = 2_000  # events; more would hide the signal
_TURNED = "#8a8a94"
_COMB = 60  # events from which on they are marked alone
_HOURS_S = 7200  # from which on time is drawn in hours
_NAME = 20  # characters of a template's that stand over a narrow panel
_TITLE = 54  # characters that stand over a wide one


def refuse_other_files(page: Path) -> None:
    """Raise `UsageError` where a page of this name would replace a file that is none, or a picture of none."""
    picture = page.with_suffix(".png")
    try:
        with page.open("rb") if not is_stream(page) else BytesIO() as file:
            other = None if _MARK in file.read(_HEAD_BYTES) else page
    except FileNotFoundError:
        other = picture if picture.exists() else None
    if other is not None:
        raise UsageError(f"{other}: is another file, which the page would replace; give the page another name")


class SearchPage:
    """Page of one search at ``path``; `waveform` and `scores` gather the outlines of its input and its output."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.waveform, self.scores = Envelope(STRETCHES), Envelope(STRETCHES)

    def begin(self, job: Job, source: str, report: Report, *, overwrite: bool, scored: Any = None) -> list[AtomicFile]:
        """The page and the picture, whole and hidden until they are committed; raises what `AtomicFile` raises.

        ``scored`` is how the search compares with labels, where there are any.
        """
        picture = picture_of(job, source, report, self.waveform, self.scores)
        images = drawn(picture)
        make_folder_of(self.path)
        html = match_page(picture, source, self.path.parent, images, scored, report.info.clocks)
        paths = self.path, self.path.with_suffix(".png")
        with ExitStack() as failed:
            begun = [failed.enter_context(AtomicFile(path, overwrite=overwrite)) for path in paths]
            for file, data in zip(begun, (html.encode(), images[0]), strict=True):
                file.write(data)
            failed.pop_all()
        return begun


def match_page(
    picture: Picture,
    source: str | Path,
    folder: Path,
    images: Sequence[bytes] = (),
    scored: Any = None,
    clocks: Sequence[Clock] = (),
) -> str:
    """The page, with a link to the recording as seen from ``folder``; ``images`` are the pictures where drawn yet."""
    found = picture.events
    listed = sorted(found.events, key=lambda event: -abs(event.score))[:MOST_ROWS]
    local = str(source) != "-" and not is_remote(source)
    values = {
        "found": found,
        "name": found.file if found.file == "-" else Path(found.file).name,
        "events": sorted(listed, key=lambda event: (event.start_frame, event.template, event.channel)),
        "href": link(str(source), folder) if local else None,
        "plays": local and Path(source).suffix.lower() in PLAYED,
        "decoyed": found.decoys is not None,
        "unscored": found.unscored_s(),
        "turned": best_words(picture, picture.turned),
        "best": best_words(picture, picture.scores),
        "gaps": clocks[0].gaps if clocks else (),
        "timed": any(event.start_local is not None for event in listed),
        "recorder": next((event.recorder for event in listed if event.recorder), None),
        "truth": None if scored is None else scored.to_dict(),
        "hits": set() if scored is None else {_place(event) for event, _ in scored.hits},
        "missed": [] if scored is None else sorted(scored.missed, key=lambda label: label.start_s or 0.0)[:MOST_ROWS],
        "place": _place,
        "seconds": lambda at_s: frame_time(at_s, found.fs),
        "offset": lambda frames: with_minus(signed(frames)),
        "clock": clock,
        "duration": duration,
        "images": [base64.b64encode(image).decode() for image in images or drawn(picture)],
    }
    return page_from("faltung_match_report", "match.html.j2", values, own=report_parts(), filters={"shown": shown})


def _place(event: Event) -> tuple[int, str, int]:
    """What no two events of a search share."""
    return event.start_frame, event.template, event.channel


def drawn(picture: Picture) -> list[bytes]:
    """The picture as PNG: wide, and narrow for a phone."""
    return [png_bytes(match_figure(picture, narrow=narrow)) for narrow in (False, True)]


def best_words(picture: Picture, scores: Taps) -> str:
    """The best of scores, or of those of the reversed templates, in words; the time is that of its stretch."""
    if not np.isfinite(scores).any():
        return ""
    low, high = scores.T
    sizes = {"positive": high, "negative": -low}.get(picture.polarity, np.maximum(high, -low))
    at, step_s = int(np.nanargmax(sizes)), picture.scores_step_s
    digits = max(0, math.floor(-math.log10(step_s)))  # of the middle of a stretch, no more than can be told
    would = "would count" if sizes[at] >= picture.events.thresholds.min() else "stays below the threshold"
    score = with_minus(f"{low[at] if sizes[at] > high[at] else high[at]:.3f}")
    return f"score {score} at {(at + 0.5) * step_s:.{digits}f} s, which {would}"


def match_figure(picture: Picture, *, narrow: bool = False) -> Figure:
    """The signal, the scores under it, two events with the template over or beside them; ``narrow`` in one column."""
    from matplotlib.figure import Figure

    shown = [(one, word) for one, word in ((picture.best, "Best"), (picture.worst, "Worst")) if one is not None]
    across = 1 if narrow else len(shown)
    heights = (5.4, (3.6 if across > 1 or len(shown) < 2 else 7.2)) if shown else (5.4,)
    with styled():
        made = Figure(figsize=(5.2 if narrow else 12, sum(heights)), dpi=110, facecolor=COLOURS["paper"])
        cells: Any = made.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        signal, scores = cells[0].subplots(2, 1, sharex=True)
        left, right = (0.16, 0.965) if narrow else (0.07, 0.985)
        cells[0].subplots_adjust(left=left, right=right, top=0.93, bottom=0.18 if narrow else 0.13, hspace=0.42)
        _signal(signal, picture)
        _scores(scores, picture, -0.24 if narrow else -0.12)
        _in_hours(scores, picture.events.frames / picture.events.fs)
        if shown:
            wide = 1 if picture.levels is None else 2
            rows = cells[1].subplots(len(shown) // across, wide * across, squeeze=False, sharey=wide == 2)
            axes = rows.reshape(len(shown), wide)
            top, bottom = (0.93, 0.07) if len(shown) > across else (0.86, 0.14)
            cells[1].subplots_adjust(left=left, right=right, top=top, bottom=bottom, wspace=0.16, hspace=0.45)
            for place, (one, word) in zip(axes, shown, strict=True):
                if isinstance(one, Patches):
                    _patches(place, one, word)
                else:
                    _overlaid(place[0], one, word, picture.events.fs)
    return made


def _plain(axes: Axes, title: str) -> None:
    size = 11.0
    made = axes.set_title(title, loc="left", fontsize=size, color=INK, pad=9)
    while made.get_window_extent().x1 > axes.figure.bbox.x1 - 4:  # in the picture, however wide its digits are
        size -= 0.5
        made.set_fontsize(size)
    axes.tick_params(colors=COLOURS["faint"], labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(COLOURS["line"])
    axes.set_xlabel("s", fontsize=9, color=COLOURS["faint"])
    axes.ticklabel_format(axis="x", useOffset=False)


def _in_hours(axes: Axes, seconds: float) -> None:
    """The time of a long recording in hours."""
    if seconds < _HOURS_S:
        return
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    hours = seconds / 3600
    step = next((step for step in (0.5, 1, 2, 3, 6, 12, 24) if hours / step <= 9), 24 * math.ceil(hours / 24 / 9))
    axes.xaxis.set_major_locator(MultipleLocator(3600 * step))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at / 3600:g}"))
    axes.set_xlabel("h", fontsize=9, color=COLOURS["faint"])


def _outline(axes: Axes, outline: Taps, step_s: float, colour: str, label: str = "") -> None:
    time = np.arange(len(outline)) * step_s
    axes.fill_between(time, outline[:, 0], outline[:, 1], step="post", color=colour, linewidth=0.6, label=label)


def _signal(axes: Axes, picture: Picture) -> None:
    found = picture.events
    drawn = found.events[:_MOST_DRAWN]
    comb = len(drawn) > _COMB  # no spans then: they would hide the signal
    more = f", the first {len(drawn):,} drawn" if len(drawn) < len(found.events) else ""
    events = "event" if len(found.events) == 1 else "events"
    _plain(axes, f"Signal and {len(found.events):,} {events}{more}")
    seconds = found.frames / found.fs
    if picture.levels is None:
        _outline(axes, picture.waveform, picture.waveform_step_s, COLOURS["x"])
    else:
        _image(axes, picture.levels)
    look: dict[str, Any] = {"alpha": 0.3, "lw": 0} if picture.levels is None else {"fill": False, "lw": 1.4}
    for event in () if comb else drawn:
        axes.axvspan(event.start_s, max(event.end_s, event.start_s + seconds / 800), color=COLOURS["h"], **look)
    axes.plot(
        [event.start_s for event in drawn], [1.0] * len(drawn), "v",
        transform=axes.get_xaxis_transform(), color=COLOURS["h"], markersize=2.5 if comb else 5, clip_on=False,
    )  # fmt: skip
    axes.set(xlim=(0, max(seconds, 1e-9)), xlabel="")


def _scores(axes: Axes, picture: Picture, below: float) -> None:
    found = picture.events
    _plain(axes, "Scores of the windows that start there")
    _outline(axes, picture.turned, picture.scores_step_s, _TURNED, "template reversed: what a flip finds")
    _outline(axes, picture.scores, picture.scores_step_s, COLOURS["r"], "template")
    if len(picture.decoys):
        axes.plot([], [], "x", color=INK, markersize=3, label="its peaks: the decoys")
    axes.plot([], [], color=COLOURS["negative"], linestyle=(0, (5, 3)), label="threshold")
    axes.legend(loc="upper right", bbox_to_anchor=(1, below), fontsize=8, frameon=False, ncols=2, borderpad=0)
    axes.plot(picture.decoys[:, 0], picture.decoys[:, 1], "x", color=INK, markersize=3, markeredgewidth=0.7)
    levels = sorted({float(level) for level in found.thresholds.ravel() if np.isfinite(level)})
    signs = {"positive": (1,), "negative": (-1,), "both": (1, -1)}[picture.polarity]
    for level in levels:
        for sign in signs:
            axes.axhline(sign * level, color=COLOURS["negative"], linewidth=1.2, linestyle=(0, (5, 3)))
    drawn, size = found.events[:_MOST_DRAWN], 6 if len(found.events) <= _COMB else 3
    look: dict[str, Any] = {"color": COLOURS["h"], "markeredgecolor": INK, "markeredgewidth": 0.5, "markersize": size}
    axes.plot([event.start_s for event in drawn], [event.score for event in drawn], "v", **look)


def _image(axes: Axes, levels: Levels) -> None:
    """Louder is darker, in dB; the lowest level is the paper."""
    values = levels.values.T
    axes.imshow(
        values if values.size else np.full((1, 1), np.nan), extent=(*levels.span, *levels.band),
        origin="lower", aspect="auto", cmap="Greys", interpolation="nearest",
    )  # fmt: skip
    axes.set_ylabel("Hz", fontsize=9, color=COLOURS["faint"])
    axes.set_ylim(*levels.band)


def _patches(pair: Any, shown: Patches, word: str) -> None:
    """An event, and its template."""
    event = shown.event
    titles = (f"{word}: {event.start_s:.6g} s, score {event.score:.3f}", f"Template: {_name(event, _NAME)}")
    for axes, levels, title in zip(pair, (shown.window, shown.template), titles, strict=True):
        _plain(axes, title)
        _image(axes, levels)
        axes.locator_params(axis="x", nbins=4)
    pair[1].set_ylabel("")


def _name(event: Event, most: int) -> str:
    name = one_line(event.template)
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _overlaid(axes: Axes, overlay: Overlay, word: str, fs: float) -> None:
    event = overlay.event
    found = f"at {event.start_s:.6g} s, score {event.score:.3f}, gain {overlay.gain:.3g}"
    _plain(axes, f"{word}: {_name(event, _TITLE - len(f'{word}: , {found}'))}, {found}")
    time = overlay.start_s + np.arange(len(overlay.window)) / fs
    axes.plot(time, overlay.window, color=COLOURS["x"], linewidth=2.6, alpha=0.55, label="signal")
    axes.plot(time, overlay.fitted, color=COLOURS["h"], linewidth=1.1, label="template")
    axes.locator_params(axis="x", nbins=5)
    axes.margins(x=0)
    axes.legend(loc="lower right", bbox_to_anchor=(1, -0.2), fontsize=8, frameon=False, ncols=2, borderpad=0)
