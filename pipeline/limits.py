"""Limits on what an input or a configuration may ask for; the environment sets others, which neither of the two can.

``FALTUNG_LIMITS="channels=128 taps=20000000"`` holds for this process, and for the workers that it starts.
"""

from __future__ import annotations

import os

from .errors import UsageError

_DEFAULTS = {
    "channels": 64,
    "frames": 1 << 40,
    "rows": 1_000_000,
    "taps": 10_000_000,
    "repeats": 100_000,
    "sidecar_bytes": 1 << 16,
    "yaml_bytes": 1 << 18,
    "yaml_values": 10_000,
}


def _settled(text: str) -> dict[str, int]:
    settled = dict(_DEFAULTS)
    for word in text.replace(",", " ").split():
        name, _, value = word.partition("=")
        if name not in settled or not value.isdecimal() or len(value) > 15 or int(value) == 0:
            known = " ".join(f"{one}={most}" for one, most in _DEFAULTS.items())
            message = f"the environment variable FALTUNG_LIMITS holds {word!r}; by default it is {known!r}"
            raise UsageError(message)
        settled[name] = int(value)
    return settled


_limits = _settled(os.environ.get("FALTUNG_LIMITS", ""))

MAX_CHANNELS = _limits["channels"]
"""Channels of a signal, read or written: more than any recorder writes; a broken header asks for thousands."""
MAX_FRAMES = _limits["frames"]
"""Frames that a file may declare: 265 days at 48 kHz."""
MAX_ROWS = _limits["rows"]
"""Rows of a table with its gaps filled, where there are fewer than a hundredth of that."""
MAX_TAPS = _limits["taps"]
"""The longest kernel accepted: 208 s at 48 kHz."""
LEAST_FS, MOST_FS = 1e-30, 1e30
"""Lowest and highest rate of a signal in Hz: far inside the range of numbers, so that sums of them stay there too."""
MAX_REPEATS = _limits["repeats"]
MAX_SIDECAR_BYTES = _limits["sidecar_bytes"]
"""Of a sidecar, and of an array in an NPZ that says something of another."""
MAX_YAML_BYTES = _limits["yaml_bytes"]
MAX_YAML_VALUES = _limits["yaml_values"]


def set_by(name: str) -> str:
    """How a limit is set: ``FALTUNG_LIMITS="channels=..." sets it``."""
    return f'FALTUNG_LIMITS="{name}=..." sets it'


def at_most(name: str) -> str:
    """A limit in words: ``at most 64 channels (FALTUNG_LIMITS="channels=..." sets it)``."""
    return f"at most {_limits[name]:,} {name.replace('_', ' ')} ({set_by(name)})"
