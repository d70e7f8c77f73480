"""Times what the engine does with kernels beyond one long one: a sparse echo, and five stages in a row."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

from .convolve import whole_output
from .peers import COPY, copy_command, fast_library, run_command
from .report import Goal, Section, seconds, table
from .settings import Settings
from .signals import FS, write_recording, write_response
from .timing import Contender, interleaved, median_processor, median_ratio, median_wall, peak_mb

__all__ = ["measure"]

TAPS = 4_800
STAGES = 5
ECHO, FIVE, ONE = "echo of 6 taps over 10 s", f"{STAGES} stages of {TAPS:,} taps", f"1 stage of {TAPS:,} taps"

_DELAYS_S = (1.3, 2.9, 4.7, 7.1, 10.0)  # with the signal itself, six taps


def measure(settings: Settings) -> Section:
    """The chains against reading and writing alone, and against one of their stages."""
    folder, minutes = settings.folder, settings.minutes[-1]  # long: start-up has a goal of its own
    recording = write_recording(folder / "chain.wav", round(minutes * 60 * FS))
    responses = [write_response(folder / f"stage-{taps}.wav", taps).name for taps in range(TAPS, TAPS + STAGES)]
    echoes = ", ".join(f"{{delay: {delay} s, gain: -6 dB}}" for delay in _DELAYS_S)
    chains = {
        ECHO: f"- {{use: echo, taps: [{echoes}]}}\n",
        FIVE: "".join(f"- {{use: convolve, file: {name}}}\n" for name in responses),
        ONE: f"- {{use: convolve, file: {responses[0]}}}\n",
    }
    output = folder / "output.wav"
    contenders = [Contender(COPY, copy_command(recording, output), output)]
    for number, (name, stages) in enumerate(chains.items()):
        command = _command(folder / f"chain-{number}.yaml", stages, recording, output)
        contenders.append(Contender(name, command, output, None, partial(whole_output, recording, output)))
    runs = interleaved(contenders, settings.runs, settings.budget.left, settings.say, folder)
    recording.unlink()
    for name, of_name in runs.items():
        settings.say(f"{name}: {seconds(median_wall(of_name))} s")
    rows = [
        (n, seconds(median_wall(r)), seconds(median_processor(r)), f"{peak_mb(r) or 0:.0f}") for n, r in runs.items()
    ]
    how = f"single precision, transforms by {fast_library()}, two threads; medians; rounds: {len(runs[COPY])}."
    head = f"{minutes:g} minutes of stereo, {how}"
    goals = [
        _goal(f"{ECHO}: within 1.5 of reading and writing alone", median_ratio(runs, ECHO, [COPY]), 1.5),
        _goal(f"{FIVE}: at most 1.15 times one of them", median_ratio(runs, FIVE, [ONE]), 1.15),
    ]
    data = {name: [None if run is None else asdict(run) for run in of_name] for name, of_name in runs.items()}
    return Section("Chains", f"{head}\n\n{table(('chain', 'wall s', 'processor s', 'peak MB'), rows)}", goals, data)


def _command(config: Path, stages: str, recording: Path, output: Path) -> list[str]:
    head = "version: 1\nprecision: single\nthreads: 2\nformat: {subtype: FLOAT}\nstages:\n"
    config.write_text(head + stages, "utf-8")
    return run_command(config, recording, output, fast_library())


def _goal(text: str, ratio: float | None, most: float) -> Goal:
    return Goal(text, "-" if ratio is None else f"{ratio:.2f}", None if ratio is None else ratio <= most)
