"""Sweep files: what is played, with its settings in the file's comment and in a sidecar, so that none are repeated."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import FaltungError, ReadError, UsageError
from pipeline.io import WriteReport, probe, read_signal, write_signal
from pipeline.io.apart import Named, keep_apart
from pipeline.io.base import SignalInfo
from pipeline.io.kinds import is_table_name
from pipeline.io.names import refuse_taken
from pipeline.io.remote import place_of
from pipeline.io.sink import write_bytes

from .sweeps import Sweep, sweep

__all__ = ["read_sweep", "write_sweep"]

_MARK = "faltung sweep "
_TOLERANCE = 1e-3  # of full scale, between the samples and the settings; 16 bits round to 3e-5


def write_sweep(made: Sweep, path: str | os.PathLike[str], *, overwrite: bool = False) -> WriteReport:
    """Write what is played, in 24 bits, and its settings beside it (``sweep.json``).

    Parameters
    ----------
    made
        the sweep, as `sweep` makes it.
    path
        ``sweep.wav``; its extension decides the container.
    overwrite
        replace what stands under the two names.

    Returns
    -------
    WriteReport
        of the sound file.

    Raises
    ------
    UsageError, WriteError
        the name is taken or says no format; it cannot be written.

    Examples
    --------
    >>> written = write_sweep(sweep(length="1 s", to_hz=3500, fs=8000), "sweep.wav", overwrite=True)
    >>> written.subtype, read_sweep("sweep.wav").length_s
    ('PCM_24', 1.0)
    """
    name = os.fspath(path)
    sidecar = sweep_sidecar(name)
    if is_table_name(name):
        raise UsageError(f"{name}: a sweep is played, and a table is not; give it a name such as sweep.wav")
    if name == "-":
        raise UsageError("a sweep goes into a file, which measure reads again; give -o sweep.wav")
    keep_apart((), [Named(place_of(name)), Named(sidecar, f"the settings of {name}")])
    refuse_taken(sidecar, overwrite=overwrite)
    if sidecar.exists() and b'"from_hz"' not in sidecar.read_bytes():
        raise UsageError(f"{sidecar}: is needed for the settings of {name}, and is another file; give another name")
    text = json.dumps(made.to_dict())
    tagged = SignalInfo(made.fs, len(made.channels), None, "WAV", "PCM_24", tags=(("comment", _MARK + text),))
    subtype = "PCM_24" if Path(name).suffix.lower() in {".wav", ".flac", ".aiff", ".aif", ".w64"} else None
    report = write_signal(name, made.signal(), made.fs, subtype=subtype, source=tagged, overwrite=overwrite)
    write_bytes(sidecar, (json.dumps(made.to_dict(), indent=2) + "\n").encode(), overwrite=overwrite)
    return report


def read_sweep(path: str | os.PathLike[str]) -> Sweep:
    """Settings of a sweep file, from its comment or its sidecar; the samples must be what they say.

    Parameters
    ----------
    path
        of the file as `write_sweep` or ``faltung sweep`` wrote it.

    Returns
    -------
    Sweep
        for `measure_room` and `deconvolve`.

    Raises
    ------
    ReadError
        it cannot be read, holds no settings, or other samples than they say.

    Examples
    --------
    >>> played = sweep(length="1 s", to_hz=3500, fs=8000)
    >>> _ = write_sweep(played, "sweep.wav", overwrite=True)
    >>> read_sweep("sweep.wav").repeats
    1
    """
    name = os.fspath(path)
    info = probe(name)
    comment = dict(info.tags).get("comment", "")
    sidecar = sweep_sidecar(name)
    if comment.startswith(_MARK):
        text = comment[len(_MARK) :]
    elif sidecar.is_file():
        text = sidecar.read_text("utf-8", errors="replace")
    else:
        fix = f"give the file that faltung sweep wrote, or put its {sidecar.name} beside it"
        raise ReadError(name, f"holds no settings of a sweep; {fix}")
    try:
        made = _from_data(json.loads(text))
    except (ValueError, TypeError, KeyError, FaltungError) as error:
        raise ReadError(name, f"its settings are none of a sweep: {error}") from error
    x, _ = read_signal(name)
    expected = made.signal()
    if info.fs != made.fs or x.shape != expected.shape or np.abs(x - expected).max() > _TOLERANCE:
        raise ReadError(
            name, "holds other samples than its settings say; it was changed, make it again by faltung sweep"
        )
    return made


def _from_data(data: dict[str, Any]) -> Sweep:
    """A sweep from its settings, checked as `sweep` does."""
    return sweep(
        from_hz=data["from_hz"], to_hz=data["to_hz"], length=data["length_s"], fs=data["fs"],
        repeats=int(data["repeats"]), channels=tuple(map(str, data["channels"])), silence=data["silence_s"],
        level=float(data["level"]),
    )  # fmt: skip


def sweep_sidecar(name: str | os.PathLike[str]) -> Path:
    """File with the settings of a sweep, beside it."""
    return Path(name).with_suffix(".json")
