"""Reads the taps, templates and impulse responses that stages are given: numbers inline, or a file.

Convention: ``(M,)`` is the same for every channel, ``(M, C)`` has one column a channel; a ``.npy`` file may hold
``(M, C_in, C_out)``, which routes. Tables are read as the signal's were (`Format.reading`); what tells no rate, as a
text of taps, an array or headerless samples, is taken at that of the signal. One row of a text is a row of taps.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core.core_schema import ValidationInfo

from ...errors import FaltungError, KernelError, SettingError
from ...fields import invalid, read_input_path
from ...kernel import Array, Kernel, Taps
from ...plugins import bundled
from . import Format, Stage

if TYPE_CHECKING:
    from ...io import Reader

_BLOCK = 1 << 16
_Rows = tuple[float, ...] | tuple[tuple[float, ...], ...]

_RAW = ("faltung_codecs.raw", "a file without a header")
_INLINE = {"type": "array", "items": {"type": ["number", "array"], "items": {"type": "number"}}, "minItems": 1}
_RINGS = 1024  # frames at the lower rate, to each side, in which soxr's filter has ended
_INAUDIBLE = 1e-8  # of the largest tap: -160 dB; what rings below that at the ends of a response is left out
_EITHER = {"anyOf": [_INLINE, {"type": "string", "format": "path"}], "x-unit": "numbers, or a path to a file"}


def _numbers(value: object) -> _Rows:
    """Numbers, or rows of numbers; one error with the place of the first that is neither."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list | tuple) or not value:
        raise invalid(f"must be a list of numbers, got {value!r:.80}")
    if not any(isinstance(item, list | tuple) for item in value):
        return tuple(_number(item, f"[{i}]") for i, item in enumerate(value))
    rows = []
    for i, row in enumerate(value):
        if not isinstance(row, list | tuple) or len(row) != len(value[0]) or not row:
            raise invalid(f"every row must hold one number a channel, as the first does, got {row!r:.80} at [{i}]")
        rows.append(tuple(_number(item, f"[{i}][{j}]") for j, item in enumerate(row)))
    return tuple(rows)


def _number(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise invalid(f"must be finite numbers, got {value!r:.80} at {place}")
    return float(value)


def _numbers_or_file(value: object, info: ValidationInfo) -> _Rows | Path:
    return read_input_path(value, info) if isinstance(value, str | os.PathLike) else _numbers(value)


RawFormat = Annotated[str, AfterValidator(lambda name: bundled(*_RAW).known(name))]
"""The encoding of a file without a header, as a setting."""
Numbers = Annotated[Any, PlainValidator(_numbers), WithJsonSchema(_INLINE)]
NumbersOrFile = Annotated[
    Any,
    PlainValidator(_numbers_or_file),
    PlainSerializer(lambda value: str(value) if isinstance(value, Path) else value),
    WithJsonSchema(_EITHER),
]


def read_taps(source: _Rows | Path, fmt: Format, setting: str, *, form: str | None = None) -> Taps:
    """Taps from numbers or a file, at the rate of the signal; ``form`` is the encoding of a file without a header.

    Raises
    ------
    SettingError
        on ``setting``: the file cannot be read, holds no taps, or has another rate.
    """
    if not isinstance(source, Path):
        return checked_taps(np.array(source), "", setting)
    samples, fs = read_array(source, fmt, setting, form)
    check_rate(source, fs, fmt, setting)
    return checked_taps(samples, f"{source.name}: ", setting)


def resampled(taps: Taps, fs: float, to: float) -> Kernel:
    """A response of the rate ``fs`` at the rate ``to``, with the same frequency response.

    What rings before its frame 0, because something stands there, is kept before time zero: cut off, the level of a
    direct sound would be lost with it.
    """
    if fs == to:
        return Kernel(taps)
    import soxr

    ratio = (Fraction(to) / Fraction(fs)).limit_denominator(1 << 20)
    # Room on both sides for all that soxr's filter rings, of whole frames at both rates.
    room = -(-_RINGS * max(1, math.ceil(1 / ratio)) // ratio.denominator) * ratio.denominator
    wide = np.pad(taps, [(room, room), *[(0, 0)] * (taps.ndim - 1)])
    paths = soxr.resample(wide.reshape(len(wide), -1), fs, to, quality="VHQ") * (fs / to)
    origin, sizes = int(room * ratio), np.abs(paths).max(axis=1)
    audible = np.flatnonzero(sizes >= _INAUDIBLE * sizes.max())
    first, last = min(origin, int(audible[0])), max(origin + math.ceil(len(taps) * ratio) - 1, int(audible[-1]))
    return Kernel(paths[first : last + 1].reshape(-1, *taps.shape[1:]), origin - first)


def taps_for(source: _Rows | Path, fmt: Format, setting: str, form: str | None = None) -> Taps:
    """Taps as `read_taps` gives them, held to the channels of the signal; a mono signal goes into every column."""
    taps = read_taps(source, fmt, setting, form=form)
    if taps.ndim == 2 and fmt.channels == 1:
        return taps[:, None, :]
    if taps.ndim > 1 and taps.shape[1] != fmt.channels:
        raise SettingError(
            f"has {taps.shape[1]} channels, the signal {fmt.channels}; give one column, or one each", setting
        )
    return taps


def check_rate(path: Path, fs: float | None, fmt: Format, setting: str, fix: str = "convert it") -> None:
    """Raise `SettingError` where a file has another rate than the signal."""
    if fs not in (None, fmt.fs):
        raise SettingError(f"{path.name} is sampled at {fs:g} Hz, the input at {fmt.fs:g} Hz; {fix}", setting)


def read_array(
    path: Path, fmt: Format, setting: str, form: str | None = None, name: str | None = None
) -> tuple[Array, float | None]:
    """Contents of a file, and its rate in Hz if it says; ``form`` is the encoding of one without a header."""
    from ...io.arrays import load_plain
    from ...io.kinds import is_known
    from ...io.source import HEADERLESS

    with naming_file(path, setting):
        if form is not None or (path.suffix.lower() in HEADERLESS and not is_known(path)):
            return bundled(*_RAW).load_raw(path, form), None
        if path.suffix.lower() == ".npy":
            return load_plain(path), None
        with open_part(path, fmt, name) as reader:
            samples = np.concatenate([*reader.blocks(_BLOCK), np.zeros((0, reader.info.channels))])
            row = reader.info.container == "CSV" and len(samples) == 1 and reader.info.time is None
            return samples[0] if row else samples, rate_of(reader, fmt)


@contextlib.contextmanager
def open_part(path: Path, fmt: Format, name: str | None = None) -> Iterator[Reader]:
    """A file that a stage reads, opened as the signal was; what tells no rate has that of the signal."""
    from ...io import open_reader
    from ...io.formats import READING

    shared = set(READING) - {"fs", "source"}
    reading = {name: value for name, value in fmt.reading.items() if name in shared}
    if reading.get("gaps") == "split":
        reading["gaps"] = "error"
    if name is not None:
        reading["source"] = [name]
    with open_reader(path, untold_fs=fmt.fs, **reading) as reader:
        try:
            yield reader
        finally:
            said = [f"{path.name}: {words}" for words in reader.warnings]
            fmt.doubts.extend(words for words in said if words not in fmt.doubts)


def rate_of(reader: Reader, fmt: Format) -> float:
    """Rate of a file, that of the signal where the stamps of a table differ from it by no more than half a frame."""
    info = reader.info
    same = info.time is not None and abs(info.fs / fmt.fs - 1) * (info.frames or 1) <= 0.5
    return fmt.fs if same else info.fs


def raw_notes(stage: Stage) -> list[str]:
    """One sentence for each file without a header whose encoding is known by its name alone."""
    from ...io.source import HEADERLESS

    notes = []
    for name in type(stage).model_fields if getattr(stage, "format", None) is None else ():
        path = getattr(stage, name)
        if isinstance(path, Path) and path.suffix.lower() in HEADERLESS:
            told = bundled(*_RAW).told_by_name(path)
            notes.append(f"{name}: {path.name} is taken as {told}; set format: for another")
    return notes


@contextlib.contextmanager
def naming_file(path: Path, setting: str) -> Iterator[None]:
    """A context in which whatever keeps a file from being read inside the block, as a `SettingError` that names it."""
    try:
        path.stat()  # says why, where a reader may only say that it could not
        yield
    except SettingError:
        raise
    except OSError as error:
        raise SettingError(f"cannot read {path}: {error.strerror or error}", setting) from error
    except (ValueError, EOFError, FaltungError) as error:
        place = "" if str(path) in str(error) else f"{path}: "
        raise SettingError(f"{place}{error}", setting) from error


def checked_taps(samples: Array, place: str, setting: str) -> Taps:
    """Samples as taps, one column as ``(M,)``; an error begins with ``place``."""
    try:
        taps = Kernel(samples).taps
    except KernelError as error:
        raise SettingError(f"{place}{error}", setting) from None
    return taps[:, 0] if taps.ndim == 2 and taps.shape[1] == 1 else taps


def files_named_in(value: Any) -> Iterator[Path]:
    """Every file that the settings of stages name, wherever it stands in them; of a folder, the files in it."""
    for one in all_in(value):
        if isinstance(one, Path):
            yield one
            if os.path.isdir(one):  # noqa: PTH112  (what may not be looked for is told where it is read)
                yield from one.iterdir()


def all_in(value: Any) -> Iterator[Any]:
    """A value of settings, and every one in it, such as the stages in a chain of stages."""
    yield value
    if isinstance(value, BaseModel):
        value = [getattr(value, name) for name in type(value).model_fields]
    for part in value if isinstance(value, list | tuple) else ():
        yield from all_in(part)
