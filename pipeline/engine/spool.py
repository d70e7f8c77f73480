"""A whole signal kept aside, for stages that read it backwards or twice: in memory while small, else on disk."""

from __future__ import annotations

import tempfile
from types import TracebackType

import numpy as np

from ..errors import DiskFullError, WriteError
from ..kernel import Array
from ..stages.base import Format
from ..system import is_disk_full

__all__ = ["Spool"]

_IN_MEMORY = 32 << 20  # bytes


class Spool:
    """A `Recording` that is written once, then read in any order; a context manager.

    Raises
    ------
    DiskFullError
        there is no room for it in the folder for temporary files.
    """

    def __init__(self, fmt: Format) -> None:
        self.format = fmt
        self.frames = self.latency = self.tail = 0
        self.heard = slice(0, 0)
        self._frame_bytes = fmt.channels * fmt.dtype.itemsize
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, prefix="faltung-")  # noqa: SIM115

    def write(self, block: Array) -> None:
        """Put a block behind what is there."""
        try:
            self._file.write(np.ascontiguousarray(block, self.format.dtype).tobytes())
        except OSError as error:
            kind = DiskFullError if is_disk_full(error) else WriteError
            raise kind(tempfile.gettempdir(), f"{error.strerror} (set TMPDIR to a folder with room)") from error
        self.frames += len(block)

    def read(self, start: int, frames: int) -> Array:
        """Frames ``start`` to ``start + frames``, as far as there are any."""
        self._file.seek(start * self._frame_bytes)
        data = self._file.read(frames * self._frame_bytes)
        return np.frombuffer(data, self.format.dtype).reshape(-1, self.format.channels)

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
