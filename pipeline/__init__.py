"""Causal convolution of sampled signals, as a chain of stages; each name is imported when it is first used."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # as type checkers know it: to load `typing` takes longer than all else here

if TYPE_CHECKING:
    from typing import Any

    from faltung_flipcheck.causality import CausalityVerdict, causality_check
    from faltung_flipcheck.flip import flip_check
    from faltung_flipcheck.verdict import FlipVerdict

    from .engine.functional import convolve, correlate, from_channels_first
    from .engine.options import Options
    from .errors import FaltungError
    from .fields import Amplitude, Fraction, Hertz, InputFile, Seconds, Within
    from .io.labels import Label, read_labels
    from .io.signals import read_signal as read
    from .io.signals import write_signal as write
    from .kernel import Kernel
    from .library import Pipeline
    from .match.events import Event, Events
    from .match.find import find_matches, match_scores
    from .runs.baking import Baked, bake
    from .runs.plans import RunPlan, plan
    from .runs.results import FileResult, RunResult
    from .runs.running import RunProgress, run
    from .runs.searching import search
    from .stages.base import Format, KernelStage, Processor, Stage, WholeSignalStage
    from .stages.base.registry import stage
    from .stages.convolve import Convolve
    from .stages.correlate import Correlate
    from .stages.deconvolve import Deconvolve
    from .stages.delay import Delay
    from .stages.differentiate import Differentiate
    from .stages.echo import Echo
    from .stages.fir import Fir
    from .stages.gain import Gain
    from .stages.match import Match
    from .stages.normalize import Normalize
    from .stages.parallel import Parallel
    from .stages.resample import Resample
    from .stages.reverb import Reverb
    from .stages.reverse import Reverse
    from .stages.route import Route
    from .stages.smooth import Smooth

__version__ = "0.1.0"

__all__ = [
    "Amplitude",
    "Baked",
    "CausalityVerdict",
    "Convolve",
    "Correlate",
    "Deconvolve",
    "Delay",
    "Differentiate",
    "Echo",
    "Event",
    "Events",
    "FaltungError",
    "FileResult",
    "Fir",
    "FlipVerdict",
    "Format",
    "Fraction",
    "Gain",
    "Hertz",
    "InputFile",
    "Kernel",
    "KernelStage",
    "Label",
    "Match",
    "Normalize",
    "Options",
    "Parallel",
    "Pipeline",
    "Processor",
    "Resample",
    "Reverb",
    "Reverse",
    "Route",
    "RunPlan",
    "RunProgress",
    "RunResult",
    "Seconds",
    "Smooth",
    "Stage",
    "WholeSignalStage",
    "Within",
    "bake",
    "causality_check",
    "convolve",
    "correlate",
    "find_matches",
    "flip_check",
    "from_channels_first",
    "match_scores",
    "plan",
    "read",
    "read_labels",
    "run",
    "search",
    "stage",
    "write",
]

_HOMES = {
    "engine.functional": "convolve correlate from_channels_first",
    "engine.options": "Options",
    "errors": "FaltungError",
    "fields": "Amplitude Fraction Hertz InputFile Seconds Within",
    "faltung_flipcheck.causality": "CausalityVerdict causality_check",
    "faltung_flipcheck.flip": "flip_check",
    "faltung_flipcheck.verdict": "FlipVerdict",
    "io.labels": "Label read_labels",
    "io.signals": "read=read_signal write=write_signal",
    "kernel": "Kernel",
    "library": "Pipeline",
    "match.events": "Event Events",
    "match.find": "find_matches match_scores",
    "runs.baking": "Baked bake",
    "runs.plans": "RunPlan plan",
    "runs.results": "FileResult RunResult",
    "runs.running": "RunProgress run",
    "runs.searching": "search",
    "stages.base": "Format KernelStage Processor Stage WholeSignalStage",
    "stages.convolve": "Convolve",
    "stages.correlate": "Correlate",
    "stages.deconvolve": "Deconvolve",
    "stages.delay": "Delay",
    "stages.differentiate": "Differentiate",
    "stages.echo": "Echo",
    "stages.fir": "Fir",
    "stages.gain": "Gain",
    "stages.match": "Match",
    "stages.normalize": "Normalize",
    "stages.parallel": "Parallel",
    "stages.base.registry": "stage",
    "stages.resample": "Resample",
    "stages.reverb": "Reverb",
    "stages.reverse": "Reverse",
    "stages.route": "Route",
    "stages.smooth": "Smooth",
}
"""Public names of each module, of this package or of one that is bundled, and its own where that is another."""

_RENAMED = {"GainStage": "Gain"}
"""Names of before; each goes with the next version."""


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        import warnings

        warnings.warn(f"pipeline.{name} is called pipeline.{_RENAMED[name]} now", DeprecationWarning, stacklevel=2)
        return __getattr__(_RENAMED[name])
    for home, names in _HOMES.items():
        own = {word.partition("=")[0]: word.rpartition("=")[2] for word in names.split()}
        if name in own:
            if home.startswith("faltung_"):
                from .plugins import bundled

                module = bundled(home, f"{__name__}.{name}")
            else:
                module = import_module(f"{__name__}.{home}")
            value = getattr(module, own[name])
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
