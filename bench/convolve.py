"""Convolves long files with responses of 64 to 240,000 taps, beside other programs; each output is checked first."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from .agreement import TOLERANCE, Agreement, compare, true_convolution
from .convolve_goals import goals
from .peers import COPY, SINGLE, Case, Peer, copy_command, installed, missing, ours
from .report import Goal, Section, seconds, table
from .settings import Settings
from .signals import FS, TAPS, write_recording, write_response
from .sweep import MINUTES as SWEEP_MINUTES
from .sweep import Chosen, best_settings
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

__all__ = ["check_outputs", "measure", "natives", "whole_output"]

CHECK_SECONDS = 20
SHORT_MINUTES = 10
"""Longest recording that programs get which hold all of it in memory, or take long."""

_RATIOS = (
    "The last columns are the medians, over the rounds, of faltung's time by that of the quickest native program in "
    "the round."
)

Cell = dict[str, list[Run | None]]
Cells = dict[float, dict[int, Cell]]


def measure(settings: Settings) -> Section:
    """Lengths x responses x programs."""
    say, folder = settings.say, settings.folder
    for name in missing():
        say(f"not installed: {name}")
    responses = {taps: write_response(folder / f"response-{taps}.wav", taps) for taps in TAPS}
    chosen = best_settings(settings, responses)
    agreements = check_outputs(settings, responses, chosen)
    cells: Cells = {}
    weights = [minutes for minutes in settings.minutes for _ in TAPS]
    for minutes in settings.minutes:
        say(f"making {minutes:g} minutes of stereo")
        recording = write_recording(folder / f"recording-{minutes:g}.wav", round(minutes * 60 * FS))
        for taps in TAPS:
            case = Case(recording, responses[taps], taps, folder)
            share = settings.budget.share(minutes, sum(weights))
            weights.pop(0)
            cell = interleaved(_contenders(case, minutes, chosen), settings.runs, share, say, folder)
            cells.setdefault(minutes, {})[taps] = cell
            say(f"{minutes:g} min, {taps:,} taps, {len(cell[SINGLE])} rounds: {_line(cell)}")
        recording.unlink()
    wrong = {(name, taps) for name, of_taps in agreements.items() for taps, a in of_taps.items() if not a.agrees}
    data = {
        "minutes": {f"{m:g}": {str(t): _plain(cell) for t, cell in of_m.items()} for m, of_m in cells.items()},
        "agreement": {n: {str(t): asdict(a) for t, a in of_n.items()} for n, of_n in agreements.items()},
        "settings": {str(taps): of_taps for taps, of_taps in chosen.items()},
        "missing": missing(),
    }
    held = [_right(agreements), *goals(cells, natives(wrong))]
    return Section("Long files", _body(cells, agreements, wrong, chosen), held, data)


def _right(agreements: dict[str, dict[int, Agreement]]) -> Goal:
    text = f"the outputs are right: no sample off by {TOLERANCE:g} of the peak"
    worst = max(agreements[peer.name][taps].difference for peer in ours() for taps in TAPS)
    return Goal(text, f"{worst:.0e}", worst <= TOLERANCE)


def natives(wrong: set[tuple[str, int]]) -> dict[int, list[str]]:
    """The native peers whose output is right, for each number of taps."""
    return {t: [p.name for p in installed() if p.native and (p.name, t) not in wrong] for t in TAPS}


def _peers(taps: int, chosen: Chosen) -> list[Peer]:
    """faltung, and the others at their best settings."""
    best = chosen.get(taps, {})
    return [*ours(), *(peer.set_to(best.get(peer.name)) for peer in installed())]


def check_outputs(settings: Settings, responses: dict[int, Path], chosen: Chosen) -> dict[str, dict[int, Agreement]]:
    """How far the output of each program is from the true one, on a short recording."""
    recording = write_recording(settings.folder / "check.wav", CHECK_SECONDS * FS)
    x, _ = soundfile.read(recording)
    found: dict[str, dict[int, Agreement]] = {}
    for taps, response in responses.items():
        true = true_convolution(x, soundfile.read(response)[0])
        for peer in _peers(taps, chosen):
            agreement = _checked(peer, Case(recording, response, taps, settings.folder), true)
            found.setdefault(peer.name, {})[taps] = agreement
            settings.say(f"{peer.name}, {taps:,} taps: {agreement}")
    return found


def _checked(peer: Peer, case: Case, true: NDArray[np.float64]) -> Agreement:
    output, frames = case.folder / "check-output.wav", CHECK_SECONDS * FS
    output.unlink(missing_ok=True)
    try:
        run_once(peer.command(case, output), case.folder)
        got, _ = soundfile.read(output, always_2d=True)
    except (CommandError, soundfile.LibsndfileError) as error:
        return Agreement(float("inf"), float("nan"), 0, str(error))
    return compare(true, got[: None if peer.right_tail else frames, : peer.channels], peer.gains, peer.early(case.taps))


def whole_output(recording: Path, output: Path) -> None:
    """Raise if an output is shorter than its input: then it is not the work that was asked for."""
    frames, written = (soundfile.info(path).frames for path in (recording, output))
    if written < frames:
        raise CommandError(f"wrote {written} of {frames} frames")


def _contenders(case: Case, minutes: float, chosen: Chosen) -> list[Contender]:
    output = case.folder / "output.wav"
    check = partial(whole_output, case.signal, output)
    present = [p for p in _peers(case.taps, chosen) if not p.short_only or minutes <= SHORT_MINUTES]
    peers = [Contender(p.name, p.command(case, output), output, p.rounds, check) for p in present]
    return [Contender(COPY, copy_command(case.signal, output), output), *peers]


def _plain(cell: Cell) -> dict[str, list[dict[str, float] | None]]:
    return {name: [None if run is None else asdict(run) for run in runs] for name, runs in cell.items()}


def _line(cell: Cell) -> str:
    walls = {name: median_wall(runs) for name, runs in cell.items()}
    return ", ".join(f"{name} {seconds(wall)} s" for name, wall in walls.items())


def _body(
    cells: Cells, agreements: dict[str, dict[int, Agreement]], wrong: set[tuple[str, int]], chosen: Chosen
) -> str:
    parts = []
    for minutes, of_taps in cells.items():
        names = list(next(iter(of_taps.values())))
        ratioed = [peer.name for peer in ours()]
        walls, busy, peaks = [], [], []
        for taps, cell in of_taps.items():
            rivals = natives(wrong)[taps]
            ratios = [median_ratio(cell, name, rivals) for name in ratioed]
            marked = [seconds(median_wall(cell[n])) + ("†" if (n, taps) in wrong else "") for n in names]
            busy.append([f"{taps:,}", *(seconds(median_processor(cell[n])) for n in names)])
            walls.append([f"{taps:,}", *marked, *(seconds(ratio) for ratio in ratios)])
            memory = [peak_mb(cell[n]) for n in names]
            peaks.append([f"{taps:,}", *("-" if mb is None else f"{mb:,.0f}" for mb in memory)])
        rounds = sorted({len(cell[SINGLE]) for cell in of_taps.values()})
        counted = " to ".join(str(number) for number in sorted({rounds[0], rounds[-1]}))
        parts += [
            f"### {minutes:g} minutes",
            f"Wall seconds of whole processes, medians; rounds: {counted}. {_RATIOS}",
            table(["taps", *names, *(f"{name.removeprefix('faltung ')} / native" for name in ratioed)], walls),
            "Processor seconds, user and system, of all threads; medians.",
            table(["taps", *names], busy),
            "Peak memory in MB.",
            table(["taps", *names], peaks),
        ]
    swept = sorted({name for best in chosen.values() for name in best})
    if swept:
        tried = f"Each setting was tried on {SWEEP_MINUTES} minutes of stereo, in turn; the quickest was kept."
        best = [[name, *(chosen[taps].get(name, "-") for taps in TAPS)] for name in swept]
        parts += ["### Settings of the others", tried, table(["taps", *(f"{taps:,}" for taps in TAPS)], best)]
    parts.append("### Do the outputs agree?")
    parts.append("The largest difference from a double-precision convolution, relative to its peak, gain taken out.")
    rows = [[name, *(_difference(a) for a in of_taps.values())] for name, of_taps in agreements.items()]
    parts.append(table(["taps", *(f"{taps:,}" for taps in TAPS)], rows))
    parts += [f"† {name} at {taps:,} taps: {agreements[name][taps]}; not counted." for name, taps in sorted(wrong)]
    parts += [f"Not installed: {name}." for name in missing()]
    return "\n\n".join(parts)


def _difference(agreement: Agreement) -> str:
    if not agreement.agrees:
        return f"**{agreement.note or 'wrong'}**"
    return f"{agreement.difference:.0e}" + ("" if abs(agreement.gain - 1) < 1e-5 else f" at gain {agreement.gain:.4g}")
