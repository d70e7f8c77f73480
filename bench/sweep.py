"""Finds the best setting of each program that has several: what is compared with is what it can do at its best."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .peers import Case, installed
from .report import seconds
from .settings import Settings
from .signals import FS, write_recording
from .timing import Contender, interleaved

__all__ = ["Chosen", "best_settings"]

MINUTES = 3
ROUNDS = 2
"""The quickest run of each counts: what else the machine did can only have made it slower."""

Chosen = Mapping[int, Mapping[str, str]]
"""The best setting by the taps and by the program."""


def best_settings(settings: Settings, responses: Mapping[int, Path]) -> dict[int, dict[str, str]]:
    """Try every setting of every program on each response, in turn, and keep the quickest."""
    folder = settings.folder
    recording, output = write_recording(folder / "sweep.wav", round(MINUTES * 60 * FS)), folder / "sweep-output.wav"
    chosen: dict[int, dict[str, str]] = {}
    for taps, response in responses.items():
        case = Case(recording, response, taps, folder)
        for peer in installed():
            commands = {name: command(case, output) for name, command in peer.variants.items()}
            contenders = [Contender(name, command, output) for name, command in commands.items()]
            runs = interleaved(contenders, ROUNDS, float("inf"), settings.say, folder)
            walls = {name: min(run.wall_s for run in of if run) for name, of in runs.items() if any(of)}
            if walls:
                best = chosen.setdefault(taps, {})[peer.name] = min(walls, key=lambda name: walls[name])
                least, most = seconds(walls[best]), seconds(max(walls.values()))
                settings.say(f"{peer.name}, {taps:,} taps: best with {best}: {least} s, where the worst takes {most}")
    recording.unlink()
    return chosen
