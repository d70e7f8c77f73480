"""The animation of the flip: its shots, what each shows and for how long, their pictures, and the files of them.

Convention: a shot is complete in itself. Places of taps are in frames on the axis of the signal, and may be fractions
while the kernel turns. Pictures have three bands over one axis of frames: the samples of x, the taps of h, and the
output below.
"""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.drawing import COLOURS, INK
from pipeline.kernel import Taps

from .drawing import MARKERS, TINTS, drawn, frame, now_at, stems, styled, tap_mark, zone_words
from .example import PRESETS, Example, Kind, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

CONTACT = ("launch", "trace", "turn", "slide", "future", "encore")
"""The scenes of which the last shot but a few stands on the contact sheet."""

TURN_STEPS = 10
FILM_FPS = 25
GIF_COLOURS = 64
FEW = 9  # samples: more, and only the output at now is labelled
FEW_TAPS = 4
TITLE_SHARE = 0.92  # of the width, at most
NAME_PIXELS = 32  # that the name of a tap takes
GAP = 12  # pixels between the pictures of the contact sheet


@dataclass(frozen=True)
class Shot:
    """One picture."""

    scene: str
    text: str
    seconds: float
    now: int | None = None
    landed: tuple[int, ...] = ()
    """The samples whose copies lie on the stack."""
    falling: tuple[int, float] | None = None
    """A sample whose copy is on its way, and how far: 0 launched, 1 arrived."""
    taps_at: tuple[float, ...] | None = None
    """Where each tap stands, tap 0 first."""
    kind: Kind = "convolve"
    upto: int | None = None
    """Outputs are marked up to this frame."""
    traced: bool = False
    symmetric: bool = False
    key: bool = False
    """Stands on the contact sheet."""


def storyboard(example: Example) -> list[Shot]:
    """All shots for an example: about eighteen seconds, four of them for the picture that matters."""
    shots = [*_launch(example), *_trace(example), *_turn(example), *_slide(example), *_future(example)]
    return [*shots, *_encore(example)]


def _sounding(example: Example) -> tuple[int, ...]:
    return tuple(int(i) for i in np.flatnonzero(example.x))


def _launch(example: Example) -> list[Shot]:
    rows = _sounding(example)
    pace = 3.2 / max(1, len(rows))
    steps = (0.0, 0.35, 0.7, 1.0) if len(rows) <= 4 else (0.0,)
    shots = []
    for place, i in enumerate(rows):
        text = drawn("film_launch_about" if example.origin else "film_launch", i=i, o=example.origin)
        for fall in steps:
            seconds = pace / len(steps) if len(steps) == 1 else pace * (0.55 if fall == 0 else 0.45 / (len(steps) - 1))
            shots.append(Shot("launch", text, seconds, now=i, landed=rows[:place], falling=(i, fall)))
    shots[-len(steps)] = replace(shots[-len(steps)], key=True)
    return [*shots, Shot("launch", drawn("film_stack"), 0.7, landed=rows)]


def _trace(example: Example) -> list[Shot]:
    now, rows = example.now, _sounding(example)
    first = Shot("trace", drawn("film_stop", n=now), 0.8, now=now, landed=rows)
    plain = "film_trace" if len(example.h) > 1 else "film_trace_one"
    text = drawn("film_trace_about" if example.origin else plain)
    return [first, Shot("trace", text, 4.0, now=now, landed=rows, traced=True, key=True)]


def _turn(example: Example) -> list[Shot]:
    now, rows, m = example.now, _sounding(example), len(example.h)
    shots = []
    for step in range(TURN_STEPS + 1):
        share = math.cos(math.pi * step / TURN_STEPS)
        places = tuple(now + (k - example.origin) * share for k in range(m))
        text = drawn("film_turn", o=example.origin)
        seconds = 0.6 if step in (0, TURN_STEPS) else 0.15
        shots.append(Shot("turn", text, seconds, now=now, landed=rows, taps_at=places, key=step == 3))
    return shots


def _slide(example: Example) -> list[Shot]:
    rows, m, o, count = _sounding(example), len(example.h), example.origin, len(example.x)
    pace = 1.9 / (count + o)
    text = drawn("film_slide")
    return [
        Shot(
            "slide",
            text,
            pace,
            n,
            rows,
            taps_at=tuple(float(n - k + o) for k in range(m)),
            upto=n,
            key=n == example.now,
        )
        for n in range(-o, count)
    ]


def _future(example: Example) -> list[Shot]:
    m, o, count = len(example.h), example.origin, len(example.x)
    back, ahead = o, m - 1 - o  # how far h lies before and after now, not turned; turned it is the other way round
    pace = 2.6 / (count + ahead)
    shots = []
    for n in range(-ahead, count):
        early = n < int(np.flatnonzero(example.x)[0])
        same = "film_same" if np.array_equal(example.y, example.r) else "film_written"
        text = drawn("film_future" if ahead > back else same)
        if early and ahead > back and example.r[n + m - 1] != 0:
            text = drawn("film_swells")
        places = tuple(float(n + k - o) for k in range(m))
        seconds = pace * (2 if early else 1)
        shots.append(Shot("future", text, seconds, n, taps_at=places, kind="correlate", upto=n, key=n == example.now))
    return shots


def _encore(example: Example) -> list[Shot]:
    count, text = len(example.x), drawn("film_encore")
    shown = sorted({*range(0, count, 1 if count <= 8 else 2), count - 1})
    shots = []
    for n in shown:
        last = n == count - 1
        places = tuple(float(n + k - 1) for k in range(3))
        seconds = 0.9 if last else 0.7 / len(shown)
        shots.append(Shot("encore", text, seconds, n, taps_at=places, upto=n, symmetric=True, key=last))
    return shots


def draw(made: Figure, shot: Shot, example: Example) -> None:
    """Draw a shot into an empty figure."""
    taps, origin = PRESETS["symmetric"]
    pair = Example.of(example.x, taps, example.now, origin) if shot.symmetric else None
    h = pair.h if pair else example.h
    low, high = min(float(example.n[0]), -1) - 0.6, max(float(example.n[-1]), len(example.x)) + 0.6
    _title(made, shot.text)
    upper, middle, lower = (
        made.add_axes((0.09, y, 0.89, height)) for y, height in ((0.66, 0.2), (0.4, 0.2), (0.08, 0.28))
    )
    middle.set_zorder(5)  # a falling copy stays in sight over the band below
    middle.patch.set_visible(False)
    _samples(upper, example.x, shot, low, high)
    _kernel(middle, h, example, shot, low, high, origin if pair else example.origin)
    if pair:
        _coinciding(lower, pair, shot, low, high)
    else:
        _output(lower, example, shot, low, high)
    for axes, name in ((upper, "x"), (middle, "h"), (lower, "r" if shot.kind == "correlate" else "y")):
        axes.text(-0.02, 0.42, name, transform=axes.transAxes, ha="right", fontsize=15, style="italic", color=INK)
        if axes is not lower:
            axes.set_xticks([])
    lower.set_xticks(example.n.tolist())
    if shot.traced:
        _trace_back(made, (upper, lower), example, shot)


def _title(made: Figure, words: str) -> None:
    """The words above the bands, in letters small enough to leave a margin on both sides."""
    title = made.text(0.5, 0.945, words, ha="center", va="center", fontsize=14, weight="bold", color=INK)
    size = 14.0
    while title.get_window_extent().width > TITLE_SHARE * made.bbox.width:  # in steps: hinting keeps near sizes as wide
        size -= 0.5
        title.set_fontsize(size)


def _zones(axes: Axes, shot: Shot, *, words: bool = False) -> None:
    if shot.now is None:
        return
    edge, (low, high) = shot.now + 0.5, axes.get_xlim()
    now_at(axes, edge)
    if words:
        heard, not_yet = (low + edge) / 2 - 0.3, (high + edge) / 2 + 0.3
        zone_words(axes, edge, heard if edge - low > 2.5 else None, not_yet if high - edge > 2.5 else None)


def _samples(axes: Axes, x: Taps, shot: Shot, low: float, high: float) -> None:
    frame(axes, low, high, x.tolist(), room=0.45)
    _zones(axes, shot, words=True)
    stems(axes, range(len(x)), x, "x", size=9)


def _kernel(axes: Axes, h: Taps, example: Example, shot: Shot, low: float, high: float, origin: int) -> None:
    """The taps where the shot has them, the one of time zero as a diamond; or the copy that was just launched."""
    if shot.falling is not None:
        i, fall = shot.falling
        values, places = example.x[i] * h, [float(i + k - origin) for k in range(len(h))]
        extent = (example.launches("convolve")).ravel().tolist()
    elif shot.taps_at is not None:
        fall, values, places, extent = 0.0, h, list(shot.taps_at), h.tolist()
    else:
        fall, values, places, extent = 0.0, h[:0], [], h.tolist()
    frame(axes, low, high, extent, room=0.6)
    _zones(axes, shot)
    if shot.falling is not None:
        axes.axhline(0, color=COLOURS["paper"], linewidth=1.5, zorder=1)
    bottom, top = axes.get_ylim()
    sink = -fall * 1.15 * (top - bottom)
    gap = 0.07 * (top - bottom)
    named = _apart(places, NAME_PIXELS * (high - low) / axes.bbox.width, origin)
    for k, (at, value) in enumerate(zip(places, values.tolist(), strict=True)):
        axes.plot([at, at], [sink, value + sink], color=COLOURS["h"], linewidth=2.6, zorder=8, clip_on=False)
        tap_mark(axes, at, value + sink, k - origin, zorder=9, clip_on=False)
        if fall == 0 and k in named:
            up = value >= 0
            place = value + (1.6 * gap if up else -1.6 * gap)
            axes.text(
                at, place, f"h[{k}]", ha="center", va="bottom" if up else "top", fontsize=8.5, color=INK, clip_on=False
            )


def _apart(places: Sequence[float], width: float, origin: int) -> set[int]:
    """The taps that have room for their names, from time zero outward: while h turns, they meet."""
    named: set[int] = set()
    for k in sorted(range(len(places)), key=lambda k: abs(k - origin)):
        if all(abs(places[k] - places[other]) >= width for other in named):
            named.add(k)
    return named


def _output(axes: Axes, example: Example, shot: Shot, low: float, high: float) -> None:
    """The stack of the copies that have landed, and the sums that were gathered so far."""
    table = example.launches("convolve")
    stacks = [part.clip(min=0).sum(axis=0) for part in (table, -table)]
    frame(axes, low, high, [*stacks[0].tolist(), *(-stacks[1]).tolist(), *example.r.tolist()], room=0.27)
    _zones(axes, shot)
    up, down = np.zeros(len(example.n)), np.zeros(len(example.n))
    for i in shot.landed:
        for column, value in enumerate(table[i].tolist()):
            if value:
                base = up if value > 0 else down
                colour = TINTS[shot.landed.index(i) % len(TINTS)]
                shown: dict[str, Any] = {
                    "color": colour,
                    "edgecolor": COLOURS["h"],
                    "linewidth": 1.4,
                    "zorder": 3,
                }
                axes.bar(float(example.n[column]), value, 0.62, bottom=base[column], **shown)
                base[column] += value
    if shot.upto is not None:
        seen = (example.n <= shot.upto) & (example.n < len(example.x))
        stems(axes, example.n[seen].tolist(), example.output(shot.kind)[seen], "y" if shot.kind == "convolve" else "r")
    elif len(shot.landed) == np.count_nonzero(example.x) and not shot.falling:
        span = axes.get_ylim()[1] - axes.get_ylim()[0]
        for n, value in zip(example.n.tolist(), example.y.tolist(), strict=True):
            if value and n < len(example.x) and (len(example.x) <= FEW or n == example.now):
                place = float(up[n + len(example.h) - 1]) + 0.02 * span
                axes.text(n, place, value_text(value), ha="center", va="bottom", fontsize=9, color=INK, weight="bold")


def _coinciding(axes: Axes, pair: Example, shot: Shot, low: float, high: float) -> None:
    """Both outputs of a symmetric kernel about its middle: on the same points."""
    y, r = pair.y[1:], pair.r[1:]
    frame(axes, low, high, y.tolist(), room=0.25)
    _zones(axes, shot)
    n = np.arange(len(y)) - 1
    seen = n <= (shot.upto or 0)
    stems(axes, n[seen].tolist(), y[seen], "y", size=11)
    axes.plot(n[seen], r[seen], MARKERS["r"], color=COLOURS["r"], markersize=6.5, zorder=6)


def _trace_back(made: Figure, bands: tuple[Axes, Axes], example: Example, shot: Shot) -> None:
    """Lines from the output at ``now`` back to the samples that made it, with the tap of each."""
    from matplotlib.patches import ConnectionPatch

    upper, lower = bands
    now = shot.now or 0
    column = now + len(example.h) - 1
    height = float(example.launches("convolve")[:, column].clip(min=0).sum())
    share, size = (0.34, 10) if len(example.h) <= FEW_TAPS else (0.16, 7)
    for term in example.terms(now, "convolve"):
        if not 0 <= term.i < len(example.x):
            continue
        start, end = (term.i, upper.get_ylim()[0]), (now, height)
        style: dict[str, Any] = {
            "color": COLOURS["h"],
            "linewidth": 2.0,
            "zorder": 10,
            "arrowstyle": "<-",
            "shrinkB": 17,
            "shrinkA": 3,
        }
        made.add_artist(ConnectionPatch(start, end, upper.transData, lower.transData, **style))
        box = {"boxstyle": "round,pad=0.25", "facecolor": COLOURS["paper"], "edgecolor": COLOURS["h"], "linewidth": 1.2}
        a, b = (
            made.transFigure.inverted().transform(axes.transData.transform(p))
            for axes, p in ((upper, start), (lower, end))
        )
        at = a + share * (b - a)
        made.text(at[0], at[1], f"h[{term.k}]", ha="center", va="center", fontsize=size, color=INK, bbox=box, zorder=11)


def images(shots: Iterable[Shot], example: Example) -> list[Image]:
    """The shots as pictures of 800 x 450."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image as PilImage

    made_of = []
    with styled():
        made = Figure(figsize=(8, 4.5), dpi=100, facecolor=COLOURS["paper"])
        canvas: Any = FigureCanvasAgg(made)  # without types
        for shot in shots:
            made.clear()
            draw(made, shot, example)
            canvas.draw()
            made_of.append(PilImage.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3].copy()))
    return made_of


def gif_bytes(shots: Sequence[Shot], pictures: Sequence[Image]) -> bytes:
    """An endless GIF in 64 colours: those that mean something, exactly, and mixtures for the edges of letters."""
    from PIL import Image as PilImage

    sheet = PilImage.new("RGB", (800, 450 * 4))
    for place, picture in enumerate(pictures[:: max(1, len(pictures) // 4)][:4]):
        sheet.paste(picture, (0, 450 * place))
    own = [int(colour[at : at + 2], 16) for colour in (*COLOURS.values(), *TINTS) for at in (1, 3, 5)]
    mixed = sheet.quantize(GIF_COLOURS - len(own) // 3, method=PilImage.Quantize.MEDIANCUT).getpalette() or []
    palette = PilImage.new("P", (1, 1))
    palette.putpalette(own + mixed[: 3 * GIF_COLOURS - len(own)])
    frames = [picture.quantize(palette=palette, dither=PilImage.Dither.NONE) for picture in pictures]
    times = [max(20, 10 * round(100 * shot.seconds)) for shot in shots]
    file = BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0, optimize=False)
    return file.getvalue()


def film_bytes(shots: Sequence[Shot], pictures: Sequence[Image]) -> bytes | None:
    """The same as an MP4 of 25 pictures a second; None where there is no ffmpeg that can."""
    program = shutil.which("ffmpeg")
    if program is None:
        return None
    raw = b"".join(
        picture.tobytes() * max(1, round(FILM_FPS * shot.seconds))
        for shot, picture in zip(shots, pictures, strict=True)
    )
    with TemporaryDirectory() as folder:
        target = Path(folder, "flip.mp4")
        size = f"{pictures[0].width}x{pictures[0].height}"
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(FILM_FPS), "-i", "-"]
        coding = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "26", "-threads", "1", "-movflags", "+faststart"]
        exact = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1"]
        command = [program, "-loglevel", "error", "-y", *source, *coding, *exact, str(target)]
        done = subprocess.run(command, input=raw, capture_output=True, check=False)  # noqa: S603  (ffmpeg, by its path)
        return target.read_bytes() if done.returncode == 0 and target.exists() else None


def contact_bytes(pictures: Sequence[Image]) -> bytes:
    """The contact sheet, a PNG: two columns and as many rows as needed, read row by row."""
    from PIL import Image as PilImage

    width, height = pictures[0].size
    rows = -(-len(pictures) // 2)
    sheet = PilImage.new("RGB", (2 * width + 3 * GAP, rows * height + (rows + 1) * GAP), "#d8d8de")
    for place, picture in enumerate(pictures):
        row, column = divmod(place, 2)
        sheet.paste(picture, (GAP + column * (width + GAP), GAP + row * (height + GAP)))
    file = BytesIO()
    sheet.quantize(128, method=PilImage.Quantize.MEDIANCUT, dither=PilImage.Dither.NONE).save(
        file, "PNG", optimize=True
    )
    return file.getvalue()
