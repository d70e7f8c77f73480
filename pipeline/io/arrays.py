"""Read and write NumPy arrays, ``.npy`` and ``.npz``, in blocks: shape ``(frames,)`` or ``(frames, channels)``.

Integers become floats as they are, unscaled: 5 is 5.0. Nothing is ever unpickled. In an NPZ the signal is ``x``, or
the only array besides ``fs``, its rate, and ``names``, its channel names. An NPY has its rate in a JSON sidecar; its
header has a fixed length here, so that the number of frames can be filled in at the end.
"""

from __future__ import annotations

import io
import math
import os
import shutil
import struct
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import ReadError, UsageError
from ..limits import MAX_CHANNELS, MAX_SIDECAR_BYTES, at_most, set_by
from ..text import count, shorten
from .base import Block, Reader, ReadOptions, SignalInfo, Writer, WriteReport, WriteRequest
from .encodings import ENCODINGS
from .names import is_stream
from .sink import open_file
from .source import Source, temporary_errors
from .tables import find_column, output_names, read_sidecar, sidecars_of

PLAIN = (".npy", ".txt")
"""Extensions of files that hold numbers of any shape and no rate, such as the taps of a kernel."""

_HEADER_BYTES = 128
_BROKEN = Exception
"""What the parsers of the libraries raise on damaged bytes: each codec its own errors, and any of the language."""


class ArrayReader(Reader):
    """The rows of one stored array."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        container, source = options.container, source.spooled()
        alone = options.untold_fs is None
        if options.time_column is not None and alone:
            raise UsageError(f"{source.name}: time_column is for CSV; give fs: for {container}")
        self._source = source
        self._zip: zipfile.ZipFile | None = None
        self._file: Source | IO[bytes] = source
        fs, names, dropped = self._open_zip() if container == "NPZ" else (None, (), ())
        if fs is None and not source.piped:
            fs, beside, more = read_sidecar(source.name)
            names, dropped = names or beside, dropped + more
        fs = next((rate for rate in (options.fs, fs, options.untold_fs) if rate is not None), None)
        if fs is None:
            fix = 'give fs:, put {"fs": ...} into a .json of the same name, or save an .npz with fs in it'
            raise ReadError(source.name, f"tells no sampling rate: {fix}")
        if not 0 < fs < math.inf:
            raise ReadError(source.name, f"the sampling rate must be above 0 Hz, got {fs:g}")
        frames, self._width, by_columns = self._parse_header()
        warnings: list[str] = []
        if len(names) not in (0, self._width):
            warnings.append(f"{count(len(names), 'name')} for {count(self._width, 'channel')}; left out")
            names = ()
        columns = options.columns if options.columns is not None and alone else None
        channels = self._width if columns is None else len(columns)
        if not 1 <= channels <= MAX_CHANNELS:
            shape = f"has shape ({frames}, {self._width}), so {channels} channels"
            many = f"{shape}; 1 to {MAX_CHANNELS} can be read ({set_by('channels')})"
            raise ReadError(source.name, f"{many}. Is it (channels, frames)? Save its transpose")
        wanted = range(channels) if columns is None else columns
        self._chosen = [find_column(source.name, names, self._width, column) for column in wanted]
        names = tuple(names[i] for i in self._chosen) if names else ()
        if container == "NPY":
            accept = options.truncated == "accept" and not by_columns
            frames = self._check_size(frames, warnings, by_columns=by_columns, accept=accept)
        info = SignalInfo(float(fs), len(self._chosen), frames, container, None, names=names, dropped=dropped)
        super().__init__(info, options.dtype)
        self.warnings = warnings
        self._mapped = self._map(frames) if by_columns and frames else None

    def _open_zip(self) -> tuple[float | None, tuple[str, ...], tuple[str, ...]]:
        """Open the array of the signal; the rate and the names that the NPZ has, and what else is in it."""
        name = self._source.name
        try:
            self._zip = zipfile.ZipFile(os.fdopen(self._source.fd, "rb", closefd=False))
            entries = self._zip.namelist()
            if len(set(entries)) < len(entries):
                raise ReadError("its list of arrays", "has one twice")
            members = {entry[:-4]: entry for entry in entries if entry.endswith(".npy")}
            rate = _small_array(self._zip, members["fs"]) if "fs" in members else None
            if rate is not None and (rate.size != 1 or rate.dtype.kind not in "fiu"):
                raise ReadError("its fs", f"must be one number of hertz, got {shorten(repr(rate.tolist()), 40)}")
            fs = None if rate is None else float(rate.reshape(()))
            names = _small_array(self._zip, members["names"]).ravel().astype(str) if "names" in members else ()
            signals = [key for key in members if key not in ("fs", "names")]
            chosen = "x" if "x" in members else signals[0] if len(signals) == 1 else None
            if chosen is not None:
                self._file = self._zip.open(members[chosen])
        except _BROKEN as error:
            raise ReadError(name, f"is no readable NPZ: {_words(error)}") from error
        if chosen is None:
            raise ReadError(name, f"holds the arrays {', '.join(signals) or 'none'}; name that of the signal x")
        others = (entry.removesuffix(".npy") for entry in entries)
        return fs, tuple(map(str, names)), tuple(one for one in others if one not in (chosen, "fs", "names"))

    def _parse_header(self) -> tuple[int, int, bool]:
        """Frames, columns, and whether the array is stored column by column."""
        name = self._source.name
        try:
            shape, fortran, dtype = _header_of(self._file)
        except _BROKEN as error:
            raise ReadError(name, f"is no readable NumPy array: {_words(error)}") from error
        if dtype.hasobject or dtype.kind not in "fiub":
            hint = "take its real part or its magnitude" if dtype.kind == "c" else "a signal is real numbers"
            raise ReadError(name, f"holds {dtype}: {hint}")
        if len(shape) not in (1, 2) or 0 in shape[1:] or min(shape) < 0:
            raise ReadError(name, f"has shape {shape}; a signal is (frames,) or (frames, channels)")
        self._stored = dtype
        width = shape[1] if len(shape) == 2 else 1
        by_columns = bool(fortran) and width > 1
        if by_columns and self._zip is not None:
            raise ReadError(name, "is stored column by column inside a zip; save np.ascontiguousarray(x)")
        return shape[0], width, by_columns

    def _check_size(self, frames: int, warnings: list[str], *, by_columns: bool, accept: bool) -> int:
        row = self._stored.itemsize * self._width
        there = (self._source.size or 0) - self._source.position
        if there == frames * row:
            return frames
        if there < frames * row:
            problem, frames = f"declares {frames} frames, has {there // row}", there // row
            fix = f"take the {frames} frames"
        else:
            problem, fix = (
                f"declares {frames} frames, and {there - frames * row} bytes stand behind them",
                "ignore these",
            )
        if not accept:
            fix = "it is stored column by column; save it anew" if by_columns else f"set truncated: accept to {fix}"
            raise ReadError(self._source.name, f"{problem}; {fix}")
        warnings.append(f"{problem}; took the {frames} frames")
        return frames

    def _map(self, frames: int) -> Any:
        with open(self._source.fd, "rb", closefd=False) as file:
            return np.memmap(
                file, self._stored, "r", offset=self._source.position, shape=(frames, self._width), order="F"
            )

    def _read_piece(self, frames: int) -> Block:
        total = self.info.frames or 0
        wanted = min(frames, total - self._done)
        if self._mapped is not None:
            rows: Block = self._mapped[self._done : self._done + wanted]
        else:
            row_bytes = self._stored.itemsize * self._width
            try:
                raw = self._file.read(wanted * row_bytes) if wanted else b""
                more = self._zip is not None and self._done + wanted == total and self._file.read(1)
            except _BROKEN as error:
                raise ReadError(self._source.name, f"damaged after frame {self._done}: {_words(error)}") from error
            if len(raw) < wanted * row_bytes:
                raise ReadError(self._source.name, f"declares {total} frames, has {self._done + len(raw) // row_bytes}")
            if more:  # at its end the checksum is held against the bytes too
                raise ReadError(self._source.name, f"damaged: declares {total} frames, and more bytes behind them")
            rows = np.frombuffer(raw, self._stored).reshape(wanted, self._width)
        return rows[:, self._chosen].astype(self._dtype)

    def close(self) -> None:
        """Let go of the file."""
        self._mapped = None
        if self._zip is not None:
            self._file.close()
            self._zip.close()
        self._source.close()


def _words(error: Exception) -> str:
    """What is wrong with an array, in words; those of the libraries tell of their own insides."""
    return str(error) if isinstance(error, ReadError) else "its bytes are damaged or cut short; save it again"


def _small_array(archive: zipfile.ZipFile, member: str) -> Any:
    """A small array of an NPZ; one that is not small is not loaded."""
    if (size := archive.getinfo(member).file_size) > MAX_SIDECAR_BYTES:
        raise ReadError(member, f"has {size} bytes, {at_most('sidecar_bytes')} are read")
    with archive.open(member) as file:
        data = io.BytesIO(file.read(MAX_SIDECAR_BYTES))
    shape, _, dtype = _header_of(data)
    if math.prod(shape) * max(1, dtype.itemsize) > MAX_SIDECAR_BYTES:
        raise ReadError(member, f"declares the shape {shape} ({set_by('sidecar_bytes')})")
    data.seek(0)
    return np.lib.format.read_array(data, allow_pickle=False)


def _header_of(file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether it is stored column by column, and type, of an array that begins here."""
    version = np.lib.format.read_magic(file)
    parsers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in parsers:
        raise ReadError("its header", f"version {version[0]}.{version[1]} of the format is not known")
    shape, fortran, dtype = parsers[version](file)
    return shape, bool(fortran), dtype


def npy_header(dtype: str, frames: int, channels: int) -> bytes:
    """First 128 bytes of an NPY file."""
    shape = (frames,) if channels == 1 else (frames, channels)
    text = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", _HEADER_BYTES - 10) + text.ljust(_HEADER_BYTES - 11) + b"\n"


class _ArrayWriter(Writer):
    """Common part of the writers of NPY and NPZ."""

    def __init__(self, request: WriteRequest) -> None:
        super().__init__(request)
        container = request.container
        if is_stream(request.path):
            raise UsageError(f"{request.path}: {container} needs a file; a pipe takes WAV or CSV")
        subtype = request.fmt.subtype or "DOUBLE"
        if subtype not in ("FLOAT", "DOUBLE"):
            raise UsageError(f"{request.path}: {container} holds FLOAT and DOUBLE, got {subtype}")
        self.single = subtype == "FLOAT"
        self._dtype = f"<{ENCODINGS[subtype].dtype}"
        if request.source and request.source.time:
            self.notes.append(f"{container} has no time column: {request.source.time.name} not carried")
        self._sink = open_file(request.path, overwrite=request.overwrite)
        self.outputs = [self._sink]

    def _header(self) -> bytes:
        return npy_header(self._dtype, self.frames, self.request.channels)


class NpyWriter(_ArrayWriter):
    """Write one array and its sidecar."""

    def __init__(self, request: WriteRequest) -> None:
        super().__init__(request)
        try:
            self.outputs = [*sidecars_of(request), self._sink]
            self._sink.write(self._header())
        except BaseException:
            self.abort()
            raise

    def _write(self, block: Block) -> None:
        self._sink.write(block.astype(self._dtype).tobytes())

    def _finish(self) -> WriteReport:
        self._sink.patch(0, self._header())
        return self._report(self.request.container, None, self._sink.size())


class NpzWriter(_ArrayWriter):
    """Write an NPZ; the samples wait in a temporary file until their number is known."""

    def __init__(self, request: WriteRequest) -> None:
        super().__init__(request)
        self._waiting: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives until commit or abort

    def _write(self, block: Block) -> None:
        with temporary_errors():
            self._waiting.write(block.astype(self._dtype).tobytes())
            self._waiting.flush()

    def _finish(self) -> WriteReport:
        self._waiting.seek(0)
        small: dict[str, Any] = {"fs": np.float64(self.request.fs), "names": np.array(output_names(self.request))}
        with zipfile.ZipFile(self._sink, "w") as archive:  # type: ignore[call-overload]
            with archive.open("x.npy", "w", force_zip64=True) as member:
                member.write(self._header())
                shutil.copyfileobj(self._waiting, member, 1 << 20)
            for name, value in small.items():
                with archive.open(f"{name}.npy", "w") as member:
                    np.lib.format.write_array(member, np.asanyarray(value), allow_pickle=False)
        self._waiting.close()
        return self._report(self.request.container, None, self._sink.size())

    def _close(self) -> None:
        self._waiting.close()


def load_plain(path: Path) -> Block:
    """Numbers of an ``.npy`` file, in their own shape."""
    with path.open("rb") as file:
        array: Block = np.lib.format.read_array(file, allow_pickle=False)
        if file.read(1):
            raise ReadError(str(path), "is damaged: bytes stand behind its array; save it again")
        return array


def plain_bytes(array: Block, extension: str) -> bytes:
    """Content of a file of `PLAIN`; a line of text has what lies behind the first axis, in the fewest digits."""
    if extension == ".npy":
        file = io.BytesIO()
        np.save(file, array, allow_pickle=False)
        return file.getvalue()
    rows = array.reshape(len(array), -1).tolist()
    return "".join(" ".join(map(repr, row)) + "\n" for row in rows).encode()
