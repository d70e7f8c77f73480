"""Template matching beside other libraries: an hour with one template, six minutes with 32; errors beside the times.

White noise at 16 kHz, mono, float32 WAV, the templates cut from noise of their own and put into it. Every program is a
whole process that reads the recording and writes the frames where a score is at least 0.7. Before it is timed, its
scores on a short recording are held against a direct sum in long double.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from .apart import APART, python_of
from .peers import faltung_command
from .report import Goal, Section, seconds, table
from .settings import Settings
from .timing import (
    CommandError,
    Contender,
    Run,
    interleaved,
    median_processor,
    median_ratio,
    median_wall,
    peak_mb,
    run_once,
)

__all__ = ["OURS", "PACKAGES", "direct_scores", "installed", "measure", "missing"]

OURS = "faltung"
PACKAGES = {
    "OpenCV": ("cv2", "opencv-python-headless"),
    "EQcorrscan": ("eqcorrscan", "EQcorrscan"),
    "ObsPy float32": ("obspy", "obspy"),
    "ObsPy float64": ("obspy", "obspy"),
    "scikit-image": ("skimage", "scikit-image"),
    "scipy by hand": ("scipy", "scipy"),
    "stumpy": ("stumpy", "stumpy"),
}
"""The module and the Python package of each."""
NOT_TIMED = {"stumpy": "takes a quarter of an hour for what the others do in seconds"}
SLOW = {"ObsPy float32", "ObsPy float64", "scikit-image", "scipy by hand"}

FS, M = 16_000, 8_000
CASES = {"1 template, 60 min": (1, 60), "32 templates, 6 min": (32, 6)}
PUT_IN = 20
"""Copies of each template in a recording."""
CHECK_SECONDS = 30
MOST_ERROR, MOST_MB = 1e-9, 250
MOST = {
    "1 template, 60 min": {"OpenCV": 0.4, "EQcorrscan": 0.5},
    "32 templates, 6 min": {"OpenCV": 0.15, "EQcorrscan": 0.15},
}
"""Of the time of each rival."""
SPECTROGRAM = "8 templates in the spectrogram, with decoys, 60 min"
_CONFIG = """\
version: 1
threads: 2
events: events.csv
stages:
- {use: match, template: calls, domain: spectrogram, threshold: {false_alarms: 1 per hour}}
"""
_AGREES = 0.05
"""An error above is a wrong score, not an inexact one."""

_SCRIPT = Path(__file__).with_name("scripts") / "match_scores.py"
_SEED = 20_241

Cell = dict[str, list[Run | None]]


def installed() -> list[str]:
    """The other libraries that can be run here."""
    return [name for name in PACKAGES if _is_there(name)]


def _is_there(name: str) -> bool:
    return python_of(name) is not None if name in APART else find_spec(PACKAGES[name][0]) is not None


def missing() -> list[str]:
    """Those that are not there, and what brings them."""
    how = {name: f"Python package {package}" for name, (_, package) in PACKAGES.items()}
    how |= dict.fromkeys(APART, "python -m bench peers")
    return [f"{name} ({how[name]})" for name in PACKAGES if not _is_there(name)]


def measure(settings: Settings) -> Section:
    """Cases x libraries."""
    for name in missing():
        settings.say(f"not installed: {name}")
    errors = {name: _error(name, settings) for name in (OURS, *installed())}
    right = [name for name, error in errors.items() if error <= _AGREES]
    cells: dict[str, Cell] = {}
    for number, (case, (count, minutes)) in enumerate(CASES.items()):
        recording, templates = _written(settings.folder, count, minutes * 60)
        programs = [name for name in right if name not in NOT_TIMED]
        share = settings.budget.share(1, len(CASES) - number)
        contenders = [_contender(name, recording, templates, settings.folder, count) for name in programs]
        cells[case] = interleaved(contenders, settings.runs, share, settings.say, settings.folder)
        recording.unlink()
        settings.say(f"{case}: " + ", ".join(f"{n} {seconds(median_wall(r))} s" for n, r in cells[case].items()))
    searched = _in_spectrogram(settings)
    data = {
        "spectrogram": [run and asdict(run) for run in searched],
        "cases": {c: {n: [r and asdict(r) for r in runs] for n, runs in cell.items()} for c, cell in cells.items()},
        "errors": errors,
        "missing": missing(),
    }
    return Section("Template matching", _body(cells, errors, searched), _goals(cells, errors, searched), data)


def _written(folder: Path, count: int, duration: float) -> tuple[Path, Path]:
    """A recording with templates in it, written in blocks; the templates beside it."""
    draw = np.random.default_rng([_SEED, count])
    templates = draw.standard_normal((count, M)).astype(np.float32) * 0.1
    frames = round(duration * FS)
    path, beside = folder / "match.wav", folder / f"match-{count}.npy"
    np.save(beside, templates)
    places = np.linspace(0, frames - M, count * min(PUT_IN, frames // (2 * M * count)) + 1).astype(int)
    with soundfile.SoundFile(path, "w", FS, 1, "FLOAT") as file:
        start = 0
        for number, place in enumerate(places):
            file.write(0.1 * draw.standard_normal(place - start).astype(np.float32))
            file.write(templates[number % count] + 0.03 * draw.standard_normal(M).astype(np.float32))
            start = place + M
        file.write(0.1 * draw.standard_normal(frames - start).astype(np.float32))
    return path, beside


def _in_spectrogram(settings: Settings) -> list[Run | None]:
    """A search by the command, in one round; others have none that could be put beside it."""
    recording, templates = _written(settings.folder, 8, 60 * 60)
    calls = settings.folder / "calls"
    calls.mkdir(exist_ok=True)
    for number, template in enumerate(np.load(templates)):
        soundfile.write(calls / f"{number}.wav", template, FS, "FLOAT")
    config = settings.folder / "spectrogram.yaml"
    config.write_text(_CONFIG, "utf-8")
    command = faltung_command("run", config.name, recording.name, "-q", "--overwrite", "--force")
    runs = interleaved([Contender(SPECTROGRAM, command)], 1, float("inf"), settings.say, settings.folder)
    recording.unlink()
    return runs[SPECTROGRAM]


def _command(name: str, recording: Path, templates: Path, output: Path, *what: str) -> list[str]:
    return [python_of(name) or sys.executable, str(_SCRIPT), name, str(recording), str(templates), str(output), *what]


def _contender(name: str, recording: Path, templates: Path, folder: Path, count: int) -> Contender:
    output = folder / "found.npy"
    check = partial(_found, output)
    rounds = 1 if name in SLOW and count > 1 else 2 if name in SLOW else None
    return Contender(name, _command(name, recording, templates, output), output, rounds, check)


def _found(output: Path) -> None:
    if not len(np.load(output)):
        raise CommandError("found nothing")


def direct_scores(
    x: NDArray[np.floating], template: NDArray[np.floating], places: NDArray[np.int64]
) -> NDArray[np.longdouble]:
    """Pearson's r of the template and the windows that start at ``places``, in long double; 0 for a constant one."""
    t = template.astype(np.longdouble)
    t = t - t.mean()
    found = []
    for place in places:
        w = x[place : place + len(t)].astype(np.longdouble)
        w = w - w.mean()
        norm = np.sqrt((w * w).sum() * (t * t).sum())
        found.append((w * t).sum() / norm if norm > 0 else np.longdouble(0))
    return np.array(found)


def _error(name: str, settings: Settings) -> float:
    """The largest error of a library's scores on a short recording, over windows of all its parts."""
    recording, templates = _written(settings.folder, 1, CHECK_SECONDS)
    output = settings.folder / "scores.npy"
    try:
        run_once(_command(name, recording, templates, output, "scores"), settings.folder)
    except CommandError as error:
        settings.say(f"{name}: {error}")
        return float("inf")
    x, _ = soundfile.read(recording)
    scores, template = np.load(output)[0], np.load(templates)[0]
    places = np.unique(np.concatenate([np.linspace(0, len(scores) - 1, 400).astype(int), [int(scores.argmax())]]))
    error = np.abs(scores[places] - direct_scores(x, template, places)).max()
    settings.say(f"{name}: largest error {float(error):.1e}")
    return float(error)


def _goals(cells: dict[str, Cell], errors: dict[str, float], searched: list[Run | None]) -> list[Goal]:
    goals = [Goal(f"no score off by {MOST_ERROR:g}", f"{errors[OURS]:.0e}", errors[OURS] <= MOST_ERROR)]
    for case, cell in cells.items():
        for rival, most in MOST[case].items():
            ratio = median_ratio(cell, OURS, [rival])
            text = "not run" if ratio is None else f"{ratio:.2f}"
            met = None if ratio is None else ratio <= most
            goals.append(Goal(f"{case}: at most {most} of the time of {rival}", text, met))
        peak = peak_mb(cell[OURS])
        if peak is not None:
            goals.append(Goal(f"{case}: under {MOST_MB} MB", f"{peak:.0f} MB", peak < MOST_MB))
    peak = peak_mb(searched)
    text = "-" if peak is None else f"{peak:.0f} MB"
    return [*goals, Goal(f"{SPECTROGRAM}: under {MOST_MB} MB", text, None if peak is None else peak < MOST_MB)]


def _body(cells: dict[str, Cell], errors: dict[str, float], searched: list[Run | None]) -> str:
    parts = ["16 kHz, mono, templates of 0.5 s; whole processes, medians over the rounds."]
    for case, cell in cells.items():
        rows = [
            [
                name,
                seconds(median_wall(runs)),
                seconds(median_processor(runs)),
                f"{peak_mb(runs) or 0:,.0f}",
                _shown(name, errors),
            ]
            for name, runs in cell.items()
        ]
        rounds = len(cell[OURS])
        head = ("library", "wall s", "processor s", "peak MB", "largest error")
        parts += [f"### {case}", table(head, rows), f"Rounds: {rounds}; of the slow libraries at most 2."]
    took = f"{seconds(median_wall(searched))} s, {seconds(median_processor(searched))} s of the processors"
    parts.append(f"{SPECTROGRAM}: {took}, {peak_mb(searched) or 0:.0f} MB.")
    parts += [
        f"Not timed: {name}, which {why}; largest error {_shown(name, errors)}."
        for name, why in NOT_TIMED.items()
        if name in errors
    ]
    parts += [f"Not installed: {name}." for name in missing()]
    return "\n\n".join(parts)


def _shown(name: str, errors: dict[str, float]) -> str:
    return f"{errors[name]:.0e}"
