"""Effects of pedalboard, and VST3 plugins, as stages: each is given blocks of one size, in order, from rest.

What an effect holds back it gives out for more input only: so it is fed silence at the end, as long as it takes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from pipeline import Format, Processor, Seconds, Stage, Within, stage
from pipeline.errors import SettingError
from pipeline.fields import invalid
from pipeline.units import Duration

__all__ = ["Effect", "Vst3"]

_Array = np.ndarray[Any, Any]
_Value = float | bool | str
_Tail = Annotated[Seconds, Within("0 s", "1 min")]

BLOCK = 4096
"""Frames that an effect is given at a time."""
_PATIENCE = 64
"""Blocks of silence after which an effect that gives nothing is given up."""
_NO_EFFECTS = {
    "Plugin",
    "PluginContainer",
    "Pedalboard",
    "ExternalPlugin",
    "VST3Plugin",
    "AudioUnitPlugin",
    "Chain",
    "Mix",
}
_FOLDERS = {
    "linux": ("~/.vst3", "/usr/lib/vst3", "/usr/local/lib/vst3"),
    "darwin": ("~/Library/Audio/Plug-Ins/VST3", "/Library/Audio/Plug-Ins/VST3"),
    "win32": (r"C:\Program Files\Common Files\VST3",),
}


def _pedalboard() -> Any:
    try:
        import pedalboard
    except ImportError as error:
        raise invalid(f"needs pedalboard: pip install pedalboard ({error})") from None
    return pedalboard


class _PedalboardStage(Stage):
    linear: ClassVar[bool] = False
    time_invariant: ClassVar[bool] = False

    tail: _Tail = Duration(0.0, "s")
    """Time that it sounds on after the input's end."""

    def _effect(self) -> Any:
        raise NotImplementedError

    def open(self, fmt: Format) -> Processor:
        """Begin one signal with an effect of its own."""
        effect = self._effect()
        try:
            effect.process(np.zeros((fmt.channels, 32), np.float32), fmt.fs, reset=True)
        except Exception as error:
            raise SettingError(f"does not take {fmt.channels} channels at {fmt.fs:g} Hz: {error}", "use") from error
        return _Running(effect, fmt, fmt.frames(self.tail))


@stage("pedalboard.effect")
class Effect(_PedalboardStage):
    """Runs an effect of pedalboard."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"effect": "Compressor", "settings": {"threshold_db": -20, "ratio": 4}},
        {"effect": "Reverb", "settings": {"room_size": 0.7}, "tail": "500 ms"},
    )

    effect: str
    """Name of a class of pedalboard: Reverb, Compressor, Chorus, Phaser, Delay, Limiter ..."""
    settings: dict[str, _Value] = Field(default_factory=dict)
    """Its settings, as pedalboard calls them."""

    @field_validator("effect")
    @classmethod
    def _is_one(cls, value: str) -> str:
        known = _effects()
        if value not in known:
            raise invalid(f"no effect is called {value!r}; there are {', '.join(known)}")
        return value

    @field_validator("settings")
    @classmethod
    def _are_taken(cls, value: dict[str, _Value], info: ValidationInfo) -> dict[str, _Value]:
        if "effect" in info.data:
            _made(info.data["effect"], value)
        return value

    def _effect(self) -> Any:
        return _made(self.effect, self.settings)


def _effects() -> list[str]:
    pedalboard = _pedalboard()
    found = (name for name, one in vars(pedalboard).items() if isinstance(one, type) and name[0].isupper())
    return sorted(
        name for name in found if issubclass(getattr(pedalboard, name), pedalboard.Plugin) and name not in _NO_EFFECTS
    )


def _made(name: str, settings: dict[str, _Value]) -> Any:
    try:
        return getattr(_pedalboard(), name)(**settings)
    except TypeError as error:
        taken = str(error).partition("1. ")[2].partition("\n")[0].partition("(")[2].rpartition(")")[0]
        raise invalid(f"{name} takes {taken or 'no settings'}, got {settings}") from None
    except (ValueError, RuntimeError) as error:
        raise invalid(f"{name}: {error}") from None


@stage("pedalboard.vst3")
class Vst3(_PedalboardStage):
    """Runs a VST3 plugin that is installed."""

    plugin: str
    """Name of the plugin, as it lies in a folder of VST3 plugins, without its ending."""
    settings: dict[str, _Value] = Field(default_factory=dict)
    """Its parameters, as pedalboard calls them."""

    @field_validator("plugin")
    @classmethod
    def _is_installed(cls, value: str) -> str:
        _place_of(value)
        return value

    @field_validator("settings")
    @classmethod
    def _are_parameters(cls, value: dict[str, _Value], info: ValidationInfo) -> dict[str, _Value]:
        if value and "plugin" in info.data:
            _turned(_loaded(info.data["plugin"]), info.data["plugin"], value)
        return value

    def _effect(self) -> Any:
        return _turned(_loaded(self.plugin), self.plugin, self.settings)


def _loaded(name: str) -> Any:
    place = _place_of(name)
    try:
        return _pedalboard().load_plugin(str(place))
    except Exception as error:
        raise SettingError(f"{place} cannot be loaded: {error}", "plugin") from error


def _turned(effect: Any, name: str, values: dict[str, _Value]) -> Any:
    for parameter, value in values.items():
        if parameter not in effect.parameters:
            raise invalid(f"{name} has no parameter {parameter!r}; there are {', '.join(effect.parameters)}")
        try:
            setattr(effect, parameter, value)
        except (ValueError, TypeError) as error:
            raise invalid(f"{name}: {error}") from None
    return effect


def folders() -> list[Path]:
    """Folders that plugins are loaded from: those of the system, and of ``FALTUNG_VST3_PATH``."""
    given = [one for one in os.environ.get("FALTUNG_VST3_PATH", "").split(os.pathsep) if one]
    return [Path(one).expanduser() for one in (*given, *_FOLDERS.get(sys.platform, ()))]


def _place_of(name: str) -> Path:
    if Path(name).name == name:
        for folder in folders():
            if (place := folder / f"{name}.vst3").exists():
                return place
    looked = ", ".join(map(str, folders()))
    raise invalid(f"is the name of a VST3 plugin that is installed, got {name!r}; looked into {looked}")


class _Running:
    """An effect at work, with the frames that do not fill a block yet."""

    def __init__(self, effect: Any, fmt: Format, tail: int) -> None:
        self.format = fmt
        self.latency = 0
        self.tail = tail
        self._run, self._waiting = effect, fmt.empty()
        self._frames_in = self._frames_out = 0
        effect.reset()

    def process(self, block: _Array) -> _Array:
        """What the effect gives for the blocks that are full."""
        self._frames_in += len(block)
        waiting = np.concatenate([self._waiting, block])
        full = len(waiting) // BLOCK * BLOCK
        self._waiting = waiting[full:]
        return self._given([waiting[start : start + BLOCK] for start in range(0, full, BLOCK)])

    def flush(self) -> _Array:
        """What is left, what it held back, and the tail."""
        if not self._frames_in:
            return self.format.empty()
        rest = np.concatenate([self._waiting, self.format.empty(BLOCK - len(self._waiting))])
        parts = [self._given([rest])]
        patience = _PATIENCE
        while self._frames_out < self._frames_in + self.tail and patience:
            parts.append(self._given([self.format.empty(BLOCK)]))
            patience = patience - 1 if not len(parts[-1]) else _PATIENCE
        return np.concatenate(parts)

    def _given(self, blocks: list[_Array]) -> _Array:
        parts = [self.format.empty()]
        for block in blocks:
            x = np.ascontiguousarray(block.T, np.float32)
            y = self._run.process(x, self.format.fs, reset=False)
            parts.append(np.asarray(y.T, self.format.dtype))
        out = np.concatenate(parts)[: self._frames_in + self.tail - self._frames_out]
        self._frames_out += len(out)
        return out
