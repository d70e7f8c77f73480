"""`measure_room`: from recordings of a sweep to the response of the room, its figures, and files of both."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt

from pipeline.engine.functional import as_signal
from pipeline.errors import SettingError, SignalError, UsageError
from pipeline.io import read_signal, write_signal
from pipeline.io.apart import Named, keep_apart, read_with_sidecars, sidecar_written
from pipeline.io.names import display, refuse_taken
from pipeline.io.remote import place_of
from pipeline.kernel import Array
from pipeline.text import hertz, number
from pipeline.units import parse_duration

from .decays import TOO_SHORT, decay
from .deconvolution import Method
from .distortion import harmonics_of, total_db
from .measured import Measured, PathFigures
from .noise import Knee
from .response import Raw, before_zero, combined, cut_out, knees_of, raw_of
from .sweep_file import read_sweep, sweep_sidecar
from .sweeps import Sweep
from .takes import Take, take_of

__all__ = ["Recording", "measure_room"]

Recording = str | os.PathLike[str] | npt.ArrayLike

_LEAST_DB = 20.0  # of the highest sample above the noise: less is no response
_ENDED_DB = 45.0  # a decay that was followed for less had not ended when the silence did
_AUDIBLE_DB = -60.0
_LEAST_DIRECT_DB = -25.0


def measure_room(
    recordings: Recording | Sequence[str | os.PathLike[str]],
    sweep: Sweep | str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    method: Method = "division",
    keep_delay: bool = False,
    length: float | str | None = None,
    overwrite: bool = False,
) -> Measured:
    """Impulse response of a room from recordings of a sweep that was played into it, with its figures by ISO 3382.

    The pilots are found by matching, the recorder's clock is brought to the player's, repeats are averaged, the
    sweep is taken out (`deconvolve`), and the response is cut where its decay meets the noise.

    Parameters
    ----------
    recordings
        a file, several takes of one room from one place, or an array ``(frames, mics)`` at the sweep's rate.
    sweep
        the file that was played, as ``faltung sweep`` or `write_sweep` wrote it; or its settings.
    output
        file for the response, ready for `Reverb`: floating point, a channel for each path (LL LR RL RR).
    method
        ``division`` of spectra, or ``inverse``: the sweep turned round in time.
    keep_delay
        time zero is when the sweep was played, which a recorder started together with the player knows; else it is
        the direct sound, 1 ms behind the response's first frame (for a sweep to 20 kHz).
    length
        of the response, in seconds or with a unit; default: to where the noise begins.
    overwrite
        replace what stands under ``output``.

    Returns
    -------
    Measured
        the response as taps and `Kernel`, drift, distortion, figures, and warnings in words.

    Raises
    ------
    SignalError
        no pilot, another sweep, a recording clipped, too quiet, cut off, drifting too far, or of another room.
    SettingError, UsageError, ReadError, WriteError
        a setting that cannot be; rates that differ; files that cannot be read or written.

    Examples
    --------
    >>> import numpy as np
    >>> import faltung_measure
    >>> played = faltung_measure.sweep(from_hz=50, to_hz=3500, length=1, fs=8000, silence=1)
    >>> at_the_mic = np.concatenate([np.zeros((4000, 1)), 0.5 * played.signal()])
    >>> room = measure_room(at_the_mic, played)
    >>> len(room.takes), room.method, room.fs
    (1, 'division', 8000.0)
    """
    if method not in get_args(Method):
        raise SettingError(f"must be 'division' or 'inverse', got {method!r}", "method")
    if output is not None and os.fspath(output) != "-":
        keep_apart(files_heard(recordings, sweep), response_files(output))
        refuse_taken(output, overwrite=overwrite)
    played = sweep if isinstance(sweep, Sweep) else read_sweep(sweep)
    longest = None if length is None else parse_duration(length).frames(played.fs)
    if longest is not None and not 0 < longest <= played.silence:
        most = f"{number(played.silence_s)} s, the silence behind the sweep"
        raise SettingError(f"must be above 0 s and at most {most}, got {length!r}", "length")
    takes = [take_of(x, played, name) for name, x in _recorded(recordings, played)]
    if len({take.sweeps[0].shape[1] for take in takes}) > 1:
        got = ", ".join(f"{take.name} has {take.sweeps[0].shape[1]}" for take in takes)
        raise UsageError(f"takes of one room have as many channels each: {got}")
    raw = combined([raw_of(take, played, method) for take in takes], takes, played)
    knees = knees_of(raw, played)
    _check_stands_out(raw, knees, takes)
    frames, because = _length(knees, played, longest)
    start, origin = _beginning(raw, takes[0], played, keep_delay=keep_delay)
    paths = _figures(raw, knees, played)
    harmonics = harmonics_of(raw, played, frames)
    warnings = [f"{take.name}: {text}" for take in takes for text in (*take.left_out, *take.warnings)]
    warnings += _warnings(knees, paths, played, total_db(harmonics), _direct_db(raw))
    made = Measured(
        played.fs, cut_out(raw, played, start, frames), origin, played, method, tuple(takes), tuple(paths),
        tuple(harmonics), frames / played.fs, because, tuple(warnings), raw,
    )  # fmt: skip
    if output is None:
        return made
    write_signal(output, made.file_taps, made.fs, subtype=_subtype(output), overwrite=overwrite)
    return replace(made, output=os.fspath(output))


def files_heard(recordings: Recording | Sequence[str | os.PathLike[str]], sweep: object) -> Iterator[Named]:
    """Files that a measurement is made from: recordings and the sweep, each with what stands beside it."""
    yield from read_with_sidecars(map(place_of, _paths(recordings)), "a recording")
    if isinstance(sweep, str | os.PathLike):
        yield from (Named(Path(sweep), "the sweep"), Named(sweep_sidecar(sweep), "the settings of the sweep"))


def response_files(output: str | os.PathLike[str]) -> Iterator[Named]:
    """The file of a response, and the sidecar that a table of one is written with."""
    yield Named(place_of(output), "the response")
    beside = sidecar_written(output, timed=False)
    if beside is not None:
        yield Named(beside, f"the sidecar of {display(output)}")


def _recorded(recordings: Recording | Sequence[str | os.PathLike[str]], sweep: Sweep) -> list[tuple[str, Array]]:
    """Names and samples of the recordings, at the sweep's rate."""
    paths = _paths(recordings)
    if not paths and not (isinstance(recordings, list | tuple) and not recordings):
        x = as_signal(recordings)  # type: ignore[arg-type]
        return [("recording", _finite("recording", x if x.ndim == 2 else x[:, None]))]
    if not paths:
        raise UsageError("no recording to measure; give one or more files")
    read = []
    for path in paths:
        x, info = read_signal(path)
        name = display(path)
        if info.fs != sweep.fs:
            fix = f"record at {hertz(sweep.fs)}, or make and play a sweep with --fs {info.fs:g}"
            raise UsageError(f"{name}: rates differ: it has {hertz(info.fs)}, the sweep {hertz(sweep.fs)}; {fix}")
        read.append((name, _finite(name, x)))
    return read


def _paths(recordings: Recording | Sequence[str | os.PathLike[str]]) -> list[str | os.PathLike[str]]:
    """The files; none where it is an array."""
    if isinstance(recordings, str | os.PathLike):
        return [recordings]
    several = recordings if isinstance(recordings, list | tuple) else ()
    return [*several] if all(isinstance(each, str | os.PathLike) for each in several) else []


def _finite(name: str, x: Array) -> Array:
    if not np.isfinite(x).all():
        raise SignalError(f"{name}: the recording holds samples that are not finite")
    return x.astype(np.float64, copy=False)


def _check_stands_out(raw: Raw, knees: list[list[Knee]], takes: list[Take]) -> None:
    """Raise `SignalError` where no path stands out of the noise."""
    best = max(_direct_to_noise(raw, knees, i, o) or math.inf for i, row in enumerate(knees) for o in range(len(row)))
    if best < _LEAST_DB:
        names = ", ".join(take.name for take in takes)
        raise SignalError(
            f"{names}: too quiet: the response stands only {best:.0f} dB out of the noise, {_LEAST_DB:.0f} are needed;"
            " play it louder, or a longer sweep more often. If it was loud, it is a recording of another sweep file"
        )


def _direct_to_noise(raw: Raw, knees: list[list[Knee]], source: int, mic: int) -> float | None:
    noise = knees[source][mic].noise
    peak = float((raw.taps[raw.zero :, source, mic] ** 2).max())
    return 10 * math.log10(peak / noise) if noise > 0 and peak > 0 else None


def _direct_db(raw: Raw) -> float:
    """The highest sample against all of the path's energy, of the path where that is most."""
    squares = raw.taps[raw.zero :] ** 2
    return float(10 * np.log10((squares.max(axis=0) / np.maximum(squares.sum(axis=0), 1e-300)).max()))


def _length(knees: list[list[Knee]], sweep: Sweep, longest: int | None) -> tuple[int, str]:
    """Frames of the response from the direct sound, and why so many."""
    every = [knee for row in knees for knee in row]
    frames = max(knee.frame for knee in every)
    if longest is not None:
        return longest, "as asked"
    if all(knee.noise == 0 for knee in every if knee.frame == frames):
        return min(frames, sweep.silence), "the silence behind the sweep ends"
    return frames, "the decay meets the noise"


def _beginning(raw: Raw, take: Take, sweep: Sweep, *, keep_delay: bool) -> tuple[int, int]:
    """First frame kept of the raw response, and the frame of time zero seen from there."""
    if not keep_delay:
        pre = before_zero(sweep)
        return raw.zero - pre, pre
    start = raw.origin - take.late_frames
    delay = (raw.zero - start) / sweep.fs
    if not 0 <= delay <= 1:
        raise SignalError(
            f"{take.name}: the delay cannot be kept: the direct sound comes {number(delay)} s after it was played, if"
            " both were started together; start player and recorder as one, or leave out --keep-delay"
        )
    return start, 0


def _figures(raw: Raw, knees: list[list[Knee]], sweep: Sweep) -> list[PathFigures]:
    paths = []
    end = raw.origin + sweep.silence
    begin = max(0, raw.zero - round(min(0.05, sweep.octave_s / 4) * sweep.fs))
    sources, mics = raw.taps.shape[1:]
    for i in range(sources):
        for o in range(mics):
            h = raw.taps[begin:end, i, o]
            octaves, thirds = (
                tuple(decay(h, sweep.fs, bands=width, from_hz=sweep.from_hz, to_hz=sweep.to_hz)) if np.any(h) else ()
                for width in ("octave", "third")
            )
            knee = knees[i][o].frame / sweep.fs
            name = _path_name(sweep, i, o, mics)
            paths.append(PathFigures(name, _direct_to_noise(raw, knees, i, o), knee, octaves, thirds))
    return paths


def _path_name(sweep: Sweep, source: int, mic: int, mics: int) -> str:
    """``LL`` to ``RR`` for two sources and two microphones; else the source and the number of the microphone."""
    if len(sweep.channels) == mics == 2:
        return "LR"[source] + "LR"[mic]
    names = [sweep.channels[source]] if len(sweep.channels) > 1 else []
    return " ".join([*names, f"mic {mic + 1}"]) if mics > 1 or not names else names[0]


def _warnings(
    knees: list[list[Knee]], paths: list[PathFigures], sweep: Sweep, distortion: float | None, direct: float
) -> list[str]:
    """What a reader of the response must know."""
    told = []
    every = [knee for row in knees for knee in row]
    if any(knee.noise == 0 and knee.range_db < _ENDED_DB for knee in every):
        least = min(knee.range_db for knee in every if knee.noise == 0)
        told.append(
            f"the room still sounded, {least:.0f} dB below its beginning, when the silence of {number(sweep.silence_s)}"
            " s ended; make a sweep with a longer --silence"
        )
    if direct < _LEAST_DIRECT_DB:
        told.append(
            f"no direct sound stands out, the highest sample being {direct:.0f} dB against the whole: the loudspeaker"
            " is hidden from the microphone, or it is a recording of another sweep file"
        )
    longest = max(knee.frame for knee in every) / sweep.fs
    if distortion is not None and distortion > _AUDIBLE_DB and longest > sweep.octave_s:
        fits = math.ceil(longest / math.log(2) * math.log(sweep.to_hz / sweep.from_hz))
        told.append(
            f"distortion of {distortion:.0f} dB: the second harmonic sounds on into the response, an octave of the"
            f" sweep being shorter than the room; a sweep of {fits} s keeps them apart"
        )
    if mute := [path.path for path in paths if not path.octaves]:
        told.append(f"nothing at all comes by {', '.join(mute)}: that microphone heard only silence")
    lacking, reasons = [], set()
    for path in paths:
        middle = [one for one in path.octaves if one.band_hz in (500, 1000)]
        why = {one.unstated["t30_s"] for one in middle if "t30_s" in one.unstated}
        if path.octaves and len(middle) < 2:
            why.add("its bands were not measured")
        if any(TOO_SHORT not in reason for reason in why):  # what is no room, a wire, has nothing amiss
            lacking.append(path.path)
            reasons |= why
    if lacking:
        told.append(f"T30 at 500 Hz and 1 kHz is not stated for {', '.join(lacking)}: {'; '.join(sorted(reasons))}")
    return told


def _subtype(output: str | os.PathLike[str]) -> str | None:
    return "FLOAT" if Path(output).suffix.lower() in {".wav", ".w64", ".rf64", ".aiff", ".aif"} else None
