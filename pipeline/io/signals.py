"""Whole signals: a file as one array and back, for what is short enough to be held at once."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ReadError, SignalError, UsageError
from ..limits import MAX_CHANNELS, at_most
from .apart import sidecar_written
from .base import Block, OutputFormat, PathArg, SignalInfo, WriteReport
from .formats import open_reader, open_writer
from .kinds import writer_kind
from .names import display
from .remote import place_of
from .sink import remove_left_behind
from .tables import is_own_sidecar

READ_FRAMES = 1 << 16


def probe(path: PathArg, **options: Any) -> SignalInfo:
    """Facts that `open_reader` knows of a file, with the same options and errors, without reading its frames."""
    with open_reader(path, **options) as reader:
        return reader.info


def read_signal(path: PathArg, *, max_frames: int = 1 << 26, **options: Any) -> tuple[Block, SignalInfo]:
    """Read a whole small file: an impulse response, a template, a take of some minutes.

    Parameters
    ----------
    path
        of the file, or a URL of a store; ``"-"`` is standard input.
    max_frames
        more is an error: whole recordings are for `open_reader`, block by block.
    options
        ``fs`` in Hz of a table that tells none; ``columns``, its channels, and ``time_column``, each by name or
        position from 0; ``gaps="interpolate"`` or ``"nan"`` for gaps in its times; ``truncated="accept"`` for a file
        that is cut short; ``dtype``, float64 or float32.

    Returns
    -------
    x
        samples, shape ``(frames, channels)``; integer audio in ±1.0, tables as they are.
    info
        the rate ``info.fs`` in Hz, and what else is known of the file.

    Raises
    ------
    ReadError
        As of `open_reader`, or the file is longer than ``max_frames``.
    UsageError
        Options that do not go together.

    Examples
    --------
    >>> import pipeline
    >>> written = pipeline.write("click.wav", [0.0, 0.5, 0.0], fs=8000, subtype="PCM_16", overwrite=True)
    >>> x, info = pipeline.read("click.wav")
    >>> x[:, 0].tolist(), info.fs, info.subtype
    ([0.0, 0.5, 0.0], 8000.0, 'PCM_16')
    """
    with open_reader(path, **options) as reader:
        blocks = [reader.read(READ_FRAMES)]
        total = len(blocks[0])
        while len(blocks[-1]) == READ_FRAMES and total <= max_frames:
            blocks.append(reader.read(READ_FRAMES))
            total += len(blocks[-1])
        if total > max_frames:
            raise ReadError(display(path), f"is longer than the {max_frames} frames that are loaded at once")
        return np.concatenate(blocks), reader.info


def write_signal(
    path: PathArg,
    x: ArrayLike,
    fs: float,
    *,
    subtype: str | None = None,
    dither: Literal["none", "tpdf"] = "none",
    clip: Literal["warn", "error"] = "warn",
    source: SignalInfo | None = None,
    overwrite: bool = False,
) -> WriteReport:
    """Write a whole signal; its name appears when all of it is safe on the disk.

    Parameters
    ----------
    path
        its extension decides the container, see `extensions`; ``"-"`` is standard output, a WAV.
    x
        samples, shape ``(frames,)`` or ``(frames, channels)``; for audio floating point, with full scale at ±1.0.
    fs
        sampling rate in Hz.
    subtype
        encoding, by libsndfile's name (``"PCM_24"``, ``"FLOAT"``); None takes that of ``source``, else FLOAT, or
        the nearest to it that the container holds.
    dither
        ``"tpdf"`` adds triangular noise 2 LSB wide before integers are rounded.
    clip
        ``"warn"`` counts what is over full scale, ``"error"`` refuses it.
    source
        what `read_signal` told of the input, whose encoding, tags, names and time column are kept.
    overwrite
        replace what stands under the name.

    Returns
    -------
    WriteReport
        Container, encoding, peak, samples clipped, bytes, and in words what was changed or lost.

    Raises
    ------
    SignalError
        ``x`` is no such array, or holds what the encoding cannot.
    UsageError
        The name is taken or says no format, or the container cannot hold the rate, the channels or the encoding.
    WriteError
        It cannot be written, with the true cause.

    Examples
    --------
    >>> import pipeline
    >>> report = pipeline.write("ramp.wav", [0.0, 0.25, 1.5], fs=8000, subtype="PCM_16", overwrite=True)
    >>> report.frames, report.clipped, report.first_clip
    (3, 1, (2, 0))
    """
    name = display(path)
    for setting, value, known in (("dither", dither, ("none", "tpdf")), ("clip", clip, ("warn", "error"))):
        if value not in known:
            raise UsageError(f"{name}: {setting} is {' or '.join(map(repr, known))}, got {value!r}")
    try:
        samples = np.asarray(x)
    except ValueError:  # rows of different lengths
        raise SignalError(f"{name}: a signal is an array of numbers, got {x!r:.60}") from None
    if samples.ndim not in (1, 2) or samples.dtype.kind not in "fiub":
        got = f"{samples.dtype} {samples.shape}"
        raise SignalError(f"{name}: a signal is numbers of shape (frames,) or (frames, channels), got {got}")
    if samples.dtype.kind != "f":
        if not writer_kind(name, source).is_table:
            fix = "divide integers by their full scale, 2**15 for int16"
            raise SignalError(f"{name}: audio is floating point with full scale at ±1.0, got {samples.dtype}; {fix}")
        samples = samples.astype(np.float64)
    block = samples[:, None] if samples.ndim == 1 else samples
    if block.shape[1] > MAX_CHANNELS:
        many = f"shape {samples.shape} has {block.shape[1]} channels, {at_most('channels')} are written"
        raise UsageError(f"{name}: {many}. Is it (channels, frames)? Give its transpose")
    beside = sidecar_written(name, timed=source is not None and source.time is not None)
    if beside is not None:
        is_own_sidecar(place_of(name), [place_of(name)])
    remove_left_behind([name] if beside is None else [name, beside])
    fmt = OutputFormat(subtype, dither, clip)
    with open_writer(
        path, fs=fs, channels=block.shape[1], frames=len(block), source=source, fmt=fmt, overwrite=overwrite
    ) as writer:
        writer.write(block)
        return writer.commit()
