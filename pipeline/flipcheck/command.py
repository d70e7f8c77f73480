"""A command that maps a WAV file to a WAV file, as a target: each probe is written, sent through, and read back.

Convention: ``{in}`` and ``{out}`` stand for the two files; ``{kernel}`` for a file with the taps, WAV unless the
program is one that reads text; ``{kernel.wav}`` and ``{kernel.txt}`` choose. No shell is involved.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import FaltungError, ReadError, UsageError
from ..io import read_signal, write_signal
from ..io.encodings import integer_bits, is_linear
from ..kernel import Array, Taps
from .targets import Target

_READ_TEXT = {"sox"}  # its `fir` takes coefficients from a text file
_SHORTEST = 16  # taps in the WAV file, padded with zeros: ffmpeg 5.1's `afir` gives near silence for fewer than 8
_SECONDS = 60.0
_FRAMES = 16_384  # programs work in blocks of some thousand frames; a probe shorter than one could be swallowed
_FLOAT_STEP = 2.0**-24


def command_target(words: Sequence[str], taps: Taps, *, given: bool, fs: float) -> Target:
    """A target from the words of a command; probes are small enough that ``taps`` cannot clip them.

    Raises
    ------
    UsageError
        ``{in}`` or ``{out}`` is missing, or the kernel is an image.
    """
    line = " ".join(words)
    missing = [mark for mark in ("{in}", "{out}") if mark not in line]
    if missing:
        raise UsageError(f"{line}: a command must name both its files; {' and '.join(missing)} is missing")
    if taps.ndim != 1:
        raise UsageError(f"{line}: a WAV file is a signal; its kernel must have one axis, got shape {taps.shape}")
    command = _WavCommand(words, taps, fs)
    known = given or "{kernel" in line
    amplitude = 0.5 / max(1.0, float(np.abs(taps).sum()))
    return Target(line, command, taps if known else None, amplitude, _FRAMES, command.tolerance)


class _WavCommand:
    def __init__(self, words: Sequence[str], taps: Taps, fs: float) -> None:
        self._words, self._taps, self._fs = list(words), taps, round(fs)
        self._step = _FLOAT_STEP

    def __call__(self, x: Array) -> Array:
        with tempfile.TemporaryDirectory(prefix="faltung-") as folder:
            files = {f"{{{key}}}": str(Path(folder, name)) for key, name in _FILES.items()}
            files["{kernel}"] = files["{kernel.txt}" if Path(self._words[0]).name in _READ_TEXT else "{kernel.wav}"]
            write_signal(files["{in}"], x, self._fs, subtype="FLOAT")
            padded = np.pad(self._taps, (0, max(0, _SHORTEST - len(self._taps))))
            write_signal(files["{kernel.wav}"], padded, self._fs, subtype="FLOAT")
            Path(files["{kernel.txt}"]).write_text("".join(f"{tap!r}\n" for tap in self._taps.tolist()), "ascii")
            self._run([_filled(word, files) for word in self._words])
            try:
                y, info = read_signal(files["{out}"], truncated="accept")
            except ReadError as error:
                raise FaltungError(f"{self._words[0]}: left no WAV file to read under {{out}}: {error}") from error
        if info.fs != self._fs:
            raise FaltungError(f"{self._words[0]}: must keep the rate, {self._fs} Hz went in, {info.fs:g} Hz came out")
        linear = info.subtype is not None and is_linear(info.subtype)
        self._step = max(_FLOAT_STEP, 2.0 ** (1 - (integer_bits(info.subtype) or 53))) if linear else 2.0**-6
        return np.asarray(y[:, 0])

    def tolerance(self, y: Array) -> float:
        """Two steps of the encoding that came back, rounding and dither, relative to the largest sample."""
        return max(1e-5, 2 * self._step / max(float(np.abs(y).max()), self._step))

    def _run(self, words: list[str]) -> None:
        try:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603  (the command is what was asked for)
        except FileNotFoundError:
            raise UsageError(f"{words[0]}: no such program") from None
        except PermissionError:
            raise UsageError(f"{words[0]}: is no program that may be run") from None
        except subprocess.TimeoutExpired:
            raise FaltungError(f"{words[0]}: did not end within {_SECONDS:g} s") from None
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise FaltungError(f"{words[0]}: ended with {done.returncode}" + (f": {lines[-1]}" if lines else ""))


_FILES = {"in": "in.wav", "out": "out.wav", "kernel.wav": "kernel.wav", "kernel.txt": "kernel.txt"}


def _filled(word: str, files: dict[str, str]) -> str:
    for mark, path in files.items():
        word = word.replace(mark, path)
    return word
