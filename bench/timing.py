"""Times whole processes, start-up included, in interleaved rounds: A B C, A B C, ...

A machine's speed drifts over minutes, so programs are compared within a round, by the ratio of their wall times, and
the median of these ratios is what is reported. Before each run the output of the last one is removed and the disks
are brought to rest, or one program would pay for the bytes of another.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "CommandError",
    "Contender",
    "Run",
    "Runs",
    "interleaved",
    "median_processor",
    "median_ratio",
    "median_wall",
    "peak_mb",
    "run_once",
]

_LAUNCHER = Path(__file__).with_name("launch.py")
_KIB_PER_MB = 1e6 / 1024


class CommandError(RuntimeError):
    """A command that was to be timed failed; its last words are in the message."""


@dataclass(frozen=True)
class Run:
    """What one run of a command cost: seconds on the clock, in user and system code, and the peak of its memory."""

    wall_s: float
    user_s: float
    system_s: float
    peak_mb: float


Runs = Mapping[str, Sequence[Run | None]]
"""The runs of each contender, one a round; None where it sat a round out."""


@dataclass(frozen=True)
class Contender:
    """A command to be timed."""

    name: str
    command: Sequence[str]
    output: Path | None = None
    rounds: int | None = None
    """Takes part in the first so many rounds only: for the slow ones, whose ratio needs no care."""
    check: Callable[[], None] | None = None
    """Called after each run, outside the time; raises `CommandError` if the output is not what it should be."""


def run_once(command: Sequence[str], folder: Path | None = None) -> Run:
    """Run a command and measure it.

    Raises
    ------
    CommandError
        it could not be started, or ended with another code than 0.
    """
    with tempfile.NamedTemporaryFile(prefix="bench-", suffix=".err") as errors:
        launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), errors.name, *command]
        # Python keeps what it has compiled, unless it is told not to; for users it does
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        done = subprocess.run(launcher, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CommandError(f"{command[0]}: {done.stderr.strip().splitlines()[-1]}")
        code, wall, user, system, peak_kib = (float(field) for field in done.stdout.split())
        if code != 0:
            said = errors.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise CommandError(f"{command[0]}: exit code {code:.0f}: {said[-1]}")
    return Run(wall, user, system, peak_kib / _KIB_PER_MB)


def interleaved(
    contenders: Sequence[Contender],
    rounds: int,
    seconds: float = float("inf"),
    say: Callable[[str], None] = lambda _: None,
    folder: Path | None = None,
) -> dict[str, list[Run | None]]:
    """Run every contender once a round; one that fails is reported and left out from then on.

    Parameters
    ----------
    contenders
        in the order in which they run.
    rounds
        at most.
    seconds
        that the rounds may take together; the first is always run.
    say
        is told of failures.
    folder
        the working directory of the commands.
    """
    runs: dict[str, list[Run | None]] = {contender.name: [] for contender in contenders}
    failed: set[str] = set()
    began = time.monotonic()
    for number in range(rounds):
        taken = time.monotonic() - began
        if number and taken + taken / number > seconds:  # this round will take as long as those before it
            break
        for contender in contenders:
            sits_out = contender.rounds is not None and number >= contender.rounds
            run = None
            if not sits_out and contender.name not in failed:
                try:
                    run = _rested(contender, folder)
                except CommandError as error:
                    failed.add(contender.name)
                    say(f"{contender.name}: {error}")
            runs[contender.name].append(run)
    return runs


def _rested(contender: Contender, folder: Path | None) -> Run:
    if contender.output is not None:
        contender.output.unlink(missing_ok=True)
    os.sync()
    run = run_once(contender.command, folder)
    if contender.check is not None:
        contender.check()
    if contender.output is not None:
        contender.output.unlink(missing_ok=True)
    return run


def median_wall(runs: Sequence[Run | None]) -> float | None:
    """Seconds on the clock; None if there was no run."""
    walls = [run.wall_s for run in runs if run is not None]
    return statistics.median(walls) if walls else None


def median_processor(runs: Sequence[Run | None]) -> float | None:
    """Seconds of all cores together, which other programs lengthen less than those on the clock."""
    taken = [run.user_s + run.system_s for run in runs if run is not None]
    return statistics.median(taken) if taken else None


def median_user(runs: Sequence[Run | None]) -> float | None:
    """Seconds of all cores in the program's own code; None if there was no run."""
    taken = [run.user_s for run in runs if run is not None]
    return statistics.median(taken) if taken else None


def peak_mb(runs: Sequence[Run | None]) -> float | None:
    """The highest peak of all runs; None if there was no run."""
    return max((run.peak_mb for run in runs if run is not None), default=None)


def median_ratio(runs: Runs, name: str, rivals: Sequence[str]) -> float | None:
    """Wall time of ``name`` over that of the best of its rivals in the same round: the median over the rounds."""
    ratios = []
    for number, run in enumerate(runs.get(name, ())):
        others = [runs[rival][number] for rival in rivals if rival in runs]
        walls = [other.wall_s for other in others if other is not None]
        if run is not None and walls:
            ratios.append(run.wall_s / min(walls))
    return statistics.median(ratios) if ratios else None
