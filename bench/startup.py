"""Times what is paid before any work: the command's help, its version, and the import of the package."""

from __future__ import annotations

import sys
from dataclasses import asdict

from .peers import faltung_command
from .report import Goal, Section, table
from .settings import Settings
from .signals import FS, write_recording
from .timing import Contender, interleaved, median_ratio, median_wall, peak_mb

__all__ = ["measure"]

_CONFIG = """\
version: 1
input: plan.wav
stages:
- {use: echo, delay: 250 ms, gain: -6 dB}
- {use: fir, kind: lowpass, cutoff: 8 kHz, transition: 1 kHz}
"""

HELP, VERSION = "faltung --help", "faltung --version"
PACKAGE, NUMPY, NOTHING = "import pipeline", "import numpy", "pass"
HELP_S = 0.25
OTHERS = {
    "faltung stages": 0.5,
    "faltung plan plan.yaml": 0.5,
    "faltung doctor": 0.5,
    "faltung flip-check numpy:correlate": 0.6,
    "faltung explain -o page --overwrite": 2.0,
}
"""Commands that answer a person, and the seconds that each may take."""
LEAST_ROUNDS = 10
"""These take a tenth of a second each, and differ by less than the machine's moods."""


def measure(settings: Settings) -> Section:
    """Each command against its goal, and the import against that of numpy."""
    contenders = [Contender(name, faltung_command(name.split()[1])) for name in (HELP, VERSION)]
    contenders += [Contender(code, [sys.executable, "-c", code]) for code in (PACKAGE, NUMPY, NOTHING)]
    (settings.folder / "plan.yaml").write_text(_CONFIG, "utf-8")
    write_recording(settings.folder / "plan.wav", FS)
    contenders += [Contender(name, faltung_command(*name.split()[1:])) for name in OTHERS]
    interleaved(contenders, 1, folder=settings.folder)  # brings the files into memory
    rounds = max(LEAST_ROUNDS, settings.runs)
    runs = interleaved(contenders, rounds, settings.budget.left, settings.say, settings.folder)
    rows = []
    for name, of_name in runs.items():
        wall = median_wall(of_name)
        said = "-" if wall is None else f"{wall:.3f}"
        rows.append((f"`{name}`", said, f"{peak_mb(of_name) or 0:.0f}"))
        settings.say(f"{name}: {said} s")
    ratio, wall = median_ratio(runs, PACKAGE, [NUMPY]), median_wall(runs[HELP])
    goals = [
        Goal(f"`{HELP}` under {HELP_S} s", f"{wall or 0:.3f} s", None if wall is None else wall < HELP_S),
        Goal(
            "`import pipeline` at most 2 times `import numpy`",
            f"{ratio or 0:.2f}",
            None if ratio is None else ratio <= 2,
        ),
    ]
    for name, most in OTHERS.items():
        wall = median_wall(runs[name])
        said = "-" if wall is None else f"{wall:.2f} s"
        goals.append(Goal(f"`{name}` under {most} s", said, None if wall is None else wall < most))
    body = f"Whole processes, medians; rounds: {len(runs[HELP])}.\n\n{table(('', 'wall s', 'peak MB'), rows)}"
    return Section("Start-up", body, goals, {n: [r and asdict(r) for r in of_n] for n, of_n in runs.items()})
