"""Headerless samples, as convolvers and designers of filters keep responses: one channel, in an encoding that is said.

Names are those of CamillaDSP, BruteFIR and ALSA. What the name of a file says (``.dbl``, ``.f32``) need not be said
again; ``.pcm`` and ``.raw`` are taken as 32-bit floats where their bytes can be.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.errors import ReadError
from pipeline.fields import invalid
from pipeline.io.base import Block
from pipeline.text import nearest

_LAYOUTS = {"FLOAT32": ("f4", 1.0), "FLOAT64": ("f8", 1.0), "S8": ("i1", 2.0**7), "S16": ("i2", 2.0**15)}
_LAYOUTS |= {"S24_3": ("u1", 2.0**31), "S24_4_RJ": ("i4", 2.0**23), "S24_4_LJ": ("i4", 2.0**31), "S32": ("i4", 2.0**31)}
FORMATS = tuple(f"{name}_{order}" for name in _LAYOUTS for order in ("LE", "BE"))
_ALIASES = {"FLOAT": "FLOAT32", "F32": "FLOAT32", "DOUBLE": "FLOAT64", "F64": "FLOAT64", "S24_4": "S24_4_RJ"}
_ALIASES |= {"S24": "S24_4_RJ", "S243": "S24_3", "PCM_16": "S16", "PCM_24": "S24_3", "PCM_32": "S32"}
_NAMED = {".f32": "FLOAT32", ".float": "FLOAT32", ".f64": "FLOAT64", ".dbl": "FLOAT64", ".double": "FLOAT64"}
_NAMED |= {".s16": "S16", ".s24": "S24_3", ".s32": "S32"}
_MOST_BYTES = 1 << 27


def known(value: str) -> str:
    """Name of an encoding that a setting means; raises where there is none such."""
    name = value.upper().replace("LE3", "_3_LE").replace("LE4", "_4_LE").replace("-", "_")
    order = "BE" if name.endswith("BE") else "LE"
    name = name.removesuffix(order).rstrip("_").replace("__", "_")
    name = f"{_ALIASES.get(name, name)}_{order}"
    if name not in FORMATS:
        near = nearest(name, FORMATS)
        fix = f"did you mean {near}?" if near else f"known are {', '.join(FORMATS)}"
        raise invalid(f"must be an encoding of headerless samples such as FLOAT32_LE or S16_LE, got {value!r}; {fix}")
    return name


def told_by_name(path: Path) -> str:
    """Encoding of a headerless file by its name, one of 32-bit floats where it says none."""
    return f"{_NAMED.get(path.suffix.lower(), 'FLOAT32')}_LE"


def load_raw(path: Path, name: str | None) -> Block:
    """Samples of a headerless file, integers in ±1.0; raises `ReadError` where they cannot be of this encoding."""
    said = name or told_by_name(path)
    kind, scale = _LAYOUTS[said[:-3]]
    order = "<" if said.endswith("LE") else ">"
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise ReadError(str(path), f"has {size:,} bytes; a response has at most {_MOST_BYTES:,}")
    data = path.read_bytes()
    width = 3 if said.startswith("S24_3") else np.dtype(kind).itemsize
    if not data or len(data) % width:
        raise ReadError(str(path), f"has {len(data)} bytes, no whole number of samples of {said}; say its format:")
    if width == 3:
        packed = np.frombuffer(data, np.uint8).reshape(-1, 3)[:, :: 1 if order == "<" else -1]
        wide = np.zeros((len(packed), 4), np.uint8)
        wide[:, 1:] = packed
        return wide.view("<i4")[:, 0] / scale
    with np.errstate(invalid="ignore"):  # bytes that are no floats are told below
        samples = np.frombuffer(data, f"{order}{kind}").astype(np.float64) / scale
    if said.startswith("S24_4_RJ") and (np.abs(samples) > 1).any():
        raise ReadError(str(path), f"holds more than 24 bits, so is not {said}; S24_4_LJ_LE or S32_LE may be meant")
    largest = np.abs(samples).max()
    if kind[0] == "f" and not largest < 1e6:  # also NaN
        raise ReadError(str(path), f"read as {said} it holds {largest:.3g}, which no response does; say its format:")
    if name is None and path.suffix.lower() not in _NAMED and not _plausible(samples):
        raise ReadError(str(path), "has no header, and its bytes are no 32-bit floats; say its format:, such as S16_LE")
    return samples


def _plausible(samples: Block) -> bool:
    """Whether 32-bit floats may be meant: none is tiny beyond hearing, and not each second one 0, as in 64 bits."""
    size = np.abs(samples[samples != 0])
    halves = len(samples) > 1 and len(samples) % 2 == 0 and not samples[::2].any()
    return len(size) > 0 and not halves and (size < 1e-20).mean() < 0.01
