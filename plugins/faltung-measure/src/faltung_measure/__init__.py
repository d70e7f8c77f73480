"""Rooms measured with a sweep: it is played and recorded; turned round in time it folds the recording into the room.

Order of work: `sweeps` (what is played), `pilots` (where it stands in a recording), `clock` (two clocks made one),
`takes` (repeats cut out and averaged), `deconvolution` (the response), `noise` (where it ends), `bands` and `decays`
(figures of ISO 3382), `measuring` (all of it), `page` (what is shown). Each public name is imported when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .decays import BandFigures, decay
    from .deconvolution import deconvolve
    from .measured import Measured, PathFigures
    from .measuring import measure_room
    from .sweep_file import read_sweep, write_sweep
    from .sweeps import Sweep, sweep

__all__ = [
    "BandFigures",
    "Measured",
    "PathFigures",
    "Sweep",
    "decay",
    "deconvolve",
    "measure_room",
    "read_sweep",
    "sweep",
    "write_sweep",
]

_HOMES = {
    "decays": "BandFigures decay",
    "deconvolution": "deconvolve",
    "measured": "Measured PathFigures",
    "measuring": "measure_room",
    "sweep_file": "read_sweep write_sweep",
    "sweeps": "Sweep sweep",
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names.split():
            globals()[name] = value = getattr(import_module(f"{__name__}.{home}"), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
