"""A command that maps a file or a text of numbers to another, as a target: each probe is written, sent, and read back.

Convention: ``{in}``, ``{out}`` and ``{kernel}`` stand for WAV files, with an extension for another kind: ``{in.png}``,
``{out.txt}``, ``{kernel.txt}``. ``{taps}`` are the taps in the command itself, ``{taps,}`` with commas between,
``{taps;}`` with semicolons between rows. A command that names no file to read gets the numbers on stdin, one a line,
and one that names none to write prints them. No shell is involved.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.errors import FaltungError, ReadError, UsageError
from pipeline.io import read_signal, write_signal
from pipeline.io.encodings import integer_bits, is_linear
from pipeline.kernel import Array, Taps

from .forms import pixels
from .targets import DEFAULT_IMAGE_KERNEL, DEFAULT_KERNEL, MARK, Target, one_step

_READ_TEXT = {"sox"}  # its `fir` takes coefficients from a text file
_SHORTEST = 16  # taps in the WAV file, padded with zeros: ffmpeg 5.1's `afir` gives near silence for fewer than 8
_SECONDS = 60.0
_FRAMES = 16_384  # programs work in blocks of some thousand frames; a probe shorter than one could be swallowed
_FLOAT_STEP = 2.0**-24
_PRINTED = 2e-5  # relative: R and many others print seven digits or fewer unless told

_SOUNDS, _TEXTS = {"wav"}, {"txt": " ", "csv": ","}
_BYTES = {"png", "pgm", "ppm", "bmp"}
_FLOATS = {"tif", "tiff"}
_RAW = {"f32": "<f4", "f64": "<f8"}
_KINDS = (*_SOUNDS, *_TEXTS, *sorted(_BYTES | _FLOATS), *_RAW)

_PARTED = {"": (" ", " "), ",": (",", ","), ";": (",", ";")}
"""What stands between taps, and between rows of them, for ``{taps}``, ``{taps,}`` and ``{taps;}``."""

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\bNaN\b|\bNA\b|[-+]?\binf(?:inity)?\b", re.IGNORECASE)
_COUNTER = re.compile(r"^\s*\[\d+,?\]", re.MULTILINE)  # R prints [1] before the first number of a line


def command_target(words: Sequence[str], taps: Taps | None, *, fs: float, image: bool = False) -> Target:
    """A target from the words of a command; probes are small enough that ``taps`` cannot clip them.

    Raises
    ------
    UsageError
        one of the two WAV files is missing, a kind of file that is not known, a WAV file for an image.
    """
    line = " ".join(words)
    found = {m[1]: (m[2] or ".wav")[1:] for word in words for m in MARK.finditer(word) if m[1]}
    missing = [f"{{{key}}}" for key in ("in", "out") if key not in found]
    if len(missing) == 1 and "wav" in (found.get("in"), found.get("out")):
        raise UsageError(f"{line}: a command must name both its files; {missing[0]} is missing")
    kind = next((kind for kind in found.values() if kind not in _KINDS), None)
    if kind is not None:
        raise UsageError(f"{line}: .{kind} is no kind of file for numbers; one of " + ", ".join(_KINDS))
    ways = {found.get("in", "txt"), found.get("out", "txt")}
    pictures = bool(ways & (_BYTES | _FLOATS)) or image
    own = "kernel" in found or "{taps" in line
    sent = taps if taps is not None else DEFAULT_IMAGE_KERNEL if pictures else DEFAULT_KERNEL
    if sent.ndim != 1 and ways & {*_SOUNDS, *_RAW}:
        kind = "WAV file" if ways & _SOUNDS else "file of raw numbers"
        raise UsageError(f"{line}: a {kind} is a signal; its kernel must have one axis, got shape {sent.shape}")
    command = _Command(words, sent, fs, found.get("in", "txt"), found.get("out", "txt"))
    told = sent if own or taps is not None else None
    handed = (lambda other: command_target(words, other, fs=fs, image=pictures)) if own else None
    if ways & _BYTES:
        run = pixels(command, bool((sent < 0).any()))
        return Target(line, run, told, tolerance=one_step, image=sent.ndim == 2, whole=True, again=handed)
    if not ways & _SOUNDS:
        printed = lambda y: max(_PRINTED, command.tolerance(y))  # noqa: E731
        return Target(line, command, told, tolerance=printed, image=sent.ndim == 2, again=handed)
    quiet, gains = command.amplitude, command.gains
    target = Target(line, command, told, quiet, _FRAMES, command.tolerance, channels=gains, again=handed)
    padded = found.get("kernel") == "wav" and Path(words[0]).name not in _READ_TEXT and len(sent) < _SHORTEST
    if not padded:
        return target
    alone = _Command(words, sent, fs, "wav", "wav", least=1)
    return replace(target, exact=replace(target, run=alone, tolerance=alone.tolerance))


class _Command:
    def __init__(
        self, words: Sequence[str], taps: Taps, fs: float, kind_in: str, kind_out: str, least: int = _SHORTEST
    ) -> None:
        self._words, self._taps, self._fs, self._least = list(words), taps, round(fs), least
        self._in, self._out, self._step = kind_in, kind_out, _FLOAT_STEP
        self.amplitude = 0.5 / max(1.0, float(np.abs(taps).sum()))

    def __call__(self, x: Array) -> Array:
        y = self._answer(x)
        return y[:, 0] if y.ndim > x.ndim else y

    def gains(self, channels: int) -> Array:
        """How loud an impulse in each channel (a row) comes out in each channel (a column), beside one alone."""
        x = np.zeros((_FRAMES * 2, channels))
        gap = len(x) // (channels + 1)
        x[gap * np.arange(1, channels + 1), np.arange(channels)] = self.amplitude
        alone = np.abs(self(x[:, 0])).max()
        y = np.abs(self._answer(x))
        y = y.reshape(len(y), -1)
        parts = [y[max(0, gap * i + gap // 2) : gap * (i + 1) + gap // 2] for i in range(channels)]
        heard = np.stack([part.max(axis=0, initial=0.0) for part in parts])
        return np.asarray(heard / alone)

    def tolerance(self, y: Array) -> float:
        """Two steps of the encoding that came back, rounding and dither, relative to the largest sample."""
        return max(1e-5, 2 * self._step / max(float(np.abs(y).max()), self._step))

    def _answer(self, x: Array) -> Array:
        with tempfile.TemporaryDirectory(prefix="faltung-") as folder:
            self._write(source := Path(folder, f"in.{self._in}"), x, self._in)
            target = Path(folder, f"out.{self._out}")
            words = [MARK.sub(lambda m: self._filled(m, folder), word) for word in self._words]
            printed = self._run(words, source.read_bytes() if self._in == "txt" else b"")
            if self._out == "txt" and not any("{out" in word for word in self._words):
                return _numbers(printed, x.ndim, self._words[0])
            try:
                return self._read(target, x.ndim)
            except (ReadError, OSError) as error:
                name = f"{self._out.upper()} file to read under {{out}}"
                raise FaltungError(f"{self._words[0]}: left no {name}: {error}") from error

    def _filled(self, mark: re.Match[str], folder: str) -> str:
        if mark[1] is None:
            inner, outer = _PARTED[mark[0][5:-1]]
            return outer.join(inner.join(f"{tap:.17g}" for tap in row) for row in np.atleast_2d(self._taps))
        if mark[1] != "kernel":
            return str(Path(folder, f"{mark[1]}.{self._in if mark[1] == 'in' else self._out}"))
        kind = (mark[2] or (".txt" if Path(self._words[0]).name in _READ_TEXT else ".wav"))[1:]
        path = Path(folder, f"kernel.{kind}")
        padded = np.pad(self._taps, (0, max(0, self._least - len(self._taps)))) if kind == "wav" else self._taps
        self._write(path, padded, kind)
        return str(path)

    def _write(self, path: Path, x: Array, kind: str) -> None:
        if kind in _SOUNDS:
            write_signal(path, x, self._fs, subtype="FLOAT")
        elif kind in _TEXTS:
            rows = x.reshape(len(x), -1).tolist()
            path.write_text("".join(_TEXTS[kind].join(map(repr, row)) + "\n" for row in rows), "ascii")
        elif kind in _RAW:
            path.write_bytes(x.astype(_RAW[kind]).tobytes())
        else:
            from PIL import Image

            pixel = np.clip(x, 0, 255).astype(np.uint8) if kind in _BYTES else x.astype(np.float32)
            Image.fromarray(pixel.reshape(-1, x.shape[-1])).save(path)

    def _read(self, path: Path, axes: int) -> Array:
        if self._out in _SOUNDS:
            y, info = read_signal(path, truncated="accept")
            if info.fs != self._fs:
                raise FaltungError(
                    f"{self._words[0]}: must keep the rate, {self._fs} Hz went in, {info.fs:g} Hz came out"
                )
            linear = info.subtype is not None and is_linear(info.subtype)
            self._step = max(_FLOAT_STEP, 2.0 ** (1 - (integer_bits(info.subtype) or 53))) if linear else 2.0**-6
            return y
        if self._out in _TEXTS:
            return _numbers(path.read_text("utf-8", "replace"), axes, self._words[0])
        if self._out in _RAW:
            return np.fromfile(path, _RAW[self._out]).astype(np.float64)
        from PIL import Image

        with Image.open(path) as picture:
            pixel = np.asarray(picture.convert("RGB") if picture.mode in ("P", "1") else picture)
        pixel = pixel[..., 0] if pixel.ndim == 3 else pixel  # grey may come back as three equal colours
        return pixel.astype(np.float64) / (257 if pixel.dtype.itemsize > 1 and self._out in _BYTES else 1)

    def _run(self, words: list[str], sent: bytes) -> str:
        try:
            done = subprocess.run(words, input=sent, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603  (the command is what was asked for)
        except (FileNotFoundError, PermissionError) as error:
            told = "no such program" if isinstance(error, FileNotFoundError) else "is no program that may be run"
            raise UsageError(f"{words[0]}: {told}") from None
        except subprocess.TimeoutExpired:
            raise FaltungError(f"{words[0]}: did not end within {_SECONDS:g} s") from None
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise FaltungError(f"{words[0]}: ended with {done.returncode}" + (f": {lines[-1]}" if lines else ""))
        return done.stdout.decode("utf-8", "replace")


def _numbers(text: str, axes: int, program: str) -> Array:
    """The numbers of a text, whatever stands between them; for an image, a row a line."""
    lines = [_NUMBER.findall(line) for line in _COUNTER.sub("", text).splitlines()]
    rows = [[np.nan if word[:2].upper() == "NA" else float(word) for word in line] for line in lines if line]
    if not rows or (axes == 2 and len({len(row) for row in rows}) > 1):
        wanted = "rows of one length" if axes == 2 else "numbers"
        raise FaltungError(f"{program}: must print {wanted}, got {text[:60]!r}")
    return np.array(rows if axes == 2 else [value for row in rows for value in row])
