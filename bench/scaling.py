"""Measures how the time grows with the length of the input, which should be a line, and with the taps, a logarithm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from .convolve import whole_output
from .convolve_goals import PEAK_MB
from .peers import COPY, Case, copy_command, ours
from .report import Goal, Section, seconds, table
from .settings import Settings
from .signals import FS, write_recording, write_response
from .timing import Contender, interleaved, median_wall, peak_mb

__all__ = ["Line", "Walls", "fit_line", "logarithmic", "measure"]

MINUTES = (1, 2, 5, 10, 20, 60)
TAPS = (64, 240, 1_000, 4_800, 16_000, 48_000, 120_000, 240_000)
TAPS_OF_LENGTHS = 4_800
MINUTES_OF_TAPS = 5
LINE_WITHIN = 0.1
"""Of the time at the longest input: how far a point may lie from the line."""
FLAT = 1.1
"""Of the memory for the longest input by that for the shortest."""

Walls = dict[str, dict[float, float]]
"""A figure of each program, by minutes or by taps."""


@dataclass(frozen=True)
class Line:
    """``wall = start_s + per_minute_s * minutes``, and the farthest point from it, relative to the longest time."""

    start_s: float
    per_minute_s: float
    farthest: float


def fit_line(walls: Mapping[float, float]) -> Line:
    """The line of least squares through times by minutes."""
    minutes, measured = np.array(list(walls)), np.array(list(walls.values()))
    slope, start = np.polyfit(minutes, measured, 1)
    return Line(float(start), float(slope), float(np.abs(measured - start - slope * minutes).max() / measured.max()))


def logarithmic(walls: Mapping[float, float]) -> float:
    """The longest time by what it would be if it grew from that of the fewest taps as the logarithm of the taps."""
    fewest = min(walls)
    more = {taps: wall for taps, wall in walls.items() if taps > fewest}
    return max(wall / walls[fewest] * math.log(fewest) / math.log(taps) for taps, wall in more.items())


def measure(settings: Settings) -> Section:
    """Wall time and memory by length, wall time by taps, single and double, with the extra and without."""
    lengths = {minutes: (minutes, TAPS_OF_LENGTHS) for minutes in MINUTES}
    responses = {taps: (MINUTES_OF_TAPS, taps) for taps in TAPS}
    by_minutes, peaks = _run(settings, lengths, "minutes", settings.budget.share(1, 2))
    by_taps, _ = _run(settings, responses, "taps", settings.budget.left)
    lines = {name: fit_line(walls) for name, walls in by_minutes.items()}
    body = _body(by_minutes, by_taps, lines, peaks)
    if settings.figures is not None:
        from .scaling_figure import draw  # matplotlib takes a second

        settings.figures.mkdir(parents=True, exist_ok=True)
        draw(by_minutes, by_taps, lines, settings.figures / "scaling.png")
        body += f"\n\n![Wall time over minutes and over taps]({settings.figures.name}/scaling.png)"
    data = {"minutes": by_minutes, "taps": by_taps, "lines": {n: vars(line) for n, line in lines.items()}}
    return Section("Growth", body, _goals(by_taps, lines, peaks), data)


def _run(settings: Settings, cases: Mapping[int, tuple[int, int]], unit: str, budget_s: float) -> tuple[Walls, Walls]:
    """Median seconds and peak memory of each program by minutes or taps, from cases of (minutes, taps).

    A round holds all of them, so that a machine that slows down bends no line.
    """
    folder = settings.folder
    output = folder / "output.wav"
    contenders: dict[tuple[str, int], Contender] = {}
    for key, (minutes, taps) in cases.items():
        recording = folder / f"growth-{minutes}.wav"
        if not recording.exists():
            write_recording(recording, minutes * 60 * FS)
        case = Case(recording, write_response(folder / f"growth-response-{taps}.wav", taps), taps, folder)
        commands = {peer.name: peer.command(case, output) for peer in ours()} | {COPY: copy_command(recording, output)}
        check = partial(whole_output, recording, output)
        for name, command in commands.items():
            contenders[name, key] = Contender(f"{name}, {key:,} {unit}", command, output, None, check)
    runs = interleaved(list(contenders.values()), settings.runs, budget_s, settings.say, folder)
    walls: Walls = {}
    peaks: Walls = {}
    for (name, key), contender in contenders.items():
        of_contender = runs[contender.name]
        wall, peak = median_wall(of_contender), peak_mb(of_contender)
        if wall is not None and peak is not None:
            walls.setdefault(name, {})[key] = wall
            peaks.setdefault(name, {})[key] = peak
            settings.say(f"{contender.name}, {len(of_contender)} rounds: {seconds(wall)} s")
    return walls, peaks


def _goals(by_taps: Walls, lines: Mapping[str, Line], peaks: Walls) -> list[Goal]:
    goals = []
    for name in [peer.name for peer in ours()]:
        precision = name.removeprefix("faltung ")
        if name in lines:
            off = lines[name].farthest
            text = f"{precision}: time linear in the length, within {LINE_WITHIN:.0%} of the longest"
            goals.append(Goal(text, f"within {off:.1%}", off <= LINE_WITHIN))
            grown = max(peaks[name].values()) / peaks[name][min(MINUTES)]
            text = f"{precision}: memory the same for {max(MINUTES)} minutes as for {min(MINUTES)}"
            goals.append(Goal(text, f"at most {grown:.2f} times", grown <= FLAT))
            most = max(peaks[name].values())
            goals.append(Goal(f"{precision}: at most {PEAK_MB} MB", f"up to {most:.0f} MB", most <= PEAK_MB))
        if name in by_taps:
            factor = logarithmic(by_taps[name])
            text = f"{precision}: time grows with the taps no faster than their logarithm"
            goals.append(Goal(text, f"{factor:.2f} of it at most", factor <= 1.0))
    return goals


def _body(by_minutes: Walls, by_taps: Walls, lines: Mapping[str, Line], peaks: Walls) -> str:
    lengths = [(n, *(seconds(w) for w in walls.values())) for n, walls in by_minutes.items()]
    fits = [
        f"{name}: {line.start_s:.2f} s + {line.per_minute_s * 1000:.1f} ms a minute, "
        f"{60 / line.per_minute_s:,.0f} times as fast as it plays"
        for name, line in lines.items()
    ]
    memory = [(n, *(f"{mb:.0f}" for mb in of_name.values())) for n, of_name in peaks.items()]
    responses = [(n, *(seconds(w) for w in walls.values())) for n, walls in by_taps.items()]
    head = ["minutes", *(str(minutes) for minutes in MINUTES)]
    return "\n\n".join(
        [
            f"Wall seconds of the whole process by minutes of stereo, {TAPS_OF_LENGTHS:,} taps; medians.",
            table(head, lengths),
            "The lines through them: " + "; ".join(fits) + ". Peak memory in MB:",
            table(head, memory),
            f"Wall seconds by taps, {MINUTES_OF_TAPS} minutes of stereo; medians.",
            table(["taps", *(f"{taps:,}" for taps in TAPS)], responses),
        ]
    )
