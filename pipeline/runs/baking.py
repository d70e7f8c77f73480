"""A chain of stages as one kernel, and a kernel as a file that other convolvers read.

A file has no origin: a kernel that needs the future is written as it is, tap 0 first, and what is convolved with it
comes out late by ``origin`` frames. A kernel that routes has one file channel for each path, by input, then output:
LL LR RL RR for stereo.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..config.inputs import files_read
from ..config.load import LoadedConfig
from ..engine.lateness import late_by
from ..errors import SettingError, SignalError, UsageError
from ..io import probe, write_signal
from ..io.apart import Named, keep_apart, sidecar_written
from ..io.arrays import PLAIN, plain_bytes
from ..io.encodings import can_hold
from ..io.formats import container_and_subtype
from ..io.remote import place_of
from ..io.sink import write_bytes
from ..io.tables import refuse_other_rate
from ..job import Job
from ..kernel import Kernel
from ..library import Pipeline
from .plans import described_format
from .work import Config, load, sources_of


@dataclass(frozen=True)
class Baked:
    """A kernel as it was written to a file.

    Examples
    --------
    >>> made = bake([Delay(delay="2 samples")], "ir.txt", fs=48_000)
    >>> made.form, made.taps, made.to_dict()["file_channels"]
    ('text, one tap a line', 3, 1)
    """

    output: str
    form: str
    taps: int
    fs: float
    file_channels: int
    late_frames: int
    """Frames by which a signal convolved with the file comes out late."""
    largest_at: int
    """Index of the largest tap in the file, where the sound is."""
    routes: str | None
    peak: float
    peak_gain_db: float | None
    asymmetry: float

    def to_dict(self) -> dict[str, Any]:
        """Facts as plain data."""
        return asdict(self)


def bake(
    config: Config,
    output: str | os.PathLike[str],
    *,
    settings: Sequence[str] = (),
    fs: float | str | None = None,
    channels: int | None = None,
    subtype: str | None = None,
    overwrite: bool = False,
) -> Baked:
    """The whole chain as one impulse response in a file, for any other convolver: what ``faltung bake`` does.

    Parameters
    ----------
    config, settings
        as for `run`.
    output
        an audio file, ``.npy`` or ``.txt`` with one tap a line.
    fs, channels
        rate in Hz, and channels, that the kernel is for; those of the configuration's first input unless given.
    subtype
        encoding of an audio file; DOUBLE where it can hold that, so that nothing is lost.
    overwrite
        replace what stands under the name.

    Returns
    -------
    Baked
        what was written, and how late it makes a signal.

    Raises
    ------
    ConfigError
        what is wrong with the configuration; a stage that is no kernel, named with its line.
    UsageError
        nothing tells the rate; the name is taken or says no format, or the format cannot hold the taps.
    SignalError
        taps over full scale for an encoding of whole numbers.

    Examples
    --------
    >>> made = bake([Echo(delay="3 samples", gain=0.5)], "ir.npy", fs=48_000)
    >>> made.taps, made.late_frames
    (4, 0)
    """
    loaded, name = load(config, settings), os.fspath(output)
    place = place_of(name)
    beside = None if place.suffix.lower() in PLAIN else sidecar_written(place, timed=False)
    keep_apart(files_read(loaded), [Named(place), *([] if beside is None else [Named(beside, "its sidecar")])])
    return _write_kernel(_chain_kernel(loaded, fs, channels), name, subtype, overwrite=overwrite)


def _chain_kernel(loaded: LoadedConfig, fs: float | str | None, channels: int | None) -> Kernel:
    """All stages as one kernel, at the rate and for the channels of the first input unless described."""
    settings = loaded.settings
    described = described_format(loaded, fs, channels)
    if described is not None:
        rate, count_in = described.fs, described.channels
    else:
        sources, _ = sources_of(loaded)
        if not sources:
            raise UsageError("no input tells rate and channels; give fs=, and channels= where there is more than one")
        info = probe(str(sources[0]), **Job.of(settings).reading)
        rate, count_in = info.fs, info.channels
    try:
        kernel = Pipeline(settings.stages, **Job.of(settings).reading).kernel(rate, count_in)
    except SettingError as error:
        raise loaded.locate(error) from error
    return Kernel(kernel.taps, kernel.origin, rate)


def _write_kernel(kernel: Kernel, output: str, subtype: str | None, *, overwrite: bool) -> Baked:
    """Write the taps; the kind of file goes by its extension."""
    fs = kernel.fs or 1.0
    extension = Path(output).suffix.lower()
    if extension in PLAIN:
        if subtype is not None:
            raise UsageError(f"{output}: {extension} holds the taps in full; subtype= is for audio files")
        refuse_other_rate(output, fs)
        write_bytes(output, plain_bytes(kernel.taps, extension), overwrite=overwrite)
        form = "NumPy array, float64" if extension == ".npy" else "text, one tap a line"
    else:
        form = _write_audio(kernel, output, subtype, overwrite=overwrite)
    gain = kernel.peak_gain_db
    return Baked(
        output=output,
        form=form,
        taps=kernel.length,
        fs=fs,
        file_channels=int(kernel.taps[0].size),
        late_frames=kernel.origin,
        largest_at=kernel.origin + late_by(kernel),
        routes=_routes(kernel),
        peak=float(np.abs(kernel.taps).max()),
        peak_gain_db=gain if np.isfinite(gain) else None,
        asymmetry=kernel.asymmetry,
    )


def _write_audio(kernel: Kernel, output: str, subtype: str | None, *, overwrite: bool) -> str:
    container = container_and_subtype(Path(output), None, subtype)[0]
    if subtype is None and can_hold(container, "DOUBLE"):
        subtype = "DOUBLE"
    taps = kernel.taps.reshape(kernel.length, -1)
    try:
        written = write_signal(output, taps, kernel.fs or 1.0, subtype=subtype, clip="error", overwrite=overwrite)
    except SignalError as error:
        raise SignalError(f"{output}: {str(error).removesuffix(', or set clip: warn')}") from error
    return " ".join(filter(None, (written.container, written.subtype)))


def _routes(kernel: Kernel) -> str | None:
    """The paths of a kernel that routes, in the order of the file's channels."""
    if kernel.taps.ndim < 3:
        return None
    ins, outs = kernel.taps.shape[1:]
    names = "LR" if max(ins, outs) <= 2 else [f"{i}>" for i in range(max(ins, outs))]
    return " ".join(f"{names[i]}{names[o]}".removesuffix(">") for i in range(ins) for o in range(outs))
