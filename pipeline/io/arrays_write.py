"""Write NumPy arrays, ``.npy`` and ``.npz``, streamed.

One channel has shape ``(frames,)``, more have ``(frames, channels)``. The header of an NPY has a fixed length, so that
the number of frames can be filled in at the end. Its rate goes to a JSON sidecar; that of an NPZ is in it, as ``fs``,
with ``names`` and the signal as ``x``.
"""

from __future__ import annotations

import shutil
import struct
import tempfile
import zipfile
from typing import IO, Any

import numpy as np

from ..errors import UsageError
from .atomic import naming_errors, open_file
from .base import Block, Writer, WriteReport, WriteRequest
from .csv_write import output_names, sidecars_of
from .sink import is_stream

_HEADER_BYTES = 128
_DTYPES = {None: "<f8", "DOUBLE": "<f8", "FLOAT": "<f4"}


def npy_header(dtype: str, frames: int, channels: int) -> bytes:
    """The first 128 bytes of an NPY file."""
    shape = (frames,) if channels == 1 else (frames, channels)
    text = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", _HEADER_BYTES - 10) + text.ljust(_HEADER_BYTES - 11) + b"\n"


class _ArrayWriter(Writer):
    """What NPY and NPZ have in common."""

    container: str

    def __init__(self, request: WriteRequest) -> None:
        super().__init__(request)
        if is_stream(request.path):
            raise UsageError(f"{request.path}: {self.container} needs a file; a pipe takes WAV or CSV")
        if request.fmt.subtype not in _DTYPES:
            raise UsageError(f"{request.path}: {self.container} holds FLOAT and DOUBLE, got {request.fmt.subtype}")
        self._dtype = _DTYPES[request.fmt.subtype]
        if request.source and request.source.time:
            self.notes.append(f"{self.container} has no time column: {request.source.time.name} not carried")
        self._sink = open_file(request.path, overwrite=request.overwrite)
        self.outputs = [self._sink]

    def _header(self) -> bytes:
        return npy_header(self._dtype, self.frames, self.request.channels)


class NpyWriter(_ArrayWriter):
    """Write one array and its sidecar."""

    container = "NPY"

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
        return self._report(self.container, None, self._sink.size())


class NpzWriter(_ArrayWriter):
    """Write an NPZ; the samples wait in a temporary file until their number is known."""

    container = "NPZ"

    def __init__(self, request: WriteRequest) -> None:
        super().__init__(request)
        self._waiting: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives until commit or abort

    def _write(self, block: Block) -> None:
        with naming_errors(self.request.path):
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
        return self._report(self.container, None, self._sink.size())

    def _close(self) -> None:
        self._waiting.close()
