"""Causal convolution of sampled signals, as a chain of stages; each name is imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.functional import convolve, correlate, from_channels_first
    from .engine.options import Options
    from .errors import FaltungError
    from .explain.causality import CausalityVerdict, causality_check
    from .explain.flip_check import flip_check
    from .explain.flip_verdict import FlipVerdict
    from .fields import Fraction, Gain, Hertz, InputFile, Seconds, Within
    from .kernel import Kernel
    from .library import Pipeline
    from .match.events import Event, Events
    from .match.find import find_matches, match_scores
    from .stages.base import Format, KernelStage, Processor, Stage, WholeSignalStage
    from .stages.convolve import Convolve
    from .stages.correlate import Correlate
    from .stages.delay import Delay
    from .stages.differentiate import Differentiate
    from .stages.echo import Echo
    from .stages.fir import Fir
    from .stages.gain import Gain as GainStage
    from .stages.match import Match
    from .stages.normalize import Normalize
    from .stages.parallel import Parallel
    from .stages.registry import stage
    from .stages.resample import Resample
    from .stages.reverb import Reverb
    from .stages.reverse import Reverse
    from .stages.route import Route
    from .stages.smooth import Smooth

__version__ = "0.1.0"

_HOMES = {
    "CausalityVerdict": "explain.causality",
    "Convolve": "stages.convolve",
    "Correlate": "stages.correlate",
    "Delay": "stages.delay",
    "Differentiate": "stages.differentiate",
    "Echo": "stages.echo",
    "Event": "match.events",
    "Events": "match.events",
    "FaltungError": "errors",
    "Fir": "stages.fir",
    "FlipVerdict": "explain.flip_verdict",
    "Format": "stages.base",
    "Fraction": "fields",
    "Gain": "fields",
    "GainStage": "stages.gain:Gain",
    "Hertz": "fields",
    "InputFile": "fields",
    "Kernel": "kernel",
    "KernelStage": "stages.base",
    "Match": "stages.match",
    "Normalize": "stages.normalize",
    "Options": "engine.options",
    "Parallel": "stages.parallel",
    "Pipeline": "library",
    "Processor": "stages.base",
    "Resample": "stages.resample",
    "Reverb": "stages.reverb",
    "Reverse": "stages.reverse",
    "Route": "stages.route",
    "Seconds": "fields",
    "Smooth": "stages.smooth",
    "Stage": "stages.base",
    "WholeSignalStage": "stages.base",
    "Within": "fields",
    "causality_check": "explain.causality",
    "convolve": "engine.functional",
    "correlate": "engine.functional",
    "find_matches": "match.find",
    "flip_check": "explain.flip_check",
    "from_channels_first": "engine.functional",
    "match_scores": "match.find",
    "stage": "stages.registry",
}

__all__ = [
    "CausalityVerdict",
    "Convolve",
    "Correlate",
    "Delay",
    "Differentiate",
    "Echo",
    "Event",
    "Events",
    "FaltungError",
    "Fir",
    "FlipVerdict",
    "Format",
    "Fraction",
    "Gain",
    "GainStage",
    "Hertz",
    "InputFile",
    "Kernel",
    "KernelStage",
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
    "Seconds",
    "Smooth",
    "Stage",
    "WholeSignalStage",
    "Within",
    "causality_check",
    "convolve",
    "correlate",
    "find_matches",
    "flip_check",
    "from_channels_first",
    "match_scores",
    "stage",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home, _, original = _HOMES[name].partition(":")
    value = getattr(import_module(f"{__name__}.{home}"), original or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
